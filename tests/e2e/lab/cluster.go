// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit   = 60 * time.Second
	stopLimit    = 10 * time.Second
	adminToken   = "lab-admin"
	managerToken = "lab-controller-manager"
)

// Cluster is etcd, kube-apiserver and kube-controller-manager on loopback
// in a folder that lives as long as the cluster.
type Cluster struct {
	API  *Client
	Dir  string
	Logs string
	// AuditLog is kube-apiserver's, of pods that are created and of what the
	// account Outrigger writes; "" without.
	AuditLog string

	authority  *Authority
	ports      ports
	server     *Program
	serverArgs []string

	mutex    sync.Mutex
	programs []*Program
	endings  []func()
	stopped  bool
}

type ports struct{ etcd, peer, api int }

// NewCluster starts a cluster. A port that was free may be taken when its
// program binds it: then all start again with others.
func NewCluster() (*Cluster, error) { return newCluster(false) }

// NewAuditedCluster starts one whose API server keeps an audit log.
func NewAuditedCluster() (*Cluster, error) { return newCluster(true) }

func newCluster(audited bool) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "outrigger-e2e-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, Logs: filepath.Join(dir, "logs")}
	if audited {
		c.AuditLog = filepath.Join(dir, "audit.log")
	}
	stopOnSignal(c)
	for range 3 {
		if err = c.startAll(); err == nil {
			return c, nil
		}
		c.endPrograms()
		if !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	c.Stop()
	return nil, err
}

func (c *Cluster) startAll() error {
	var err error
	if err = os.MkdirAll(c.Logs, 0o700); err != nil {
		return err
	}
	if c.authority, err = NewAuthority(c.Dir, "cluster-ca"); err != nil {
		return err
	}
	if c.ports, err = freePorts(); err != nil {
		return err
	}
	for _, step := range []func() error{c.startEtcd, c.startAPIServer, c.startManager} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Start runs a program that ends with the cluster.
func (c *Cluster) Start(name, path string, args ...string) (*Program, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.stopped {
		return nil, errors.New("the cluster is stopped")
	}
	p, err := Start(c.Logs, name, path, args...)
	if err == nil {
		c.programs = append(c.programs, p)
	}
	return p, err
}

// Stop ends all programs and removes the folder.
func (c *Cluster) Stop() {
	c.mutex.Lock()
	endings := c.endings
	c.stopped, c.endings = true, nil
	c.mutex.Unlock()
	for _, end := range slices.Backward(endings) {
		end()
	}
	c.endPrograms()
	_ = os.RemoveAll(c.Dir)
}

// What atStop is given is called when the cluster stops, before its programs
// end.
func (c *Cluster) atStop(end func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.endings = append(c.endings, end)
}

// The last started ends first: nobody complains of a server that is gone.
func (c *Cluster) endPrograms() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, p := range slices.Backward(c.programs) {
		if !p.Ended() {
			_ = p.Stop(stopLimit)
		}
	}
	c.programs = nil
	_ = os.RemoveAll(filepath.Join(c.Dir, "etcd"))
}

// All clusters of this process, and who ends them on a signal.
var clusters struct {
	mutex sync.Mutex
	all   []*Cluster
	once  sync.Once
}

// A run that is broken off leaves neither processes nor files.
func stopOnSignal(c *Cluster) {
	clusters.mutex.Lock()
	clusters.all = append(clusters.all, c)
	clusters.mutex.Unlock()
	clusters.once.Do(func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		go func() {
			<-signals
			clusters.mutex.Lock()
			for _, c := range clusters.all {
				c.Stop()
			}
			os.Exit(130)
		}()
	})
}

// Tails returns the end of each log under a line with its name.
func (c *Cluster) Tails(lines int) string {
	var text strings.Builder
	seen := map[string]bool{}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, p := range c.programs {
		if !seen[p.Log] {
			fmt.Fprintf(&text, "---- the end of %s's log ----\n%s\n", p.Name, p.Tail(lines))
		}
		seen[p.Log] = true
	}
	return text.String()
}

func (c *Cluster) startEtcd() error {
	client := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcd)
	peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.peer)
	etcd, err := c.Start("etcd", Find("etcd"),
		"--data-dir="+filepath.Join(c.Dir, "etcd"),
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer,
		"--initial-cluster=default="+peer,
		"--unsafe-no-fsync")
	if err != nil {
		return err
	}
	quick := http.Client{Timeout: time.Second}
	return etcd.WaitFor(startLimit, "etcd healthy", func() bool {
		answer, err := quick.Get(client + "/health")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

func (c *Cluster) startAPIServer() error {
	crt, key, err := c.authority.Issue("kube-apiserver", gateway)
	if err != nil {
		return err
	}
	signer, _, err := WriteKey(c.Dir, "service-account")
	if err != nil {
		return err
	}
	tokens := filepath.Join(c.Dir, "tokens.csv")
	text := adminToken + ",admin,admin,\"system:masters\"\n" +
		managerToken + ",system:kube-controller-manager,manager\n"
	if err := os.WriteFile(tokens, []byte(text), 0o600); err != nil {
		return err
	}
	audit, err := c.auditFlags()
	if err != nil {
		return err
	}
	c.serverArgs = append(append(audit, addressFlags()...),
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.ports.etcd),
		fmt.Sprintf("--secure-port=%d", c.ports.api),
		"--tls-cert-file="+crt, "--tls-private-key-file="+key,
		"--service-account-key-file="+signer, "--service-account-signing-key-file="+signer,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--token-auth-file="+tokens, "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24",
		// As every cluster's installer sets it: istio-init may ask for it.
		"--allow-privileged",
		// It publishes the server's address, and a loopback one is refused.
		"--endpoint-reconciler-type=none")
	if c.API, err = c.NewClient(); err != nil {
		return err
	}
	return c.StartAPIServer()
}

// StartAPIServer starts it, also where KillAPIServer has ended it: as it was.
func (c *Cluster) StartAPIServer() error {
	var err error
	if c.server, err = c.Start("kube-apiserver", Find("kube-apiserver"), c.serverArgs...); err != nil {
		return err
	}
	return c.server.WaitFor(startLimit, "kube-apiserver ready", c.API.Ready)
}

// KillAPIServer ends it at once; asked to end it would go on with watches.
func (c *Cluster) KillAPIServer() error {
	c.server.Kill()
	return Poll(stopLimit, "the killed API server's end", func() (bool, error) { return c.server.Ended(), nil })
}

// Pods reach it by the bridge that they hang on, and it sends what is for a
// Service to the addresses of their EndpointSlices: there is no kube-proxy.
func addressFlags() []string {
	if Isolated() {
		return []string{"--bind-address=0.0.0.0", "--advertise-address=" + gateway, "--enable-aggregator-routing"}
	}
	return []string{"--bind-address=127.0.0.1"}
}

// Outrigger is the account of a release of that name in outrigger-system.
const Outrigger = "system:serviceaccount:outrigger-system:outrigger"

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, verbs: [create], resources: [{group: "", resources: [pods]}]}
- {level: Metadata, verbs: [create, update, patch, delete], users: ["` + Outrigger + `"]}
- {level: None}
`

func (c *Cluster) auditFlags() ([]string, error) {
	if c.AuditLog == "" {
		return nil, nil
	}
	policy := filepath.Join(c.Dir, "audit-policy.yaml")
	return []string{"--audit-policy-file=" + policy, "--audit-log-path=" + c.AuditLog},
		os.WriteFile(policy, []byte(auditPolicy), 0o600)
}

// Only what the tests need runs: no node life cycle, which would taint the
// node that no kubelet stands behind, and no garbage collection.
func (c *Cluster) startManager() error {
	config, err := c.kubeconfig("controller-manager", managerToken)
	if err != nil {
		return err
	}
	if _, err := c.kubeconfig("admin", adminToken); err != nil {
		return err
	}
	manager, err := c.Start("kube-controller-manager", Find("kube-controller-manager"),
		"--kubeconfig="+config, "--use-service-account-credentials",
		"--root-ca-file="+filepath.Join(c.Dir, "cluster-ca.crt"),
		"--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400",
		"--controllers=serviceaccount-controller,root-ca-certificate-publisher-controller,"+
			"deployment-controller,replicaset-controller,job-controller,"+
			"statefulset-controller,daemonset-controller,endpointslice-controller")
	if err != nil {
		return err
	}
	return manager.WaitFor(startLimit, "a default service account", func() bool {
		return c.HasServiceAccount("default")
	})
}

// HasServiceAccount says whether a namespace can take pods: those with a
// projected token are invalid without their service account.
func (c *Cluster) HasServiceAccount(namespace string) bool {
	status, _, err := c.API.Do("GET", "/api/v1/namespaces/"+namespace+"/serviceaccounts/default", nil)
	return err == nil && status == http.StatusOK
}

// ServiceAccountKubeconfig writes a kubeconfig with a token of an account,
// and returns where it is.
func (c *Cluster) ServiceAccountKubeconfig(namespace, name string) (string, error) {
	status, text, err := c.API.Do("POST", "/api/v1/namespaces/"+namespace+"/serviceaccounts/"+name+"/token",
		[]byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":7200}}`))
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("request a token: %d: %s", status, text)
	}
	if err != nil {
		return "", err
	}
	var answer struct{ Status struct{ Token string } }
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", err
	}
	return c.kubeconfig(name, answer.Status.Token)
}

func (c *Cluster) kubeconfig(name, token string) (string, error) {
	return c.kubeconfigAt(name, token, fmt.Sprintf("https://127.0.0.1:%d", c.ports.api), filepath.Join(c.Dir, "cluster-ca.crt"))
}

func (c *Cluster) kubeconfigAt(name, token, server, ca string) (string, error) {
	path := filepath.Join(c.Dir, name+".kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {server: %q, certificate-authority: %q}
users:
- name: %[3]s
  user: {token: %[4]s}
contexts:
- name: lab
  context: {cluster: lab, user: %[3]s}
current-context: lab
`, server, ca, name, token)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// All three are held at once, so that they differ.
func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.etcd, &p.peer, &p.api} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, err
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// Find returns where a program is: in the first folder of OUTRIGGER_ASSETS,
// a search path as assets.sh prints it, that holds it.
func Find(program string) string {
	for _, dir := range filepath.SplitList(os.Getenv("OUTRIGGER_ASSETS")) {
		path := filepath.Join(dir, program)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return program
}
