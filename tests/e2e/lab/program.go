// SPDX-License-Identifier: Apache-2.0

// Package lab runs a real cluster and the webhook on loopback for a while.
package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Program is a child process that writes to a log file of its own.
type Program struct {
	Name string
	Log  string

	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start runs a program. The kernel kills it should this process die without
// its clean-up; for that to hold, Start belongs on a thread that lives as
// long as the process (main locks its own).
func Start(logs, name, path string, args ...string) (*Program, error) {
	p := &Program{Name: name, Log: filepath.Join(logs, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(path, args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Pid is the process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Ended says whether the process is gone.
func (p *Program) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop asks the process to end and kills it when it does not within the
// grace period. Its error says how the process ended, nil for exit code 0.
func (p *Program) Stop(grace time.Duration) error {
	if p.Ended() {
		return fmt.Errorf("%s had ended before: %v", p.Name, p.err)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.err
	case <-time.After(grace):
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
		<-p.done
		return fmt.Errorf("%s did not end within %v of SIGTERM", p.Name, grace)
	}
}

// Signal sends a signal and does not wait.
func (p *Program) Signal(signal syscall.Signal) { _ = p.cmd.Process.Signal(signal) }

// Kill ends the process, and what it started, without its having a say.
func (p *Program) Kill() {
	if !p.Ended() {
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
	}
}

// Tail returns the last lines of the log.
func (p *Program) Tail(lines int) string {
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// WaitFor polls until what is true, the program has ended or the time is up.
func (p *Program) WaitFor(limit time.Duration, what string, test func() bool) error {
	err := Poll(limit, what, func() (bool, error) {
		if test() {
			return true, nil
		}
		if p.Ended() {
			return false, errors.New(p.Name + " ended")
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("%w; the end of its log:\n%s", err, p.Tail(8))
	}
	return nil
}

// Poll calls test until it is true, fails or the time is up.
func Poll(limit time.Duration, what string, test func() (bool, error)) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(50 * time.Millisecond) {
		ok, err := test()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %v", what, limit)
		}
	}
}
