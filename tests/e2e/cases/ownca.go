// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"outrigger/tests/e2e/lab"
)

// charted are the scenarios of the chart as it is installed: with a CA of
// the webhook's own. They run in this order, in a cluster that was empty.
var charted = []scenario{
	{"the chart into an empty cluster, in a restricted namespace: the first labelled pod is injected", (*installation).firstPod},
	{"nothing fails while everything changes", (*installation).disturbed},
	{"an upgrade adds a webhook configuration, and it is trusted", (*installation).extended},
	{"an upgrade reads the configuration from the API", (*installation).fromAPI},
}

// A CA lives so short that three rotations happen while pods are made; a
// certificate long enough for a leader to be missed.
const chartValues = `
replicas: 3
configuration: {source: mounted}
certificates:
  mode: self-signed
  selfSigned: {duration: 30s, caDuration: 90s, settle: 1s, leaseDuration: 6s}
`

const registrationName = "outrigger-sidecar-injector"

// prepare makes what `helm install` finds: a namespace, and nodes.
func prepare(cluster *lab.Cluster, settings string) (*installation, error) {
	i := &installation{cluster: cluster, settings: settings}
	if err := makeNamespace(cluster, system, "pod-security.kubernetes.io/enforce=restricted"); err != nil {
		return nil, err
	}
	// Every pod with a token mounts it.
	if err := lab.Poll(rolloutLimit, "the ConfigMap with the cluster's CA", func() (bool, error) {
		status, _, err := cluster.API.Do("GET", "/api/v1/namespaces/"+system+"/configmaps/kube-root-ca.crt", nil)
		return status == http.StatusOK, err
	}); err != nil {
		return nil, err
	}
	var err error
	i.node, err = lab.NewNode(cluster, os.Getenv("OUTRIGGER"), system)
	return i, err
}

// firstPod installs the chart and asks for a pod until one is injected; none
// may come without its sidecar once the API server knows the webhook.
func (i *installation) firstPod() (string, error) {
	rendered, err := renderChart(system, chartValues)
	if err != nil {
		return "", err
	}
	if err := makeNamespace(i.cluster, "first", "istio-injection=enabled"); err != nil {
		return "", err
	}
	started := time.Now()
	if i.service, err = lab.Install(i.node, lab.Release{Name: "outrigger", Namespace: system, Revision: "default",
		Settings: i.settings}, rendered); err != nil {
		return "", err
	}
	if err := i.waitInjected("first"); err != nil {
		return "", err
	}
	if _, err := i.suite().create("first", "pod"); err != nil {
		return "", err
	}
	first := time.Since(started).Seconds()
	if _, err := i.are("first", "pod", "default", 1); err != nil {
		return "", err
	}
	if err := i.service.WaitRolledOut(); err != nil {
		return "", err
	}
	ready := time.Since(started).Seconds()
	if have := len(i.service.Replicas()); have != 3 {
		return "", fmt.Errorf("%d replicas are ready, want 3", have)
	}
	if err := i.needsWhatItHas(); err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f s after the installation began, three replicas ready after %.1f s", first, ready), i.ownsCABundleAlone(rendered)
}

// needsWhatItHas holds the chart's RBAC against what `outrigger check` looks
// for. What it says of nodes is not asked: these have no kubelet.
func (i *installation) needsWhatItHas() error {
	report, err := exec.Command(os.Getenv("OUTRIGGER"), "check",
		"--kubeconfig", filepath.Join(i.cluster.Dir, "admin.kubeconfig"), "-n", system).CombinedOutput()
	for _, wanted := range []string{"ok      rights: ", "ok      configuration: "} {
		if lineWith(string(report), wanted) == "" {
			return fmt.Errorf("outrigger check (%v) says no %q:\n%s", err, wanted, report)
		}
	}
	return nil
}

// waitInjected asks with dry runs, which are refused while the webhook is
// registered and does not serve.
func (i *installation) waitInjected(namespace string) error {
	var last string
	err := lab.Poll(rolloutLimit, "an injected dry run", func() (bool, error) {
		status, answer, err := i.cluster.API.Do("POST", "/api/v1/namespaces/"+namespace+"/pods?dryRun=All",
			[]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"dry"},"spec":{"containers":[{"name":"app","image":"app"}]}}`))
		last = string(answer)
		return status == http.StatusCreated && strings.Contains(last, sidecar), err
	})
	if err != nil {
		err = fmt.Errorf("%w; the last answer: %.600s; the node says: %q", err, last, i.node.Complaints())
	}
	return err
}

// The same manifests again, as `helm upgrade` sends them, change nothing of
// the caBundle, and no other field of the registration is the webhook's.
func (i *installation) ownsCABundleAlone(rendered string) error {
	read := func() (fields string, bundle string, err error) {
		status, text, err := i.cluster.API.Do("GET",
			"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/"+registrationName, nil)
		if err != nil || status != http.StatusOK {
			return "", "", fmt.Errorf("read the registration: %d: %w", status, err)
		}
		var object struct {
			Metadata struct {
				ManagedFields []struct {
					Manager  string
					FieldsV1 json.RawMessage
				}
			}
			Webhooks []struct{ ClientConfig struct{ CABundle string } }
		}
		if err := json.Unmarshal(text, &object); err != nil {
			return "", "", err
		}
		for _, m := range object.Metadata.ManagedFields {
			if m.Manager == "outrigger" {
				fields += string(m.FieldsV1)
			}
		}
		for _, w := range object.Webhooks {
			bundle += w.ClientConfig.CABundle + "\n"
		}
		return fields, bundle, nil
	}
	fields, before, err := read()
	if err != nil {
		return err
	}
	for _, key := range keysIn(fields) {
		switch key {
		case ".", "f:webhooks", "f:name", "f:clientConfig", "f:caBundle":
		default:
			if !strings.HasPrefix(key, `k:{"name":`) {
				return fmt.Errorf("the webhook owns %s of its registration: %s", key, fields)
			}
		}
	}
	if !strings.Contains(fields, "f:caBundle") {
		return fmt.Errorf("the webhook owns no caBundle: %s", fields)
	}
	if _, err := i.cluster.Kubectl(rendered, "apply", "-f", "-"); err != nil {
		return err
	}
	if _, after, err := read(); err != nil || !strings.Contains(after, strings.Fields(before)[0][:64]) {
		return fmt.Errorf("the caBundle does not survive an upgrade: %w", err)
	}
	return nil
}

// upgrade applies the chart with other values, and returns the seconds until
// every replica is a new one.
func (i *installation) upgrade(values string) (float64, error) {
	if i.service == nil {
		return 0, errors.New("there is no release")
	}
	rendered, err := renderChart(system, values)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	if _, err := i.cluster.Kubectl(rendered, "apply", "-f", "-"); err != nil {
		return 0, err
	}
	err = i.service.WaitRolledOut()
	took := time.Since(started).Seconds()
	if err == nil {
		err = i.service.WaitReplaced()
	}
	return took, err
}

// extended is an upgrade by which a second registration appears. The new
// replicas are ready once its caBundle is written, which the holder of the
// old ones' Lease, who does not know of it, would never do.
func (i *installation) extended() (string, error) {
	took, err := i.upgrade(chartValues + "require: {enabled: true}\n")
	if err != nil {
		return "", err
	}
	if err := makeNamespace(i.cluster, "extended", "istio-injection=enabled"); err != nil {
		return "", err
	}
	if _, err := i.suite().create("extended", "pod"); err != nil {
		return "", err
	}
	if _, err := i.are("extended", "pod", "default", 1); err != nil {
		return "", err
	}
	return fmt.Sprintf("three replicas replaced in %.1f s, pods pass both webhooks", took), nil
}

// fromAPI is an upgrade after which nothing is mounted: the replicas have
// their service account, the rights that the chart gives it, and the
// environment of any pod.
func (i *installation) fromAPI() (string, error) {
	const mounted = "{source: mounted}"
	values := strings.Replace(chartValues, mounted, "{source: cluster, namespace: "+system+"}", 1)
	took, err := i.upgrade(values + "require: {enabled: true}\n")
	if err != nil {
		return "", err
	}
	if err := i.waitEach("all of it is followed", func(text string) bool {
		return strings.Count(text, "[+]watch/") == 6 && !strings.Contains(text, "not followed") &&
			strings.Contains(text, "[+]discovery ok: the cluster has serviceaccounts/token")
	}); err != nil {
		return "", err
	}
	if _, err := i.breakConfiguration(); err != nil {
		return "", err
	}
	if err := makeNamespace(i.cluster, "from-api", "istio-injection=enabled"); err != nil {
		return "", err
	}
	if _, err := i.suite().create("from-api", "pod"); err != nil {
		return "", err
	}
	if _, err := i.are("from-api", "pod", "default", 1); err != nil {
		return "", err
	}
	return fmt.Sprintf("three replicas replaced in %.1f s, each with nothing mounted; a bad change refused by all", took), nil
}

// keysIn are those of all objects in a JSON text.
func keysIn(text string) []string {
	var walk func(any) []string
	walk = func(value any) (keys []string) {
		object, _ := value.(map[string]any)
		for key, inner := range object {
			keys = append(append(keys, key), walk(inner)...)
		}
		return keys
	}
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return []string{"unreadable"}
	}
	return walk(value)
}

// rotations counts the CAs that come into force.
type rotations struct {
	i    *installation
	stop chan struct{}

	mutex sync.Mutex
	seen  []string
	err   error
}

func (i *installation) countRotations() *rotations {
	r := &rotations{i: i, stop: make(chan struct{})}
	go func() {
		for {
			r.look()
			select {
			case <-r.stop:
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	}()
	return r
}

func (r *rotations) look() {
	now, err := r.i.authority()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err != nil {
		r.err = err
	} else if len(r.seen) == 0 || r.seen[len(r.seen)-1] != now {
		r.seen = append(r.seen, now)
	}
}

// so far, not counting the CA that was there.
func (r *rotations) count() (int, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return max(0, len(r.seen)-1), r.err
}

// authority is the CA in force: the first one in the Secret.
func (i *installation) authority() (string, error) {
	status, text, err := i.cluster.API.Do("GET", "/api/v1/namespaces/"+system+"/secrets/outrigger-certs", nil)
	if err != nil || status != http.StatusOK {
		return "", fmt.Errorf("read the Secret: %d: %w", status, err)
	}
	var secret struct{ Data map[string][]byte }
	if err := json.Unmarshal(text, &secret); err != nil {
		return "", err
	}
	block, _ := pem.Decode(secret.Data["ca.crt"])
	if block == nil {
		return "", fmt.Errorf("the Secret holds no CA")
	}
	return string(block.Bytes), nil
}

// holder is who holds the Lease, and the name of its pod.
func (i *installation) holder() (identity, pod string, err error) {
	identity, err = i.cluster.Kubectl("", "-n", system, "get", "lease", "outrigger", "-o", "jsonpath={.spec.holderIdentity}")
	pod = identity[:max(0, strings.LastIndex(identity, "_"))]
	return identity, pod, err
}
