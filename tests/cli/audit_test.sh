#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Is every decision of `outrigger serve` a line, whatever happens to the process and the disk, and does `outrigger audit` say what is there?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

review=$root/tests/sample-review.json
send() { curl -sS --max-time 10 --cacert certs/ca.crt -H 'Content-Type: application/json' "$@"; }
lines() { grep -c "\"kind\":\"$1\"" "${2:-audit.log}"; }
same() { if [ "$1" = "$2" ]; then ok; else bad "$3: $1, not $2"; fi; }
run 0 outrigger certs create --out certs --host 127.0.0.1 --days 2

# --- keys ----------------------------------------------------------------------------------------------------------
run 0 outrigger audit key create --out audit.key
same "$(stat -c %a audit.key)" 600 'mode of the key'
run 2 outrigger audit key create --out audit.key
says err 'audit.key: is there already'
run 0 outrigger audit key public --audit-key audit.key
cp out audit.pub
run 0 openssl pkey -pubin -in audit.pub -noout -text
says out ED25519
outrigger audit key create --out other.key >out
outrigger audit key public --audit-key other.key >other.pub

# --- a whole life ---------------------------------------------------------------------------------------------------
flags=(--audit-log audit.log --audit-key audit.key --drain-delay 0s --log-level warn)
start "${flags[@]}" --metrics-listen 127.0.0.1:0
for uid in a b c; do
	sed "s/705ab4f5-6393-11e8-b7cc-42010a800002/uid-$uid/" "$review" >"$uid.json"
	run 0 send --data-binary "@$uid.json" "$url/inject"
done
sed 's/"labels": {/"annotations": {"sidecar.istio.io\/inject": "false", "proxy.istio.io\/config": "secret: s3cr3t"}, "labels": {/' a.json >off.json
run 0 send --data-binary @off.json "$url/inject"
sed 's/"dryRun": false/"dryRun": true/; s/uid-a/uid-dry/' a.json >dry.json
run 0 send --data-binary @dry.json "$url/inject"
run 0 send --data-binary @a.json "$url/require"
health=$(sed -n 's/.*health="\([^"]*\)".*/\1/p' log)
wait_for audit.log '"kind":"require"'
run 0 curl -sS "http://$health/metrics"
says out 'outrigger_audit_lines_total '
says out 'outrigger_audit_dropped_total 0'
says out 'outrigger_audit_lag_lines 0'
stop TERM 0
cp audit.log out
says out '"uid":"uid-b","decision":"injected","reason":"policy-enabled"'
says out '"decision":"skipped","reason":"annotation-false"'
says out '"uid":"uid-dry","decision":"injected","reason":"policy-enabled","dryRun":true'
says out '"sidecar.istio.io/inject":"false"'
says out '"proxy.istio.io/config":"sha256:'
says out '"owner":"Deployment/hello"'
says out '"token":"third-party"'
lacks out s3cr3t
same "$(lines decision)" 5 decisions
for kind in log start configuration guard certificate require stop; do same "$(lines $kind)" 1 "lines of kind $kind"; done
run 0 outrigger audit verify --public-key audit.pub audit.log
says out 'in 1 file, 1 checkpoint signed by key '
says out '(as given): intact'
run 0 outrigger audit verify audit.log
says out 'as the log itself publishes it'
run 0 bash -c 'outrigger audit verify - <audit.log'
run 1 outrigger audit verify --public-key other.pub audit.log
says out 'which is none of those given'

# --- what is asked for ---------------------------------------------------------------------------------------------------
found() { # NUMBER FILTER...: so many lines; the table has as many, behind its head
	local want=$1
	shift
	run 0 outrigger audit query -o json "$@" audit.log
	same "$(wc -l <out)" "$want" "lines for $*"
	run 0 outrigger audit query "$@" audit.log
	same "$(wc -l <out)" $((want + 1)) "rows for $*"
}
found 5
run 0 outrigger audit query -o json --kind all audit.log
cp out all
run 0 cmp all audit.log
found 5 -n default
found 0 -n nowhere
found 4 --decision injected
found 1 --decision skipped --reason annotation-false
says out 'default           Deployment/hello'
says out 'annotation-false'
found 1 --uid uid-b
found 5 --owner Deployment/hello
found 1 --kind require
found 1 --kind configuration
says out 'in force'
found 5 --since 1h
found 0 --until 1h
found 0 --since 2999-01-01
found 5 --since 2026-01-01 --until 2999-01-01T00:00:00+02:00
found 5 --user "$(sed -n 's/.*"kind":"decision".*"user":"\([^"]*\)".*/\1/p' audit.log | head -n 1)"
found 0 --user nobody
found 1 --rule injection-off --decision skipped
run 0 bash -c 'outrigger audit query --uid uid-b - <audit.log'
run 2 outrigger audit query -o yaml audit.log
says err '-o must be table or json'
run 2 outrigger audit query --since yesterday audit.log
says err '--since: a time like 2026-01-02'
run 2 outrigger audit query
run 1 outrigger audit query "$review"
says err 'lines are none of a log'

# --- what somebody changes ------------------------------------------------------------------------------------------------
sed 's/"uid":"uid-b"/"uid":"uid-x"/' audit.log >changed.log
run 1 outrigger audit verify changed.log
says out 'changed.log:7: was changed'
sed 7d audit.log >changed.log
run 1 outrigger audit verify changed.log
says out 'changed.log:7: line 7 of the log is missing before this one'
sed '7{h;d};8{G}' audit.log >changed.log
run 1 outrigger audit verify changed.log
says out 'repeated, or out of its order'
head -n 9 audit.log >changed.log
run 0 outrigger audit verify changed.log
says out 'there is no head file'
run 1 bash -c 'cp audit.log.head changed.log.head && outrigger audit verify changed.log'
says out 'are missing at the end: the head file proves that they were written'
run 1 outrigger audit verify "$review"
run 2 outrigger audit verify
run 2 outrigger audit verify missing
says err 'missing: cannot open the file'

# --- killed under load ------------------------------------------------------------------------------------------------------
load() { # until the webhook is gone
	while send -o answer --data-binary @a.json "$url/inject" 2>/dev/null; do grep -o '"allowed":true' answer >>answered; done
}
for full in drop block; do
	rm -f killed.log*
	: >answered
	for round in 1 2 3; do
		start --audit-log killed.log --audit-key audit.key --audit-full "$full" --audit-checkpoint-lines 10 --log-level warn
		load &
		load &
		sleep "0.$((3 + round))"
		kill -KILL $server
		wait $server 2>/dev/null
		server=
		wait
	done
	start --audit-log killed.log --audit-key audit.key --drain-delay 0s --log-level warn
	stop TERM 0
	run 0 outrigger audit verify --public-key audit.pub killed.log
	says out 'the process ended without closing the log here'
	same "$(lines recovered killed.log)" 3 'lines of kind recovered'
	if [ "$full" = block ]; then
		answered=$(wc -l <answered) written=$(lines decision killed.log)
		if [ "$written" -ge "$answered" ] && [ "$answered" -gt 0 ]; then ok; else bad "$answered answers, $written lines"; fi
	fi
done

# --- rotated --------------------------------------------------------------------------------------------------------------------
start "${flags[@]/audit.log/rotated.log}" --audit-rotate-size 64Ki --audit-rotate-keep 20
for _ in $(seq 30); do
	run 0 send --data-binary @a.json "$url/inject" --next --cacert certs/ca.crt -H 'Content-Type: application/json' --data-binary @b.json "$url/inject" \
		--next --cacert certs/ca.crt -H 'Content-Type: application/json' --data-binary @c.json "$url/inject"
done
for _ in $(seq 40); do # 64 KiB are some 60 lines
	[ -e rotated.log.1 ] && break
	send -o answer --data-binary @a.json "$url/inject"
done
if [ -e rotated.log.1 ]; then ok; else bad 'nothing was rotated'; fi
stop TERM 0
run 0 outrigger audit verify --public-key audit.pub rotated.log* audit.log
says out 'intact'
run 0 outrigger audit verify rotated.log.1
run 1 outrigger audit verify rotated.log.1 rotated.log.head

# --- a log that cannot be written ---------------------------------------------------------------------------------------------
mkdir logs
start --audit-log logs/a.log --audit-full block --drain-delay 0s
says log 'chained but not signed'
run 0 send --data-binary @a.json "$url/inject"
says out '"allowed":true'
mv logs away
run 0 send --data-binary @a.json "$url/inject"
says out '"allowed":false'
says out 'the decision cannot be written to the audit log (cannot open the audit log'
says out '"reason":"not-audited"'
wait_for log 'injection is refused until it can'
mv away logs
run 0 send --data-binary @a.json "$url/inject"
says out '"allowed":true'
wait_for log 'the audit log is written again'
stop TERM 0
run 0 outrigger audit verify logs/a.log
says out '1 more were refused for that'
run 1 outrigger audit verify --public-key audit.pub logs/a.log
says out 'no checkpoint is signed by a key that was given'

# --- what cannot be used ------------------------------------------------------------------------------------------------------
serve() { run 2 outrigger serve --listen 127.0.0.1:0 --tls-cert certs/tls.crt --tls-key certs/tls.key "$@"; }
serve --audit-log nowhere/a.log
says err 'nowhere/a.log: cannot open the audit log (its folder must exist and be writable)'
serve --audit-log certs/ca.crt
says err 'certs/ca.crt: is not empty and no audit log'
serve --audit-log a.log --audit-key missing
says err 'missing: cannot open the file'
serve --audit-log a.log --audit-key certs/tls.key
says err 'certs/tls.key: the key is not of Ed25519'
serve --audit-log a.log --audit-key certs/tls.crt
says err 'holds no private key'
serve --audit-key audit.key
says err '--audit-log is off'
run 2 outrigger audit
run 2 outrigger audit nothing
run 2 outrigger audit key
run 2 outrigger audit key public
finish
