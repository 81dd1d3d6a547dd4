#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# charts/outrigger: what the real helm makes of it. Skipped where helm was not built (tests/e2e/assets.sh helm does it, once) or where
# its test, a Go program, cannot be.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)

skip() {
	echo "$1"
	exit 77
}

if [ -z "${HELM-}" ]; then
	folder=$("$here/../e2e/assets.sh" --cached helm 2>/dev/null) || skip 'no helm: run tests/e2e/assets.sh helm once'
	HELM=${folder##*:}/helm
fi
command -v go >/dev/null || skip 'no Go'
go=$("$here/../e2e/go.sh" 2>/dev/null) || skip 'no Go that is new enough'
OUTRIGGER=$(realpath "${OUTRIGGER:-$here/../../build/outrigger}")
cd "$here" || exit 1
export HELM OUTRIGGER GOTOOLCHAIN=local GOFLAGS=-mod=readonly
"$go" mod download 2>/dev/null || skip 'no modules: run go mod download in tests/chart once'

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$go" test -count=1 -v ./... >"$log" 2>&1
status=$?
[ $status -eq 0 ] || grep -vE '^ *(=== |--- PASS)' "$log"
grep -A1 -- '--- SKIP' "$log" | grep -v '^--'
printf '%d checks passed, %d skipped, %d failed\n' "$(grep -c -- '--- PASS' "$log")" "$(grep -c -- '--- SKIP' "$log")" "$(grep -c -- '--- FAIL' "$log")"
exit $status
