// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"outrigger/tests/e2e/lab"
)

// follower is a replica with the chart's own command line and rights, beside
// the cluster and not in it: its configuration, its CA and its Lease are in
// the API.
type follower struct {
	cluster  *lab.Cluster
	settings string
	program  *lab.Program
	address  string // of the webhook
	health   string
	http     http.Client
}

var followed = []struct {
	name string
	run  func(*follower) (string, error)
}{
	{"it waits for its ConfigMaps and says so", (*follower).waits},
	{"what the API holds is in force, and nothing bad", (*follower).follows},
	{"pods that were made too early are counted", (*follower).counts},
	{"pods are injected while the API server is away, and it is followed again", (*follower).outlives},
	{"idle, it writes Lease renewals and nothing else", (*follower).idles},
	{"what others do to its caBundle and its Secret is undone at once", (*follower).mends},
	{"refusals and mistakes are Events on the ReplicaSet, dry runs are not", (*follower).tells},
}

func runFollowed(t *tally) error {
	settings := os.Getenv("E2E_SETTINGS")
	if _, err := os.Stat(filepath.Join(settings, "config.yaml")); err != nil {
		t.skipped += len(followed)
		t.line("SKIP", "followed", fmt.Sprintf("%d tests", len(followed)), ": no ConfigMaps of Istio in "+settings)
		return nil
	}
	cluster, err := lab.NewAuditedCluster()
	if err != nil {
		return err
	}
	defer cluster.Stop()
	f := &follower{cluster: cluster, settings: settings, http: http.Client{Timeout: 5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} // on loopback, by the test itself
	err = f.start()
	for _, c := range followed {
		started, figure := time.Now(), ""
		if err == nil {
			figure, err = c.run(f)
		}
		if err != nil {
			t.failed++
			t.line("FAIL", "followed", c.name, ": "+err.Error())
			fmt.Fprintln(os.Stderr, cluster.Tails(25))
			return nil
		}
		t.passed++
		t.line("PASS", "followed", c.name, fmt.Sprintf(": %s (%.1f s)", figure, time.Since(started).Seconds()))
	}
	return f.program.Stop(30 * time.Second)
}

// start installs the chart, whose pods nobody runs, and runs its command line
// as its account.
func (f *follower) start() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	f.address = fmt.Sprintf("127.0.0.1:%d", port)
	if err := makeNamespace(f.cluster, system); err != nil {
		return err
	}
	rendered, err := renderChart(system, fmt.Sprintf(
		`{replicas: 1, configuration: {source: cluster}, webhook: {url: "https://%s"}}`, f.address))
	if err != nil {
		return err
	}
	// The Roles of the chart are for a namespace that is Istio's.
	if err := makeNamespace(f.cluster, "istio-system"); err != nil {
		return err
	}
	if _, err := f.cluster.Kubectl(rendered, "apply", "-f", "-"); err != nil {
		return err
	}
	args, err := f.commandLine()
	if err != nil {
		return err
	}
	if err := f.makeEarly(); err != nil {
		return err
	}
	if f.program, err = f.cluster.Start("outrigger", os.Getenv("OUTRIGGER"), args...); err != nil {
		return err
	}
	return f.program.WaitFor(rolloutLimit, "the line \"serving https://...\"", func() bool {
		text, _ := os.ReadFile(f.program.Log)
		found := healthAddress.FindSubmatch(text)
		if found != nil {
			f.health = "http://" + string(found[1])
		}
		return found != nil
	})
}

var healthAddress = regexp.MustCompile(`serving https://.* health="?([0-9.:]+)`)

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// commandLine is the chart's, at our address and from outside the cluster.
func (f *follower) commandLine() ([]string, error) {
	config, err := f.cluster.ServiceAccountKubeconfig(system, "outrigger")
	if err != nil {
		return nil, err
	}
	text, err := f.cluster.Kubectl("", "-n", system, "get", "deployment", "outrigger", "-o", "jsonpath={.spec.template.spec.containers[0].args}")
	if err != nil {
		return nil, err
	}
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		return nil, err
	}
	for i, arg := range args {
		switch name, _, _ := strings.Cut(arg, "="); name {
		case "--listen":
			args[i] = "--listen=" + f.address
		case "--metrics-listen":
			args[i] = "--metrics-listen=127.0.0.1:0"
		}
	}
	return append(args, "--kubeconfig="+config, "--log-format=text"), nil
}

// get returns what the plain port answers.
func (f *follower) get(path string) (int, string, error) {
	answer, err := f.http.Get(f.health + path)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// says waits until readiness is as wanted, with these words.
func (f *follower) says(status int, words string) error {
	var last string
	err := lab.Poll(60*time.Second, fmt.Sprintf("/readyz with %d and %q", status, words), func() (bool, error) {
		have, text, err := f.get("/readyz?verbose")
		last = text
		return have == status && strings.Contains(text, words), err
	})
	if err != nil {
		err = fmt.Errorf("%w: %s", err, last)
	}
	return err
}

// metric returns the values of a metric by their labels, as they stand.
func (f *follower) metric(name string) (map[string]float64, error) {
	_, text, err := f.get("/metrics")
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), name); is && (rest[0] == ' ' || rest[0] == '{') {
			label, number, _ := strings.Cut(rest, " ")
			values[label], _ = strconv.ParseFloat(number, 64)
		}
	}
	if err == nil && len(values) == 0 {
		err = errors.New("there is no metric " + name)
	}
	return values, err
}

func (f *follower) isFollowed() (bool, error) {
	up, err := f.metric("outrigger_cluster_watch_healthy")
	for _, one := range up {
		if one != 1 {
			return false, err
		}
	}
	return err == nil, err
}

// --- the ConfigMaps ---------------------------------------------------------

func (f *follower) waits() (string, error) {
	if err := f.says(503, "none is loaded: ConfigMap istio-system/istio-sidecar-injector is not there"); err != nil {
		return "", err
	}
	for _, m := range [][]string{
		{"istio-sidecar-injector", "--from-file=config=" + filepath.Join(f.settings, "config.yaml"),
			"--from-file=values=" + filepath.Join(f.settings, "values.json")},
		{"istio", "--from-file=mesh=" + filepath.Join(f.settings, "mesh.yaml")},
	} {
		if _, err := f.cluster.Kubectl("", append([]string{"-n", "istio-system", "create", "configmap"}, m...)...); err != nil {
			return "", err
		}
	}
	created := time.Now()
	if err := f.says(200, "[+]trust ok"); err != nil {
		return "", err
	}
	return fmt.Sprintf("ready %d ms after they were there", time.Since(created).Milliseconds()), nil
}

// patchMap replaces keys of a ConfigMap.
func (f *follower) patchMap(name string, keys map[string]string) error {
	patch, err := json.Marshal(map[string]any{"data": keys})
	if err == nil {
		_, err = f.cluster.Kubectl("", "-n", "istio-system", "patch", "configmap", name, "--type=merge", "-p", string(patch))
	}
	return err
}

// dryRun returns the pod that the API server would store.
func (f *follower) dryRun() (*pod, string, error) {
	text, said, err := f.cluster.KubectlSaid(manifest("pod"), "create", "-n", "followed", "--dry-run=server", "-o", "json", "-f", "-")
	if err != nil {
		return nil, "", err
	}
	var p pod
	return &p, said, json.Unmarshal([]byte(text), &p)
}

// waitPod polls until a pod would be as wanted; how long it took.
func (f *follower) waitPod(want func(p *pod, said string) error) (time.Duration, error) {
	started, last := time.Now(), error(nil)
	err := lab.Poll(10*time.Second, "a pod as it should be", func() (bool, error) {
		p, said, err := f.dryRun()
		if err == nil {
			last = want(p, said)
		}
		return last == nil, err
	})
	if err != nil && last != nil {
		err = fmt.Errorf("%w: %w", err, last)
	}
	return time.Since(started), err
}

func native(is bool) func(*pod, string) error {
	return func(p *pod, _ string) error { return p.checkInjected(is) }
}

func image(part string) func(*pod, string) error {
	return func(p *pod, _ string) error {
		if all := fmt.Sprint(p.Spec.InitContainers); !strings.Contains(all, part) {
			return fmt.Errorf("no image of %s in %s", part, all)
		}
		return nil
	}
}

func warning(want bool) func(*pod, string) error {
	return func(_ *pod, said string) error {
		if has := strings.Contains(said, "PodSecurity"); has != want {
			return fmt.Errorf("warned: %v, wanted: %v: %s", has, want, said)
		}
		return nil
	}
}

// Each change is made in the API, and seen in the next pod.
func (f *follower) follows() (string, error) {
	if err := makeNamespace(f.cluster, "followed", "istio-injection=enabled"); err != nil {
		return "", err
	}
	values, err := os.ReadFile(filepath.Join(f.settings, "values.json"))
	if err != nil {
		return "", err
	}
	old := strings.NewReplacer("name: node-1", "name: node-old", "v1.35.4", "v1.28.0").Replace(manifest("node"))
	changed := regexp.MustCompile(`"hub": "[^"]*"`).ReplaceAllString(string(values), `"hub": "registry.example/changed"`)
	var slowest time.Duration
	for _, step := range []struct {
		change func() error
		want   func(*pod, string) error
	}{
		{func() error { return f.kubectl(manifest("node"), "create", "-f", "-") }, native(true)},
		{func() error { return f.kubectl(old, "create", "-f", "-") }, native(false)},
		{func() error { return f.kubectl("", "delete", "node", "node-old") }, native(true)},
		{func() error { return f.patchMap("istio-sidecar-injector", map[string]string{"values": changed}) }, image("registry.example/changed")},
		{func() error {
			return f.kubectl("", "label", "namespace", "followed", "pod-security.kubernetes.io/warn=restricted")
		}, warning(true)},
		{func() error {
			return f.kubectl("", "label", "namespace", "followed", "pod-security.kubernetes.io/warn-")
		}, warning(false)},
	} {
		if err := step.change(); err != nil {
			return "", err
		}
		took, err := f.waitPod(step.want)
		if err != nil {
			return "", err
		}
		slowest = max(slowest, took)
	}
	if err := f.refuses(); err != nil {
		return "", err
	}
	return fmt.Sprintf("6 changes, each in a pod within %d ms; a bad one refused", slowest.Milliseconds()), nil
}

func (f *follower) kubectl(stdin string, args ...string) error {
	_, err := f.cluster.Kubectl(stdin, args...)
	return err
}

// A bad mesh changes nothing, and is named until it is put right.
func (f *follower) refuses() error {
	mesh, err := os.ReadFile(filepath.Join(f.settings, "mesh.yaml"))
	if err != nil {
		return err
	}
	if err := f.patchMap("istio", map[string]string{"mesh": "defaultConfig: ["}); err != nil {
		return err
	}
	if err := f.says(200, "a newer one is refused since"); err != nil {
		return err
	}
	if err := f.says(200, "ConfigMap istio-system/istio key mesh"); err != nil {
		return err
	}
	if _, err := f.waitPod(image("registry.example/changed")); err != nil {
		return err
	}
	if err := f.told(); err != nil {
		return err
	}
	if err := f.patchMap("istio", map[string]string{"mesh": string(mesh)}); err != nil {
		return err
	}
	return lab.Poll(10*time.Second, "nothing is refused", func() (bool, error) {
		refused, err := f.metric("outrigger_configuration_refused")
		return refused[`{part="configuration"}`] == 0, err
	})
}

// told wants an Event on the ConfigMap.
func (f *follower) told() error {
	return lab.Poll(30*time.Second, "an Event on the ConfigMap istio", func() (bool, error) {
		text, err := f.cluster.Kubectl("", "-n", "istio-system", "describe", "configmap", "istio")
		return strings.Contains(text, "ConfigurationRefused"), err
	})
}

// --- without the API server -------------------------------------------------

const review = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},` +
	`"resource":{"group":"","version":"v1","resource":"pods"},"operation":"CREATE","namespace":"followed","object":{"apiVersion":"v1",` +
	`"kind":"Pod","metadata":{"name":"direct"},"spec":{"containers":[{"name":"app","image":"registry.example/app:1"}]}}}}`

// ask sends a review as the API server would: an injection is wanted.
func (f *follower) ask() error {
	answer, err := f.http.Post("https://"+f.address+"/inject", "application/json", strings.NewReader(review))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != 200 || !strings.Contains(string(text), `"patch":"`)) {
		err = fmt.Errorf("%d: %s", answer.StatusCode, text)
	}
	return err
}

// asking asks ten times a second until it is told to end; how often, and the
// first failure.
func (f *follower) asking(end <-chan struct{}) (asked int, failed error) {
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case <-end:
			tick.Stop()
			return
		case <-tick.C:
			asked++
			if err := f.ask(); err != nil && failed == nil {
				failed = fmt.Errorf("review %d: %w", asked, err)
			}
		}
	}
}

func (f *follower) outlives() (string, error) {
	away, err := seconds("E2E_OUTAGE", 10)
	if err != nil {
		return "", err
	}
	before, err := f.metric("outrigger_cluster_watch_lists_total")
	if err != nil {
		return "", err
	}
	var asked int
	var failed error
	var wait sync.WaitGroup
	end := make(chan struct{})
	wait.Go(func() { asked, failed = f.asking(end) })
	recovered, err := f.outage(away)
	close(end)
	wait.Wait()
	if err == nil {
		err = failed
	}
	if err != nil {
		return "", err
	}
	after, err := f.metric("outrigger_cluster_watch_lists_total")
	if err != nil {
		return "", err
	}
	relists := 0
	for label := range after {
		if !strings.Contains(label, "proxyconfigs") {
			relists += int(after[label] - before[label])
		}
	}
	return fmt.Sprintf("%d of %d direct reviews injected, %v without the API server; followed again %.1f s after it was back, %d lists anew",
		asked, asked, away, recovered.Seconds(), relists), nil
}

// outage is over when everything is followed again and a change counts.
func (f *follower) outage(away time.Duration) (time.Duration, error) {
	if err := f.cluster.KillAPIServer(); err != nil {
		return 0, err
	}
	if err := lab.Poll(30*time.Second, "watches that are down", func() (bool, error) {
		up, err := f.metric("outrigger_cluster_watch_healthy")
		return up[`{resource="nodes"}`] == 0, err
	}); err != nil {
		return 0, err
	}
	time.Sleep(away)
	if err := f.says(200, "not followed now"); err != nil {
		return 0, err
	}
	if err := f.cluster.StartAPIServer(); err != nil {
		return 0, err
	}
	back := time.Now()
	if err := lab.Poll(60*time.Second, "everything is followed again", f.isFollowed); err != nil {
		return 0, err
	}
	recovered := time.Since(back)
	values, err := os.ReadFile(filepath.Join(f.settings, "values.json"))
	if err == nil {
		err = f.patchMap("istio-sidecar-injector", map[string]string{"values": string(values)})
	}
	if err == nil {
		_, err = f.waitPod(image("registry.istio.io"))
	}
	return recovered, err
}

func seconds(name string, fallback int) (time.Duration, error) {
	text := os.Getenv(name)
	if text == "" {
		return time.Duration(fallback) * time.Second, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s must be a number of seconds, got %q", name, text)
	}
	return time.Duration(n) * time.Second, nil
}

// --- idle -------------------------------------------------------------------

func (f *follower) idles() (string, error) {
	idle, err := seconds("E2E_IDLE", 20)
	if err != nil {
		return "", err
	}
	// The leader of before may have to wait for its own Lease to end.
	if err := lab.Poll(60*time.Second, "a leader", func() (bool, error) {
		leads, err := f.metric("outrigger_leader")
		return leads[""] == 1, err
	}); err != nil {
		return "", err
	}
	time.Sleep(2 * time.Second)
	from := time.Now()
	time.Sleep(idle)
	writes, err := f.writes(from, time.Now())
	if err != nil {
		return "", err
	}
	renewals := writes["update leases"]
	delete(writes, "update leases")
	if len(writes) > 0 {
		return "", fmt.Errorf("it wrote %v", writes)
	}
	if renewals == 0 {
		return "", errors.New("it did not even renew its Lease: the API server's audit log is not what it should be")
	}
	return fmt.Sprintf("%d renewals in %v", renewals, idle), nil
}

// writes are those of the account, by verb and resource.
func (f *follower) writes(from, to time.Time) (map[string]int, error) {
	text, err := os.ReadFile(f.cluster.AuditLog)
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for line := range strings.Lines(string(text)) {
		var event struct {
			Verb                     string
			User                     struct{ Username string }
			ObjectRef                struct{ Resource string }
			RequestReceivedTimestamp time.Time
		}
		if !strings.HasSuffix(line, "\n") {
			break // still being written
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			return nil, err
		}
		if at := event.RequestReceivedTimestamp; event.User.Username == lab.Outrigger && at.After(from) && at.Before(to) {
			found[event.Verb+" "+event.ObjectRef.Resource]++
		}
	}
	return found, nil
}
