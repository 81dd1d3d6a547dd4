// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// Controllers make pods within milliseconds; this is for a busy machine.
const rolloutLimit = 90 * time.Second

// suite is one configuration of the webhook and its namespaces: `mesh` is
// labelled for injection, `plain` is not, rules of manifests/guard.yaml are
// for `guarded` alone, which is labelled too, and pods in `required` must
// have their sidecar, but the injector is not asked there. auditLog is the
// webhook's own; before is what the API server had counted at the start.
type suite struct {
	cluster  *lab.Cluster
	webhook  *lab.Webhook
	config   configuration
	mesh     string
	plain    string
	guarded  string
	required string
	auditLog string
	before   admissions
}

func newSuite(c *lab.Cluster, w *lab.Webhook, config configuration) (*suite, error) {
	s := &suite{cluster: c, webhook: w, config: config,
		mesh: config.name + "-mesh", plain: config.name + "-plain",
		guarded: config.name + "-guarded", required: config.name + "-required"}
	for _, namespace := range []string{s.mesh, s.plain, s.guarded, s.required} {
		if _, err := c.Kubectl("", "create", "namespace", namespace); err != nil {
			return nil, err
		}
		if err := lab.Poll(rolloutLimit, "the default service account of "+namespace, func() (bool, error) {
			return c.HasServiceAccount(namespace), nil
		}); err != nil {
			return nil, err
		}
	}
	if _, err := c.Kubectl("", "label", "namespace", s.mesh, s.guarded, "istio-injection=enabled"); err != nil {
		return nil, err
	}
	flags, err := s.auditFlags()
	if err != nil {
		return nil, err
	}
	if s.before, err = s.admissions(); err != nil {
		return nil, err
	}
	if err := w.Run(append(config.flags, flags...)...); err != nil {
		return nil, err
	}
	return s, w.WaitInForce(s.mesh)
}

func manifest(name string) string {
	text, err := manifests.ReadFile("manifests/" + name + ".yaml")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// create sends a manifest of manifests/ as a user would.
func (s *suite) create(namespace, name string, flags ...string) (string, error) {
	args := append([]string{"create", "-n", namespace, "-f", "-"}, flags...)
	return s.cluster.Kubectl(manifest(name), args...)
}

// pods returns those with the label app=NAME.
func (s *suite) pods(namespace, app string) ([]pod, error) {
	status, text, err := s.cluster.API.Do("GET",
		"/api/v1/namespaces/"+namespace+"/pods?labelSelector=app%3D"+app, nil)
	if err != nil {
		return nil, err
	}
	if status != 200 {
		return nil, fmt.Errorf("list pods: %d: %s", status, text)
	}
	var list struct{ Items []pod }
	err = json.Unmarshal(text, &list)
	return list.Items, err
}

// waitPods returns the pods once there are as many as wanted; else it says
// what the controllers complained of.
func (s *suite) waitPods(namespace, app string, want int) ([]pod, error) {
	var found []pod
	err := lab.Poll(rolloutLimit, fmt.Sprintf("%d pods of %s", want, app), func() (bool, error) {
		var err error
		found, err = s.pods(namespace, app)
		return len(found) >= want, err
	})
	if err != nil {
		events, _ := s.cluster.Kubectl("", "get", "events", "-n", namespace,
			"--field-selector=type=Warning", "-o", `jsonpath={range .items[-3:]}{.message}{"\n"}{end}`)
		return nil, fmt.Errorf("%w, have %d; warnings: %s", err, len(found), strings.TrimSpace(events))
	}
	if len(found) > want {
		return nil, fmt.Errorf("%d pods of %s, want %d", len(found), app, want)
	}
	return found, nil
}

// rollsOut creates a workload and wants each of its pods injected.
func (s *suite) rollsOut(name string, replicas int) error {
	if _, err := s.create(s.mesh, name); err != nil {
		return err
	}
	pods, err := s.waitPods(s.mesh, name, replicas)
	if err != nil {
		return err
	}
	for i := range pods {
		if err := pods[i].checkInjected(s.config.native); err != nil {
			return err
		}
	}
	return nil
}

// absent wants a pod not to be stored.
func (s *suite) absent(namespace, name string) error {
	status, text, err := s.cluster.API.Do("GET", "/api/v1/namespaces/"+namespace+"/pods/"+name, nil)
	if err == nil && status != 404 {
		err = fmt.Errorf("want no pod %s stored, have %d: %s", name, status, text)
	}
	return err
}
