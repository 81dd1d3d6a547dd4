// SPDX-License-Identifier: Apache-2.0

package lab

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed service.yaml
var serviceText string

var serviceManifest = template.Must(template.New("service").Parse(serviceText))

// Release is what a Service is made from.
type Release struct {
	Name, Namespace string // the namespace is one of the node's
	Revision        string
	Settings        string // folder with config.yaml, values.json and mesh.yaml
}

// Service is the webhook as a Deployment of three replicas on a Node, which
// the API server calls by its Service.
type Service struct {
	Release

	cluster *Cluster
	node    *Node
	ca      *Authority // nil for a chart, which has its own
}

// NewService installs a release and waits until its replicas are ready.
func NewService(node *Node, release Release) (*Service, error) {
	s := &Service{Release: release, cluster: node.cluster, node: node}
	for _, step := range []func() error{s.newAuthority, s.serve, func() error { return s.Configure(s.Settings) }} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	var manifest strings.Builder
	if err := serviceManifest.Execute(&manifest, s); err != nil {
		return nil, err
	}
	if _, err := s.cluster.Kubectl(manifest.String(), "apply", "-f", "-"); err != nil {
		return nil, err
	}
	return s, s.WaitRolledOut()
}

// Install makes a release of what the chart renders, and waits for nothing.
func Install(node *Node, release Release, rendered string) (*Service, error) {
	s := &Service{Release: release, cluster: node.cluster, node: node}
	if err := s.Configure(s.Settings); err != nil {
		return nil, err
	}
	_, err := s.cluster.Kubectl(rendered, "apply", "-f", "-")
	return s, err
}

// CABundle is for the manifest.
func (s *Service) CABundle() string { return base64.StdEncoding.EncodeToString(s.ca.PEM) }

// Injector is the name of the ConfigMap with the templates and values.
func (s *Service) Injector() string { return s.configMap("istio-sidecar-injector") }

// Mesh is the name of the ConfigMap with the mesh's configuration.
func (s *Service) Mesh() string { return s.configMap("istio") }

func (s *Service) configMap(name string) string {
	if s.Revision == "default" {
		return name
	}
	return name + "-" + s.Revision
}

// Entry is a webhook of the registration: of which namespaces and pods it is
// asked.
type Entry struct{ Name, Namespaces, Pods string }

// Entries have the selectors of Istio's own registrations: the namespace's
// label counts, or the pod's where the namespace has none; the default
// revision goes by istio-injection, too.
func (s *Service) Entries() []Entry {
	const (
		noRevision  = "{key: istio.io/rev, operator: DoesNotExist}"
		isEnabled   = "{key: istio-injection, operator: In, values: [enabled]}"
		noInjection = "{key: istio-injection, operator: DoesNotExist}"
		notOut      = `{key: sidecar.istio.io/inject, operator: NotIn, values: ["false"]}`
		asksFor     = `{key: sidecar.istio.io/inject, operator: In, values: ["true"]}`
	)
	isRevision := "{key: istio.io/rev, operator: In, values: [" + s.Revision + "]}"
	all := []Entry{
		{"rev.namespace", isRevision + ", " + noInjection, notOut},
		{"rev.object", noRevision + ", " + noInjection, notOut + ", " + isRevision},
		{"namespace", isEnabled, notOut},
		{"object", noInjection + ", " + noRevision, asksFor + ", " + noRevision},
	}
	if s.Revision == "default" {
		return all
	}
	return all[:2]
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
	return s.WaitReplaced()
}

// WaitReplaced returns when no replica is about to end. Until then the API
// server may have an idle connection to one, and HTTP/1.1 has no way to end
// that without a race.
func (s *Service) WaitReplaced() error {
	return Poll(startLimit, "the replaced replicas end", func() (bool, error) {
		return !slices.ContainsFunc(s.node.Replicas(), func(r Replica) bool { return r.Ending }), nil
	})
}

func (s *Service) newAuthority() (err error) {
	s.ca, err = NewAuthority(s.cluster.Dir, fmt.Sprintf("%s-%s-ca", s.Namespace, s.Name))
	return err
}

// serve puts a certificate of the authority into the Secret that the
// replicas have mounted.
func (s *Service) serve() error {
	crt, key, err := s.ca.Issue(s.Namespace+"-"+s.Name, s.host())
	if err != nil {
		return err
	}
	return s.apply("secret", "tls", s.Name+"-certs", "--cert="+crt, "--key="+key)
}

// Replicas are the service's running pods that are ready.
func (s *Service) Replicas() []Replica {
	return slices.DeleteFunc(s.node.Replicas(), func(r Replica) bool {
		return !r.Ready || r.Ending || r.Namespace != s.Namespace || !strings.HasPrefix(r.Name, s.Name+"-")
	})
}

func (s *Service) host() string { return s.Name + "." + s.Namespace + ".svc" }

// Configure puts the files of a folder into the release's ConfigMaps.
func (s *Service) Configure(settings string) error {
	err := s.apply("configmap", s.Injector(), "--from-file=config="+filepath.Join(settings, "config.yaml"),
		"--from-file=values="+filepath.Join(settings, "values.json"))
	if err != nil {
		return err
	}
	return s.apply("configmap", s.Mesh(), "--from-file=mesh="+filepath.Join(settings, "mesh.yaml"))
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
