/* SPDX-License-Identifier: Apache-2.0 */
/* What `outrigger check` found: one line each, with its remedy. */
#include "webhook/check/finding.h"

#include <stdarg.h>
#include <stdio.h>

enum { FINDINGS_MAX = 10000, WHAT_MAX = 1024 };

static const struct {
	const char *name, *shown, *colour;
} levels[CHECK_LEVELS] = {
	[CHECK_OK] = {"ok", "ok     ", "\033[32m"},
	[CHECK_INFO] = {"info", "info   ", "\033[36m"},
	[CHECK_WARNING] = {"warning", "WARNING", "\033[33m"},
	[CHECK_ERROR] = {"error", "ERROR  ", "\033[31m"},
};

static bool make_room(struct check_findings *f)
{
	const size_t cap = f->cap ? f->cap * 2 : 64;
	struct check_finding *item;

	if (f->len < f->cap)
		return true;
	item = f->len < FINDINGS_MAX ? arena_grow(f->a, f->item, f->len * sizeof(*item), cap * sizeof(*item)) : NULL;
	if (!item)
		return false;
	f->item = item;
	f->cap = cap;
	return true;
}

void check_found(struct check_findings *f, enum check_level level, const char *code, const char *subject,
	const char *remedy, const char *fmt, ...)
{
	char what[WHAT_MAX];
	va_list ap;
	const char *kept, *about;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	kept = arena_strndup(f->a, what, str_of(what).len);
	about = arena_strndup(f->a, subject, str_of(subject).len);
	if (!kept || !about || !make_room(f)) {
		f->failed = true;
		return;
	}
	f->item[f->len++] =
		(struct check_finding){.level = level, .code = code, .subject = about, .what = kept, .remedy = remedy};
	f->count[level]++;
}

/* Names and messages come from the cluster: nothing in them may move a terminal's cursor. */
static void add_shown(struct text *out, const char *text)
{
	struct str s = str_of(text);

	while (s.len) {
		uint32_t rune;
		const size_t n = utf8_decode(s.p, s.len, &rune);

		if (rune < ' ' || (rune >= 0x7f && rune < 0xa0))
			text_addc(out, ' ');
		else
			text_add_rune(out, rune);
		s = (struct str){s.p + n, s.len - n};
	}
}

static void print_one(struct text *out, const struct check_finding *x, bool colour)
{
	text_addf(out, "%s%s%s %s: ", colour ? levels[x->level].colour : "", levels[x->level].shown,
		colour ? "\033[0m" : "", x->code);
	add_shown(out, x->subject);
	text_adds(out, x->subject[0] ? ": " : "");
	add_shown(out, x->what);
	if (x->remedy) {
		text_adds(out, "; remedy: ");
		add_shown(out, x->remedy);
	}
	text_addc(out, '\n');
}

void check_findings_print(struct text *out, const struct check_findings *f, bool colour)
{
	for (unsigned level = CHECK_LEVELS; level-- > 0;)
		for (size_t i = 0; i < f->len; i++)
			if (f->item[i].level == level)
				print_one(out, &f->item[i], colour);
	if (f->count[CHECK_ERROR] + f->count[CHECK_WARNING] == 0)
		text_adds(out, "healthy: ");
	text_addf(out, "%zu errors, %zu warnings, %zu notes, %zu checks passed\n", f->count[CHECK_ERROR],
		f->count[CHECK_WARNING], f->count[CHECK_INFO], f->count[CHECK_OK]);
}

/* --- as a value
 * ------------------------------------------------------------------------------------------------------- */

/* Sets a member; a map that has failed stays NULL. */
static void set(struct arena *a, struct map **m, const char *key, const struct value *v)
{
	if (*m && (!v || map_setc(a, *m, key, v) < 0))
		*m = NULL;
}

static const struct value *one_value(struct arena *a, const struct check_finding *x)
{
	struct map *m = map_new(a, 5);

	set(a, &m, "level", value_cstr(a, levels[x->level].name));
	set(a, &m, "code", value_cstr(a, x->code));
	set(a, &m, "subject", value_cstr(a, x->subject));
	set(a, &m, "what", value_cstr(a, x->what));
	if (x->remedy)
		set(a, &m, "remedy", value_cstr(a, x->remedy));
	return m ? value_map(a, m) : NULL;
}

static const struct value *summary_value(struct arena *a, const struct check_findings *f)
{
	struct map *m = map_new(a, CHECK_LEVELS);

	for (size_t i = 0; i < CHECK_LEVELS; i++)
		set(a, &m, levels[i].name, value_number(a, (int64_t)f->count[i]));
	return m ? value_map(a, m) : NULL;
}

const struct value *check_findings_value(struct arena *a, const struct check_findings *f)
{
	const struct value **item = arena_calloc(a, f->len, sizeof(*item));
	struct map *m = map_new(a, 2);

	for (size_t i = 0; item && i < f->len; i++) {
		item[i] = one_value(a, &f->item[i]);
		if (!item[i])
			return NULL;
	}
	set(a, &m, "summary", summary_value(a, f));
	set(a, &m, "findings", item ? value_list(a, item, f->len) : NULL);
	return m ? value_map(a, m) : NULL;
}
