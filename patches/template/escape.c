/* SPDX-License-Identifier: Apache-2.0 */
/* html, js, urlquery: what text/template escapes. */
#include <string.h>

#include "base/limits.h"
#include "patches/template/builtin.h"
#include "patches/template/gofmt.h"
#include "patches/template/unicode.h"

/* What the escapers work on: fmt.Sprint of the arguments, pointers followed. */
static int printed(struct run *r, size_t argc, const struct value *const argv[], struct str *ret, struct err *err)
{
	bool after_string = true;
	struct text t;

	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	for (size_t i = 0; i < argc; i++) {
		const struct printable p = gofmt_printable(argv[i]);
		const bool nil = argv[i]->kind == K_NIL; /* printableValue makes it the text <no value>, with one and more arguments */
		const bool string = nil || (p.v->kind == K_STRING && !p.addr);

		if (i && !string && !after_string)
			text_addc(&t, ' ');
		if (nil)
			text_adds(&t, "<no value>");
		else if (gofmt_print(r, &t, p.v, p.addr, err) < 0)
			return -1;
		after_string = string;
	}
	if (!text_cstr(&t))
		return text_check(&t, "the result", err);
	*ret = (struct str){t.data, t.len};
	return 0;
}

const struct value *escape_html(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	struct text t;
	struct str s;

	if (printed(r, argc, argv, &s, err) < 0)
		return NULL;
	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	for (size_t i = 0; i < s.len; i++) {
		switch (s.p[i]) {
		case '\0': text_adds(&t, "\xef\xbf\xbd"); break;
		case '"': text_adds(&t, "&#34;"); break;
		case '\'': text_adds(&t, "&#39;"); break;
		case '&': text_adds(&t, "&amp;"); break;
		case '<': text_adds(&t, "&lt;"); break;
		case '>': text_adds(&t, "&gt;"); break;
		default: text_addc(&t, s.p[i]); break;
		}
	}
	return run_str(r, &t, err);
}

static void add_js(struct text *t, uint32_t rune, const char *p, size_t n)
{
	switch (rune) {
	case '\\': text_adds(t, "\\\\"); return;
	case '\'': text_adds(t, "\\'"); return;
	case '"': text_adds(t, "\\\""); return;
	case '<':
	case '>':
	case '&':
	case '=': text_addf(t, "\\u00%02X", rune); return;
	default: break;
	}
	if (rune < ' ')
		text_addf(t, "\\u00%02X", rune);
	else if (rune < 0x80 || unicode_is(&unicode_print, rune))
		text_add(t, p, n);
	else
		text_addf(t, "\\u%04X", rune);
}

const struct value *escape_js(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	struct text t;
	struct str s;

	if (printed(r, argc, argv, &s, err) < 0)
		return NULL;
	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	for (size_t i = 0; i < s.len;) {
		uint32_t rune;
		const size_t n = utf8_decode(s.p + i, s.len - i, &rune);

		add_js(&t, rune, s.p + i, n);
		i += n;
	}
	return run_str(r, &t, err);
}

const struct value *escape_urlquery(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	struct text t;
	struct str s;

	if (printed(r, argc, argv, &s, err) < 0)
		return NULL;
	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == ' ')
			text_addc(&t, '+');
		else if (memchr(plain, s.p[i], sizeof(plain) - 1))
			text_addc(&t, s.p[i]);
		else
			text_addf(&t, "%%%02X", (unsigned char)s.p[i]);
	}
	return run_str(r, &t, err);
}
