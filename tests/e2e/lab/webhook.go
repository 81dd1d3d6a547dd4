// SPDX-License-Identifier: Apache-2.0

package lab

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

//go:embed webhook.yaml
var registration string

var serving = regexp.MustCompile(`serving (https://([^/\s]+)/inject)`)

// Webhook is `outrigger serve` and what the cluster knows of it.
type Webhook struct {
	cluster  *Cluster
	binary   string
	ca       *Authority
	crt, key string
	flags    []string
	program  *Program
	address  string
	begun    int64 // where the log of what runs now begins
}

// NewWebhook makes the webhook's certificates; Run starts it.
func NewWebhook(c *Cluster, binary string) (*Webhook, error) {
	ca, err := NewAuthority(c.Dir, "webhook-ca")
	if err != nil {
		return nil, err
	}
	w := &Webhook{cluster: c, binary: binary, ca: ca}
	w.crt, w.key, err = ca.Issue("webhook")
	return w, err
}

// Run starts the webhook with the given flags on a port of its choice and
// registers it for the pods of labelled namespaces.
func (w *Webhook) Run(flags ...string) error {
	w.flags, w.address = flags, "127.0.0.1:0"
	if err := w.Start(); err != nil {
		return err
	}
	manifest := strings.NewReplacer(
		"@URL@", "https://"+w.address,
		"@CA@", base64.StdEncoding.EncodeToString(w.ca.PEM),
	).Replace(registration)
	_, err := w.cluster.Kubectl(manifest, "apply", "-f", "-")
	return err
}

// Start starts the webhook where it was, and returns when it says that it
// serves.
func (w *Webhook) Start() error {
	w.begun = 0
	if before, err := os.Stat(w.cluster.Logs + "/outrigger.log"); err == nil {
		w.begun = before.Size()
	}
	// No delay at the end: it is for clients that choose among replicas.
	args := append([]string{"serve", "--listen", w.address, "--drain-delay", "0s",
		"--tls-cert", w.crt, "--tls-key", w.key}, w.flags...)
	var err error
	if w.program, err = w.cluster.Start("outrigger", w.binary, args...); err != nil {
		return err
	}
	return w.program.WaitFor(startLimit, "the webhook's line \"serving https://...\"", func() bool {
		found := serving.FindStringSubmatch(w.LogSinceStart())
		if found == nil {
			return false
		}
		w.address = found[2]
		return true
	})
}

// LogSinceStart returns what the webhook has logged since it was started last.
func (w *Webhook) LogSinceStart() string {
	text, _ := os.ReadFile(w.program.Log)
	return string(text[min(w.begun, int64(len(text))):])
}

// WaitReady polls until the webhook says that it is ready.
func (w *Webhook) WaitReady() error {
	client, err := newClient("https://"+w.address, w.ca.PEM, "")
	if err != nil {
		return err
	}
	return w.program.WaitFor(startLimit, "a ready webhook", client.Ready)
}

// Stop ends the webhook as an orderly shutdown does: exit code 0 is due.
func (w *Webhook) Stop() error {
	if err := w.program.Stop(2 * stopLimit); err != nil {
		return fmt.Errorf("the webhook on SIGTERM: %w", err)
	}
	return nil
}

// Kill ends the webhook as a crash does.
func (w *Webhook) Kill() error {
	w.program.Kill()
	return Poll(stopLimit, "the killed webhook's end", func() (bool, error) { return w.program.Ended(), nil })
}

// Outrigger runs another command of the binary under test; the error has
// what it said.
func (w *Webhook) Outrigger(args ...string) (string, error) {
	text, err := exec.Command(w.binary, args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("outrigger %s: %w: %s", strings.Join(args, " "), err, text)
	}
	return string(text), err
}

// WaitInForce polls with dry runs, which store nothing, until the API server
// has learnt of the webhook's registration and a pod comes back changed.
func (w *Webhook) WaitInForce(namespace string) error {
	probe := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"in-force"},` +
		`"spec":{"containers":[{"name":"app","image":"app"}]}}`
	var last string
	err := Poll(30*time.Second, "an injected dry run", func() (bool, error) {
		status, answer, err := w.cluster.API.Do("POST",
			"/api/v1/namespaces/"+namespace+"/pods?dryRun=All", []byte(probe))
		last = fmt.Sprint(status, " ", string(answer[:min(len(answer), 600)]), " ", err)
		return status == 201 && strings.Contains(string(answer), "istio-proxy"), nil
	})
	if err != nil {
		return fmt.Errorf("%w; the last answer: %s", err, last)
	}
	return nil
}

// CPU is the time that the webhook's process has used, in the kernel's
// ticks of 10 ms.
func (w *Webhook) CPU() time.Duration {
	// After the name, which may hold anything up to its last bracket, utime
	// and stime are the 12th and 13th field (proc(5)).
	text := w.proc("stat")
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// RSS is the webhook's resident memory in MiB.
func (w *Webhook) RSS() float64 {
	_, rest, _ := strings.Cut(w.proc("status"), "VmRSS:")
	var kib float64
	_, _ = fmt.Sscan(rest, &kib)
	return kib / 1024
}

func (w *Webhook) proc(file string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", w.program.Pid(), file))
	return string(text)
}
