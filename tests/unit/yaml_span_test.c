/* SPDX-License-Identifier: Apache-2.0 */
/* A string of the pod in rendered YAML: it stays one scalar, or it is refused by the template's line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "patches/value/json.h"
#include "patches/yaml/node.h"
#include "patches/yaml/span.h"
#include "patches/yaml/yaml.h"

static struct arena arena;

static int set_up(void **state UNUSED)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	arena_release(&arena);
	return 0;
}

/* What a template prints around a pod's string, which stands for the @. */
static const char *const contexts[] = {
	"a: @\nb: c\n", "- @\n- b\n", "a: x@\nb: c\n", "a: @x\nb: c\n", "a: @/x:1\nb: c\n", "@: a\nb: c\n", "a:\n  @\nb: c\n", "a:\n- @\nb: c\n",
	"a: '@'\nb: c\n", "a: \"@\"\nb: c\n", "\"@\": a\nb: c\n", "a: [@, b]\n", "a: {b: @, c: d}\n", "a: {@: b, c: d}\n", "a: [\"@\", b]\n", "a: ['@', b]\n",
	"a: |\n  @\nb: c\n", "a: >\n  @\n  x\nb: c\n", "a: b # @\nb: c\n", "# @\na: b\n", "a:\n  b: \"x @ y\"\n  c: d\n", "a: @", "@", "a: \"@",
	"- name: x\n  value: @\n- name: y\n", "a: é@é\nb: \"é@\"\n", "a: !!str @\nb: c\n", "a: &x @\nb: *x\n",
};

static const char *const hostile[] = {
	"x", "", " ", "a b", "a  b ", " a", "80,443", "1.5", "true", "~", "null", "\"", "'", "a\"b", "a'b", "\"a\"", "'a'", "\n", "a\n", "\na", "a\nb", "a\n  b", "a\n\n", "\t", "a\tb",
	"\x01", "\x1b[0m", "\x7f", "\xC2\x85", "a\xC2\x85" "b", "\xE2\x80\xA8", "\xEF\xBB\xBF", "\xff", "é", "日本", "{{ .x }}", "{{", "}}", "- ", "- a", "-", "--", "---", "---\n", "\n---\n", "...", "\n...\n",
	": ", ":", "a: b", "a:b", "a:", ":a", "#", " #", "a #b", "a#b", "# a", "&a", "&a b", "*a", "*x", "!!", "!!int 5", "!a b", "%", "%YAML 1.1", "@", "`", "?", "? a", "|", ">", "|\n", "[", "]", "[a]",
	"{", "}", "{a: b}", ",", "a, b", "\\", "\\n", "\\\"", "a\\", "\", x: \"", "', x: '", "\"\nb: evil\nc: \"", "x\nb: evil", "x\n- evil", "x\n  evil: true", "x # ", "x\"\n# ", "\" # ", "' # ", "]\nb: [",
	"<<", "<<: *x", "a\r\nb: evil", "a\rb: evil", "\xE2\x80\xA8" "b: evil", "a: {b: c}", "x, evil: y", "/var/run/x-y_z.sock", "http://a.b/c?d=e&f=g#h", "a@b=c", "10.0.0.0/8,192.168.0.0/16", "*", "-1", "0x1F",
};

struct case_text {
	char text[512];
	struct span span[2];
	struct rendered rendered;
};

/* Puts the string at every @ of the context. */
static void fill(struct case_text *c, const char *context, const char *string)
{
	size_t len = 0, n = 0;

	memset(c->span, 0, sizeof(c->span));
	for (; *context; context++) {
		if (*context != '@') {
			c->text[len++] = *context;
			continue;
		}
		c->span[n].begin = len;
		memcpy(c->text + len, string, strlen(string));
		len += strlen(string);
		c->span[n].end = len;
		c->span[n++].line = 7;
	}
	c->rendered = (struct rendered){{c->text, len}, c->span, n};
}

static void print_shape(struct text *out, const struct value *v)
{
	if (v->kind == K_MAP) {
		text_addf(out, "{%u", v->u.map->len);
		for (uint32_t i = 0; i < v->u.map->len; i++)
			print_shape(out, v->u.map->entry[i].value);
		text_addc(out, '}');
	} else if (v->kind == K_LIST) {
		text_addf(out, "[%zu", v->u.list.len);
		for (size_t i = 0; i < v->u.list.len; i++)
			print_shape(out, v->u.list.item[i]);
		text_addc(out, ']');
	} else {
		text_addc(out, '.');
	}
}

static const char *shape(const struct value *v)
{
	struct text out;

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	print_shape(&out, v);
	return text_cstr(&out);
}

/* What is accepted has the shape that the same template gives a harmless string: no member, no item more or less. */
static void test_shape_is_kept(void **state UNUSED)
{
	size_t accepted = 0, refused = 0;

	for (size_t i = 0; i < ARRAY_LEN(contexts); i++)
		for (size_t k = 0; k < ARRAY_LEN(hostile); k++) {
			struct case_text c, plain;
			struct err err = {0};
			const struct value *got, *want;

			fill(&c, contexts[i], hostile[k]);
			fill(&plain, contexts[i], "harmless");
			got = yaml_parse_rendered(&arena, &c.rendered, &err);
			if (!got) {
				assert_int_equal(err.code, ERR_INPUT);
				assert_true(err.what[0] != '\0');
				refused++;
				continue;
			}
			accepted++;
			want = yaml_parse(&arena, plain.rendered.text, 0, &err);
			if (!*hostile[k])
				continue; /* nothing of the pod's stands there */
			if (!want)
				fail_msg("%.*s: accepted, but %s", (int)c.rendered.text.len, c.text, err.what);
			if (strcmp(shape(got), shape(want)) != 0)
				fail_msg("%.*s: shape %s, want %s", (int)c.rendered.text.len, c.text, shape(got), shape(want));
		}
	assert_true(accepted > 500);
	assert_true(refused > 500);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* The fast check never says yes where the full one says no. */
static void test_fast_check(void **state UNUSED)
{
	static const char alphabet[] = "aZ09_/.-:@= ,#'\"\\[]{}&*!|>%`?~\n\t";
	uint32_t random = 42;
	size_t harmless = 0;

	for (int turn = 0; turn < 60000; turn++) {
		const char *context = contexts[next_random(&random) % ARRAY_LEN(contexts)];
		char string[12];
		size_t len = next_random(&random) % (sizeof(string) - 1);
		struct case_text c;
		struct yaml_document document;
		struct err err = {0};

		for (size_t i = 0; i < len; i++)
			string[i] = alphabet[next_random(&random) % (sizeof(alphabet) - 1) % (turn % 3 ? 64 : 12)];
		string[len] = '\0';
		fill(&c, context, turn % 7 ? string : hostile[next_random(&random) % ARRAY_LEN(hostile)]);
		if (yaml_document_read(&arena, c.rendered.text, &document, &err) == 0 && yaml_spans_harmless(&document, &c.rendered)) {
			harmless++;
			if (yaml_spans_compare(&arena, &c.rendered, &err) < 0)
				fail_msg("%.*s: %s", (int)c.rendered.text.len, c.text, err.what);
		}
		arena_clear(&arena);
	}
	assert_true(harmless > 3000);
}

/* want is the JSON, or NULL where it is refused. */
static const struct {
	const char *context, *string, *want;
} rows[] = {
	{"a: @\nb: c\n", "x y", "{\"a\":\"x y\",\"b\":\"c\"}"},
	{"a: @\nb: c\n", "x ", "{\"a\":\"x\",\"b\":\"c\"}"},
	{"a: @\nb: c\n", "8080", "{\"a\":8080,\"b\":\"c\"}"},
	{"a: @\nb: c\n", "80,443", "{\"a\":\"80,443\",\"b\":\"c\"}"},
	{"a: @\nb: c\n", "\"x: y\"", "{\"a\":\"x: y\",\"b\":\"c\"}"},
	{"a: @\nb: c\n", "\"x \\\" y\"", "{\"a\":\"x \\\" y\",\"b\":\"c\"}"},
	{"a: @\nb: c\n", "x: y", NULL},
	{"a: @\nb: c\n", "x # y", NULL},
	{"a: @/z\nb: c\n", "x #", NULL},
	{"a: @\nb: c\n", "x\nd: e", NULL},
	{"a: @\nb: c\n", "{x: y}", NULL},
	{"a: @\nb: c\n", "&x y", NULL},
	{"a: &x 1\nb: @\n", "*x", NULL},
	{"a: @\nb: c\n", "!!binary aGk=", NULL},
	{"a: \"@\"\nb: c\n", "x: y # z, [w] {v} 'u' &t *s !r %q - é", "{\"a\":\"x: y # z, [w] {v} 'u' &t *s !r %q - é\",\"b\":\"c\"}"},
	{"a: \"@\"\nb: c\n", "x\"\nd: \"e", NULL},
	{"a: \"@\"\nb: c\n", "x\" # ", NULL},
	{"a: '@'\nb: c\n", "x: \"y\" \\", "{\"a\":\"x: \\\"y\\\" \\\\\",\"b\":\"c\"}"},
	{"a: '@'\nb: c\n", "x'\nd: 'e", NULL},
	{"a: '@'\nb: c\n", "it''s", "{\"a\":\"it's\",\"b\":\"c\"}"},
	{"a: [@, b]\n", "x, y", NULL},
	{"a: [@, b]\n", "x] #", NULL},
	{"a: [\"@\", b]\n", "x, y", "{\"a\":[\"x, y\",\"b\"]}"},
	{"a: |\n  @\nb: c\n", "x: y", "{\"a\":\"x: y\\n\",\"b\":\"c\"}"},
	{"a: |\n  @\nb: c\n", "x\n  y", "{\"a\":\"x\\ny\\n\",\"b\":\"c\"}"},
	{"a: |\n  @\nb: c\n", "x\nd: e", NULL},
	{"@: a\nb: c\n", "x", "{\"x\":\"a\",\"b\":\"c\"}"},
	{"@: a\nb: c\n", "x: y", NULL},
	{"@\nb: c\n", "---", NULL},
	{"@: a\nb: c\n", "$patch", NULL},
	{"\"@\": a\nb: c\n", "$retainKeys", NULL},
	{"a: @\nb: c\n", "$(POD_NAME)", "{\"a\":\"$(POD_NAME)\",\"b\":\"c\"}"},
	{"a: &x {y: z}\nb:\n  @: *x\n", "<<", NULL},
	{"b:\n  '@': x\n", "<<", "{\"b\":{\"<<\":\"x\"}}"},
	{"a: b # @\nb: c\n", "x", "{\"a\":\"b\",\"b\":\"c\"}"},
	{"a: b # @\nb: c\n", "x\nd: e", NULL},
	{"a: é@\nb: \"é@\"\n", "日本", "{\"a\":\"é日本\",\"b\":\"é日本\"}"},
	{"a: \"é@\"\nb: \"é@\"\n", "日\"本", NULL},
};

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct case_text c;
		struct err err = {0};
		struct text out;
		const struct value *got;

		fill(&c, rows[i].context, rows[i].string);
		got = yaml_parse_rendered(&arena, &c.rendered, &err);
		if (!got && rows[i].want)
			fail_msg("%s: %s", c.text, err.what);
		if (got && !rows[i].want)
			fail_msg("%.*s: is accepted", (int)c.rendered.text.len, c.text);
		if (!got) {
			assert_string_equal(err.where, "template line 7");
			continue;
		}
		text_init(&out, &arena, LIMIT_ARENA_BYTES);
		json_write(&out, got, 0);
		assert_string_equal(text_cstr(&out), rows[i].want);
	}
}

static void test_message(void **state UNUSED)
{
	struct span span[] = {{.begin = 3, .end = 4, .line = 2}, {.begin = 8, .end = 13, .line = 3}};
	const struct rendered r = {STR("a: x\nb: y\nc: \nd: z\n"), span, 2};
	struct err err = {0};

	assert_null(yaml_parse_rendered(&arena, &r, &err));
	assert_string_equal(err.what, "a value of the pod adds YAML structure at template line 3: b: y");
	assert_string_equal(err.where, "template line 3");
}

/* Where the template itself is at fault, the error is YAML's. */
static void test_fault_of_the_template(void **state UNUSED)
{
	struct span span = {.begin = 3, .end = 4, .line = 2};
	const struct rendered r = {STR("a: x\nb: [y\n"), &span, 1};
	struct err err = {0};

	assert_null(yaml_parse_rendered(&arena, &r, &err));
	assert_string_equal(err.what, "yaml: line 2: did not find expected ',' or ']'");
}

/* What a function made on purpose to be structure may be structure. */
static void test_structure_is_exempt(void **state UNUSED)
{
	struct span span = {.begin = 3, .end = 9, .structure = true, .line = 2};
	const struct rendered r = {STR("a: {b: c}\n"), &span, 1};
	struct err err = {0};

	assert_non_null(yaml_parse_rendered(&arena, &r, &err));
	span.structure = false;
	err_clear(&err);
	assert_null(yaml_parse_rendered(&arena, &r, &err));
}

/* But data in it must not be an order: toYaml of a pod's labels, say. */
static void test_orders_in_structure(void **state UNUSED)
{
	static const char *const texts[] = {"a: {$patch: replace}\n", "a: {\"$patch\": replace}\n", "a: {<<: {b: c}}\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct span span = {.begin = 3, .end = strlen(texts[i]) - 1, .structure = true, .line = 2};
		const struct rendered r = {str_of(texts[i]), &span, 1}, own_text = {str_of(texts[i]), NULL, 0};
		struct err err = {0};

		assert_non_null(yaml_parse_rendered(&arena, &own_text, &err));
		assert_null(yaml_parse_rendered(&arena, &r, &err));
		assert_string_equal(err.where, "template line 2");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shape_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fast_check, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fault_of_the_template, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_structure_is_exempt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_orders_in_structure, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
