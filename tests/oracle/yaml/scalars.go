// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand"
	"strings"
)

// Words and numbers, right and nearly right.
var fixed = strings.Fields(`
y Y yes Yes YES yEs n N no No NO nO true True TRUE tRue false False FALSE fALSE on On ON oN off Off OFF oFF
~ null Null NULL nULL nil None none NaN nan .nan .NaN .NAN .Nan inf Inf .inf .Inf .INF .iNF +.inf +.Inf +.INF -.inf -.Inf -.INF
0 1 -1 +1 00 01 010 08 09 0_8 -0 +0 -00 -010 +010 1_000 1__0 _1 1_ -_1 +_1 -1_ 0_ 0_1 0_x1 0x_1 0x1_ 0x 0X 0x0 0x10 0X1f 0xFFFF
0xg 0x1.8 0x1p3 -0x10 +0x10 -0X10 0b 0B 0b0 0b1 0b101 0B101 0b2 -0b1 -0b101 +0b1 0b+1 0b-1 -0b+1 0b_1 0b1_0 0_b1 -0_b1 0b1.1
0o 0O 0o7 0o17 0O17 0o8 -0o17 0o_7 0o7_ 0o1_7 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809
18446744073709551615 18446744073709551616 +9223372036854775808 -18446744073709551615 0xffffffffffffffff 0x10000000000000000
-0x8000000000000000 -0x8000000000000001 0b1111111111111111111111111111111111111111111111111111111111111111
0777777777777777777777 01777777777777777777777 02000000000000000000000 123456789012345678901234567890
1.0 1. .1 . .. ... 1.5 -1.5 +1.5 -.5 +.5 .5 0.1 0.10 00.1 01.5 1_0.5 1.5_0 ._5 .5_ 1.2.3 1..2 1e3 1E3 1e+3 1e-3 1e 1e+ 1e_3 1_e3
.5e3 .e3 e3 1.e3 -1e3 +1e3 1e308 1e309 1e400 -1e400 1e-400 4.9e-324 2.2250738585072014e-308 1.7976931348623157e308 1e999 1e-999
0.000001 0.0000001 123456789.123 100000000000000000000 1e20 1e21 1e22 1.5e21 1e+21 12e-7 0.1e1 -0.0 -0e0 0e0 0.0 1e00 1e0003
1.0e+16 1e16 1e17 3.14159265358979323846 0.30000000000000004 1.7976931348623159e308 5e-324 2e-324
1:30 1:30:45 190:20:30 190:20:30.15 -1:30 1:60 1:3 1:5: 60:00 12:30:45 1:2:3:4 0:0 0x1:30
2001-01-01 2001-1-1 2001-01-32 2001-02-30 2000-02-29 1900-02-29 2001-13-01 2001-00-10 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43Z
2001-12-14T21:59:43.1Z 2001-12-14T1:2:3Z 2001-12-14T24:00:00Z 2001-12-14T23:60:00Z 2001-12-14T23:59:60Z 2001-12-14T21:59:43
2001-12-14T21:59:43+05 2001-12-14T21:59:43+0500 2001-12-14T21:59:43+05:0 2001-12-14T21:59:43+25:00 2001-12-14T21:59:43+24:60
2001-12-14T21:59:43,5Z 2001-12-14T21:59:43.Z 02001-01-01 201-01-01 20011-01-01 2001-01-01- 2001-1-1T 2001-001-1 2001-1-001
<< = << ! !! & * - -- --- + ++ % @ ` + "`" + ` ? : :: a:b a: :a a:: -a ?a ,a [a ]a {a }a #a a#b a,b a[b a{b a]b a}b a? a- a! a& a* a% a@ |a >a
'a "a a'b a"b a\b \ \n 'it''s' '' "" "a" "\n" "\x41" "\u00e9" "\U0001F600" "\e\a\b\0" "\q" "\/" "\_\N\L\P" "\ud83d\ude00" "\xzz"
1m 100m 1Gi 0.5 1,000 $1 1% 1/2 +-1 -+1 --1 ++1 1- 1+ 0-1 e1 1a a1 0a 0xa 0b12 0o9 a_b _ __ _a a_ 1.2e3.4 1e3e4 1e1_0
true: trueish yes- ye nope onn offf nulll ~~ ~a .infinity .in .na +.nan -.nan +inf -inf +.infx
é ñandú 日本 ½ ² ٣ Ⅷ 😀 a😀
10.0.0.1 10.0.0.0/8 ::1 fe80::1 00:11:22:33:44:55 1.2.3 v1.2.3 1.20 1.10.0 0x1f.5 0123.5 0123e1 019 0_19
!!str !!str!!int !!int!!null !!bool
`)

var tagged = []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!merge", "!!foo", "!foo", "!",
	"!<tag:yaml.org,2002:int>", "!!seq", "!!map"}

var frames = []string{"%s", "k: %s", "- %s", "%s: v", "k: {a: %s}", "k: [%s]", "k: [a, %s]", "{%s: v}", "{? %s : v}", "? %s\n: v", "k:\n  %s",
	"k: %s # c", "- k: %s\n  l: m", "a: &x %s\nb: *x", "k: '%s'", "k: \"%s\"", "? [%s]\n: v", "k: \"%s\"\n\"%s\": '%s'", "%s\n", "\n\n%s\n"}

const alphabet = "0123456789+-.eE_xXobBfFaAyYnN:,~ "

func randomScalar(random *rand.Rand) string {
	var b strings.Builder
	for n := 1 + random.Intn(9); n > 0; n-- {
		b.WriteByte(alphabet[random.Intn(len(alphabet))])
	}
	return b.String()
}

func scalars(r *run, random *rand.Rand, n int) {
	for _, s := range fixed {
		for _, frame := range frames {
			r.parse("scalar", strings.ReplaceAll(frame, "%s", s), false)
		}
		for _, tag := range tagged {
			r.parse("scalar", fmt.Sprintf("k: %s %s", tag, s), false)
			r.parse("scalar", fmt.Sprintf("%s %s: v", tag, s), false)
			r.parse("scalar", fmt.Sprintf("k: %s '%s'", tag, s), false)
			r.parse("scalar", fmt.Sprintf("k: %s \"%s\"", tag, s), false)
		}
	}
	for range n {
		s := randomScalar(random)
		r.parse("scalar", strings.ReplaceAll(frames[random.Intn(len(frames))], "%s", s), false)
		r.parse("scalar", "k: "+s, false)
		r.parse("scalar", s+": v", false)
	}
}
