#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fails on a function of more than 80 lines or a file of more than 800; prints the median and the longest. Tables are exempt.
set -euo pipefail

find base patches webhook certs -name '*.c' -not -name '*_table.c' -not -path '*/generate/*' -print0 | sort -z |
	xargs -0 awk '
	FNR == 1 { if (file && lines > 800) { print file ": " lines " lines"; bad = 1 } file = FILENAME; name = "" }
	{ lines = FNR }
	/^[a-z].*[a-z_0-9]\(/ && !/;$/ && !/^(struct|static const|enum).*=/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^{/ && name { start = FNR }
	/^}/ && name && start {
		length_of = FNR - start - 1
		count[length_of]++; total++
		if (length_of > longest) { longest = length_of; longest_name = file ": " name }
		if (length_of > 80) { print file ":" start ": " name " has " length_of " lines"; bad = 1 }
		if (length_of > 60) long_ones++
		name = ""; start = 0
	}
	END {
		if (lines > 800) { print file ": " lines " lines"; bad = 1 }
		for (i = 0; i <= longest && seen * 2 < total; i++) { seen += count[i]; median = i }
		printf "%d functions, median %d lines, longest %d (%s), %d over 60\n", total, median, longest, longest_name, long_ones
		exit bad
	}'
