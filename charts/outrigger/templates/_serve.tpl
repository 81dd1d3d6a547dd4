{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
The command line of `outrigger serve`. Only what differs from the program's defaults in a pod, or is a value of the chart; tests hold every
flag against `outrigger help serve`.
*/}}
{{- define "outrigger.serve" -}}
- serve
- --listen=0.0.0.0:{{ .Values.port }}
- --metrics-listen=0.0.0.0:{{ .Values.metricsPort }}
- --revision={{ include "outrigger.revision" . | default "default" }}
{{ include "outrigger.serveCertificates" . }}
{{- include "outrigger.serveConfiguration" . }}
{{- with include "outrigger.guardConfigMap" . }}
- --guard-config=/etc/outrigger/guard/guard.yaml
{{- end }}
{{- with .Values.istio.version }}
- --istio-version={{ . }}
{{- end }}
- --native-sidecars={{ .Values.istio.nativeSidecars }}
{{- with .Values.istio.platform }}
- --platform={{ . }}
{{- end }}
{{- with .Values.istio.compliancePolicy }}
- --compliance-policy={{ . }}
{{- end }}
- --token-policy={{ .Values.istio.tokenPolicy }}
- {{ printf "--cluster-id=%s" .Values.istio.clusterId | quote }}
{{- range $key, $value := .Values.istio.env }}
- {{ printf "--env=%s=%v" $key $value | quote }}
{{- end }}
{{- include "outrigger.serveTelling" . }}
{{- include "outrigger.serveAudit" . }}
{{- include "outrigger.serveLimits" . }}
{{- end }}

{{/* Replicas do not share a file: each is named after its pod. */}}
{{- define "outrigger.serveAudit" }}
{{- $a := .Values.audit }}
{{- if ne $a.log "off" }}
- --audit-log={{ ternary "-" "/var/log/outrigger/$(POD_NAME).log" (eq $a.log "stdout") }}
{{- with $a.keySecret }}
- --audit-key=/etc/outrigger/audit/audit.key
{{- end }}
- --audit-full={{ $a.full }}
{{- if eq $a.log "file" }}
- --audit-rotate-size={{ $a.rotateSize }}
- --audit-rotate-keep={{ $a.rotateKeep | int }}
{{- end }}
- --audit-checkpoint-lines={{ $a.checkpointLines | int }}
- --audit-checkpoint-interval={{ $a.checkpointInterval }}
{{- end }}
{{- end }}

{{- define "outrigger.serveCertificates" -}}
{{- $c := .Values.certificates -}}
{{- if eq $c.mode "self-signed" -}}
- --certs=self-signed
- --service-name={{ .Release.Name }}
- --namespace={{ .Release.Namespace }}
- --secret-name={{ include "outrigger.secret" . }}
- --lease-name={{ include "outrigger.lease" . }}
- --lease-duration={{ $c.selfSigned.leaseDuration }}
- --cert-lifetime={{ $c.selfSigned.duration }}
- --ca-lifetime={{ $c.selfSigned.caDuration }}
- --ca-settle={{ $c.selfSigned.settle }}
{{- with .Values.webhook.url }}
- --host={{ (urlParse .).hostname }}
{{- end }}
{{- else -}}
- --tls-cert=/etc/outrigger/certs/tls.crt
- --tls-key=/etc/outrigger/certs/tls.key
{{- end }}
{{- if include "outrigger.looksAtTrust" . }}
{{- range include "outrigger.configurations" . | fromJsonArray }}
- --webhook-configuration={{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "outrigger.serveTelling" }}
{{- if .Values.events.enabled }}
- --events
{{- end }}
{{- if include "outrigger.countsPods" . }}
- --count-pods
{{- if ne .Values.certificates.mode "self-signed" }}
- --namespace={{ .Release.Namespace }}
- --lease-name={{ include "outrigger.lease" . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "outrigger.serveConfiguration" }}
{{- if eq .Values.configuration.source "cluster" }}
- --cluster
- --istio-namespace={{ .Values.configuration.namespace }}
{{- end }}
{{- if eq .Values.configuration.source "mounted" }}
- --inject-config=/etc/outrigger/injector/config
- --values=/etc/outrigger/injector/values
- --mesh-config=/etc/outrigger/mesh/mesh
{{- end }}
{{- end }}

{{- define "outrigger.serveLimits" }}
- --threads={{ .Values.server.threads | int }}
- --max-body={{ .Values.server.maxBody }}
- --max-connections={{ .Values.server.maxConnections | int }}
- --idle-timeout={{ .Values.server.idleTimeout }}
- --request-timeout={{ .Values.server.requestTimeout }}
- --drain-delay={{ .Values.server.drainDelay }}
- --log-format={{ .Values.server.logFormat }}
- --log-level={{ .Values.server.logLevel }}
{{- end }}
