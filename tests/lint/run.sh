#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The rules of the house that a machine can check. Usage: run.sh BUILD (a built tree); LINT_TIDY=1 runs clang-tidy too.
set -u # no pipefail: a grep that finds nothing is what most checks hope for

build=$1
here=$(dirname "$0")
failed=0

check() { # NAME COMMAND...: silent success, or what is wrong
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		printf 'ok      %s\n' "$name"
	else
		printf 'FAILED  %s\n%s\n' "$name" "$output"
		failed=1
	fi
}

sources() { find base patches webhook certs -name '*.[ch]' -not -path '*/generate/*'; }

# No lines on standard input is success.
none() { ! grep . ; }

layers() {
	{
		grep -rnE '#include "(webhook|certs|tests)/' patches --include='*.[ch]'
		grep -rnE '#include "(webhook|patches|tests)/' certs --include='*.[ch]'
		grep -rnE '#include "(webhook|patches|certs|tests)/' base --include='*.[ch]'
		grep -rnE '#include "tests/' webhook --include='*.[ch]'
		grep -rnE '#include "base/(log|file)\.h"' patches certs --include='*.[ch]'
	} | none
}

# The core does no I/O, has no clock and no TLS, and does not log.
core_symbols() {
	find "$build/patches" -name '*.o' -exec nm -uA {} + |
		grep -E ' U (socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|open(at|64)?|fopen(64)?|read|write|fwrite|f?puts|v?f?printf|__v?f?printf_chk|getenv|secure_getenv|time|clock_gettime|gettimeofday|log_line|gnutls_.*|SSL_.*|curl_.*|MHD_.*|pthread_create)$' |
		none
}

banned() {
	{
		sources | xargs grep -nE '\b(strcpy|strcat|sprintf|strtok|gmtime|localtime|atoi|sscanf|alloca)\('
		find "$build/base" "$build/patches" "$build/webhook" "$build/certs" -name '*.o' -exec nm -uA {} + |
			grep -E ' U (__)?(strcpy|strcat|sprintf|vsprintf|strtok|gmtime|localtime|atoi|sscanf|gets)(_chk)?$'
	} | none
}

headers_alone() {
	sources | grep '\.h$' | xargs -P 2 -I{} sh -c 'gcc -std=gnu17 -D_GNU_SOURCE -I. -Wall -Wextra -Werror -fsyntax-only -x c "$1" ||
		exit 1' _ {}
}

marked() { sources | xargs grep -L '^/\* SPDX-License-Identifier: Apache-2.0 \*/' | none; }

# A path of somebody's machine helps no reader.
no_local_paths() {
	git ls-files -z 2>/dev/null | xargs -0 grep -nIE '(^|[ "'\''=:(])/(work|root)/[a-z]' -- 2>/dev/null | grep -v '^tests/lint/' | none
}

shell_scripts() {
	command -v shellcheck >/dev/null || { echo 'shellcheck is missing'; return 1; }
	git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck -x -S warning
}

tidy() {
	sources | grep '\.c$' | grep -v _table.c |
		xargs -P 2 -n 4 clang-tidy --quiet -- -std=gnu17 -D_GNU_SOURCE -I. 2>/dev/null | grep -E 'error:|warning:' | sort -u | none
}

check 'layers: includes' layers
check 'layers: symbols of the core' core_symbols
check 'banned functions' banned
check 'headers compile alone' headers_alone
check 'licence line' marked
check 'no path of one machine' no_local_paths
check 'sizes of files and functions' "$here/sizes.sh"
check 'shell scripts' shell_scripts
if [ -n "${LINT_TIDY:-}" ] && command -v clang-tidy >/dev/null; then check 'clang-tidy' tidy; fi
[ $failed -eq 0 ] && echo 'lint: nothing found'
exit $failed
