#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs suites (programs or scripts) one after another, prints one line for each, and the log of those that fail.
# Usage: [CONFORMANCE_ARGS=OPTIONS] suites.sh BUILD SUITE...
set -uo pipefail

build=$1
shift
logs=$build/logs
rm -rf "$logs" && mkdir -p "$logs"
export BUILD=$build OUTRIGGER=$build/outrigger
passed=0 failed=0 skipped=0

# What a suite says of itself: cmocka's count, or the last line that it printed.
summary() {
	local count
	count=$(sed -n 's/^\[  PASSED  \] \([0-9]* test(s)\).*/\1/p' "$1" | tail -n 1)
	if [ -n "$count" ]; then echo "$count"; else grep -v '^[[:space:]]*$' "$1" | tail -n 1 | cut -c 1-160; fi
}

run_one() {
	case $1 in
	*/conformance/conformance)
		if [ ! -d "$CONFORMANCE_DIR" ]; then
			echo "no $CONFORMANCE_DIR"
			return 77
		fi
		# shellcheck disable=SC2086 # CONFORMANCE_ARGS is a list of options
		"$1" ${CONFORMANCE_ARGS-} "$CONFORMANCE_DIR"
		;;
	*/fuzz/*_fuzz)
		local name=${1##*/}
		"$1" "tests/fuzz/corpus/${name%_fuzz}"
		;;
	*) "$1" ;;
	esac
}

log_of() {
	local name=${1#"$build"/}
	name=${name#tests/}
	echo "$logs/${name//\//_}.log"
}

suites=("$@") pids=() started=0
start_next() {
	[ "$started" -lt ${#suites[@]} ] || return 0
	run_one "${suites[$started]}" >"$(log_of "${suites[$started]}")" 2>&1 </dev/null &
	pids[started]=$!
	started=$((started + 1))
}

for ((i = 0; i < ${JOBS:-1}; i++)); do start_next; done
for ((i = 0; i < ${#suites[@]}; i++)); do
	wait "${pids[$i]}"
	status=$?
	start_next
	log=$(log_of "${suites[$i]}")
	name=${suites[$i]#"$build"/}
	name=${name#tests/}
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
		printf 'ok      %-34s %s\n' "$name" "$(summary "$log")"
		rm -f "$log"
	elif [ $status -eq 77 ]; then
		skipped=$((skipped + 1))
		printf 'SKIPPED %-34s %s\n' "$name" "$(tail -n 1 "$log")"
	else
		failed=$((failed + 1))
		printf 'FAILED  %-34s exit %d, log in %s:\n' "$name" "$status" "$log"
		tail -n 60 "$log" | sed 's/^/        | /'
	fi
done
echo "$passed suites passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
