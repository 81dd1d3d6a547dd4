// SPDX-License-Identifier: Apache-2.0

// The oracle for YAML: sigs.k8s.io/yaml and our driver answer the same questions, and the differences are printed.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"strings"

	"sigs.k8s.io/yaml"
)

type question struct {
	Parse   *string         `json:"parse,omitempty"`
	Strict  bool            `json:"strict,omitempty"`
	Write   json.RawMessage `json:"write,omitempty"`
	Dynamic bool            `json:"dynamic,omitempty"`
}

type answer struct {
	JSON  json.RawMessage `json:"json"`
	Text  *string         `json:"text"`
	Error string          `json:"error"`
}

type driver struct {
	in  io.Writer
	out *bufio.Reader
}

func (d *driver) ask(q question) (answer, error) {
	line, err := json.Marshal(q)
	if err != nil {
		return answer{}, err
	}
	if _, err := d.in.Write(append(line, '\n')); err != nil {
		return answer{}, err
	}
	reply, err := d.out.ReadBytes('\n')
	if err != nil {
		return answer{}, fmt.Errorf("driver ended: %w", err)
	}
	var a answer
	return a, json.Unmarshal(reply, &a)
}

func start(path string) *driver {
	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	if err != nil {
		panic(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return &driver{in, bufio.NewReaderSize(out, 1<<20)}
}

type tally struct{ asked, differ, onlyText, refused int }

type run struct {
	d     *driver
	t     map[string]*tally
	shown map[string]int
	max   int
}

func (r *run) of(kind string) *tally {
	if r.t[kind] == nil {
		r.t[kind] = &tally{}
	}
	return r.t[kind]
}

func (r *run) show(kind, format string, args ...any) {
	if r.shown[kind]++; r.shown[kind] <= r.max {
		fmt.Printf("%s ", kind)
		fmt.Printf(format, args...)
	}
}

// Ours are stricter on purpose: nesting beyond 64 levels.
func ourLimit(err string) bool {
	return strings.Contains(err, "nested deeper than") || strings.Contains(err, "more than")
}

func wantJSON(text string, strict bool) (string, string) {
	convert := yaml.YAMLToJSON
	if strict {
		convert = yaml.YAMLToJSONStrict
	}
	out, err := convert([]byte(text))
	if err != nil {
		return "", err.Error()
	}
	return string(out), ""
}

// sameJSON compares texts first: Go escapes U+FFFD only where it stands for something else.
func sameJSON(want, got string) bool {
	return want == got || (want != "" && strings.ReplaceAll(want, `\ufffd`, "\ufffd") == got)
}

// sameError compares what Go's text and ours have in common: values of refused keys are printed by Go alone.
func sameError(want, got string) bool {
	for _, prefix := range []string{"yaml: invalid map key", "unsupported map key of type", "yaml: unmarshal errors"} {
		if strings.HasPrefix(want, prefix) {
			return strings.HasPrefix(got, prefix)
		}
	}
	return want == got
}

func (r *run) parse(kind, text string, strict bool) {
	want, wantErr := wantJSON(text, strict)
	got, err := r.d.ask(question{Parse: &text, Strict: strict})
	if err != nil {
		panic(fmt.Sprintf("%v\non %q", err, text))
	}
	t := r.of(kind)
	t.asked++
	switch {
	case ourLimit(got.Error):
		t.refused++
	case (wantErr != "") != (got.Error != "") || !sameJSON(want, string(got.JSON)):
		t.differ++
		r.show(kind, "%q\n  want %s %s\n  got  %s %s\n", text, want, wantErr, got.JSON, got.Error)
	case !sameError(wantErr, got.Error):
		t.onlyText++
		if os.Getenv("SHOW_TEXT") != "" {
			r.show(kind, "%q\n  want %s\n  got  %s\n", text, wantErr, got.Error)
		}
	}
}

func (r *run) write(kind string, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var decoded any
	if err := json.Unmarshal(raw, &decoded); err != nil {
		panic(err)
	}
	want, wantErr := "", ""
	if out, err := yaml.Marshal(decoded); err != nil {
		wantErr = err.Error()
	} else {
		want = string(out)
	}
	if strings.Contains(string(raw), `"\u003c\u003c":`) {
		return // ours quotes the key that would be a merge key
	}
	for _, dynamic := range []bool{false, true} {
		t := r.of(kind)
		t.asked++
		got, err := r.d.ask(question{Write: raw, Dynamic: dynamic})
		if err != nil {
			panic(fmt.Sprintf("%v\non %s", err, raw))
		}
		text := ""
		if got.Text != nil {
			text = *got.Text
		}
		if text != want || (wantErr != "") != (got.Error != "") {
			t.differ++
			r.show(kind, "%s dynamic=%v\n  want %q %s\n  got  %q %s\n", raw, dynamic, want, wantErr, text, got.Error)
		}
	}
}

func main() {
	path := flag.String("driver", "../../../build/release/tests/oracle/yaml_driver", "our side")
	n := flag.Int("n", 2000, "random cases of each kind")
	seed := flag.Int64("seed", 1, "of the random cases")
	max := flag.Int("show", 20, "differences of each kind to print")
	flag.Parse()
	r := &run{d: start(*path), t: map[string]*tally{}, shown: map[string]int{}, max: *max}
	random := rand.New(rand.NewSource(*seed))
	scalars(r, random, *n)
	documents(r, random, *n)
	mutations(r, random, *n)
	values(r, random, *n)
	failed := false
	for _, kind := range []string{"scalar", "document", "strict", "mutated", "write"} {
		t := r.of(kind)
		fmt.Printf("%-9s %7d asked, %d differ, %d differ in the error's text only, %d refused by our limits\n", kind, t.asked,
			t.differ, t.onlyText, t.refused)
		failed = failed || t.differ > 0
	}
	if failed {
		os.Exit(1)
	}
}
