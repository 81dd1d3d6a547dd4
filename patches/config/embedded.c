/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded default configuration: the files of patches/config/embedded, as they are, in the binary. */
#include "patches/config/config.h"

#define EMBED(name, file)                                                                                              \
	__asm__(".section .rodata\n"                                                                                   \
		".global " #name "\n"                                                                                  \
		".type " #name ", @object\n" #name ":\n"                                                               \
		".incbin \"patches/config/embedded/" file "\"\n"                                                       \
		".byte 0\n"                                                                                            \
		".size " #name ", . - " #name "\n"                                                                     \
		".previous\n")

EMBED(embedded_inject_config, "config.yaml");
EMBED(embedded_values, "values.yaml");
EMBED(embedded_mesh, "mesh.yaml");
