// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// HideTokenRequest stands an API server as before Kubernetes 1.12 in front of
// the cluster's: discovery does not know serviceaccounts/token, and nobody
// gets a token there. It returns the administrator's kubeconfig for it.
func (c *Cluster) HideTokenRequest() (kubeconfig string, stop func(), err error) {
	target := &url.URL{Scheme: "https", Host: fmt.Sprintf("127.0.0.1:%d", c.ports.api)}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = c.API.http.Transport
	proxy.FlushInterval = -1 // watches
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/v1":
			_ = json.NewEncoder(w).Encode(map[string]any{"kind": "APIResourceList", "groupVersion": "v1",
				"resources": []map[string]any{{"name": "pods", "namespaced": true, "kind": "Pod", "verbs": []string{"get"}}}})
		case strings.Contains(r.URL.Path, "/serviceaccounts/") && strings.HasSuffix(r.URL.Path, "/token"):
			http.NotFound(w, r)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	ca := filepath.Join(c.Dir, "old-ca.crt")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err = os.WriteFile(ca, block, 0o600); err == nil {
		kubeconfig, err = c.kubeconfigAt("old", adminToken, server.URL, ca)
	}
	if err != nil {
		server.Close()
	}
	return kubeconfig, server.Close, err
}
