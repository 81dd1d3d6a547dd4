#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger explain` name the rule that won, and what the injection went by?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

pod() { printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  annotations: {%s}\nspec:\n  containers:\n  - name: a\n    image: i\n' "$1" "${2-}"; }
chain() { if tr -s ' ' <out | grep -qF -- "$1"; then ok; else bad "no '$1' in: $(cat out)"; fi; }

# --- which rule wins ----------------------------------------------------------------------------------------------------
pod a >pod.yaml
run 0 outrigger explain -f pod.yaml -n shop
silent err
chain "Pod shop/a (pod.yaml:1): injected, the injection policy is 'enabled' (policy-enabled)"
chain "2. namespace passes 'shop' is no system namespace"
chain "=> 7. policy decides policy is 'enabled'"
chain "8. revision 'default'"
chain 'rules of Istio 1.9 and later, told by the key'
chain '11. templates sidecar (the default)'
chain 'containers-added istio-proxy'
chain 'init-containers-added istio-init'
chain '19. guard none of'
chain '20. result injected'
if [ "$(grep -c '^=>' out)" = 1 ]; then ok; else bad 'more than one rule decides, or none'; fi
run 0 outrigger explain -f pod.yaml -n kube-system
chain "=> 2. namespace decides 'kube-system' is a system namespace"
chain '3. label not-asked'
chain 'result left alone: '
if grep -q containers-added out; then bad 'a pod that is left alone gets containers'; else ok; fi
pod a 'sidecar.istio.io/inject: "false"' >no.yaml
run 0 outrigger explain -f no.yaml
chain "=> 4. annotation decides annotation sidecar.istio.io/inject is 'false'"
run 0 outrigger explain --labels sidecar.istio.io/inject=maybe,app=a
chain "3. label passes label sidecar.istio.io/inject is 'maybe', which does not count"
says out 'warning: sidecar.istio.io/inject is neither'
{ cat pod.yaml; echo '  hostNetwork: true'; } >host.yaml
run 0 outrigger explain -f host.yaml
chain '=> 1. host-network decides hostNetwork is true'

# --- another configuration: selectors, policy, templates, aliases ----------------------------------------------------------
cat >config <<'END'
policy: disabled
neverInjectSelector: [{matchLabels: {job: batch}}, {matchLabels: {app: db}}]
alwaysInjectSelector: [{matchExpressions: [{key: mesh, operator: Exists}]}]
aliases: {both: [one, two]}
defaultTemplates: [one]
templates:
  one: 'spec: {containers: [{name: istio-proxy, image: p}]}'
  two: 'spec: {volumes: [{name: v, emptyDir: {}}]}'
END
echo 'global: {tag: 1.20.1, jwtPolicy: first-party-jwt}' >values
with=(--inject-config config --values values --revision canary)
run 0 outrigger explain "${with[@]}" --labels app=db
chain '=> 5. never-selector decides entry 2 of 2 in neverInjectSelector matches the labels'
run 0 outrigger explain "${with[@]}" --labels mesh=
chain '=> 6. always-selector decides entry 1 of 1 in alwaysInjectSelector matches the labels'
chain "8. revision 'canary'"
chain "told by the key 'templates', values.global.tag '1.20.1'"
chain "no projected token: first-party, if any; values.global.jwtPolicy is 'first-party-jwt'"
run 0 outrigger explain "${with[@]}" --labels app=web
chain "=> 7. policy decides policy is 'disabled'"
{ pod b 'sidecar.istio.io/inject: "true", inject.istio.io/templates: both'; printf '  - name: istio-proxy\n    image: mine\n'; } >b.yaml
run 0 outrigger explain "${with[@]}" -f b.yaml
chain "templates one,two (by annotation inject.istio.io/templates, aliases resolved from 'both')"
chain "overrides the pod's own istio-proxy wins over the template's"
chain 'containers-added none'
chain 'volumes-added v'
run 0 outrigger explain "${with[@]}" --native-sidecars true -f b.yaml
chain 'istio-proxy is not a native sidecar: mode true; templates see true'
printf 'policy: enabled\ntemplate: "containers: [{name: istio-proxy, image: p}]"\n' >old
run 0 outrigger explain --inject-config old --values values -f pod.yaml --istio-version 1.7
chain "rules of Istio 1.7, told by --istio-version '1.7'"
chain "3. annotation passes no annotation"
echo '{}' >values
run 0 outrigger explain --inject-config old --values values -f pod.yaml
chain 'rules of Istio 1.5, told by nothing in the template'

# --- tokens ------------------------------------------------------------------------------------------------------------------
run 0 outrigger explain --labels app=web --token-policy first-party
chain "no projected token: first-party, if any; values.global.jwtPolicy is 'third-party-jwt', --token-policy is 'first-party', the cluster was not asked"
run 0 outrigger explain --labels app=web
chain "third-party: the pod gets a projected token (volume istio-token); values.global.jwtPolicy is 'third-party-jwt', --token-policy is 'auto'"
cat >today <<'END'
policy: enabled
templates:
  sidecar: |
    spec:
      containers: [{name: istio-proxy, image: i}]
      volumes: [{name: istio-token, projected: {sources: [{serviceAccountToken: {path: istio-token}}]}}]
END
run 0 outrigger explain --inject-config today --values values --labels app=web --token-policy first-party
chain 'refused, the service-account token that is allowed is not possible here (token-mode)'
chain 'or use the configuration of Istio 1.21 or earlier'
run 2 outrigger inject --inject-config today --values values --token-policy first-party -f pod.yaml
says err 'first-party tokens are not possible'
run 2 outrigger inject --token-policy second-party -f pod.yaml
printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  automountServiceAccountToken: false\n  containers: [{name: a, image: i}]\n' >quiet.yaml
run 0 outrigger explain --token-policy first-party -f quiet.yaml
says out 'automountServiceAccountToken is false'

# --- proxy configuration ------------------------------------------------------------------------------------------------------
proxy_config() { printf 'apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {name: %s, namespace: %s}\nspec: {concurrency: 1}\n' "$1" "$2"; }
{ proxy_config r istio-system; echo ---; proxy_config near shop; echo ---; proxy_config other elsewhere; } >objects.yaml
pod a 'proxy.istio.io/config: "concurrency: 3"' >pc.yaml
run 0 outrigger explain -f pc.yaml -n shop --cluster-objects objects.yaml
chain "the namespace's ProxyConfig shop/near, annotation proxy.istio.io/config (later wins)"
if grep -q elsewhere out; then bad 'a resource of another namespace counts'; else ok; fi

# --- workloads, Lists, refusals -------------------------------------------------------------------------------------------------
printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w, namespace: ns}\nspec:\n  template:\n    metadata: {labels: {sidecar.istio.io/inject: "false"}}\n    spec:\n      containers: [{name: a, image: i}]\n' >w.yaml
run 0 outrigger explain -f w.yaml
chain 'Deployment ns/w (w.yaml:1): left alone'
chain "=> 3. label decides label sidecar.istio.io/inject is 'false'"
printf 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        metadata: {labels: {sidecar.istio.io/inject: "false"}}\n        spec:\n          containers: [{name: a, image: i}]\n' >cron.yaml
run 0 outrigger explain -f cron.yaml
chain '(label-false)'
printf 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: one}, spec: {containers: [{name: a, image: i}]}}\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n- {apiVersion: v1, kind: Pod, metadata: {name: two}, spec: {containers: [{name: a, image: i}]}}\n' >list.yaml
run 0 outrigger explain -f list.yaml
chain 'Pod one (list.yaml:1)'
chain 'Pod two (list.yaml:1)'
pod a 'status.sidecar.istio.io/port: x' >bad.yaml
run 0 outrigger explain -f bad.yaml
chain '(bad-annotation)'
chain 'result refused: '
pod a 'inject.istio.io/templates: none' >unknown.yaml
run 0 outrigger explain -f unknown.yaml
chain '(unknown-template)'
run 0 outrigger inject -f pod.yaml
cp out injected.yaml
run 0 outrigger explain -f injected.yaml
says out 'injected: nothing changes'
pod a 'sidecar.istio.io/inject: "\e[2Jx\n=> 1. forged"' >evil.yaml
run 0 outrigger explain -f evil.yaml
if grep -q "$(printf '\033')" out; then bad 'an escape reached the terminal'; else ok; fi
if [ "$(grep -c '^=>' out)" = 1 ]; then ok; else bad 'a pod forged a row'; fi

# --- JSON --------------------------------------------------------------------------------------------------------------------------
run 0 outrigger explain -f list.yaml -o json
says out '"reason": "policy-enabled"'
says out '"outcome": "decides"'
cp out list.json
if command -v python3 >/dev/null; then
	run 0 python3 -c 'import json; l = json.load(open("list.json")); assert [x["name"] for x in l] == ["one", "two"]; assert l[0]["chain"][6]["number"] == 7'
fi

# --- mistakes ------------------------------------------------------------------------------------------------------------------------
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n' >secret.yaml
run 1 outrigger explain -f secret.yaml
says err 'holds no Pod and no workload'
printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w}\nspec: {}\n' >none.yaml
run 1 outrigger explain -f none.yaml
says err 'Deployment w: it has no pod template'
run 1 outrigger explain -f missing.yaml
run 2 outrigger explain -f pod.yaml --inject-config missing
run 2 outrigger explain --labels =x
finish
