/* SPDX-License-Identifier: Apache-2.0 */
/* The looks of the report's page: webhook/audit/embedded/report.css, as it is, in the binary. */
#include "webhook/audit/page.h"

__asm__(".section .rodata\n"
	".global embedded_report_css\n"
	".type embedded_report_css, @object\n"
	"embedded_report_css:\n"
	".incbin \"webhook/audit/embedded/report.css\"\n"
	".byte 0\n"
	".size embedded_report_css, . - embedded_report_css\n"
	".previous\n");
