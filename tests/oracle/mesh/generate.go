// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/api/networking/v1beta1"
	"istio.io/istio/pkg/kube/inject"
)

// Random messages come from the descriptors: every field that Istio knows is met, mostly with values that fit.
type generator struct{ *rand.Rand }

func (g *generator) one(of ...string) string { return of[g.Intn(len(of))] }
func (g *generator) chance(percent int) bool { return g.Intn(100) < percent }

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// mesh is JSON, which is YAML; the reading of YAML is another oracle's business.
func (g *generator) mesh() string {
	m := g.message((&meshconfig.MeshConfig{}).ProtoReflect().Descriptor(), 3, 8)
	for _, weight := range []string{"localityLbSetting", "defaultTrafficPolicy", "serviceSettings", "tlsDefaults", "meshMTLS", "zoneAwareLbSetting", "defaultInboundHttpRetryPolicy"} {
		delete(m, weight) // validated by Istio beyond what bears on injection
		for _, f := range []string{"locality_lb_setting", "default_traffic_policy", "service_settings", "tls_defaults", "mesh_mTLS", "zone_aware_lb_setting", "default_inbound_http_retry_policy"} {
			delete(m, f)
		}
	}
	if g.chance(70) {
		m["defaultConfig"] = g.proxy(25)
	}
	for _, name := range []string{"proxyListenPort", "connectTimeout", "trustDomain", "trustDomainAliases", "protocolDetectionTimeout"} {
		if g.chance(80) {
			delete(m, name)
		}
	}
	delete(m, "trustDomainAliases") // a name of several lines is shown by us otherwise
	delete(m, "trust_domain_aliases")
	if g.chance(30) {
		m["trustDomainAliases"] = []string{g.one("b", "a.b", "c"), g.one("b", "a", "x.")}
	}
	return jsonOf(m)
}

func (g *generator) proxy(percent int) map[string]any {
	m := g.message((&meshconfig.ProxyConfig{}).ProtoReflect().Descriptor(), 3, percent)
	if g.chance(30) {
		m["proxyMetadata"] = map[string]string{g.one("A", "B", "C"): g.word(), g.one("A", "B", "D"): g.word()}
	}
	if g.chance(30) {
		m["proxyHeaders"] = g.message((&meshconfig.ProxyConfig_ProxyHeaders{}).ProtoReflect().Descriptor(), 2, 40)
	}
	return m
}

func (g *generator) proxyConfig() string {
	if g.chance(3) {
		return g.one("", "null", "[]", "text", "{}", "5")
	}
	return jsonOf(g.proxy(10))
}

func (g *generator) resource(name string) resource {
	m := g.message((&v1beta1.ProxyConfig{}).ProtoReflect().Descriptor(), 2, 60)
	delete(m, "selector")
	if g.chance(50) {
		m["selector"] = map[string]any{"matchLabels": g.labels()}
	}
	return resource{name, g.one("ns", "other", "istio-system"), int64(g.Intn(3)), json.RawMessage(jsonOf(m))}
}

func (g *generator) labels() map[string]string {
	m := map[string]string{}
	for i := g.Intn(3); i > 0; i-- {
		m[g.one("app", "version")] = g.one("x", "y")
	}
	return m
}

func (g *generator) message(d protoreflect.MessageDescriptor, depth, percent int) map[string]any {
	m := map[string]any{}
	for i := 0; i < d.Fields().Len(); i++ {
		f := d.Fields().Get(i)
		if !g.chance(percent) || (depth == 0 && f.Message() != nil) {
			continue
		}
		name := f.JSONName()
		if g.chance(10) {
			name = string(f.Name())
		}
		if m[name] = g.field(f, depth); g.chance(3) {
			m[name] = nil
		}
	}
	if g.chance(5) {
		m[g.one("unknown", "ConfigPath", "statusport")] = g.any(1)
	}
	return m
}

func (g *generator) field(f protoreflect.FieldDescriptor, depth int) any {
	switch {
	case f.IsMap():
		m := map[string]any{}
		for i := g.Intn(4); i > 0; i-- {
			m[g.word()] = g.single(f.MapValue(), depth)
		}
		return m
	case f.IsList():
		list := []any{}
		for i := g.Intn(4); i > 0; i-- {
			list = append(list, g.single(f, depth))
		}
		return list
	}
	return g.single(f, depth)
}

// A hundredth of the values is of any kind.
func (g *generator) single(f protoreflect.FieldDescriptor, depth int) any {
	if g.Intn(150) == 0 {
		return g.any(2)
	}
	switch f.Kind() {
	case protoreflect.BoolKind:
		return g.chance(50)
	case protoreflect.StringKind:
		if strings.Contains(strings.ToLower(string(f.Name())), "address") {
			return g.address()
		}
		return g.word()
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		return []any{0, 1, 0.5, 100, 1e21, 1e-7, "50", "NaN", -2.25}[g.Intn(9)]
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		v := values.Get(g.Intn(values.Len()))
		if v.Name() == "INHERIT" || g.chance(20) {
			return g.Intn(6)
		}
		return string(v.Name())
	case protoreflect.MessageKind:
		return g.wellKnown(f.Message(), depth)
	case protoreflect.BytesKind:
		return "YQ=="
	}
	return g.number()
}

func (g *generator) number() any {
	n := []int64{0, 1, 2, 80, 15020, 65535, 70000, 2147483647}[g.Intn(8)]
	if g.chance(15) {
		return strconv.FormatInt(n, 10)
	}
	if g.chance(2) {
		return []any{-1, 1.5, int64(1) << 40, "1e3", "x", "", " 7 ", "null", "07"}[g.Intn(9)]
	}
	return n
}

func (g *generator) wellKnown(d protoreflect.MessageDescriptor, depth int) any {
	switch name := string(d.FullName()); {
	case name == "google.protobuf.Duration":
		return g.one("45s", "1s", "100ms", "1h", "1.5s", "0s", "5s", "10s", "1m30s", g.duration())
	case name == "google.protobuf.Struct":
		return map[string]any{g.word(): g.any(2), g.word(): g.any(2)}
	case strings.HasPrefix(name, "google.protobuf.") && strings.HasSuffix(name, "Value") && name != "google.protobuf.Value":
		return g.single(d.Fields().ByNumber(1), depth)
	case strings.HasPrefix(name, "google.protobuf."):
		return nil
	}
	if depth <= 0 {
		return map[string]any{}
	}
	return g.message(d, depth-1, 30)
}

func (g *generator) any(depth int) any {
	switch n := g.Intn(8); {
	case n == 0 && depth > 0:
		return []any{g.any(depth - 1), g.any(depth - 1)}
	case n == 1 && depth > 0:
		return map[string]any{g.word(): g.any(depth - 1)}
	case n < 4:
		return g.word()
	case n == 4:
		return nil
	case n == 5:
		return g.chance(50)
	}
	return g.number()
}

func (g *generator) word() string {
	return g.one("", "a", "b", "key", "ISTIO_META_X", "<&>", "ä", "\u2028", "a b", "\"q\"", "true", "0", "x/y", "10", "[x]", "line\nline")
}

func (g *generator) address() string {
	if g.chance(90) {
		return g.one("a:1", "zipkin.istio-system:9411", "1.2.3.4:80", "[::1]:15010", "x.y.z.:443")
	}
	return g.one("", "a", "a:b", "a:0", "a:70000", "::1:80", "a_b:1", "[a", "1.2.3:80", "$(HOST_IP):1", "[::1]", "a:+5", ":1", "a]:1")
}

func (g *generator) duration() string {
	var text strings.Builder
	text.WriteString(g.one("", "", "", "-", "+"))
	for i := 1 + g.Intn(3); i > 0; i-- {
		fmt.Fprint(&text, g.one("1", "0", "45", "100", "9223372036", "2562047", "1000000000", ".5", "1.25", "0.000000001", "3.", ".", "x", "007"))
		text.WriteString(g.one("s", "s", "ms", "m", "h", "us", "µs", "ns", "", "d", " s", "S"))
	}
	return text.String()
}

func (g *generator) annotation() (name, value string) {
	names := make([]string, 0, len(inject.AnnotationValidation))
	for n := range inject.AnnotationValidation {
		names = append(names, n)
	}
	// Go's order of maps is random, a seed's lines are not.
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			if names[j] < names[i] {
				names[i], names[j] = names[j], names[i]
			}
		}
	}
	name = names[g.Intn(len(names))]
	switch {
	case name == "proxy.istio.io/config":
		return name, g.proxyConfig()
	case g.chance(10):
		return name, g.raw(12)
	case strings.Contains(name, "IPRanges"):
		return name, g.list(g.prefix)
	case strings.Contains(name, "Ports"):
		return name, g.list(g.port)
	case strings.Contains(name, "nterfaces"):
		return name, g.list(func() string {
			return g.one("eth0", "net1", " lo ", "", "0x", "a.b-c_d", "averylonginterfacename", "fifteen-letters", "a b", "ä")
		})
	case strings.Contains(name, "proxyCPU") || strings.Contains(name, "proxyMemory"):
		return name, g.one("", "-", "+") + g.one("1", "0.5", "100", ".", "1e3", "12345678901234567890", "0.0001", "1.", "01") +
			g.one("", "m", "Mi", "Gi", "k", "K", "E", "e2", "n", "u", " ", "mi", "Ki\n", "x")
	}
	return name, g.one("REDIRECT", "TPROXY", "NONE", "true", "TRUE", "t", "0", "1", "yes", "", g.port(), g.raw(5))
}

func (g *generator) list(item func() string) string {
	items := make([]string, 1+g.Intn(3))
	for i := range items {
		items[i] = item()
	}
	return g.one("", "", "", " ") + strings.Join(items, g.one(",", ",", ", ")) + g.one("", "", "", ",")
}

func (g *generator) port() string {
	return g.one("80", "15020", "0", "65535", "65536", "*", "", "-1", "+1", " 8", "1.5", "0x10", "99999999999999999999", "http", "1_0", "٣", "007", "6553600x")
}

func (g *generator) prefix() string {
	if g.chance(10) {
		return g.raw(8)
	}
	var address string
	if g.chance(50) {
		parts := make([]string, 4)
		for i := range parts {
			parts[i] = g.one("0", "1", "10", "192", "255", "1", "10", "192", "255", "168", "99")
			if g.Intn(30) == 0 {
				parts[i] = g.one("256", "01", "", "x", "1.2")
			}
		}
		address = strings.Join(parts, ".")
	} else {
		parts := make([]string, 1+g.Intn(9))
		for i := range parts {
			parts[i] = g.one("0", "1", "fe80", "abcd", "ABCD", "ffff", "", "2001", "db8")
			if g.Intn(40) == 0 {
				parts[i] = g.one("12345", "g", "1.2.3.4", "%", "1%eth0")
			}
		}
		address = g.one("", "", "::", ":") + strings.Join(parts, ":") + g.one("", "", "", "::", ":1.2.3.4", "%eth0")
	}
	return address + g.one("/8", "/24", "/32", "/0", "/64", "/128", "/33", "/129", "", "/", "/08", "/+1", "/-1", "/x", "/8/8", " /8", "/99999999999999999999")
}

func (g *generator) raw(most int) string {
	var text strings.Builder
	for i := g.Intn(most); i > 0; i-- {
		text.WriteString(g.one("0", "1", "9", ".", ":", "/", ",", "*", "-", "a", "Z", "%", "\"", "\\", "ä", "\u00a0", "\u200b", "€", "[", "]"))
	}
	return text.String()
}
