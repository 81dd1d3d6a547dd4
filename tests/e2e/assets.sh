#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl once into
# a cache and prints the search path that finds them. What the folder named
# by KUBEBUILDER_ASSETS holds is taken from there instead.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
version=1.35.4
programs=(etcd kubectl kube-controller-manager kube-apiserver)

say() { echo "assets: $*" >&2; }

die() {
	say "$*"
	exit 1
}

package_of() {
	case $1 in
	etcd) echo go.etcd.io/etcd/server/v3 ;;
	*) echo "k8s.io/kubernetes/cmd/$1" ;;
	esac
}

missing() {
	local program
	for program in "${programs[@]}"; do
		[ -x "$given/$program" ] || [ -x "$folder/$program" ] || echo "$program"
	done
}

# Without a version a build calls itself v0.0.0-master, and clients refuse it.
linker_flags() {
	local package
	printf '%s' '-s -w'
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
	(cd "$here/cluster" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly CGO_ENABLED=0 \
		nice -n 19 "$go" build -trimpath -ldflags "$(linker_flags)" \
		-o "$part" "$(package_of "$program")") || die "$program did not build"
	mv "$part" "$folder/$program"
	say "built $program in $((SECONDS - started)) s"
}

folder=${OUTRIGGER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/outrigger}/k8s-$version
# As the ecosystem fills it, this one has no kube-controller-manager.
given=${KUBEBUILDER_ASSETS:-$folder}
if [ "$given" != "$folder" ] && [ ! -x "$given/kube-apiserver" ]; then
	die "KUBEBUILDER_ASSETS=$given has no kube-apiserver"
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
