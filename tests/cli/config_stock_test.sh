#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Is `outrigger config check` silent on the ConfigMaps of Istio itself, whatever their age?
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

data=$(cd "$root" && realpath "${CONFORMANCE_DIR:-../shared/conformance}")
if ! compgen -G "$data/*/settings/*/config.yaml" >/dev/null; then
	echo "no recorded settings of Istio in $data"
	exit 77
fi
for config in "$data"/*/settings/*/config.yaml; do
	settings=${config%/config.yaml}
	with=(--inject-config "$config" --values "$settings/values.json")
	[ ! -f "$settings/mesh.yaml" ] || with+=(--mesh-config "$settings/mesh.yaml")
	run 0 outrigger config check "${with[@]}"
	silent out
	silent err
done

finish
