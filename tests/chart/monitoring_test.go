// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const rulesFile = chartDir + "/rules/outrigger.yaml"

// Metrics that rules and dashboards use although no replica without a cluster prints them, one a line.
const onlyInCluster = "metrics-in-cluster.txt"

func promtool(t *testing.T, stdin []byte, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("no promtool: apt-get install prometheus")
	}
	cmd := exec.Command("promtool", args...)
	cmd.Stdin = bytes.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	promtool(t, nil, "check", "rules", rulesFile)
	promtool(t, nil, "test", "rules", "rules_test.yaml")
}

// An alert that no test raises may be one that never comes.
func TestEveryAlertIsTested(t *testing.T) {
	t.Parallel()
	tests, err := os.ReadFile("rules_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules object
	read(t, "rules/outrigger.yaml", &rules)
	n := 0
	for _, group := range rules.list("groups") {
		for _, rule := range group.list("rules") {
			n++
			if !strings.Contains(string(tests), `labels: 'ALERTS{alertname="`+rule.text("alert")+`"`) {
				t.Errorf("rules_test.yaml does not raise %s", rule.text("alert"))
			}
			if rule.text("labels", "severity") == "" || rule.text("annotations", "summary") == "" || rule.text("annotations", "description") == "" {
				t.Errorf("%s lacks severity, summary or description", rule.text("alert"))
			}
		}
	}
	if n == 0 {
		t.Error("no rules")
	}
}

// metrics asks a replica, with what by default is off switched on.
func metrics(t *testing.T) []byte {
	t.Helper()
	dir, program := t.TempDir(), need(t, "OUTRIGGER")
	if out, err := exec.Command(program, "certs", "create", "--out", dir, "--host", "127.0.0.1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program, "serve", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--tls-cert="+dir+"/tls.crt", "--tls-key="+dir+"/tls.key",
		"--audit-log="+dir+"/audit.log", "--drain-delay=0s")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if found := regexp.MustCompile(`health="([^"]+)"`).FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return get(t, "http://"+found[1]+"/metrics")
		}
	}
	t.Fatal("the webhook did not start")
	return nil
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, answer.Status, err)
	}
	return body
}

var metricName = regexp.MustCompile(`\b(?:outrigger|sidecar_injection)_[a-z_]+\b`)

// used maps each metric that a rule or a dashboard asks for to the file that does.
func used(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(chartDir + "/dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	found := map[string]string{}
	for _, file := range append(files, rulesFile) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range metricName.FindAllString(string(text), -1) {
			found[strings.TrimSuffix(name, "_bucket")] = filepath.Base(file)
		}
	}
	return found
}

// Whoever renames a metric learns here which panel goes dark.
func TestMetricsExist(t *testing.T) {
	t.Parallel()
	printed := metrics(t)
	promtool(t, printed, "check", "metrics")
	known := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllSubmatch(printed, -1) {
		known[string(line[1])] = true
	}
	list, err := os.ReadFile(onlyInCluster)
	if err != nil {
		t.Fatal(err)
	}
	asked := used(t)
	for _, name := range metricName.FindAllString(string(list), -1) {
		if asked[name] == "" {
			t.Errorf("%s names %s, which nobody uses", onlyInCluster, name)
		}
		known[name] = true
	}
	for name, file := range asked {
		if !known[name] {
			t.Errorf("%s uses %s, which no replica prints", file, name)
		}
	}
}

// What Grafana needs to load a dashboard, and panels that have a place each.
func TestDashboards(t *testing.T) {
	t.Parallel()
	var board object
	read(t, "dashboards/outrigger.json", &board)
	if board.text("uid") == "" || board.text("title") == "" || len(board.list("panels")) == 0 {
		t.Error("no dashboard")
	}
	seen := map[string]bool{}
	for _, panel := range board.list("panels") {
		if place := panel.text("gridPos"); seen[place] || seen[panel.text("id")] {
			t.Errorf("panel %q lies on another, or has its id", panel.text("title"))
		} else {
			seen[place], seen[panel.text("id")] = true, true
		}
		for _, target := range panel.list("targets") {
			rule := "groups: [{name: a, rules: [{record: a, expr: " + quoted(strings.ReplaceAll(target.text("expr"), "$__rate_interval", "5m")) + "}]}]"
			path := filepath.Join(t.TempDir(), "query.yaml")
			if err := os.WriteFile(path, []byte(rule), 0o600); err != nil {
				t.Fatal(err)
			}
			promtool(t, nil, "check", "rules", path)
		}
	}
}

// quoted is a text as YAML and JSON have it.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
