#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a Go that can build the tests: the one on PATH when it
# is new enough, else a toolchain that an older Go brings as a module.
set -euo pipefail

want_minor=26
toolchain=go1.26.8

say() { echo "go.sh: $*" >&2; }

die() {
	say "$*"
	exit 1
}

# The minor version of the Go at $1, 0 for none.
minor_of() {
	local text
	text=$(GOTOOLCHAIN=local "$1" version 2>/dev/null) || text=
	if [[ $text =~ go1\.([0-9]+) ]]; then
		echo "${BASH_REMATCH[1]}"
	else
		echo 0
	fi
}

install_go() {
	command -v apt-get >/dev/null || die "no Go found: install Go 1.$want_minor or later"
	[ "$(id -u)" = 0 ] || die "no Go found: run 'apt-get install golang-go' as root"
	say "installing Debian's golang-go"
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q golang-go ca-certificates >&2 ||
		{ apt-get update -q >&2 &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y -q golang-go ca-certificates >&2; }
}

machine() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) die "no Go toolchain for $(uname -m) known here: install Go 1.$want_minor" ;;
	esac
}

# Module files arrive without their executable bit; Go sets it by itself
# only from 1.21 on.
bring_toolchain() {
	local version dir
	version=v0.0.1-$toolchain.linux-$(machine)
	say "Go 1.$(minor_of go) is too old, bringing $toolchain as a module"
	dir=$(cd / && GOFLAGS='' go mod download -json "golang.org/toolchain@$version" |
		sed -n 's/^[[:space:]]*"Dir": "\(.*\)".*/\1/p')
	[ -n "$dir" ] || die "the toolchain $version could not be downloaded"
	find "$dir/bin" "$dir/pkg/tool" -type f ! -perm -100 -exec chmod u+x,go+x {} +
	echo "$dir/bin/go"
}

command -v go >/dev/null || install_go
if [ "$(minor_of go)" -ge "$want_minor" ]; then
	command -v go
else
	bring_toolchain
fi
