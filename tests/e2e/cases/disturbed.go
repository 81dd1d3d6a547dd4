// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// disturbed makes pods all the while that a release is disturbed in every
// way that its operators know, and wants each pod to be stored with its
// sidecar at the first try.
func (i *installation) disturbed() (string, error) {
	const namespace = "disturbed"
	if err := makeNamespace(i.cluster, namespace, "istio-injection=enabled"); err != nil {
		return "", err
	}
	before, err := i.cluster.Admissions()
	if err != nil {
		return "", err
	}
	l := startLoad(i.cluster, namespace)
	disturbances, err := i.disturb()
	wanted, loadErr := l.finish()
	if err != nil {
		return "", err
	}
	if loadErr != nil {
		return "", loadErr
	}
	pods, err := i.judge(namespace, wanted, before)
	return fmt.Sprintf("%d pods, of these %s; admissions failed: 0; pods without sidecar: 0", pods, disturbances), err
}

// disturb goes through all disturbances and says how many pods were made
// during each of them: without any, it would not have been one.
func (i *installation) disturb() (string, error) {
	var said []string
	for _, d := range []struct {
		what string
		run  func() error
	}{
		{"1st rotation of the CA", i.service.RotateAuthority},
		{"a changed configuration", i.changeConfiguration},
		{"2nd rotation of the CA", i.service.RotateAuthority},
		{"a bad configuration", i.breakConfiguration},
		{"a restart of each replica", i.service.RollingRestart},
		{"3rd rotation of the CA", i.service.RotateAuthority},
	} {
		before, err := i.cluster.Admissions()
		if err != nil {
			return "", err
		}
		if err := d.run(); err != nil {
			return "", fmt.Errorf("%s: %w", d.what, err)
		}
		after, err := i.cluster.Admissions()
		if err != nil {
			return "", err
		}
		if after.Total == before.Total {
			return "", fmt.Errorf("%s: no pod was made meanwhile", d.what)
		}
		said = append(said, fmt.Sprintf("%d during %s", after.Total-before.Total, d.what))
	}
	return strings.Join(said, ", "), nil
}

// The log level is the proxy's argument.
func (i *installation) changeConfiguration() error {
	values, err := os.ReadFile(filepath.Join(i.settings, "values.json"))
	if err != nil {
		return err
	}
	changed := strings.Replace(string(values), `"logLevel": "warning"`, `"logLevel": "critical"`, 1)
	if changed == string(values) {
		return fmt.Errorf("values.json has no log level to change")
	}
	if err := i.configureWith("values.json", changed); err != nil {
		return err
	}
	return i.waitEach("the changed configuration is in force", func(text string) bool {
		return strings.Contains(text, "generation 2,")
	})
}

// A bad configuration is put right again: what starts meanwhile would have
// no good one to go on with, and a rolling restart wait for it.
func (i *installation) breakConfiguration() error {
	if err := i.configureWith("config.yaml", "policy: enabled\ntemplates: {sidecar: \"{{ if }}\"}\n"); err != nil {
		return err
	}
	const words = "a newer one is refused"
	if err := i.waitEach("the bad configuration is refused", func(text string) bool {
		return strings.Contains(text, words)
	}); err != nil {
		return err
	}
	if err := i.service.Configure(i.settings); err != nil {
		return err
	}
	return i.waitEach("the good configuration is in force", func(text string) bool {
		return !strings.Contains(text, words)
	})
}

// configureWith installs the settings with one file of them replaced.
func (i *installation) configureWith(file, text string) error {
	dir, err := os.MkdirTemp(i.cluster.Dir, "settings-")
	if err != nil {
		return err
	}
	for _, name := range []string{"config.yaml", "values.json", "mesh.yaml"} {
		content, err := os.ReadFile(filepath.Join(i.settings, name))
		if err != nil {
			return err
		}
		if name == file {
			content = []byte(text)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return i.service.Configure(dir)
}

// waitEach waits until all replicas' own words on their readiness are so.
func (i *installation) waitEach(what string, is func(string) bool) error {
	var last string
	err := lab.Poll(30*time.Second, what, func() (bool, error) {
		for _, r := range i.service.Replicas() {
			answer, err := http.Get("http://" + r.Address + ":15014/readyz?verbose")
			if err != nil {
				return false, err
			}
			text, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			last = string(text)
			if err != nil || !is(last) {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		err = fmt.Errorf("%w; a replica says: %s", err, last)
	}
	return err
}

// judge waits for the pods and counts what went wrong, by the API server's
// own figures, by what the controllers complained of, and by the pods.
func (i *installation) judge(namespace string, wanted int, before lab.Admissions) (int, error) {
	s := &suite{cluster: i.cluster}
	pods, err := s.waitPods(namespace, "load", wanted)
	if err != nil {
		return 0, err
	}
	for p := range pods {
		if err := pods[p].checkInjected(false); err != nil {
			return 0, err
		}
	}
	after, err := i.cluster.Admissions()
	if err != nil {
		return 0, err
	}
	if failed := after.Failed - before.Failed; failed != 0 {
		return 0, fmt.Errorf("%d admissions failed: %s", failed, after.Complaint)
	}
	events, err := i.cluster.Kubectl("", "get", "events", "-n", namespace, "--field-selector=reason=FailedCreate",
		"-o", `jsonpath={range .items[*]}{.count}{" times: "}{.message}{"\n"}{end}`)
	if err == nil && strings.TrimSpace(events) != "" {
		err = fmt.Errorf("controllers could not create pods: %s", events)
	}
	return len(pods), err
}
