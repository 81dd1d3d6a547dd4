#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes an OCI image from nothing: the stripped binary, the shared libraries that it loads, their licences. No shell, no package manager.
# Usage: image/build.sh BINARY OUT [--rootfs]    OUT/rootfs is what the image holds, OUT/outrigger-VERSION.oci.tar the image itself;
# with --rootfs only the first is made, and buildah is not needed.
set -euo pipefail

binary=$1 out=$2 only=${3-}
name=${IMAGE:-outrigger}
user=65532
limit=$((25 * 1024 * 1024))
root=$out/rootfs

die() {
	echo "image: $*" >&2
	exit 1
}

# What the loader opens for the program, and for libcurl, which is loaded when the API is first spoken to.
libraries() {
	local curl
	curl=$(/sbin/ldconfig -p | awk '$1 == "libcurl.so.4" && !seen++ {print $NF}')
	[ -n "$curl" ] || die "no libcurl.so.4: apt-get install libcurl4"
	echo "$curl"
	ldd "$binary" "$curl" | awk '/not found/ {print "missing " $1} $3 ~ /^\// {print $3} $1 ~ /^\/.*[^:]$/ {print $1}' | sort -u
}

# Debian's packages tell licence and version; scanners look for the latter in status.d.
describe() {
	local package=$1
	mkdir -p "$root/var/lib/dpkg/status.d" "$root/usr/share/doc/$package"
	dpkg-query -s "$package" | sed '/^Conffiles:/,/^[A-Z]/{/^Conffiles:/d;/^ /d}' >"$root/var/lib/dpkg/status.d/$package"
	cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
}

package_of() {
	{ dpkg -S "$1" "$(readlink -f "$1")" 2>/dev/null || true; } | sed -n '1s/:.*//p'
}

fill() {
	local library package
	rm -rf "$root"
	mkdir -p "$root/usr/bin" "$root/etc" "$root/usr/share/doc/outrigger"
	cp "$binary" "$root/usr/bin/outrigger"
	strip "$root/usr/bin/outrigger"
	cp LICENSE "$root/usr/share/doc/outrigger/"
	echo "hosts: files dns" >"$root/etc/nsswitch.conf"
	for library in $(libraries); do
		[ -e "$library" ] || die "the library $library is missing"
		mkdir -p "$root${library%/*}"
		cp -L "$library" "$root$library"
		command -v dpkg >/dev/null || continue
		package=$(package_of "$library")
		[ -z "$package" ] || [ -e "$root/usr/share/doc/$package" ] || describe "$package"
	done
	chmod -R u=rwX,go=rX "$root"
}

# One layer, nothing in it that tells when or where it was made.
pack() {
	local archive=$out/outrigger-$version.oci.tar store=$out/storage container
	command -v buildah >/dev/null || die "no buildah: apt-get install buildah"
	export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
	rm -rf "$archive" "$store"
	container=$(b from scratch)
	b copy -q "$container" "$root" / >/dev/null
	b config --user $user:$user --entrypoint '["/usr/bin/outrigger"]' --cmd help --workingdir / \
		--port 15017/tcp --port 15014/tcp --label org.opencontainers.image.title=Outrigger \
		--label "org.opencontainers.image.version=$version" --label org.opencontainers.image.licenses=Apache-2.0 "$container"
	b commit -q --rm --timestamp "${SOURCE_DATE_EPOCH:-0}" "$container" "oci-archive:$archive:$name:$version" >/dev/null
	rm -rf "$store"
	echo "image: $archive, $(($(stat -c %s "$archive") / 1024)) KiB as an archive"
}

b() { buildah --root "$PWD/$out/storage" --runroot "$PWD/$out/storage/run" "$@"; }

[ -x "$binary" ] || die "no $binary: run make"
version=$("$binary" version | awk '{print $2; exit}')
fill
size=$(du -sb --apparent-size "$root" | cut -f1)
printf 'image: %d libraries, %d.%d MiB of 25\n' "$(find "$root" -name '*.so*' | wc -l)" $((size / 1048576)) $((size % 1048576 * 10 / 1048576))
[ "$size" -le "$limit" ] || die "larger than 25 MiB: $(find "$root" -type f -printf '%s %P\n' | sort -rn | head -n 5 | tr '\n' ',')"
[ "$only" = --rootfs ] || pack
