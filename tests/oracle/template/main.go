// SPDX-License-Identifier: Apache-2.0

// The oracle for templates: the real text/template with sprig and the injector's functions, over the injector's own data.
//
//	oracle < lines                  answers each {"template": ...} line
//	oracle gen -seed S -n N         makes random templates and answers them
//
// A line {"data": {...}} sets the data for the lines after it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"text/template"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/Masterminds/sprig/v3"
	"github.com/golang/protobuf/jsonpb" //nolint:staticcheck
	legacy "github.com/golang/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"

	"outrigger/tests/oracle/template/inject"
)

// The protobuf library puts a space more or less into its texts, by the hash of the binary; here never.
//
//go:linkname detrandSeed google.golang.org/protobuf/internal/detrand.randSeed
var detrandSeed uint64

const maxOutput = 1 << 20

// Functions whose answer is no function of the input, or reaches out of the process.
var unfit = []string{
	"ago", "bcrypt", "buildCustomCert", "decryptAES", "derivePassword", "encryptAES", "env", "expandenv", "genCA", "genCAWithKey",
	"genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "getHostByName",
	"htpasswd", "now", "randAlpha", "randAlphaNum", "randAscii", "randBytes", "randInt", "randNumeric", "shuffle", "uuidv4",
}

type line struct {
	ID         string          `json:"id,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Template   *string         `json:"template,omitempty"`
	Output     *string         `json:"output,omitempty"`
	ParseError string          `json:"parseError,omitempty"`
	ExecError  string          `json:"execError,omitempty"`
}

type data struct {
	Values    map[string]any    `json:"values"`
	Pod       corev1.Pod        `json:"pod"`
	Mesh      json.RawMessage   `json:"mesh,omitempty"`
	Variables map[string]string `json:"variables,omitempty"`
}

type oracle struct {
	in        data
	functions template.FuncMap
}

func newOracle(raw json.RawMessage) (*oracle, error) {
	o := &oracle{}
	if err := json.Unmarshal(raw, &o.in); err != nil {
		return nil, err
	}
	o.functions = sprig.TxtFuncMap()
	for name, function := range injectorFunctions(o.in.Variables) {
		o.functions[name] = function
	}
	return o, nil
}

// Made anew for each run: sprig's set and merge change maps in place.
func (o *oracle) dot() (*inject.SidecarTemplateData, error) {
	values := map[string]any{}
	raw, err := json.Marshal(o.in.Values)
	if err == nil {
		err = json.Unmarshal(raw, &values)
	}
	mesh := &meshconfig.MeshConfig{}
	if err == nil && len(o.in.Mesh) > 0 {
		err = jsonpb.UnmarshalString(string(o.in.Mesh), legacy.MessageV1(mesh))
	}
	pod := o.in.Pod.DeepCopy()
	d := &inject.SidecarTemplateData{
		TypeMeta: pod.TypeMeta, ObjectMeta: pod.ObjectMeta, Spec: pod.Spec,
		ProxyConfig: mesh.GetDefaultConfig(), MeshConfig: mesh, Values: values, Revision: "default", NativeSidecars: true,
		ProxyImage: "proxy:img", ProxyInitImage: "init:img", ProxyUID: 1337, ProxyGID: 1337, InboundTrafficPolicyMode: "passthrough",
	}
	d.DeploymentMeta.Name, d.DeploymentMeta.Namespace = pod.Name, pod.Namespace
	for _, owner := range pod.OwnerReferences {
		if owner.Controller != nil && *owner.Controller && pod.GenerateName != "" {
			d.DeploymentMeta.Name, d.TypeMeta.Kind, d.TypeMeta.APIVersion = owner.Name, owner.Kind, owner.APIVersion
		}
	}
	return d, err
}

var errTooMuch = errors.New("too much output")

type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, errTooMuch
	}
	return b.Builder.Write(p)
}

func (o *oracle) answer(text string) (out line, err error) {
	out.Template = &text
	t, err := template.New("inject").Funcs(o.functions).Parse(text)
	if err != nil {
		out.ParseError = err.Error()
		return out, nil
	}
	dot, err := o.dot()
	if err != nil {
		return out, err
	}
	var text2 bounded
	if err := t.Execute(&text2, dot); err != nil {
		out.ExecError = err.Error()
		return out, nil
	}
	printed := text2.String()
	out.Output = &printed
	return out, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "oracle:", err)
	os.Exit(1)
}

func answerAll() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	var o *oracle
	for in.Scan() {
		var l line
		err := json.Unmarshal(in.Bytes(), &l)
		switch {
		case err != nil:
		case l.Data != nil:
			o, err = newOracle(l.Data)
			_ = out.Encode(l)
		case o == nil || l.Template == nil:
			err = errors.New("a line without data before it, or without a template")
		default:
			var a line
			if a, err = o.answer(*l.Template); err == nil {
				a.ID = l.ID
				err = out.Encode(a)
			}
		}
		if err != nil {
			fail(err)
		}
	}
}

func generateAll(seed int64, n int, core, single bool) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	const perData = 500
	var o *oracle
	endless := 0
	g := newGenerator(seed, core)
	for i := 0; i < n; i++ {
		if i%perData == 0 {
			raw := g.data()
			var err error
			if o, err = newOracle(raw); err != nil {
				fail(err)
			}
			_ = enc.Encode(line{Data: raw})
		}
		text := ""
		if single {
			text = g.sprigTemplate()
		} else {
			text = g.template()
		}
		done := make(chan line, 1)
		go func() {
			a, err := o.answer(text)
			if err != nil {
				fail(err)
			}
			done <- a
		}()
		select {
		case a := <-done:
			if strings.Contains(a.ExecError, errTooMuch.Error()) || unstable(a) {
				continue
			}
			a.ID = fmt.Sprintf("%d/%d", seed, i)
			_ = enc.Encode(a)
		case <-time.After(2 * time.Second):
			if endless++; endless > 3 { // each goes on using a processor
				fail(fmt.Errorf("do not end: the last is %q", text))
			}
		}
	}
}

var address = regexp.MustCompile(`(0x|0X)[0-9a-fA-F]{8,13}`)

// Addresses differ from run to run.
func unstable(a line) bool {
	return address.MatchString(a.ExecError) || (a.Output != nil && address.MatchString(*a.Output))
}

func main() {
	detrandSeed = 0
	os.Setenv("TZ", "UTC")
	time.Local = time.UTC
	if len(os.Args) > 1 && os.Args[1] == "gen" {
		flags := flag.NewFlagSet("gen", flag.ExitOnError)
		seed := flags.Int64("seed", 1, "of the random numbers")
		n := flags.Int("n", 1000, "templates to make")
		core := flags.Bool("core", false, "only functions that text/template itself has")
		single := flags.Bool("single", false, "calls of single functions, in their corners")
		_ = flags.Parse(os.Args[2:])
		generateAll(*seed, *n, *core, *single)
		return
	}
	answerAll()
}

func mustJSON(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		fail(err)
	}
	return out
}
