// SPDX-License-Identifier: Apache-2.0

// The oracle for strategic merges: apimachinery's strategicpatch and our driver merge the same, and the differences are printed.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

type object = map[string]any

type question struct {
	Original any `json:"original"`
	Patch    any `json:"patch"`
}

type answer struct {
	JSON  any    `json:"json"`
	Error string `json:"error"`
	Where string `json:"where"`
}

func decode(text []byte) object {
	o := object{}
	if err := json.Unmarshal(text, &o); err != nil {
		panic(err)
	}
	return o
}

// want merges copies, for the library changes what it is given. Where it panics, any refusal of ours is right.
func want(original, patch []byte, schema strategicpatch.LookupPatchMeta) (result string, failure string, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			failure, panicked = fmt.Sprint(p), true
		}
	}()
	merged, err := strategicpatch.StrategicMergeMapPatchUsingLookupPatchMeta(decode(original), decode(patch), schema)
	if err != nil {
		return "", err.Error(), false
	}
	out, err := json.Marshal(merged)
	if err != nil {
		panic(err)
	}
	return string(out), "", false
}

// sameError: where both words and members of a map could be at fault, Go takes any.
func sameError(want, got string) bool {
	return want == got || strings.HasPrefix(want, got) || (len(want) > 900 && strings.HasPrefix(want, got[:min(len(got), 200)]))
}

func main() {
	path := flag.String("driver", "../../../build/release/tests/oracle/merge_driver", "our side")
	n := flag.Int("n", 20000, "random pairs")
	seed := flag.Int64("seed", 1, "of the random pairs")
	show := flag.Int("show", 10, "differences to print")
	flag.Parse()
	schema, err := strategicpatch.NewPatchMetaFromStruct(corev1.Pod{})
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(*path)
	in, _ := cmd.StdinPipe()
	pipe, _ := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	out := bufio.NewReaderSize(pipe, 1<<20)
	g := &generator{Rand: rand.New(rand.NewSource(*seed))}
	asked, failed, panics, differ, onlyText := 0, 0, 0, 0, 0
	for i := range *n + len(fixed) {
		var q question
		if i < len(fixed) {
			q = question{decode([]byte(fixed[i][0])), decode([]byte(fixed[i][1]))}
		} else {
			q = question{g.pod(), g.overlay()}
		}
		original, _ := json.Marshal(q.Original)
		patch, _ := json.Marshal(q.Patch)
		line, _ := json.Marshal(q)
		if _, err := in.Write(append(line, '\n')); err != nil {
			panic(err)
		}
		reply, err := out.ReadBytes('\n')
		if err != nil {
			panic(fmt.Sprintf("%v\non %s", err, line))
		}
		var got answer
		if err := json.Unmarshal(reply, &got); err != nil {
			panic(err)
		}
		text := ""
		if got.Error == "" {
			b, _ := json.Marshal(got.JSON)
			text = string(b)
		}
		result, failure, panicked := want(original, patch, schema)
		asked++
		switch {
		case panicked, strings.HasPrefix(got.Error, "a list is merged by a key that is a list or a map"):
			panics++ // Go compares such keys only where it must, and then panics
		case text != result || (failure != "") != (got.Error != ""):
			if differ++; differ <= *show {
				fmt.Printf("original %s\npatch    %s\n  want %s %s\n  got  %s %s at %s\n", original, patch, result, failure, text,
					got.Error, got.Where)
			}
		case failure != "":
			failed++
			if !sameError(failure, got.Error) {
				if onlyText++; os.Getenv("SHOW_TEXT") != "" && onlyText <= *show {
					fmt.Printf("patch %s\n  want %s\n  got  %s at %s\n", patch, failure, got.Error, got.Where)
				}
			}
		}
	}
	fmt.Printf("merge %d asked, %d of them errors, %d make Go panic, %d differ, %d differ in the error's text only\n", asked, failed,
		panics, differ, onlyText)
	if differ > 0 {
		os.Exit(1)
	}
}
