{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The revision served; "" is the default one, whichever way it was written. */}}
{{- define "outrigger.revision" -}}
{{- if ne .Values.revision "default" }}{{ .Values.revision }}{{ end -}}
{{- end }}

{{/* [-REVISION], as the names of Istio's ConfigMaps end. */}}
{{- define "outrigger.revisionSuffix" -}}
{{- with include "outrigger.revision" . }}-{{ . }}{{ end -}}
{{- end }}

{{/* "yes" where istio-injection: enabled comes to this release. */}}
{{- define "outrigger.isDefault" -}}
{{- if or (eq (include "outrigger.revision" .) "") (has "default" .Values.revisionTags) }}yes{{ end -}}
{{- end }}

{{/* Objects without a namespace: their names must differ between releases. The namespace counts unless it is the usual one. */}}
{{- define "outrigger.namespaceSuffix" -}}
{{- if ne .Release.Namespace "outrigger-system" }}-{{ .Release.Namespace }}{{ end -}}
{{- end }}

{{/* One revision, one configuration: a second release that serves it in the same namespace is refused by helm. */}}
{{- define "outrigger.webhookConfiguration" -}}
outrigger-sidecar-injector{{ include "outrigger.revisionSuffix" . }}{{ include "outrigger.namespaceSuffix" . }}
{{- end }}

{{- define "outrigger.requireConfiguration" -}}
outrigger-require{{ include "outrigger.revisionSuffix" . }}{{ include "outrigger.namespaceSuffix" . }}
{{- end }}

{{- define "outrigger.serviceAccount" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}

{{- define "outrigger.secret" -}}
{{ .Values.certificates.secretName | default (printf "%s-certs" .Release.Name) }}
{{- end }}

{{/* The webhook configurations that call this release, as a JSON list of names. */}}
{{- define "outrigger.configurations" -}}
{{- $names := list -}}
{{- if .Values.webhook.enabled }}{{ $names = append $names (include "outrigger.webhookConfiguration" .) }}{{ end -}}
{{- if .Values.require.enabled }}{{ $names = append $names (include "outrigger.requireConfiguration" .) }}{{ end -}}
{{- toJson $names -}}
{{- end }}

{{/* "yes" where the pods ask the API server: for the configuration, for their own CA, or whether what they serve is trusted; or tell it of pods. */}}
{{- define "outrigger.asksAPI" -}}
{{- if or (eq .Values.configuration.source "cluster") (eq .Values.certificates.mode "self-signed") (include "outrigger.looksAtTrust" .) .Values.events.enabled }}yes{{ end -}}
{{- end }}

{{/* "yes" where they ask whether their webhook configurations trust what they serve. */}}
{{- define "outrigger.looksAtTrust" -}}
{{- if and (ne .Values.certificates.mode "files") (include "outrigger.configurations" . | fromJsonArray) }}yes{{ end -}}
{{- end }}

{{/* "yes" where the leader counts pods: by the selectors of configurations that it looks at anyway. */}}
{{- define "outrigger.countsPods" -}}
{{- if and .Values.metrics.countPods .Values.webhook.enabled (include "outrigger.looksAtTrust" .) }}yes{{ end -}}
{{- end }}

{{/*
Replicas that know of other configurations, before and after an upgrade that switches one on, have a Lease of their own: else the new ones,
which are ready only once caBundle is written, would wait for a leader that does not know of it.
*/}}
{{- define "outrigger.lease" -}}
{{ .Release.Name }}{{ if not .Values.webhook.enabled }}-off{{ end }}{{ if .Values.require.enabled }}-require{{ end }}{{ include "outrigger.revisionSuffix" . }}
{{- end }}

{{/* The ConfigMap with guard.yaml; "" where the program's own is in force. */}}
{{- define "outrigger.guardConfigMap" -}}
{{- if .Values.guard.existingConfigMap }}{{ .Values.guard.existingConfigMap }}{{ else if .Values.guard.config }}{{ .Release.Name }}-guard{{ end -}}
{{- end }}

{{- define "outrigger.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end }}

{{- define "outrigger.selectorLabels" -}}
app.kubernetes.io/name: outrigger
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "outrigger.labels" -}}
{{ include "outrigger.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* "yes" from this version of Kubernetes on: (list . "1.21") */}}
{{- define "outrigger.since" -}}
{{- if semverCompare (printf ">=%s-0" (index . 1)) (index . 0).Capabilities.KubeVersion.Version }}yes{{ end -}}
{{- end }}

{{/*
What no selector may let through: the namespaces that a cluster needs to start, and our own. The label with the name is there from 1.21
on; before, our own pods are kept out by their label alone.
*/}}
{{- define "outrigger.excluded" -}}
{{- if include "outrigger.since" (list . "1.21") -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: {{ concat (list .Release.Namespace "kube-system" "kube-public" "kube-node-lease" "local-path-storage") .Values.webhook.excludedNamespaces | uniq | toJson }}
{{- end }}
{{- end }}

{{/*
What helm cannot say in a schema. Refused here, with the remedy, and not by pods that do not start.
*/}}
{{- define "outrigger.validate" -}}
{{- if and .Values.webhook.sendOptedOut (not (include "outrigger.since" (list . "1.21"))) }}
{{- fail "webhook.sendOptedOut needs Kubernetes 1.21: before, only the label sidecar.istio.io/inject keeps Outrigger's own pods out" }}
{{- end }}
{{- if and .Values.webhook.injectByDefault (not (include "outrigger.since" (list . "1.21"))) }}
{{- fail "webhook.injectByDefault needs Kubernetes 1.21: before, kube-system cannot be excluded by its name" }}
{{- end }}
{{- if and .Values.guard.config .Values.guard.existingConfigMap }}
{{- fail "guard.config and guard.existingConfigMap are two guards: give one" }}
{{- end }}
{{- if and .Values.webhook.injectByDefault (not (include "outrigger.isDefault" .)) }}
{{- fail "webhook.injectByDefault is for the default revision: leave revision empty, or add default to revisionTags" }}
{{- end }}
{{- if and .Values.certificates.caBundle (ne .Values.certificates.mode "files") }}
{{- fail (printf "certificates.caBundle is for certificates.mode=files: with %s it is written in the cluster" .Values.certificates.mode) }}
{{- end }}
{{- if and (eq .Values.configuration.source "cluster") (or .Values.configuration.injectorConfigMap .Values.configuration.meshConfigMap) }}
{{- fail "configuration.injectorConfigMap and meshConfigMap are for configuration.source=mounted: with cluster they are those of the revision" }}
{{- end }}
{{- if and (eq .Values.configuration.source "cluster") (eq .Values.serviceAccount.name "default") }}
{{- fail "configuration.source=cluster gives its service account rights: name one that is not every pod's, in place of default" }}
{{- end }}
{{- if and (eq .Values.certificates.mode "self-signed") (eq .Values.serviceAccount.name "default") }}
{{- fail "certificates.mode=self-signed gives its service account rights: name one that is not every pod's, in place of default" }}
{{- end }}
{{- if and (eq .Values.certificates.mode "cert-manager") .Values.webhook.url (not .Values.certificates.certManager.issuerRef) }}
{{- fail "webhook.url is called by another name than the Service's: give certificates.certManager.issuerRef of an issuer, or certificates.mode=files" }}
{{- end }}
{{- end }}
