// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

const (
	injection = "istio-injection"
	revision  = "istio.io/rev"
	inject    = "sidecar.istio.io/inject"
)

// want says as Istio's documentation does which pods a control plane injects. revs: the values of istio.io/rev that are its own; isDefault:
// it is the one of pods that name none; byDefault: enableNamespacesByDefault.
func want(namespace, pod labels.Set, revs []string, isDefault, byDefault, optedOut bool) bool {
	says := func(set labels.Set, key string) bool { _, ok := set[key]; return ok }
	asked := says(namespace, injection) || says(namespace, revision)
	switch {
	case asked && pod[inject] == "false":
		// Not injected; but the guard may want to know.
		if !optedOut {
			return false
		}
	case !asked && pod[inject] == "false":
		return false
	}
	switch {
	case says(namespace, injection):
		// The older label goes before the revision's.
		return isDefault && namespace[injection] == "enabled"
	case says(namespace, revision):
		return slices.Contains(revs, namespace[revision])
	case says(pod, revision):
		return slices.Contains(revs, pod[revision])
	case says(pod, inject):
		return isDefault && pod[inject] == "true"
	}
	return isDefault && byDefault
}

// every returns each set of labels with one of the values for each key; "-" leaves it away.
func every(keys []string, values ...[]string) []labels.Set {
	all := []labels.Set{{}}
	for i, key := range keys {
		var next []labels.Set
		for _, set := range all {
			for _, value := range values[i] {
				grown := labels.Set{}
				for k, v := range set {
					grown[k] = v
				}
				if value != "-" {
					grown[key] = value
				}
				next = append(next, grown)
			}
		}
		all = next
	}
	return all
}

var operators = map[string]selection.Operator{
	"In": selection.In, "NotIn": selection.NotIn, "Exists": selection.Exists, "DoesNotExist": selection.DoesNotExist}

// matches asks Kubernetes' own code.
func matches(t *testing.T, selector object, set labels.Set) bool {
	t.Helper()
	for _, e := range selector.list("matchExpressions") {
		r, err := labels.NewRequirement(e.text("key"), operators[e.text("operator")], e.texts("values"))
		if err != nil {
			t.Fatal(err)
		}
		if !r.Matches(set) {
			return false
		}
	}
	return labels.SelectorFromSet(selector.strings("matchLabels")).Matches(set)
}

// calls counts the entries of the configuration that send a pod: more than one would inject it twice.
func calls(t *testing.T, configuration object, namespace, pod labels.Set) int {
	t.Helper()
	n := 0
	for _, w := range configuration.list("webhooks") {
		if matches(t, w.object("namespaceSelector"), namespace) && matches(t, w.object("objectSelector"), pod) {
			n++
		}
	}
	return n
}

func TestSelection(t *testing.T) {
	t.Parallel()
	rows := []struct {
		values               string
		revs                 []string
		isDefault, byDefault bool
		optedOut             bool
	}{
		{`{}`, []string{"default"}, true, false, false},
		{`{revision: default}`, []string{"default"}, true, false, false},
		{`{webhook: {injectByDefault: true}}`, []string{"default"}, true, true, false},
		{`{revision: 1-30}`, []string{"1-30"}, false, false, false},
		{`{revision: 1-30, revisionTags: [prod]}`, []string{"1-30", "prod"}, false, false, false},
		{`{revision: 1-30, revisionTags: [default]}`, []string{"1-30", "default"}, true, false, false},
		{`{revision: 1-30, revisionTags: [default], webhook: {injectByDefault: true}}`, []string{"1-30", "default"}, true, true, false},
		{`{webhook: {sendOptedOut: true}}`, []string{"default"}, true, false, true},
		{`{revision: 1-30, webhook: {sendOptedOut: true}}`, []string{"1-30"}, false, false, true},
	}
	namespaces := every([]string{injection, revision}, []string{"-", "enabled", "disabled", "odd"}, []string{"-", "default", "1-30", "prod", "other"})
	pods := every([]string{inject, revision}, []string{"-", "true", "false", "odd"}, []string{"-", "default", "1-30", "prod", "other"})
	for _, row := range rows {
		configuration := only(t, release{kube: "1.36.0", values: row.values}.render(t), "MutatingWebhookConfiguration")
		for _, namespace := range namespaces {
			for _, pod := range pods {
				namespace["kubernetes.io/metadata.name"] = "shop"
				got := calls(t, configuration, namespace, pod)
				wanted := 0
				if want(namespace, pod, row.revs, row.isDefault, row.byDefault, row.optedOut) {
					wanted = 1
				}
				if got != wanted {
					t.Errorf("%s: namespace %v, pod %v: %d calls, want %d", row.values, namespace, pod, got, wanted)
				}
			}
		}
	}
}

// A cluster that starts with no replica up must be able to start the replicas, and what they need.
func TestColdStart(t *testing.T) {
	t.Parallel()
	for _, values := range []string{`{}`, `{webhook: {injectByDefault: true, sendOptedOut: true, excludedNamespaces: [cert-manager]}, require: {enabled: true}}`} {
		all := release{namespace: "mesh", kube: "1.36.0", values: values}.render(t)
		configurations := append(ofKind(all, "MutatingWebhookConfiguration"), ofKind(all, "ValidatingWebhookConfiguration")...)
		own := labels.Set(only(t, all, "Deployment").strings("spec", "template", "metadata", "labels"))
		names := []string{"mesh", "kube-system", "kube-public", "kube-node-lease", "local-path-storage"}
		if values != `{}` {
			names = append(names, "cert-manager")
		}
		for _, name := range names {
			for _, namespace := range every([]string{injection, revision}, []string{"-", "enabled"}, []string{"-", "default"}) {
				namespace["kubernetes.io/metadata.name"] = name
				for _, pod := range append(every([]string{inject, revision}, []string{"-", "true"}, []string{"-", "default"}), own) {
					for _, c := range configurations {
						if calls(t, c, namespace, pod) > 0 {
							t.Errorf("%s asks about pod %v in namespace %v", c.name(), pod, namespace)
						}
					}
				}
			}
		}
	}
}

// Before 1.21 namespaces have no label with their name: our own pods are kept out by their label, wherever they are.
func TestColdStartOld(t *testing.T) {
	t.Parallel()
	all := release{kube: "1.16.0", values: `{}`}.render(t)
	own := labels.Set(only(t, all, "Deployment").strings("spec", "template", "metadata", "labels"))
	for _, namespace := range every([]string{injection, revision}, []string{"-", "enabled"}, []string{"-", "default"}) {
		if calls(t, only(t, all, "MutatingWebhookConfiguration"), namespace, own) > 0 {
			t.Errorf("our own pods need us in namespace %v", namespace)
		}
	}
}

// Two releases side by side never share a pod, nor the name of an object that has no namespace.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	one := release{name: "outrigger", kube: "1.36.0", values: `{webhook: {injectByDefault: true}}`}.render(t)
	two := release{name: "outrigger-1-30", kube: "1.36.0", values: `{revision: 1-30, revisionTags: [prod], require: {enabled: true}}`}.render(t)
	names := map[string]bool{}
	for _, o := range append(slices.Clone(one), two...) {
		id := fmt.Sprint(o.kind(), o.at("metadata", "namespace"), o.name())
		if names[id] {
			t.Errorf("both have %s %s", o.kind(), o.name())
		}
		names[id] = true
	}
	for _, namespace := range every([]string{injection, revision}, []string{"-", "enabled", "odd"}, []string{"-", "default", "1-30", "prod"}) {
		for _, pod := range every([]string{inject, revision}, []string{"-", "true", "false"}, []string{"-", "default", "1-30", "prod"}) {
			n := calls(t, only(t, one, "MutatingWebhookConfiguration"), namespace, pod) + calls(t, only(t, two, "MutatingWebhookConfiguration"), namespace, pod)
			if n > 1 {
				t.Errorf("namespace %v, pod %v: %d calls", namespace, pod, n)
			}
		}
	}
}
