// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Client calls the API server with a bearer token.
type Client struct {
	url   string
	token string
	http  http.Client
}

// NewClient returns one with connections of its own to the cluster.
func (c *Cluster) NewClient() (*Client, error) {
	return newClient(fmt.Sprintf("https://127.0.0.1:%d", c.ports.api), c.authority.PEM, adminToken)
}

// It trusts only the given authority.
func newClient(url string, ca []byte, token string) (*Client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the authority's certificate is unreadable")
	}
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 16,
	}
	return &Client{url: url, token: token,
		http: http.Client{Transport: transport, Timeout: 30 * time.Second}}, nil
}

// Do sends one request with a JSON body and returns status and answer.
func (c *Client) Do(method, path string, body []byte) (int, []byte, error) {
	return c.send(method, path, "application/json", body)
}

// Patch sends a patch of the given media type.
func (c *Client) Patch(path, kind string, body []byte) (int, []byte, error) {
	return c.send("PATCH", path, kind, body)
}

func (c *Client) send(method, path, kind string, body []byte) (int, []byte, error) {
	request, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", kind)
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}

// Ready says whether the API server finished starting.
func (c *Client) Ready() bool {
	status, _, err := c.Do("GET", "/readyz", nil)
	return err == nil && status == http.StatusOK
}

// Kubectl runs kubectl as the administrator with a manifest on its standard
// input. The error carries what kubectl printed on standard error.
func (c *Cluster) Kubectl(stdin string, args ...string) (string, error) {
	out, _, err := c.KubectlSaid(stdin, args...)
	return out, err
}

// KubectlSaid also returns what kubectl writes for people: the warnings.
func (c *Cluster) KubectlSaid(stdin string, args ...string) (string, string, error) {
	cmd := exec.Command(Find("kubectl"), append([]string{
		"--kubeconfig=" + filepath.Join(c.Dir, "admin.kubeconfig"),
		"--cache-dir=" + filepath.Join(c.Dir, "kubectl-cache")}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &complaint
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), complaint.String(), err
}
