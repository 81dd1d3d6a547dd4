// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"outrigger/tests/e2e/lab"
)

// disturbed makes pods all the while that a release is disturbed in every
// way that its operators know, and wants each pod to be stored with its
// sidecar at the first try; but for calls that a replica had or got when it
// was killed: of these there may be some, which the controllers make again.
func (i *installation) disturbed() (string, error) {
	const namespace = "disturbed"
	if i.service == nil {
		return "", errors.New("there is no release")
	}
	if err := makeNamespace(i.cluster, namespace, "istio-injection=enabled"); err != nil {
		return "", err
	}
	// What was asked for before the release was ready failed, as it should.
	start, err := i.cluster.Admissions()
	if err != nil {
		return "", err
	}
	i.failed = start.Failed
	l, r := startLoad(i.cluster, namespace), i.countRotations()
	said, lost, err := i.disturb(r, namespace)
	close(r.stop)
	wanted, loadErr := l.finish()
	if err = errors.Join(err, loadErr); err != nil {
		return "", err
	}
	pods, err := i.judge(namespace, wanted, lost)
	return fmt.Sprintf("%d pods, of these %s; admissions failed: 0, and at the killed replica: %d, tried again; "+
		"pods without sidecar: 0", pods, strings.Join(said, ", "), lost), err
}

const wantedRotations = 3

// disturb goes through all disturbances and says how many pods were made
// during each of them: without any, it would not have been one. The CA is
// rotated meanwhile by itself.
func (i *installation) disturb(r *rotations, namespace string) (said []string, lost int, err error) {
	for _, d := range []struct {
		what string
		run  func() (string, error)
	}{
		{"a changed configuration", i.changeConfiguration},
		{"a bad configuration", i.breakConfiguration},
		{"a restart of each replica", func() (string, error) { return "", i.service.RollingRestart() }},
		{"the Lease holder's death", func() (detail string, err error) {
			lost, detail, err = i.killHolder(namespace)
			return detail, err
		}},
		{"what was left of three rotations of the CA", func() (string, error) { return "", r.wait() }},
	} {
		before, err := i.cluster.Admissions()
		if err != nil {
			return nil, 0, err
		}
		detail, err := d.run()
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", d.what, err)
		}
		after, err := i.cluster.Admissions()
		if err != nil {
			return nil, 0, err
		}
		if after.Total == before.Total {
			return nil, 0, fmt.Errorf("%s: no pod was made meanwhile", d.what)
		}
		if after.Failed-i.failed > lost {
			return nil, 0, fmt.Errorf("%s: %d admissions failed: %s; %q", d.what, after.Failed-i.failed, after.Complaint, i.complaints(namespace))
		}
		said = append(said, fmt.Sprintf("%d during %s%s", after.Total-before.Total, d.what, detail))
	}
	return said, lost, nil
}

func (r *rotations) wait() error {
	return lab.Poll(6*time.Minute, fmt.Sprintf("%d rotations of the CA", wantedRotations), func() (bool, error) {
		n, err := r.count()
		return n >= wantedRotations, err
	})
}

// The log level is the proxy's argument.
func (i *installation) changeConfiguration() (string, error) {
	values, err := os.ReadFile(filepath.Join(i.settings, "values.json"))
	if err != nil {
		return "", err
	}
	changed := strings.Replace(string(values), `"logLevel": "warning"`, `"logLevel": "critical"`, 1)
	if changed == string(values) {
		return "", fmt.Errorf("values.json has no log level to change")
	}
	if err := i.configureWith("values.json", changed); err != nil {
		return "", err
	}
	return "", i.waitEach("the changed configuration is in force", func(text string) bool {
		return strings.Contains(text, "generation 2,")
	})
}

// A bad configuration is put right again: what starts meanwhile would have
// no good one to go on with, and a rolling restart wait for it.
func (i *installation) breakConfiguration() (string, error) {
	if err := i.configureWith("config.yaml", "policy: enabled\ntemplates: {sidecar: \"{{ if }}\"}\n"); err != nil {
		return "", err
	}
	const words = "a newer one is refused"
	if err := i.waitEach("the bad configuration is refused", func(text string) bool {
		return strings.Contains(text, words)
	}); err != nil {
		return "", err
	}
	if err := i.service.Configure(i.settings); err != nil {
		return "", err
	}
	return "", i.waitEach("the good configuration is in force", func(text string) bool {
		return !strings.Contains(text, words)
	})
}

// killHolder ends the replica that holds the Lease with SIGKILL, waits until
// another one holds it and the killed one serves again, and returns how many
// calls were lost with it. Others must not be lost.
func (i *installation) killHolder(namespace string) (lost int, detail string, err error) {
	identity, name, err := i.holder()
	if err != nil {
		return 0, "", err
	}
	replicas := i.service.Replicas()
	at := slices.IndexFunc(replicas, func(r lab.Replica) bool { return r.Name == name })
	if at < 0 {
		return 0, "", fmt.Errorf("%q holds the Lease and is none of the replicas that are ready", identity)
	}
	victim, started := replicas[at], time.Now()
	if err := i.node.Kill(victim.Name); err != nil {
		return 0, "", err
	}
	if err := lab.Poll(rolloutLimit, "another holder of the Lease", func() (bool, error) {
		now, _, err := i.holder()
		return now != "" && now != identity, err
	}); err != nil {
		return 0, "", err
	}
	detail = fmt.Sprintf(" (another held it after %.1f s)", time.Since(started).Seconds())
	if err := lab.Poll(rolloutLimit, victim.Name+" is ready again", func() (bool, error) {
		return slices.ContainsFunc(i.service.Replicas(), func(r lab.Replica) bool {
			return r.Name == victim.Name && r.Restarts == victim.Restarts+1
		}), nil
	}); err != nil {
		return 0, "", err
	}
	for _, message := range i.complaints(namespace) {
		if !strings.Contains(message, victim.Address+":15017") && !strings.HasSuffix(message, ": EOF") {
			return 0, "", fmt.Errorf("a pod could not be created, and not for the killed replica %s: %s", victim.Address, message)
		}
	}
	after, err := i.cluster.Admissions()
	return after.Failed - i.failed, detail, err
}

// complaints are those of controllers that could not create a pod.
func (i *installation) complaints(namespace string) []string {
	text, err := i.cluster.Kubectl("", "get", "events", "-n", namespace, "--field-selector=reason=FailedCreate",
		"-o", `jsonpath={range .items[*]}{.message}{"\n"}{end}`)
	if err != nil {
		return []string{err.Error()}
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
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

// judge waits for the pods, and counts what went wrong with them, by the API
// server's own figures and by what was stored.
func (i *installation) judge(namespace string, wanted, lost int) (int, error) {
	pods, err := i.suite().waitPods(namespace, "load", wanted)
	if err != nil {
		return 0, err
	}
	for p := range pods {
		if err := pods[p].checkInjected(false); err != nil {
			return 0, err
		}
	}
	after, err := i.cluster.Admissions()
	if err == nil && after.Failed-i.failed != lost {
		err = fmt.Errorf("%d more admissions failed: %s; %q", after.Failed-i.failed-lost, after.Complaint, i.complaints(namespace))
	}
	return len(pods), err
}
