// SPDX-License-Identifier: Apache-2.0

// The end-to-end tests: a real API server calls the webhook. run.sh builds
// and starts this with the environment that it reads.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// configuration is what the webhook runs with: its flags, and whether its
// sidecars are native ones as a result.
type configuration struct {
	name   string
	flags  []string
	native bool
	skip   string
}

// tally counts the outcomes and prints a line for each.
type tally struct{ passed, failed, skipped int }

func (t *tally) line(verdict, config, what, detail string) {
	fmt.Printf("%s %s: %s%s\n", verdict, config, what, detail)
}

// The main thread starts every child and must outlive them (lab.Start).
func init() { runtime.LockOSThread() }

func main() {
	var t tally
	skip := lab.Isolate()
	t.part("suites", runSuites)
	t.part("followed", runFollowed)
	t.part("tokens", runTokens)
	t.part("service", func(t *tally) error { return runScenarios(t, "service", skip, install, scenarios) })
	t.part("chart", func(t *tally) error { return runScenarios(t, "chart", skip, prepare, charted) })
	fmt.Printf("e2e: %d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// part runs one of the parts that E2E_PARTS names; all without it.
func (t *tally) part(name string, run func(*tally) error) {
	if parts := os.Getenv("E2E_PARTS"); parts != "" && !slices.Contains(strings.Fields(parts), name) {
		return
	}
	if err := run(t); err != nil {
		t.failed++
		t.line("FAIL", name, "the cluster", ": "+err.Error())
	}
}

func runSuites(t *tally) error {
	started := time.Now()
	cluster, err := lab.NewAuditedCluster()
	if err != nil {
		return err
	}
	defer cluster.Stop()
	fmt.Printf("e2e: cluster ready in %.1f s\n", time.Since(started).Seconds())

	webhook, err := lab.NewWebhook(cluster, os.Getenv("OUTRIGGER"))
	if err != nil {
		return err
	}
	nodes := filepath.Join(cluster.Dir, "nodes.yaml")
	if err := os.WriteFile(nodes, []byte(manifest("node")), 0o600); err != nil {
		return err
	}
	guard := filepath.Join(cluster.Dir, "guard.yaml")
	if err := os.WriteFile(guard, []byte(guardFile()), 0o600); err != nil {
		return err
	}
	if _, err := cluster.Kubectl(manifest("node"), "create", "-f", "-"); err != nil {
		return err
	}
	for _, config := range configurations(nodes) {
		config.flags = append(config.flags, "--guard-config", guard)
		t.runSuite(cluster, webhook, config)
	}
	if t.failed > 0 {
		fmt.Fprintln(os.Stderr, cluster.Tails(25))
	}
	return nil
}

// The one with the ConfigMaps detects from the nodes that sidecars can be
// native; the other is told not to, so that both forms are stored.
func configurations(nodes string) []configuration {
	return []configuration{
		fromConfigMaps(nodes),
		{name: "embedded", flags: []string{"--native-sidecars", "false"}},
	}
}

func fromConfigMaps(nodes string) configuration {
	dir := os.Getenv("E2E_SETTINGS")
	config := configuration{name: "istio-1-32", native: true, flags: []string{
		"--inject-config", filepath.Join(dir, "config.yaml"),
		"--values", filepath.Join(dir, "values.json"),
		"--mesh-config", filepath.Join(dir, "mesh.yaml"),
		"--native-sidecars", "auto", "--cluster-objects", nodes}}
	if _, err := os.Stat(filepath.Join(dir, "config.yaml")); err != nil {
		config.skip = "no ConfigMaps of Istio in " + dir
	}
	return config
}

func (t *tally) runSuite(cluster *lab.Cluster, webhook *lab.Webhook, config configuration) {
	if config.skip != "" {
		t.skipped += len(cases)
		t.line("SKIP", config.name, fmt.Sprintf("%d tests", len(cases)), ": "+config.skip)
		return
	}
	s, err := newSuite(cluster, webhook, config)
	if err != nil {
		t.failed += len(cases)
		t.line("FAIL", config.name, fmt.Sprintf("set-up of %d tests", len(cases)), ": "+err.Error())
		return
	}
	for _, c := range cases {
		started := time.Now()
		if err := c.run(s); err != nil {
			t.failed++
			t.line("FAIL", config.name, c.name, ": "+err.Error())
			continue
		}
		t.passed++
		t.line("PASS", config.name, c.name, fmt.Sprintf(" (%.1f s)", time.Since(started).Seconds()))
	}
	if err := webhook.Stop(); err != nil {
		t.failed++
		t.line("FAIL", config.name, "the webhook ends in order", ": "+err.Error())
	}
}
