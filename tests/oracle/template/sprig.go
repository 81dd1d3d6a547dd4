// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Calls of single functions with arguments made for them: where their own corners are, which random templates seldom meet.

// By letter: what an argument may be. Those in quotes are texts.
var pools = map[byte][]string{
	't': {`""`, `" "`, `"a"`, `"hello world"`, `"Hello World foo"`, `"aé bcd  efghi"`, `"HTTPServer"`, `"http_server"`, `"FirstName"`, `"NoHTTPS"`,
		`"GO_PATH"`, `"GO PATH"`, `"GO-PATH"`, `"http2xx"`, `"HTTP20xOK"`, `"Duration2m3s"`, `"Bld4Floor3rd"`, `"_complex__case_"`, `"a.b.c"`,
		`"x\ny\n"`, `"é中😀"`, `"ǅungla ǆ"`, `"\xff\xfea"`, `"it's \"q\""`, `"tab\tx"`, `"$5$"`, `"--a--"`, `"1st a-b c_d"`, `"a,b,,c"`, `"Ünïcödé Wörd"`,
		`"verylongwordwithoutblanks and short"`, `"1234 5678 9123"`, `"\u2003x\u00a0"`, `"ß ŉ ﬁ İ ı"`, `"A1B2c3"`, `"fooBar2Baz99"`, `"x²½"`},
	's': {`","`, `""`, `" "`, `"a"`, `"ab"`, `"l"`, `"\n"`, `"é"`, `"-"`, `"$"`, `"o w"`, `"xyz"`, `" \t\n"`, `"aé"`},
	'n': {"0", "1", "2", "3", "4", "5", "6", "7", "8", "10", "15", "20", "-1", "-2", "-3", "-5", "-9"},
	'N': {"0", "1", "7", "-3", "2.5", "-1.5", `"12"`, `"0x1F"`, `"017"`, `"08"`, `"1_000"`, `"3.0"`, `"3.5"`, `"x"`, `""`, "true", "false", "nil", "1e3", `"1e3"`,
		`"inf"`, `"-Inf"`, `"nan"`, "9223372036854775807", `"9223372036854775808"`, "1e300", "0.1", "0.2", "1e-7", `"0b11"`, `"0o17"`, `"-0x10"`, `"+5"`,
		"(list 1)", "(dict)", "100000000000", `" 1"`, `"1_"`, `"0x1p-2"`, "123.5555", "0777", `"0777"`},
	'r': {`"[0-9]+"`, `"a*"`, `"^[a-z]+$"`, `"("`, `"a(x*)b"`, `"(a)|b"`, `"x*"`, `""`, `"\\d+"`, `"\\s"`, `"\\bw"`, `"(?i)HELLO"`, `"(?P<n>l+)o"`, `"(?<n>l+)"`,
		`"[^a]"`, `"[[:alpha:]]+"`, `"a**"`, `"*"`, `"a{2}"`, `"a{,2}"`, `"a{2,1}"`, `"a{1001}"`, `"\\1"`, `"(?=x)"`, `"(?!x)"`, `"(?<=x)y"`, `"a++"`, `"[z-a]"`, `"[a"`,
		`"a|"`, `"(?m)^x$"`, `"(?s)."`, `"."`, `"\\pL+"`, `"\\p{Greek}"`, `"\\p{Foo}"`, `"\\x41"`, `"\\x{1F600}"`, `"\\q"`, `"\\"`, `"l$"`, `"\\A\\w"`, `"o\\z"`, `"[\\d,]+"`,
		`"(?U)l+"`, `"l+?"`, `"(?i:E)l"`, `"a)"`, `"\\Q.+\\E"`, `"[]a]"`, `"[a\\]]"`, `"(l)(l)?(z)?"`, `"é"`, `"[é中]"`, `"\\S+"`, `"\\W"`, `"$^"`, `"^*"`, `"(|a)+"`,
		`"(?i)[k]"`, `"\\C"`, `"\\012"`, `"(?:a|b)+?"`, `"x{0}"`, `"(?P<a>x)(?P<a>y)"`, `"(?P<>x)"`, `"[[:foo:]]"`, `"[a-\\d]"`, `"(?i-s)a"`, `"(?z)"`, `"a{1}{2}"`, `"\\v"`, `"[\\s]"`},
	'R': {`"-"`, `""`, `"$1"`, `"${1}W"`, `"$1W"`, `"$$"`, `"$"`, `"${n}"`, `"$n"`, `"$0"`, `"${"`, `"${x}"`, `"[$2]"`, `"$10"`, `"$01"`, `"é$1é"`},
	'v': {`"1.2.3"`, `"v1.2.3"`, `"1"`, `"1.2"`, `"1.2.3-beta.1+5"`, `"1.2.3-beta"`, `"0.0.1"`, `"0.2.3"`, `"2.0.0"`, `"1.10.0"`, `"1.2.3-01"`, `"1.2.3-"`, `"x"`, `""`, `"1.2.3.4"`,
		`"1.0.0-alpha.beta"`, `"1.0.0-alpha.1"`, `"1.0.0-2"`, `"1.0.0-10"`, `"99999999999999999999.0.0"`, `"1.3.0"`, `"0.0.0"`, `"01.2.3"`, `" 1.2.3"`, `"1.2.3+meta"`},
	'c': {`">=1.2.0"`, `"^1.2.0"`, `"~1.2.0"`, `"~1.2"`, `"~1"`, `"^0.2"`, `"^0.0.1"`, `"^0"`, `"1.x"`, `"1.2.*"`, `"*"`, `"X"`, `">1"`, `"<=1.2"`, `"!=1.2.3"`, `"!=1.2"`, `"!=1"`, `">= 1.0, < 2"`,
		`">=1.0 <2"`, `"<1 || >=1.2"`, `"1.2 - 1.4.5"`, `"1.2.3"`, `"=1.2.3"`, `"=>1"`, `"=<1.2.3"`, `"~>1.2"`, `">>1"`, `""`, `"x.y"`, `">=1.2.3-alpha"`, `"^1.2.3-beta"`, `"1.2,"`,
		`"> 1.2.3-a < 3"`, `"v1.2.3"`, `"||"`, `"1||2"`, `"1.2.x - 2"`, `"<0"`, `">0.0.0-0"`, `"1|2"`, `" ^1 "`, `"^1.2.3 , <1.9"`, `"!=1.x"`, `">1.2"`, `"<1.2.3-beta.2"`},
	'u': {`"http://u:p@h:80/p?q=1#f"`, `"https://h/p"`, `"//h/p"`, `"/a/b"`, `"a/b"`, `""`, `"mailto:a@b"`, `"http://[::1]:80/"`, `"http://[::1"`, `"http://h:x/"`, `"http://a b/"`,
		`"http://h/a%20b"`, `"http://h/%zz"`, `"http://h/?"`, `"http://é.com/ü?é#é"`, `":x"`, `"1http://x"`, `"http://u@h"`, `"http://u:@h"`, `"http://%41@h/"`, `"*"`, `"a:b:c"`,
		`"http://h/a;b=c,d"`, `"x#y#z"`, `"HTTP://H/"`, `"http://h\x7f/"`, `"file:///etc"`, `"http:///p"`, `"http://h/p?a=b&c=d%26"`, `"///p"`, `"b:c/d"`, `"http://h:1:2/"`,
		`"x://h:1:2/"`, `"http://u%zz@h"`, `"http://a<b@h"`, `"http://h%41/"`, `"http://h%2525/"`, `"/%41%2F"`},
	'p': {`""`, `"/"`, `"."`, `".."`, `"a/b/c.txt"`, `"/a"`, `"a//b"`, `"a/../b"`, `"../a"`, `"/../a"`, `"a/b/../../.."`, `"///"`, `"a.b/c"`, `"x.tar.gz"`, `".x"`, `"a/./b/"`, `"é/ü.ö"`},
	'a': {"nil", "1", "0", `"a"`, `""`, "true", "false", "1.5", "(list)", "(list 1 nil \"a\")", "(dict)", `(dict "a" 1)`, ".Values.list", ".Values.map", ".Values.missing", "(until 2)",
		`(splitList "," "a,b")`, ".ObjectMeta.Labels", ".Spec.Containers", ".ObjectMeta", `(semver "1.2.3")`, "(int64 3)", ".Values.f", ".NativeSidecars", `(toDate "2006" "2020")`},
	'l': {"(list)", "(list 1)", "(list 1 2 3)", `(list "b" "a" "c")`, "(list nil 1 nil)", "(list 1 1.0 \"1\" 1)", "(until 5)", `(splitList "," "z,y,x,z")`, ".Values.list", ".Values.nums",
		"(list (list 1) (list 1))", `(list (dict "a" 1) (dict "a" 1))`, "nil", `"abc"`, "3", "(dict)", ".Values.empty", "(chunk 2 (list 1 2 3))", ".Spec.Containers", "(list 0 \"\" nil false)"},
	'd': {"(dict)", `(dict "a" 1)`, `(dict "a" 1 "b" (dict "c" 2))`, `(dict "a" "" "b" (list 1))`, `(dict "b" (dict "c" 3 "d" nil))`, `(dict "x" nil)`, "nil", `(dict "a" (list) "b" "s")`,
		`(dict 1 2 "odd" 3)`, `(dict "b" (dict) "a" 0)`, `(dict "a" false)`, `(dict "b" "text")`},
	'k': {`"a"`, `"b"`, `"c"`, `"x"`, `""`, `"1"`},
	'D': {`"1h"`, `"2h10m5s"`, `"-1.5h"`, `"100ms"`, `"1us"`, `"µ"`, `"1"`, `""`, `"5d"`, `"1h1"`, `"-100h"`, `"0"`, `".5s"`, `"1.s"`, `"9000h"`, `"1000000h"`, `"9999999999h"`, `"+3m"`, `"1µs"`, `"1ns1ms"`,
		"95", "(int64 3700)", "(int64 95000000000)", `"95"`, `"-7"`, "nil", "1.5", `"99999999999999999999"`},
	'L': {`"2006-01-02"`, `"Mon Jan _2 15:04:05.000 MST -0700 Z07:00 2006"`, `"Monday, January 2 06 3:4:5 PM pm"`, `"__2 002 01 1 _2006"`, `"02/01 .999 ,000"`, `"-07 -07:00 -070000 -07:00:00 Z0700 Z07"`,
		`""`, `"é January"`, `"Jan Janx Monx 15h"`, `"2006-01-02T15:04:05Z07:00"`, `"2006 01 02"`, `"3PM"`, `"15:04"`, `"2006-002"`, `"05.00"`, `"Jan 2 2006"`, `"2006-01-02 15:04:05 -0700 MST"`},
	'S': {`"2020-02-03"`, `"2020-02-30"`, `"2020-13-01"`, `"2020-2-3"`, `"zz"`, `""`, `"2020-02-03T04:05:06Z"`, `"2020-02-03T04:05:06+01:00"`, `"2020-02-03T04:05:06.789Z"`, `"2020 02 03"`, `"3PM"`, `"13PM"`, `"12AM"`,
		`"15:04"`, `"25:04"`, `"2020-366"`, `"2021-366"`, `"2020-060"`, `"05.25"`, `"Feb 29 2020"`, `"feb 3 2020"`, `"Feb 29 2021"`, `"2020-02-03 04:05:06 +0200 EET"`, `"2020-02-03x"`, `"2020-02-03 04:05:06 -0700 MST"`,
		`"2020-02-03 04:05:06 +0000 UTC"`, `"2020-02-03T04:05:06-25:00"`},
	'T': {`(toDate "2006-01-02" "2020-02-03")`, `(toDate "2006-01-02T15:04:05Z07:00" "1969-12-31T23:59:58.5Z")`, `(toDate "2006" "x")`, "0", "(int64 1580688000)", "-1", `(toDate "2006-01-02T15:04:05Z07:00" "2024-02-29T12:13:14.123456789Z")`,
		`(toDate "2006-01-02T15:04:05Z07:00" "2020-02-03T04:05:06+05:30")`},
	'U': {`(toDate "2006-01-02" "2020-02-03")`, `(toDate "2006" "x")`, `(toDate "2006-01-02T15:04:05Z07:00" "2024-02-29T12:13:14.123456789Z")`},
	'z': {`"UTC"`, `""`, `"Local"`, `"Nope/X"`, `"Etc/GMT+5"`, `"Etc/GMT-3"`, `"GMT"`, `"Etc/UTC"`},
	'j': {`"{}"`, `"[1,2.5,null,\"x\"]"`, `"{"`, `""`, `"null"`, `"{\"a\":{\"b\":[true]}}"`, `"1e400"`, `"9007199254740993"`, `"{\"a\":1,\"a\":2}"`, `"\"\\ud800\""`, `"tru"`, `" 1 "`, `"1 2"`, `"{\"<\":\"&\"}"`, `"[{\"name\":\"a\"}]"`},
	'6': {`"aGVsbG8="`, `"a"`, `"aGVs\nbG8="`, `""`, `"aGVsbG8"`, `"===="`, `"aG=="`, `"aG=x"`, `"aGVsbG8=x"`, `"!"`, `"aGk\r\n="`, `"YQ=="`, `"YQ=\n="`, `"YR=="`, `"aGVs bG8="`},
	'3': {`"NBUQ===="`, `"NBUQ"`, `""`, `"x"`, `"NBUQ==="`, `"NBSWY3DP"`, `"NB======"`, `"N======="`, `"NBS====="`, `"NBSWY3DPNBUQ===="`, `"nbuq===="`, `"NBU\nQ===="`, `"NBUQ=x=="`, `"NBUQ====NBUQ===="`, `"NBSWY3==", "NBSWY==="`},
	'K': {`"string"`, `"int"`, `"map"`, `"slice"`, `"invalid"`, `"float64"`, `"ptr"`, `"struct"`, `"semver.Version"`, `"[]interface {}"`, `"map[string]interface {}"`, `"int64"`, `"<nil>"`, `"v1.ObjectMeta"`},
	'b': {"true", "false"},
	'm': {`"net-a"`, `"ns/net-a"`, `"[{\"name\":\"net-a\"}]"`, `"[{\"name\":\"net-a\",\"namespace\":\"ns\"}]"`, `"[]"`, `"[1]"`, `"x]"`, `"a, net-a"`, `""`, `"[null]"`, `"[{\"name\":1}] "`, `"a/b/c"`},
	'i': {`"8080"`, `"80,8080"`, `" 80 , ,81"`, `""`, `"0"`, "8080", "0", `"*"`, "nil", "80.5"},
	'o': {".ObjectMeta.Labels", ".ObjectMeta.Annotations", `(strdict "a" "1")`, `(strdict "b" "<&>" "c")`, "(mergeMaps)", `(strdict)`, "nil"},
}

// Name and the letters of its arguments; what stands after + may come up to three times.
const calls = `abbrev nt|abbrevboth nnt|add +N|add1 N|add1f N|addf +N|adler32sum t|all +a|any +a|append la|atoi t|atoi N|b32dec 3|b32enc t|b64dec 6|b64enc t|base p|biggest N+N|camelcase t|cat +a|ceil N|
chunk nl|clean p|coalesce +a|compact l|concat +l|contains st|date LT|dateInZone LTz|dateModify DU|date_in_zone LTz|date_modify DU|deepCopy a|deepEqual aa|deepEqual ll|default a+a|dict ka+a|dig kkad|dig kad|dig ad|dir p|div NN|
divf N+N|duration D|durationRound D|empty a|ext p|fail t|first l|float64 N|floor N|fromJson j|get dk|has al|hasKey dk|hasPrefix st|hasSuffix st|htmlDate T|htmlDateInZone Tz|indent nt|initial l|initials t|int N|int64 N|isAbs p|
join sl|join sa|kebabcase t|keys d|kindIs Ka|kindOf a|last l|list +a|lower t|max N+N|maxf N+N|merge d+d|mergeOverwrite d+d|min N+N|minf N+N|mod NN|mul N+N|mulf N+N|mustChunk nl|mustDateModify DU|mustFirst l|mustFromJson j|mustHas al|
mustMerge d+d|mustMergeOverwrite d+d|mustRegexFind rt|mustRegexFindAll rtn|mustRegexMatch rt|mustRegexReplaceAll rtR|mustRegexReplaceAllLiteral rtR|mustRegexSplit rtn|mustSlice ln|mustToDate LS|mustToJson a|mustUniq l|mustWithout l+a|nindent nt|
nospace t|osBase p|osClean p|osDir p|osExt p|osIsAbs p|pick d+k|pluck k+d|plural ttn|prepend la|push la|quote +a|quote +t|regexFind rt|regexFindAll rtn|regexMatch rt|regexQuoteMeta r|regexReplaceAll rtR|regexReplaceAllLiteral rtR|regexSplit rtn|
repeat nt|replace sst|rest l|reverse l|round Nn|semver v|semverCompare cv|seq +n|set dka|sha1sum t|sha256sum t|sha512sum t|slice l+n|slice ln|snakecase t|sortAlpha l|sortAlpha a|split st|splitList st|splitn snt|squote +a|sub NN|subf N+N|substr nnt|
swapcase t|ternary aab|title t|toDate LS|toDecimal N|toJson a|toPrettyJson a|toRawJson a|toString a|toStrings a|toStrings l|trim t|trimAll st|trimPrefix st|trimSuffix st|trimall st|trunc nt|tuple +a|typeIs Ka|typeIsLike Ka|typeOf a|uniq l|unixEpoch U|
unset dk|until n|untilStep nnn|untitle t|upper t|urlParse u|values d|without l+a|wrap nt|wrapWith nst|appendMultusNetwork mm|directory p|excludeInboundPort ii|isset ok|mergeMaps +o|omit o+k|omitNil a|omitNil d|omitNil l|strdict +k|toJSON o|toJsonMap +o|
toYaml a|toYaml d|valueOrDefault aa|fromJSON j|structToJSON a|annotation wka|toLower t|indent nt|includeInboundPorts f`

func init() {
	pools['w'] = []string{".ObjectMeta", ".DeploymentMeta", "nil"}
	pools['f'] = []string{".Spec.Containers", ".Spec.InitContainers", "(list)", "nil"}
}

// Those that lists are made of in random order, or whose keys are, are put in order.
var unordered = map[string]string{"keys": "(%s) | sortAlpha", "values": "(%s) | len"}

func (g *generator) argument(letter byte) string {
	if g.chance(2) {
		letter = g.one("t", "n", "N", "a", "l", "d", "s", "b")[0]
	}
	return g.one(pools[letter]...)
}

func (g *generator) callOf(shape string) string {
	name, letters, _ := strings.Cut(strings.TrimSpace(shape), " ")
	words := []string{name}
	for i := 0; i < len(letters); i++ {
		times := 1
		if letters[i] == '+' {
			i++
			times = g.Intn(4)
		}
		for ; times > 0; times-- {
			words = append(words, g.argument(letters[i]))
		}
	}
	if form, ok := unordered[name]; ok {
		return fmt.Sprintf(form, strings.Join(words, " "))
	}
	return strings.Join(words, " ")
}

func (g *generator) sprigTemplate() string {
	shapes := strings.Split(calls, "|")
	text := g.callOf(shapes[g.Intn(len(shapes))])
	switch g.Intn(12) {
	case 0:
		text = "(" + text + ") | typeOf"
	case 1:
		text = "(" + text + ") | toJson"
	case 2:
		text = "(" + text + ") | " + g.one("quote", "len", "toString", "kindOf", "first", "toYaml", "upper", "trunc "+strconv.Itoa(g.Intn(9)))
	}
	if strings.HasPrefix(text, "urlParse") && g.chance(50) {
		return "{{ " + text + " | urlJoin }}"
	}
	if strings.HasPrefix(text, "semver ") && g.chance(50) {
		return "{{ (" + text + ")." + g.one("Major", "Minor", "Patch", "Prerelease", "Metadata", "Original", "String", "Nope") + " }}"
	}
	return "{{ " + text + " }}"
}
