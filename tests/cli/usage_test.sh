#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does every command explain itself, do the examples of help and README run, and is every mistake exit code 2?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

pod='apiVersion: v1
kind: Pod
metadata:
  name: hello
spec:
  containers:
  - name: hello
    image: registry.example.org/hello:1.0'
echo "$pod" >pod.yaml

# --- help -----------------------------------------------------------------------------------------------------
run 0 outrigger help
says out 'Usage: outrigger COMMAND'
run 0 outrigger --help
run 0 outrigger --version
says out 'outrigger 0.'
commands=$(outrigger help | sed -n 's/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
	run 0 outrigger help "$command"
	says out "Usage: outrigger $command"
	cp out help
	run 0 outrigger "$command" --help
	if cmp -s out help; then ok; else bad "help $command and $command --help differ"; fi
done
run 0 outrigger serve --help
says out '--token-policy auto|third-party|first-party|require-third-party which'

# --- the examples of help, each as it stands ---------------------------------------------------------------------
for command in certs config inject uninject explain version help; do
	example=$(outrigger help "$command" | sed -n '/^Example:/,$s/^  //p')
	run 0 bash -c "$example"
done
echo 'rules: []' >guard.yaml
printf 'name: a pod\npod: {spec: {containers: [{name: a, image: i}]}}\nexpect: {action: none, injected: true}\n' >fixtures.yaml
run 0 bash -c "$(outrigger help guard | sed -n '/^Example:/,$s/^  //p')"
{ tr -d '\n' <"$root/tests/sample-review.json"; echo; } >reviews.jsonl
printf 'kind: ConfigMap\ndata:\n  values: "{}"\n  config: |\n    policy: disabled\n    templates: {sidecar: "spec: {}"}\n' >new-configmap.yaml
run 1 bash -c "$(outrigger help replay | sed -n '/^Example:/,$s/^  //p')"
example=$(outrigger help diff | sed -n '/^Example:/,$s/^  //p')
run 1 bash -c "$example"
example=$(outrigger help serve | sed -n '/^Example:/,$s/^  //p')
# shellcheck disable=SC2086 # words, as a shell would make of them
set -- ${example#outrigger serve}
start "$@" --listen 127.0.0.1:0 --drain-delay 0s
run 0 curl -sS --cacert certs/ca.crt "$url/readyz"
says out ok
stop TERM 0

# --- the README's example -----------------------------------------------------------------------------------------
sed -n '/^## One example/,/^With a cluster/p' "$root/README.md" | sed -n '/^```sh/,/^```$/p' | grep -v '^```' >example.sh
if [ -s example.sh ]; then ok; else bad "no example in README.md"; fi
run 0 bash -e example.sh
says out 'istio-proxy'
for option in $(outrigger help serve | sed -n 's/^ *\(-.,\)* *--\([a-z-]*\) .*/\2/p'); do
	if [ "$option" = help ] || grep -q -- "--$option" "$root/README.md"; then ok; else bad "README.md lacks --$option"; fi
done

# --- mistakes --------------------------------------------------------------------------------------------------------
run 2 outrigger
says err 'Usage: outrigger COMMAND'
run 2 outrigger nothing
says err "unknown command 'nothing'"
run 2 outrigger help nothing
run 2 outrigger version --nothing
says err "unknown option '--nothing'"
says err 'Try `outrigger help version`.'
run 2 outrigger inject
says err '-f FILE is needed'
run 2 outrigger inject -f pod.yaml more
run 2 outrigger diff
says err '-f FILE is needed'
run 2 outrigger diff -f pod.yaml more
run 2 outrigger explain
says err 'either -f FILE or --labels KEY=VALUE,... is needed'
run 2 outrigger explain -f pod.yaml --labels a=b
run 2 outrigger explain -f pod.yaml more
run 2 outrigger explain --labels a
says err '--labels must be KEY=VALUE'
run 2 outrigger explain -f pod.yaml -o yaml
run 2 outrigger certs
run 2 outrigger certs create --out x
says err '--host is needed'
run 2 outrigger certs create --out x --host 'not a host'
run 2 outrigger serve
says err '--tls-cert is needed'
run 2 outrigger serve --certs self-signed --tls-key tls.key
says err '--tls-key is for --certs=files'
run 2 env -u KUBERNETES_SERVICE_HOST KUBECONFIG="$dir/none" outrigger serve --certs self-signed
says err 'none'

# --- output that cannot be written -----------------------------------------------------------------------------------
run 1 bash -c 'outrigger version >/dev/full'
says err 'cannot write to standard output'
run 1 bash -c 'outrigger inject -f pod.yaml >/dev/full'
run 1 bash -c 'outrigger version >&-'
run 2 bash -c 'outrigger diff -f pod.yaml >/dev/full'
finish
