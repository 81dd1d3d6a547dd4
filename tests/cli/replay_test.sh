#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger replay` say which recorded pods another configuration changes, and how, and nothing of those it does not?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# review UID NAMESPACE METADATA [SPEC]: a request on one line.
review() {
	printf '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"%s","kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"namespace":"%s","operation":"CREATE","object":{"apiVersion":"v1","kind":"Pod","metadata":%s,"spec":{%s"containers":[{"name":"app","image":"i"}]}}}}' \
		"$1" "$2" "$3" "${4:-}"
}
config() { # IMAGE POLICY MORE
	cat <<EOF
policy: $2
templates:
  sidecar: |
    metadata:
      annotations:
        made-by: $1
    spec:
      containers:
      - name: istio-proxy
        image: $1
        args: ["--name", "{{ .ObjectMeta.Name }}"]
        ${3:-}
EOF
}
config proxy:1 enabled >old.yaml
config proxy:2 enabled >new.yaml
echo '{}' >values.json
first=(--inject-config old.yaml --values values.json)
second=(--to-inject-config new.yaml --to-values values.json)

# --- pods that change alike -----------------------------------------------------------------------------------------
{
	for i in $(seq 12); do review "u$i" shop "{\"name\":\"web-$i\"}"; echo; done
	echo
	review host shop '{"name":"h"}' '"hostNetwork":true,'
	echo
	review off shop '{"name":"off","labels":{"sidecar.istio.io/inject":"false"}}'
	echo
} >log.jsonl
run 1 outrigger replay -f log.jsonl "${first[@]}" "${second[@]}"
says out '12 pods changed alike: shop/web-1 (log.jsonl:1), shop/web-2 (log.jsonl:2)'
says out 'shop/web-10 (log.jsonl:10) and 2 more'
says out '--- log.jsonl:1 Pod shop/web-1 (before)'
says out '+++ log.jsonl:1 Pod shop/web-1 (after)'
says out '-    image: proxy:1'
says out '+    image: proxy:2'
says out '-    made-by: proxy:1'
lacks out 'Pod shop/web-2 ('
says out '14 requests: 2 the same (0 injected, 2 left alone, 0 refused), 12 changed'
silent err
if grep -q "$(printf '\033')" out; then bad 'colour without a terminal'; else ok; fi

# What is another for one pod only stands alone.
config proxy:1 enabled '{{ if eq .ObjectMeta.Name "web-7" }}tty: true{{ end }}' >one.yaml
run 1 outrigger replay -f log.jsonl "${first[@]}" --to-inject-config one.yaml --to-values values.json
says out '1 pod changed: shop/web-7 (log.jsonl:7)'
says out '+    tty: true'
says out '13 the same'
# A value that holds the pod's own name is alike in all.
config proxy:1 enabled 'workingDir: /{{ .ObjectMeta.Name }}' >named.yaml
run 1 outrigger replay -f log.jsonl "${first[@]}" --to-inject-config named.yaml --to-values values.json
says out '12 pods changed alike'
# Their images are not, where each has another.
config proxy:1 enabled 'workingDir: /{{ len .ObjectMeta.Name }}' >lengths.yaml
run 1 outrigger replay -f log.jsonl "${first[@]}" --to-inject-config lengths.yaml --to-values values.json
says out '9 pods changed alike'
says out '3 pods changed alike'

# --- nothing changes ----------------------------------------------------------------------------------------------------
run 0 outrigger replay -f log.jsonl "${first[@]}" --to-inject-config old.yaml --to-values values.json
says out '14 requests: 14 the same (12 injected, 2 left alone, 0 refused)'
run 0 outrigger replay -f log.jsonl --to-revision default
run 1 outrigger replay -f log.jsonl --to-revision canary
says out '+    istio.io/rev: canary'

# --- every kind of outcome ------------------------------------------------------------------------------------------------
config proxy:1 disabled >disabled.yaml
config proxy:1 enabled '{{ fail "not here" }}' >fails.yaml
head -n 2 log.jsonl >two.jsonl
run 1 outrigger replay -f two.jsonl "${first[@]}" --to-inject-config disabled.yaml --to-values values.json
says out '2 pods no longer injected alike (policy-enabled, then policy-disabled): shop/web-1'
says out '-    name: istio-proxy'
says out ', 2 no longer injected'
run 1 outrigger replay -f two.jsonl --inject-config disabled.yaml --values values.json --to-inject-config old.yaml --to-values values.json
says out '2 pods newly injected alike (policy-disabled, then policy-enabled)'
says out '+    name: istio-proxy'
run 1 outrigger replay -f two.jsonl "${first[@]}" --to-inject-config fails.yaml --to-values values.json
says out '2 pods newly refused alike (policy-enabled, then template-failed)'
says out '  refused: '
says out 'not here'
run 1 outrigger replay -f two.jsonl --inject-config fails.yaml --values values.json --to-inject-config old.yaml --to-values values.json
says out '2 pods no longer refused alike (template-failed, then policy-enabled)'
says out '  was refused: '
run 0 outrigger replay -f two.jsonl --inject-config fails.yaml --values values.json --to-mesh-config /dev/null
says out '2 the same (0 injected, 0 left alone, 2 refused)'
cat >guard.yaml <<'EOF'
rules:
- name: no-opt-out
  match: {injection: off}
  action: deny
  message: every pod is in the mesh
EOF
run 1 outrigger replay -f log.jsonl "${first[@]}" --to-guard-config guard.yaml
says out '1 pod newly refused (label-false, then guard-denied): shop/off'

# --- JSON --------------------------------------------------------------------------------------------------------------------
run 1 outrigger replay -o json -f log.jsonl "${first[@]}" "${second[@]}"
says out '"summary":{"newly-refused":0,"newly-skipped":0,"newly-injected":0,"no-longer-refused":0,"changed":12,"same":2,"without-answer":0,"unreadable":0}'
says out '{"kind":"changed","count":12,"before":{"result":"injected","reason":"policy-enabled"},"after":{"result":"injected","reason":"policy-enabled"},"diff":"--- log.jsonl:1'
says out '{"file":"log.jsonl","line":12,"namespace":"shop","name":"web-12"}'
# The YAML reader takes JSON.
cp out result.json
run 0 outrigger inject -o json -f result.json

# --- files, directories, forms ------------------------------------------------------------------------------------------------
mkdir reviews
cp "$root/tests/sample-review.json" reviews/a.json
printf '{"id":1,"path":"/inject/cluster/c9","request":%s}\n' "$(review wrapped ns '{"name":"w"}')" >reviews/b.jsonl
echo 'not looked at' >reviews/README
run 1 outrigger replay -f reviews -f log.jsonl "${first[@]}" "${second[@]}"
says out '14 pods changed alike'
says out 'hello-7f4d5c9b6d- (reviews/a.json:1)'
says out 'ns/w (reviews/b.jsonl:1)'
run 1 bash -c 'outrigger replay -f - --to-revision x <reviews/a.json'
says out '(standard input:1)'
run 1 outrigger replay -f reviews/b.jsonl "${first[@]}" --to-inject-config disabled.yaml --to-values values.json
says out '-      value: c9'

# --- what was answered then ------------------------------------------------------------------------------------------------
patch=$(printf '[{"op":"add","path":"/metadata/labels","value":{"was":"here"}}]' | base64 -w0)
answered() { printf '{"request":%s,"response":{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":%s}}\n' "$1" "$2"; }
{
	answered "$(review r1 shop '{"name":"p"}')" "{\"uid\":\"r1\",\"allowed\":true,\"patchType\":\"JSONPatch\",\"patch\":\"$patch\"}"
	answered "$(review r2 shop '{"name":"q"}')" '{"uid":"r2","allowed":false,"status":{"message":"no such thing"}}'
	answered "$(review r3 shop '{"name":"h"}' '"hostNetwork":true,')" '{"uid":"r3","allowed":true}'
	review r4 shop '{"name":"silent"}'
	echo
} >answers.jsonl
run 1 outrigger replay -f answers.jsonl "${first[@]}"
says out '1 pod changed: shop/p (answers.jsonl:1)'
says out '--- answers.jsonl:1 Pod shop/p (recorded)'
says out '+++ answers.jsonl:1 Pod shop/p (now)'
says out '-    was: here'
says out '1 pod no longer refused (recorded, then policy-enabled): shop/q'
says out '  was refused: no such thing'
says out '1 the same (0 injected, 1 left alone, 0 refused)'
says out '1 without a recorded answer'
run 2 outrigger replay -f log.jsonl "${first[@]}"
says err 'no request has its answer recorded beside it'
says err '--to-inject-config'
# What the webhook itself answers is what replay says that it does; the response stands in the review, and beside it.
outrigger certs create --out certs --host 127.0.0.1 --days 2 >out
start "${first[@]}" --drain-delay 0s
review self shop '{"name":"self"}' >self.json
answer=$(curl -sS --max-time 10 --cacert certs/ca.crt -H 'Content-Type: application/json' --data-binary @self.json "$url/inject")
stop TERM 0
answered "$(cat self.json)" "$(sed 's/.*"response"://;s/}$//' <<<"$answer")" >self.jsonl
run 0 outrigger replay -f self.jsonl "${first[@]}"
says out '1 request: 1 the same (1 injected'
printf '%s,"response":%s}\n' "$(sed 's/}$//' self.json)" "$(sed 's/.*"response"://;s/}$//' <<<"$answer")" >inside.json
run 0 outrigger replay -f inside.json "${first[@]}"
run 1 outrigger replay -f inside.json --inject-config new.yaml --values values.json
says out '+    image: proxy:2'

# --- what cannot be read is named, and the rest goes on -----------------------------------------------------------------------
{
	head -n 1 log.jsonl
	echo 'no json at all'
	echo '{"kind":"Pod"}'
	printf '{"kind":"AdmissionReview","request":{}}\n'
	printf '"\377"\n'
	sed -n 2p log.jsonl
} >bad.jsonl
run 2 outrigger replay -f bad.jsonl "${first[@]}" "${second[@]}"
says err 'bad.jsonl:2: '
says err 'bad.jsonl:3: is no AdmissionReview'
says err 'bad.jsonl:4: /apiVersion'
says err 'bad.jsonl:5: '
says out '2 pods changed alike'
says out '6 requests: 0 the same (0 injected, 0 left alone, 0 refused), 2 changed, 4 not readable'
run 2 outrigger replay -f bad.jsonl "${first[@]}" --to-revision default
{ echo nonsense; cat two.jsonl; } >first-bad.jsonl
run 2 outrigger replay -f first-bad.jsonl "${first[@]}" "${second[@]}"
says err 'first-bad.jsonl:1: '
says out '2 pods changed alike'
answered "$(review b shop '{"name":"b"}')" '{"uid":"b","allowed":true,"patch":"%%%"}' >broken.jsonl
answered "$(review b shop '{"name":"b"}')" "{\"uid\":\"b\",\"allowed\":true,\"patch\":\"$(printf '[{"op":"remove","path":"/nowhere"}]' | base64 -w0)\"}" >>broken.jsonl
run 2 outrigger replay -f broken.jsonl "${first[@]}"
says err 'broken.jsonl:1: /response/patch is no base 64'
says err 'broken.jsonl:2: /0: the recorded patch: no such member'
: >empty
run 2 outrigger replay -f empty --to-revision x
says err 'empty: holds no request'
run 2 outrigger replay -f missing --to-revision x
says err 'missing'
mkdir nothing
run 2 outrigger replay -f nothing --to-revision x
says err 'holds no file that ends in one of .json .jsonl .ndjson .log'
run 2 outrigger replay --to-revision x
says err '-f FILE is needed'
run 2 outrigger replay -f log.jsonl "${first[@]}" --to-inject-config new.yaml
says err 'the second configuration (--to-...): new.yaml: the values are missing'
run 2 bash -c 'outrigger replay -f log.jsonl --to-revision canary >/dev/full'
says err 'cannot write to standard output'

# --- progress: on a terminal, and only there --------------------------------------------------------------------------------
if grep -q 'requests' err; then bad 'progress without a terminal'; else ok; fi
review evil shop '{"name":"a\u001b[2Jb\u202e"}' >evil.json
run 1 outrigger replay -f evil.json --inject-config disabled.yaml --values values.json --to-inject-config fails.yaml --to-values values.json
says out 'shop/a?[2Jb?'
finish
