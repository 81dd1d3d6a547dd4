/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of templates and what they render, for the tests of functions. */
#ifndef TESTS_UNIT_RENDER_H
#define TESTS_UNIT_RENDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "patches/schema/schema.h"
#include "patches/template/template.h"
#include "patches/value/json.h"

struct row {
	const char *template;
	const char *want; /* what is printed; or "error: " and a part of the message */
};

/* A template's answer in `a`: its text, or "error: " and the message. */
static inline const char *render(struct arena *a, const char *text, enum template_dialect dialect, const struct value *data,
	const struct template_env *env)
{
	struct err err = {0};
	struct rendered r;
	struct template *t = template_compile("test", str_of(text), dialect, &err);
	struct arena run; /* one of its own: a run may use up all of it */
	const char *answer;

	if (!t)
		return arena_printf(a, "error: %s", err.what);
	arena_init(&run, 0);
	if (template_run(t, &run, data, env, &r, &err) == 0)
		answer = arena_strndup(a, r.text.p, r.text.len);
	else
		answer = arena_printf(a, "error: %s", err.what);
	arena_release(&run);
	template_free(t);
	return answer;
}

/* Whether the row holds; says what differs. */
static inline bool row_holds(const struct row *row, enum template_dialect dialect, const struct value *data, const struct template_env *env)
{
	const bool error = strncmp(row->want, "error: ", 7) == 0;
	struct arena a;
	const char *got;
	bool good;

	arena_init(&a, 0);
	got = render(&a, row->template, dialect, data, env);
	assert_non_null(got);
	good = error ? strncmp(got, "error: ", 7) == 0 && strstr(got, row->want + 7) : strcmp(got, row->want) == 0;
	if (!good)
		print_error("%s\n  want %s\n  got  %s\n", row->template, row->want, got);
	arena_release(&a);
	return good;
}

static inline void check_rows(const struct row *row, size_t n, enum template_dialect dialect, const struct value *data,
	const struct template_env *env)
{
	bool good = true;

	for (size_t i = 0; i < n; i++)
		good = row_holds(&row[i], dialect, data, env) && good;
	assert_true(good);
}

/* JSON as a template would have it; in `a`. */
static inline const struct value *from_json(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *raw = json_parse(a, json, strlen(json), 0, &err);

	assert_non_null(raw);
	raw = value_from_raw(a, raw);
	assert_non_null(raw);
	return raw;
}

/* The rows of functions that look at nothing but their arguments: no data, a clock that stands still. */
static inline void check_function_rows(const struct row *rows, size_t n)
{
	static const struct template_env env = {.now = 1700000000};
	struct arena a;

	arena_init(&a, 0);
	check_rows(rows, n, TEMPLATE_HEAD, from_json(&a, "{}"), &env);
	arena_release(&a);
}

#endif
