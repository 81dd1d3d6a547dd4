// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand"
	"strings"
)

// A writer of YAML that knows more ways of saying a thing than people use.
type author struct {
	*rand.Rand
	anchors []string
	kinds   []bool // whether the anchor stands at a map
}

var words = []string{"name", "istio-proxy", "image", "true", "8080", "0.5", "yes", "~", "", "a b", "x: y", "- z", "#c", "\"q\"", "'s'", "{{ x }}", "100m",
	"é", "日本", "tab\there", "line\nbreak", "trail ", " lead", "*a", "&a", "!t", "%d", "@x", "`b`", "---", "...", "[x]", "{x}", "a,b", "a#b", "a:b", "0x1F",
	"1e3", "2001-01-01", "<<", "null", "very long text that goes on and on for more than eighty columns so that somebody may be tempted to fold it here"}

func (a *author) word() string { return words[a.Intn(len(words))] }

var plainWords = []string{"name", "istio-proxy", "image", "true", "8080", "0.5", "yes", "~", "a b", "100m", "é", "a#b", "a:b", "0x1F", "1e3", "2001-01-01",
	"null", "http://x/y?z=1", "-x", "?x", ":x", "a - b", "a ? b"}

func (a *author) scalar(flow bool) string {
	switch a.Intn(8) {
	case 0:
		return "'" + strings.ReplaceAll(a.word(), "'", "''") + "'"
	case 1:
		return fmt.Sprintf("%q", a.word())
	case 2:
		return `"` + []string{`\x41\u00e9`, `a\
    b`, `a
      b`, `a

    b`, `\t\n\"\\`, ` a `, `a  \
   c`}[a.Intn(7)] + `"`
	case 3:
		if len(a.anchors) > 0 {
			return "*" + a.anchors[a.Intn(len(a.anchors))] + " "
		}
	case 4:
		return []string{"!!str ", "!!int ", "!!float ", "!x ", "!!binary "}[a.Intn(5)] + []string{"5", "'5'", "aGk=", "1.5"}[a.Intn(4)]
	}
	w := plainWords[a.Intn(len(plainWords))]
	if flow && strings.ContainsAny(w, ",?:") {
		return "w"
	}
	return w
}

func (a *author) anchor(isMap bool) string {
	if a.Intn(6) > 0 {
		return ""
	}
	name := fmt.Sprintf("a%d", a.Intn(5))
	a.anchors = append(a.anchors, name)
	a.kinds = append(a.kinds, isMap)
	return "&" + name + " "
}

func (a *author) flow(depth int) string {
	n := a.Intn(4)
	var parts []string
	switch {
	case depth <= 0 || a.Intn(3) == 0:
		return a.anchor(false) + a.scalar(true)
	case a.Intn(2) == 0:
		anchor := a.anchor(false)
		for range n {
			parts = append(parts, a.flow(depth-1))
		}
		if a.Intn(6) == 0 {
			parts = append(parts, "k: v")
		}
		return anchor + "[" + strings.Join(parts, ", ") + []string{"", ",", " "}[a.Intn(3)] + "]"
	}
	anchor := a.anchor(true)
	for range n {
		parts = append(parts, a.key()+[]string{": ", " : ", ":\n     "}[a.Intn(3)]+a.flow(depth-1))
	}
	if a.Intn(8) == 0 {
		parts = append(parts, "lone")
	}
	return anchor + "{" + strings.Join(parts, []string{", ", ",", "\n    , "}[a.Intn(3)]) + "}"
}

func (a *author) key() string {
	switch a.Intn(12) {
	case 0:
		return fmt.Sprintf("%q", strings.ReplaceAll(a.word(), "\n", ""))
	case 1:
		return "'k'"
	case 2:
		return []string{"1", "1.5", "true", "null", "~", "0x10", "-.inf", "1e3", "2001-01-01", "18446744073709551615", "y"}[a.Intn(11)]
	case 3:
		if len(a.anchors) > 0 {
			return "*" + a.anchors[a.Intn(len(a.anchors))] + " "
		}
	}
	return []string{"a", "b", "c", "d", "name", "image"}[a.Intn(6)]
}

func (a *author) block(pad string) string {
	header := []string{"|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "| # c"}[a.Intn(9)]
	text := header + "\n"
	for range 1 + a.Intn(4) {
		text += []string{"", pad + "  line", pad + "   more", pad + "  - x: y", pad + "  # no comment", pad + "  \ttab", pad + "  tail  "}[a.Intn(7)] + "\n"
	}
	return text
}

func (a *author) comment() string {
	return []string{"", "", "", "", "", " # comment", "  ", "\t"}[a.Intn(8)]
}

func (a *author) value(pad string, depth int) string {
	switch {
	case depth <= 0 || a.Intn(3) == 0:
		return " " + a.anchor(false) + a.scalar(false) + a.comment() + "\n"
	case a.Intn(6) == 0:
		return " " + a.block(pad)
	case a.Intn(4) == 0:
		return " " + a.flow(depth) + a.comment() + "\n"
	case a.Intn(2) == 0:
		return strings.TrimRight(" "+a.anchor(true), " ") + a.comment() + "\n" + a.mapping(pad+[]string{"  ", " ", "    "}[a.Intn(3)], depth-1)
	}
	return strings.TrimRight(" "+a.anchor(false), " ") + a.comment() + "\n" + a.list(pad+[]string{"", "  "}[a.Intn(2)], depth-1)
}

func (a *author) mapping(pad string, depth int) string {
	text := ""
	for range 1 + a.Intn(4) {
		if a.Intn(8) == 0 {
			text += []string{"\n", pad + "# c\n", "   \n", "# outer\n"}[a.Intn(4)]
		}
		switch {
		case a.Intn(10) == 0 && len(a.anchors) > 0:
			text += pad + "<<: " + []string{"*" + a.anchors[a.Intn(len(a.anchors))], "{a: m, z: m}",
				"[*" + a.anchors[a.Intn(len(a.anchors))] + " , {b: m}]", "plain"}[a.Intn(4)] + "\n"
		case a.Intn(14) == 0:
			text += pad + "?" + a.value(pad+" ", depth-1) + pad + ":" + a.value(pad+" ", depth-1)
		default:
			text += pad + a.key() + ":" + a.value(pad, depth)
		}
	}
	return text
}

func (a *author) list(pad string, depth int) string {
	text := ""
	for range 1 + a.Intn(3) {
		switch a.Intn(4) {
		case 0:
			item := a.mapping(pad+"  ", depth-1)
			text += pad + "- " + strings.TrimPrefix(item, pad+"  ")
		case 1:
			item := a.list(pad+"  ", depth-1)
			text += pad + "- " + strings.TrimPrefix(item, pad+"  ")
		default:
			text += pad + "-" + a.value(pad+"  ", depth-1)
		}
		if depth < -3 {
			break
		}
	}
	return text
}

func (a *author) document() string {
	a.anchors, a.kinds = nil, nil
	text := []string{"", "", "", "---\n", "# head\n", "%YAML 1.1\n---\n", "\n", "%TAG !e! tag:x,2000:\n---\n", "\ufeff"}[a.Intn(9)]
	switch a.Intn(5) {
	case 0:
		text += a.list("", 3)
	case 1:
		text += a.flow(3)
	default:
		text += a.mapping("", 3)
	}
	return text + []string{"", "", "", "---\nnext: x\n", "...\n", "---\n: : bad [", "\n...\nmore", "# end", "--- # c\n"}[a.Intn(9)]
}

func documents(r *run, random *rand.Rand, n int) {
	a := &author{Rand: random}
	for _, s := range corner {
		r.parse("document", s, false)
		r.parse("strict", s, true)
	}
	for range n {
		text := a.document()
		r.parse("document", text, false)
		r.parse("strict", text, true)
	}
}

var corner = []string{"", "\n", "# c", "---", "---\n---\na: 1", "...", "a: 1\n...\nb: 2", "a: 1\n---\nb", "\ufeffa: 1\nb: 2", "a: 1\na: 2", "a: {a: 1, a: 2}",
	"&a [*a]", "a: &a {b: *a}", "&a {<<: *a}", "a: *b", "? [a]\n: b", "? {a: b}\n: c", "{{ x }}: y", "a: {{ x }}", "a: [b", "a: }", "a: b: c", "a:\n\tb: c", "a:\t1",
	"\ta: 1", "a: 'b", "a: \"b", "a: \"\\q\"", "a: |\n b\nc", "a: |9\n b", "a: |0\n b", "- a\nb: c", "a: - b", "a\nb: c", "a: b\n c: d", "a: b\n  c", "- - - a", "-\n-\n- a",
	"? a", "? a\n? b", ": a", "a: &x\nb: *x", "<<: {a: 1}\na: 2", "a: 2\n<<: {a: 1}", "<<: [{a: 1}, {a: 2, b: 3}]", "<<: a", "<<: [a]", "<<: [[{a: 1}]]",
	"'<<': {a: 1}", "!!merge <<: {a: 1}", "!!str <<: {a: 1}", "a: .inf", "a: .nan", ".inf: a", ".nan: a", "null: a", "~: a", ": a", "18446744073709551615: a",
	"1: a\n'1': b", "!!binary aGk=: a", "a: !!binary aGk=", "a: !!binary /w==", "a: !!binary x", "a: !!binary |\n  aGVs\n  bG8=", "a: !!set {b, c}", "a: !!omap [b: c]",
	"a: !!float 3", "a: !!int 3.5", "a: !!int '3'", "a: !!str 3", "a: !!null x", "a: !!null ''", "a: !!bool yes", "a: !!timestamp 2001-01-01", "a: !!timestamp x",
	"a: ! 5", "a: ! '5'", "%YAML 1.2\n---\na: 1", "%YAML 3.0\n---\na", "%FOO\n---\na", "a: @b", "a: `b", "a: %b", "a: b#c", "a: b #c", "a: [b,c,]", "a: [,]", "a: {,}",
	"a: [b, , c]", "{a, b: c}", "{a: }", "{: a}", "[a: b]", "[a: b, c]", "[? a : b]", "{? a}", "[a:b]", "{a:b}", "{\"a\":b}", "{'a':b}", "[\"a\":b]", "[\"a\": b]",
	"a: [http://x]", "a: {b: http://x}", "a: [x::y]", "a: [a?b]", "{a?: b}", "[?a]", "[-a]", "[-]", "[- a]", "[a]b", "{a}b", "a: \"b\"c", "a: 'b'c", "'a' 'b': c",
	"a: >\n b\n c\n\n d\n", "a: >\n b\n  c\n d\n", "a: |+\n b\n\n\nc: d", "a: |-\n b\n\n\nc: d", "a: |\n\n  b", "a: |\n    b\n  c", "a: |\n\n\n\n", "a: |", "a: >",
	"a: 'b\n\n c'", "a: \"b\n\n c\"", "a: \"b\\\n  c\"", "a: b\n\n c", "a: b\n# x\n c", "a:\n  b\n # x\n  c", "a:\n- b\n- c", "a:\n  - b\n - c", "a:\n - b\n  - c",
	"a: 1\r\nb: 2\r\n", "a: 1\rb: 2", "a: 1\u0085b: 2", "a: 1\u2028b: 2", "a: \u00a0b", "a: \u0007", "a: \x00", "a: \x7f", "a: \ufffe", "a: \ufeffb", "a: \U0010ffff",
	"&a a: &b b\nc: *a\nd: *b", "&a: b", "*a : b", "a: &a", "a: & b", "a: * b", "a: &a&b c", "a: &a b\nc: &a d\ne: *a", "a: &é b", "a: &a-b_c d\ne: *a-b_c", "a: &a.b c",
	"a: !", "a: !! b", "a: !<x", "a: !<x> b", "a: !a!b c", "a: !%41 b", strings.Repeat("[", 60) + strings.Repeat("]", 60), strings.Repeat("[", 100) + strings.Repeat("]", 100),
	strings.Repeat("a", 1100) + ": b", "{" + strings.Repeat("a", 1100) + ": b}", "? " + strings.Repeat("a", 1100) + "\n: b", "\"" + strings.Repeat("a", 1100) + "\": b",
	"a: " + strings.Repeat("b ", 2000), bomb(3), bomb(9), "x: 1\n--- a\n", "--- a\n--- b", "--- |\n a\n", "--- {a: b}", "---a", "--- a: b", "a: ---", "a: --- b", "- ---", "a\n--- b", "...a",
	"a: b\n---c: d", "a: \"---\"", "a: \"\n---\n\"", "a: '\n... '", "a: |\n  x\n---\n", "a: >-\n  x\n...\n"}

func bomb(levels int) string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i <= levels; i++ {
		item := fmt.Sprintf("*a%d", i-1)
		text += fmt.Sprintf("a%d: &a%d [%s%s]\n", i, i, strings.Repeat(item+", ", 9), item)
	}
	return text
}

// Texts like those that templates render, a few bytes of which are changed.
var bases = []string{`metadata:
  labels:
    security.istio.io/tlsMode: istio
    service.istio.io/canonical-name: "x"
spec:
  containers:
  - name: istio-proxy
    image: "docker.io/istio/proxyv2:1.20"
    ports:
    - containerPort: 15090
      protocol: TCP
      name: http-envoy-prom
    args:
    - proxy
    - --domain
    - $(POD_NAMESPACE).svc.cluster.local
    env:
    - name: PROXY_CONFIG
      value: |
             {}
    - name: ISTIO_META_POD_PORTS
      value: |-
        [
        ]
    resources:
          limits:
            cpu: 2000m
  volumes:
  - emptyDir: {medium: Memory}
    name: workload-socket
`, "a: &x {b: [1, 'two', \"three\\n\"], c: ~}\nd: *x\n<<: *x\n? e\n: f\n", "- a\n-  b: c\n   d: >-\n     folded\n     text\n-\n  - e # f\n"}

const mutants = "abc01 :-?[]{},#&*!|>'\"%@`\\\n\t~<=.xé\u2028"

func mutations(r *run, random *rand.Rand, n int) {
	runes := []rune(mutants)
	for range n {
		text := []rune(bases[random.Intn(len(bases))])
		for k := 1 + random.Intn(3); k > 0; k-- {
			i := random.Intn(len(text))
			switch random.Intn(3) {
			case 0:
				text[i] = runes[random.Intn(len(runes))]
			case 1:
				text = append(text[:i], text[i+1:]...)
			default:
				text = append(text[:i], append([]rune{runes[random.Intn(len(runes))]}, text[i:]...)...)
			}
		}
		r.parse("mutated", string(text), random.Intn(4) == 0)
	}
}
