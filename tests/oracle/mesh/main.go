// SPDX-License-Identifier: Apache-2.0

// Command mesh makes random mesh configurations, proxy configurations, ProxyConfig resources and annotations, and writes down what Istio's
// own packages answer to them, one JSON object a line.
//
//	mesh [-seed N] [-n LINES]
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"istio.io/api/networking/v1beta1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/util/protomarshal"

	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
)

type line struct {
	Op          string            `json:"op"`
	Mesh        string            `json:"mesh"`
	Annotation  *string           `json:"annotation,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Resources   []resource        `json:"resources,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Text        *string           `json:"text,omitempty"`
	Want        *string           `json:"want,omitempty"`
	Error       *string           `json:"error,omitempty"`
	Exact       bool              `json:"exact,omitempty"`
	ExactError  bool              `json:"exactError,omitempty"`
}

type resource struct {
	Name      string          `json:"name"`
	Namespace string          `json:"namespace"`
	Created   int64           `json:"created"`
	Spec      json.RawMessage `json:"spec"`
}

func main() {
	seed := flag.Int64("seed", 1, "of the random lines")
	n := flag.Int("n", 1000, "lines")
	flag.Parse()
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	g := &generator{rand.New(rand.NewSource(*seed))}
	kinds := []func(*generator) line{askMesh, askApply, askEffective, askProxyConfig, askValidate, askValidate, askDuration}
	for i := 0; i < *n; i++ {
		if err := encoder.Encode(kinds[i%len(kinds)](g)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func (l line) answer(text string, err error) line {
	if err != nil {
		text = err.Error()
		l.Error = &text
	} else {
		l.Want = &text
	}
	return l
}

func askMesh(g *generator) line {
	l := line{Op: "mesh", Mesh: g.mesh(), Exact: true}
	m, err := mesh.ApplyMeshConfigDefaults(l.Mesh)
	if err != nil {
		l.ExactError = isList(err)
		return l.answer("", err)
	}
	return l.answer(protomarshal.ToJSON(m))
}

// isList says whether this is the list of what validation found: its texts count. Those of the JSON reader name Go's internals and
// depend on the order of maps.
func isList(err error) bool {
	return strings.Contains(err.Error()[:min(24, len(err.Error()))], " occurred:")
}

// goodMesh is one that Istio takes.
func goodMesh(g *generator) (string, *meshconfig.MeshConfig) {
	for {
		text := g.mesh()
		if m, err := mesh.ApplyMeshConfigDefaults(text); err == nil {
			return text, m
		}
	}
}

func askApply(g *generator) line {
	l := line{Op: "apply", Exact: true}
	var m *meshconfig.MeshConfig
	l.Mesh, m = goodMesh(g)
	text := g.proxyConfig()
	l.Annotation = &text
	m, err := mesh.ApplyProxyConfig(text, m)
	if err != nil {
		return l.answer("", err)
	}
	return l.answer(protomarshal.ToJSON(m.DefaultConfig))
}

// store lists the resources of one line.
type store struct {
	model.ConfigStore
	configs []config.Config
}

func (s store) List(config.GroupVersionKind, string) []config.Config { return s.configs }

func effective(g *generator, l *line) (*meshconfig.ProxyConfig, error) {
	var m *meshconfig.MeshConfig
	l.Mesh, m = goodMesh(g)
	l.Namespace, l.Labels = g.one("ns", "other", "istio-system"), g.labels()
	meta := &model.NodeMetadata{Namespace: l.Namespace, Labels: l.Labels, Annotations: map[string]string{}}
	if g.chance(60) {
		text := g.proxyConfig()
		l.Annotation = &text
		meta.Annotations["proxy.istio.io/config"] = text
		if err := protomarshal.ApplyYAML(text, &meshconfig.ProxyConfig{}); err != nil {
			return nil, err // Istio refuses the pod before
		}
	}
	var s store
	for i := g.Intn(4); i > 0; i-- {
		r := g.resource(fmt.Sprint("r", i))
		spec := &v1beta1.ProxyConfig{}
		if err := protomarshal.ApplyJSON(string(r.Spec), spec); err != nil {
			continue
		}
		l.Resources = append(l.Resources, r)
		s.configs = append(s.configs, config.Config{Spec: spec, Meta: config.Meta{
			Name: r.Name, Namespace: r.Namespace, CreationTimestamp: time.Unix(r.Created, 0),
		}})
	}
	return model.GetProxyConfigs(s, m).EffectiveProxyConfig(meta, m), nil
}

func askEffective(g *generator) line {
	l := line{Op: "effective", Exact: true}
	c, err := effective(g, &l)
	if err != nil {
		return l.answer("", err)
	}
	return l.answer(protomarshal.ToJSON(c))
}

func askProxyConfig(g *generator) line {
	l := line{Op: "proxyConfig", Exact: true}
	c, err := effective(g, &l)
	if err != nil {
		return l.answer("", err)
	}
	return l.answer(inject.InjectionFuncmap["protoToJSON"].(func(proto.Message) string)(c), nil)
}

// askValidate asks for one annotation, so that the order of several does not matter.
func askValidate(g *generator) line {
	l := line{Op: "validate", ExactError: true}
	name, value := g.annotation()
	l.Annotations = map[string]string{name: value}
	check := inject.AnnotationValidation[name]
	if check == nil {
		return l.answer("ok", nil)
	}
	if err := check(value); err != nil {
		l.ExactError = name != "proxy.istio.io/config" || isList(err)
		return l.answer("", fmt.Errorf("1 error occurred:\n\t* invalid value '%s' for annotation '%s': %v\n\n", shown(value), name, err))
	}
	return l.answer("ok", nil)
}

// shown is a value as our messages have it: cut, and fit for a log.
func shown(value string) string {
	const most = 256
	if len(value) > most {
		end := most
		for !utf8.RuneStart(value[end]) {
			end--
		}
		value = value[:end]
	}
	return strings.ReplaceAll(value, "\n", "\\n")
}

func askDuration(g *generator) line {
	text := g.duration()
	l := line{Op: "duration", Text: &text, Exact: true, ExactError: true}
	d, err := time.ParseDuration(text)
	if err != nil {
		return l.answer("", err)
	}
	sign, ns := "", uint64(d)
	if d < 0 {
		sign, ns = "-", -ns
	}
	fraction := fmt.Sprintf(".%09d", ns%1e9)
	for len(fraction) > 1 && fraction[len(fraction)-3:] == "000" {
		fraction = fraction[:len(fraction)-3]
	}
	if fraction == "." {
		fraction = ""
	}
	return l.answer(fmt.Sprintf("%s%d%ss %v", sign, ns/1e9, fraction, d), nil)
}
