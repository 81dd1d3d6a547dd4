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

// ask is a pod that asks for one thing that the guard can match.
type ask struct {
	kind        string // of the match
	values      string // of the match
	annotations map[string]string
	labels      map[string]string
	spec        string // more of it; beginning with a comma
	container   string // more of the container app
	more        string // more containers
	strips      bool
	left        bool // never injected, whatever the guard says of it
}

const (
	sidecarNote = "sidecar.istio.io/"
	trafficNote = "traffic.sidecar.istio.io/"
)

func note(key, value string) map[string]string { return map[string]string{key: value} }

var asks = []ask{
	{kind: "injection", values: "off", labels: note("sidecar.istio.io/inject", "false"), strips: true, left: true},
	{kind: "proxyImage", values: "any", annotations: note(sidecarNote+"proxyImage", "registry.example/other:1"), strips: true},
	{kind: "proxyImageType", values: "[debug]", annotations: note(sidecarNote+"proxyImageType", "debug"), strips: true},
	{kind: "excludedInboundPorts", values: "any", annotations: note(trafficNote+"excludeInboundPorts", "81"), strips: true},
	{kind: "excludedOutboundPorts", values: "any", annotations: note(trafficNote+"excludeOutboundPorts", "5432"), strips: true},
	{kind: "excludedOutboundRanges", values: "any", annotations: note(trafficNote+"excludeOutboundIPRanges", "10.0.0.0/8"), strips: true},
	{kind: "excludedInterfaces", values: "any", annotations: note(trafficNote+"excludeInterfaces", "eth1"), strips: true},
	{kind: "reroutedInterfaces", values: "any", annotations: note("istio.io/reroute-virtual-interfaces", "net1"), strips: true},
	{kind: "narrowedInboundPorts", values: "any", annotations: note(trafficNote+"includeInboundPorts", "80"), strips: true},
	{kind: "narrowedOutboundPorts", values: "any", annotations: note(trafficNote+"includeOutboundPorts", "80"), strips: true},
	{kind: "narrowedOutboundRanges", values: "any", annotations: note(trafficNote+"includeOutboundIPRanges", "10.0.0.0/8"), strips: true},
	{kind: "interceptionMode", values: "[NONE]", annotations: note(sidecarNote+"interceptionMode", "NONE"), strips: true},
	{kind: "userVolumes", values: "[hostPath]", annotations: note(sidecarNote+"userVolume", `{"v":{"hostPath":{"path":"/"}}}`), strips: true},
	{kind: "bootstrapOverride", values: "any", annotations: note(sidecarNote+"bootstrapOverride", "cm"), strips: true},
	{kind: "logLevel", values: "[debug]", annotations: note(sidecarNote+"logLevel", "debug"), strips: true},
	{kind: "proxyCPU", values: "{max: 2}", annotations: note(sidecarNote+"proxyCPULimit", "4"), strips: true},
	{kind: "proxyMemory", values: "{max: 1Gi}", annotations: note(sidecarNote+"proxyMemoryLimit", "2Gi"), strips: true},
	{kind: "runAsIds", values: "[1337]", container: `,"securityContext":{"runAsGroup":1337}`},
	{kind: "capabilities", values: "[NET_ADMIN]", container: `,"securityContext":{"capabilities":{"add":["NET_ADMIN"]}}`},
	{kind: "hostNetwork", values: "any", spec: `,"hostNetwork":true`, left: true},
	{kind: "templates", values: "any", annotations: note("inject.istio.io/templates", "sidecar"), strips: true},
	{kind: "proxyConfig", values: "any", annotations: note("proxy.istio.io/config", "concurrency: 3"), strips: true},
	{kind: "ownContainers", values: "any", more: `,{"name":"istio-proxy","image":"auto"}`, strips: true},
	{kind: "annotations", values: "[sidecar.istio.io/stats*]", annotations: note(sidecarNote+"statsInclusionPrefixes", "a"), strips: true},
	{kind: "users", values: "{allowed: [nobody]}, annotations: [sidecar.istio.io/byUser]", annotations: note(sidecarNote+"byUser", "x")},
	{kind: "groups", values: "{allowed: [nobody]}, annotations: [sidecar.istio.io/byGroup]", annotations: note(sidecarNote+"byGroup", "x")},
}

var actions = []string{"audit", "warn", "strip", "deny"}

func (a *ask) takes(action string) bool { return action != "strip" || a.strips }

// rule is the name of its rule, and of its pod.
func (a *ask) rule(action string) string { return strings.ToLower(a.kind) + "-" + action }

// guardTable are the rules of all rows, each action in namespaces of its own.
func guardTable() string {
	var rules strings.Builder
	for _, action := range actions {
		for _, a := range asks {
			if a.takes(action) {
				fmt.Fprintf(&rules, "- {name: %s, namespaces: [\"*-does-%s\"], match: {%s: %s}, action: %s, message: do not}\n",
					a.rule(action), action, a.kind, a.values, action)
			}
		}
	}
	return rules.String()
}

// guardFile is manifests/guard.yaml with those rules in it.
func guardFile() string {
	return strings.Replace(manifest("guard"), "rules:\n", "rules:\n"+guardTable(), 1)
}

func (a *ask) pod(action string) (string, error) {
	meta, err := json.Marshal(map[string]any{"name": a.rule(action), "labels": a.labels, "annotations": a.annotations})
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":%s,"spec":{"containers":[{"name":"app","image":"registry.example/app:1"%s}%s]%s}}`,
		meta, a.container, a.more, a.spec), err
}

// guardDoes puts each kind of match before each action that it takes, as a
// server-side dry run.
func (s *suite) guardDoes() error {
	rows := 0
	for _, action := range actions {
		namespace := s.config.name + "-does-" + action
		if err := makeNamespace(s.cluster, namespace, "istio-injection=enabled"); err != nil {
			return err
		}
		for _, a := range asks {
			if !a.takes(action) {
				continue
			}
			rows++
			if err := s.does(&a, action, namespace); err != nil {
				return fmt.Errorf("%s: %w", a.rule(action), err)
			}
		}
	}
	if rows < 60 {
		return fmt.Errorf("%d rows, want 60", rows)
	}
	return s.doesAudited()
}

func (s *suite) does(a *ask, action, namespace string) error {
	text, err := a.pod(action)
	if err != nil {
		return err
	}
	out, said, err := s.cluster.KubectlSaid(text, "create", "-n", namespace, "--dry-run=server", "-o", "json", "-f", "-")
	if action == "deny" {
		return denied(err, "guard rule '"+a.rule(action)+"' forbids this pod: do not")
	}
	if err != nil {
		return err
	}
	warned := strings.Contains(said, "Warning: guard "+a.rule(action)+": do not")
	if want := action != "audit"; warned != want {
		return fmt.Errorf("warned: %v: %q", warned, said)
	}
	var p pod
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		return err
	}
	if a.left && action != "strip" {
		return p.checkUntouched()
	}
	if action == "strip" {
		err = a.isGone(&p)
	}
	return errors.Join(err, p.checkInjected(s.config.native))
}

func denied(err error, words string) error {
	if err == nil {
		return errors.New("the pod was admitted")
	}
	if !strings.Contains(err.Error(), words) {
		return fmt.Errorf("kubectl's message lacks %q: %w", words, err)
	}
	return nil
}

// isGone wants nothing of what was asked for in the pod; what injection
// writes by itself has another value.
func (a *ask) isGone(p *pod) error {
	for key, value := range a.annotations {
		if p.Metadata.Annotations[key] == value {
			return fmt.Errorf("annotation %s is still there", key)
		}
	}
	for key := range a.labels {
		if _, there := p.Metadata.Labels[key]; there {
			return fmt.Errorf("label %s is still there", key)
		}
	}
	return nil
}

// doesAudited wants each row's outcome in the API server's audit log.
func (s *suite) doesAudited() error {
	return lab.Poll(20*time.Second, "the guard's outcomes in the audit log", func() (bool, error) {
		outcomes, err := s.outcomes()
		if err != nil {
			return false, err
		}
		for _, action := range actions {
			for _, a := range asks {
				if !a.takes(action) {
					continue
				}
				key := s.config.name + "-does-" + action + "/" + a.rule(action)
				have, there := outcomes[key]
				if !there {
					return false, nil
				}
				if want := action + ": " + a.rule(action); have != want {
					return false, fmt.Errorf("the guard's outcome of %s is %q, want %q", key, have, want)
				}
			}
		}
		return true, nil
	})
}

// outcomes are the guard's of each pod, by NAMESPACE/NAME.
func (s *suite) outcomes() (map[string]string, error) {
	file, err := os.Open(s.cluster.AuditLog)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all := map[string]string{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		if outcome := e.Annotations["inject.outrigger.test/guard"]; outcome != "" {
			all[e.ObjectRef.Namespace+"/"+e.ObjectRef.Name] = outcome
		}
	}
	return all, lines.Err()
}
