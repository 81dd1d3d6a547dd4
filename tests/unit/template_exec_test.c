/* SPDX-License-Identifier: Apache-2.0 */
/* The template interpreter: what Go prints, each of its complaints word for word, and what is bounded. */
#include "template_rows.h"

#include "base/limits.h"

static const struct row rows[] = {
	{RUN, "{{ .Nope }}",
	 "template: inject:1:3: executing \"inject\" at <.Nope>: can't evaluate field Nope in type *inject.SidecarTemplateData"},
	{RUN, "{{ .Values.s.x }}",
	 "template: inject:1:10: executing \"inject\" at <.Values.s.x>: can't evaluate field x in type interface {}"},
	{PRINTS, "{{ .Values.missing }} {{ .Values.missing.deep.er }} {{ .Values.n }}",
	 "<no value> <no value> <no value>"},
	{RUN, "{{ .Values.n.x }}",
	 "template: inject:1:10: executing \"inject\" at <.Values.n.x>: nil pointer evaluating interface {}.x"},
	{RUN, "{{ $x := .Values.s }}{{ $x.y }}",
	 "template: inject:1:26: executing \"inject\" at <$x.y>: can't evaluate field y in type string"},
	{PRINTS, "{{ $x := .Values.n }}{{ $x }}{{ $x.y }}",
	 "<no value><no value>"},
	{PRINTS, "{{ .Values.weird.x }} {{ index .Values.weird \"a.b\" }} {{ index .Values.weird \"\" }}",
	 "<no value> c empty"},
	{RUN, "{{ .Spec.Nope }}",
	 "template: inject:1:8: executing \"inject\" at <.Spec.Nope>: can't evaluate field Nope in type v1.PodSpec"},
	{RUN, "{{ .Spec.SecurityContext }} {{ .Spec.SecurityContext.RunAsUser }}",
	 "template: inject:1:36: executing \"inject\" at <.Spec.SecurityContext.RunAsUser>: nil pointer evaluating *v1.PodSecurityContext.RunAsUser"},
	{RUN, "{{ .Spec.SecurityContext.Nope }}",
	 "template: inject:1:8: executing \"inject\" at <.Spec.SecurityContext.Nope>: can't evaluate field Nope in type *v1.PodSecurityContext"},
	{RUN, "{{ .Spec.Affinity.NodeAffinity }}",
	 "template: inject:1:8: executing \"inject\" at <.Spec.Affinity.NodeAffinity>: nil pointer evaluating *v1.Affinity.NodeAffinity"},
	{PRINTS, "{{ .ObjectMeta.Labels.app }} {{ .ObjectMeta.Labels.nope }}| {{ .ObjectMeta.Labels.nope.x }}",
	 "web <no value>| <no value>"},
	{RUN, "{{ .ObjectMeta.Labels.app.x }}",
	 "template: inject:1:14: executing \"inject\" at <.ObjectMeta.Labels.app.x>: can't evaluate field x in type string"},
	{PRINTS, "{{ .ObjectMeta.GetName }} {{ .ObjectMeta.GetNamespace }}",
	 "web-1 prod"},
	{RUN, "{{ .ObjectMeta.GetName 1 }}",
	 "template: inject:1:14: executing \"inject\" at <.ObjectMeta.GetName>: wrong number of args for GetName: want 0 got 1"},
	{RUN, "{{ 1 | .ObjectMeta.GetName }}",
	 "template: inject:1:18: executing \"inject\" at <.ObjectMeta.GetName>: wrong number of args for GetName: want 0 got 1"},
	{RUN, "{{ .ObjectMeta.Name 1 }}",
	 "template: inject:1:14: executing \"inject\" at <.ObjectMeta.Name>: Name has arguments but cannot be invoked as function"},
	{RUN, "{{ 1 | .ObjectMeta.Name }}",
	 "template: inject:1:18: executing \"inject\" at <.ObjectMeta.Name>: Name has arguments but cannot be invoked as function"},
	{RUN, "{{ .Values.s 1 }}",
	 "template: inject:1:10: executing \"inject\" at <.Values.s>: s is not a method but has arguments"},
	{RUN, "{{ .Values.list.x }}",
	 "template: inject:1:10: executing \"inject\" at <.Values.list.x>: can't evaluate field x in type interface {}"},
	{RUN, "{{ (index .Spec.Containers 0).Resources.Limits.cpu }}",
	 "template: inject:1:27: executing \"inject\" at <0>: can't evaluate field cpu in type v1.ResourceList"},
	{RUN, "{{ index (index .Spec.Containers 0).Resources.Limits \"cpu\" }}",
	 "template: inject:1:3: executing \"inject\" at <index (index .Spec.Containers 0).Resources.Limits \"cpu\">: error calling index: value has type string; should be v1.ResourceName"},
	{RUN, "{{ range $k, $v := (index .Spec.Containers 0).Resources.Limits }}{{ $k }}={{ $v.String }} {{ end }}",
	 "template: inject:1:79: executing \"inject\" at <$v.String>: can't evaluate field String in type resource.Quantity"},
	{PRINTS, "{{ (index .Spec.Containers 0).SecurityContext.RunAsUser }} {{ (index .Spec.Containers 1).SecurityContext }}",
	 "1000 nil"},
	{PRINTS, "{{ .ProxyConfig.StatusPort }} {{ .ProxyConfig.InterceptionMode }} {{ .ProxyConfig.GetServiceCluster }} {{ .ProxyConfig.Concurrency }}",
	 "15020 TPROXY istio-proxy value:2"},
	{RUN, "{{ .ProxyConfig.ServiceCluster }}",
	 "template: inject:1:15: executing \"inject\" at <.ProxyConfig.ServiceCluster>: can't evaluate field ServiceCluster in type *v1alpha1.ProxyConfig"},
	{PRINTS, "{{ .ProxyConfig.ClusterName }}",
	 "&{istio-proxy}"},
	{PRINTS, "{{ .ProxyConfig.Tracing }} {{ .ProxyConfig.Tracing.GetZipkin.Address }} {{ .ProxyConfig.GetTracing.GetLightstep.GetAddress }}|",
	 "zipkin:{address:\"zipkin:9411\"} sampling:1.5 zipkin:9411 |"},
	{RUN, "{{ .ProxyConfig.Tracing.Zipkin }}",
	 "template: inject:1:15: executing \"inject\" at <.ProxyConfig.Tracing.Zipkin>: can't evaluate field Zipkin in type *v1alpha1.Tracing"},
	{RUN, "{{ .ProxyConfig.EnvoyMetricsService }} {{ .ProxyConfig.EnvoyMetricsService.Address }}",
	 "template: inject:1:54: executing \"inject\" at <.ProxyConfig.EnvoyMetricsService.Address>: nil pointer evaluating *v1alpha1.RemoteService.Address"},
	{PRINTS, "{{ .ProxyConfig.EnvoyMetricsService.GetAddress }}|",
	 "|"},
	{PRINTS, "{{ .ProxyConfig.DrainDuration }} {{ .MeshConfig.DnsRefreshRate }} {{ .ProxyConfig.ProxyMetadata }}",
	 "seconds:45 seconds:1 nanos:500000000 map[A:1 B:2]"},
	{PRINTS, "{{ .ProxyConfig }}",
	 "binary_path:\"/usr/local/bin/envoy\" service_cluster:\"istio-proxy\" drain_duration:{seconds:45} concurrency:{value:2} interception_mode:TPROXY tracing:{zipkin:{address:\"zipkin:9411\"} sampling:1.5} proxy_metadata:{key:\"A\" value:\"1\"} proxy_metadata:{key:\"B\" value:\"2\"} status_port:15020"},
	{PRINTS, "{{ .MeshConfig.OutboundTrafficPolicy }} {{ .MeshConfig.OutboundTrafficPolicy.Mode }} {{ .MeshConfig.EnablePrometheusMerge }} {{ .MeshConfig.EnablePrometheusMerge.GetValue }}",
	 " REGISTRY_ONLY value:true true"},
	{PRINTS, "{{ .TypeMeta }} {{ .DeploymentMeta }} {{ .DeploymentMeta.String }} {{ .ObjectMeta.CreationTimestamp }}",
	 "&TypeMeta{Kind:Pod,APIVersion:v1,} prod/web-1 prod/web-1 2024-05-06 07:08:09 +0000 UTC"},
	{PRINTS, "{{ .Spec.TerminationGracePeriodSeconds }} {{ .Spec.ActiveDeadlineSeconds }} {{ .Spec.RestartPolicy }}|{{ .Spec.HostNetwork }}",
	 "30 <nil> |false"},
	{PRINTS, "{{ .Spec.Volumes }}",
	 "[{d {nil &EmptyDirVolumeSource{Medium:,SizeLimit:<nil>,} nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil}} {c {nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil &ConfigMapVolumeSource{LocalObjectReference:LocalObjectReference{Name:c,},Items:[]KeyToPath{},DefaultMode:nil,Optional:nil,} nil nil nil nil nil nil nil nil nil nil nil}}]"},
	{PRINTS, "{{ .Spec.NodeSelector }} {{ .Spec.Overhead }} {{ .Spec.Tolerations }}",
	 "map[a:b] map[cpu:{{5 -1} {<nil>}  DecimalSI}] []"},
	{PRINTS, "{{ range .Spec.Containers }}{{ .LivenessProbe }}|{{ .ReadinessProbe }}|{{ end }}",
	 "&Probe{ProbeHandler:ProbeHandler{Exec:nil,HTTPGet:&HTTPGetAction{Path:/,Port:{0 80 },Host:,Scheme:,HTTPHeaders:[]HTTPHeader{},},TCPSocket:nil,GRPC:nil,},InitialDelaySeconds:0,TimeoutSeconds:0,PeriodSeconds:0,SuccessThreshold:0,FailureThreshold:0,TerminationGracePeriodSeconds:nil,}|nil|nil|&Probe{ProbeHandler:ProbeHandler{Exec:nil,HTTPGet:nil,TCPSocket:&TCPSocketAction{Port:{1 0 http},Host:,},GRPC:nil,},InitialDelaySeconds:0,TimeoutSeconds:0,PeriodSeconds:0,SuccessThreshold:0,FailureThreshold:0,TerminationGracePeriodSeconds:nil,}|"},
	{PRINTS, "{{ .ObjectMeta.OwnerReferences }}",
	 "[{apps/v1 ReplicaSet web u <nil> <nil>}]"},
	{PRINTS, "{{ .ObjectMeta }}",
	 "&ObjectMeta{Name:web-1,GenerateName:,Namespace:prod,SelfLink:,UID:,ResourceVersion:,Generation:0,CreationTimestamp:2024-05-06 07:08:09 +0000 UTC,DeletionTimestamp:<nil>,DeletionGracePeriodSeconds:nil,Labels:map[string]string{app: web,version: v1,},Annotations:map[string]string{note: x <y>,},OwnerReferences:[]OwnerReference{OwnerReference{Kind:ReplicaSet,Name:web,UID:u,APIVersion:apps/v1,Controller:nil,BlockOwnerDeletion:nil,},},Finalizers:[],ManagedFields:[]ManagedFieldsEntry{},}"},
	{PRINTS, "{{ print .ObjectMeta.Labels }} {{ print .Spec.SecurityContext }}",
	 "map[app:web version:v1] nil"},
	{PRINTS, "{{ if .Spec.SecurityContext }}a{{ else }}b{{ end }} {{ if .ProxyConfig }}a{{ end }} {{ if .ObjectMeta }}a{{ end }} {{ if .Values.empty }}a{{ else }}b{{ end }}",
	 "b a a b"},
	{PRINTS, "{{ if 0 }}a{{ else if 0.0 }}b{{ else if \"\" }}c{{ else if .Values.n }}d{{ else if false }}e{{ else }}f{{ end }}",
	 "f"},
	{PRINTS, "{{ if 1 }}a{{ end }}{{ if 0.1 }}b{{ end }}{{ if \"x\" }}c{{ end }}{{ if .Values.map }}d{{ end }}{{ if .Values.list }}e{{ end }}",
	 "abcde"},
	{PRINTS, "{{ range .Values.list }}{{ . }},{{ end }} {{ range $e := .Values.list }}{{ $e }}{{ end }} {{ range $i, $e := .Values.list }}{{ $i }}{{ $e }}{{ end }}",
	 "a,b,c, abc 0a1b2c"},
	{PRINTS, "{{ range .Values.map }}{{ . }} {{ end }}{{ range $k, $v := .Values.map }}{{ $k }}{{ $v }} {{ end }}",
	 "v1 v2 3 k1v1 k2v2 k33 "},
	{PRINTS, "{{ range 3 }}{{ . }}{{ end }} {{ range $x := 2 }}{{ $x }}{{ end }} {{ range 0 }}x{{ else }}none{{ end }} {{ range -1 }}x{{ else }}none{{ end }}",
	 "012 01 none none"},
	{RUN, "{{ range $i, $x := 2 }}{{ $x }}{{ end }}",
	 "template: inject:1:19: executing \"inject\" at <2>: can't use 2 to iterate over more than one variable"},
	{RUN, "{{ range \"abc\" }}x{{ end }}",
	 "template: inject:1:9: executing \"inject\" at <\"abc\">: range can't iterate over abc"},
	{RUN, "{{ range 1.5 }}x{{ end }}",
	 "template: inject:1:9: executing \"inject\" at <1.5>: range can't iterate over 1.5"},
	{RUN, "{{ range true }}x{{ end }}",
	 "template: inject:1:9: executing \"inject\" at <true>: range can't iterate over true"},
	{PRINTS, "{{ range .Values.n }}x{{ else }}nil{{ end }} {{ range .Values.missing }}x{{ else }}missing{{ end }} {{ range .Values.empty }}x{{ else }}empty{{ end }}",
	 "nil missing empty"},
	{RUN, "{{ range .Spec.SecurityContext }}x{{ else }}y{{ end }}",
	 "template: inject:1:14: executing \"inject\" at <.Spec.SecurityContext>: range can't iterate over nil"},
	{PRINTS, "{{ range .Spec.TerminationGracePeriodSeconds }}.{{ end }}",
	 ".............................."},
	{PRINTS, "{{ range .MeshConfig.ProxyListenPort }}{{ break }}{{ end }}|",
	 "|"},
	{PRINTS, "{{ range $i, $e := .Values.list }}{{ if eq $i 1 }}{{ continue }}{{ end }}{{ $e }}{{ end }}",
	 "ac"},
	{RUN, "{{ range .Values.list }}{{ range .  }}{{ end }}{{ end }}",
	 "template: inject:1:33: executing \"inject\" at <.>: range can't iterate over a"},
	{PRINTS, "{{ range $x := .Values.list }}{{ range $.Values.nums }}{{ if gt . 1.0 }}{{ break }}{{ end }}{{ $x }}{{ . }}{{ end }}{{ end }}",
	 "a1b1c1"},
	{PRINTS, "{{ $x := 1 }}{{ range .Values.list }}{{ $x = . }}{{ end }}{{ $x }} {{ range $x = .Values.list }}{{ end }}{{ $x }}",
	 "c c"},
	{PRINTS, "{{ $i := 0 }}{{ $e := 0 }}{{ range $i, $e = .Values.list }}{{ end }}{{ $i }}{{ $e }}",
	 "2c"},
	{PRINTS, "{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}",
	 "21"},
	{PRINTS, "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}",
	 "2"},
	{RUN, "{{ $x = 1 }}",
	 "template: inject:1:8: executing \"inject\" at <1>: undefined variable: $x"},
	{RUN, "{{ if $x = 1 }}{{ end }}",
	 "template: inject:1:11: executing \"inject\" at <1>: undefined variable: $x"},
	{PRINTS, "{{ if ($x := 5) }}{{ $x }}{{ end }}",
	 "5"},
	{PRINTS, "{{ with .Values.map }}{{ .k1 }}{{ $.Values.s }}{{ end }} {{ with .Values.missing }}x{{ else }}y{{ end }} {{ with $x := 3 }}{{ $x }}{{ . }}{{ end }}",
	 "v1hello y 33"},
	{PRINTS, "{{ with .Values.n }}a{{ else with .Values.s }}{{ . }}{{ else }}b{{ end }} {{ with 0 }}a{{ else with \"\" }}b{{ else }}{{ .Values.s }}{{ end }}",
	 "hello hello"},
	{RUN, "{{ define \"t\" }}<{{ . }}{{ $ }}>{{ end }}{{ template \"t\" }}{{ template \"t\" 1 }}{{ template \"t\" .Values.s }}{{ template \"t\" nil }}",
	 "template: inject:1:123: executing \"inject\" at <nil>: nil is not a command"},
	{PRINTS, "{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" }}{{ template \"t\" .Values.list }}",
	 "<<no value>><[a b c]>"},
	{RUN, "{{ define \"t\" }}{{ .Nope }}{{ end }}{{ template \"t\" . }}",
	 "template: inject:1:19: executing \"t\" at <.Nope>: can't evaluate field Nope in type *inject.SidecarTemplateData"},
	{PARSE, "{{ define \"t\" }}{{ $x }}{{ end }}{{ $x := 1 }}{{ template \"t\" . }}",
	 "template: inject:1: undefined variable \"$x\""},
	{PRINTS, "{{ define \"a\" }}A{{ template \"b\" . }}{{ end }}{{ define \"b\" }}B{{ .Values.s }}{{ end }}{{ template \"a\" . }}",
	 "ABhello"},
	{PRINTS, "{{ block \"b\" .Values }}{{ .s }}{{ end }}{{ template \"b\" .Values }}",
	 "hellohello"},
	{RUN, "{{ template \"nope\" . }}",
	 "template: inject:1:12: executing \"inject\" at <{{template \"nope\" .}}>: template \"nope\" not defined"},
	{PRINTS, "{{ template \"t\" ($x := 1) }}{{ define \"t\" }}{{ . }}{{ end }}{{ $x }}",
	 "11"},
	{PRINTS, "{{ eq 1 1 }} {{ eq 1 2 1 }} {{ eq \"a\" \"b\" }} {{ eq 1.5 1.5 }} {{ eq true true }} {{ eq nil nil }} {{ eq .Values.n nil }} {{ eq .Values.missing nil }} {{ eq .Values.s nil }}",
	 "true true false true true true true true false"},
	{RUN, "{{ eq 1 1.0 }}",
	 "template: inject:1:3: executing \"inject\" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64"},
	{RUN, "{{ eq 1 \"1\" }}",
	 "template: inject:1:3: executing \"inject\" at <eq 1 \"1\">: error calling eq: incompatible types for comparison: int and string"},
	{RUN, "{{ eq .Values.i 42 }}",
	 "template: inject:1:3: executing \"inject\" at <eq .Values.i 42>: error calling eq: incompatible types for comparison: float64 and int"},
	{PRINTS, "{{ eq .Values.i 42.0 }} {{ eq .ProxyUID 1337 }} {{ eq .MeshConfig.ProxyListenPort 15001 }} {{ lt .MeshConfig.ProxyListenPort 15002 }} {{ gt -1 .MeshConfig.ProxyListenPort }}",
	 "true true true true false"},
	{RUN, "{{ eq 1 }}",
	 "template: inject:1:3: executing \"inject\" at <eq 1>: error calling eq: missing argument for comparison"},
	{RUN, "{{ eq }}",
	 "template: inject:1:3: executing \"inject\" at <eq>: wrong number of args for eq: want at least 1 got 0"},
	{RUN, "{{ eq .Values.map .Values.map }}",
	 "template: inject:1:3: executing \"inject\" at <eq .Values.map .Values.map>: error calling eq: non-comparable type map[k1:v1 k2:v2 k3:%!s(float64=3)]: map[string]interface {}"},
	{RUN, "{{ eq .Values.list .Values.list }}",
	 "template: inject:1:3: executing \"inject\" at <eq .Values.list .Values.list>: error calling eq: non-comparable type [a b c]: []interface {}"},
	{RUN, "{{ eq .Values.list 1 }}",
	 "template: inject:1:3: executing \"inject\" at <eq .Values.list 1>: error calling eq: incompatible types for comparison: []interface {} and int"},
	{RUN, "{{ eq .Values.list .Values.map }}",
	 "template: inject:1:3: executing \"inject\" at <eq .Values.list .Values.map>: error calling eq: non-comparable types [a b c]: []interface {}, map[string]interface {}: map[k1:v1 k2:v2 k3:3]"},
	{PRINTS, "{{ eq .Values.map nil }} {{ eq nil .Values.map }} {{ eq .Spec.SecurityContext nil }} {{ ne .Spec.SecurityContext nil }} {{ eq .ProxyConfig nil }}",
	 "false false true false false"},
	{PRINTS, "{{ eq .Spec.SecurityContext .Spec.Affinity }} {{ eq .ProxyConfig .ProxyConfig }} {{ eq .DeploymentMeta .DeploymentMeta }} {{ eq .TypeMeta .TypeMeta }}",
	 "true true true true"},
	{RUN, "{{ eq .ObjectMeta .ObjectMeta }}",
	 "template: inject:1:3: executing \"inject\" at <eq .ObjectMeta .ObjectMeta>: error calling eq: non-comparable type {web-1  prod    %!s(int64=0) 2024-05-06 07:08:09 +0000 UTC <nil> %!s(*int64=<nil>) map[app:web version:v1] map[note:x <y>] [{apps/v1 ReplicaSet web u %!s(*bool=<nil>) %!s(*bool=<nil>)}] [] []}: v1.ObjectMeta"},
	{PRINTS, "{{ eq .Spec.RestartPolicy \"Always\" }} {{ eq .Spec.RestartPolicy \"\" }}",
	 "false true"},
	{PRINTS, "{{ ne 1 2 }} {{ ne \"a\" \"a\" }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt 3 2 }} {{ ge 2 3 }} {{ lt \"a\" \"b\" }} {{ lt 1.5 2.5 }} {{ ge \"b\" \"a\" }}",
	 "true false true true true false true true true"},
	{RUN, "{{ lt 1 \"a\" }}",
	 "template: inject:1:3: executing \"inject\" at <lt 1 \"a\">: error calling lt: incompatible types for comparison: int and string"},
	{RUN, "{{ lt true false }}",
	 "template: inject:1:3: executing \"inject\" at <lt true false>: error calling lt: invalid type for comparison"},
	{RUN, "{{ lt nil 1 }}",
	 "template: inject:1:3: executing \"inject\" at <lt nil 1>: error calling lt: invalid type for comparison"},
	{RUN, "{{ lt 1 nil }}",
	 "template: inject:1:3: executing \"inject\" at <lt 1 nil>: error calling lt: invalid type for comparison"},
	{RUN, "{{ lt .Values.list 1 }}",
	 "template: inject:1:3: executing \"inject\" at <lt .Values.list 1>: error calling lt: invalid type for comparison"},
	{RUN, "{{ lt 1 2 3 }}",
	 "template: inject:1:3: executing \"inject\" at <lt>: wrong number of args for lt: want 2 got 3"},
	{RUN, "{{ ne 1 }}",
	 "template: inject:1:3: executing \"inject\" at <ne>: wrong number of args for ne: want 2 got 1"},
	{RUN, "{{ and }}",
	 "template: inject:1:3: executing \"inject\" at <and>: wrong number of args for and: want at least 1 got 0"},
	{PRINTS, "{{ and 1 }} {{ and 0 1 }} {{ and 1 0 2 }} {{ and 1 2 3 }} {{ or 0 \"\" 3 }} {{ or 1 2 }} {{ or 0 \"\" }}| {{ and 1 nil }} {{ or nil 1 }}",
	 "1 0 0 3 3 1 | <no value> 1"},
	{PRINTS, "{{ or true .Nope }} {{ and false .Nope }}",
	 "true false"},
	{RUN, "{{ and true .Nope }}",
	 "template: inject:1:12: executing \"inject\" at <.Nope>: can't evaluate field Nope in type *inject.SidecarTemplateData"},
	{RUN, "{{ 1 | and 2 }} {{ 0 | or 2 }} {{ 5 | and 0 }} {{ nil | and 1 }}",
	 "template: inject:1:50: executing \"inject\" at <nil>: nil is not a command"},
	{PRINTS, "{{ not 0 }} {{ not \"a\" }} {{ not nil }} {{ not .Values.map }} {{ not .Spec.SecurityContext }}",
	 "true false true false true"},
	{RUN, "{{ not }}",
	 "template: inject:1:3: executing \"inject\" at <not>: wrong number of args for not: want 1 got 0"},
	{RUN, "{{ not 1 2 }}",
	 "template: inject:1:3: executing \"inject\" at <not>: wrong number of args for not: want 1 got 2"},
	{PRINTS, "{{ len \"abc\" }} {{ len .Values.list }} {{ len .Values.map }} {{ len .Spec.Containers }} {{ len .ObjectMeta.Labels }} {{ len .Spec.Tolerations }} {{ len \"\303\251\" }}",
	 "3 3 3 2 2 0 2"},
	{RUN, "{{ len 1 }}",
	 "template: inject:1:3: executing \"inject\" at <len 1>: error calling len: len of type int"},
	{RUN, "{{ len nil }}",
	 "template: inject:1:3: executing \"inject\" at <len nil>: error calling len: reflect: call of reflect.Value.Type on zero Value"},
	{RUN, "{{ len .Values.n }}",
	 "template: inject:1:3: executing \"inject\" at <len .Values.n>: error calling len: len of nil pointer"},
	{RUN, "{{ len .Values.missing }}",
	 "template: inject:1:3: executing \"inject\" at <len .Values.missing>: error calling len: reflect: call of reflect.Value.Type on zero Value"},
	{RUN, "{{ len (index .Values \"n\") }}",
	 "template: inject:1:3: executing \"inject\" at <len (index .Values \"n\")>: error calling len: reflect: call of reflect.Value.Type on zero Value"},
	{RUN, "{{ len .Spec.SecurityContext }}",
	 "template: inject:1:3: executing \"inject\" at <len .Spec.SecurityContext>: error calling len: len of nil pointer"},
	{RUN, "{{ len .Spec }}",
	 "template: inject:1:3: executing \"inject\" at <len .Spec>: error calling len: len of type v1.PodSpec"},
	{PRINTS, "{{ index .Values.list 0 }} {{ index .Values.map \"k1\" }} {{ index .Values.nested \"a\" \"b\" 1 \"c\" }} {{ index \"abc\" 1 }} {{ index .Values.list }} {{ index .ObjectMeta.Labels \"nope\" }}|{{ index .Values \"nope\" }}",
	 "a v1 d 98 [a b c] |<no value>"},
	{RUN, "{{ index .Values.list 3 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.list 3>: error calling index: reflect: slice index out of range"},
	{RUN, "{{ index .Values.list 4 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.list 4>: error calling index: index out of range: 4"},
	{RUN, "{{ index .Values.list -1 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.list -1>: error calling index: index out of range: -1"},
	{RUN, "{{ index .Values.list \"a\" }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.list \"a\">: error calling index: cannot index slice/array with type string"},
	{RUN, "{{ index .Values.list nil }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.list nil>: error calling index: cannot index slice/array with nil"},
	{RUN, "{{ index .Values.list 1.0 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.list 1.0>: error calling index: cannot index slice/array with type float64"},
	{RUN, "{{ index .Values.map 1 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.map 1>: error calling index: value has type int; should be string"},
	{RUN, "{{ index .Values.map nil }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.map nil>: error calling index: value is nil; should be of type string"},
	{RUN, "{{ index .Values.map .Spec.RestartPolicy }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.map .Spec.RestartPolicy>: error calling index: value has type v1.RestartPolicy; should be string"},
	{RUN, "{{ index \"abc\" 3 }}",
	 "template: inject:1:3: executing \"inject\" at <index \"abc\" 3>: error calling index: reflect: string index out of range"},
	{RUN, "{{ index \"abc\" 9 }}",
	 "template: inject:1:3: executing \"inject\" at <index \"abc\" 9>: error calling index: index out of range: 9"},
	{RUN, "{{ index nil 1 }}",
	 "template: inject:1:3: executing \"inject\" at <index nil 1>: error calling index: index of untyped nil"},
	{RUN, "{{ index .Values.n 1 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.n 1>: error calling index: index of untyped nil"},
	{RUN, "{{ index .Values.nested \"x\" \"y\" }}",
	 "template: inject:1:3: executing \"inject\" at <index .Values.nested \"x\" \"y\">: error calling index: index of nil pointer"},
	{RUN, "{{ index 1 2 }}",
	 "template: inject:1:3: executing \"inject\" at <index 1 2>: error calling index: can't index item of type int"},
	{RUN, "{{ index .Spec 1 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Spec 1>: error calling index: can't index item of type v1.PodSpec"},
	{RUN, "{{ index .Spec.SecurityContext 1 }}",
	 "template: inject:1:3: executing \"inject\" at <index .Spec.SecurityContext 1>: error calling index: index of nil pointer"},
	{RUN, "{{ index }}",
	 "template: inject:1:3: executing \"inject\" at <index>: wrong number of args for index: want at least 1 got 0"},
	{RUN, "{{ (index .Values.list 0).x }}",
	 "template: inject:1:23: executing \"inject\" at <0>: can't evaluate field x in type string"},
	{PRINTS, "{{ (index .Spec.Containers 0).Name }} {{ (index .Spec.Containers 1).Args }}",
	 "app [x]"},
	{RUN, "{{ call }}",
	 "template: inject:1:3: executing \"inject\" at <call>: wrong number of args for call: want at least 1 got 0"},
	{RUN, "{{ call nil }}",
	 "template: inject:1:3: executing \"inject\" at <call nil>: error calling call: call of nil"},
	{RUN, "{{ call .Values.s }}",
	 "template: inject:1:3: executing \"inject\" at <call .Values.s>: error calling call: non-function .Values.s of type string"},
	{RUN, "{{ call .Values.n }}",
	 "template: inject:1:3: executing \"inject\" at <call .Values.n>: error calling call: call of nil"},
	{RUN, "{{ call 1 2 }}",
	 "template: inject:1:3: executing \"inject\" at <call 1 2>: error calling call: non-function 1 of type int"},
	{RUN, "{{ 1 | call }}",
	 "template: inject:1:7: executing \"inject\" at <call>: error calling call: non-function <int Value> of type int"},
	{RUN, "{{ \"x\" | call }}",
	 "template: inject:1:9: executing \"inject\" at <call>: error calling call: non-function x of type string"},
	{RUN, "{{ call .Values.missing 1 }}",
	 "template: inject:1:3: executing \"inject\" at <call .Values.missing 1>: error calling call: call of nil"},
	{PRINTS, "{{ print 1 2 \"a\" \"b\" 3 }} {{ print }} {{ print nil }} {{ print \"a\" nil 1 }} {{ print true 1.5 'a' }} {{ println \"x\" 1 nil }}",
	 "1 2ab3  <nil> a<nil> 1 true 1.5 97 x 1 <nil>\n"},
	{PRINTS, "{{ urlquery \"a b&c=d/\303\251~._-\" }} {{ urlquery 1 \"x\" }}",
	 "a+b%26c%3Dd%2F%C3%A9~._- 1x"},
	{PRINTS, "{{ printf \"%d\" }} {{ printf \"%s\" 1 2 }}",
	 "%!d(MISSING) %!s(int=1)%!(EXTRA int=2)"},
	{RUN, "{{ printf 1 }}",
	 "template: inject:1:10: executing \"inject\" at <1>: expected string; found 1"},
	{RUN, "{{ printf }}",
	 "template: inject:1:3: executing \"inject\" at <printf>: wrong number of args for printf: want at least 1 got 0"},
	{RUN, "{{ printf nil }}",
	 "template: inject:1:10: executing \"inject\" at <nil>: cannot assign nil to string"},
	{PRINTS, "{{ printf .Values.s }} {{ .Values.s | printf \"%s%s\" \"x\" }}",
	 "hello xhello"},
	{RUN, "{{ printf .Values.i }}",
	 "template: inject:1:17: executing \"inject\" at <.Values.i>: wrong type for value; expected string; got float64"},
	{RUN, "{{ printf .Values.missing }}",
	 "template: inject:1:17: executing \"inject\" at <.Values.missing>: invalid value; expected string"},
	{RUN, "{{ printf .Values.n }}",
	 "template: inject:1:17: executing \"inject\" at <.Values.n>: wrong type for value; expected string; got interface {}"},
	{RUN, "{{ printf (index .Values \"n\") }}",
	 "template: inject:1:25: executing \"inject\" at <\"n\">: invalid value; expected string"},
	{RUN, "{{ printf .Spec.RestartPolicy }}",
	 "template: inject:1:15: executing \"inject\" at <.Spec.RestartPolicy>: wrong type for value; expected string; got v1.RestartPolicy"},
	{RUN, "{{ printf true }}",
	 "template: inject:1:10: executing \"inject\" at <true>: expected string; found true"},
	{PRINTS, "{{ printf .Spec.ServiceAccountName }}|",
	 "|"},
	{RUN, "{{ 18446744073709551615 }}",
	 "template: inject:1:3: executing \"inject\" at <18446744073709551615>: 18446744073709551615 overflows int"},
	{RUN, "{{ print 18446744073709551615 }}",
	 "template: inject:1:9: executing \"inject\" at <18446744073709551615>: 18446744073709551615 overflows int"},
	{RUN, "{{ true 1 }}",
	 "template: inject:1:3: executing \"inject\" at <true>: can't give argument to non-function true"},
	{RUN, "{{ \"a\" 1 }}",
	 "template: inject:1:3: executing \"inject\" at <\"a\">: can't give argument to non-function \"a\""},
	{RUN, "{{ 1 2 }}",
	 "template: inject:1:3: executing \"inject\" at <1>: can't give argument to non-function 1"},
	{RUN, "{{ . 1 }}",
	 "template: inject:1:3: executing \"inject\" at <.>: can't give argument to non-function ."},
	{RUN, "{{ $ 1 }}",
	 "template: inject:1:3: executing \"inject\" at <$>: can't give argument to non-function $"},
	{RUN, "{{ nil 1 }}",
	 "template: inject:1:3: executing \"inject\" at <nil>: can't give argument to non-function nil"},
	{RUN, "{{ (1) 2 }}",
	 "template: inject:1:3: executing \"inject\" at <(1) 2>: can't give argument to non-function 1"},
	{RUN, "{{ print (nil) }}",
	 "template: inject:1:10: executing \"inject\" at <nil>: nil is not a command"},
	{RUN, "{{ $x := nil }}",
	 "template: inject:1:9: executing \"inject\" at <nil>: nil is not a command"},
	{RUN, "{{ (nil).x }}",
	 "template: inject:1:4: executing \"inject\" at <nil>: nil is not a command"},
	{RUN, "{{ (1).x }}",
	 "template: inject:1:4: executing \"inject\" at <1>: can't evaluate field x in type int"},
	{RUN, "{{ (print).x }}",
	 "template: inject:1:4: executing \"inject\" at <print>: can't evaluate field x in type string"},
	{RUN, "{{ print.x }}",
	 "template: inject:1:3: executing \"inject\" at <print>: can't evaluate field x in type string"},
	{PRINTS, "{{ (.Values).s }} {{ ((.Values).nested).a.b }} {{ ($).Values.s }} {{ (.Values.list | len) }}",
	 "hello [1 map[c:d]] hello 3"},
	{PRINTS, "{{ print .Values | len | lt 10 }}",
	 "true"},
	{PRINTS, "{{ .Values.list | len | printf \"%d%d\" 1 }} {{ 1 | print 2 | print 3 }}\na{{- \"x\" -}} b {{ \"y\" -}}\n c\nline one",
	 "13 32 1\naxb yc\nline one"},
	{PARSE, "{{ if .Values.b }}\n  {{ .Values.s.x }}",
	 "template: inject:2: unexpected EOF"},
	{PARSE, "{{ end }}\nx\ny {{ template \"t\" . }}{{ define \"t\" }}\n  {{ index .Values.list 7 }}{{ end }}",
	 "template: inject:1: unexpected {{end}}"},
	{RUN, "{{ .Values.s }} \303\251 {{ .Nope }}",
	 "template: inject:1:22: executing \"inject\" at <.Nope>: can't evaluate field Nope in type *inject.SidecarTemplateData"},
	{RUN, "{{ range .Values.list }}{{ .x }}{{ end }}",
	 "template: inject:1:27: executing \"inject\" at <.x>: can't evaluate field x in type interface {}"},
	{RUN, "{{ range .Spec.Containers }}{{ .Nope }}{{ end }}",
	 "template: inject:1:31: executing \"inject\" at <.Nope>: can't evaluate field Nope in type v1.Container"},
	{RUN, "{{ with .Spec }}{{ .Nope }}{{ end }}",
	 "template: inject:1:19: executing \"inject\" at <.Nope>: can't evaluate field Nope in type v1.PodSpec"},
	{RUN, "{{ print .Values.s.x }}",
	 "template: inject:1:16: executing \"inject\" at <.Values.s.x>: can't evaluate field x in type interface {}"},
	{RUN, "{{ print (print .Values.s.x) }}",
	 "template: inject:1:23: executing \"inject\" at <.Values.s.x>: can't evaluate field x in type interface {}"},
	{RUN, "{{ .Values.s | print .Values.s.x }}",
	 "template: inject:1:28: executing \"inject\" at <.Values.s.x>: can't evaluate field x in type interface {}"},
	{RUN, "{{ $v := .Values }}{{ $v.s.x }}",
	 "template: inject:1:24: executing \"inject\" at <$v.s.x>: can't evaluate field x in type interface {}"},
	{RUN, "{{ $v := .Spec }}{{ $v.Nope }}",
	 "template: inject:1:22: executing \"inject\" at <$v.Nope>: can't evaluate field Nope in type v1.PodSpec"},
	{RUN, "{{ .Values.s | .Values.s }}",
	 "template: inject:1:22: executing \"inject\" at <.Values.s>: s is not a method but has arguments"},
	{RUN, "{{ .Values.list | $ }}",
	 "template: inject:1:18: executing \"inject\" at <$>: can't give argument to non-function $"},
	{PRINTS, "{{ if and .Values.b (eq .Values.s \"hello\") }}yes{{ end }}{{ if or .Values.off (not .Values.b) }}no{{ else }}yes{{ end }}",
	 "yesyes"},
	{PRINTS, "{{ range $i, $c := .Spec.Containers }}{{ if $i }},{{ end }}{{ $c.Name }}{{ range $j, $p := .Ports }}:{{ $p.ContainerPort }}/{{ .Protocol }}{{ end }}{{ end }}",
	 "app:80/:53/UDP,b"},
};

static void test_rows(void **state UNUSED)
{
	rows_check(rows, ARRAY_LEN(rows));
}

/* Templates that would not end, or print without end. */
static const struct {
	const char *template, *want;
} endless[] = {
	{"{{ range 1000000000000 }}{{ end }}", "template: inject:1:9: executing \"inject\" at <{{range 1000000000000}}{{end}}>: the template takes too many steps (limit 20000000)"},
	{"{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}",
	 "template: inject:1:31: executing \"inject\" at <{{range 1000000000}}{{end}}>: the template takes too many steps (limit 20000000)"},
	{"{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
	 "template: inject:1:28: executing \"a\" at <{{template \"a\" .}}>: exceeded maximum template depth (limit 256)"},
	{"{{ define \"a\" }}{{ range 9 }}{{ template \"b\" . }}{{ end }}{{ end }}{{ define \"b\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" 1 }}",
	 "template: inject:1:95: executing \"b\" at <{{template \"a\" .}}>: exceeded maximum template depth (limit 256)"},
	{"{{ range 100000000 }}0123456789{{ end }}",
	 "template: inject:1:21: executing \"inject\" at <0123456789>: the template prints too many bytes (limit 8388608)"},
	{"{{ printf \"%9999999d\" 1 }}",
	 "template: inject:1:3: executing \"inject\" at <printf \"%9999999d\" 1>: error calling printf: the result is larger than 8388608 bytes"},
	{"{{ $x := \"0123456789abcdef\" }}{{ range 1000 }}{{ $x = print $x $x }}{{ end }}",
	 "template: inject:1:54: executing \"inject\" at <print $x $x>: error calling print: the result is larger than 8388608 bytes"},
	{"{{ define \"a\" }}{{ if true }}{{ with 1 }}{{ range 1 }}{{ if 1 }}{{ if 1 }}{{ if 1 }}{{ if 1 }}{{ if 1 }}{{ if 1 }}"
	 "{{ template \"a\" . }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}{{ end }}{{ template \"a\" 1 }}",
	 "actions are nested too deep (limit 2048)"},
};

static void test_endless(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(endless); i++) {
		struct err err = {0};
		struct arena a;
		struct str got;

		arena_init(&a, 0);
		assert_int_equal(row_run(&a, endless[i].template, &got, &err), RUN);
		if (endless[i].want[0] == 't')
			assert_string_equal(err.what, endless[i].want);
		else
			assert_non_null(strstr(err.what, endless[i].want));
		assert_int_equal(err.code, ERR_LIMIT);
		arena_release(&a);
	}
}

/* What would show addresses says so instead. */
static void test_addresses(void **state UNUSED)
{
	static const char *const templates[] = {
		"{{ printf \"%p\" .Values }}", "{{ printf \"%p\" .Spec.TerminationGracePeriodSeconds }}",
		"{{ print .Spec.TerminationGracePeriodSeconds }}", "{{ printf \"%d\" .ProxyConfig.DrainDuration }}",
		"{{ html .Values .Spec }}",
	};

	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		struct err err = {0};
		struct arena a;
		struct str got;

		arena_init(&a, 0);
		assert_int_equal(row_run(&a, templates[i], &got, &err), RUN);
		assert_non_null(strstr(err.what, "cannot print the "));
		assert_int_equal(err.code, ERR_INPUT);
		arena_release(&a);
	}
}

/* --- spans ------------------------------------------------------------------------------------------------------ */

struct piece {
	const char *text;
	uint32_t line;
};

static const struct {
	const char *template, *want;
	struct piece piece[4];
} spanned[] = {
	{"plain {{ \"text\" }} {{ 1 }}", "plain text 1", {{NULL, 0}}},
	{"a {{ .pod }} b", "a POD b", {{"POD", 1}}},
	{"{{ .pod }}\n{{ .own }}\n{{ .pod }}", "POD\nown\nPOD", {{"POD", 1}, {"POD", 3}}},
	{"{{ print .own .pod }}", "ownPOD", {{"ownPOD", 1}}},
	{"{{ printf \"%s\" (print .pod) | html }}", "POD", {{"POD", 1}}},
	{"{{ $x := .pod }}{{ with $x }}{{ . }}{{ end }}", "POD", {{"POD", 1}}},
	{"{{ range .list }}{{ . }} {{ end }}", "own POD ", {{"POD", 1}}},
	{"{{ .list }}", "[own POD]", {{"[own POD]", 1}}},
	{"{{ .map }}", "map[k:POD]", {{"map[k:POD]", 1}}},
	{"{{ .map.k }}{{ index .map \"k\" }}", "PODPOD", {{"POD", 1}, {"POD", 1}}},
	{"{{ range $k, $v := .map }}{{ $k }}={{ $v }}{{ end }}", "k=POD", {{"POD", 1}}},
	{"{{ range $k, $v := .keys }}{{ $k }}={{ $v }}{{ end }}", "KEY=own", {{"KEY", 1}}},
	{"{{ len .pod }} {{ eq .pod \"x\" }} {{ not .pod }}", "3 false false", {{NULL, 0}}},
	{"{{ or .pod 1 }} {{ and 1 .pod }} {{ or .own .pod }}", "POD POD own", {{"POD", 1}, {"POD", 1}}},
	{"{{ if .pod }}x{{ end }}{{ slice .list 1 2 }}", "x[POD]", {{"[POD]", 1}}},
	{"{{ range slice .list 0 1 }}{{ . }}{{ end }}", "own", {{"own", 1}}}, /* what comes out of a pod's list is the pod's */
	{"{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" .pod }}", "<POD>", {{"POD", 1}}},
};

static const struct value *marked(struct arena *a, const char *text)
{
	return value_flagged(a, value_cstr(a, text), V_POD);
}

static const struct value *span_data(struct arena *a)
{
	struct map *m = map_new(a, 8), *map = map_new(a, 2), *keys = map_new(a, 2);
	const struct value **item = arena_calloc(a, 2, sizeof(*item));

	assert_true(m && map && keys && item);
	item[0] = value_cstr(a, "own");
	item[1] = marked(a, "POD");
	assert_int_equal(map_setc(a, map, "k", marked(a, "POD")), 0);
	assert_int_equal(map_setc(a, keys, "KEY", value_cstr(a, "own")), 0);
	keys->entry[0].key_from_pod = true;
	assert_int_equal(map_setc(a, m, "own", value_cstr(a, "own")), 0);
	assert_int_equal(map_setc(a, m, "pod", marked(a, "POD")), 0);
	assert_int_equal(map_setc(a, m, "list", value_list(a, item, 2)), 0);
	assert_int_equal(map_setc(a, m, "map", value_map(a, map)), 0);
	assert_int_equal(map_setc(a, m, "keys", value_map(a, keys)), 0);
	return value_map(a, m);
}

static void test_spans(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(spanned); i++) {
		struct template *t = template_compile("inject", str_of(spanned[i].template), TEMPLATE_HEAD, NULL);
		const struct template_env env = {.variables = NULL};
		struct rendered r;
		struct arena a;
		size_t n = 0;

		arena_init(&a, 0);
		assert_non_null(t);
		assert_int_equal(template_run(t, &a, span_data(&a), &env, &r, NULL), 0);
		assert_true(str_is(r.text, spanned[i].want));
		for (; n < 4 && spanned[i].piece[n].text; n++) {
			const struct span *s = &r.span[n];

			assert_true(n < r.n_spans);
			assert_true(str_is((struct str){r.text.p + s->begin, s->end - s->begin}, spanned[i].piece[n].text));
			assert_int_equal(s->line, spanned[i].piece[n].line);
			assert_false(s->structure);
		}
		assert_int_equal(r.n_spans, n);
		template_free(t);
		arena_release(&a);
	}
}

/* What is meant to make structure says so, through functions too, until a plain string of the pod joins it. */
static void test_structure(void **state UNUSED)
{
	static const bool want[] = {true, true, false};
	struct template *t = template_compile("inject",
		STR("{{ toYaml .map }}\n{{ toYaml .list | indent 2 }}\n{{ print (toYaml .map) .pod }}"), TEMPLATE_HEAD, NULL);
	const struct template_env env = {.variables = NULL};
	struct rendered r;
	struct arena a;

	arena_init(&a, 0);
	assert_non_null(t);
	assert_int_equal(template_run(t, &a, span_data(&a), &env, &r, NULL), 0);
	assert_int_equal(r.n_spans, ARRAY_LEN(want));
	for (size_t i = 0; i < r.n_spans; i++)
		assert_int_equal(r.span[i].structure, want[i]);
	template_free(t);
	arena_release(&a);
}

/* Each allocation of a run fails in turn: an error, no crash, no leak. */
static void test_out_of_memory(void **state UNUSED)
{
	static const char text[] = "{{ range 100 }}{{ range $i, $c := $.Spec.Containers }}{{ printf \"%d %v\" $i $c }}{{ $c.Resources }}{{ end }}{{ $.Values | html }}{{ end }}";
	struct template *t = template_compile("inject", str_of(text), TEMPLATE_HEAD, NULL);
	const struct template_env env = {.variables = NULL};
	int failures = 0;

	assert_non_null(t);
	for (size_t max = 40 << 10;; max += 16 << 10) {
		struct rendered r;
		struct err err = {0};
		struct arena data, a;

		arena_init(&data, 0);
		arena_init(&a, max);
		const int rc = template_run(t, &a, row_data(&data), &env, &r, &err);

		arena_release(&a);
		arena_release(&data);
		if (rc == 0)
			break;
		assert_int_equal(err.code, ERR_NOMEM);
		failures++;
	}
	assert_true(failures > 0);
	template_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("template interpreter", tests, NULL, NULL);
}
