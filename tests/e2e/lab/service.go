// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

//go:embed service.yaml
var service string

// Service is the webhook as a Deployment of three replicas on a Node, which
// the API server calls by its Service.
type Service struct {
	Name, Namespace string

	cluster *Cluster
	node    *Node
	ca      *Authority
	cas     int
}

// NewService installs one that serves a revision with the configuration in
// the files of the folder settings, and waits until its replicas are ready.
// The namespace is one of the node's.
func NewService(node *Node, namespace, name, revision, settings string) (*Service, error) {
	s := &Service{Name: name, Namespace: namespace, cluster: node.cluster, node: node}
	if err := s.newAuthority(); err != nil {
		return nil, err
	}
	if err := s.serveNew(); err != nil {
		return nil, err
	}
	if err := s.Configure(settings); err != nil {
		return nil, err
	}
	selector := `[{key: istio-injection, operator: In, values: [enabled]}]`
	if revision != "default" {
		selector = fmt.Sprintf(`[{key: istio-injection, operator: DoesNotExist}, {key: istio.io/rev, operator: In, values: [%s]}]`, revision)
	}
	manifest := strings.NewReplacer("@NAME@", name, "@NAMESPACE@", namespace, "@REVISION@", revision,
		"@SELECTOR@", selector, "@CA@", base64.StdEncoding.EncodeToString(s.ca.PEM)).Replace(service)
	if _, err := s.cluster.Kubectl(manifest, "apply", "-f", "-"); err != nil {
		return nil, err
	}
	return s, s.WaitRolledOut()
}

// WaitRolledOut returns when as many replicas as wanted are ready, of the
// latest template.
func (s *Service) WaitRolledOut() error {
	_, err := s.cluster.Kubectl("", "-n", s.Namespace, "rollout", "status", "deployment", s.Name, "--timeout=90s")
	return err
}

// RollingRestart replaces each replica, one after the other, and returns when
// the last has ended.
func (s *Service) RollingRestart() error {
	if _, err := s.cluster.Kubectl("", "-n", s.Namespace, "rollout", "restart", "deployment", s.Name); err != nil {
		return err
	}
	if err := s.WaitRolledOut(); err != nil {
		return err
	}
	return Poll(startLimit, "the replaced replicas end", func() (bool, error) {
		return !slices.ContainsFunc(s.node.Replicas(), func(r Replica) bool { return r.Ending }), nil
	})
}

func (s *Service) newAuthority() error {
	s.cas++
	ca, err := NewAuthority(s.cluster.Dir, fmt.Sprintf("%s-%s-ca-%d", s.Namespace, s.Name, s.cas))
	if err == nil {
		s.ca = ca
	}
	return err
}

// serveNew puts a new certificate of the present authority into the Secret
// that the replicas have mounted.
func (s *Service) serveNew() error {
	crt, key, err := s.ca.Issue(s.Namespace+"-"+s.Name, fmt.Sprintf("%s.%s.svc", s.Name, s.Namespace))
	if err != nil {
		return err
	}
	return s.apply("secret", "tls", s.Name+"-certs", "--cert="+crt, "--key="+key)
}

// trust puts authorities' certificates into the webhook's registration.
func (s *Service) trust(bundle []byte) error {
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}})
	if err != nil {
		return err
	}
	status, text, err := s.cluster.API.Patch("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/"+s.Name,
		"application/json-patch+json", patch)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("patch the caBundle: %d: %s", status, text)
	}
	return err
}

// The API server tells nobody when it has read a changed registration, which
// takes milliseconds.
const registrationDelay = time.Second

// RotateAuthority replaces the authority as it is done by hand: the new one
// is trusted beside the old before a certificate of it is served, and the
// old one until no certificate of it is.
func (s *Service) RotateAuthority() error {
	old := s.ca.PEM
	if err := s.newAuthority(); err != nil {
		return err
	}
	if err := s.trust(slices.Concat(old, s.ca.PEM)); err != nil {
		return err
	}
	time.Sleep(registrationDelay)
	if err := s.serveNew(); err != nil {
		return err
	}
	if err := Poll(startLimit, "all replicas serve the new certificate", s.allServeNew); err != nil {
		return err
	}
	return s.trust(s.ca.PEM)
}

// A replica that starts or ends meanwhile does not count: a new one reads
// the Secret as it is now.
func (s *Service) allServeNew() (bool, error) {
	pool := x509.NewCertPool()
	pool.AddCert(s.ca.cert)
	for _, r := range s.Replicas() {
		name := fmt.Sprintf("%s.%s.svc", s.Name, s.Namespace)
		conn, err := tls.Dial("tcp", r.Address+":15017", &tls.Config{RootCAs: pool, ServerName: name})
		if err != nil {
			return false, nil
		}
		conn.Close()
	}
	return true, nil
}

// Replicas are the service's running pods that are ready.
func (s *Service) Replicas() []Replica {
	return slices.DeleteFunc(s.node.Replicas(), func(r Replica) bool {
		return !r.Ready || r.Ending || r.Namespace != s.Namespace || !strings.HasPrefix(r.Name, s.Name+"-")
	})
}

// Configure puts the files of a folder into the ConfigMaps that the replicas
// have mounted.
func (s *Service) Configure(settings string) error {
	err := s.apply("configmap", s.Name+"-injector", "--from-file=config="+filepath.Join(settings, "config.yaml"),
		"--from-file=values="+filepath.Join(settings, "values.json"))
	if err != nil {
		return err
	}
	return s.apply("configmap", s.Name+"-mesh", "--from-file=mesh="+filepath.Join(settings, "mesh.yaml"))
}

// apply makes an object that may be there, as people do by hand.
func (s *Service) apply(what ...string) error {
	manifest, err := s.cluster.Kubectl("", append(append([]string{"create"}, what...),
		"-n", s.Namespace, "--dry-run=client", "-o", "yaml")...)
	if err != nil {
		return err
	}
	_, err = s.cluster.Kubectl(manifest, "apply", "--server-side", "--force-conflicts", "-f", "-")
	return err
}
