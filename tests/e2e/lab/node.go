// SPDX-License-Identifier: Apache-2.0

package lab

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
)

// How often a Node looks at its pods.
const nodePeriod = 100 * time.Millisecond

// Node is a node with its kubelet, for the pods of the webhook: those of its
// namespaces are bound to it, run the webhook with their own arguments in a
// network and a root folder of their own, are probed, restarted and ended as
// a kubelet does, and tell their status. Their images are not looked at.
type Node struct {
	cluster    *Cluster
	binary     string
	namespaces []string

	stop, stopped chan struct{}

	mutex      sync.Mutex
	pods       map[string]*podProcess // by uid
	complaints []string
}

// NewNode starts one, named lab, which lives as long as the cluster.
func NewNode(c *Cluster, binary string, namespaces ...string) (*Node, error) {
	if !Isolated() {
		return nil, errors.New("pods need an isolated lab")
	}
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	n := &Node{cluster: c, binary: path, namespaces: namespaces,
		stop: make(chan struct{}), stopped: make(chan struct{}), pods: map[string]*podProcess{}}
	if _, err := c.Kubectl(nodeManifest, "apply", "-f", "-"); err != nil {
		return nil, err
	}
	go n.run()
	c.atStop(n.end)
	return n, nil
}

const nodeManifest = `apiVersion: v1
kind: Node
metadata:
  name: lab
  labels: {kubernetes.io/hostname: lab, kubernetes.io/os: linux}
`

// The thread is the parent of the pods' processes: see Start.
func (n *Node) run() {
	runtime.LockOSThread()
	defer close(n.stopped)
	for {
		n.look()
		select {
		case <-n.stop:
			return
		case <-time.After(nodePeriod):
		}
	}
}

// No pod outlives the cluster, and none needs to end in order by then.
func (n *Node) end() {
	close(n.stop)
	<-n.stopped
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, p := range n.pods {
		p.kill()
	}
}

func (n *Node) look() {
	for _, namespace := range n.namespaces {
		pods, err := n.list(namespace)
		if err != nil {
			continue // the API server may be away: pods go on without it
		}
		for i := range pods {
			n.sync(&pods[i])
		}
		n.forget(namespace, pods)
	}
}

func (n *Node) list(namespace string) ([]podObject, error) {
	status, text, err := n.cluster.API.Do("GET", "/api/v1/namespaces/"+namespace+"/pods", nil)
	if err != nil {
		return nil, err
	}
	if status != 200 {
		return nil, fmt.Errorf("list pods: %d: %s", status, text)
	}
	var list struct{ Items []podObject }
	return list.Items, json.Unmarshal(text, &list)
}

func (n *Node) sync(object *podObject) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	p := n.pods[object.Metadata.UID]
	if p == nil {
		if object.Metadata.DeletionTimestamp != "" {
			return
		}
		p = &podProcess{node: n, object: *object}
		n.pods[object.Metadata.UID] = p
	}
	p.object.Metadata = object.Metadata
	if err := p.step(); err != nil {
		n.complain(fmt.Errorf("pod %s: %w", object.Metadata.Name, err))
	}
}

// Each complaint is kept once.
func (n *Node) complain(err error) {
	if !slices.Contains(n.complaints, err.Error()) {
		n.complaints = append(n.complaints, err.Error())
	}
}

// A pod that was deleted by force is gone without another word.
func (n *Node) forget(namespace string, there []podObject) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	maps.DeleteFunc(n.pods, func(uid string, p *podProcess) bool {
		if p.object.Metadata.Namespace != namespace ||
			slices.ContainsFunc(there, func(o podObject) bool { return o.Metadata.UID == uid }) {
			return false
		}
		p.kill()
		return true
	})
}

// Complaints says what went wrong with pods so far, "" for nothing.
func (n *Node) Complaints() []string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return slices.Clone(n.complaints)
}

// Replica is what a Node knows of a running pod.
type Replica struct {
	Name, Namespace, Address string
	Ready                    bool
	Ending                   bool // it was told to
	Restarts                 int
}

// Replicas returns the pods that run.
func (n *Node) Replicas() []Replica {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	var all []Replica
	for _, p := range n.pods {
		if p.program != nil {
			all = append(all, Replica{Name: p.object.Metadata.Name, Namespace: p.object.Metadata.Namespace,
				Address: p.network.address, Ready: p.ready, Ending: !p.terminating.IsZero(), Restarts: p.restarts})
		}
	}
	return all
}

// Kill ends a pod's process at once, as the kernel does to one that takes
// too much memory. The node starts another in the same pod.
func (n *Node) Kill(name string) error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, p := range n.pods {
		if p.object.Metadata.Name == name && p.program != nil && !p.program.Ended() {
			p.killed = true
			p.program.Kill()
			return nil
		}
	}
	return fmt.Errorf("no pod %s runs", name)
}
