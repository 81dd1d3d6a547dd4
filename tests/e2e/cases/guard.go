// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// refused creates a pod of manifests/ that must be refused in these words.
func (s *suite) refused(namespace, name string, words ...string) error {
	_, err := s.create(namespace, name)
	if err == nil {
		return errors.New("the pod was admitted")
	}
	for _, part := range words {
		if !strings.Contains(err.Error(), part) {
			return fmt.Errorf("kubectl's message lacks %q: %w", part, err)
		}
	}
	return s.absent(namespace, name)
}

func (s *suite) guardWarns() error {
	_, said, err := s.cluster.KubectlSaid(manifest("talkative"), "create", "-n", s.guarded, "-f", "-")
	if err != nil {
		return err
	}
	if want := "Warning: guard quiet-proxies: debug logs are for an hour"; !strings.Contains(said, want) {
		return fmt.Errorf("kubectl did not say %q but %q", want, said)
	}
	return s.injected(s.guarded, "talkative")
}

func (s *suite) guardDenies() error {
	return s.refused(s.guarded, "bypass", "inject.outrigger.test", "denied the request",
		"guard rule 'no-bypass' forbids this pod: everything goes through the proxy",
		"annotation traffic.sidecar.istio.io/excludeOutboundPorts is '443'")
}

func (s *suite) guardStrips() error {
	_, said, err := s.cluster.KubectlSaid(manifest("optout"), "create", "-n", s.guarded, "-f", "-")
	if err != nil {
		return err
	}
	if want := "Warning: guard stay: pods here always get a sidecar"; !strings.Contains(said, want) {
		return fmt.Errorf("kubectl did not say %q but %q", want, said)
	}
	pods, err := s.pods(s.guarded, "optout")
	if err != nil || len(pods) != 1 {
		return fmt.Errorf("%d pods stored: %w", len(pods), err)
	}
	if value, there := pods[0].Metadata.Labels["sidecar.istio.io/inject"]; there {
		return fmt.Errorf("the label is still there: %q", value)
	}
	return pods[0].checkInjected(s.config.native)
}

// injected wants the one pod of this name stored with its sidecar.
func (s *suite) injected(namespace, name string) error {
	pods, err := s.waitPods(namespace, name, 1)
	if err != nil {
		return err
	}
	return pods[0].checkInjected(s.config.native)
}

// What the checks read of an event in the API server's audit log.
type event struct {
	ObjectRef   struct{ Namespace, Name string }
	Annotations map[string]string
}

// event returns the one of a pod's creation.
func (s *suite) event(namespace, name string) (map[string]string, error) {
	file, err := os.Open(s.cluster.AuditLog)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		if e.ObjectRef.Namespace == namespace && e.ObjectRef.Name == name {
			return e.Annotations, nil
		}
	}
	return nil, lines.Err()
}

func (s *suite) audited() error {
	const prefix = "inject.outrigger.test/"
	var found map[string]string
	if err := lab.Poll(10*time.Second, "the event of the pod optout", func() (bool, error) {
		var err error
		found, err = s.event(s.guarded, "optout")
		return found != nil, err
	}); err != nil {
		return err
	}
	for key, want := range map[string]string{
		"decision": "injected", "reason": "policy-enabled", "rule": "policy", "revision": "default",
		"templates": "sidecar", "templates-digest": "sha256:", "configuration": "", "guard": "strip: stay",
	} {
		if have, there := found[prefix+key]; !there || !strings.HasPrefix(have, want) {
			return fmt.Errorf("annotation %s is %q, want %q; there are %v", key, have, want, found)
		}
	}
	found, err := s.event(s.guarded, "bypass")
	if err != nil {
		return err
	}
	if have := found[prefix+"guard"]; have != "deny: no-bypass" {
		return fmt.Errorf("the guard's outcome of the refused pod is %q; there are %v", have, found)
	}
	return nil
}

func (s *suite) requires() error {
	return s.refused(s.required, "talkative", "require.outrigger.test", "requirement 'sidecars': pods here need a sidecar",
		"it has no container istio-proxy")
}
