#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger serve` start only when it can serve, say so, and end as it should?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

review=$root/tests/sample-review.json
send() { curl -sS --max-time 10 --cacert certs/ca.crt -H 'Content-Type: application/json' "$@"; }
run 0 outrigger certs create --out certs --host 127.0.0.1 --days 2

# --- a whole life --------------------------------------------------------------------------------------------------
start --drain-delay 0s --metrics-listen 127.0.0.1:0 --log-format json
run 0 send --data-binary "@$review" "$url/inject"
says out '"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","allowed":true'
says out '"patchType":"JSONPatch"'
sed -n 's/.*"patch":"\([^"]*\)".*/\1/p' out | base64 -d >patch.json
if grep -q "\"name\":\"istio-proxy\"" patch.json; then ok; else bad "the patch: $(head -c 300 patch.json)"; fi
sed 's/"labels": {/"annotations": {"status.sidecar.istio.io\/port": "x"}, "labels": {/' "$review" >bad.json
run 0 send --data-binary @bad.json "$url/inject"
says out '"allowed":false'
says out 'status.sidecar.istio.io/port'
run 0 send --data-binary '{"kind":1}' "$url/inject"
says out '/kind: must be "AdmissionReview"'
run 0 curl -sS --cacert certs/ca.crt "$url/readyz?verbose"
says out '[+]configuration ok: generation 1, digest '
says out 'readyz check passed'
health=$(sed -n 's/.*"health":"\([^"]*\)".*/\1/p' log)
run 0 curl -sS "http://$health/healthz"
says out ok
run 0 curl -sS "http://$health/metrics"
says out 'outrigger_decisions_total{result="injected",reason="policy-enabled",revision="default"} 1'
says out 'outrigger_decisions_total{result="refused",reason="bad-annotation",revision="default"} 1'
says out 'outrigger_unreadable_requests_total 1'
says out 'outrigger_proof_failures_total 0'
says out 'outrigger_configuration_generation 1'
says out 'outrigger_token_mode{mode="third-party"} 1'
says out 'outrigger_token_mode{mode="first-party"} 0'
says out 'outrigger_configuration_refused{part="configuration"} 0'
says out 'outrigger_request_duration_seconds_bucket{le="0.0001"} '
says out 'outrigger_request_duration_seconds_count 3'
says out 'sidecar_injection_requests_total 3'
says out 'sidecar_injection_success_total 1'
says out 'sidecar_injection_failure_total 2'
says out 'sidecar_injection_skip_total 0'
says out 'sidecar_injection_time_seconds_bucket{le="+Inf"} 3'
cp out metrics.txt
if command -v promtool >/dev/null; then
	run 0 promtool check metrics <metrics.txt
	silent err
else
	echo 'SKIPPED: promtool check metrics: no promtool'
fi
kill -HUP $server # without files there is only the certificate to read
wait_for log '"part":"certificate"'
stop TERM 0
says log '"msg":"injected","uid":"705ab4f5-6393-11e8-b7cc-42010a800002","namespace":"default","pod":"hello-7f4d5c9b6d-"'
says log '"msg":"refused"'
says log '"msg":"stopped"'
if grep -vqE '^\{"time":"[^"]*","level":"(info|warn)","msg":.*\}$' log; then bad 'a line is no JSON object'; else ok; fi

# --- files that change -----------------------------------------------------------------------------------------------------
echo 'accessLogFile: /dev/stdout' >mesh.yaml
start --drain-delay 0s --mesh-config mesh.yaml
echo 'accessLogFile: [' >mesh.yaml
kill -HUP $server
wait_for log 'the last good one stays in force'
says log 'mesh.yaml:'
run 0 curl -sS --cacert certs/ca.crt "$url/readyz?verbose"
says out '[+]configuration ok: generation 1, digest '
says out '; a newer one is refused since '
says out 'readyz check passed'
run 0 send --data-binary "@$review" "$url/inject"
says out '"allowed":true'
echo 'accessLogFile: /dev/stderr' >mesh.new && mv mesh.new mesh.yaml # nobody tells it
wait_for log 'configuration replaced generation=2'
outrigger certs create --out others --host 127.0.0.1 --days 2 >out
cp others/tls.crt certs/tls.crt
wait_for log 'certs/tls.key: the key does not belong to the certificate'
cp others/tls.key certs/tls.key
wait_for log 'certificate replaced'
run 0 curl -sS --cacert others/ca.crt "$url/readyz?verbose"
lacks out refused
stop TERM 0
cp others/ca.crt certs/ca.crt

# --- draining ------------------------------------------------------------------------------------------------------------
start --drain-delay 30s
kill -TERM $server
for _ in $(seq 100); do
	code=$(curl -sS -o /dev/null -w '%{http_code}' --cacert certs/ca.crt "$url/readyz")
	[ "$code" = 503 ] && break
	sleep 0.05
done
if [ "$code" = 503 ]; then ok; else bad "while draining /readyz gives $code"; fi
run 0 send --data-binary "@$review" "$url/inject"
says out '"allowed":true'
stop TERM 0 # the second one does not wait

# --- clients that must show who they are -------------------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout client-ca.key -out client-ca.crt -subj '/CN=clients' 2>err
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -out client.csr -subj /CN=kube-apiserver 2>err
openssl x509 -req -in client.csr -CA client-ca.crt -CAkey client-ca.key -days 2 -out client.crt 2>err
start --drain-delay 0s --metrics-listen 127.0.0.1:0 --client-ca client-ca.crt --client-name kube-apiserver --log-format json
run 0 send --cert client.crt --key client.key --data-binary "@$review" "$url/inject"
says out '"allowed":true'
if send --data-binary "@$review" "$url/inject" >out 2>err; then bad 'served without a client certificate'; else ok; fi
health=$(sed -n 's/.*"health":"\([^"]*\)".*/\1/p' log)
run 0 curl -sS "http://$health/readyz"
stop TERM 0
run 2 outrigger serve --listen 127.0.0.1:0 --tls-cert certs/tls.crt --tls-key certs/tls.key --client-ca certs/tls.key
says err 'certs/tls.key: holds no CA certificate'
run 2 outrigger serve --listen 127.0.0.1:0 --tls-cert certs/tls.crt --tls-key certs/tls.key --client-name kube-apiserver
says err '--client-name needs --client-ca'

# --- what is not served ------------------------------------------------------------------------------------------------------
start
port=${url##*:}
run 2 outrigger serve --listen "127.0.0.1:$port" --tls-cert certs/tls.crt --tls-key certs/tls.key
says err "cannot listen on 127.0.0.1:$port: Address already in use"
stop INT 0
serve() { run 2 outrigger serve --listen 127.0.0.1:0 "$@"; }
serve --tls-cert certs/tls.crt --tls-key missing
says err 'missing: cannot open the file'
serve --tls-cert certs/tls.crt --tls-key certs/ca.key
says err 'certs/ca.key: the key does not belong to the certificate'
serve --tls-cert certs/tls.key --tls-key certs/tls.key
says err 'certs/tls.key: holds no certificate'
openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -out old.crt -subj /CN=x -days -1 2>/dev/null ||
	openssl req -x509 -newkey rsa:2048 -nodes -keyout old.key -out old.crt -subj /CN=x -not_before 20200101000000Z -not_after 20200102000000Z 2>/dev/null
if [ -s old.crt ]; then
	serve --tls-cert old.crt --tls-key old.key
	says err 'old.crt: certificate number 1'
fi
run 2 outrigger serve --listen nowhere --tls-cert certs/tls.crt --tls-key certs/tls.key
says err "'nowhere' is no address to listen on"
serve --tls-cert certs/tls.crt --tls-key certs/tls.key --inject-config missing
chmod 644 certs/tls.key
start --drain-delay 0s --log-level error
lacks log 'can be read by others'
stop TERM 0
start --drain-delay 0s
says log 'the private key can be read by others'
stop TERM 0
finish
