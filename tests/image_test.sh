#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the image holds, run as a container would: nothing else in sight, read-only, not as root. Without a container engine.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/cli/lib.sh"

skip() {
	echo "$1"
	exit 77
}
[ "$(id -u)" = 0 ] || skip 'needs root, to change the root directory'
unshare -m true 2>/dev/null || skip 'no mount namespace can be made here'
/sbin/ldconfig -p | grep -q 'libcurl\.so\.4 ' || skip 'no libcurl4'

(cd "$root" && image/build.sh "$outrigger" "$dir/image" --rootfs) >"$dir/out" 2>"$dir/err" || bad "the image cannot be filled: $(cat "$dir/err")"
says out 'MiB of 25'
image=$dir/image/rootfs
mkdir "$image/certs"

# Nothing to break in with: no shell, no other program, nothing that gives rights.
programs=$(cd "$image" && find . -type f -perm /111 ! -name '*.so*' -o -perm /6000 | sort | tr '\n' ' ')
if [ "$programs" = './usr/bin/outrigger ' ]; then ok; else bad "programs in the image: $programs"; fi
if [ -s "$image/usr/share/doc/outrigger/LICENSE" ]; then ok; else bad 'no licence'; fi
unlicensed=$(cd "$image/var/lib/dpkg/status.d" 2>/dev/null && for p in *; do [ -s "$image/usr/share/doc/$p/copyright" ] || echo "$p"; done)
if [ -z "$unlicensed" ]; then ok; else bad "no licence of $unlicensed"; fi

# Before a command: run it in the image. The shell's own words are for the shell inside.
# shellcheck disable=SC2016
contained=(unshare -m bash -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec chroot --userspec=65532:65532 "$0" "$@"' "$image")

run 0 "${contained[@]}" /usr/bin/outrigger version
says out 'outrigger '
run 0 "${contained[@]}" /lib64/ld-linux-x86-64.so.2 --list "$(/sbin/ldconfig -p | awk '$1 == "libcurl.so.4" {print $NF; exit}')"
lacks out 'not found'
run 127 "${contained[@]}" /bin/sh -c true
run 0 outrigger certs create --out certs --host 127.0.0.1
cp certs/tls.crt certs/tls.key "$image/certs/" && chown 65532:65532 "$image"/certs/*
"${contained[@]}" /usr/bin/outrigger serve --listen=127.0.0.1:0 --metrics-listen=127.0.0.1:0 --drain-delay=0s \
	--tls-cert=/certs/tls.crt --tls-key=/certs/tls.key 2>"$dir/log" &
server=$!
wait_for log 'serving https://'
url=$(sed -n 's|.*serving \(https://[^/]*\)/inject.*|\1|p' "$dir/log")
health=$(sed -n 's|.*health="\([^"]*\)".*|\1|p' "$dir/log")
run 0 curl -sSf --max-time 10 "http://$health/readyz"
run 0 curl -sSf --max-time 10 --cacert certs/ca.crt -H 'Content-Type: application/json' --data-binary @"$root/tests/sample-review.json" "$url/inject"
says out '"patchType":"JSONPatch"'
owner=$(stat -c %u "/proc/$server")
if [ "$owner" = 65532 ]; then ok; else bad "the webhook runs as $owner"; fi
stop TERM 0
finish
