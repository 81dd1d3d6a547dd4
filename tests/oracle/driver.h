/* SPDX-License-Identifier: Apache-2.0 */
/* What the drivers of the oracles share: a JSON object a line in, a JSON object a line out. */
#ifndef TESTS_ORACLE_DRIVER_H
#define TESTS_ORACLE_DRIVER_H

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "patches/value/json.h"
#include "patches/value/value.h"

/* Appends the answer to `out`; 0, or -1 with err set, which becomes {"error": ..., "where": ...}. */
typedef int driver_fn(struct arena *a, const struct value *question, struct text *out, struct err *err);

static inline void driver_answer(struct arena *a, driver_fn *fn, char *line, size_t len, struct text *out)
{
	struct err err = {0};
	const struct value *question = json_parse(a, line, len, JSON_GO_UTF8 | JSON_ALLOW_NUL, &err);

	if (question && fn(a, question, out, &err) == 0)
		return;
	text_clear(out);
	text_adds(out, "{\"error\":");
	json_write_string(out, str_of(err.what), 0);
	text_adds(out, ",\"where\":");
	json_write_string(out, str_of(err.where), 0);
	text_adds(out, "}");
}

static inline int driver_main(driver_fn *fn)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	struct arena arena;

	arena_init(&arena, 0);
	while ((len = getline(&line, &cap, stdin)) > 0) {
		struct text out;

		text_init(&out, &arena, LIMIT_ARENA_BYTES);
		driver_answer(&arena, fn, line, (size_t)len, &out);
		(void)fwrite(out.data, 1, out.len, stdout);
		(void)fputc('\n', stdout);
		(void)fflush(stdout);
		arena_clear(&arena);
	}
	free(line);
	arena_release(&arena);
	return 0;
}

#endif
