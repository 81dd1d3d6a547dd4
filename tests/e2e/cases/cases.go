// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var cases = []struct {
	name string
	run  func(*suite) error
}{
	{"a Deployment with 20 replicas has 20 injected pods", func(s *suite) error { return s.rollsOut("deployment", 20) }},
	{"a bare Pod is injected", func(s *suite) error { return s.rollsOut("pod", 1) }},
	{"a Job's pods are injected", func(s *suite) error { return s.rollsOut("job", 2) }},
	{"a StatefulSet's pods are injected", func(s *suite) error { return s.rollsOut("statefulset", 2) }},
	{"a DaemonSet's pod is injected", func(s *suite) error { return s.rollsOut("daemonset", 1) }},
	{"an unlabelled namespace is untouched", (*suite).unlabelled},
	{"the label sidecar.istio.io/inject: \"false\" is respected", (*suite).optOut},
	{"an invalid annotation is refused by name", (*suite).invalid},
	{"a server-side dry run is injected and not stored", (*suite).dryRun},
	{"kubectl shows the guard's warning", (*suite).guardWarns},
	{"a pod that the guard denies is refused by the rule's name", (*suite).guardDenies},
	{"a pod that opts out is injected where the guard strips", (*suite).guardStrips},
	{"each action on each kind of match", (*suite).guardDoes},
	{"the decision and the guard's outcome are in the API server's audit log", (*suite).audited},
	{"a pod without the sidecar that its namespace demands is refused", (*suite).requires},
	{"the API server takes the chart, and controllers its pods", (*suite).chart},
	{"the webhook stopped blocks pods, started again admits", (*suite).outage},
	{"a rollout goes on after the webhook was killed", (*suite).killed},
	{"every admission is a line of the audit log, and its chain holds", (*suite).recorded},
}

// The webhook would inject this Deployment: only the namespace differs.
func (s *suite) unlabelled() error {
	if _, err := s.create(s.plain, "deployment"); err != nil {
		return err
	}
	pods, err := s.waitPods(s.plain, "deployment", 20)
	if err != nil {
		return err
	}
	for i := range pods {
		if err := pods[i].checkUntouched(); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) optOut() error {
	if _, err := s.create(s.mesh, "optout"); err != nil {
		return err
	}
	pods, err := s.waitPods(s.mesh, "optout", 1)
	if err != nil {
		return err
	}
	return pods[0].checkUntouched()
}

func (s *suite) invalid() error {
	_, err := s.create(s.mesh, "invalid")
	if err == nil {
		return errors.New("the pod was admitted")
	}
	for _, part := range []string{
		"denied the request", "traffic.sidecar.istio.io/excludeInboundPorts", "abc",
	} {
		if !strings.Contains(err.Error(), part) {
			return fmt.Errorf("kubectl's message lacks %q: %w", part, err)
		}
	}
	return s.absent(s.mesh, "invalid")
}

func (s *suite) dryRun() error {
	text, err := s.create(s.mesh, "dryrun", "--dry-run=server", "-o", "json")
	if err != nil {
		return err
	}
	var answer pod
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return err
	}
	if err := answer.checkInjected(s.config.native); err != nil {
		return err
	}
	return s.absent(s.mesh, "dryrun")
}

func (s *suite) outage() error {
	if err := s.webhook.Stop(); err != nil {
		return err
	}
	_, blocked := s.create(s.mesh, "outage")
	stored := s.absent(s.mesh, "outage")
	if err := s.webhook.Start(); err != nil {
		return err
	}
	if blocked == nil {
		return errors.New("the pod was admitted without the webhook")
	}
	if want := "failed calling webhook \"inject.outrigger.test\""; !strings.Contains(blocked.Error(), want) {
		return fmt.Errorf("kubectl's message lacks %q: %w", want, blocked)
	}
	if stored != nil {
		return stored
	}
	return s.rollsOut("outage", 1)
}
