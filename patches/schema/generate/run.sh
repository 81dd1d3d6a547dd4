#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Renews patches/schema/schema_table.c: reflection over today's modules (go.mod) and those of old releases (releases/*.mod).
set -eu
cd "$(dirname "$0")"
dumps=$(mktemp -d)
trap 'rm -rf "$dumps"' EXIT
go build -o "$dumps/schema" .
"$dumps/schema" dump >"$dumps/today"
set --
for release in 1.5 1.6 1.7 1.8; do
	go run -modfile="releases/$release.mod" -tags old . dump "$release" >"$dumps/$release"
	set -- "$@" "$release=$dumps/$release"
done
"$dumps/schema" write "$dumps/today" "$@" >"$dumps/table"
mv "$dumps/table" ../schema_table.c
