// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"outrigger/tests/e2e/lab"
)

// provoked is what `outrigger check` must name of the ill cluster, each with
// the beginning of its remedy.
var provoked = []struct{ finding, remedy string }{
	{"ERROR   kubelet-unreachable: Node far: the API server cannot reach its kubelet on port 10250: 503 error trying to reach service: dial tcp", "open TCP port 10250"},
	{"info    node-control-plane: Node master: has the taint node-role.kubernetes.io/master:NoSchedule", "as it should be where other nodes take pods"},
	{"ERROR   node-disk-pressure: Node full: ", "free disk space"},
	{"ERROR   node-unreachable: Node gone: is not ready", "see whether the machine runs"},
	{"ERROR   pod-pending: Pod istio-system/istiod-0: is pending: 0/5 nodes are available", "see the nodes' taints above"},
	{"WARNING namespace-unserved: ill-unserved asked for injection by label", "compare the label with the revisions installed"},
	{"ERROR   pod-security: Namespace ill-restricted: enforces PodSecurity restricted", "use Istio's CNI plugin"},
	{"ERROR   injected-twice: pods of ill-", "switch Istio's own webhook off"},
	{"WARNING pods-without-sidecar: Namespace ill-late: 1 pods have no sidecar", "kubectl -n ill-late rollout restart"},
	{"WARNING right-too-much: ServiceAccount outrigger-system/outrigger: may create pods in the whole cluster", "take the binding away"},
	{"WARNING configuration-odd: ConfigMap istio key mesh line 1: unknown field 'trustDomian'", "use 'trustDomain'"},
	{"ERROR   ca-bundle-mismatch: Webhook rev.namespace.outrigger.outrigger.test: ", "see that a replica holds the Lease"},
}

const (
	fallbackSentence = "Detected that your cluster does not support third party JWT authentication. " +
		"Falling back to less secure first party JWT."
	fallback = "WARNING token-fallback: " + fallbackSentence
)

// checked runs `outrigger check` in a healthy cluster, then in an ill one.
func (i *installation) checked() (string, error) {
	if err := i.makeHealthy(); err != nil {
		return "", err
	}
	admin := filepath.Join(i.cluster.Dir, "admin.kubeconfig")
	report, err := check(admin, 0)
	if err != nil {
		return "", err
	}
	if !strings.Contains(report, "healthy: 0 errors, 0 warnings") {
		return "", fmt.Errorf("a healthy cluster is not called so:\n%s", report)
	}
	if err := i.withoutTokenRequest(); err != nil {
		return "", err
	}
	heal, err := i.makeIll()
	defer heal()
	if err != nil {
		return "", err
	}
	if report, err = check(admin, 1); err != nil {
		return "", err
	}
	for _, p := range provoked {
		line := lineWith(report, p.finding)
		if line == "" || !strings.Contains(line, "; remedy: "+p.remedy) {
			return "", fmt.Errorf("no line %q with remedy %q in:\n%s", p.finding, p.remedy, report)
		}
	}
	return fmt.Sprintf("healthy is called so; %d things that were provoked are named with their remedies", len(provoked)+1), nil
}

func lineWith(text, beginning string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, beginning) {
			return line
		}
	}
	return ""
}

func check(kubeconfig string, want int) (string, error) {
	out, err := exec.Command(os.Getenv("OUTRIGGER"), "check", "--kubeconfig", kubeconfig).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", err
	}
	have := 0
	if exit != nil {
		have = exit.ExitCode()
	}
	if have != want {
		return "", fmt.Errorf("outrigger check ended with %v, want %d:\n%s", err, want, out)
	}
	return string(out), nil
}

// --- a healthy cluster ---------------------------------------------------

func (i *installation) makeHealthy() error {
	if err := makeNamespace(i.cluster, "istio-system"); err != nil {
		return err
	}
	if err := createConfigMaps(i.cluster, "istio-system", i.settings); err != nil {
		return err
	}
	if _, err := i.cluster.Kubectl(manifest("check"), "apply", "-f", "-"); err != nil {
		return err
	}
	kubelet, err := lab.ServeKubelet(i.cluster)
	if err != nil {
		return err
	}
	i.kubelet = kubelet
	return i.cluster.SetNodeStatus("lab", kubelet.IP.String(), kubelet.Port, map[string]string{"Ready": "True"})
}

// withoutTokenRequest asks an API server as before Kubernetes 1.12.
func (i *installation) withoutTokenRequest() error {
	kubeconfig, stop, err := i.cluster.HideTokenRequest()
	if err != nil {
		return err
	}
	defer stop()
	report, err := check(kubeconfig, 0)
	if err == nil && lineWith(report, fallback) == "" {
		err = fmt.Errorf("no fallback in:\n%s", report)
	}
	return err
}

// --- an ill cluster -----------------------------------------------------------

// makeIll provokes everything at once; what it returns takes it back, as far
// as it got.
func (i *installation) makeIll() (heal func(), err error) {
	k := func(stdin string, args ...string) {
		if err == nil {
			_, err = i.cluster.Kubectl(stdin, args...)
		}
	}
	bundle, bundleErr := i.cluster.Kubectl("", "get", "mutatingwebhookconfiguration", "outrigger", "-o", "jsonpath={.webhooks[0].clientConfig.caBundle}")
	heal = func() {
		_, _ = i.cluster.Kubectl(manifest("ill"), "delete", "--wait=false", "-f", "-")
		_, _ = i.cluster.Kubectl("", "delete", "--wait=false", "clusterrolebinding/too-much", "node/far", "node/gone", "namespace/ill-late", "namespace/istio-system")
		_ = i.setBundle(bundle)
		_ = i.service.Configure(i.settings)
	}
	if bundleErr != nil {
		return heal, bundleErr
	}
	k(manifest("ill"), "apply", "-f", "-")
	if err == nil {
		err = makeNamespace(i.cluster, "ill-late")
	}
	k(manifest("pod"), "-n", "ill-late", "create", "-f", "-")
	k("", "label", "namespace", "ill-late", "istio-injection=enabled")
	k("", "create", "clusterrolebinding", "too-much", "--clusterrole=cluster-admin", "--serviceaccount=outrigger-system:outrigger")
	k("", "-n", system, "patch", "configmap", i.service.Mesh(), "--type=merge", "-p", `{"data":{"mesh":"trustDomian: cluster.local\n"}}`)
	k("", "-n", "istio-system", "patch", "pod", "istiod-0", "--subresource=status", "-p",
		`{"status":{"conditions":[{"type":"PodScheduled","status":"False","message":"0/5 nodes are available: 1 node(s) had untolerated taint"}]}}`)
	for _, n := range []struct {
		name, address string
		port          int
		ready         string
	}{
		{"far", "10.244.0.253", 10250, "True"},
		{"master", i.kubelet.IP.String(), i.kubelet.Port, "True"},
		{"full", i.kubelet.IP.String(), i.kubelet.Port, "True"},
		{"gone", i.kubelet.IP.String(), i.kubelet.Port, "Unknown"},
	} {
		if err == nil {
			err = i.cluster.SetNodeStatus(n.name, n.address, n.port, map[string]string{"Ready": n.ready})
		}
	}
	if err == nil {
		err = i.setBundle(i.otherBundle())
	}
	return heal, err
}

// The cluster's own CA has signed nothing that the webhook serves.
func (i *installation) otherBundle() string {
	text, _ := os.ReadFile(filepath.Join(i.cluster.Dir, "cluster-ca.crt"))
	return base64.StdEncoding.EncodeToString(text)
}

// setBundle takes base 64, as the API has it.
func (i *installation) setBundle(bundle string) error {
	_, err := i.cluster.Kubectl("", "patch", "mutatingwebhookconfiguration", "outrigger", "--type=json", "-p",
		fmt.Sprintf(`[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":%q}]`, bundle))
	return err
}
