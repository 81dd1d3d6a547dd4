#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger uninject` give back what was injected, name what it cannot, and leave the rest alone?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

pod() { printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n  - image: i\n    name: a\n    resources: {}\nstatus: {}\n' "$1"; }
service='# a comment   with odd   spaces
apiVersion: v1
kind: Service
metadata: {name:   s}'
same() { if cmp -s "$1" "$2"; then ok; else bad "$3: $(diff "$1" "$2" | head -n 10)"; fi; }

# --- back and forth ---------------------------------------------------------------------------------------------------
{ pod a; echo ---; echo "$service"; echo ---; pod b; } >stream.yaml
run 0 outrigger inject -f stream.yaml
cp out injected.yaml
run 0 outrigger uninject -f injected.yaml
same stream.yaml out 'a stream came back otherwise'
says err 'injected.yaml:1: Pod a: assumed'
says err '/metadata/labels/security.istio.io~1tlsMode'
lacks err 'lost:'
run 0 bash -c 'outrigger uninject -f - <injected.yaml'
same stream.yaml out 'standard input came back otherwise'
cp out back.yaml
run 0 outrigger inject -f back.yaml
same injected.yaml out 'injected again it is another'

# Nothing injected: byte for byte.
{ echo "$service"; echo ---; pod x | sed 's/image: i/image:   i # why/'; } >plain.yaml
run 0 outrigger uninject -f plain.yaml
same plain.yaml out 'what was not injected was changed'
silent err

# --- every kind, Lists, JSON ---------------------------------------------------------------------------------------------
for kind in Deployment:apps/v1 StatefulSet:apps/v1 Job:batch/v1; do
	printf 'apiVersion: %s\nkind: %s\nmetadata: {name: w, namespace: shop}\nspec:\n  template:\n    metadata:\n      labels: {app: w}\n    spec:\n      containers: [{name: a, image: i}]\n' \
		"${kind#*:}" "${kind%%:*}" >w.yaml
	run 0 outrigger inject -f w.yaml
	cp out wi.yaml
	run 0 outrigger uninject -f wi.yaml
	lacks out istio
	says out 'app: w'
	says err "wi.yaml:1: ${kind%%:*} shop/w: assumed"
	says err '/spec/template/metadata/labels/security.istio.io~1tlsMode'
	cp out back.yaml
	run 0 outrigger inject -f back.yaml
	same wi.yaml out "a ${kind%%:*} injected again is another"
done
printf 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers: [{name: a, image: i}]\n' >cron.yaml
run 0 bash -c 'outrigger inject -f cron.yaml | outrigger uninject -f -'
lacks out istio
says err '/spec/jobTemplate/metadata/annotations/istio.io~1rev'
says err '/spec/jobTemplate/spec/template/spec/volumes'
printf 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: i}]}}\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n' >list.yaml
run 0 bash -c 'outrigger inject -f list.yaml | outrigger uninject -f - -o json'
lacks out istio
says out '"kind": "Secret"'
says err '/items/0/metadata/labels/security.istio.io~1tlsMode'

# --- what cannot be put back -----------------------------------------------------------------------------------------------
probe='    livenessProbe: {httpGet: {path: /live, port: nowhere}}'
{ pod p | sed "/name: a/a\\$probe"; } >probe.yaml
run 0 outrigger inject -f probe.yaml
cp out probed.yaml
run 0 outrigger uninject -f probed.yaml
says err 'probed.yaml:1: Pod p: lost: /spec/containers/0/livenessProbe: it asked for a port that the proxy was not told'
says out '/app-health/a/livez'
lacks out istio-proxy
run 1 outrigger uninject --strict -f probed.yaml
silent out
says err 'nothing is printed, for --strict was given'

# --- the configuration that injected, and another -------------------------------------------------------------------------
cat >config <<'EOF'
policy: enabled
templates:
  sidecar: |
    metadata:
      annotations: {added: by-template}
    spec:
      containers:
      - name: istio-proxy
        image: proxy
EOF
echo '{}' >values
run 0 outrigger inject --inject-config config --values values -f stream.yaml
cp out own.yaml
run 0 outrigger uninject --inject-config config --values values -f own.yaml
same stream.yaml out 'with its own configuration a stream came back otherwise'
lacks err 'this configuration'
run 0 outrigger uninject -f own.yaml
says out 'added: by-template'
says err "what this cluster's configuration alone adds stays"
sed 's/image: proxy/image: other/; s/added/more/' config >another
sed 's/^  name: a/  labels: {x: y}\n&/' own.yaml | sed 's/added: by-template/added: changed/' >later.yaml
run 0 outrigger uninject --inject-config another --values values -f later.yaml
says err 'this configuration does not make this pod of it'
says out 'added: changed'

# --- directories, several files ----------------------------------------------------------------------------------------------
mkdir some none
cp injected.yaml some/b.yaml
cp plain.yaml some/a.yml
: >some/empty.yaml
echo 'not: [yaml' >some/notes.txt
run 0 outrigger uninject -f some
{ cat plain.yaml; echo ---; cat stream.yaml; } >both.yaml
same both.yaml out 'a directory is not its files in order of names'
run 0 outrigger uninject -f plain.yaml -f injected.yaml
same both.yaml out 'two files are not read in order'
run 0 outrigger inject -f some -f plain.yaml
run 1 outrigger diff -f injected.yaml -f some
run 2 outrigger diff -f none
says err 'none: the directory holds no file that ends in one of .yaml .yml .json'

# --- bad input -----------------------------------------------------------------------------------------------------------------
run 1 outrigger uninject -f missing.yaml
says err 'missing.yaml: cannot open the file: No such file or directory'
run 2 outrigger uninject
says err '-f FILE is needed'
run 2 outrigger uninject -f - -f -
says err '-f - may be given once'
run 2 outrigger inject -f https://example.org/pod.yaml
says err 'is a URL, and nothing is fetched from the network'
run 1 bash -c 'outrigger uninject -f - </dev/null'
says err 'standard input: holds no document'
sed 's|sidecar.istio.io/status: .*|sidecar.istio.io/status: injected|' injected.yaml >garbled.yaml
run 1 outrigger uninject -f garbled.yaml
silent out
says err 'garbled.yaml:1'
says err "annotation 'sidecar.istio.io/status' does not say what injection added"
run 1 bash -c 'outrigger uninject -f injected.yaml >/dev/full'
says err 'cannot write to standard output'
finish
