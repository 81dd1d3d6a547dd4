// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"outrigger/tests/e2e/lab"
)

// moved has two more releases beside the default one, and moves a namespace
// from one to the other as operators do: by its label, then by new pods. Each
// pod is to be asked about once, and the right release to have answered.
func (i *installation) moved() (string, error) {
	for _, revision := range []string{"blue", "green"} {
		if _, err := lab.NewService(i.node, lab.Release{Name: "outrigger-" + revision, Namespace: system,
			Revision: revision, Settings: i.settings}); err != nil {
			return "", err
		}
	}
	before, err := i.cluster.Admissions()
	if err != nil {
		return "", err
	}
	pods := 0
	i.probes = 0
	for _, step := range []func() (int, error){i.startsBlue, i.turnsGreen, i.copiesBlue, i.labelledTwice, i.podsChoose} {
		made, err := step()
		if err != nil {
			return "", err
		}
		pods += made
	}
	after, err := i.cluster.Admissions()
	if err != nil {
		return "", err
	}
	if calls := after.Total - before.Total; calls != pods+i.probes || after.Failed != before.Failed {
		return "", fmt.Errorf("%d calls for %d pods and %d dry runs; failed: %s", calls, pods, i.probes, after.Complaint)
	}
	return fmt.Sprintf("%d pods of three releases, each asked about once; sidecars twice: 0", pods), nil
}

const (
	moving         = "moving"
	movingReplicas = 20 // of manifests/deployment.yaml
)

func (i *installation) startsBlue() (int, error) {
	if err := makeNamespace(i.cluster, moving, "istio.io/rev=blue"); err != nil {
		return 0, err
	}
	if _, err := i.suite().create(moving, "deployment"); err != nil {
		return 0, err
	}
	return i.are(moving, "deployment", "blue", movingReplicas)
}

// The pods of before go first: a rolling update would wait for a kubelet.
func (i *installation) turnsGreen() (int, error) {
	if err := i.relabel("green"); err != nil {
		return 0, err
	}
	for _, replicas := range []int{0, movingReplicas} {
		if _, err := i.cluster.Kubectl("", "-n", moving, "scale", "deployment", "deployment",
			fmt.Sprintf("--replicas=%d", replicas)); err != nil {
			return 0, err
		}
		if err := lab.Poll(rolloutLimit, fmt.Sprintf("%d pods", replicas), func() (bool, error) {
			pods, err := i.suite().pods(moving, "deployment")
			return len(pods) == replicas, err
		}); err != nil {
			return 0, err
		}
	}
	return i.are(moving, "deployment", "green", movingReplicas)
}

// A pod with a sidecar comes to the other release as it is stored: exported
// and created again, as people do who move a namespace to another cluster.
func (i *installation) copiesBlue() (int, error) {
	if err := i.relabel("blue"); err != nil {
		return 0, err
	}
	if _, err := i.suite().create(moving, "pod"); err != nil {
		return 0, err
	}
	stored, err := i.cluster.Kubectl("", "-n", moving, "get", "pod", "bare", "-o", "json")
	if err != nil {
		return 0, err
	}
	if _, err := i.are(moving, "pod", "blue", 1); err != nil {
		return 0, err
	}
	if err := i.relabel("green"); err != nil {
		return 0, err
	}
	if _, err := i.cluster.Kubectl(stored, "-n", moving, "replace", "--force", "--grace-period=0", "-f", "-"); err != nil {
		return 0, err
	}
	_, err = i.are(moving, "pod", "green", 1)
	return 2, err
}

// Of both labels istio-injection counts, as in Istio.
func (i *installation) labelledTwice() (int, error) {
	if err := makeNamespace(i.cluster, "labelled-twice", "istio-injection=enabled", "istio.io/rev=blue"); err != nil {
		return 0, err
	}
	if _, err := i.suite().create("labelled-twice", "statefulset"); err != nil {
		return 0, err
	}
	return i.are("labelled-twice", "statefulset", "default", 2)
}

// In a namespace without labels a pod's own count.
func (i *installation) podsChoose() (int, error) {
	if err := makeNamespace(i.cluster, "pods-choose"); err != nil {
		return 0, err
	}
	for label, revision := range map[string]string{
		"istio.io/rev: blue": "blue", "istio.io/rev: green": "green", `sidecar.istio.io/inject: "true"`: "default"} {
		pod := strings.NewReplacer("name: bare", "name: "+revision,
			"labels: {app: pod}", "labels: {app: "+revision+", "+label+"}").Replace(manifest("pod"))
		if _, err := i.cluster.Kubectl(pod, "create", "-n", "pods-choose", "-f", "-"); err != nil {
			return 0, err
		}
		if _, err := i.are("pods-choose", revision, revision, 1); err != nil {
			return 0, err
		}
	}
	return 3, nil
}

func (i *installation) suite() *suite { return &suite{cluster: i.cluster} }

// relabel waits until the API server goes by the new label, which it learns
// a moment after it has stored it. Dry runs tell; each is a call, too.
func (i *installation) relabel(revision string) error {
	if _, err := i.cluster.Kubectl("", "label", "namespace", moving, "--overwrite", "istio.io/rev="+revision); err != nil {
		return err
	}
	return lab.Poll(rolloutLimit, "a dry run of revision "+revision, func() (bool, error) {
		text, err := i.suite().create(moving, "dryrun", "--dry-run=server", "-o", "json")
		i.probes++
		return strings.Contains(text, `\"revision\":\"`+revision+`\"`), err
	})
}

// are wants that many pods, each with one sidecar, of the given revision.
func (i *installation) are(namespace, app, revision string, want int) (int, error) {
	pods, err := i.suite().waitPods(namespace, app, want)
	if err != nil {
		return 0, err
	}
	for p := range pods {
		if err := pods[p].checkInjected(false); err != nil {
			return 0, err
		}
		var status struct{ Revision string }
		if err := json.Unmarshal([]byte(pods[p].Metadata.Annotations[statusAnnotation]), &status); err != nil {
			return 0, err
		}
		if status.Revision != revision {
			return 0, fmt.Errorf("pod %s is of revision %q, want %q", pods[p].Metadata.Name, status.Revision, revision)
		}
	}
	return want, nil
}
