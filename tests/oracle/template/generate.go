// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand"
	"strconv"
	"strings"
)

// Makes random templates. Most are well typed, so that they run far; some are not, so that every error is met.
type generator struct {
	*rand.Rand
	functions []row
	tails     []string
	vars      []string // names in scope
	defined   []string // templates
	depth     int
	rooted    bool // the dot is the injector's data
	inRange   bool
}

func newGenerator(seed int64, core bool) *generator {
	g := &generator{Rand: rand.New(rand.NewSource(seed)), functions: functions, tails: []string{"quote", "toString", "default 1"}}
	if core {
		g.functions, g.tails = nil, nil
		for _, f := range functions {
			if goOwn[f.name] {
				g.functions = append(g.functions, f)
			}
		}
	}
	return g
}

// What text/template itself brings (slice is sprig's for the injector).
var goOwn = map[string]bool{"and": true, "or": true, "not": true, "len": true, "index": true, "print": true, "println": true, "html": true,
	"js": true, "urlquery": true, "call": true, "eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true}

func (g *generator) one(of ...string) string { return of[g.Intn(len(of))] }
func (g *generator) chance(percent int) bool { return g.Intn(100) < percent }

// Kinds of expressions: s string, i int, f float64, b bool, l []any, L []string, m map[string]any, M map[string]string, a anything,
// O ObjectMeta, C containers, P protobuf message, D duration, x something else typed, n a small number, r a regular expression,
// k a scalar, K a map of literals.
type row struct{ name, args, result string }

// Longest letters first: '+' repeats the kind before it, zero to three times.
var functions = []row{
	{"and", "aa+", "a"}, {"or", "aa+", "a"}, {"not", "a", "b"}, {"len", "l", "i"}, {"len", "s", "i"}, {"len", "m", "i"}, {"len", "a", "i"},
	{"index", "li", "a"}, {"index", "ms", "a"}, {"index", "Ms", "s"}, {"index", "si", "i"}, {"index", "Li", "s"}, {"index", "Ci", "x"},
	{"print", "a+", "s"}, {"println", "a+", "s"}, {"print", "s+", "s"}, {"html", "a+", "s"}, {"js", "a+", "s"}, {"urlquery", "a+", "s"},
	{"html", "s", "s"}, {"js", "s", "s"}, {"urlquery", "s", "s"}, {"call", "a+", "a"},
	{"eq", "aa", "b"}, {"eq", "ss", "b"}, {"eq", "ii+", "b"}, {"eq", "ff", "b"}, {"eq", "bb", "b"}, {"ne", "ss", "b"}, {"ne", "aa", "b"},
	{"lt", "ii", "b"}, {"le", "ss", "b"}, {"gt", "ff", "b"}, {"ge", "ii", "b"}, {"lt", "aa", "b"}, {"ge", "aa", "b"}, {"le", "ff", "b"},
	// the injector's own
	{"annotation", "Osa", "s"}, {"appendMultusNetwork", "ss", "s"}, {"applicationPorts", "C", "s"}, {"contains", "ss", "b"},
	{"directory", "s", "s"}, {"excludeInboundPort", "as", "s"}, {"excludeInterfaces", "s", "s"}, {"formatDuration", "D", "s"},
	{"fromJSON", "s", "a"}, {"includeInboundPorts", "C", "s"}, {"indent", "ns", "s"}, {"isset", "Ms", "b"}, {"kubevirtInterfaces", "s", "s"},
	{"mergeMaps", "M+", "M"}, {"omit", "Ms+", "M"}, {"omitNil", "a", "a"}, {"protoToJSON", "P", "s"}, {"strdict", "s+", "M"},
	{"structToJSON", "a", "s"}, {"structToJSON", "x", "s"}, {"toJSON", "M", "s"}, {"toJsonMap", "M+", "s"}, {"toLower", "s", "s"}, {"toYaml", "a", "s"},
	{"toYaml", "x", "s"}, {"valueOrDefault", "aa", "a"}, {"env", "ss", "s"},
	// sprig
	{"trim", "s", "s"}, {"trimAll", "ss", "s"}, {"trimSuffix", "ss", "s"}, {"trimPrefix", "ss", "s"}, {"nospace", "s", "s"},
	{"upper", "s", "s"}, {"lower", "s", "s"}, {"title", "s", "s"}, {"untitle", "s", "s"}, {"swapcase", "s", "s"}, {"initials", "s", "s"},
	{"substr", "iis", "s"}, {"trunc", "is", "s"}, {"abbrev", "is", "s"}, {"hasPrefix", "ss", "b"}, {"hasSuffix", "ss", "b"},
	{"quote", "a+", "s"}, {"squote", "a+", "s"}, {"cat", "a+", "s"}, {"nindent", "ns", "s"}, {"replace", "sss", "s"}, {"plural", "ssi", "s"},
	{"snakecase", "s", "s"}, {"camelcase", "s", "s"}, {"kebabcase", "s", "s"}, {"repeat", "ns", "s"}, {"splitList", "ss", "L"},
	{"split", "ss", "M"}, {"splitn", "sis", "M"}, {"join", "sl", "s"}, {"join", "sL", "s"}, {"sortAlpha", "l", "L"}, {"sortAlpha", "L", "L"},
	{"toStrings", "l", "L"}, {"toString", "a", "s"}, {"atoi", "s", "i"}, {"int", "a", "i"}, {"int64", "a", "i"}, {"float64", "a", "f"},
	{"add", "ii+", "i"}, {"sub", "ii", "i"}, {"mul", "ii+", "i"}, {"div", "ii", "i"}, {"mod", "ii", "i"}, {"add1", "i", "i"}, {"max", "ii+", "i"},
	{"min", "ii+", "i"}, {"ceil", "f", "f"}, {"floor", "f", "f"}, {"round", "fi", "f"}, {"until", "n", "l"},
	{"default", "aa", "a"}, {"default", "ss", "s"}, {"empty", "a", "b"}, {"coalesce", "a+", "a"}, {"ternary", "aab", "a"}, {"all", "a+", "b"},
	{"any", "a+", "b"}, {"toJson", "a", "s"}, {"toPrettyJson", "a", "s"}, {"toRawJson", "a", "s"}, {"fromJson", "s", "a"},
	{"list", "a+", "l"}, {"first", "l", "a"}, {"last", "l", "a"}, {"rest", "l", "l"}, {"initial", "l", "l"}, {"append", "la", "l"}, {"prepend", "la", "l"},
	{"concat", "l+", "l"}, {"reverse", "l", "l"}, {"uniq", "l", "l"}, {"without", "la", "l"}, {"has", "al", "b"}, {"compact", "l", "l"},
	{"slice", "lii", "l"}, {"dict", "sa", "m"}, {"dict", "sasa", "m"}, {"set", "msk", "m"}, {"unset", "ms", "m"}, {"hasKey", "ms", "b"}, {"get", "ms", "a"},
	{"pick", "ms+", "m"}, {"dig", "ssam", "a"}, {"merge", "mK", "m"}, {"deepCopy", "m", "m"}, {"b64enc", "s", "s"}, {"b64dec", "s", "s"},
	{"sha256sum", "s", "s"}, {"base", "s", "s"}, {"dir", "s", "s"}, {"ext", "s", "s"}, {"clean", "s", "s"}, {"isAbs", "s", "b"},
	{"kindOf", "a", "s"}, {"kindIs", "sa", "b"}, {"typeOf", "a", "s"}, {"typeIs", "sa", "b"}, {"deepEqual", "aa", "b"}, {"tuple", "a+", "l"},
	{"regexMatch", "rs", "b"}, {"regexFind", "rs", "s"}, {"regexReplaceAll", "rss", "s"}, {"fail", "s", "s"}, {"hello", "", "s"},
}

// Paths below the root, by kind.
var paths = map[string][]string{
	"s": {".ObjectMeta.Name", ".ObjectMeta.Namespace", ".ObjectMeta.GenerateName", ".Values.s", ".Values.t", ".Spec.ServiceAccountName",
		".ProxyConfig.DiscoveryAddress", ".ProxyConfig.GetBinaryPath", ".MeshConfig.TrustDomain", ".Revision", ".ProxyImage", ".TypeMeta.Kind",
		".DeploymentMeta.Name", ".ObjectMeta.Annotations.note", ".ObjectMeta.Labels.app", ".Spec.NodeName", ".MeshConfig.RootNamespace",
		".ObjectMeta.GetName", ".ProxyConfig.GetServiceCluster", ".CompliancePolicy", ".DeploymentMeta.String", ".Values.map.k1"},
	"i": {".ProxyUID", ".ProxyGID", ".MeshConfig.ProxyListenPort", ".ProxyConfig.StatusPort", ".ProxyConfig.GetStatusPort", ".ProxyConfig.ProxyAdminPort"},
	"f": {".Values.i", ".Values.f", ".Values.big", ".Values.neg", ".Values.map.k3", ".Values.exp"},
	"b": {".NativeSidecars", ".Spec.HostNetwork", ".Values.b", ".MeshConfig.EnableTracing", ".Values.off"},
	"l": {".Values.list", ".Values.nums", ".Values.empty", ".Values.nested.a.b", ".Values.mixed"},
	"L": {".MeshConfig.DefaultServiceExportTo", ".ObjectMeta.Finalizers", ".MeshConfig.TrustDomainAliases"},
	"m": {".Values", ".Values.map", ".Values.nested", ".Values.nested.a", ".Values.strs"},
	"M": {".ObjectMeta.Labels", ".ObjectMeta.Annotations", ".Spec.NodeSelector", ".ProxyConfig.ProxyMetadata"},
	"O": {".ObjectMeta"},
	"C": {".Spec.Containers", ".Spec.InitContainers"},
	"P": {".ProxyConfig", ".MeshConfig", ".ProxyConfig.Tracing", ".MeshConfig.GetDefaultConfig", ".ProxyConfig.DrainDuration"},
	"D": {".ProxyConfig.DrainDuration", ".ProxyConfig.TerminationDrainDuration", ".MeshConfig.ConnectTimeout", ".MeshConfig.DnsRefreshRate"},
	"x": {".Spec", ".Spec.Containers", ".Spec.Volumes", ".Spec.SecurityContext", ".Spec.TerminationGracePeriodSeconds", ".Spec.Affinity",
		".Spec.Tolerations", ".Spec.DNSPolicy", ".Spec.RestartPolicy", ".TypeMeta", ".ObjectMeta.OwnerReferences", ".Spec.SecurityContext.FSGroup",
		".ProxyConfig.InterceptionMode", ".MeshConfig.OutboundTrafficPolicy.Mode", ".ProxyConfig.Concurrency", ".ProxyConfig.ControlPlaneAuthPolicy",
		".Spec.ImagePullSecrets", ".Spec.DNSConfig", ".Spec.ShareProcessNamespace", ".ObjectMeta.CreationTimestamp", ".DeploymentMeta",
		".Spec.Overhead", ".Spec.HostAliases", ".MeshConfig.EnablePrometheusMerge", ".ProxyConfig.GetTracing.GetZipkin", ".ObjectMeta"},
	"a": {".Values.missing", ".Values.n", ".Values.missing.deep", ".ObjectMeta.Labels.nope", ".ProxyConfig.GetTracing.Sampling", ".Values.weird", ".Values.r0", ".Values.r1",
		".Values.r2", ".Values.r0.a", ".Values.nested.x", ".Values.mixed", ".Values.strs"},
}

// Fields of a container, where the dot or a variable may be one.
var containerFields = []string{".Name", ".Image", ".Ports", ".Env", ".Resources", ".SecurityContext", ".LivenessProbe", ".Resources.Limits", ".VolumeMounts",
	".Args", ".Command", ".SecurityContext.RunAsUser", ".Lifecycle", ".ImagePullPolicy", ".LivenessProbe.HTTPGet.Port", ".Resources.Limits.cpu",
	".ReadinessProbe.TCPSocket", ".Nope", ".SecurityContext.Capabilities"}

const kinds = "sifblLmMaOCPDx"

func (g *generator) kind() string {
	if g.chance(70) {
		return g.one("s", "s", "i", "f", "b", "l", "m", "M", "a")
	}
	return string(kinds[g.Intn(len(kinds))])
}

func (g *generator) word() string {
	return g.one("a", "b", "hello", "Hello World", "", "k1", "k2", "app", "note", "x y", "80", "1.5", "true", "é中😀", "a,b,c", "web-1", "42", "-7", "1e3",
		"<a&b>'\"", "a/b/c.txt", "/x/../y", "tab\there", "line\nbreak", "%d", "{{", "}}", "\\", "nope", "sidecar.istio.io/proxyCPU", "null", " pad ",
		"{\"a\":[1,null,\"x\"]}", "[{\"name\":\"b\"}]", "FirstName", "http_server", "\x00\x01", "it's", "list", "map", "string", "float64", "\u2028", "1", "0")
}

func (g *generator) stringLiteral() string {
	word := g.word()
	if g.chance(15) && !strings.ContainsAny(word, "`\r\x00") {
		return "`" + word + "`"
	}
	if g.chance(1) {
		return "\"" + g.one(`\'`, `\u12`, `\q`, `\400`, `\ud800`, "a\\\nb", "\xff", `\0`) + "\""
	}
	if g.chance(7) {
		return "\"" + g.one(`\x41\101\u00e9\U0001F600`, `\a\b\f\n\r\t\v\\\"`, `\xff\xfe`, `\x00`) + "\""
	}
	return strconv.Quote(word)
}

func (g *generator) intLiteral() string {
	if g.chance(70) {
		return strconv.Itoa(g.Intn(12) - 2)
	}
	if g.chance(4) {
		return g.one("9223372036854775807", "-9223372036854775808", "18446744073709551615", "99999999999999999999", "08", "0x", "1__0", "''", "'ab'", "1x")
	}
	return g.one("42", "0x1F", "0b101", "0o17", "017", "1_000", "'a'", `'\n'`, `'\x41'`, `'é'`, "-5", "+7", "0", "1e3", "1.0", `'\''`, "0X1f", "0B1", "0O7", "-0",
		"1e1", "0x_1")
}

func (g *generator) floatLiteral() string {
	return g.one("1.5", "0.1", "3.14159", "1e3", "2.5e-3", "1.0", "-2.25", "0x1p4", "0x1.8p1", "1e21", "1e-7", "100000000.0", ".5", "5.", "1_0.5",
		"123456789.125", "0.000001", "2.5", "1e20", "3.0e0", "-0.0", "1E5", "0x.8p0", "0.30000000000000004", "1.7976931348623157e308", "5e-324")
}

func (g *generator) format() string {
	var sb strings.Builder
	for n := g.Intn(3) + 1; n > 0; n-- {
		sb.WriteString(g.one("", "", "x", " ", "é", "-", ":"))
		sb.WriteString("%")
		for g.chance(35) {
			sb.WriteString(g.one("+", "-", "#", "0", " "))
		}
		if g.chance(6) {
			sb.WriteString(g.one("[1]", "[2]", "[0]", "[9]", "[x]", "[1", "[]", "[3]*"))
		}
		if g.chance(30) {
			sb.WriteString(g.one("5", "10", "1", "20", "*", "3", "2000000", "08"))
		}
		if g.chance(25) {
			sb.WriteString("." + g.one("", "0", "1", "2", "3", "5", "10", "*", "-1", "[2]*"))
		}
		if g.chance(4) {
			sb.WriteString(g.one("[1]", "[2]"))
		}
		sb.WriteString(g.one("v", "v", "d", "d", "s", "s", "q", "t", "T", "x", "X", "o", "O", "b", "c", "U", "e", "E", "f", "F", "g", "G", "%", "z", "w", "!", "é", "y", "i"))
	}
	if g.chance(3) {
		sb.WriteString("%")
	}
	return sb.String()
}

func (g *generator) path(kind string) string {
	prefix := ""
	if g.chance(1) {
		return g.one(".Nope", ".Spec.Nope", ".Spec.SecurityContext.Nope", ".Values.list.x", ".Values.s.deep", ".ProxyConfig.Nope", ".ProxyConfig.Tracing.Sampling",
			".ProxyConfig.GetNope", ".Spec.SecurityContext.RunAsUser", ".Values.r0.a.b")
	}
	if !g.rooted || g.chance(20) {
		prefix = "$"
	}
	if kind == "x" && g.chance(30) {
		return "(index " + prefix + ".Spec.Containers " + strconv.Itoa(g.Intn(2)) + ")" + g.one(containerFields...)
	}
	return prefix + g.one(paths[kind]...)
}

func (g *generator) leaf(kind string) string {
	if len(g.vars) > 0 && g.chance(20) {
		name := g.one(g.vars...)
		if g.chance(10) {
			name += g.one(".Name", ".x", ".k1", ".a.b")
		}
		return name
	}
	switch {
	case kind == "s" && g.chance(60):
		return g.stringLiteral()
	case kind == "r":
		return strconv.Quote(g.one("a", "[0-9]+", "^x*$", "a(x*)b", "(?i)h", ".", "b|c", "[^a-c]+", "l+", "e{1,2}"))
	case kind == "i" && g.chance(75):
		return g.intLiteral()
	case kind == "f" && g.chance(60):
		return g.floatLiteral()
	case kind == "b" && g.chance(60):
		return g.one("true", "false")
	case kind == "a" && g.chance(60):
		return g.leaf(g.one("s", "i", "f", "b", "l", "m", "M", "x"))
	case kind == "a" && g.chance(20):
		return g.one(".", "$", "nil")
	}
	return g.path(kind)
}

// An operand: something that can stand as an argument.
func (g *generator) operand(kind string, depth int) string {
	if kind == "n" { // counts what a loop does: small
		return strconv.Itoa(g.Intn(12) - 2)
	}
	if kind == "k" { // put into a map: a map there could make a cycle, on which Go dies
		return g.one(g.stringLiteral(), g.intLiteral(), "true", "nil")
	}
	if kind == "K" {
		return g.one(`(dict "a" 1)`, `(dict "k1" "z" "k9" (dict "q" 1))`, `(dict)`, `(dict "a" (dict "b" 2))`)
	}
	if g.chance(4) {
		kind = g.kind()
	}
	if depth <= 0 || g.chance(60) {
		return g.leaf(kind)
	}
	text := "(" + g.pipeline(kind, depth-1) + ")"
	if g.chance(4) {
		text += g.one(".Name", ".a", ".k1.x", ".x", ".Nope")
	}
	return text
}

func (g *generator) arguments(kinds string, depth int) []string {
	var out []string
	for i := 0; i < len(kinds); i++ {
		n := 1
		if i+1 < len(kinds) && kinds[i+1] == '+' {
			n = g.Intn(4)
		}
		for ; n > 0; n-- {
			if kinds[i] != '+' {
				out = append(out, g.operand(string(kinds[i]), depth))
			}
		}
	}
	if g.chance(2) && !strings.ContainsAny(kinds, "kK") {
		out = append(out, g.operand(g.kind(), depth))
	} else if len(out) > 0 && g.chance(2) {
		out = out[:len(out)-1]
	}
	return out
}

func (g *generator) call(kind string, depth int) (string, []string) {
	if kind == "s" && g.chance(25) {
		args := []string{strconv.Quote(g.format())}
		for n := g.Intn(4); n > 0; n-- {
			args = append(args, g.operand(g.kind(), depth))
		}
		return "printf", args
	}
	for try := 0; try < 40; try++ {
		f := g.functions[g.Intn(len(g.functions))]
		if f.result == kind || kind == "a" || (f.result == "a" && try > 30) {
			if f.name == "fail" && g.chance(90) {
				continue
			}
			return f.name, g.arguments(f.args, depth)
		}
	}
	return "", []string{g.leaf(kind)}
}

func (g *generator) pipeline(kind string, depth int) string {
	if depth <= 0 || g.chance(25) {
		return g.leaf(kind)
	}
	name, args := g.call(kind, depth)
	if name == "" {
		return args[0]
	}
	pipe := g.one(" | ", "|", " |", "| ")
	if n := len(args); n > 0 && g.chance(30) {
		last := args[n-1]
		if strings.HasPrefix(last, "(") && strings.HasSuffix(last, ")") && g.chance(50) && strings.Count(last, "(") == 1 {
			last = last[1 : len(last)-1]
		}
		return strings.Join(append([]string{last + pipe + name}, args[:n-1]...), " ")
	}
	text := strings.Join(append([]string{name}, args...), g.one(" ", " ", " ", "  ", "\n\t"))
	if g.chance(10) {
		text += pipe + g.one(append([]string{"len", "print", "not", "html", "printf \"%v\"", ".Name", "printf \"%d %s\" 1"}, g.tails...)...)
	}
	return text
}

func (g *generator) open() string {
	return g.one("{{", "{{ ", "{{ ", "{{- ", "{{-\n", "{{")
}

func (g *generator) shut() string {
	return g.one("}}", " }}", " }}", " -}}", "\n-}}", "}}")
}

func (g *generator) action(inside string) string { return g.open() + inside + g.shut() }

func (g *generator) text() string {
	return g.one("x", " ", "\n", "text ", " a b ", "\n  - ", "key: ", "{ }", "é", "}}", "\t", "", "\n\n", "%s", "- x\n  y")
}

func (g *generator) anything(depth int) string {
	return g.pipeline(g.one("s", "s", "i", "f", "b", "a", "l", "m", "M", "x"), depth)
}

func (g *generator) body(depth int) string {
	mark := len(g.vars)
	defer func() { g.vars = g.vars[:mark] }()
	var sb strings.Builder
	for n := g.Intn(3) + 1; n > 0; n-- {
		sb.WriteString(g.statement(depth))
	}
	return sb.String()
}

func (g *generator) scoped(rooted bool, depth int) string {
	was := g.rooted
	g.rooted = rooted
	defer func() { g.rooted = was }()
	return g.body(depth)
}

func (g *generator) branch(word string, depth int) string {
	mark := len(g.vars)
	defer func() { g.vars = g.vars[:mark] }()
	var sb strings.Builder
	sb.WriteString(g.open() + word + " ")
	if g.chance(15) {
		name := g.one("$a", "$b", "$x")
		sb.WriteString(name + " := ")
		g.vars = append(g.vars, name)
		sb.WriteString(g.anything(depth))
	} else {
		sb.WriteString(g.pipeline(g.one("b", "b", "a", "s", "x", "m"), depth))
	}
	sb.WriteString(g.shut())
	sb.WriteString(g.scoped(word == "if" && g.rooted, depth-1))
	for g.chance(20) {
		sb.WriteString(g.action("else " + word + " " + g.pipeline(g.one("b", "a", "s"), depth)))
		sb.WriteString(g.scoped(word == "if" && g.rooted, depth-1))
	}
	if g.chance(40) {
		sb.WriteString(g.action("else"))
		sb.WriteString(g.body(depth - 1))
	}
	sb.WriteString(g.action("end"))
	return sb.String()
}

func (g *generator) rangeOver(depth int) string {
	mark, was := len(g.vars), g.inRange
	defer func() { g.vars, g.inRange = g.vars[:mark], was }()
	over := g.pipeline(g.one("l", "l", "m", "M", "L", "C", "a", "x"), depth-1)
	if g.chance(15) {
		over = strconv.Itoa(g.Intn(5))
	}
	head := "range "
	switch g.Intn(5) {
	case 0:
		head += "$e := "
		g.vars = append(g.vars, "$e")
	case 1:
		head += g.one("$i, $e := ", "$i,$e:=", "$i , $e := ")
		g.vars = append(g.vars, "$i", "$e")
	case 2:
		if mark > 0 && g.chance(40) {
			head += g.vars[g.Intn(mark)] + " = "
		}
	}
	var sb strings.Builder
	sb.WriteString(g.action(head + over))
	g.inRange = true
	sb.WriteString(g.scoped(false, depth-1))
	if g.chance(30) {
		sb.WriteString(g.action(g.one("break", "continue")))
		sb.WriteString(g.text())
	}
	g.inRange = was
	if g.chance(30) {
		sb.WriteString(g.action("else") + g.body(depth-1))
	}
	sb.WriteString(g.action("end"))
	return sb.String()
}

func (g *generator) define(word string, depth int) string {
	name := g.one("t1", "t2", "t3", "t1", "t2", "t3", "t1", "t2", "t3", "t1", "a b", "inject")
	if len(g.defined) > 0 && g.chance(95) {
		name = fmt.Sprintf("t%d", len(g.defined)+3)
	}
	vars, was := g.vars, g.inRange
	over := ""
	if word == "block" {
		over = " " + g.anything(depth-1)
	}
	g.vars, g.inRange = nil, false
	text := g.action(word+" "+strconv.Quote(name)+over) + g.scoped(g.chance(50), depth-1) + g.action("end")
	g.vars, g.inRange = vars, was
	g.defined = append(g.defined, name)
	return text
}

func (g *generator) statement(depth int) string {
	if depth <= 0 {
		return g.one(g.text(), g.action(g.leaf("a")), g.action(g.leaf("s")))
	}
	switch n := g.Intn(100); {
	case n < 22:
		return g.text()
	case n < 56:
		return g.action(g.anything(depth))
	case n < 66:
		return g.branch("if", depth)
	case n < 73:
		return g.branch("with", depth)
	case n < 83:
		return g.rangeOver(depth)
	case n < 90:
		name := g.one("$a", "$b", "$x", "$longer_name")
		if len(g.vars) > 0 && g.chance(40) {
			return g.action(g.one(g.vars...) + g.one(" = ", " = ", " = ", " =", "=") + g.anything(depth))
		}
		text := g.action(name + g.one(" := ", ":=") + g.anything(depth))
		g.vars = append(g.vars, name)
		return text
	case n < 93:
		return g.one("{{/* note */}}", "{{- /* a\nb */ -}}", "{{/**/}}", " {{- /* x */}} ")
	case n < 96 && len(g.defined) > 0:
		return g.action("template " + strconv.Quote(g.one(append(g.defined, "nowhere")...)) + g.one("", " .", " $", " "+g.anything(depth-1)))
	case n < 97 && g.inRange:
		return g.action(g.one("break", "continue"))
	case n < 98:
		return g.define("block", depth)
	}
	return g.text()
}

// Breaks the text somewhere, for the lexer and parser.
func (g *generator) damage(text string) string {
	if len(text) == 0 {
		return text
	}
	at := g.Intn(len(text))
	switch g.Intn(5) {
	case 0:
		return text[:at]
	case 1:
		return text[:at] + text[at+1:]
	case 2:
		return text[:at] + g.one("{{", "}}", "\"", "'", "`", "(", ")", "|", ".", "$", ":=", "=", ",", " ", "end", "{{end}}", "{{else}}", "-", "/*", "\x00", "\xff", "é",
			"@", "$x", "{{if}}", "{{break}}", "1", "nil", "\n", ":") + text[at:]
	case 3:
		to := at + g.Intn(len(text)-at)
		return text[:at] + text[to:]
	}
	other := g.Intn(len(text))
	b := []byte(text)
	b[at], b[other] = b[other], b[at]
	return string(b)
}

func (g *generator) template() string {
	g.vars, g.defined, g.rooted, g.inRange = nil, nil, true, false
	var sb strings.Builder
	for g.chance(12) {
		sb.WriteString(g.define("define", 2))
	}
	depth := g.Intn(4) + 1
	for n := g.Intn(4) + 1; n > 0; n-- {
		sb.WriteString(g.statement(depth))
	}
	text := sb.String()
	if g.chance(8) {
		text = g.damage(text)
	}
	return strings.ToValidUTF8(text, "?") // lines are JSON
}

func (g *generator) quantity() any {
	return g.one("500m", "1", "0.5", "1Gi", "128Mi", "1e3", "2k", "100u", "1.5Gi", "0")
}

func (g *generator) describe(depth int) any {
	switch n := g.Intn(9); {
	case n < 3 || depth <= 0:
		return g.word()
	case n < 5:
		return float64(g.Intn(2000)-1000) / float64(g.Intn(4)+1)
	case n < 6:
		return g.chance(50)
	case n < 7:
		return nil
	case n < 8:
		out := []any{}
		for i := g.Intn(4); i > 0; i-- {
			out = append(out, g.describe(depth-1))
		}
		return out
	}
	out := map[string]any{}
	for i := g.Intn(4); i > 0; i-- {
		out[g.word()] = g.describe(depth - 1)
	}
	return out
}

// With some chance.
func (g *generator) maybe(m map[string]any, key string, v any) {
	if g.chance(45) {
		m[key] = v
	}
}

func (g *generator) probe() any {
	p := map[string]any{}
	switch g.Intn(4) {
	case 0:
		p["httpGet"] = map[string]any{"path": g.word(), "port": 80}
	case 1:
		p["tcpSocket"] = map[string]any{"port": "http"}
	case 2:
		p["exec"] = map[string]any{"command": []any{"a", g.word()}}
	default:
		p["httpGet"] = map[string]any{"port": "web", "scheme": "HTTPS", "httpHeaders": []any{map[string]any{"name": "n", "value": g.word()}}}
	}
	g.maybe(p, "periodSeconds", g.Intn(10))
	g.maybe(p, "terminationGracePeriodSeconds", 5)
	return p
}

func (g *generator) container(name string) any {
	c := map[string]any{"name": name, "image": g.one("nginx", "r:5000/x:1.2@sha256:ab", "a/b:v1", "")}
	g.maybe(c, "ports", []any{map[string]any{"containerPort": g.Intn(9000)}, map[string]any{"containerPort": 53, "protocol": "UDP", "name": "dns"}})
	g.maybe(c, "env", []any{map[string]any{"name": "A", "value": g.word()}, map[string]any{"name": "B", "valueFrom": map[string]any{
		"fieldRef": map[string]any{"fieldPath": "metadata.name"}}}})
	g.maybe(c, "resources", map[string]any{"limits": map[string]any{"cpu": g.quantity(), "memory": g.quantity()}, "requests": map[string]any{"cpu": g.quantity()}})
	g.maybe(c, "securityContext", map[string]any{"runAsUser": g.Intn(2000), "privileged": g.chance(50), "capabilities": map[string]any{"add": []any{"NET_ADMIN"}}})
	g.maybe(c, "livenessProbe", g.probe())
	g.maybe(c, "readinessProbe", g.probe())
	g.maybe(c, "args", []any{g.word(), "--x"})
	g.maybe(c, "volumeMounts", []any{map[string]any{"name": "d", "mountPath": "/d", "readOnly": true}})
	g.maybe(c, "lifecycle", map[string]any{"preStop": map[string]any{"exec": map[string]any{"command": []any{"sleep"}}}})
	g.maybe(c, "imagePullPolicy", "Always")
	return c
}

func (g *generator) pod() any {
	spec := map[string]any{"containers": []any{g.container("app"), g.container("b")}}
	g.maybe(spec, "initContainers", []any{g.container("init")})
	g.maybe(spec, "volumes", []any{map[string]any{"name": "d", "emptyDir": map[string]any{}}, map[string]any{"name": "c", "configMap": map[string]any{
		"name": "c", "items": []any{map[string]any{"key": "k", "path": "p"}}}}, map[string]any{"name": "p", "projected": map[string]any{"sources": []any{
		map[string]any{"serviceAccountToken": map[string]any{"path": "t", "expirationSeconds": 3600}}}}}})
	g.maybe(spec, "securityContext", map[string]any{"fsGroup": 1337, "runAsNonRoot": true, "sysctls": []any{map[string]any{"name": "n", "value": "1"}}})
	g.maybe(spec, "serviceAccountName", g.word())
	g.maybe(spec, "terminationGracePeriodSeconds", g.Intn(60))
	g.maybe(spec, "nodeSelector", map[string]any{"a": "b", "k1": g.word()})
	g.maybe(spec, "tolerations", []any{map[string]any{"key": "k", "operator": "Exists", "tolerationSeconds": 30}})
	g.maybe(spec, "hostNetwork", true)
	g.maybe(spec, "dnsPolicy", "ClusterFirst")
	g.maybe(spec, "restartPolicy", "Always")
	g.maybe(spec, "shareProcessNamespace", true)
	g.maybe(spec, "imagePullSecrets", []any{map[string]any{"name": "s"}})
	g.maybe(spec, "dnsConfig", map[string]any{"searches": []any{"x"}, "options": []any{map[string]any{"name": "ndots", "value": "2"}}})
	g.maybe(spec, "overhead", map[string]any{"cpu": g.quantity()})
	g.maybe(spec, "affinity", map[string]any{"nodeAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{
		"nodeSelectorTerms": []any{map[string]any{"matchExpressions": []any{map[string]any{"key": "k", "operator": "In", "values": []any{"v"}}}}}}}})
	meta := map[string]any{"name": "web-1", "namespace": g.one("prod", "default", "")}
	g.maybe(meta, "generateName", "web-")
	g.maybe(meta, "labels", map[string]any{"app": g.word(), "version": "v1"})
	g.maybe(meta, "annotations", map[string]any{"note": g.word(), "sidecar.istio.io/proxyCPU": "100m", "k1": g.word()})
	g.maybe(meta, "finalizers", []any{"f1", "f2"})
	g.maybe(meta, "ownerReferences", []any{map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u", "controller": true}})
	g.maybe(meta, "creationTimestamp", "2024-05-06T07:08:09Z")
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
}

func (g *generator) mesh() any {
	proxy := map[string]any{"configPath": "./etc/istio/proxy", "binaryPath": "/usr/local/bin/envoy", "serviceCluster": "istio-proxy", "drainDuration": "45s",
		"discoveryAddress": "istiod.istio-system.svc:15012", "proxyAdminPort": 15000, "controlPlaneAuthPolicy": "MUTUAL_TLS", "statNameLength": 189,
		"statusPort": 15020, "terminationDrainDuration": "5s"}
	g.maybe(proxy, "concurrency", 2)
	g.maybe(proxy, "tracing", map[string]any{"zipkin": map[string]any{"address": "zipkin:9411"}, "sampling": 1.5})
	g.maybe(proxy, "interceptionMode", "TPROXY")
	g.maybe(proxy, "proxyMetadata", map[string]any{"A": "1", "B": g.word()})
	return map[string]any{"proxyListenPort": 15001, "connectTimeout": "10s", "enableTracing": true, "defaultConfig": proxy, "trustDomain": "cluster.local",
		"outboundTrafficPolicy": map[string]any{"mode": "ALLOW_ANY"}, "enableAutoMtls": true, "defaultServiceExportTo": []any{"*"},
		"rootNamespace": "istio-system", "dnsRefreshRate": "1.500s", "enablePrometheusMerge": true, "extensionProviders": []any{
			map[string]any{"name": "envoy", "envoyFileAccessLog": map[string]any{"path": "/dev/stdout"}}}}
}

func (g *generator) data() []byte {
	values := map[string]any{"s": "hello", "t": g.word(), "i": 42, "f": 1.5, "b": true, "off": false, "n": nil, "list": []any{"a", "b", "c"}, "nums": []any{1, 2.5, 3},
		"empty": []any{}, "map": map[string]any{"k2": "v2", "k1": "v1", "k3": 3}, "nested": map[string]any{"a": map[string]any{"b": []any{1, map[string]any{
			"c": "d"}}}, "x": nil}, "strs": map[string]any{"yes": "yes", "colon": "a: b", "multi": "a\nb\n", "quote": "\"q\"", "uni": "é中😀"},
		"weird": map[string]any{"a.b": "c", "": "empty"}, "big": 9007199254740993, "neg": -7, "exp": 1e21, "mixed": g.describe(3)}
	for i := 0; i < 3; i++ {
		values[fmt.Sprintf("r%d", i)] = g.describe(3)
	}
	return mustJSON(map[string]any{"values": values, "pod": g.pod(), "mesh": g.mesh(), "variables": map[string]any{"HOME": "/root", "E": ""}})
}
