// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Each is refused, with words that name the value.
func TestRefused(t *testing.T) {
	t.Parallel()
	rows := []struct{ values, kube, want string }{
		{`{failurePolicy: Fail}`, "", "additional properties 'failurePolicy' not allowed"},
		{`{webhook: {failurePolicy: fail}}`, "", "at '/webhook/failurePolicy': value must be one of 'Fail', 'Ignore'"},
		{`{webhook: {timeoutSeconds: 31}}`, "", "at '/webhook/timeoutSeconds': maximum"},
		{`{webhook: {timeoutSeconds: "10"}}`, "", "at '/webhook/timeoutSeconds': got string, want integer"},
		{`{webhook: {reinvocationPolicy: Always}}`, "", "at '/webhook/reinvocationPolicy'"},
		{`{webhook: {url: "http://h"}}`, "", "at '/webhook/url'"},
		{`{webhook: {url: "https://h/inject"}}`, "", "at '/webhook/url'"},
		{`{webhook: {path: /mutate}}`, "", "at '/webhook/path'"},
		{`{webhook: {matchConditions: [{name: a}]}}`, "", "missing property 'expression'"},
		{`{webhook: {matchCondition: []}}`, "", "additional properties 'matchCondition' not allowed"},
		{`{webhook: {excludedNamespaces: [Shop]}}`, "", "at '/webhook/excludedNamespaces/0'"},
		{`{certificates: {mode: none}}`, "", "at '/certificates/mode'"},
		{`{certificates: {caBundle: LS0tLS1CRUdJTg==}}`, "", "at '/certificates/caBundle'"},
		{`{certificates: {selfSigned: {duration: 90d}}}`, "", "at '/certificates/selfSigned/duration'"},
		{`{certificates: {selfSigned: {lifetime: 1h}}}`, "", "additional properties 'lifetime' not allowed"},
		{`{networkPolicy: {apiServerPorts: []}}`, "", "at '/networkPolicy/apiServerPorts'"},
		{fmt.Sprintf(`{certificates: {caBundle: %q}}`, pem), "", "certificates.caBundle is for certificates.mode=files: with self-signed"},
		{`{serviceAccount: {create: false, name: default}}`, "", "name one that is not every pod's"},
		{`{certificates: {certManager: {duration: 90d}}}`, "", "at '/certificates/certManager/duration'"},
		{`{configuration: {source: api-server}}`, "", "at '/configuration/source'"},
		{`{configuration: {namespace: Istio}}`, "", "at '/configuration/namespace'"},
		{`{configuration: {source: cluster, meshConfigMap: a}}`, "", "with cluster they are those of the revision"},
		{`{configuration: {source: cluster}, certificates: {mode: files}, serviceAccount: {create: false, name: default}}`, "", "configuration.source=cluster gives"},
		{`{revision: 1.30}`, "", "at '/revision'"},
		{`{revision: "1.30"}`, "", "at '/revision'"},
		{`{revisionTags: [a, a]}`, "", "at '/revisionTags'"},
		{`{istio: {version: 1.2}}`, "", "at '/istio/version'"},
		{`{istio: {env: {PATH: /bin}}}`, "", "additional properties 'PATH' not allowed"},
		{`{istio: {platform: gke}}`, "", "at '/istio/platform'"},
		{`{guard: {rules: []}}`, "", "additional properties 'rules' not allowed"},
		{`{audit: {log: off}}`, "", "at '/audit/log'"},
		{`{audit: {volume: {emptyDir: {}, name: a}}}`, "", "at '/audit/volume'"},
		{`{audit: {rotateKeep: 0}}`, "", "at '/audit/rotateKeep'"},
		{`{istio: {tokenPolicy: any}}`, "", "at '/istio/tokenPolicy'"},
		{`{server: {idleTimeout: 90}}`, "", "at '/server/idleTimeout'"},
		{`{server: {maxBody: 8M}}`, "", "at '/server/maxBody'"},
		{`{server: {logLevel: trace}}`, "", "at '/server/logLevel'"},
		{`{image: {tag: "a b"}}`, "", "at '/image/tag'"},
		{`{image: {digest: "0123"}}`, "", "at '/image/digest'"},
		{`{port: 443}`, "", "at '/port': minimum"},
		{`{replicas: two}`, "", "at '/replicas'"},
		{`{runAsUser: 0}`, "", "at '/runAsUser': minimum"},
		{`{podLabels: {a: 1}}`, "", "at '/podLabels/a'"},
		{`{networkPolicy: {apiServerCIDRs: [10.0.0.1]}}`, "", "at '/networkPolicy/apiServerCIDRs/0'"},
		{`{service: {type: LoadBalancer}}`, "", "additional properties 'type' not allowed"},
		{`{webhook: {sendOptedOut: true}}`, "1.20.0", "webhook.sendOptedOut needs Kubernetes 1.21"},
		{`{webhook: {injectByDefault: true}}`, "1.20.0", "webhook.injectByDefault needs Kubernetes 1.21"},
		{`{revision: a, webhook: {injectByDefault: true}}`, "", "is for the default revision"},
		{`{guard: {existingConfigMap: a, config: {rules: [{name: a}]}}}`, "", "give one"},
		{fmt.Sprintf(`{certificates: {mode: cert-manager, caBundle: %q}}`, pem), "", "certificates.caBundle is for certificates.mode=files"},
		{`{certificates: {mode: cert-manager}, webhook: {url: "https://h"}}`, "", "give certificates.certManager.issuerRef"},
		{`{}`, "1.15.0", "which is incompatible with Kubernetes v1.15.0"},
	}
	for _, row := range rows {
		if row.kube == "" {
			row.kube = "1.36.0"
		}
		_, complaint, err := release{kube: row.kube, values: row.values}.helm(t)
		if err == nil {
			t.Errorf("%s on %s is accepted", row.values, row.kube)
		} else if !strings.Contains(complaint, row.want) {
			t.Errorf("%s: no %q in: %s", row.values, row.want, complaint)
		}
	}
}

// A value without a place in the schema would be refused, a place without a value is one that nobody finds.
func TestSchemaIsComplete(t *testing.T) {
	t.Parallel()
	var values object
	var schema object
	read(t, "values.yaml", &values)
	text, err := os.ReadFile(chartDir + "/values.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	delete(schema.object("properties"), "global")
	sameKeys(t, "", values, schema)
}

// Maps that are empty or free hold what Kubernetes or the user puts there.
func sameKeys(t *testing.T, path string, values, schema object) {
	t.Helper()
	properties := schema.object("properties")
	if properties == nil || (len(values) == 0 && path != "") {
		return
	}
	if schema.text("additionalProperties") != "false" {
		t.Errorf("%s takes any key", path)
	}
	for key := range properties {
		if _, ok := values[key]; !ok && path != "/resources" {
			t.Errorf("values.yaml lacks %s/%s", path, key)
		}
	}
	for key := range values {
		if properties[key] == nil {
			t.Errorf("the schema lacks %s/%s", path, key)
		}
		sameKeys(t, path+"/"+key, values.object(key), properties.object(key))
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(chartDir + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, kube := range []string{"1.16.0", "1.36.0"} {
		if out, err := exec.Command(need(t, "HELM"), "lint", "--strict", "--kube-version", kube, chartDir).CombinedOutput(); err != nil {
			t.Errorf("helm lint: %v: %s", err, out)
		}
	}
}

// Chart and program have one version.
func TestVersion(t *testing.T) {
	t.Parallel()
	var chart object
	read(t, "Chart.yaml", &chart)
	out, err := exec.Command(need(t, "OUTRIGGER"), "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), chart.text("appVersion")) || chart.text("version") != chart.text("appVersion") {
		t.Errorf("the chart is %s for %s, the program says %s", chart.text("version"), chart.text("appVersion"), out)
	}
}
