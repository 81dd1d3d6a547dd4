// SPDX-License-Identifier: Apache-2.0

package chart

import "fmt"

// Kubernetes from the oldest that is supported on; some where something is missing that the next one has.
var kubes = []string{"1.16.0", "1.17.5", "1.18.0", "1.20.15", "1.21.0", "1.22.0", "1.25.16-gke.1", "1.30.0", "1.36.1"}

const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

// set is a way to install.
type set struct{ name, release, namespace, values string }

// kubes are all of them for the default values, and some for the others.
func (s set) kubes() []string {
	if s.values == "" {
		return kubes
	}
	return []string{"1.16.0", "1.36.1"}
}

// All must satisfy every rule of invariants_test.go.
var sets = []set{
	{name: "default"},
	{name: "another name and namespace", release: "sidecars", namespace: "mesh", values: `{}`},
	{name: "revision", release: "outrigger-1-30", values: `{revision: 1-30}`},
	{name: "revision default", values: `{revision: default}`},
	{name: "tags", values: `{revision: canary, revisionTags: [prod, default], webhook: {injectByDefault: false}}`},
	{name: "cert-manager", values: `{certificates: {mode: cert-manager}}`},
	{name: "cert-manager with an issuer", values: `
certificates: {mode: cert-manager, secretName: webhook-tls, certManager: {issuerRef: {name: vault, kind: ClusterIssuer, group: cert-manager.io}}}
webhook: {url: "https://outrigger.example.org:8443", path: /inject/cluster/east/net/one}`},
	{name: "own CA", namespace: "mesh", values: `
certificates: {secretName: mine, selfSigned: {duration: 24h, caDuration: 72h, settle: 500ms}}
webhook: {url: "https://outrigger.example.org"}
require: {enabled: true}
networkPolicy: {apiServerCIDRs: [10.0.0.0/28], apiServerPorts: [8443]}`},
	{name: "cert-manager and require", values: `{certificates: {mode: cert-manager}, require: {enabled: true}}`},
	{name: "files", values: fmt.Sprintf(`{certificates: {mode: files, secretName: mine, caBundle: %q}, webhook: {url: "https://outrigger.example.org"}}`, pem)},
	{name: "mounted", namespace: "istio-system", values: `{revision: 1-30, configuration: {source: mounted}}`},
	{name: "mounted by name", values: `{configuration: {source: mounted, injectorConfigMap: injector, meshConfigMap: mesh}}`},
	{name: "from the cluster", values: `{configuration: {source: cluster}}`},
	{name: "from the cluster by revision", namespace: "mesh", values: `
{revision: 1-30, configuration: {source: cluster, namespace: mesh-config}, certificates: {mode: files}, guard: {existingConfigMap: team-guard}}`},
	{name: "guard", values: `
guard: {config: {rules: [{name: a, match: {injection: "off"}, action: deny, message: "no {{ template }}"}]}}
require: {enabled: true, namespaceSelector: {matchLabels: {tier: restricted}, matchExpressions: [{key: a, operator: Exists}]}}`},
	{name: "guard of somebody else", values: `{guard: {existingConfigMap: team-guard}, require: {enabled: true}}`},
	{name: "audited", values: `{audit: {log: file, keySecret: audit-key, full: block, rotateSize: 1Gi, checkpointLines: 1000000}}`},
	{name: "audited elsewhere", values: `{audit: {log: file, volume: {persistentVolumeClaim: {claimName: audit}}}}`},
	{name: "audited to its output", values: `{audit: {log: stdout, keySecret: audit-key}, istio: {tokenPolicy: require-third-party}}`},
	{name: "node network", values: `{hostNetwork: true, port: 10260, metricsPort: 10261}`},
	{name: "autoscaled", values: `{autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 10}}`},
	{name: "OpenShift", values: `{istio: {platform: openshift, compliancePolicy: fips-140-2, nativeSidecars: true, version: "1.24"}}`},
	{name: "a user of many digits", values: `{runAsUser: 1000680000, server: {maxConnections: 100000, threads: 4, maxBody: 16Mi}}`},
	{name: "without Events", values: `{certificates: {mode: files}, events: {enabled: false}}`},
	{name: "nothing counted", values: `{certificates: {mode: cert-manager}, metrics: {countPods: false}}`},
	{name: "monitoring", values: `
metrics: {annotations: false, serviceMonitor: {enabled: true, labels: {release: prometheus}}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}`},
	{name: "little", values: `
{podDisruptionBudget: {enabled: false}, networkPolicy: {enabled: false}, serviceAccount: {create: false, name: mine}, webhook: {enabled: false}, priorityClassName: ""}`},
	{name: "labels that would break it", values: `
podLabels: {app.kubernetes.io/name: other, sidecar.istio.io/inject: "true", team: mesh}
podAnnotations: {sidecar.istio.io/inject: "true", note: "a: b"}`},
	{name: "much", release: "all", values: `
image: {repository: registry.example.org:5000/mesh/outrigger, digest: "sha256:0123456789012345678901234567890123456789012345678901234567890123"}
imagePullSecrets: [{name: registry}]
istio: {clusterId: "east: 1", env: {ENABLE_NATIVE_SIDECARS: true, ENABLE_LEGACY_FSGROUP_INJECTION: "false"}}
webhook:
  failurePolicy: Ignore
  timeoutSeconds: 3
  reinvocationPolicy: IfNeeded
  excludedNamespaces: [cert-manager, kube-system]
  matchConditions: [{name: not-debug, expression: "!('debug' in object.metadata.labels)"}]
  annotations: {note: "a: b"}
networkPolicy: {apiServerCIDRs: [10.0.0.0/28, "fd00::/64"], metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}
service: {port: 8443, annotations: {a: b}}
serviceAccount: {name: other, annotations: {a: b}}
priorityQuota: true
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {}}
topologySpreadConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]`},
}
