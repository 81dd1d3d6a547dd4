// SPDX-License-Identifier: Apache-2.0

package lab

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

//go:embed pod.sh
var podScript string

// Kubelet waits longer after each failure; the first wait is what matters.
const restartDelay = time.Second

// What a Node reads of a pod.
type podObject struct {
	Metadata struct {
		Name, Namespace, UID string
		DeletionTimestamp    string
	}
	Spec struct {
		NodeName                      string
		ServiceAccountName            string
		TerminationGracePeriodSeconds int
		SecurityContext               struct{ RunAsUser, RunAsGroup, FSGroup int }
		Containers                    []podContainer
		Volumes                       []podVolume
	}
}

type podContainer struct {
	Name, Image string
	Args        []string
	Env         []struct {
		Name, Value string
		ValueFrom   struct{ FieldRef struct{ FieldPath string } }
	}
	Ports []struct {
		Name          string
		ContainerPort int
	}
	VolumeMounts   []struct{ Name, MountPath string }
	ReadinessProbe *struct {
		HTTPGet struct {
			Path   string
			Port   any
			Scheme string
		}
		PeriodSeconds    int
		FailureThreshold int
	}
}

// podProcess is a pod on a Node: one container, which runs the webhook.
type podProcess struct {
	node    *Node
	object  podObject
	network podNetwork
	volumes []*volume
	program *Program

	ready       bool
	failures    int // of the probe, in a row
	restarts    int
	killed      bool
	told        string // the status that the API server has
	probed      time.Time
	refreshed   time.Time
	ended       time.Time
	terminating time.Time
}

func (p *podProcess) folder() string {
	return filepath.Join(p.node.cluster.Dir, "pods", p.object.Metadata.UID)
}

func (p *podProcess) path() string {
	return "/api/v1/namespaces/" + p.object.Metadata.Namespace + "/pods/" + p.object.Metadata.Name
}

// step does what is due, once a period.
func (p *podProcess) step() error {
	switch {
	case p.object.Metadata.DeletionTimestamp != "":
		return p.terminate()
	case p.program == nil:
		return p.begin()
	case p.program.Ended():
		return p.restart()
	}
	if err := p.refresh(); err != nil {
		return err
	}
	p.probe()
	return p.tell()
}

// begin is tried again from its start when a ConfigMap or Secret is not there
// yet.
func (p *podProcess) begin() error {
	if err := p.bind(); err != nil {
		return err
	}
	if p.network.name == "" {
		network, err := newPodNetwork()
		if err != nil {
			return err
		}
		p.network = network
	}
	if err := p.mountVolumes(); err != nil {
		return err
	}
	return p.start()
}

func (p *podProcess) bind() error {
	if p.object.Spec.NodeName != "" {
		return nil
	}
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Binding","metadata":{"name":%q},`+
		`"target":{"apiVersion":"v1","kind":"Node","name":"lab"}}`, p.object.Metadata.Name)
	status, text, err := p.node.cluster.API.Do("POST", p.path()+"/binding", []byte(body))
	if err != nil || status != http.StatusCreated {
		return fmt.Errorf("bind: %d: %s: %w", status, text, err)
	}
	p.object.Spec.NodeName = "lab"
	return nil
}

// start runs the container's arguments in the pod's network; each program on
// the way replaces itself by the next, so that signals reach the last.
func (p *podProcess) start() error {
	c := &p.object.Spec.Containers[0]
	user := p.object.Spec.SecurityContext
	root := filepath.Join(p.folder(), "root")
	args := []string{"netns", "exec", p.network.name, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	args = append(args, p.environment(c)...)
	args = append(args, "unshare", "--mount", "--uts", "sh", "-c", podScript, "pod.sh", root, p.object.Metadata.Name,
		strconv.Itoa(user.RunAsUser), strconv.Itoa(user.RunAsGroup), strconv.Itoa(user.FSGroup),
		p.node.binary+":/outrigger")
	for _, mount := range c.VolumeMounts {
		args = append(args, filepath.Join(p.folder(), "volumes", mount.Name)+":"+mount.MountPath)
	}
	args = append(append(args, "--", "/outrigger"), c.Args...)
	if err := makeFolder(root, 0o755); err != nil {
		return err
	}
	var err error
	p.program, err = p.node.cluster.Start(p.object.Metadata.Name, "ip", args...)
	p.ready, p.failures, p.ended = false, 0, time.Time{}
	return err
}

// The API server is where a Service would send its clients.
func (p *podProcess) environment(c *podContainer) []string {
	all := []string{"KUBERNETES_SERVICE_HOST=" + gateway,
		"KUBERNETES_SERVICE_PORT=" + strconv.Itoa(p.node.cluster.ports.api)}
	fields := map[string]string{"metadata.name": p.object.Metadata.Name, "status.podIP": p.network.address,
		"metadata.namespace": p.object.Metadata.Namespace, "spec.nodeName": p.object.Spec.NodeName}
	for _, e := range c.Env {
		if path := e.ValueFrom.FieldRef.FieldPath; path != "" {
			e.Value = fields[path]
		}
		all = append(all, e.Name+"="+e.Value)
	}
	return all
}

func (p *podProcess) restart() error {
	if p.ended.IsZero() {
		p.ended, p.ready = time.Now(), false
		p.complainOfExit()
	}
	if time.Since(p.ended) < restartDelay {
		return p.tell()
	}
	p.restarts++
	return p.start()
}

// probe asks as the container's readiness probe says, but every 200 ms in
// place of a second or more: a test has no time for more.
func (p *podProcess) probe() {
	probe := p.object.Spec.Containers[0].ReadinessProbe
	if probe == nil {
		p.ready = true
		return
	}
	if time.Since(p.probed) < 2*nodePeriod {
		return
	}
	p.probed = time.Now()
	answer, err := (&http.Client{Timeout: time.Second}).Get(
		fmt.Sprintf("http://%s:%d%s", p.network.address, p.port(probe.HTTPGet.Port), probe.HTTPGet.Path))
	if err == nil {
		answer.Body.Close()
	}
	if err == nil && answer.StatusCode < 400 {
		p.ready, p.failures = true, 0
		return
	}
	if p.failures++; p.failures >= max(probe.FailureThreshold, 1) {
		p.ready = false
	}
}

// A port of a probe is a number or the name of one of the container's.
func (p *podProcess) port(value any) int {
	if number, ok := value.(float64); ok {
		return int(number)
	}
	for _, port := range p.object.Spec.Containers[0].Ports {
		if port.Name == value {
			return port.ContainerPort
		}
	}
	return 0
}

// tell writes the pod's status where it is not what the API server has.
func (p *podProcess) tell() error {
	running := !p.program.Ended()
	key := fmt.Sprint(running, p.ready, p.restarts)
	if key == p.told {
		return nil
	}
	status, text, err := p.node.cluster.API.Patch(p.path()+"/status", "application/merge-patch+json", p.status(running))
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("tell the status: %d: %s: %w", status, text, err)
	}
	p.told = key
	return nil
}

func (p *podProcess) status(running bool) []byte {
	c := &p.object.Spec.Containers[0]
	now := time.Now().UTC().Format(time.RFC3339)
	truth := map[bool]string{true: "True", false: "False"}
	var conditions []map[string]string
	for _, kind := range []string{"PodScheduled", "Initialized", "ContainersReady", "Ready"} {
		holds := p.ready || kind == "PodScheduled" || kind == "Initialized"
		conditions = append(conditions, map[string]string{"type": kind, "status": truth[holds], "lastTransitionTime": now})
	}
	state := map[string]any{"running": map[string]string{"startedAt": now}}
	if !running {
		state = map[string]any{"waiting": map[string]string{"reason": "CrashLoopBackOff"}}
	}
	body, _ := json.Marshal(map[string]any{"status": map[string]any{
		"phase": "Running", "conditions": conditions, "startTime": now,
		"hostIP": gateway, "podIP": p.network.address, "podIPs": []map[string]string{{"ip": p.network.address}},
		"containerStatuses": []map[string]any{{"name": c.Name, "image": c.Image, "imageID": "", "ready": p.ready,
			"started": running, "restartCount": p.restarts, "state": state}},
	}})
	return body
}

// terminate asks the process to end when it first sees the pod deleted; that
// Services leave it out by then is nobody's promise.
func (p *podProcess) terminate() error {
	if p.program != nil && !p.program.Ended() {
		grace := time.Duration(p.object.Spec.TerminationGracePeriodSeconds) * time.Second
		if p.terminating.IsZero() {
			p.terminating = time.Now()
			p.program.Signal(syscall.SIGTERM)
		}
		if time.Since(p.terminating) > grace {
			p.program.Kill()
		}
		return nil
	}
	if p.program != nil && p.program.err != nil {
		p.complainOfExit()
	}
	p.kill()
	status, text, err := p.node.cluster.API.Do("DELETE", p.path(), fmt.Appendf(nil,
		`{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"preconditions":{"uid":%q}}`, p.object.Metadata.UID))
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("delete: %d: %s", status, text)
	}
	return err
}

// Only one that the test has killed may end like this.
func (p *podProcess) complainOfExit() {
	if !p.killed {
		p.node.complain(fmt.Errorf("pod %s ended: %v; the end of its log:\n%s",
			p.object.Metadata.Name, p.program.err, p.program.Tail(8)))
	}
	p.killed = false
}

// kill ends what is left of the pod on this machine.
func (p *podProcess) kill() {
	if p.program != nil {
		p.program.Kill()
		<-p.program.done
	}
	if p.network.name != "" {
		_ = p.network.remove()
		p.network.name = ""
	}
}
