// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
)

const (
	isolated = "OUTRIGGER_E2E_ISOLATED"
	gateway  = "10.244.0.1"
)

// Isolate starts the program anew with networks and mounts of its own, in
// which pods can have theirs: nothing there can clash with the machine's,
// and the kernel takes all of it away with the last process, however that
// ends. Where that cannot be it returns why, and changes nothing.
func Isolate() (skip string) {
	if os.Getenv(isolated) != "" {
		return furnish()
	}
	if os.Geteuid() != 0 {
		return "network namespaces for pods need root"
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		return "no unshare (util-linux)"
	}
	flags := []string{unshare, "--net", "--mount", "--propagation", "private"}
	probe := exec.Command(unshare, append(flags[1:], "ip", "link", "add", "pods", "type", "bridge")...)
	if out, err := probe.CombinedOutput(); err != nil {
		return fmt.Sprintf("no network of its own (iproute2): %v: %s", err, bytes.TrimSpace(out))
	}
	self, err := os.Executable()
	if err != nil {
		return err.Error()
	}
	argv := append(append(flags, self), os.Args[1:]...)
	return "unshare: " + syscall.Exec(unshare, argv, append(os.Environ(), isolated+"=1")).Error()
}

// Isolated says whether pods can have networks of their own.
func Isolated() bool { return os.Getenv(isolated) != "" }

// /run is hidden because ip keeps the names of network namespaces there.
func furnish() string {
	_ = os.Setenv(isolated, "1")
	if err := syscall.Mount("lab", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return "mount /run: " + err.Error()
	}
	err := ip("link set lo up\n" +
		"link add pods type bridge\n" +
		"address add " + gateway + "/24 dev pods\n" +
		"link set pods up\n")
	if err != nil {
		return err.Error()
	}
	return ""
}

func ip(batch string, args ...string) error {
	cmd := exec.Command("ip", append(args, "-batch", "-")...)
	cmd.Stdin = strings.NewReader(batch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s in %q", err, bytes.TrimSpace(out), batch)
	}
	return nil
}

// podNetwork is a network namespace that reaches all others and the API
// server.
type podNetwork struct {
	name    string
	address string
}

var networks atomic.Int32

// newPodNetwork makes one with an address that none had before it, as long
// as there are any: who still calls an old one must not reach the next.
func newPodNetwork() (podNetwork, error) {
	number := int(networks.Add(1))
	if number > 250 {
		return podNetwork{}, fmt.Errorf("no address is left for pod network %d", number)
	}
	n := podNetwork{name: fmt.Sprintf("pod%d", number), address: fmt.Sprintf("10.244.0.%d", number+1)}
	err := ip(fmt.Sprintf("netns add %[1]s\n"+
		"link add %[1]s type veth peer name eth0 netns %[1]s\n"+
		"link set %[1]s master pods up\n", n.name))
	if err == nil {
		err = ip(fmt.Sprintf("link set lo up\n"+
			"address add %s/24 dev eth0\n"+
			"link set eth0 up\n"+
			"route add default via %s\n", n.address, gateway), "-netns", n.name)
	}
	return n, err
}

// The processes in it must have ended: they would keep the namespace.
func (n podNetwork) remove() error { return ip("netns delete " + n.name + "\n") }
