#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger diff` show what `outrigger inject` does, and nothing else?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

pod() { printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n  - name: a\n    image: i\n' "$1"; }
service='apiVersion: v1
kind: Service
metadata: {name:   s}'

# --- something changes ------------------------------------------------------------------------------------------------
{ echo "$service"; echo ---; pod a; } >stream.yaml
run 1 outrigger diff -f stream.yaml
says out '--- stream.yaml:5 Pod a'
says out '+++ stream.yaml:5 Pod a (injected)'
says out '+    name: istio-proxy'
says out '   name: a'
if grep -q Service out; then bad 'a document that does not change is shown'; else ok; fi
if grep -q "$(printf '\033')" out; then bad 'colour without a terminal'; else ok; fi
silent err
cp out whole
run 1 bash -c 'outrigger diff -f - <stream.yaml'
says out '--- standard input:5 Pod a'

# What is removed and kept is the document, what is added and kept is what `inject` prints.
pod a >pod.yaml
run 0 outrigger inject -f pod.yaml
cp out injected.yaml
run 1 outrigger diff -f pod.yaml
if [ "$(sed -n '4,$s/^[ +]//p' out)" = "$(head -n "$(sed -n '4,$p' out | grep -c '^[ +]')" injected.yaml)" ]; then ok; else
	bad 'the new side is not what inject prints'; fi
if grep -q '^-' <(tail -n +3 out); then bad 'injection of a plain pod removes lines'; else ok; fi
printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w, namespace: ns}\nspec:\n  template:\n    spec:\n      containers: [{name: a, image: i}]\n' >w.yaml
run 1 outrigger diff -f w.yaml
says out '--- w.yaml:1 Deployment ns/w'
if grep -q '^[-+].*replicas' out; then bad "zeros of Go's types are shown as changes"; else ok; fi
printf 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: i}]}}\n- {apiVersion: v1, kind: Pod, metadata: {name: h}, spec: {hostNetwork: true, containers: [{name: a, image: i}]}}\n' >list.yaml
run 1 outrigger diff -f list.yaml
says out '+      name: istio-proxy'
if [ "$(grep -c 'host-network' err)" = 1 ]; then ok; else bad "notes: $(cat err)"; fi
sed 's/^  name: a$/  name: "a\\n+evil"/' pod.yaml >evil.yaml
run 1 outrigger diff -f evil.yaml
says out '--- evil.yaml:1 Pod a?+evil'

# --- nothing changes --------------------------------------------------------------------------------------------------
run 0 outrigger diff -f injected.yaml
silent out
echo "$service" >service.yaml
run 0 outrigger diff -f service.yaml
silent out
{ pod host; echo '  hostNetwork: true'; } >host.yaml
run 0 outrigger diff -f host.yaml
silent out
says err 'Pod "host" has host networking enabled (host-network)'

# --- colour for a terminal only -----------------------------------------------------------------------------------------
if command -v script >/dev/null; then
	script -qec 'outrigger diff -f pod.yaml' /dev/null >shown </dev/null
	if grep -q "$(printf '\033')\\[32m+" shown; then ok; else bad 'no colour on a terminal'; fi
	NO_COLOR=1 script -qec 'outrigger diff -f pod.yaml' /dev/null >shown </dev/null
	if grep -q "$(printf '\033')" shown; then bad 'colour in spite of NO_COLOR'; else ok; fi
fi

# --- it cannot be told: 2, and nothing on standard output ----------------------------------------------------------------
{ pod good; echo ---; pod bad | sed 's/^  name: bad/  name: bad\n  annotations: {status.sidecar.istio.io\/port: x}/'; } >bad.yaml
run 2 outrigger diff -f bad.yaml
silent out
says err 'bad.yaml:10'
says err 'status.sidecar.istio.io/port'
run 2 outrigger diff -f missing.yaml
run 2 bash -c 'outrigger diff -f - </dev/null'
says err 'standard input: holds no document'
run 2 outrigger diff -f pod.yaml --inject-config missing
run 2 outrigger diff -f pod.yaml -o json
says err "unknown option '-o'"
run 0 outrigger diff --help
says out 'Exit codes: 0 nothing would change, 1 something would, 2 it cannot be told.'
finish
