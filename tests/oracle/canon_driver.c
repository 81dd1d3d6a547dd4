/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the lines of canon/main.go on standard input and compares schema_canon(), schema_check() and go_json_marshal() with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patches/schema/schema.h"
#include "patches/value/json.h"

struct counts {
	unsigned long documents, errors, wrong;
};

static struct str written(struct arena *a, const struct value *v)
{
	struct text out;

	text_init(&out, a, 64 << 20);
	json_write(&out, v, JSON_DROP_NULLS | JSON_SORT_KEYS);
	return (struct str){out.data, out.len};
}

/* Go's time package says more than we do; the rest is word for word. */
static bool same_error(const char *got, const char *want)
{
	if (strncmp(want, "parsing time", strlen("parsing time")) == 0)
		return strncmp(got, "parsing time", strlen("parsing time")) == 0;
	return strcmp(got, want) == 0;
}

/* json.Marshal of the document seen as v1.Pod, byte by byte. */
static bool marshals(struct arena *a, const struct value *raw, const char *want)
{
	const struct value *pod = schema_view(a, raw, &go_pod);
	struct err err = {0};
	struct text out;

	text_init(&out, a, 64 << 20);
	if (pod && go_json_marshal(a, &out, pod, JSON_ESCAPE_HTML, &err) == 0 && str_is((struct str){out.data, out.len}, want))
		return true;
	printf("marshal %s\ngot  %.*s\nwant %s\n", err.what, (int)out.len, out.data, want);
	return false;
}

static bool agrees(struct arena *a, const char *document, const char *want)
{
	struct err err = {0}, check_err = {0};
	const struct value *raw = json_parse(a, document, strlen(document), JSON_LAST_WINS | JSON_GO_UTF8, &err);
	const struct value *got = raw ? schema_canon(a, raw, &go_pod, &err) : NULL;
	struct str text, want_text;

	if (raw && (schema_check(raw, &go_pod, &check_err) < 0) != (want[0] == '!')) {
		printf("check: '%s' at %s, want '%s'\n%s\n", check_err.what, check_err.where, want, document);
		return false;
	}
	if (!got || want[0] == '!') {
		if (!got && want[0] == '!' && same_error(err.what, want + 1))
			return true;
		printf("error '%s', want '%s'\n%s\n", err.what, want, document);
		return false;
	}
	if (!marshals(a, raw, want))
		return false;
	text = written(a, got);
	want_text = written(a, json_parse(a, want, strlen(want), 0, &err));
	if (str_eq(text, want_text))
		return true;
	printf("in   %s\ngot  %.*s\nwant %.*s\n", document, (int)text.len, text.p, (int)want_text.len, want_text.p);
	return false;
}

int main(void)
{
	struct counts n = {0};
	char *line = NULL;
	size_t size = 0;
	struct arena a;

	arena_init(&a, 0);
	while (getline(&line, &size, stdin) > 0) {
		char *want = strchr(line, '\t');

		if (!want)
			return EXIT_FAILURE;
		*want++ = '\0';
		want[strcspn(want, "\n")] = '\0';
		n.wrong += !agrees(&a, line, want);
		n.errors += want[0] == '!';
		n.documents++;
		arena_clear(&a);
	}
	printf("%lu documents, %lu of them errors, %lu differ\n", n.documents, n.errors, n.wrong);
	free(line);
	arena_release(&a);
	return n.documents && !n.wrong ? EXIT_SUCCESS : EXIT_FAILURE;
}
