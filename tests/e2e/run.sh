#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds what the end-to-end tests need, then runs build/outrigger under a
# real API server. Usage: run.sh [FOLDER OF ANOTHER GO PROGRAM THAT DOES SO]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${1:-$here/cases}
conformance=${CONFORMANCE_DIR:-$root/../shared/conformance}

export OUTRIGGER=${OUTRIGGER:-$root/build/outrigger}
export CHART=$root/charts/outrigger
export E2E_SETTINGS=${E2E_SETTINGS:-$conformance/istio-1.32/settings/0abeabe6f779}
[ -x "$OUTRIGGER" ] || {
	echo "e2e: no $OUTRIGGER: run 'make' first" >&2
	exit 1
}

OUTRIGGER_ASSETS=$("$here/assets.sh"):$("$here/assets.sh" helm)
export OUTRIGGER_ASSETS
go=$("$here/go.sh")
binary=$root/build/e2e/$(basename "$program")
mkdir -p "$root/build/e2e"
(cd "$program" && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$go" build -o "$binary" .)
exec "$binary"
