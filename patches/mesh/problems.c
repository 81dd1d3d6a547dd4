/* SPDX-License-Identifier: Apache-2.0 */
/* A list of what is wrong, and input bytes made fit for it. */
#include "patches/mesh/problems.h"

#include <stdarg.h>
#include <stdio.h>

#include "patches/template/function.h"

enum { CUT = 256, MESSAGE_MAX = 4096 };

void problems_add(struct problems *p, const char *fmt, ...)
{
	char buffer[MESSAGE_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buffer, sizeof(buffer), fmt, ap);
	va_end(ap);
	if (len >= MESSAGE_MAX)
		len = MESSAGE_MAX - 1;
	const char *copy = len < 0 ? NULL : arena_strndup(p->arena, buffer, (size_t)len);

	if (!copy)
		p->nomem = true;
	else if (p->len < PROBLEMS_MAX)
		p->text[p->len++] = copy;
}

void problems_write(const struct problems *p, struct text *out)
{
	if (!p->len)
		return;
	text_addu(out, p->len);
	text_adds(out, p->len == 1 ? " error occurred:\n\t" : " errors occurred:\n\t");
	for (size_t i = 0; i < p->len; i++) {
		text_adds(out, i ? "\n\t* " : "* ");
		text_adds(out, p->text[i]);
	}
	text_adds(out, "\n\n");
}

int problems_report(const struct problems *p, enum err_code code, struct err *err)
{
	struct text t;

	if (p->nomem)
		return err_nomem(err);
	if (!p->len)
		return 0;
	text_init(&t, p->arena, (size_t)PROBLEMS_MAX * (MESSAGE_MAX + 4));
	problems_write(p, &t);
	const char *text = text_cstr(&t);

	return text ? err_set(err, code, "%s", text) : err_nomem(err);
}

static struct str cut(struct str s)
{
	if (s.len <= CUT)
		return s;
	s.len = CUT;
	while (s.len && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

const char *printable(struct arena *a, struct str s)
{
	struct text t;

	s = cut(s);
	text_init(&t, a, MESSAGE_MAX);
	for (size_t i = 0; i < s.len;) {
		uint32_t rune;
		const size_t size = utf8_decode(s.p + i, s.len - i, &rune);

		if (rune == '\n' || rune == '\t' || rune == '\r')
			text_adds(&t, rune == '\n' ? "\\n" : rune == '\t' ? "\\t" : "\\r");
		else if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0))
			text_addf(&t, "\\u%04x", (unsigned)rune);
		else
			text_add_rune(&t, rune);
		i += size;
	}
	const char *text = text_cstr(&t);

	return text ? text : "?";
}

const char *printable_quoted(struct arena *a, struct str s)
{
	struct text t;

	text_init(&t, a, MESSAGE_MAX);
	go_quote(&t, cut(s));
	const char *text = text_cstr(&t);

	return text ? text : "\"?\"";
}
