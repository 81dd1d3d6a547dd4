// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"outrigger/tests/e2e/lab"
)

type scenario struct {
	name string
	run  func(*installation) (string, error)
}

// scenarios run in this order, in one cluster, against the webhook as its
// users run it: a Deployment behind a Service. Each returns its figure.
var scenarios = []scenario{
	{"check says what is wrong, and when nothing is", (*installation).checked},
	{"the API server reaches three replicas by their Service", (*installation).reached},
	{"a namespace moves between releases", (*installation).moved},
}

const system = "outrigger-system"

// installation is what the scenarios share: a release that serves namespaces
// with the label istio-injection=enabled.
type installation struct {
	cluster  *lab.Cluster
	node     *lab.Node
	service  *lab.Service
	settings string
	probes   int          // dry runs that moved made
	failed   int          // admissions before disturbed
	kubelet  *net.TCPAddr // of the nodes that can be reached
}

// runScenarios runs a list of them in a cluster of its own.
func runScenarios(t *tally, part, skip string, begin func(*lab.Cluster, string) (*installation, error), list []scenario) error {
	settings := os.Getenv("E2E_SETTINGS")
	if _, err := os.Stat(filepath.Join(settings, "config.yaml")); err != nil {
		skip = "no ConfigMaps of Istio in " + settings
	}
	if skip != "" {
		t.skipped += len(list)
		t.line("SKIP", part, fmt.Sprintf("%d scenarios", len(list)), ": "+skip)
		return nil
	}
	cluster, err := lab.NewCluster()
	if err != nil {
		return err
	}
	defer cluster.Stop()
	failed := t.failed
	i, err := begin(cluster, settings)
	if err == nil {
		t.runScenarios(part, i, list)
	}
	if err != nil || t.failed > failed {
		fmt.Fprintln(os.Stderr, cluster.Tails(25))
	}
	return err
}

func install(cluster *lab.Cluster, settings string) (*installation, error) {
	i := &installation{cluster: cluster, settings: settings}
	if err := makeNamespace(cluster, system); err != nil {
		return nil, err
	}
	var err error
	if i.node, err = lab.NewNode(cluster, os.Getenv("OUTRIGGER"), system); err != nil {
		return nil, err
	}
	i.service, err = lab.NewService(i.node, lab.Release{Name: "outrigger", Namespace: system,
		Revision: "default", Settings: settings})
	if err != nil {
		err = fmt.Errorf("%w; the node says: %q", err, i.node.Complaints())
	}
	return i, err
}

// makeNamespace returns when pods can be made in it.
func makeNamespace(c *lab.Cluster, name string, labels ...string) error {
	if _, err := c.Kubectl("", "create", "namespace", name); err != nil {
		return err
	}
	if len(labels) > 0 {
		if _, err := c.Kubectl("", append([]string{"label", "namespace", name}, labels...)...); err != nil {
			return err
		}
	}
	return lab.Poll(rolloutLimit, "the default service account of "+name, func() (bool, error) {
		return c.HasServiceAccount(name), nil
	})
}

func (t *tally) runScenarios(part string, i *installation, list []scenario) {
	for _, s := range list {
		started := time.Now()
		figure, err := s.run(i)
		if said := i.node.Complaints(); err == nil && len(said) > 0 {
			err = fmt.Errorf("the node says: %q", said)
		}
		if err != nil {
			t.failed++
			t.line("FAIL", part, s.name, ": "+err.Error())
			continue
		}
		t.passed++
		t.line("PASS", part, s.name, fmt.Sprintf(": %s (%.1f s)", figure, time.Since(started).Seconds()))
	}
}

// Which replica the API server calls is its own choice, anew for each
// connection: that all of them can be called is what is asked for here.
func (i *installation) reached() (string, error) {
	if have := len(i.service.Replicas()); have != 3 {
		return "", fmt.Errorf("%d replicas are ready, want 3", have)
	}
	if err := makeNamespace(i.cluster, "reached", "istio-injection=enabled"); err != nil {
		return "", err
	}
	s := &suite{cluster: i.cluster, mesh: "reached"}
	if err := s.rollsOut("deployment", 20); err != nil {
		return "", err
	}
	return "20 pods injected", nil
}
