// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

const chartNamespace = "outrigger-system"

// In a namespace that takes restricted pods only the API server accepts what
// the chart renders, without a warning, and controllers make its pods of it.
func (s *suite) chart() error {
	namespace := chartNamespace + "-" + s.config.name
	if _, err := s.cluster.Kubectl("", "create", "namespace", namespace); err != nil {
		return err
	}
	defer func() { _, _ = s.cluster.Kubectl("", "delete", "namespace", namespace, "--wait=false") }()
	if _, err := s.cluster.Kubectl("", "label", "namespace", namespace,
		"pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted"); err != nil {
		return err
	}
	for _, values := range []string{
		"{}",
		"{require: {enabled: true}, autoscaling: {enabled: true}, priorityQuota: true, metrics: {dashboard: {enabled: true}}}",
		"{guard: {config: {rules: [{name: a, match: {injection: off}, action: audit}]}}, revision: canary, revisionTags: [prod]}",
		`{webhook: {matchConditions: [{name: a, expression: "has(object.metadata.labels)"}], reinvocationPolicy: IfNeeded, sendOptedOut: true}}`,
	} {
		if err := s.accepted(namespace, values); err != nil {
			return fmt.Errorf("%s: %w", values, err)
		}
	}
	return s.installed(namespace)
}

// accepted sends what is rendered for a server-side dry run.
func (s *suite) accepted(namespace, values string) error {
	rendered, err := renderChart(namespace, values)
	if err != nil {
		return err
	}
	_, said, err := s.cluster.KubectlSaid(rendered, "apply", "--dry-run=server", "--validate=strict", "-f", "-")
	if err == nil && strings.TrimSpace(said) != "" {
		err = errors.New("kubectl warns: " + said)
	}
	return err
}

// installed applies the chart, but for what would ask it about the pods of
// the other tests, and wants the controllers to be able to make its replicas.
func (s *suite) installed(namespace string) error {
	rendered, err := renderChart(namespace, "{webhook: {enabled: false}, replicas: 3}")
	if err != nil {
		return err
	}
	if _, err := s.cluster.Kubectl(rendered, "apply", "-f", "-"); err != nil {
		return err
	}
	created := func() (bool, error) {
		names, err := s.cluster.Kubectl("", "get", "pods", "-n", namespace, "-o", "name")
		return strings.Count(names, "pod/") == 3, err
	}
	if err := lab.Poll(30*time.Second, "three pods of the chart", created); err != nil {
		events, _ := s.cluster.Kubectl("", "get", "events", "-n", namespace)
		return fmt.Errorf("%w: %s", err, events)
	}
	return nil
}

func renderChart(namespace, values string) (string, error) {
	cmd := exec.Command(lab.Find("helm"), "template", "outrigger", os.Getenv("CHART"), "--kube-version", "1.35.4",
		"-n", namespace, "-f", "-")
	var complaint strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(values), &complaint
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("helm template: %w: %s", err, complaint.String())
	}
	return string(out), err
}
