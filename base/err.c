/* SPDX-License-Identifier: Apache-2.0 */
/* An error that carries its cause, its context and its place to the caller. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set_from(struct err *e, const char *file, int line, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->code != ERR_NONE)
		return -1;
	e->code = code;
	e->src_file = file;
	e->src_line = line;
	va_start(ap, fmt);
	(void)vsnprintf(e->what, sizeof(e->what), fmt, ap);
	va_end(ap);
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char context[sizeof(e->what)];
	size_t cause, room, keep;
	va_list ap;
	int len;

	if (!e || e->code == ERR_NONE)
		return -1;
	va_start(ap, fmt);
	len = vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	cause = strlen(e->what);
	room = sizeof(e->what) - 1 - cause;
	if (len < 0 || room <= 2)
		return -1;
	keep = (size_t)len < room - 2 ? (size_t)len : room - 2;
	if (keep >= sizeof(context))
		keep = sizeof(context) - 1;
	memmove(e->what + keep + 2, e->what, cause + 1);
	memcpy(e->what, context, keep);
	memcpy(e->what + keep, ": ", 2);
	return -1;
}

int err_at(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->code == ERR_NONE || e->where[0])
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(e->where, sizeof(e->where), fmt, ap);
	va_end(ap);
	return -1;
}

void err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
}
