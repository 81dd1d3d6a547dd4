// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	tableBegin = "<!-- values: written by UPDATE_GOLDEN=1 tests/chart/chart_test.sh -->\n"
	tableEnd   = "<!-- end of values -->\n"
)

var (
	keyLine    = regexp.MustCompile(`^( *)([A-Za-z]+):(?: (.*))?$`)
	aboutValue = regexp.MustCompile(`^ *# -- (.*)$`)
)

// rows are those of the table: the values that have a comment, with their defaults.
func rows(t *testing.T, text string) []string {
	t.Helper()
	var path []string
	var list []string
	about := ""
	for line := range strings.SplitSeq(text, "\n") {
		if found := aboutValue.FindStringSubmatch(line); found != nil {
			about = found[1]
			continue
		}
		found := keyLine.FindStringSubmatch(line)
		if found == nil || len(found[1])/2 > len(path) {
			continue
		}
		path = append(path[:len(found[1])/2], found[2])
		if about != "" {
			list = append(list, fmt.Sprintf("| `%s` | `%s` | %s |\n", strings.Join(path, "."), initial(t, path, found[3]), strings.ReplaceAll(about, "|", `\|`)))
		} else if found[3] != "" && len(path) > 1 && path[0] != "resources" {
			t.Errorf("values.yaml says nothing about %s", strings.Join(path, "."))
		}
		about = ""
	}
	return list
}

// initial is the default as one writes it on a line.
func initial(t *testing.T, path []string, written string) string {
	t.Helper()
	if written != "" {
		return written
	}
	var values object
	read(t, "values.yaml", &values)
	text, err := json.Marshal(values.at(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestValuesInREADME(t *testing.T) {
	t.Parallel()
	values, err := os.ReadFile(chartDir + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(chartDir + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), tableBegin)
	_, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		t.Fatal("README.md has no table of values")
	}
	table := "| value | default | |\n| --- | --- | --- |\n" + strings.Join(rows(t, string(values)), "")
	sameAsFile(t, chartDir+"/README.md", before+tableBegin+table+tableEnd+after)
}

var setFlag = regexp.MustCompile(`--set(?:-file)? (?:'([^']+)'|(\S+))`)

// Each --set of the README names a value that there is, and all in one command are accepted.
func TestREADMECommands(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(chartDir + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for command := range strings.SplitSeq(strings.ReplaceAll(string(readme), "\\\n", " "), "\n") {
		if !strings.Contains(command, "charts/outrigger") || !strings.Contains(command, "helm ") {
			continue
		}
		values := object{}
		for _, found := range setFlag.FindAllStringSubmatch(command, -1) {
			path, value, _ := strings.Cut(found[1]+found[2], "=")
			setValue(values, strings.Split(path, "."), value)
		}
		text, err := yaml.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		commands++
		if _, complaint, err := (release{kube: "1.36.0", values: string(text)}).helm(t); err != nil {
			t.Errorf("%s: %s", command, complaint)
		}
	}
	if commands < 6 {
		t.Errorf("only %d commands were found", commands)
	}
}

// setValue puts a value where --set would, as far as the README goes.
func setValue(values object, path []string, text string) {
	for ; len(path) > 1; path = path[1:] {
		if values[path[0]] == nil {
			values[path[0]] = map[string]any{}
		}
		values, _ = values[path[0]].(map[string]any)
	}
	var value any = strings.Trim(text, `"'`)
	switch {
	case text == "true" || text == "false":
		value = text == "true"
	case text == "null":
		return
	case strings.HasSuffix(text, ".crt"):
		value = pem
	case strings.Contains(text, "{"):
		value = []string{strings.Trim(text, "{}'")}
	}
	values[path[0]] = value
}
