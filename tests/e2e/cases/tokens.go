// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// token is what comes of a pod's token: the words of a refusal are part of it.
type token struct {
	kind   string // "third-party", "first-party", or "" where the pod is refused
	said   string // what a warning or the refusal says; "" for no word of tokens
	logged bool   // `said` is in the webhook's log too, once
}

var (
	projected    = token{kind: "third-party"}
	mounted      = token{kind: "first-party"}
	fallen       = token{kind: "first-party", said: fallbackSentence, logged: true}
	startless    = token{kind: "third-party", said: "the pod will not start"}
	unknownThere = token{said: "Istio 1.22"}
	forbidden    = token{said: "third-party tokens are required by --token-policy"}
)

// tokenPolicies is the table of the README: templates up to Istio 1.21 know
// both tokens, those since third-party only.
var tokenPolicies = []struct {
	policy          string
	both, bothOld   token // with TokenRequest, and in a cluster without
	third, thirdOld token
}{
	{"auto", projected, fallen, projected, unknownThere},
	{"third-party", projected, startless, projected, startless},
	{"first-party", mounted, mounted, unknownThere, unknownThere},
	{"require-third-party", projected, forbidden, projected, forbidden},
}

// In two of them the values ask for what the cluster shall overrule.
var tokenReleases = []struct {
	name, settings string
	thirdOnly      bool
}{
	{"tokens-1-5-0", "istio-1.5/settings/first-party", false},
	{"tokens-1-21", "istio-1.32/settings/istio-1.21.6-first-party", false},
	{"tokens-1-32-dev", "istio-1.32/settings/0abeabe6f779", true},
}

type tokenLab struct {
	cluster  *lab.Cluster
	webhook  *lab.Webhook
	now, old string // kubeconfigs
	ran      int
}

// runTokens asks in every policy, of every release, with and without
// TokenRequest, what becomes of a pod.
func runTokens(t *tally) error {
	data := filepath.Join(os.Getenv("E2E_SETTINGS"), "..", "..", "..")
	if _, err := os.Stat(filepath.Join(data, tokenReleases[0].settings)); err != nil {
		t.skipped++
		t.line("SKIP", "tokens", "token policies", ": no ConfigMaps of Istio in "+data)
		return nil
	}
	cluster, err := lab.NewCluster()
	if err != nil {
		return err
	}
	defer cluster.Stop()
	l := &tokenLab{cluster: cluster, now: filepath.Join(cluster.Dir, "admin.kubeconfig")}
	if l.webhook, err = lab.NewWebhook(cluster, os.Getenv("OUTRIGGER")); err != nil {
		return err
	}
	var stop func()
	if l.old, stop, err = cluster.HideTokenRequest(); err != nil {
		return err
	}
	defer stop()
	failed := t.failed
	for _, r := range tokenReleases {
		started, before := time.Now(), l.ran
		if err := l.release(r.name, filepath.Join(data, r.settings), r.thirdOnly); err != nil {
			t.failed++
			t.line("FAIL", r.name, "token policies", ": "+err.Error())
			continue
		}
		t.passed++
		t.line("PASS", r.name, "token policies", fmt.Sprintf(": %d pods, each with the token due (%.1f s)",
			l.ran-before, time.Since(started).Seconds()))
	}
	if t.failed > failed {
		fmt.Fprintln(os.Stderr, cluster.Tails(25))
	}
	return nil
}

// release stores its ConfigMaps in a namespace of the release's own, which is
// the one for pods too.
func (l *tokenLab) release(namespace, settings string, thirdOnly bool) error {
	if err := makeNamespace(l.cluster, namespace, "istio-injection=enabled"); err != nil {
		return err
	}
	if err := createConfigMaps(l.cluster, namespace, settings); err != nil {
		return err
	}
	for _, p := range tokenPolicies {
		due, dueOld := p.both, p.bothOld
		if thirdOnly {
			due, dueOld = p.third, p.thirdOld
		}
		if err := l.policy(namespace, p.policy, l.now, due); err != nil {
			return fmt.Errorf("%s, with TokenRequest: %w", p.policy, err)
		}
		if err := l.policy(namespace, p.policy, l.old, dueOld); err != nil {
			return fmt.Errorf("%s, without TokenRequest: %w", p.policy, err)
		}
	}
	return nil
}

func createConfigMaps(c *lab.Cluster, namespace, settings string) error {
	for _, m := range [][]string{
		{"istio-sidecar-injector", "--from-file=config=" + filepath.Join(settings, "config.yaml"),
			"--from-file=values=" + filepath.Join(settings, "values.json")},
		{"istio", "--from-file=mesh=" + filepath.Join(settings, "mesh.yaml")},
	} {
		if _, err := c.Kubectl("", append([]string{"-n", namespace, "create", "configmap"}, m...)...); err != nil {
			return err
		}
	}
	return nil
}

// policy runs the webhook with one and asks twice: what is logged once must
// not be logged again.
func (l *tokenLab) policy(namespace, policy, kubeconfig string, due token) error {
	audit := filepath.Join(l.cluster.Dir, fmt.Sprintf("tokens-%d.log", l.ran))
	if err := l.webhook.Run("--cluster", "--kubeconfig", kubeconfig, "--istio-namespace", namespace,
		"--token-policy", policy, "--audit-log", audit); err != nil {
		return err
	}
	err := l.webhook.WaitReady()
	for i := 0; i < 2 && err == nil; i++ {
		err = l.ask(namespace, due)
		l.ran++
	}
	if err == nil {
		err = l.logged(due)
	}
	if stopped := l.webhook.Stop(); err == nil {
		err = stopped
	}
	if err == nil {
		err = auditedToken(audit, due)
	}
	return err
}

func (l *tokenLab) ask(namespace string, due token) error {
	out, said, err := l.cluster.KubectlSaid(manifest("pod"), "create", "-n", namespace, "-f", "-", "--dry-run=server", "-o", "json")
	if due.said != "" && !strings.Contains(said, due.said) {
		return fmt.Errorf("kubectl does not say %q but %q", due.said, said)
	}
	if due.said == "" && strings.Contains(said, "token") {
		return fmt.Errorf("kubectl says without need: %q", said)
	}
	if due.kind == "" {
		if err == nil {
			return fmt.Errorf("the pod was admitted: %s", said)
		}
		return nil
	}
	if err != nil {
		return err
	}
	var p pod
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		return err
	}
	if err := p.checkApplication(); err != nil {
		return err
	}
	if have := p.token(); have != due.kind {
		return fmt.Errorf("the proxy's token is %q, want %q", have, due.kind)
	}
	return nil
}

// The proxy's own volume is called istio-token in every release.
func (p *pod) token() string {
	if len(named(append(p.Spec.Containers, p.Spec.InitContainers...), sidecar)) == 0 {
		return "none: no sidecar"
	}
	for _, v := range p.Spec.Volumes {
		if v.Name == "istio-token" {
			return "third-party"
		}
	}
	return "first-party"
}

func (l *tokenLab) logged(due token) error {
	have, want := strings.Count(l.webhook.LogSinceStart(), fallbackSentence), 0
	if due.logged {
		want = 1
	}
	if have != want {
		return fmt.Errorf("the webhook's log has the sentence %d times, want %d", have, want)
	}
	return nil
}

// auditedToken wants both decisions in the webhook's own audit log, with the
// token that the pod got.
func auditedToken(path string, due token) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	want := `"decision":"refused"`
	if due.kind != "" {
		want = fmt.Sprintf(`"token":%q`, due.kind)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"decision":`) && strings.Contains(line, want) {
			n++
		}
	}
	if n != 2 {
		return fmt.Errorf("%d lines of the audit log have %s, want 2:\n%s", n, want, text)
	}
	return nil
}
