#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl once into
# a cache and prints the search path that finds them. What the folder named
# by KUBEBUILDER_ASSETS holds is taken from there instead.
# With the argument helm it does so for helm; with --cached before it nothing
# is built, and what is not there is a failure.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cached=
if [ "${1-}" = --cached ]; then
	cached=1
	shift
fi
case ${1:-cluster} in
cluster) name=k8s version=1.35.4 programs=(etcd kubectl kube-controller-manager kube-apiserver) ;;
helm) name=helm version=3.22.0 programs=(helm) ;;
*)
	echo "usage: assets.sh [--cached] [helm]" >&2
	exit 2
	;;
esac
module=$here/${1:-cluster}

say() { echo "assets: $*" >&2; }

die() {
	say "$*"
	exit 1
}

package_of() {
	case $1 in
	etcd) echo go.etcd.io/etcd/server/v3 ;;
	helm) echo helm.sh/helm/v3/cmd/helm ;;
	*) echo "k8s.io/kubernetes/cmd/$1" ;;
	esac
}

missing() {
	local program
	for program in "${programs[@]}"; do
		[ -x "$given/$program" ] || [ -x "$folder/$program" ] || echo "$program"
	done
}

# helm renders for the Kubernetes that its client is of, unless it is told.
helm_flags() {
	local package minor
	minor=$(sed -n 's|^[[:space:]]*k8s.io/client-go v0\.\([0-9]*\)\..*|\1|p' "$module/go.mod")
	printf ' -X helm.sh/helm/v3/internal/version.version=v%s' $version
	for package in pkg/chartutil pkg/lint/rules; do
		printf ' -X helm.sh/helm/v3/%s.k8sVersionMajor=1 -X helm.sh/helm/v3/%s.k8sVersionMinor=%s' $package $package "$minor"
	done
}

# Without a version a build calls itself v0.0.0-master, and clients refuse it.
linker_flags() {
	local package
	printf '%s' '-s -w'
	if [ $name = helm ]; then
		helm_flags
		return
	fi
	for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		printf ' -X %s.gitVersion=v%s -X %s.gitMajor=1 -X %s.gitMinor=%s' \
			$package $version $package $package "$(cut -d. -f2 <<<$version)"
	done
}

# The name appears only when the program is whole: a build that was broken
# off leaves nothing that the next run would take for a program.
build() {
	local program=$1 started=$SECONDS part="$folder/.$1.$$"
	say "building $program (once; kept in $folder)"
	(cd "$module" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 \
		nice -n 19 "$go" build -trimpath -ldflags "$(linker_flags)" \
		-o "$part" "$(package_of "$program")") || die "$program did not build"
	mv "$part" "$folder/$program"
	say "built $program in $((SECONDS - started)) s"
}

folder=${OUTRIGGER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/outrigger}/$name-$version
# As the ecosystem fills it, this one has no kube-controller-manager.
given=${KUBEBUILDER_ASSETS:-$folder}
[ $name = k8s ] || given=$folder
if [ "$given" != "$folder" ] && [ ! -x "$given/kube-apiserver" ]; then
	die "KUBEBUILDER_ASSETS=$given has no kube-apiserver"
fi

if [ -n "$(missing)" ] && [ -n "$cached" ]; then
	die "not built yet: $(missing | paste -sd ' ')"
fi
if [ -n "$(missing)" ]; then
	mkdir -p "$folder"
	exec 9>"$folder/.lock"
	flock 9
	trap 'rm -f "$folder"/.*."$$"' EXIT
	go=$("$here/go.sh")
	for program in $(missing); do
		build "$program"
	done
fi
echo "$given:$folder"
