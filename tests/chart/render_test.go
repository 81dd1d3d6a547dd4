// SPDX-License-Identifier: Apache-2.0

// Package chart looks at what the real helm makes of charts/outrigger. chart_test.sh runs it with HELM and OUTRIGGER set.
package chart

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const chartDir = "../../charts/outrigger"

// release is one way to install the chart.
type release struct {
	name, namespace, kube string
	values                string // YAML
}

// object is a manifest or a part of one.
type object map[string]any

func need(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set: run tests/chart/chart_test.sh", variable)
	}
	return value
}

// helm returns what helm template prints, and what it complains of.
func (r release) helm(t *testing.T) (string, string, error) {
	t.Helper()
	name, namespace := r.name, r.namespace
	if name == "" {
		name = "outrigger"
	}
	if namespace == "" {
		namespace = "outrigger-system"
	}
	cmd := exec.Command(need(t, "HELM"), "template", name, chartDir, "-n", namespace, "--kube-version", r.kube, "-f", "-")
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(r.values), &out, &complaint
	err := cmd.Run()
	return out.String(), complaint.String(), err
}

// render returns the manifests. A key given twice is an error: YAML's readers do not agree on which one counts.
func (r release) render(t *testing.T) []object {
	t.Helper()
	text, complaint, err := r.helm(t)
	if err != nil {
		t.Fatalf("helm template: %v: %s", err, complaint)
	}
	var all []object
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		var o object
		if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if len(o) > 0 {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		t.Fatal("nothing was rendered")
	}
	return all
}

// at follows keys; nil where one is missing.
func (o object) at(path ...string) any {
	var here any = map[string]any(o)
	for _, key := range path {
		m, ok := here.(map[string]any)
		if !ok {
			return nil
		}
		here = m[key]
	}
	return here
}

func (o object) text(path ...string) string {
	switch value := o.at(path...).(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		return fmt.Sprint(value)
	}
}

func (o object) object(path ...string) object {
	m, _ := o.at(path...).(map[string]any)
	return m
}

func (o object) list(path ...string) []object {
	items, _ := o.at(path...).([]any)
	var list []object
	for _, item := range items {
		m, _ := item.(map[string]any)
		list = append(list, m)
	}
	return list
}

func (o object) texts(path ...string) []string {
	items, _ := o.at(path...).([]any)
	var list []string
	for _, item := range items {
		list = append(list, fmt.Sprint(item))
	}
	return list
}

func (o object) strings(path ...string) map[string]string {
	m := map[string]string{}
	for key, value := range o.object(path...) {
		m[key] = fmt.Sprint(value)
	}
	return m
}

func (o object) kind() string { return o.text("kind") }
func (o object) name() string { return o.text("metadata", "name") }

func ofKind(all []object, kind string) []object {
	var found []object
	for _, o := range all {
		if o.kind() == kind {
			found = append(found, o)
		}
	}
	return found
}

// only returns the one object of its kind.
func only(t *testing.T, all []object, kind string) object {
	t.Helper()
	found := ofKind(all, kind)
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s, want one", len(found), kind)
	}
	return found[0]
}
