# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the command-line tests share: a folder that goes away, checks that count, a webhook that is ended.
set -uo pipefail

root=$(pwd)
outrigger=$(realpath -m "${OUTRIGGER:-$root/build/outrigger}")
dir=$(mktemp -d)
passed=0 failed=0 server=

cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
[ -x "$outrigger" ] || { echo "no $outrigger"; exit 1; }
mkdir "$dir/bin" && ln -s "$outrigger" "$dir/bin/outrigger"
export PATH=$dir/bin:$PATH
cd "$dir" || exit 1

ok() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	echo "FAILED: $*"
}

# run CODE COMMAND...: standard output in $dir/out, standard error in $dir/err.
run() {
	local want=$1 got
	shift
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ $got -eq "$want" ]; then ok; else
		bad "$* exited with $got, not $want"
		head -n 5 "$dir/out" "$dir/err"
	fi
}

# says FILE TEXT: FILE (out or err) holds TEXT. silent FILE: it is empty.
says() { if grep -qF -- "$2" "$dir/$1"; then ok; else bad "no '$2' in $1: $(head -c 400 "$dir/$1")"; fi; }
lacks() { if grep -qF -- "$2" "$dir/$1"; then bad "'$2' in $1"; else ok; fi; }
silent() { if [ -s "$dir/$1" ]; then bad "$1 is not empty: $(head -c 400 "$dir/$1")"; else ok; fi; }

# wait_for FILE TEXT: FILE comes to hold TEXT within ten seconds.
wait_for() {
	for _ in $(seq 200); do
		if grep -qF -- "$2" "$dir/$1"; then
			ok
			return
		fi
		sleep 0.05
	done
	bad "no '$2' in $1: $(head -c 2000 "$dir/$1")"
}

# start FLAG...: `outrigger serve` on a free port; $url is where.
start() {
	outrigger serve --listen 127.0.0.1:0 --tls-cert certs/tls.crt --tls-key certs/tls.key "$@" 2>"$dir/log" &
	server=$!
	url=
	for _ in $(seq 200); do
		url=$(sed -n 's|.*serving \(https://[^/]*\)/inject.*|\1|p' "$dir/log")
		[ -n "$url" ] && return
		kill -0 $server 2>/dev/null || break
		sleep 0.05
	done
	bad "the webhook did not start: $(cat "$dir/log")"
	server=
	finish
	exit 1
}

# stop SIGNAL CODE: ends it and looks at its exit code.
stop() {
	local got
	kill -s "$1" $server
	wait $server
	got=$?
	server=
	if [ $got -eq "$2" ]; then ok; else bad "the webhook ended with $got, not $2"; fi
}

finish() {
	echo "$passed checks passed, $failed failed"
	[ $failed -eq 0 ]
}
