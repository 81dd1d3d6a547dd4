// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"outrigger/tests/e2e/lab"
)

// admissions is what the API server counts of calls to the webhook: all that
// it made, and those that got no answer.
type admissions struct{ called, unanswered int }

var (
	calls      = regexp.MustCompile(`(?m)^apiserver_admission_webhook_request_total\{.*name="\w+\.outrigger\.test".*\} (\S+)$`)
	rejections = regexp.MustCompile(`(?m)^apiserver_admission_webhook_rejection_count\{.*error_type="calling_webhook_error".*` +
		`name="\w+\.outrigger\.test".*\} (\S+)$`)
)

func sum(text []byte, of *regexp.Regexp) (total int) {
	for _, found := range of.FindAllSubmatch(text, -1) {
		n, _ := strconv.ParseFloat(string(found[1]), 64)
		total += int(n)
	}
	return total
}

func (s *suite) admissions() (admissions, error) {
	status, text, err := s.cluster.API.Do("GET", "/metrics", nil)
	if err != nil || status != 200 {
		return admissions{}, fmt.Errorf("the API server's metrics: %d: %w", status, err)
	}
	return admissions{sum(text, calls), sum(text, rejections)}, nil
}

// auditFlags makes a key for the audit log of this suite.
func (s *suite) auditFlags() ([]string, error) {
	s.auditLog = filepath.Join(s.cluster.Dir, s.config.name+"-audit.log")
	key := s.auditLog + ".key"
	_, err := s.webhook.Outrigger("audit", "key", "create", "--out", key)
	return []string{"--audit-log", s.auditLog, "--audit-key", key, "--audit-full", "block"}, err
}

// killed kills the webhook while a Deployment rolls out. The controller
// tries again what was refused meanwhile.
func (s *suite) killed() error {
	if _, err := s.create(s.mesh, "killed"); err != nil {
		return err
	}
	if err := lab.Poll(rolloutLimit, "the first pods of killed", func() (bool, error) {
		found, err := s.pods(s.mesh, "killed")
		return len(found) > 0, err
	}); err != nil {
		return err
	}
	if err := s.webhook.Kill(); err != nil {
		return err
	}
	if err := s.webhook.Start(); err != nil {
		return err
	}
	pods, err := s.waitPods(s.mesh, "killed", 12)
	if err != nil {
		return err
	}
	for i := range pods {
		if err := pods[i].checkInjected(s.config.native); err != nil {
			return err
		}
	}
	return nil
}

// recorded compares what the API server counted with the webhook's audit
// log. A call that the kill cut off may be there and lack its answer.
func (s *suite) recorded() error {
	if err := s.webhook.Stop(); err != nil {
		return err
	}
	after, counted := s.admissions()
	verdict, broken := s.webhook.Outrigger("audit", "verify", s.auditLog)
	lines, unread := s.lines()
	if err := errors.Join(s.webhook.Start(), counted, broken, unread); err != nil {
		return err
	}
	called := after.called - s.before.called
	answered := called - (after.unanswered - s.before.unanswered)
	if lines < answered || lines > called || answered < 50 {
		return fmt.Errorf("%d lines for %d admissions, of %d calls", lines, answered, called)
	}
	fmt.Printf("     %s: %d lines for %d admissions; %d calls had no answer\n", s.config.name, lines, answered, called-answered)
	for _, part := range []string{"intact", "the process ended without closing the log here", "signed by key"} {
		if !strings.Contains(verdict, part) {
			return fmt.Errorf("no %q in what verify says: %s", part, verdict)
		}
	}
	return nil
}

// lines counts those of decisions, of both webhooks.
func (s *suite) lines() (int, error) {
	total := 0
	for _, kind := range []string{"decision", "require"} {
		text, err := s.webhook.Outrigger("audit", "query", "-o", "json", "--kind", kind, s.auditLog)
		if err != nil {
			return 0, err
		}
		total += strings.Count(text, "\n")
	}
	return total, nil
}
