/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations that are checked before anything is rendered, and the full text of every refusal. */
#include "patches/pod/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/oom.h"

#define R5 RELEASE_1_5
#define R6 RELEASE_1_6
#define R7 RELEASE_1_7
#define R8 RELEASE_1_8
#define HEAD RELEASE_HEAD

#define MODE "sidecar.istio.io/interceptionMode"
#define DUMP "sidecar.istio.io/enableCoreDump"
#define STATUS "status.sidecar.istio.io/port"
#define DELAY "readiness.status.sidecar.istio.io/initialDelaySeconds"
#define PERIOD "readiness.status.sidecar.istio.io/periodSeconds"
#define THRESHOLD "readiness.status.sidecar.istio.io/failureThreshold"
#define IN_RANGES "traffic.sidecar.istio.io/includeOutboundIPRanges"
#define EX_RANGES "traffic.sidecar.istio.io/excludeOutboundIPRanges"
#define IN_PORTS "traffic.sidecar.istio.io/includeInboundPorts"
#define EX_PORTS "traffic.sidecar.istio.io/excludeInboundPorts"
#define OUT_PORTS "traffic.sidecar.istio.io/excludeOutboundPorts"
#define EX_INTERFACES "traffic.sidecar.istio.io/excludeInterfaces"
#define KUBEVIRT "traffic.sidecar.istio.io/kubevirtInterfaces"
#define REROUTE "istio.io/reroute-virtual-interfaces"
#define MERGE "prometheus.istio.io/merge-metrics"
#define CONFIG "proxy.istio.io/config"
#define CPU "sidecar.istio.io/proxyCPU"
#define MEMORY "sidecar.istio.io/proxyMemory"
#define CPU_LIMIT "sidecar.istio.io/proxyCPULimit"
#define MEMORY_LIMIT "sidecar.istio.io/proxyMemoryLimit"

#define UINT "strconv.ParseUint: parsing "
#define SYNTAX ": invalid syntax"
#define RANGE ": value out of range"
/* A refused CIDR, as today and as up to 1.8. */
#define CIDR(parameter, value, why) \
	parameter " invalid: failed parsing cidr '" value "': netip.ParsePrefix(\"" value "\"): " why
#define ADDR(parameter, value, addr, why) CIDR(parameter, value, "ParseAddr(\"" addr "\"): " why)
#define OLD_CIDR(parameter, value) parameter " invalid: failed parsing cidr '" value "': invalid CIDR address: " value
/* A refused port of a list: the text is told today, what was parsed of it up to 1.8. */
#define PORT(parameter, value, shown, why) \
	parameter " invalid: failed parsing port '" value "': failed parsing port '" value "': " UINT "\"" shown "\"" why
#define OLD_PORT(parameter, parsed, shown, why) \
	parameter " invalid: failed parsing port '0': failed parsing port '" parsed "': " UINT "\"" shown "\"" why

static const struct {
	enum release release;
	const char *name, *value;
	const char *problem; /* NULL: accepted */
} rows[] = {
	{HEAD, MODE, "REDIRECT", NULL}, {HEAD, MODE, "TPROXY", NULL}, {HEAD, MODE, "NONE", NULL}, {R5, MODE, "NONE", NULL},
	{HEAD, MODE, "", "interceptionMode invalid, use REDIRECT,TPROXY,NONE: "},
	{HEAD, MODE, "redirect", "interceptionMode invalid, use REDIRECT,TPROXY,NONE: redirect"},
	{R5, MODE, "TPROXY ", "interceptionMode invalid, use REDIRECT,TPROXY,NONE: TPROXY "},
	{HEAD, MODE, "x\ny", "interceptionMode invalid, use REDIRECT,TPROXY,NONE: x\\ny"},

	{R5, DUMP, "true", NULL}, {R8, DUMP, "T", NULL}, {R5, DUMP, "yes", "strconv.ParseBool: parsing \"yes\": invalid syntax"},
	{R8, DUMP, "", "strconv.ParseBool: parsing \"\": invalid syntax"}, {HEAD, DUMP, "yes", NULL}, /* no longer checked */
	{HEAD, MERGE, "1", NULL}, {HEAD, MERGE, "False", NULL}, {HEAD, MERGE, "fALSE", "strconv.ParseBool: parsing \"fALSE\": invalid syntax"},
	{R5, MERGE, "perhaps", NULL}, {R6, MERGE, "perhaps", "strconv.ParseBool: parsing \"perhaps\": invalid syntax"},

	{HEAD, DELAY, "0", NULL}, {HEAD, DELAY, "4294967295", NULL}, {HEAD, DELAY, "007", NULL},
	{HEAD, DELAY, "4294967296", UINT "\"4294967296\"" RANGE}, {HEAD, DELAY, "", UINT "\"\"" SYNTAX}, {HEAD, DELAY, "-1", UINT "\"-1\"" SYNTAX},
	{HEAD, DELAY, "+1", UINT "\"+1\"" SYNTAX}, {HEAD, DELAY, "1.5", UINT "\"1.5\"" SYNTAX}, {HEAD, DELAY, " 1", UINT "\" 1\"" SYNTAX},
	{HEAD, DELAY, "0x10", UINT "\"0x10\"" SYNTAX}, {HEAD, DELAY, "1_0", UINT "\"1_0\"" SYNTAX},
	{HEAD, DELAY, "99999999999999999999999", UINT "\"99999999999999999999999\"" RANGE},
	{HEAD, DELAY, "4294967296x", UINT "\"4294967296x\"" RANGE}, /* read no further */
	{R5, PERIOD, "x", UINT "\"x\"" SYNTAX}, {HEAD, PERIOD, "10", NULL}, {R7, THRESHOLD, "1e3", UINT "\"1e3\"" SYNTAX},
	{HEAD, THRESHOLD, "a\"b", UINT "\"a\\\"b\"" SYNTAX}, {HEAD, THRESHOLD, "\t", UINT "\"\\t\"" SYNTAX},

	{HEAD, STATUS, "15020", NULL}, {HEAD, STATUS, "0", NULL}, {HEAD, STATUS, " 80 ", NULL}, {R5, STATUS, "80", NULL},
	{HEAD, STATUS, "65536", "excludeInboundPorts invalid: failed parsing port '65536': " UINT "\"65536\"" RANGE},
	{HEAD, STATUS, "", "excludeInboundPorts invalid: failed parsing port '': " UINT "\"\"" SYNTAX},
	{HEAD, STATUS, " x ", "excludeInboundPorts invalid: failed parsing port ' x ': " UINT "\"x\"" SYNTAX},
	{R5, STATUS, "x", "excludeInboundPorts invalid: failed parsing port '0': " UINT "\"x\"" SYNTAX},
	{R8, STATUS, "70000", "excludeInboundPorts invalid: failed parsing port '65535': " UINT "\"70000\"" RANGE},

	{HEAD, IN_PORTS, "*", NULL}, {HEAD, IN_PORTS, "", NULL}, {HEAD, IN_PORTS, " ", NULL}, {HEAD, IN_PORTS, "80", NULL},
	{HEAD, IN_PORTS, "80,90", NULL}, {HEAD, IN_PORTS, " 80 , 90 ", NULL}, {HEAD, IN_PORTS, "0", NULL}, {HEAD, IN_PORTS, "080", NULL},
	{HEAD, IN_PORTS, "80,,90", PORT("includeInboundPorts", "", "", SYNTAX)},
	{HEAD, IN_PORTS, "80,", PORT("includeInboundPorts", "", "", SYNTAX)}, {HEAD, IN_PORTS, ",", PORT("includeInboundPorts", "", "", SYNTAX)},
	{HEAD, IN_PORTS, "*,80", PORT("includeInboundPorts", "*", "*", SYNTAX)}, {HEAD, IN_PORTS, " *", PORT("includeInboundPorts", "*", "*", SYNTAX)},
	{HEAD, IN_PORTS, "80, x", PORT("includeInboundPorts", " x", "x", SYNTAX)},
	{HEAD, IN_PORTS, "80-90", PORT("includeInboundPorts", "80-90", "80-90", SYNTAX)},
	{HEAD, IN_PORTS, "-4", PORT("includeInboundPorts", "-4", "-4", SYNTAX)},
	{HEAD, IN_PORTS, "65536", PORT("includeInboundPorts", "65536", "65536", RANGE)},
	{R5, IN_PORTS, "*", NULL}, {R5, IN_PORTS, "80,x", OLD_PORT("includeInboundPorts", "0", "x", SYNTAX)},
	{R7, IN_PORTS, "99999", OLD_PORT("includeInboundPorts", "65535", "99999", RANGE)},
	{HEAD, EX_PORTS, "", NULL}, {HEAD, EX_PORTS, "15021,80", NULL}, {HEAD, EX_PORTS, "*", PORT("excludeInboundPorts", "*", "*", SYNTAX)},
	{R8, EX_PORTS, "*", OLD_PORT("excludeInboundPorts", "0", "*", SYNTAX)}, {R5, EX_PORTS, "1,2,3", NULL},
	{HEAD, OUT_PORTS, "443", NULL}, {HEAD, OUT_PORTS, "http", PORT("excludeOutboundPorts", "http", "http", SYNTAX)},
	{R6, OUT_PORTS, "http", OLD_PORT("excludeOutboundPorts", "0", "http", SYNTAX)}, {HEAD, OUT_PORTS, "1.0", PORT("excludeOutboundPorts", "1.0", "1.0", SYNTAX)},

	{HEAD, IN_RANGES, "*", NULL}, {HEAD, IN_RANGES, "", NULL}, {HEAD, IN_RANGES, "10.0.0.0/8", NULL}, {HEAD, IN_RANGES, "0.0.0.0/0", NULL},
	{HEAD, IN_RANGES, "10.1.2.3/32,::/0,2001:db8::/32", NULL}, {HEAD, IN_RANGES, "::ffff:1.2.3.4/128", NULL}, {HEAD, IN_RANGES, "1:2:3:4:5:6:7:8/1", NULL},
	{HEAD, IN_RANGES, "1::8/9", NULL}, {HEAD, IN_RANGES, "::1.2.3.4/96", NULL}, {HEAD, IN_RANGES, "1:2:3:4:5:6:1.2.3.4/96", NULL},
	{HEAD, IN_RANGES, "10.0.0.0", CIDR("includeIPRanges", "10.0.0.0", "no '/'")},
	{HEAD, IN_RANGES, "10.0.0.0/33", CIDR("includeIPRanges", "10.0.0.0/33", "prefix length out of range")},
	{HEAD, IN_RANGES, "::/129", CIDR("includeIPRanges", "::/129", "prefix length out of range")},
	{HEAD, IN_RANGES, "10.0.0.0/", CIDR("includeIPRanges", "10.0.0.0/", "bad bits after slash: \"\"")},
	{HEAD, IN_RANGES, "10.0.0.0/08", CIDR("includeIPRanges", "10.0.0.0/08", "bad bits after slash: \"08\"")},
	{HEAD, IN_RANGES, "10.0.0.0/+8", CIDR("includeIPRanges", "10.0.0.0/+8", "bad bits after slash: \"+8\"")},
	{HEAD, IN_RANGES, "10.0.0.0/-", CIDR("includeIPRanges", "10.0.0.0/-", "bad bits after slash: \"-\"")},
	{HEAD, IN_RANGES, "10.0.0.0/x", CIDR("includeIPRanges", "10.0.0.0/x", "bad bits after slash: \"x\"")},
	{HEAD, IN_RANGES, "10.0.0.0/8/8", ADDR("includeIPRanges", "10.0.0.0/8/8", "10.0.0.0/8", "unexpected character (at \"/8\")")},
	{HEAD, IN_RANGES, "10.0.0/8", ADDR("includeIPRanges", "10.0.0/8", "10.0.0", "IPv4 address too short")},
	{HEAD, IN_RANGES, "10.0.0.0.0/8", ADDR("includeIPRanges", "10.0.0.0.0/8", "10.0.0.0.0", "IPv4 address too long")},
	{HEAD, IN_RANGES, "10.0.0.256/8", ADDR("includeIPRanges", "10.0.0.256/8", "10.0.0.256", "IPv4 field has value >255")},
	{HEAD, IN_RANGES, "10.0.0.01/8", ADDR("includeIPRanges", "10.0.0.01/8", "10.0.0.01", "IPv4 field has octet with leading zero")},
	{HEAD, IN_RANGES, "10..0.0/8", ADDR("includeIPRanges", "10..0.0/8", "10..0.0", "IPv4 field must have at least one digit (at \".0.0\")")},
	{HEAD, IN_RANGES, ".1.2.3/8", ADDR("includeIPRanges", ".1.2.3/8", ".1.2.3", "IPv4 field must have at least one digit (at \".1.2.3\")")},
	{HEAD, IN_RANGES, "1.2.3./8", ADDR("includeIPRanges", "1.2.3./8", "1.2.3.", "IPv4 field must have at least one digit (at \".\")")},
	{HEAD, IN_RANGES, "a.b.c.d/8", ADDR("includeIPRanges", "a.b.c.d/8", "a.b.c.d", "unexpected character (at \"a.b.c.d\")")},
	{HEAD, IN_RANGES, "host/8", ADDR("includeIPRanges", "host/8", "host", "unable to parse IP")},
	{HEAD, IN_RANGES, "/8", ADDR("includeIPRanges", "/8", "", "unable to parse IP")},
	{HEAD, IN_RANGES, "%eth0/8", ADDR("includeIPRanges", "%eth0/8", "%eth0", "missing IPv6 address")},
	{HEAD, IN_RANGES, "::1%/8", ADDR("includeIPRanges", "::1%/8", "::1%", "zone must be a non-empty string")},
	{HEAD, IN_RANGES, "::1%eth0/8", CIDR("includeIPRanges", "::1%eth0/8", "IPv6 zones cannot be present in a prefix")},
	{HEAD, IN_RANGES, "1:2/8", ADDR("includeIPRanges", "1:2/8", "1:2", "address string too short")},
	{HEAD, IN_RANGES, "1:2:3:4:5:6:7:8:9/8", ADDR("includeIPRanges", "1:2:3:4:5:6:7:8:9/8", "1:2:3:4:5:6:7:8:9", "trailing garbage after address (at \"9\")")},
	{HEAD, IN_RANGES, "1::2::3/8", ADDR("includeIPRanges", "1::2::3/8", "1::2::3", "multiple :: in address (at \":3\")")},
	{HEAD, IN_RANGES, "1:2:3:4:5:6:7::8/8", ADDR("includeIPRanges", "1:2:3:4:5:6:7::8/8", "1:2:3:4:5:6:7::8", "the :: must expand to at least one field of zeros")},
	{HEAD, IN_RANGES, "12345::/8", ADDR("includeIPRanges", "12345::/8", "12345::", "each group must have 4 or less digits (at \"12345::\")")},
	{HEAD, IN_RANGES, ":1/8", ADDR("includeIPRanges", ":1/8", ":1", "each colon-separated field must have at least one digit (at \":1\")")},
	{HEAD, IN_RANGES, "1:/8", ADDR("includeIPRanges", "1:/8", "1:", "colon must be followed by more characters (at \":\")")},
	{HEAD, IN_RANGES, "1:g/8", ADDR("includeIPRanges", "1:g/8", "1:g", "each colon-separated field must have at least one digit (at \"g\")")},
	{HEAD, IN_RANGES, "1:2g/8", ADDR("includeIPRanges", "1:2g/8", "1:2g", "unexpected character, want colon (at \"g\")")},
	{HEAD, IN_RANGES, "1:1.2.3.4/8", ADDR("includeIPRanges", "1:1.2.3.4/8", "1:1.2.3.4", "embedded IPv4 address must replace the final 2 fields of the address (at \"1.2.3.4\")")},
	{HEAD, IN_RANGES, "1::1.2.3/8", ADDR("includeIPRanges", "1::1.2.3/8", "1::1.2.3", "IPv4 address too short")},
	{HEAD, IN_RANGES, "10.0.0.0/8,", CIDR("includeIPRanges", "", "no '/'")}, {HEAD, IN_RANGES, ",", CIDR("includeIPRanges", "", "no '/'")},
	{HEAD, IN_RANGES, "*,10.0.0.0/8", CIDR("includeIPRanges", "*", "no '/'")},
	{HEAD, IN_RANGES, "10.0.0.0/8, 10.0.0.0/9", ADDR("includeIPRanges", " 10.0.0.0/9", " 10.0.0.0", "unexpected character (at \" 10.0.0.0\")")},
	{HEAD, EX_RANGES, "", NULL}, {HEAD, EX_RANGES, "*", CIDR("excludeIPRanges", "*", "no '/'")}, {HEAD, EX_RANGES, "fe80::/10", NULL},
	{R5, IN_RANGES, "*", NULL}, {R5, IN_RANGES, "10.0.0.0/8", NULL}, {R5, IN_RANGES, "010.0.0.1/08", NULL}, {R5, IN_RANGES, "::/0", NULL},
	{R5, IN_RANGES, "00001::/16", NULL}, {R5, IN_RANGES, "10.0.0.0/33", OLD_CIDR("includeIPRanges", "10.0.0.0/33")},
	{R5, IN_RANGES, "10.0.0.0", OLD_CIDR("includeIPRanges", "10.0.0.0")}, {R7, IN_RANGES, "::1%a/8", OLD_CIDR("includeIPRanges", "::1%a/8")},
	{R8, EX_RANGES, "*", OLD_CIDR("excludeIPRanges", "*")}, {R8, EX_RANGES, "1.2.3.4/+8", OLD_CIDR("excludeIPRanges", "1.2.3.4/+8")},
	{R8, EX_RANGES, "1.2.3.4/8/8", OLD_CIDR("excludeIPRanges", "1.2.3.4/8/8")}, {R8, EX_RANGES, "1.2.3.4/", OLD_CIDR("excludeIPRanges", "1.2.3.4/")},

	{HEAD, EX_INTERFACES, "", NULL}, {HEAD, EX_INTERFACES, "eth0", NULL}, {HEAD, EX_INTERFACES, "eth0, net_1.2-3", NULL},
	{HEAD, EX_INTERFACES, "abcdefghijklmno", NULL}, {HEAD, EX_INTERFACES, ",", "empty interface name"}, {HEAD, EX_INTERFACES, " ", "empty interface name"},
	{HEAD, EX_INTERFACES, "eth0,,eth1", "empty interface name"}, {HEAD, EX_INTERFACES, "eth0,", "empty interface name"},
	{HEAD, EX_INTERFACES, "abcdefghijklmnop", "interface name \"abcdefghijklmnop\" too long (max 15 chars)"},
	{HEAD, EX_INTERFACES, "0eth", "interface name \"0eth\" contains invalid characters"},
	{HEAD, KUBEVIRT, "net1;rm", "interface name \"net1;rm\" contains invalid characters"}, {HEAD, KUBEVIRT, "net1", NULL},
	{HEAD, REROUTE, "a b", "interface name \"a b\" contains invalid characters"}, {HEAD, REROUTE, "a\n", NULL}, /* trimmed */
	{R8, EX_INTERFACES, "0eth", NULL}, {R5, KUBEVIRT, "0eth", NULL},

	{HEAD, CPU, "100m", NULL}, {HEAD, CPU, "0.5", NULL}, {HEAD, MEMORY, "1Gi", NULL}, {HEAD, CPU_LIMIT, "2", NULL}, {HEAD, MEMORY_LIMIT, "1e3", NULL},
	{HEAD, CPU, "1\n", "value contains control characters"}, {HEAD, MEMORY, "\302\205", "value contains control characters"},
	{HEAD, CPU, "", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	{HEAD, CPU, "lots", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	{HEAD, MEMORY_LIMIT, "1 Gi", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	{HEAD, CPU, "1 ", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	{R8, CPU, "lots", NULL}, {R5, MEMORY, "", NULL},

	{HEAD, CONFIG, "", NULL}, {HEAD, CONFIG, "{}", NULL}, {HEAD, CONFIG, "concurrency: 2", NULL}, {HEAD, CONFIG, "unknown: true", NULL},
	{R5, CONFIG, "concurrency: x", NULL},
	{HEAD, CONFIG, "concurrency: x", "failed to convert to apply proxy config: invalid character 'x' looking for beginning of value (at concurrency)"},
	{R6, CONFIG, "concurrency: []", "failed to convert to apply proxy config: json: cannot unmarshal array into Go value of type int32 (at concurrency)"},
	{HEAD, CONFIG, "[]", "failed to convert to apply proxy config: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
	{HEAD, CONFIG, "drainDuration: 5", "failed to convert to apply proxy config: json: cannot unmarshal number into Go value of type string (at drainDuration)"},
	{HEAD, CONFIG, "proxyMetadata: {A: true}", "failed to convert to apply proxy config: json: cannot unmarshal bool into Go value of type string (at proxyMetadata.A)"},
	{HEAD, CONFIG, "statusPort: 0", "1 error occurred:\n\t* invalid status port: port number 0 must be in the range 1..65535\n\n"},
	{R8, CONFIG, "statusPort: 0", NULL},
	{HEAD, CONFIG, "proxyAdminPort: -1", "1 error occurred:\n\t* invalid proxy admin port: port number -1 must be in the range 1..65535\n\n"},
	{HEAD, CONFIG, "{configPath: '', binaryPath: ''}", "2 errors occurred:\n\t* config path must be set\n\t* binary path must be set\n\n"},
	{HEAD, CONFIG, "serviceCluster: ''", "1 error occurred:\n\t* service cluster must be specified\n\n"},
	{R7, CONFIG, "serviceCluster: ''", "1 error occurred:\n\t* service cluster must be set\n\n"},
	{HEAD, CONFIG, "tracingServiceName: CANONICAL_NAME_ONLY", NULL},
	{HEAD, CONFIG, "drainDuration: 0s", "1 error occurred:\n\t* invalid drain duration: duration must be greater than 1ms\n\n"},
	{HEAD, CONFIG, "drainDuration: 1.5ms", "1 error occurred:\n\t* invalid drain duration: only durations to ms precision are supported\n\n"},
	{HEAD, CONFIG, "drainDuration: 1.5s", "1 error occurred:\n\t* drain time only supports durations to seconds precision\n\n"},
	{HEAD, CONFIG, "drainDuration: 70m", NULL},
	{R7, CONFIG, "{drainDuration: 61m, parentShutdownDuration: 62m}", "2 errors occurred:\n\t* invalid parent and drain time combination drain time "
		"1h1m0s must be <1h0m0s\n\t* invalid parent and drain time combination parent shutdown time 1h2m0s must be <1h0m0s\n\n"},
	{R7, CONFIG, "{parentShutdownDuration: 45s}", "1 error occurred:\n\t* invalid parent and drain time combination parent shutdown time 45s must be "
		"greater than drain time 45s\n\n"},
	{R6, CONFIG, "{drainDuration: 1us, parentShutdownDuration: 0s}", "2 errors occurred:\n\t* invalid parent and drain time combination invalid drain "
		"duration: duration must be greater than 1ms\n\t* invalid parent and drain time combination invalid parent shutdown duration: duration must be "
		"greater than 1ms\n\n"},
	{HEAD, CONFIG, "discoveryAddress: ''", "1 error occurred:\n\t* discovery address must be set to the proxy discovery service\n\n"},
	{HEAD, CONFIG, "discoveryAddress: host", "1 error occurred:\n\t* invalid discovery address: unable to split \"host\": address host: missing port in address\n\n"},
	{HEAD, CONFIG, "discoveryAddress: 'a_b:1'", "1 error occurred:\n\t* invalid discovery address: \"a_b\" is not a valid hostname or an IP address\n\n"},
	{HEAD, CONFIG, "tracing: {zipkin: {address: '$(HOST_IP):9411'}}", NULL}, {R8, CONFIG, "tracing: {zipkin: {address: '$(HOST_IP):9411'}}", NULL},
	{R7, CONFIG, "tracing: {datadog: {address: '$(HOST_IP):8126'}}", NULL},
	{R7, CONFIG, "tracing: {zipkin: {address: '$(HOST_IP):9411'}}", "1 error occurred:\n\t* invalid zipkin config: \"$(HOST_IP)\" is not a valid hostname or an IP "
		"address\n\n"},
	{HEAD, CONFIG, "tracing: {zipkin: {}}", "1 error occurred:\n\t* invalid zipkin config: unable to split \"\": missing port in address\n\n"},
	{HEAD, CONFIG, "tracing: {lightstep: {}}", "3 errors occurred:\n\t* invalid lightstep config: address is required\n\t* invalid lightstep config: invalid "
		"lightstep address: unable to split \"\": missing port in address\n\t* invalid lightstep config: access token is required\n\n"},
	{HEAD, CONFIG, "tracing: {tlsSettings: {mode: MUTUAL}}", "2 errors occurred:\n\t* invalid tracing TLS config: client certificate required for mutual tls\n\t* "
		"invalid tracing TLS config: private key required for mutual tls\n\n"},
	{HEAD, CONFIG, "tracing: {tlsSettings: {mode: SIMPLE, credentialName: c, caCertificates: f}}", "1 error occurred:\n\t* invalid tracing TLS config: cannot specify "
		"client certificates or CA certificate or CA CRL If credentialName is set\n\n"},
	{HEAD, CONFIG, "tracing: {tlsSettings: {mode: SIMPLE, insecureSkipVerify: true, caCertificates: f}}", "1 error occurred:\n\t* invalid tracing TLS config: cannot "
		"specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify is set true\n\n"},
	{HEAD, CONFIG, "statsdUdpAddress: x", "1 error occurred:\n\t* invalid statsd udp address \"x\": unable to split \"x\": address x: missing port in address\n\n"},
	{HEAD, CONFIG, "envoyMetricsServiceAddress: 'x:y'", "1 error occurred:\n\t* invalid envoy metrics service address \"x:y\": port (y) is not a number: strconv.Atoi: "
		"parsing \"y\": invalid syntax\n\n"},
	{HEAD, CONFIG, "envoyMetricsService: {address: 'x:0'}", "1 error occurred:\n\t* invalid envoy metrics service address \"x:0\": port number 0 must be in the range "
		"1..65535\n\n"},
	{R6, CONFIG, "envoyAccessLogService: {address: 'x'}", "1 error occurred:\n\t* invalid envoy access log service address \"x\": unable to split \"x\": address x: missing "
		"port in address\n\n"},
	{HEAD, CONFIG, "privateKeyProvider: {}", "2 errors occurred:\n\t* invalid private key provider configuration: private key provider configuration is required\n\t* invalid "
		"private key provider configuration: unknown private key provider\n\n"},
	{HEAD, CONFIG, "privateKeyProvider: {qat: {}}", "1 error occurred:\n\t* invalid private key provider configuration: pollDelay is required\n\n"},
	{HEAD, CONFIG, "privateKeyProvider: {cryptomb: {pollDelay: 0s}}", "1 error occurred:\n\t* invalid private key provider configuration: pollDelay must be non zero\n\n"},
	{HEAD, CONFIG, "privateKeyProvider: {cryptomb: {pollDelay: 1ms}}", NULL},
	{HEAD, CONFIG, "connectionSettings: {httpIdleTimeout: -1s, http2InitialStreamWindowSize: 5, listenerConnectionLimit: 0}", "3 errors occurred:\n\t* invalid connection "
		"settings: http_idle_timeout must be non-negative\n\t* invalid connection settings: http2_initial_stream_window_size must be at least 65535\n\t* invalid "
		"connection settings: listener_connection_limit must be positive\n\n"},
	{HEAD, CONFIG, "connectionSettings: {listenerPerConnectionBufferLimitBytes: 0}", NULL},
	{HEAD, CONFIG, "controlPlaneAuthPolicy: 7", "1 error occurred:\n\t* invalid authentication policy: unrecognized control plane auth policy \"7\"\n\n"},

	/* what nobody checks */
	{HEAD, "sidecar.istio.io/inject", "perhaps", NULL}, {HEAD, "sidecar.istio.io/InterceptionMode", "x", NULL},
};

static const struct value *text_value(struct arena *a, const char *text)
{
	const struct value *v = value_cstr(a, text);

	assert_non_null(v);
	return v;
}

static void test_values(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		struct arena a;

		arena_init(&a, 0);
		struct map *m = map_new(&a, 1);

		assert_int_equal(map_setc(&a, m, rows[i].name, text_value(&a, rows[i].value)), 0);
		const int done = validate_annotations(&a, m, rows[i].release, &err);

		if (!rows[i].problem) {
			if (done < 0)
				fail_msg("row %zu: %s: '%s' is refused: %s", i, rows[i].name, rows[i].value, err.what);
		} else {
			char *shown = arena_printf(&a, "' for annotation '%s': %s\n\n", rows[i].name, rows[i].problem);

			if (done == 0)
				fail_msg("row %zu: %s: '%s' is accepted", i, rows[i].name, rows[i].value);
			assert_int_equal(err.code, ERR_INPUT);
			if (strncmp(err.what, "1 error occurred:\n\t* invalid value '", 35) != 0 || !strstr(err.what, shown))
				fail_msg("row %zu:\nwant …%s\ngot %s", i, shown, err.what);
			assert_true(str_has_prefix(str_of(err.where), "/metadata/annotations/"));
		}
		arena_release(&a);
	}
}

static void test_several(void **state UNUSED)
{
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	struct map *m = map_new(&a, 3);

	assert_int_equal(map_setc(&a, m, STATUS, text_value(&a, "x")), 0);
	assert_int_equal(map_setc(&a, m, MERGE, text_value(&a, "a\nb")), 0);
	assert_int_equal(map_setc(&a, m, MODE, text_value(&a, "TPROXY")), 0);
	assert_int_equal(validate_annotations(&a, m, HEAD, &err), -1);
	assert_string_equal(err.what, "2 errors occurred:\n\t* invalid value 'a\\nb' for annotation 'prometheus.istio.io/merge-metrics': "
		"strconv.ParseBool: parsing \"a\\nb\": invalid syntax\n\t* invalid value 'x' for annotation 'status.sidecar.istio.io/port': "
		"excludeInboundPorts invalid: failed parsing port 'x': strconv.ParseUint: parsing \"x\": invalid syntax\n\n");
	assert_string_equal(err.where, "/metadata/annotations/prometheus.istio.io~1merge-metrics");
	arena_release(&a);
}

/* Long values are cut between runes; NUL and other control characters are shown, not sent. */
static void test_shown_values(void **state UNUSED)
{
	char value[600] = "\001";
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 1; i + 2 < sizeof(value); i += 2)
		(void)memcpy(value + i, "\303\244", 2);
	struct map *m = map_new(&a, 1);

	assert_int_equal(map_setc(&a, m, MODE, text_value(&a, value)), 0);
	assert_int_equal(validate_annotations(&a, m, HEAD, &err), -1);
	assert_true(utf8_valid(err.what, strlen(err.what)));
	assert_non_null(strstr(err.what, "'\\u0001\303\244"));
	assert_null(strchr(err.what, '\001'));
	assert_true(strlen(err.what) < 700);

	const struct value *nul = value_str(&a, (struct str){"TPROXY\0", 7});

	err = (struct err){0};
	assert_int_equal(map_setc(&a, m, MODE, nul), 0);
	assert_int_equal(validate_annotations(&a, m, HEAD, &err), -1);
	assert_non_null(strstr(err.what, "'TPROXY\\u0000'"));
	arena_release(&a);
}

static void test_nothing(void **state UNUSED)
{
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(validate_annotations(&a, NULL, HEAD, &err), 0);
	struct map *m = map_new(&a, 1);

	assert_int_equal(map_setc(&a, m, MODE, &value_nil), 0); /* null is no annotation */
	assert_int_equal(validate_annotations(&a, m, HEAD, &err), 0);
	arena_release(&a);
}

static int run_bad(struct arena *a, const void *arg UNUSED, struct err *err)
{
	struct map *m = map_new(a, 2);

	if (!m || map_setc(a, m, IN_RANGES, &value_empty_string) < 0)
		return err_nomem(err);
	const struct value *v = value_cstr(a, "10.0.0.256/8"), *config = value_cstr(a, "{discoveryAddress: x, statusPort: 0}");

	if (!v || !config || map_setc(a, m, EX_RANGES, v) < 0 || map_setc(a, m, CONFIG, config) < 0)
		return err_nomem(err);
	if (validate_annotations(a, m, HEAD, err) == 0)
		return 0;
	if (err->code != ERR_INPUT)
		return -1;
	return strstr(err->what, "out of memory") ? -1 : 0; /* refused, and for the right reason */
}

static void test_out_of_memory(void **state UNUSED)
{
	assert_true(oom_loop(run_bad, NULL) > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_several), cmocka_unit_test(test_shown_values),
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("validate", tests, NULL, NULL);
}
