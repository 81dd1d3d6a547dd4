#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `outrigger check` says where there is nobody to ask. What it finds in a cluster: tests/unit/check_test.c and the end-to-end tests.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

export HOME=$PWD
unset KUBECONFIG KUBERNETES_SERVICE_HOST

run 2 outrigger check --kubeconfig missing.conf
says err 'missing.conf'
run 2 outrigger check
says err '.kube/config'
run 2 outrigger check more
says err "takes no arguments, got 'more'"
run 2 outrigger check -o yaml
says err '--output must be text|json'

# Nobody listens on port 1.
cat >admin.conf <<'YAML'
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: very-secret-token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
YAML
example=$(outrigger help check | sed -n '/^Example:/,$s/^  //p')
run 2 bash -c "$example"
says out 'ERROR   api-unreachable: https://127.0.0.1:1: '
says out 'remedy: check the server'
says err 'outrigger check: '
lacks out very-secret
lacks err very-secret
run 2 outrigger check --kubeconfig admin.conf -o json
says out '"code": "api-unreachable"'
run 2 outrigger check --kubeconfig admin.conf --context other
says err "other"

finish
