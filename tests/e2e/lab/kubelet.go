// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// ServeKubelet answers /healthz as a kubelet does, where the API server can
// reach it, until the cluster ends.
func ServeKubelet(c *Cluster) (*net.TCPAddr, error) {
	crt, key, err := c.authority.Issue("kubelet", gateway)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(crt, key)
	if err != nil {
		return nil, err
	}
	listener, err := tls.Listen("tcp", gateway+":0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	c.atStop(func() { _ = server.Close() })
	return listener.Addr().(*net.TCPAddr), nil
}

// SetNodeStatus says of a node, which is made where it is missing, what its
// kubelet would: where it is, and its conditions by type.
func (c *Cluster) SetNodeStatus(name, address string, port int, conditions map[string]string) error {
	node := fmt.Sprintf("apiVersion: v1\nkind: Node\nmetadata: {name: %s}\n", name)
	if _, err := c.Kubectl(node, "create", "-f", "-"); err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	// Every node begins so; who takes the taint away does not run here.
	if _, err := c.Kubectl("", "taint", "node", name, "node.kubernetes.io/not-ready:NoSchedule-"); err != nil &&
		!strings.Contains(err.Error(), "not found") {
		return err
	}
	type condition struct {
		Type    string `json:"type"`
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	var list []condition
	for kind, status := range conditions {
		list = append(list, condition{kind, status, "told by the test"})
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"addresses":       []map[string]string{{"type": "InternalIP", "address": address}},
		"daemonEndpoints": map[string]any{"kubeletEndpoint": map[string]int{"Port": port}},
		"conditions":      list,
	}})
	if err != nil {
		return err
	}
	status, text, err := c.API.Patch("/api/v1/nodes/"+name+"/status", "application/strategic-merge-patch+json", patch)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status of node %s: %d: %s", name, status, text)
	}
	return err
}
