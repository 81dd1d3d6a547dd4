// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/golang/protobuf/jsonpb"       //nolint:staticcheck // the encoder that the injector uses
	legacy "github.com/golang/protobuf/proto" //nolint:staticcheck
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	meshconfig "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// The injector's own functions, written anew from their described behaviour. Parameter and result types count: they are part of
// the error texts.
func injectorFunctions(variables map[string]string) map[string]any {
	return map[string]any{
		"annotation": func(meta metav1.ObjectMeta, name string, fallback any) string {
			if text, there := meta.Annotations[name]; there {
				return text
			}
			return fmt.Sprint(fallback)
		},
		"appendMultusNetwork": appendNetwork,
		"applicationPorts": func(all []corev1.Container) string {
			return inboundPorts(all, "istio-proxy")
		},
		"contains":  func(part, whole string) bool { return strings.Contains(whole, part) },
		"directory": func(file string) string { dir, _ := path.Split(file); return dir },
		"env": func(name, fallback string) string {
			if text := variables[name]; text != "" {
				return text
			}
			return fallback
		},
		"excludeInboundPort": excludePort,
		"excludeInterfaces":  func(s string) string { return s },
		"formatDuration":     func(d *durationpb.Duration) string { return d.AsDuration().String() },
		"fromJSON": func(text string) any {
			var out any
			if json.Unmarshal([]byte(text), &out) != nil {
				return "{}"
			}
			return out
		},
		"includeInboundPorts":    func(all []corev1.Container) string { return inboundPorts(all, "") },
		"indent":                 indentRest,
		"isset":                  func(m map[string]string, key string) bool { _, there := m[key]; return there },
		"kubevirtInterfaces":     func(s string) string { return s },
		"mergeMaps":              mergeAll,
		"omit":                   without,
		"omitNil":                func(v any) any { return dropNils(v) },
		"otelResourceAttributes": otelAttributes,
		"protoToJSON":            messageJSON,
		"strdict":                pairs,
		"structToJSON":           func(v any) string { return jsonOr(v, v == nil) },
		"toJSON":                 func(m map[string]string) string { return jsonOr(m, m == nil) },
		"toJsonMap":              func(all ...map[string]string) string { return jsonOr(mergeAll(all...), false) },
		"toLower":                strings.ToLower,
		"toYaml": func(v any) string {
			out, err := yaml.Marshal(v)
			if err != nil {
				return ""
			}
			return string(out)
		},
		"valueOrDefault": func(v, fallback any) any {
			if v == nil || v == "" {
				return fallback
			}
			return v
		},
	}
}

func jsonOr(v any, empty bool) string {
	if empty {
		return "{}"
	}
	out, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return string(out)
}

func excludePort(port any, list string) string {
	wanted := strings.TrimSpace(fmt.Sprint(port))
	if wanted == "" || wanted == "0" {
		return list
	}
	var kept []string
	for _, item := range strings.Split(list, ",") {
		if item == wanted {
			return list
		}
		if item = strings.TrimSpace(item); item != "" {
			kept = append(kept, item)
		}
	}
	return strings.Join(append(kept, wanted), ",")
}

func inboundPorts(all []corev1.Container, but string) string {
	var out []string
	for i := range all {
		if but != "" && all[i].Name == but {
			continue
		}
		for _, p := range all[i].Ports {
			if p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP {
				out = append(out, strconv.Itoa(int(p.ContainerPort)))
			}
		}
	}
	return strings.Join(out, ",")
}

// Every line but the first gets the spaces.
func indentRest(spaces int, text string) string {
	lines := strings.Split(text, "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = fmt.Sprintf("%"+" "+strconv.Itoa(spaces)+"s", "") + lines[i]
	}
	return strings.Join(lines, "\n")
}

func mergeAll(all ...map[string]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, m := range all {
		for key, text := range m {
			out[key] = text
		}
	}
	return out
}

func without(m map[string]string, keys ...string) map[string]string {
	out := mergeAll(m)
	for _, key := range keys {
		delete(out, key)
	}
	return out
}

func pairs(v ...string) map[string]string {
	out := map[string]string{}
	for len(v) > 1 {
		out[v[0]] = v[1]
		v = v[2:]
	}
	if len(v) == 1 {
		out[v[0]] = ""
	}
	return out
}

// Whether something below v is nil; only then is it copied.
func holdsNil(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, item := range v {
			if holdsNil(item) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if holdsNil(item) {
				return true
			}
		}
	}
	return false
}

func dropNils(v any) any {
	if !holdsNil(v) {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			if left := dropNils(item); left != nil {
				out[key] = left
			}
		}
		if len(out) > 0 {
			return out
		}
	case []any:
		out := []any{}
		for _, item := range v {
			if left := dropNils(item); left != nil {
				out = append(out, left)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func appendNetwork(existing, added string) string {
	if existing == "" {
		return added
	}
	at := strings.LastIndex(existing, "]")
	if at < 0 {
		for _, item := range strings.Split(existing, ",") {
			if strings.TrimSpace(item) == added {
				return existing
			}
		}
		return existing + ", " + added
	}
	networks := []map[string]any{}
	if json.Unmarshal([]byte(existing), &networks) != nil {
		return existing
	}
	namespace, name := "", added
	if parts := strings.Split(added, "/"); len(parts) > 1 {
		namespace, name = parts[0], parts[1]
	}
	for _, n := range networks {
		ns := n["namespace"]
		if ns == nil {
			ns = ""
		}
		if n["name"] == name && ns == namespace {
			return existing
		}
	}
	item := fmt.Sprintf(`, {"name": "%s"}`, name)
	if namespace != "" {
		item = fmt.Sprintf(`, {"name": "%s", "namespace": "%s"}`, name, namespace)
	}
	return existing[:at] + item + existing[at:]
}

// What a proxy configuration is before anyone sets anything: such members are not printed.
func defaultProxyConfig() *meshconfig.ProxyConfig {
	return &meshconfig.ProxyConfig{
		ConfigPath:               "./etc/istio/proxy",
		ClusterName:              &meshconfig.ProxyConfig_ServiceCluster{ServiceCluster: "istio-proxy"},
		DrainDuration:            &durationpb.Duration{Seconds: 45},
		TerminationDrainDuration: &durationpb.Duration{Seconds: 5},
		ProxyAdminPort:           15000,
		ControlPlaneAuthPolicy:   meshconfig.AuthenticationPolicy_MUTUAL_TLS,
		DiscoveryAddress:         "istiod.istio-system.svc:15012",
		BinaryPath:               "/usr/local/bin/envoy",
		StatNameLength:           189,
		StatusPort:               15020,
	}
}

func blankDefaults(in *meshconfig.ProxyConfig) *meshconfig.ProxyConfig {
	out := proto.Clone(in).(*meshconfig.ProxyConfig)
	base := defaultProxyConfig()
	same := []struct {
		equal bool
		blank func()
	}{
		{out.ConfigPath == base.ConfigPath, func() { out.ConfigPath = "" }},
		{out.BinaryPath == base.BinaryPath, func() { out.BinaryPath = "" }},
		{out.ControlPlaneAuthPolicy == base.ControlPlaneAuthPolicy, func() { out.ControlPlaneAuthPolicy = 0 }},
		{out.GetServiceCluster() == base.GetServiceCluster(), func() { out.ClusterName = nil }},
		{proto.Equal(out.DrainDuration, base.DrainDuration), func() { out.DrainDuration = nil }},
		{proto.Equal(out.TerminationDrainDuration, base.TerminationDrainDuration), func() { out.TerminationDrainDuration = nil }},
		{out.DiscoveryAddress == base.DiscoveryAddress, func() { out.DiscoveryAddress = "" }},
		{out.ProxyAdminPort == base.ProxyAdminPort, func() { out.ProxyAdminPort = 0 }},
		{out.StatNameLength == base.StatNameLength, func() { out.StatNameLength = 0 }},
		{out.StatusPort == base.StatusPort, func() { out.StatusPort = 0 }},
		{len(out.ProxyMetadata) == 0, func() { out.ProxyMetadata = nil }},
	}
	for _, member := range same {
		if member.equal {
			member.blank()
		}
	}
	return out
}

func messageJSON(message proto.Message) string {
	if pc, ok := message.(*meshconfig.ProxyConfig); ok && pc != nil {
		message = blankDefaults(pc)
	}
	if message == nil {
		return "{}"
	}
	out, err := (&jsonpb.Marshaler{}).MarshalToString(legacy.MessageV1(message))
	if err != nil {
		return "{}"
	}
	return out
}

func otelAttributes(mesh *meshconfig.MeshConfig, annotations, labels map[string]string, namespace string, all []corev1.Container) string {
	wanted := false
	for _, provider := range mesh.GetExtensionProviders() {
		if provider.GetOpentelemetry().GetServiceAttributeEnrichment() ==
			meshconfig.MeshConfig_ExtensionProvider_OTEL_SEMANTIC_CONVENTIONS {
			wanted = true
		}
	}
	if !wanted {
		return ""
	}
	var out []string
	add := func(name string, candidates ...string) {
		for _, text := range candidates {
			if text != "" {
				out = append(out, name+"="+text)
				return
			}
		}
	}
	image, instance := "", ""
	if len(all) == 1 {
		image = imageVersion(all[0].Image)
	}
	if len(all) > 0 {
		instance = namespace + ".$(POD_NAME)." + all[0].Name
	}
	const prefix = "resource.opentelemetry.io/"
	add("service.namespace", annotations[prefix+"service.namespace"], namespace)
	add("service.version", annotations[prefix+"service.version"], labels["app.kubernetes.io/version"], image)
	add("service.instance.id", annotations[prefix+"service.instance.id"], instance)
	return strings.Join(out, ",")
}

func imageVersion(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	tag := ""
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		tag = name[colon+1:]
	}
	if tag != "" && digest != "" {
		return tag + "@" + digest
	}
	return tag + digest
}
