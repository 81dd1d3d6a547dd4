#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does `outrigger config check` name what is wrong, keep quiet where nothing is, and end with the exit code that it promises?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# --- nothing is wrong -----------------------------------------------------------------------------------------------------
run 0 outrigger config check
silent out
silent err
run 0 outrigger config check -o json
if [ "$(cat out)" = '[]' ]; then ok; else bad "no empty list: $(cat out)"; fi

# --- mistakes in three files, all of them told in one run --------------------------------------------------------------------
cat >config.yaml <<'END'
policy: enable
templates:
  sidecar: |
    spec:
      containers:
      - name: istio-proxy
        image: {{ .Values.global.hubb }}
        env: [{name: A, value: {{ quot .ObjectMeta.Nme }}}]
END
echo 'global: {tag: 1.7.8}' >values.yaml
echo 'trustDomian: td' >mesh.yaml
with=(--inject-config config.yaml --values values.yaml --mesh-config mesh.yaml)
run 1 outrigger config check "${with[@]}"
cat >want <<'END'
config.yaml:1: error: policy is 'enable'; write 'enabled' or 'disabled'
config.yaml:7:19: warning: .Values.global.hubb is not in the values, so "<no value>" is printed; set it in the values, or give the action a default
config.yaml:8:35: error: function 'quot' is not defined; use 'quote' if that is meant
config.yaml:8:51: error: .ObjectMeta has no field 'Nme' (its type is v1.ObjectMeta); use 'Name' if that is meant
mesh.yaml:1: warning: unknown field 'trustDomian' of MeshConfig is ignored; use 'trustDomain' if that is meant
values.yaml:1: warning: global.tag is of Istio 1.7, but the configuration has 'templates:' of 1.9 and later; take 'config' and 'values' from the same ConfigMap
END
if diff want out; then ok; else bad 'other findings'; fi
silent err
run 1 outrigger config check "${with[@]}" -o json
says out '{"file": "config.yaml", "line": 1, "severity": "error", "message": "policy is '"'enable'"'", "remedy": "write '"'enabled' or 'disabled'"'"}'
if [ "$(grep -c '"file"' out)" = 6 ]; then ok; else bad "not six entries: $(cat out)"; fi

# --- a ConfigMap's manifest, and the options of serve --------------------------------------------------------------------------
cat >manifest.yaml <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector}
data:
  config: |
    policy: enabled
    templates:
      sidecar: |
        spec: {containers: [{name: istio-proxy, image: i}]}
        # {{ if .NativeSidecars }}{{ .Nope }}{{ end }}
  values: '{"global": {"tag": "1.30.1"}}'
END
run 1 outrigger config check --injectConfigFile manifest.yaml
says out "manifest.yaml:10:38: error: the dot has no field 'Nope'"
run 1 outrigger config check --inject-config manifest.yaml --istio-version 1.20 --platform openshift --native-sidecars true
says out "info: 'NativeSidecars' came with Istio 1.27: the injector of 1.20 fails on it"
# What is only worth knowing is no failure.
sed -i 's/{{ .Nope }}//' manifest.yaml
run 0 outrigger config check --inject-config manifest.yaml --istio-version 1.20
says out 'manifest.yaml:10:17: info: '
run 0 outrigger config check --inject-config manifest.yaml
silent out

# --- what cannot be loaded is a finding, and the rest is looked at all the same ----------------------------------------------------
echo 'policy: [' >broken.yaml
run 1 outrigger config check --inject-config broken.yaml --values values.yaml --mesh-config mesh.yaml
says out 'broken.yaml:2:1: error: cannot be read as YAML'
says out 'mesh.yaml:1: warning: unknown field'
run 1 outrigger config check --inject-config config.yaml
says out 'config.yaml:1: error: the values are missing'
says out "function 'quot' is not defined"
run 1 outrigger config check --cluster-objects broken.yaml
says out 'broken.yaml:1: error: cannot be loaded: broken.yaml: document at line 1: line 2, column 1: yaml:'
run 1 outrigger config check --inject-config manifest.yaml --revision $'a\nb' --values broken.yaml
says out 'broken.yaml:2:1: error: '

# --- a token mode that the templates do not have: one line for all of them -----------------------------------------------------------
cat >today.yaml <<'END'
policy: enabled
templates:
  sidecar: |
    spec:
      containers: [{name: istio-proxy, image: i}]
      volumes: [{name: istio-token, projected: {sources: [{serviceAccountToken: {path: istio-token}}]}}]
  other: |
    spec: [
END
echo 'global: {}' >empty.yaml
run 1 outrigger config check --inject-config today.yaml --values empty.yaml --token-policy first-party
says out 'today.yaml:2: error: first-party tokens are not possible: these templates, of Istio 1.22 or later, have third-party tokens only; give the API server'
says out "today.yaml:7: error: injection of a plain pod fails with template 'other'"
if [ "$(wc -l <out)" = 2 ]; then ok; else bad "not two lines: $(cat out)"; fi

# --- the guard ------------------------------------------------------------------------------------------------------------------------
good=(--inject-config manifest.yaml)
cat >guard.yaml <<'END'
rules:
- name: bare
  match: {injection: off}
  action: deny
END
run 1 outrigger config check "${good[@]}" --guard-config guard.yaml
says out "guard.yaml:2: error: rule 'bare' needs a message; write one for whoever made the pod"
run 1 outrigger config check "${with[@]}" --guard-config guard.yaml
says out 'guard.yaml:2: error: '
says out 'config.yaml:1: error: policy'
{ printf 'apiVersion: v1\nkind: ConfigMap\ndata:\n  guard.yaml: |\n' && sed 's/^/    /' guard.yaml; } >guard-manifest.yaml
run 1 outrigger config check "${good[@]}" --guard-config guard-manifest.yaml
says out "guard-manifest.yaml:6: error: rule 'bare' needs a message"
cat >guard.yaml <<'END'
rules:
- name: bare
  namespaces: [shopp]
  match: {injection: off}
  action: deny
  message: no
exceptions:
- {name: old, rules: [bare], pods: [x], until: "2020-01-31", reason: r}
END
printf 'kind: Namespace\nmetadata: {name: shop}\n' >namespaces.yaml
run 1 outrigger config check "${good[@]}" --guard-config guard.yaml --cluster-objects namespaces.yaml
cat >want <<'END'
guard.yaml:2: warning: 'bare': no namespace of the cluster is named 'shopp'; correct or create it
guard.yaml:8: warning: exception 'old' has expired; take it out, or give it another day
END
if diff want out; then ok; else bad 'other warnings of the guard'; fi
sed -i 's/2020-01-31/soon: now/' guard.yaml
run 1 outrigger config check "${good[@]}" --guard-config guard.yaml -o json
says out '"line": 8, "severity": "error", "message": "until must be a day as 2027-01-31, got '"'soon: now'"'", "remedy": "correct it: nothing is served with this guard"'
printf 'rules: [\n' >guard.yaml
run 1 outrigger config check "${good[@]}" --guard-config guard.yaml
says out 'guard.yaml:2:1: error: cannot be read as YAML: yaml: '
printf 'kind: ConfigMap\ndata:\n  guard.yaml: |\n    rules: [\n' >guard.yaml
run 1 outrigger config check "${good[@]}" --guard-config guard.yaml
says out 'guard.yaml:5:5: error: cannot be read as YAML: yaml: '
printf 'kind: ConfigMap\ndata: {other: a}\n' >guard.yaml
run 1 outrigger config check "${good[@]}" --guard-config guard.yaml
says out "guard.yaml:1: error: the ConfigMap has no key 'guard.yaml' under data; "
run 2 outrigger config check --guard-config nowhere.yaml
says err 'nowhere.yaml'
printf 'rules: []\n' >guard.yaml
run 0 outrigger config check "${good[@]}" --guard-config guard.yaml
silent out

# --- wrong usage -------------------------------------------------------------------------------------------------------------------
run 2 outrigger config
says err 'one of these is needed: check'
run 2 outrigger config check now
run 2 outrigger config check --inject-config nowhere.yaml
says err 'nowhere.yaml'
run 2 outrigger config check -o yaml
run 2 outrigger config check --listen 127.0.0.1:0
printf 'policy: \xff\n' >latin.yaml
run 2 outrigger config check --inject-config latin.yaml
says err latin.yaml
if outrigger config check --inject-config config.yaml --values values.yaml >/dev/full 2>err; then bad 'a full disk looks like success'; else ok; fi

finish
