// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"math/rand"
	"strings"
)

var pieces = []string{"a", "b", "Z", "0", "1", "10", "9", "-", ":", ": ", " #", "#", " ", "  ", "\n", "\n\n", "\n ", " \n", "\t", "'", "\"", "\\", "{", "}", "[", "]", ",", "&", "*",
	"!", "|", ">", "%", "@", "`", "?", "~", "=", "<", "é", "日本", "😀", "\u0085", "\u2028", "\u2029", "\u00a0", "\ufeff", "\x00", "\x07", "\x1b", "\r", "\x7f", "\u0080", "\ufffe",
	"\ufffd", "true", "yes", "null", "0x1", "1e3", "1.5", "2001-01-01", "12:30", ".", "_", "/", "---", "...", "- ", "long words that go on and on and on and on and on and on "}

func text(random *rand.Rand) string {
	if random.Intn(4) == 0 {
		return fixed[random.Intn(len(fixed))]
	}
	var b strings.Builder
	limit := 4
	if random.Intn(8) == 0 {
		limit = 60
	}
	for n := random.Intn(limit); n > 0; n-- {
		b.WriteString(pieces[random.Intn(len(pieces))])
	}
	return b.String()
}

func number(random *rand.Rand) any {
	switch random.Intn(5) {
	case 0:
		return random.Intn(100000) - 50000
	case 1:
		return math.Float64frombits(random.Uint64()&^(0x7ff<<52) | uint64(900+random.Intn(250))<<52)
	case 2:
		return float64(random.Intn(1000000)) / 100
	case 3:
		return math.Pow(10, float64(random.Intn(50)-25))
	}
	return float64(random.Int63())
}

func value(random *rand.Rand, depth int) any {
	switch n := random.Intn(12); {
	case n < 2 && depth > 0:
		list := []any{}
		for k := random.Intn(4); k > 0; k-- {
			list = append(list, value(random, depth-1))
		}
		return list
	case n < 6 && depth > 0:
		m := map[string]any{}
		for k := random.Intn(6); k > 0; k-- {
			m[key(random)] = value(random, depth-1)
		}
		return m
	case n == 6:
		return nil
	case n == 7:
		return random.Intn(2) == 0
	case n == 8:
		return number(random)
	}
	return text(random)
}

func key(random *rand.Rand) string {
	switch random.Intn(4) {
	case 0:
		return text(random)
	case 1:
		return []string{"a1", "a10", "a2", "a02", "a002", "a", "A", "aB", "ab", "a.b", "a/b", "a-b", "a_b", "1", "10", "2", "01", "é1", "é", "Z", "1a", "a1b10", "a1b2", "x٣", "x3", "x²"}[random.Intn(26)]
	}
	return []string{"name", "image", "istio.io/rev", "sidecar.istio.io/inject", "app", "version", "y", "n", "on", strings.Repeat("k", 120+random.Intn(20))}[random.Intn(10)]
}

func values(r *run, random *rand.Rand, n int) {
	for _, s := range fixed {
		r.write("write", s)
		r.write("write", map[string]any{s: s})
	}
	for _, s := range pieces {
		r.write("write", map[string]any{"k": s, s: []any{s, map[string]any{s: s}}})
	}
	for range n {
		r.write("write", value(random, 4))
	}
}
