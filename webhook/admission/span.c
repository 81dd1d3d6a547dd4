/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text a member's value stands. */
#include "webhook/admission/span.h"

#include <string.h>

/* A cursor over text that is known to be JSON; the bounds are checked all the same. */
struct cursor {
	const char *p, *end;
};

static void skip_space(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
}

/* From the opening quote to behind the closing one. */
static struct str skip_string(struct cursor *c)
{
	const char *start = ++c->p;

	while (c->p < c->end && *c->p != '"')
		c->p += *c->p == '\\' && c->end - c->p > 1 ? 2 : 1;
	if (c->p >= c->end) { /* no valid JSON: matches no key */
		c->p = c->end;
		return (struct str){"", 0};
	}
	return (struct str){start, (size_t)(c->p++ - start)};
}

/* Brackets need not be told apart: in valid JSON they match. */
static void skip_value(struct cursor *c)
{
	size_t depth = 0;

	while (c->p < c->end) {
		const char ch = *c->p;

		if (ch == '"') {
			(void)skip_string(c);
		} else if (ch == '{' || ch == '[') {
			depth++;
			c->p++;
		} else if (ch == '}' || ch == ']') {
			if (!depth)
				return;
			depth--;
			c->p++;
		} else if (!depth && (ch == ',' || ch == ' ' || ch == '\n' || ch == '\t' || ch == '\r')) {
			return;
		} else {
			c->p++;
		}
		if (!depth && (ch == '"' || ch == '}' || ch == ']'))
			return;
	}
}

struct str json_member_span(struct str json, const char *key)
{
	struct cursor c = {json.p, json.p + json.len};

	skip_space(&c);
	if (c.p == c.end || *c.p++ != '{')
		return (struct str){0};
	for (;;) {
		const char *start;
		struct str name;

		skip_space(&c);
		if (c.p == c.end || *c.p != '"')
			return (struct str){0};
		name = skip_string(&c);
		skip_space(&c);
		c.p += c.p < c.end; /* the colon */
		skip_space(&c);
		start = c.p;
		skip_value(&c);
		if (str_is(name, key))
			return (struct str){start, (size_t)(c.p - start)};
		skip_space(&c);
		c.p += c.p < c.end; /* the comma or the end */
	}
}
