/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation as text and as a value. */
#include <string.h>

#include "webhook/cli/explanation.h"

static void add_shown(struct text *out, struct str s)
{
	text_add_shown(out, s.p, s.len);
}

static void print_title(struct text *out, const struct explanation *x)
{
	const struct reason_row *why = reason_row(x->result.reason);
	static const char *const verdict[] = {[RESULT_INJECTED] = "injected", [RESULT_SKIPPED] = "left alone", [RESULT_REFUSED] = "refused"};

	add_shown(out, x->kind);
	text_addc(out, ' ');
	add_shown(out, x->namespace);
	text_adds(out, x->namespace.len ? "/" : "");
	add_shown(out, x->name);
	text_adds(out, " (");
	add_shown(out, str_of(x->source));
	text_addf(out, "): %s, %s (%s)\n", verdict[why->result], why->text, why->code);
}

void explanation_print(struct text *out, const struct explanation *x)
{
	print_title(out, x);
	for (size_t i = 0; i < x->len; i++) {
		const struct explain_row *r = &x->row[i];

		text_addf(out, "%s%2zu. %-22s", r->outcome && strcmp(r->outcome, "decides") == 0 ? "=> " : "   ", i + 1, r->step);
		if (r->outcome)
			text_addf(out, " %-10s", r->outcome);
		text_addc(out, ' ');
		add_shown(out, str_of(r->detail));
		text_addc(out, '\n');
	}
	for (size_t i = 0; i < x->result.n_warnings; i++) {
		text_adds(out, "   warning: ");
		add_shown(out, str_of(x->result.warning[i]));
		text_addc(out, '\n');
	}
}

/* Sets a string; a map that has failed stays NULL. */
static void set(struct arena *a, struct map **m, const char *key, const struct value *v)
{
	if (*m && (!v || map_setc(a, *m, key, v) < 0))
		*m = NULL;
}

static const struct value *row_value(struct arena *a, const struct explain_row *r, size_t number)
{
	struct map *m = map_new(a, 4);

	set(a, &m, "number", value_number(a, (int64_t)number));
	set(a, &m, "step", value_cstr(a, r->step));
	if (r->outcome)
		set(a, &m, "outcome", value_cstr(a, r->outcome));
	set(a, &m, "detail", value_cstr(a, r->detail));
	return m ? value_map(a, m) : NULL;
}

static const struct value *chain_value(struct arena *a, const struct explanation *x)
{
	const struct value **item = arena_calloc(a, x->len, sizeof(*item));

	for (size_t i = 0; item && i < x->len; i++) {
		item[i] = row_value(a, &x->row[i], i + 1);
		if (!item[i])
			return NULL;
	}
	return item ? value_list(a, item, x->len) : NULL;
}

static const struct value *warnings_value(struct arena *a, const struct explanation *x)
{
	const struct value **item = arena_calloc(a, INJECT_MAX_WARNINGS, sizeof(*item));

	for (size_t i = 0; item && i < x->result.n_warnings; i++) {
		item[i] = value_cstr(a, x->result.warning[i]);
		if (!item[i])
			return NULL;
	}
	return item ? value_list(a, item, x->result.n_warnings) : NULL;
}

const struct value *explanation_value(struct arena *a, const struct explanation *x)
{
	const struct reason_row *why = reason_row(x->result.reason);
	struct map *m = map_new(a, 12);

	set(a, &m, "kind", value_str(a, x->kind));
	set(a, &m, "namespace", value_str(a, x->namespace));
	set(a, &m, "name", value_str(a, x->name));
	set(a, &m, "source", value_cstr(a, x->source));
	set(a, &m, "result", value_cstr(a, reason_result_name(why->result)));
	set(a, &m, "reason", value_cstr(a, why->code));
	set(a, &m, "chain", chain_value(a, x));
	set(a, &m, "warnings", warnings_value(a, x));
	return m ? value_map(a, m) : NULL;
}
