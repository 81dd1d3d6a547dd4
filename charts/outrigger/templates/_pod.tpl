{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The chart's own win: the webhook must not need itself to start. */}}
{{- define "outrigger.podLabels" -}}
{{- $own := dict "sidecar.istio.io/inject" "false" -}}
{{- toYaml (mergeOverwrite (dict) .Values.podLabels (include "outrigger.selectorLabels" . | fromYaml) $own) }}
{{- end }}

{{- define "outrigger.podAnnotations" -}}
{{- $own := dict "sidecar.istio.io/inject" "false" -}}
{{- if .Values.metrics.annotations }}
{{- $own = merge $own (dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .Values.metricsPort) "prometheus.io/path" "/metrics") }}
{{- end }}
{{- if not (include "outrigger.since" (list . "1.19")) }}
{{- $_ := set $own "seccomp.security.alpha.kubernetes.io/pod" "runtime/default" }}
{{- end }}
{{- toYaml (mergeOverwrite (dict) .Values.podAnnotations $own) }}
{{- end }}

{{/* OpenShift gives ids of its own and refuses pods that name others. */}}
{{- define "outrigger.podSecurity" -}}
runAsNonRoot: true
{{- if ne .Values.istio.platform "openshift" }}
runAsUser: {{ .Values.runAsUser | int64 }}
runAsGroup: {{ .Values.runAsUser | int64 }}
fsGroup: {{ .Values.runAsUser | int64 }}
{{- end }}
{{- if include "outrigger.since" (list . "1.19") }}
seccompProfile: {type: RuntimeDefault}
{{- end }}
{{- end }}

{{/* Replicas apart from each other where there is room, and running all the same where there is none. */}}
{{- define "outrigger.spread" -}}
{{- if or .Values.affinity .Values.topologySpreadConstraints }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
{{ toYaml . }}
{{- end }}
{{- else if include "outrigger.since" (list . "1.18") }}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "outrigger.selectorLabels" $ | nindent 6 }}
{{- end }}
{{- else }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels: {{- include "outrigger.selectorLabels" . | nindent 12 }}
{{- end }}
{{- end }}

{{- define "outrigger.mounts" -}}
{{- if ne .Values.certificates.mode "self-signed" }}
- {name: certs, mountPath: /etc/outrigger/certs, readOnly: true}
{{- end }}
{{- if eq .Values.configuration.source "mounted" }}
- {name: injector, mountPath: /etc/outrigger/injector, readOnly: true}
- {name: mesh, mountPath: /etc/outrigger/mesh, readOnly: true}
{{- end }}
{{- if include "outrigger.guardConfigMap" . }}
- {name: guard, mountPath: /etc/outrigger/guard, readOnly: true}
{{- end }}
{{- if and .Values.audit.keySecret (ne .Values.audit.log "off") }}
- {name: audit-key, mountPath: /etc/outrigger/audit, readOnly: true}
{{- end }}
{{- if eq .Values.audit.log "file" }}
- {name: audit-log, mountPath: /var/log/outrigger}
{{- end }}
{{- end }}

{{/* 0440: the process is not root and reads the key as a member of fsGroup. */}}
{{- define "outrigger.volumes" -}}
{{- if ne .Values.certificates.mode "self-signed" }}
- name: certs
  secret: {secretName: {{ include "outrigger.secret" . }}, defaultMode: 0440}
{{- end }}
{{- if eq .Values.configuration.source "mounted" }}
- name: injector
  configMap: {name: {{ .Values.configuration.injectorConfigMap | default (printf "istio-sidecar-injector%s" (include "outrigger.revisionSuffix" .)) }}}
- name: mesh
  configMap: {name: {{ .Values.configuration.meshConfigMap | default (printf "istio%s" (include "outrigger.revisionSuffix" .)) }}}
{{- end }}
{{- with include "outrigger.guardConfigMap" . }}
- name: guard
  configMap: {name: {{ . }}}
{{- end }}
{{- if and .Values.audit.keySecret (ne .Values.audit.log "off") }}
- name: audit-key
  secret: {secretName: {{ .Values.audit.keySecret }}, defaultMode: 0440}
{{- end }}
{{- if eq .Values.audit.log "file" }}
- name: audit-log
  {{- toYaml (.Values.audit.volume | default (dict "emptyDir" (dict "sizeLimit" "2Gi"))) | nindent 2 }}
{{- end }}
{{- end }}
