// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// What the checks read of an Event.
type podEvent struct {
	Reason, Message, Type string
	Count                 int
	ReportingComponent    string
	InvolvedObject        struct{ Kind, Name, UID string }
}

const toldNamespace = "told"

// podEvents returns the webhook's own Events.
func (f *follower) podEvents() ([]podEvent, error) {
	status, text, err := f.cluster.API.Do("GET", "/api/v1/namespaces/"+toldNamespace+"/events", nil)
	if err == nil && status != 200 {
		err = fmt.Errorf("list events: %d: %s", status, text)
	}
	if err != nil {
		return nil, err
	}
	var list struct{ Items []podEvent }
	err = json.Unmarshal(text, &list)
	var own []podEvent
	for _, e := range list.Items {
		if e.ReportingComponent == "outrigger" {
			own = append(own, e)
		}
	}
	return own, err
}

// waitTold returns the Event of this reason on an owner whose name begins so.
func (f *follower) waitTold(reason, owner string) (podEvent, error) {
	var found podEvent
	var all []podEvent
	err := lab.Poll(30*time.Second, "the Event "+reason+" on "+owner, func() (bool, error) {
		var err error
		all, err = f.podEvents()
		for _, e := range all {
			if e.Reason == reason && strings.HasPrefix(e.InvolvedObject.Name, owner) {
				found = e
				return true, err
			}
		}
		return false, err
	})
	if err != nil {
		err = fmt.Errorf("%w; there are %v", err, all)
	}
	return found, err
}

// tells wants a controller's pods to be told of where kubectl shows it, and
// dry runs not.
func (f *follower) tells() (string, error) {
	if err := makeNamespace(f.cluster, toldNamespace, "istio-injection=enabled"); err != nil {
		return "", err
	}
	if err := f.kubectl(manifest("told"), "create", "-n", toldNamespace, "-f", "-"); err != nil {
		return "", err
	}
	defer func() { _ = f.kubectl("", "delete", "namespace", toldNamespace, "--wait=false") }()
	refused, err := f.waitTold("InjectionRefused", "refused-")
	if err != nil {
		return "", err
	}
	if want := "/metadata/annotations/traffic.sidecar.istio.io~1excludeInboundPorts"; !strings.Contains(refused.Message, want) ||
		strings.Contains(refused.Message, "s3cr3t") || refused.InvolvedObject.Kind != "ReplicaSet" || refused.Type != "Warning" {
		return "", fmt.Errorf("%v", refused)
	}
	mistaken, err := f.waitTold("SidecarNotInjected", "mistaken-")
	if err != nil {
		return "", err
	}
	if !strings.Contains(mistaken.Message, "hostNetwork") {
		return "", fmt.Errorf("%v", mistaken)
	}
	// By its uid, as kubectl finds the Events of an object that it describes.
	described, err := f.cluster.Kubectl("", "-n", toldNamespace, "describe", "replicaset", refused.InvolvedObject.Name)
	if err == nil && !strings.Contains(described, refused.Message) {
		err = fmt.Errorf("kubectl describe does not show it: %s", described)
	}
	if err != nil {
		return "", err
	}
	return f.dryRunsAreNotTold()
}

// ownedPod is refused, and says that a ReplicaSet has made it.
func ownedPod(owner string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"` + owner + `-","annotations":` +
		`{"traffic.sidecar.istio.io/excludeInboundPorts":"x"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"` +
		owner + `","uid":"` + owner + `","controller":true}]},"spec":{"containers":[{"name":"app","image":"app"}]}}`
}

// The dry run comes first: were it told of, it would be when the other is.
func (f *follower) dryRunsAreNotTold() (string, error) {
	for _, try := range []struct{ query, owner string }{{"?dryRun=All", "dry"}, {"", "wet"}} {
		status, text, err := f.cluster.API.Do("POST", "/api/v1/namespaces/"+toldNamespace+"/pods"+try.query, []byte(ownedPod(try.owner)))
		if err == nil && status != 400 {
			err = fmt.Errorf("the pod of %s: %d: %s", try.owner, status, text)
		}
		if err != nil {
			return "", err
		}
	}
	if _, err := f.waitTold("InjectionRefused", "wet"); err != nil {
		return "", err
	}
	all, err := f.podEvents()
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if e.InvolvedObject.Name == "dry" {
			return "", fmt.Errorf("a dry run is told of: %v", e)
		}
	}
	decisions, err := f.metric("outrigger_decisions_total")
	if err != nil {
		return "", err
	}
	var refusals float64
	for labels, n := range decisions {
		if strings.Contains(labels, `reason="bad-annotation"`) {
			refusals += n
		}
	}
	if len(all) != 3 {
		return "", fmt.Errorf("%d Events, want 3: %v", len(all), all)
	}
	return fmt.Sprintf("3 Events of %.0f refusals and a mistake", refusals), nil
}

const earlyNamespace = "early"

// makeEarly makes a pod before its namespace is labelled: it has no sidecar.
func (f *follower) makeEarly() error {
	if err := makeNamespace(f.cluster, earlyNamespace); err != nil {
		return err
	}
	if err := f.kubectl(manifest("pod"), "create", "-n", earlyNamespace, "-f", "-"); err != nil {
		return err
	}
	return f.kubectl("", "label", "namespace", earlyNamespace, "istio-injection=enabled")
}

// hasItsRights asks check whether the chart granted what its command line
// needs, all of it on: no more and no less.
func (f *follower) hasItsRights() error {
	report, err := check(filepath.Join(f.cluster.Dir, "admin.kubeconfig"), 1) // there are no nodes to run on
	if err == nil && lineWith(report, "ok      rights: the service account has the 18 rights it needs") == "" {
		err = fmt.Errorf("the rights are not right:\n%s", report)
	}
	return err
}

// linted holds all that a replica prints that leads, follows, tells and
// counts against promtool, where that is installed.
func (f *follower) linted(figure string) (string, error) {
	_, text, err := f.get("/metrics")
	if err != nil {
		return "", err
	}
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		return figure + ", metrics not linted: no promtool", nil
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		return "", fmt.Errorf("promtool check metrics: %w: %s", err, out)
	}
	return fmt.Sprintf("%s, %d lines of metrics without a complaint of promtool", figure, strings.Count(text, "\n")), nil
}

func (f *follower) counts() (string, error) {
	var pods map[string]float64
	err := lab.Poll(30*time.Second, "pods are counted", func() (bool, error) {
		var err error
		if _, err = f.metric("outrigger_pods_counted_seconds"); err != nil {
			return false, nil
		}
		pods, err = f.metric("outrigger_pods_uninjected")
		return true, err
	})
	if err != nil {
		return "", err
	}
	if want := `{pod_namespace="` + earlyNamespace + `"}`; len(pods) != 1 || pods[want] != 1 {
		return "", fmt.Errorf("pods without sidecar: %v, want one in %s", pods, earlyNamespace)
	}
	if err := f.hasItsRights(); err != nil {
		return "", err
	}
	return f.linted("1 pod without its sidecar")
}
