/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of functions: in order, complete, and found in the right one first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "patches/template/function.h"

static const struct {
	const char *name;
	const struct function_table *table;
	size_t least; /* rows */
} tables[] = {
	{"sprig", &sprig_functions, 211}, {"today", &injector_functions_head, 26}, {"1.8", &injector_functions_v1_8, 21},
	{"1.5", &injector_functions_v1_5, 20},
};

static void check_row(const char *table, const struct function *f)
{
	const size_t n = strlen(f->name);

	if (!f->call)
		fail_msg("%s: %s has no function", table, f->name);
	if (!f->help || strncmp(f->help, f->name, n) != 0 || (f->help[n] != ' ' && f->help[n] != ':') || !strstr(f->help, ": "))
		fail_msg("%s: the help of %s must begin with its use", table, f->name);
	if (f->n_params > FUNCTION_MAX_PARAMS || ((f->flags & FN_VARIADIC) && !f->n_params))
		fail_msg("%s: the parameters of %s", table, f->name);
	for (size_t i = f->n_params; i < FUNCTION_MAX_PARAMS; i++)
		if (f->param[i])
			fail_msg("%s: %s has more parameter types than parameters", table, f->name);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
		const struct function_table *table = tables[t].table;

		assert_true(table->len >= tables[t].least);
		for (size_t i = 0; i < table->len; i++) {
			check_row(tables[t].name, &table->row[i]);
			if (i && strcmp(table->row[i - 1].name, table->row[i].name) >= 0)
				fail_msg("%s: %s stands behind %s", tables[t].name, table->row[i].name, table->row[i - 1].name);
		}
	}
}

static const struct function *in(const struct function_table *t, const char *name)
{
	for (size_t i = 0; i < t->len; i++)
		if (strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	return NULL;
}

static void test_find(void **state)
{
	static const struct {
		enum template_dialect dialect;
		const char *name;
		const struct function_table *from; /* NULL: unknown */
	} rows[] = {
		{TEMPLATE_HEAD, "indent", &injector_functions_head}, {TEMPLATE_HEAD, "env", &injector_functions_head},
		{TEMPLATE_HEAD, "omit", &injector_functions_head}, {TEMPLATE_HEAD, "toJson", &sprig_functions},
		{TEMPLATE_HEAD, "slice", &sprig_functions}, {TEMPLATE_HEAD, "printf", &go_functions}, {TEMPLATE_HEAD, "render", NULL},
		{TEMPLATE_HEAD, "required", NULL}, {TEMPLATE_HEAD, "", NULL}, {TEMPLATE_V1_8, "toJson", &injector_functions_v1_8},
		{TEMPLATE_V1_8, "render", &injector_functions_v1_8}, {TEMPLATE_V1_8, "omit", &sprig_functions},
		{TEMPLATE_V1_8, "strdict", NULL}, {TEMPLATE_V1_8, "appendMultusNetwork", &injector_functions_v1_8},
		{TEMPLATE_V1_5, "default", NULL}, {TEMPLATE_V1_5, "quote", NULL}, {TEMPLATE_V1_5, "appendMultusNetwork", NULL},
		{TEMPLATE_V1_5, "toJson", &injector_functions_v1_5}, {TEMPLATE_V1_5, "slice", &go_functions},
		{TEMPLATE_V1_5, "contains", &injector_functions_v1_5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct function *want = rows[i].from ? in(rows[i].from, rows[i].name) : NULL;

		assert_true(!rows[i].from == !want);
		if (function_find(rows[i].dialect, str_of(rows[i].name)) != want)
			fail_msg("%s comes from another table", rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_find)};

	return cmocka_run_group_tests_name("function tables", tests, NULL, NULL);
}
