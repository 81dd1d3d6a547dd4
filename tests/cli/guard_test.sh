#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger guard test` tell what the guard makes of pods, does explain show its rows, and does serve reload it?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# --- the README's guard, with fixtures ------------------------------------------------------------------------------
yaml_of() { sed -n "/^$1/,/^## Building/p" "$root/README.md" | sed -n '/^```yaml/,/^```$/p;/^```$/q' | grep -v '^```'; }
yaml_of '## The guard' >guard.yaml
yaml_of '### Requiring a sidecar' >>guard.yaml
yaml_of '### Testing rules' >fixtures.yaml
if grep -q '^rules:' guard.yaml && grep -q '^require:' guard.yaml && grep -q '^pod:' fixtures.yaml; then ok; else bad 'README.md lacks its examples'; fi
run 0 outrigger guard test --guard-config guard.yaml -f fixtures.yaml
says out 'ok 1 - '
says out '1..3'
silent err
run 0 outrigger guard test --guard-config guard.yaml -f - -o json <fixtures.yaml
says out '"ok":true,"action":"strip","rules":"strip: payments-stay-in-the-mesh","injected":true'

# --- what is not as expected -------------------------------------------------------------------------------------------
cat >wrong.yaml <<'END'
name: should be denied
namespace: elsewhere
pod: {spec: {containers: [{name: a, image: i}]}}
expect: {action: deny, rules: [only-our-proxy], injected: false, require: sidecar-present}
END
run 1 outrigger guard test --guard-config guard.yaml -f fixtures.yaml wrong.yaml
says out 'not ok 4 - should be denied'
says out '# wrong.yaml:1: action is none, not deny, other rules fit, it is injected (none), require is sidecar-not-required, not sidecar-present'
says out '1..4'
run 1 outrigger guard test --guard-config guard.yaml -f wrong.yaml -o json
says out '"ok":false,"action":"none"'
printf 'name: "x\\e[2J"\nnamespace: mesh\npod: {metadata: {annotations: {sidecar.istio.io/proxyImage: "evil\\e[2J"}}}\nexpect: {action: none}\n' >hostile.yaml
run 1 outrigger guard test --guard-config guard.yaml -f hostile.yaml
if grep -q "$(printf '\033')" out; then bad 'a control character is printed'; else ok; fi
says out "# refused: guard rule 'only-our-proxy' forbids this pod: use the platform's proxy image (annotation sidecar.istio.io/proxyImage is"

# --- exceptions and their day --------------------------------------------------------------------------------------------
cat >dated.yaml <<'END'
name: while it lasts
namespace: payments
today: "2027-01-31"
pod: {metadata: {name: nightly-1, labels: {sidecar.istio.io/inject: "false"}}, spec: {containers: [{name: a, image: i}]}}
expect: {action: none, injected: false}
---
name: afterwards
namespace: payments
today: "2027-02-01"
pod: {metadata: {name: nightly-1, labels: {sidecar.istio.io/inject: "false"}}, spec: {containers: [{name: a, image: i}]}}
expect: {action: strip, injected: true}
END
run 0 outrigger guard test --guard-config guard.yaml -f dated.yaml

# --- mistakes ------------------------------------------------------------------------------------------------------------
run 2 outrigger guard
says err 'one of these is needed: test'
run 2 outrigger guard test
says err '-f FIXTURES is needed'
run 2 outrigger guard test -f nothing.yaml
says err 'nothing.yaml'
printf 'rules:\n- name: a\n  match: {image: any}\n' >bad.yaml
run 2 outrigger guard test --guard-config bad.yaml -f fixtures.yaml
says err "bad.yaml:3: match has no field 'image'"
for row in "pod: {}|a fixture needs a name" "name: a|fixture 'a' needs a pod" "nome: a|a fixture has no field 'nome'" \
	"{name: a, pod: {}}|fixture 'a': expect must be a map" "{name: a, pod: {}, expect: {action: refuse}}|fixture 'a': expect.action must be none" \
	"{name: a, pod: {}, expect: {action: deny, rules: b}}|fixture 'a': expect.rules must be a list" \
	"{name: a, pod: {}, expect: {action: deny, injected: maybe}}|fixture 'a': expect.injected must be true or false" \
	"{name: a, pod: {}, today: soon, expect: {action: deny}}|fixture 'a': today must be a day"; do
	printf '%s\n' "${row%%|*}" >bad-fixture.yaml
	run 2 outrigger guard test -f bad-fixture.yaml
	says err "bad-fixture.yaml:1: ${row#*|}"
done

# --- explain -----------------------------------------------------------------------------------------------------------------
cat >pod.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: payments
  labels: {sidecar.istio.io/inject: "false"}
  annotations: {sidecar.istio.io/logLevel: debug}
spec:
  containers: [{name: web, image: web}]
END
run 0 outrigger explain --guard-config guard.yaml -f pod.yaml
says out "guard                  strip      rule 'payments-stay-in-the-mesh': label sidecar.istio.io/inject is 'false'"
says out 'containers-added'
run 0 outrigger explain -f pod.yaml
says out "guard                  audit      rule 'injection-off'"
says out "guard                  audit      rule 'talkative-proxy'"
says out 'left alone'

# --- serve: what the API server is told, and reloading ------------------------------------------------------------------------
run 0 outrigger certs create --out certs --host 127.0.0.1
review() {
	printf '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"operation":"CREATE","namespace":"%s","userInfo":{"username":"bob","groups":["dev"]},"object":{"apiVersion":"v1","kind":"Pod","metadata":%s,"spec":{"containers":[{"name":"a","image":"i"}]}}}}' "$1" "$2"
}
ask() { run 0 curl -sS --cacert certs/ca.crt -H 'Content-Type: application/json' -d "$(review "$2" "$3")" "$url/$1"; }
off='{"labels":{"sidecar.istio.io/inject":"false"}}'
echo 'trustDomain: one.example' >mesh.yaml
start --log-format json --mesh-config mesh.yaml --guard-config guard.yaml --metrics-listen 127.0.0.1:0 --drain-delay 0s
ask inject payments "$off"
says out '"patchType":"JSONPatch"'
says out '"guard":"strip: payments-stay-in-the-mesh"'
says out '"warnings":["guard payments-stay-in-the-mesh: pods here always get a sidecar"]'
ask inject payments '{"annotations":{"sidecar.istio.io/proxyImage":"evil"}}'
says out '"allowed":false'
says out '"code":403'
says out '"reason":"guard-denied"'
ask require payments '{}'
says out "requirement 'payments-have-sidecars': pods in payments need a sidecar"
health=$(sed -n 's/.*"health":"\([^"]*\)".*/\1/p' log)
run 0 curl -sS "http://$health/metrics"
says out 'outrigger_guard_outcomes_total{rule="payments-stay-in-the-mesh",action="strip"} 1'
says out 'outrigger_guard_outcomes_total{rule="only-our-proxy",action="deny"} 1'
says out 'outrigger_required_total{reason="sidecar-missing"} 1'
run 0 curl -sS --cacert certs/ca.crt "$url/readyz?verbose"
says out '[+]guard ok: 3 rules'
cp guard.yaml good.yaml
cp bad.yaml guard.yaml
wait_for log "guard.yaml:3: match has no field 'image'"
run 0 curl -sS --cacert certs/ca.crt "$url/readyz?verbose"
says out "[+]guard ok: 3 rules"
says out 'a newer one is refused since'
ask inject payments "$off"
says out '"guard":"strip: payments-stay-in-the-mesh"'
run 0 curl -sS "http://$health/metrics"
says out 'outrigger_configuration_refused{part="guard"} 1'
# The configuration goes on without it, and the good guard with the new configuration.
echo 'trustDomain: two.example' >next.yaml && mv next.yaml mesh.yaml
wait_for log 'configuration replaced'
ask inject payments "$off"
says out '"guard":"strip: payments-stay-in-the-mesh"'
sed 's/action: strip/action: deny/' good.yaml >next.yaml && mv next.yaml guard.yaml
wait_for log 'guard replaced'
ask inject payments "$off"
says out "guard rule 'payments-stay-in-the-mesh' forbids this pod"
run 0 curl -sS "http://$health/metrics"
says out 'outrigger_configuration_refused{part="guard"} 0'
stop TERM 0
run 2 outrigger serve --listen 127.0.0.1:0 --tls-cert certs/tls.crt --tls-key certs/tls.key --guard-config bad.yaml
says err "bad.yaml:3: match has no field 'image'"

finish
