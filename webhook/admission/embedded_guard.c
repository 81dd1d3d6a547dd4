/* SPDX-License-Identifier: Apache-2.0 */
/* The guard where none is configured: webhook/admission/embedded/guard.yaml, as it is, in the binary. */
#include "webhook/admission/guard.h"

__asm__(".section .rodata\n"
	".global embedded_guard\n"
	".type embedded_guard, @object\n"
	"embedded_guard:\n"
	".incbin \"webhook/admission/embedded/guard.yaml\"\n"
	".byte 0\n"
	".size embedded_guard, . - embedded_guard\n"
	".previous\n");
