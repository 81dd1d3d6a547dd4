#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Pods a second through a real API server, with the webhook and without.
# Recorded, not judged: the figures depend on the machine.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
exec "$root/tests/e2e/run.sh" "$root/tests/bench/api"
