// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"os"
	"path/filepath"
	"testing"
)

// What the chart makes by default, and with much of it switched on, as text to be reviewed. UPDATE_GOLDEN=1 writes it anew.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]release{
		"default":      {kube: "1.36.0", values: `{}`},
		"old":          {kube: "1.16.0", values: `{autoscaling: {enabled: true}}`},
		"revision":     {name: "outrigger-1-30", namespace: "mesh", kube: "1.36.0", values: `{revision: 1-30, revisionTags: [prod]}`},
		"files":        {kube: "1.36.0", values: `{certificates: {mode: files}}`},
		"cluster":      {kube: "1.36.0", values: `{revision: 1-30, configuration: {source: cluster}, certificates: {mode: files}}`},
		"cert-manager": {kube: "1.36.0", values: `{certificates: {mode: cert-manager}, require: {enabled: true}}`},
	} {
		got, complaint, err := r.helm(t)
		if err != nil {
			t.Fatal(complaint)
		}
		sameAsFile(t, filepath.Join("golden", name+".yaml"), got)
	}
}

func sameAsFile(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what comes out now; look at the difference after UPDATE_GOLDEN=1", path)
	}
}
