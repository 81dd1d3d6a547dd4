#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reads the hardening back out of the binary: each flag that the compiler knows must have left its mark.
set -u # no pipefail: readelf may find its reader gone

binary=${OUTRIGGER:-build/outrigger}
build=${BUILD:-build/release}
known=$(cat "$build/probed.c" "$build/probed.ld" | tr '\n' ' ')
failed=0

expect() { # NAME FLAG COMMAND...: the mark must be there where the compiler knows the flag
	local name=$1 flag=$2
	shift 2
	case " $known " in
	*" $flag "*) ;;
	*)
		echo "- $name: the compiler does not know $flag"
		return
		;;
	esac
	if "$@"; then echo "+ $name"; else
		echo "FAILED: $name ($flag) is not in $binary"
		failed=1
	fi
}

elf() { readelf -W "$@" "$binary" 2>/dev/null; }
pie() { elf -h | grep -q 'Type: *DYN' && elf -d | grep -q 'Flags:.*PIE'; }
relro() { elf -l | grep -q GNU_RELRO; }
now() { elf -d | grep -qE 'BIND_NOW|Flags:.*NOW'; }
noexecstack() { elf -l | grep GNU_STACK | grep -qv 'RWE'; }
separate() { ! elf -l | grep LOAD | grep -q 'RWE'; }
canary() { elf --dyn-syms | grep -q __stack_chk_fail; }
fortify() { elf --dyn-syms | grep -qE '__(memcpy|snprintf|vsnprintf|fprintf|printf|memset|read)_chk'; }
# Debian's start files are built without it, so the linker leaves it out of the program: our own object tells.
cet() { readelf -Wn "$build/webhook/main.o" | grep -q 'IBT.*SHSTK'; }
needed() { ! elf -d | grep NEEDED | grep -qE 'libssl|libcurl'; }
no_rpath() { ! elf -d | grep -qE 'RPATH|RUNPATH'; }

[ -x "$binary" ] || { echo "no $binary"; exit 1; }
expect 'position independent' -pie pie
expect 'read-only relocations' -Wl,-z,relro relro
expect 'symbols bound at start' -Wl,-z,now now
expect 'stack not executable' -Wl,-z,noexecstack noexecstack
expect 'no page writable and executable' -Wl,-z,separate-code separate
expect 'only what is used is loaded' -Wl,--as-needed needed
expect 'stack protector' -fstack-protector-strong canary
[ "$(uname -m)" = x86_64 ] && expect 'control-flow protection' -fcf-protection=full cet
if fortify; then echo '+ fortified functions'; else echo 'FAILED: _FORTIFY_SOURCE left no mark'; failed=1; fi
if no_rpath; then echo '+ no run path'; else echo 'FAILED: a run path is set'; failed=1; fi
[ $failed -eq 0 ] && echo "all marks of $(echo "$known" | wc -w) flags found"
exit $failed
