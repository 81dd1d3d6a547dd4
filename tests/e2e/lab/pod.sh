#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a container's command as a pod would have it: in a root folder that
# cannot be written, without capabilities, as the pod's user, under the pod's
# name. Usage, in a mount and UTS namespace of its own:
# pod.sh ROOT NAME UID GID GROUP [FOLDER:PATH|FILE:PATH]... -- COMMAND...
set -e
root=$1 name=$2 user=$3 group=$4 extra=$5
shift 5

# What programs of this machine need to start; the folders may be links.
furnish() {
	mount -t tmpfs -o mode=755 pod "$root"
	for path in usr lib lib64 bin etc/ld.so.cache proc dev/null dev/urandom; do
		[ -e "/$path" ] || continue
		if [ -L "/$path" ]; then
			cp -P "/$path" "$root/$path"
		else
			attach "/$path" "/$path"
		fi
	done
	mkdir -m 1777 "$root/tmp"
}

attach() {
	if [ -d "$1" ]; then
		mkdir -p "$root$2"
	else
		mkdir -p "$root${2%/*}"
		: >"$root$2"
	fi
	mount --bind "$1" "$root$2"
}

echo "$name" >/proc/sys/kernel/hostname
furnish
while [ "$1" != -- ]; do
	attach "${1%%:*}" "${1#*:}"
	shift
done
shift
mount -o remount,ro "$root"
# A change of the user clears the signal that ends us with the tests' process.
exec chroot "$root" setpriv --reuid "$user" --regid "$group" --groups "$extra" --pdeathsig keep \
	--bounding-set=-all --inh-caps=-all --no-new-privs "$@"
