#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Are the figures on the page of `outrigger audit report` those of `outrigger audit query`, and is what pods say only ever text on it? In a browser, where
# one is installed: does the page stand without errors, on a phone, in the dark, and on paper?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

review=$root/tests/sample-review.json
same() { if [ "$1" = "$2" ]; then ok; else bad "$3: $1, not $2"; fi; }
send() { curl -sS --max-time 10 --cacert certs/ca.crt -H 'Content-Type: application/json' "$@"; }

# --- a log ------------------------------------------------------------------------------------------------------------
run 0 outrigger certs create --out certs --host 127.0.0.1 --days 30
run 0 outrigger audit key create --out audit.key
run 0 outrigger audit key public --audit-key audit.key
cp out audit.pub
start --audit-log audit.log --audit-key audit.key --drain-delay 0s --log-level warn
asks() { # NAMESPACE ANNOTATION VALUE
	sed "s|\"namespace\": \"default\"|\"namespace\": \"$1\"|; s|\"labels\": {|\"annotations\": {\"$2\": \"$3\"}, \"labels\": {|" "$review" >ask.json
	run 0 send --data-binary @ask.json "$url/inject"
}
for _ in 1 2 3; do run 0 send --data-binary "@$review" "$url/inject"; done
asks default sidecar.istio.io/inject false
asks shop sidecar.istio.io/logLevel '\\"><script>alert(1)</script>'
asks shop traffic.sidecar.istio.io/excludeOutboundPorts 3306
asks '<img src=x onerror=alert(2)>' inject.istio.io/templates nothing
asks kube-system sidecar.istio.io/inject true
run 0 send --data-binary "@$review" "$url/require"
stop TERM 0
# --- figures ------------------------------------------------------------------------------------------------------------
run 0 outrigger audit report -o report.html --public-key audit.pub audit.log
says out 'wrote report.html'
figure() { # NAME: as the page has it
	sed -n "s|.*data-figure=\"$1\">\([0-9,]*\)<.*|\1|p" report.html | tr -d ,
}
asked() { outrigger audit query -o json "$@" audit.log | wc -l; }
same "$(figure decisions)" "$(asked)" decisions
for d in injected skipped refused; do same "$(figure $d)" "$(asked --decision $d)" "$d"; done
same "$(figure required)" "$(asked --kind require)" required
values() { sed -n "s/.*\"$1\":\"\([^\"\\\\]*\)\".*/\1/p" | sort -u; }
agree() { # ID FILTER MEMBER [DECISION]: each row of a list is what query finds for it
	local value
	while read -r value; do
		same "$(figure "$1/$value")" "$(asked "--$2" "$value" ${4:+--decision "$4"})" "$1 $value"
	done < <(outrigger audit query -o json ${4:+--decision "$4"} audit.log | values "$3" | grep -v '<')
}
agree namespaces namespace namespace
agree skips reason reason skipped
agree refusals reason reason refused
agree rules rule rule
same "$(figure namespaces/shop)" 2 'pods of shop'
same "$(figure "overrides/traffic.sidecar.istio.io/excludeOutboundPorts = 3306")" 1 overrides
same "$(figure tokens/third-party)" "$(figure injected)" tokens
same "$(figure "namespaces/&lt;img src=x onerror=alert(2)&gt;")" "$(asked -n '<img src=x onerror=alert(2)>')" 'pods of a hostile name'
cp report.html out
says out 'The chain holds'
if grep -qE '>(29|30) days left<' out; then ok; else bad "no days left of the certificate: $(grep -o '[0-9]* days left' out)"; fi # 30 within the second it was made
says out ', as given'
says out 'generation 1, revision default, digest '
says out ', tokens third-party<'
lacks out '<script'
lacks out '<img'
for loads in 'src=' 'url(' 'http:' 'https:' '@import' '<link rel="stylesheet'; do
	if sed 's/&[a-z]*;img src=x//g' report.html | grep -qF -- "$loads"; then bad "the page has $loads"; else ok; fi
done
run 0 outrigger audit report -o - --until 1h audit.log
says out '<dd data-figure="decisions">0</dd>'
says out 'There is no line in the time that was asked for'
says out 'The chain holds'
sed 's/"namespace":"shop"/"namespace":"bank"/' audit.log >changed.log
run 1 outrigger audit report -o changed.html changed.log
cp changed.html out
says out '2 problems in the chain'
says out 'was changed: its hash is not that of what it says'
run 2 outrigger audit report audit.log
says err '-o FILE is needed'
run 2 outrigger audit report -o x.html -n shop audit.log
says err 'other filters are audit query'
run 2 outrigger audit report -o nowhere/x.html audit.log
run 2 outrigger audit report -o audit.log audit.log
says err 'audit.log: is an audit log; name another file for the page'
run 0 outrigger audit verify audit.log
run 2 outrigger audit report -o x.html

# --- in a browser --------------------------------------------------------------------------------------------------------
if ! command -v chromium >/dev/null; then
	finish
	code=$?
	echo 'SKIPPED: the page in a browser: no chromium'
	[ $code -ne 0 ] || code=77
	exit $code
fi
browse() { # PAGE FLAG...: what the page logs is in $dir/err
	local page=$1
	shift
	HOME=$dir/home timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --user-data-dir="$dir/profile" --enable-logging=stderr "$@" "file://$dir/$page" >"$dir/out" 2>"$dir/err"
}
looks() { # NAME WIDTH FLAG...: the page with a script that tells what it looks like, as $dir/out
	local width=$1
	shift
	browse probe.html --dump-dom --window-size="$width,900" "$@"
	lacks err CONSOLE
}
# The page itself runs no script: a copy that may.
sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' report.html >probe.html
cat >>probe.html <<'EOF'
<script>
const root = document.documentElement, charts = [...document.querySelectorAll('.chart svg')];
const look = {
	overflow: root.scrollWidth > innerWidth,
	cut: [...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.getAttribute('aria-label')).join(),
	page: getComputedStyle(document.body).backgroundColor,
	charts: charts.length && charts.every(e => e.getBoundingClientRect().width > 200 && e.querySelectorAll('rect').length > 0),
	unnamed: document.querySelectorAll('svg:not([aria-label]), .scroll:not([aria-label]), th:not([scope])').length,
	loaded: performance.getEntriesByType('resource').length,
};
document.title = 'look ' + Object.entries(look).map(e => e.join('=')).join(' ') + ' .';
</script>
EOF
browse report.html --dump-dom
lacks err CONSOLE
says out 'data-figure="decisions">8<'
lacks out '<script'
lacks out '<img'
looks 1280 --blink-settings=preferredColorScheme=1
says out "look overflow=false cut= page=rgb(245, 246, 248) charts=true unnamed=0 loaded=0 ."
looks 390 --blink-settings=preferredColorScheme=0
says out "look overflow=false cut= page=rgb(16, 21, 27) charts=true unnamed=0 loaded=0 ."
browse report.html --print-to-pdf="$dir/report.pdf" --blink-settings=preferredColorScheme=0
lacks err CONSOLE
if [ "$(head -c 5 report.pdf)" = '%PDF-' ]; then ok; else bad 'no page was printed'; fi
finish
