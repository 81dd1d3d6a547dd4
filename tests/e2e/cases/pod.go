// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	sidecar          = "istio-proxy"
	statusAnnotation = "sidecar.istio.io/status"
)

// What the checks read of a stored pod.
type pod struct {
	Metadata struct {
		Name        string
		Labels      map[string]string
		Annotations map[string]string
	}
	Spec struct {
		Containers     []container
		InitContainers []container
		Volumes        []struct{ Name string }
	}
}

type container struct {
	Name          string
	Image         string
	RestartPolicy string
}

func named(list []container, name string) []container {
	return slices.DeleteFunc(slices.Clone(list), func(c container) bool { return c.Name != name })
}

// checkApplication says what is wrong with the user's own part of a pod.
func (p *pod) checkApplication() error {
	app := named(p.Spec.Containers, "app")
	if len(app) != 1 || app[0].Image != "registry.example/app:1" {
		return fmt.Errorf("pod %s: want the container app with its own image once, have %+v",
			p.Metadata.Name, p.Spec.Containers)
	}
	return nil
}

// checkInjected says what a pod lacks of being injected, with the sidecar
// where it belongs and only there.
func (p *pod) checkInjected(native bool) error {
	if err := p.checkApplication(); err != nil {
		return err
	}
	where, list, other := "containers", p.Spec.Containers, p.Spec.InitContainers
	if native {
		where, list, other = "initContainers", other, list
	}
	found := named(list, sidecar)
	if len(found) != 1 || len(named(other, sidecar)) != 0 {
		return fmt.Errorf("pod %s: want %s in %s alone, have containers %v and initContainers %v",
			p.Metadata.Name, sidecar, where, names(p.Spec.Containers), names(p.Spec.InitContainers))
	}
	if native && found[0].RestartPolicy != "Always" {
		return fmt.Errorf("pod %s: the native sidecar's restartPolicy is %q, want Always",
			p.Metadata.Name, found[0].RestartPolicy)
	}
	return p.checkStatus(where)
}

// The status annotation is what later tools find the injected parts by.
func (p *pod) checkStatus(where string) error {
	text, ok := p.Metadata.Annotations[statusAnnotation]
	if !ok {
		return fmt.Errorf("pod %s: no annotation %s", p.Metadata.Name, statusAnnotation)
	}
	var status map[string]any
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		return fmt.Errorf("pod %s: annotation %s: %w in %s", p.Metadata.Name, statusAnnotation, err, text)
	}
	list, _ := status[where].([]any)
	if !slices.Contains(list, any(sidecar)) {
		return fmt.Errorf("pod %s: annotation %s does not name %s under %s: %s",
			p.Metadata.Name, statusAnnotation, sidecar, where, text)
	}
	return nil
}

// checkUntouched says what injection left in a pod that it must not touch.
func (p *pod) checkUntouched() error {
	if err := p.checkApplication(); err != nil {
		return err
	}
	if len(p.Spec.Containers) != 1 || len(p.Spec.InitContainers) != 0 {
		return fmt.Errorf("pod %s: want the container app alone, have containers %v and initContainers %v",
			p.Metadata.Name, names(p.Spec.Containers), names(p.Spec.InitContainers))
	}
	for key := range p.Metadata.Annotations {
		if strings.Contains(key, "istio.io/") {
			return fmt.Errorf("pod %s: has the annotation %s", p.Metadata.Name, key)
		}
	}
	return nil
}

func names(list []container) []string {
	all := []string{}
	for _, c := range list {
		all = append(all, c.Name)
	}
	return all
}
