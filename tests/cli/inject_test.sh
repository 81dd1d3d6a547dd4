#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What does `outrigger inject` do to streams of documents, good and bad?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

template='      labels: {app: a}
    spec:
      containers:
      - name: a
        image: i'
workload() { # KIND APIVERSION
	printf 'apiVersion: %s\nkind: %s\nmetadata:\n  name: w\nspec:\n  template:\n    metadata:\n%s\n' "$2" "$1" "$template"
}
pod() { printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n  - name: a\n    image: i\n' "$1"; }
service='# a comment   with odd   spaces
apiVersion: v1
kind: Service
metadata: {name:   s}
spec:
    ports: [ {port: 80} ]'

# --- every kind with a pod template ---------------------------------------------------------------------------------
for kind in Deployment:apps/v1 ReplicaSet:apps/v1 StatefulSet:apps/v1 DaemonSet:apps/v1 Job:batch/v1 ReplicationController:v1 \
	DeploymentConfig:apps.openshift.io/v1; do
	workload "${kind%%:*}" "${kind#*:}" >w.yaml
	run 0 outrigger inject -f w.yaml
	says out 'name: istio-proxy'
	says out "kind: ${kind%%:*}"
	silent err
done
printf 'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers: [{name: a, image: i}]\n' >cron.yaml
run 0 outrigger inject -f cron.yaml
says out 'name: istio-proxy'
workload Deployment example.org/v1 >other.yaml
run 0 outrigger inject -f other.yaml
if cmp -s out other.yaml; then ok; else bad 'a Deployment of another group was changed'; fi

# --- whose a pod in a file is: its controller's today, its own up to 1.8 ----------------------------------------------------
{ printf 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: p-1\n  generateName: p-\n'
	printf '  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: job-12345678, controller: true}]\nspec: {containers: [{name: a}]}\n'
} >owned.yaml
printf 'policy: enabled\ntemplate: |\n  containers: [{name: istio-proxy, image: "{{ .DeploymentMeta.Name }}-{{ .TypeMeta.Kind }}"}]\n' >old-config
printf 'policy: enabled\ntemplates:\n  sidecar: |\n    spec: {containers: [{name: istio-proxy, image: "{{ .DeploymentMeta.Name }}-{{ .TypeMeta.Kind }}"}]}\n' >new-config
echo 'global: {}' >no-values
run 0 outrigger inject --inject-config old-config --values no-values --istio-version 1.8 -f owned.yaml
says out 'image: p-1-Pod'
run 0 outrigger inject --inject-config new-config --values no-values -f owned.yaml
says out 'image: job-CronJob'


# --- written as Go's types are ----------------------------------------------------------------------------------------
workload StatefulSet apps/v1 >w.yaml
printf '  minReadySeconds: 0\n  laterField: {a: []}\n' >>w.yaml
run 0 outrigger inject -f w.yaml
says out '  replicas: 0'
says out '  availableReplicas: 0'
says out '  laterField:'
if grep -q minReadySeconds out; then bad 'a zero that Go omits was kept'; else ok; fi
{ pod numbers; printf '    args: []\n    env: [{name: a, value: 1}, {name: b, value: yes}]\n'; } >numbers.yaml
run 0 outrigger inject -f numbers.yaml -o json
says out '"value": "1"'
says out '"value": "true"'
if grep -q '"args": \[\]' out; then bad 'an empty list that Go omits was kept'; else ok; fi
{ cat numbers.yaml; echo '  hostNetwork: true'; } >host.yaml
run 0 outrigger inject -f host.yaml
if cmp -s out host.yaml; then ok; else bad 'a pod with scalars on the host network was changed'; fi
workload Deployment apps/v1 >w.yaml
echo '  replicas: "3"' >>w.yaml
run 1 outrigger inject -f w.yaml
silent out
says err 'cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'

printf 'apiVersion: v1\nkind: ReplicationController\nmetadata: {name: bare}\nspec: {replicas: 1}\n' >bare.yaml
run 1 outrigger inject -f bare.yaml
silent out
says err 'ReplicationController bare: spec.template is required value'
{ pod floats; printf '    env: [{name: a, value: 1e9}, {name: b, value: 1000000}]\n'; } >floats.yaml
run 0 outrigger inject -f floats.yaml -o json
says out '"value": "1e+09"'
{ printf 'apiVersion: v1\nkind: List\nitems:\n'; sed 's/^/  /; 1s/^  /- /' floats.yaml; } >floats-list.yaml
run 0 outrigger inject -f floats-list.yaml -o json
says out '"value": "1000000000"'
says out '"value": "1000000"'

# --- native sidecars: the nodes given are those of the files' cluster, whatever it is called -----------------------------
printf 'kind: Node\nmetadata: {name: n}\nstatus: {nodeInfo: {kubeletVersion: v1.34.0}}\n' >nodes.yaml
printf 'policy: enabled\ntemplates:\n  sidecar: |\n    spec: {containers: [{name: istio-proxy, image: "native-{{ .NativeSidecars }}"}]}\n' >native-config
echo 'global: {multiCluster: {clusterName: c1}}' >named-values
pod native >native.yaml
run 0 outrigger inject --inject-config native-config --values named-values --cluster-objects nodes.yaml -f native.yaml
says out 'image: native-true'

# --- streams ------------------------------------------------------------------------------------------------------------
{ echo "$service"; echo ---; pod a; echo ---; echo "$service"; } >stream.yaml
run 0 outrigger inject -f stream.yaml
says out '# a comment   with odd   spaces'
says out 'name: istio-proxy'
if [ "$(grep -c '^---$' out)" = 2 ]; then ok; else bad "documents: $(grep -c '^---$' out) separators"; fi
cp out whole
run 0 bash -c 'outrigger inject -f - <stream.yaml'
if cmp -s out whole; then ok; else bad 'standard input and a file differ'; fi
echo "$service" >service.yaml
run 0 outrigger inject -f service.yaml
if cmp -s out service.yaml; then ok; else bad 'a document that is not injected was changed'; fi
printf 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: i}]}}\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n' >list.yaml
run 0 outrigger inject -f list.yaml
says out 'name: istio-proxy'
says out 'kind: Secret'
run 0 outrigger inject -f list.yaml -o json
says out '"name": "istio-proxy"'
pod a >pod.yaml
run 0 outrigger inject -f pod.yaml -o json -n other
says out '"kind": "Pod"'

# --- left alone by decision -----------------------------------------------------------------------------------------------
{ pod host; echo '  hostNetwork: true'; } >host.yaml
run 0 outrigger inject -f host.yaml
if cmp -s out host.yaml; then ok; else bad 'a pod on the host network was changed'; fi
says err 'Skipping injection because Pod "host" has host networking enabled (host-network)'
sed 's/^  name: a$/  name: a\n  annotations: {sidecar.istio.io\/inject: "false"}/' pod.yaml >no.yaml
run 0 outrigger inject -f no.yaml -n ns
says err 'Skipping injection because Pod "ns/a" has sidecar injection disabled'

# --- injected again ----------------------------------------------------------------------------------------------------------
run 0 outrigger inject -f pod.yaml
cp out once.yaml
run 0 outrigger inject -f once.yaml
if cmp -s out once.yaml; then ok; else bad "a second injection changed the pod: $(diff once.yaml out | head -n 5)"; fi

# --- bad input: nothing on standard output ----------------------------------------------------------------------------------
{ pod good; echo ---; pod bad | sed 's/^  name: bad/  name: bad\n  annotations: {status.sidecar.istio.io\/port: x}/'; } >bad.yaml
run 1 outrigger inject -f bad.yaml
silent out
says err 'bad.yaml:'
says err 'status.sidecar.istio.io/port'
run 1 outrigger inject -f missing.yaml
says err 'missing.yaml: cannot open the file: No such file or directory'
mkdir empty
run 1 outrigger inject -f empty
says err 'empty: the directory holds no file'
run 1 bash -c 'outrigger inject -f - </dev/null'
says err 'standard input: holds no document'
printf 'a: [\n' >broken.yaml
run 1 outrigger inject -f broken.yaml
silent out
printf 'a: \xff\n' >latin.yaml
run 1 outrigger inject -f latin.yaml
says err 'is not UTF-8 text: byte 0xff at offset 3'

# --- configuration --------------------------------------------------------------------------------------------------------------
run 2 outrigger inject -f pod.yaml --inject-config missing
says err 'missing: --inject-config: cannot open the file'
run 2 outrigger inject -f pod.yaml --inject-config "$dir"
run 2 outrigger inject -f pod.yaml --inject-config latin.yaml
printf 'policy: enabled\ntemplates: {}\n' >config
run 2 outrigger inject -f pod.yaml --inject-config config
says err '--values'
printf 'policy: perhaps\ntemplates: {sidecar: x}\n' >config
echo '{}' >values
run 2 outrigger inject -f pod.yaml --inject-config config --values values
says err "policy must be 'enabled' or 'disabled'"
run 2 outrigger inject -f pod.yaml --env HOME=/
says err "'HOME' is not on the list"
run 2 outrigger inject -f pod.yaml --env ENABLE_NATIVE_SIDECARS
says err '--env must be KEY=VALUE'
run 0 outrigger inject -f pod.yaml --env ENABLE_NATIVE_SIDECARS=true

# --- ProxyConfigs in the files themselves ---------------------------------------------------------------------------------
resource() { printf 'apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {name: %s%s}\nspec: {%s}\n---\n' "$@"; }
pods='apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: x}}
spec: {containers: [{name: a, image: i}]}
'
{ resource p ', namespace: shop' 'concurrency: 5, image: {imageType: distroless}, environmentVariables: {A_B: c}'; echo "$pods"; } >with.yaml
run 0 outrigger inject -f with.yaml
says out '"concurrency":5'
says out '-distroless'
says out '- name: A_B'
says out 'imageType: distroless' # itself as it came
{ echo "$pods---"; resource p ', namespace: shop' 'concurrency: 5'; } >behind.yaml
run 0 outrigger inject -f behind.yaml
says out '"concurrency":5'
mkdir apart && resource p '' 'concurrency: 6' >apart/config.yaml && echo "$pods" >apart/pod.yaml
run 0 outrigger inject -f apart -n shop
says out '"concurrency":6'
run 0 outrigger inject -f apart -n elsewhere
lacks out '"concurrency":6'
{ resource all ', namespace: istio-system' 'concurrency: 2'; resource here ', namespace: shop' 'concurrency: 3'
	resource x ', namespace: shop' 'selector: {matchLabels: {app: x}}, concurrency: 4'; echo "$pods"; } >layers.yaml
run 0 outrigger inject -f layers.yaml
says out '"concurrency":4'
run 1 outrigger diff -f layers.yaml
says out '"concurrency":4'
run 0 outrigger explain -f layers.yaml
says out 'ProxyConfig shop/x'
outrigger inject -f layers.yaml >injected.yaml
run 0 outrigger uninject -f injected.yaml
lacks out '"concurrency":4'
# What the cluster has is older, but of the same name it is the same.
resource old ', namespace: shop' 'concurrency: 8' >cluster.yaml
{ resource new ', namespace: shop' 'concurrency: 9'; echo "$pods"; } >new.yaml
run 0 outrigger inject -f new.yaml --cluster-objects cluster.yaml
says out '"concurrency":8'
sed 's/name: new/name: old/' new.yaml >same.yaml
run 0 outrigger inject -f same.yaml --cluster-objects cluster.yaml
says out '"concurrency":9'
{ resource p ', namespace: shop' 'concurrency: [1]'; echo "$pods"; } >wrong.yaml
run 1 outrigger inject -f wrong.yaml
says err 'ProxyConfig shop/p'
silent out

# --- places and names that help -----------------------------------------------------------------------------------------
printf 'a: b\n---\n\nkind: Pod\nx: "\n' >broken.yaml
run 1 outrigger inject -f broken.yaml
says err 'broken.yaml:6:1: this is no YAML: '
lacks err 'line'
silent out
run 2 outrigger diff -f broken.yaml
says err 'broken.yaml:6:1: this is no YAML: '
run 2 outrigger inject -f ''
says err "-f '' names no file"
mkdir -p mixed/folder.yaml && cp with.yaml mixed/pod.yaml
run 0 outrigger inject -f mixed
says out 'istio-proxy'
rm mixed/pod.yaml
run 1 outrigger inject -f mixed
says err 'mixed: the directory holds no file'
ln -s nowhere mixed/link.yaml
run 1 outrigger inject -f mixed
says err 'mixed/link.yaml: cannot open the file'
finish
