{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
Where the API server finds us: (dict "root" $ "path" "/inject"). Without certificates.caBundle there is no caBundle here: whoever owns
that field keeps what it wrote, also over `helm upgrade`, and nobody sees a difference.
*/}}
{{- define "outrigger.clientConfig" -}}
{{- if .root.Values.webhook.url }}
url: {{ printf "%s%s" (trimSuffix "/" .root.Values.webhook.url) .path | quote }}
{{- else }}
service: {name: {{ .root.Release.Name }}, namespace: {{ .root.Release.Namespace }}, path: {{ .path | quote }}, port: {{ .root.Values.service.port }}}
{{- end }}
{{- with .root.Values.certificates.caBundle }}
caBundle: {{ b64enc . }}
{{- end }}
{{- end }}

{{/* cert-manager's cainjector writes the caBundle. */}}
{{- define "outrigger.webhookAnnotations" -}}
{{- if eq .Values.certificates.mode "cert-manager" }}
cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ .Release.Name }}
{{- end }}
{{- with .Values.webhook.annotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "outrigger.podRule" -}}
- operations: [CREATE]
  apiGroups: [""]
  apiVersions: [v1]
  resources: [pods]
{{- end }}

{{/*
One entry: (dict "root" $ "name" "object" "namespaces" (list of expressions) "pods" (list of expressions)). The name must not end in
sidecar-injector.istio.io: istiod writes its own caBundle into those.
*/}}
{{- define "outrigger.entry" -}}
{{- $w := .root.Values.webhook -}}
- name: {{ .name }}.injector.outrigger
  admissionReviewVersions: [v1, v1beta1]
  sideEffects: NoneOnDryRun
  failurePolicy: {{ $w.failurePolicy }}
  timeoutSeconds: {{ $w.timeoutSeconds }}
  reinvocationPolicy: {{ $w.reinvocationPolicy }}
  clientConfig: {{- include "outrigger.clientConfig" (dict "root" .root "path" $w.path) | trim | nindent 4 }}
  rules: {{- include "outrigger.podRule" .root | nindent 2 }}
  namespaceSelector:
    matchExpressions:
    {{- toYaml .namespaces | nindent 4 }}
    {{- with include "outrigger.excluded" .root }}
    {{- . | nindent 4 }}
    {{- end }}
  objectSelector:
    {{- if .pods }}
    matchExpressions: {{- toYaml .pods | nindent 4 }}
    {{- else }} {}
    {{- end }}
  {{- if and $w.matchConditions (include "outrigger.since" (list .root "1.28")) }}
  matchConditions: {{- toYaml $w.matchConditions | nindent 2 }}
  {{- end }}
{{- end }}
