#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs those of the named Debian packages that are missing; says what is needed where it cannot.
set -euo pipefail

missing=()
for package in "$@"; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "These packages are needed (Debian's names): ${missing[*]}" >&2
	exit 0 # elsewhere the names differ; the build says what it lacks
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "Please install as root: apt-get install -y ${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi
echo "installing ${missing[*]}"
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
trap 'rm -f "$log"; [ -z "${held:-}" ] || "${as_root[@]}" rm -f "$policy"' EXIT
# Some packages bring a service beside the tool that is wanted (prometheus: promtool). None is to start.
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 755 "$policy"
	held=1
fi
install() {
	"${as_root[@]}" apt-get update -q &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}
if ! install >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
