/* SPDX-License-Identifier: Apache-2.0 */
/* Values to JSON text, as Go's encoding/json prints them where flags ask for it. */
#include "patches/value/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/value/json_string.h"

enum { SORT_ON_STACK = 32 };

struct writer {
	struct text *out;
	unsigned flags;
	unsigned depth;
};

static void write_value(struct writer *w, const struct value *v);

/* --- strings --- */

static void write_escaped(struct text *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *which = c ? strchr(from, c) : NULL;

	if (which) {
		text_add(out, (const char[]){'\\', to[which - from]}, 2);
		return;
	}
	text_add(out, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

/* Within text that is plain JSON: what Go's json.Marshal still escapes. */
static void write_plain_html(struct text *out, const char *p, const char *end)
{
	const char *from = p;

	for (; p < end; p++) {
		const bool separator = *p == '\xe2' && end - p >= 3 && p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9');

		if (*p != '<' && *p != '>' && *p != '&' && !separator)
			continue;
		text_add(out, from, (size_t)(p - from));
		if (separator) {
			text_adds(out, p[2] == '\xa8' ? "\\u2028" : "\\u2029");
			p += 2;
		} else {
			write_escaped(out, (unsigned char)*p);
		}
		from = p + 1;
	}
	text_add(out, from, (size_t)(end - from));
}

/* Nearly all strings: nothing to escape, one step. */
static bool write_plain_string(struct text *out, struct str s)
{
	char *room;

	if (s.len && json_skip_plain(s.p, s.p + s.len) != s.p + s.len)
		return false;
	room = text_room(out, s.len + 2);
	if (!room)
		return true; /* the failure is in `out` */
	room[0] = '"';
	if (s.len)
		memcpy(room + 1, s.p, s.len);
	room[s.len + 1] = '"';
	out->len += s.len + 2;
	return true;
}

void json_write_string(struct text *out, struct str s, unsigned flags)
{
	const char *p = s.p, *const end = s.len ? s.p + s.len : s.p;

	if (!(flags & JSON_ESCAPE_HTML) && write_plain_string(out, s))
		return;
	text_addc(out, '"');
	while (p < end) {
		const char *plain_end = json_skip_plain(p, end);

		if (flags & JSON_ESCAPE_HTML)
			write_plain_html(out, p, plain_end);
		else
			text_add(out, p, (size_t)(plain_end - p));
		p = plain_end;
		if (p == end)
			break;
		if ((unsigned char)*p < 0x80)
			write_escaped(out, (unsigned char)*p);
		else
			text_adds(out, "\\ufffd");
		p++;
	}
	text_addc(out, '"');
}

void json_pointer_add(struct text *out, struct str token)
{
	size_t from = 0;

	text_addc(out, '/');
	for (size_t i = 0; i < token.len; i++) {
		if (token.p[i] != '~' && token.p[i] != '/')
			continue;
		text_add(out, token.p + from, i - from);
		text_adds(out, token.p[i] == '~' ? "~0" : "~1");
		from = i + 1;
	}
	text_add(out, token.p + from, token.len - from);
}

/* --- numbers --- */

int json_write_float(struct text *out, double f)
{
	const double size = fabs(f);
	const size_t from = out->len;

	if (!isfinite(f))
		return -1;
	if (size == 0 || (size >= 1e-6 && size < 1e21)) {
		go_format_float(out, f, 'f', -1, 64);
		return 0;
	}
	go_format_float(out, f, 'e', -1, 64);
	if (!out->failed && out->len - from >= 4 && memcmp(out->data + out->len - 4, "e-0", 3) == 0) {
		out->data[out->len - 2] = out->data[out->len - 1]; /* e-07 is e-7 in Go's JSON */
		out->len--;
	}
	return 0;
}

/* --- lists and maps --- */

static bool is_null(const struct value *v)
{
	while (v->kind == K_PTR && v->u.ptr)
		v = v->u.ptr;
	switch ((enum kind)v->kind) {
	case K_NIL:
	case K_PTR:
		return true;
	case K_LIST:
		return !v->u.list.item;
	case K_MAP:
		return !v->u.map;
	default:
		return false;
	}
}

static void break_line(struct writer *w)
{
	if (!(w->flags & JSON_INDENT))
		return;
	text_addc(w->out, '\n');
	text_fill(w->out, ' ', 2 * (size_t)w->depth);
}

static void write_list(struct writer *w, struct list list)
{
	text_addc(w->out, '[');
	w->depth++;
	for (size_t i = 0; i < list.len; i++) {
		if (i)
			text_addc(w->out, ',');
		break_line(w);
		write_value(w, list.item[i]);
	}
	w->depth--;
	if (list.len)
		break_line(w);
	text_addc(w->out, ']');
}

static void write_member(struct writer *w, const struct map_entry *e, bool *first)
{
	if ((w->flags & JSON_DROP_NULLS) && is_null(e->value))
		return;
	if (!*first)
		text_addc(w->out, ',');
	*first = false;
	break_line(w);
	json_write_string(w->out, e->key, w->flags);
	text_addc(w->out, ':');
	if (w->flags & JSON_INDENT)
		text_addc(w->out, ' ');
	write_value(w, e->value);
}

static int compare_entries(const void *a, const void *b)
{
	const struct map_entry *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

/* The order is of this call only: on the stack where it is short. */
static void write_sorted(struct writer *w, const struct map *m, bool *first)
{
	const struct map_entry *few[SORT_ON_STACK], **entry = few;

	if (m->len > SORT_ON_STACK)
		entry = malloc(m->len * sizeof(*entry));
	if (!entry) {
		w->out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < m->len; i++)
		entry[i] = &m->entry[i];
	qsort(entry, m->len, sizeof(*entry), compare_entries);
	for (uint32_t i = 0; i < m->len; i++)
		write_member(w, entry[i], first);
	if (entry != few)
		free(entry);
}

static void write_map(struct writer *w, const struct map *m)
{
	bool first = true;

	text_addc(w->out, '{');
	w->depth++;
	if ((w->flags & JSON_SORT_KEYS) && m && m->len > 1)
		write_sorted(w, m, &first);
	else
		for (uint32_t i = 0; m && i < m->len; i++)
			write_member(w, &m->entry[i], &first);
	w->depth--;
	if (!first)
		break_line(w);
	text_addc(w->out, '}');
}

static void write_value(struct writer *w, const struct value *v)
{
	while (v->kind == K_PTR && v->u.ptr)
		v = v->u.ptr;
	if (w->depth > LIMIT_VALUE_DEPTH || w->out->failed) {
		w->out->failed = true;
	} else if (is_null(v)) {
		text_adds(w->out, "null");
	} else if (v->kind == K_BOOL) {
		text_adds(w->out, v->u.b ? "true" : "false");
	} else if (v->kind == K_NUMBER) {
		text_add(w->out, v->u.s.p, v->u.s.len);
	} else if (v->kind == K_INT) {
		text_addi(w->out, v->u.i);
	} else if (v->kind == K_FLOAT) {
		if (json_write_float(w->out, v->u.f) < 0)
			w->out->failed = true;
	} else if (v->kind == K_STRING) {
		json_write_string(w->out, v->u.s, w->flags);
	} else if (v->kind == K_LIST) {
		write_list(w, v->u.list);
	} else {
		write_map(w, v->u.map);
	}
}

void json_write(struct text *out, const struct value *v, unsigned flags)
{
	write_value(&(struct writer){.out = out, .flags = flags}, v);
}
