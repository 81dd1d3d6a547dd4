/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a template's values before it runs, and what is wrong with the names in it. */
#include "patches/template/guess.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "patches/template/exec.h"

enum { NAMES_MAX = 512, MESSAGE_MAX = 1024 };

const struct guess guess_nothing = {NULL, NULL, false};
static const struct guess guess_missing = {NULL, NULL, true};

struct guess guess_type(const struct go_type *type)
{
	return (struct guess){type_is_any(type) ? NULL : type, NULL, false};
}

struct guess guess_value(const struct value *v)
{
	return (struct guess){v->kind == K_NIL ? NULL : go_type_of(v), v, false};
}

bool guess_is_known(struct guess g)
{
	return g.missing || g.value;
}

bool guess_truth(struct guess g)
{
	return g.value && go_truth(g.value);
}

struct guess guess_element(struct guess g)
{
	const struct go_type *t = g.type;

	if (t && t->kind == GO_PTR)
		t = t->elem;
	return t && (t->kind == GO_SLICE || t->kind == GO_MAP) ? guess_type(t->elem) : guess_nothing;
}

/* --- telling
 * ------------------------------------------------------------------------------------------------------------ */

static bool is_enough(const struct guesser *g)
{
	return g->told >= TEMPLATE_PROBLEMS_MAX;
}

static const char *say(struct guesser *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

static const char *say(struct guesser *g, const char *fmt, ...)
{
	char buffer[MESSAGE_MAX];
	const char *copy;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buffer, sizeof(buffer), fmt, ap);
	va_end(ap);
	copy = arena_strndup(g->a, buffer, strlen(buffer));
	g->nomem = g->nomem || !copy;
	return copy ? copy : "";
}

/*
 * Where field number i stands, dot included. The node's own position is as in Go: of what follows the first token, so
 * that ".a.b" is at ".b" and "$x.a" at ".a".
 */
static uint32_t field_pos(const struct node *n, uint32_t i)
{
	const struct name_list *fields = &n->u.path.fields;
	uint32_t pos = n->pos, first = 0;

	if (n->type == NODE_FIELD) {
		if (i == 0)
			return fields->len > 1 ? pos - 1 - (uint32_t)fields->item[0].len : pos;
		first = 1;
	}
	for (uint32_t k = first; k < i; k++)
		pos += 1 + (uint32_t)fields->item[k].len;
	return pos;
}

static void tell(struct guesser *g, uint32_t pos, bool fails, const char *what, const char *remedy)
{
	struct template_problem p = {.fails = fails, .what = what, .remedy = remedy};

	if (is_enough(g))
		return;
	g->told++;
	template_place(g->template, pos, &p.line, &p.column);
	p.column++;
	g->reader->problem(g->reader->context, &p);
}

void guess_use(struct guesser *g, uint32_t pos, struct str name, bool is_function)
{
	uint32_t line, column;

	if (is_enough(g) || !g->reader->cares(g->reader->context, name, is_function))
		return;
	g->told++;
	template_place(g->template, pos, &line, &column);
	g->reader->use(g->reader->context, name, is_function, line, column + 1);
}

static int shown(struct str s)
{
	return (int)(s.len < 64 ? s.len : 64);
}

/* "$pod.Spec": the variable or chain and its fields up to the one before i. */
static const char *path_before(struct guesser *g, const struct node *n, uint32_t i)
{
	struct text t;
	const char *text;

	text_init(&t, g->a, 64 << 10);
	if (n->type == NODE_VARIABLE)
		text_add(
			&t, g->template->variable[n->u.path.variable].p, g->template->variable[n->u.path.variable].len);
	else if (n->type == NODE_CHAIN)
		node_print(&t, n->u.path.of, g->template);
	for (uint32_t k = 0; k < i && t.len < 256; k++) {
		text_addc(&t, '.');
		text_add(&t, n->u.path.fields.item[k].p, n->u.path.fields.item[k].len);
	}
	text = text_cstr(&t);
	g->nomem = g->nomem || !text;
	return text && *text ? text : "the dot";
}

/* --- fields
 * ------------------------------------------------------------------------------------------------------------- */

static size_t names_of(const struct go_type *t, const char **names)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_fields && n < NAMES_MAX; i++)
		if (!(t->field[i].flags & F_ONEOF))
			names[n++] = t->field[i].go_name;
	for (size_t i = 0; i < t->n_methods && n < NAMES_MAX; i++)
		names[n++] = t->method[i].name;
	return n;
}

static struct guess no_such_field(struct guesser *g, const struct go_type *t, const struct node *n, uint32_t i)
{
	const struct str name = n->u.path.fields.item[i];
	const char *names[NAMES_MAX];
	const char *nearest = is_enough(g) ? NULL : nearest_name(name, names, names_of(t, names));

	tell(g, field_pos(n, i), true,
		say(g, "%s has no field '%.*s' (its type is %s)", path_before(g, n, i), shown(name), name.p, t->name),
		nearest ? say(g, "use '%s' if that is meant", nearest)
			: "take it out: the name is of no field that templates of this release can read");
	return guess_nothing;
}

/* Types whose Go fields are not all in the table. */
static bool is_transparent(const struct go_type *t)
{
	return t->special == GO_PLAIN || t->special == GO_PB_MESSAGE;
}

static bool is_data(const struct guesser *g, const struct go_type *t)
{
	const struct go_type *dot = g->question->dot;

	return dot && (t == dot || t == dot->elem);
}

static struct guess field_of_struct(struct guesser *g, const struct go_type *t, const struct node *n, uint32_t i)
{
	const struct str name = n->u.path.fields.item[i];
	const struct go_field *f = go_field_find(t, name, NULL);

	if (is_data(g, t))
		guess_use(g, field_pos(n, i), name, false);
	if (f && is_data(g, t) && str_is(name, "Values") && g->question->values)
		return guess_value(g->question->values);
	if (f)
		return guess_type(f->type);
	return is_transparent(t) ? no_such_field(g, t, n, i) : guess_nothing;
}

/* A part of the values. What they have not is no value, and no field of that fails; a field of null does, and one of a
 * text or number. */
static struct guess field_of_value(struct guesser *g, struct guess receiver, const struct node *n, uint32_t i)
{
	const struct str name = n->u.path.fields.item[i];
	const struct value *v = receiver.value, *found;

	if (v->kind == K_MAP) {
		found = map_get(v->u.map, name);
		return found ? guess_value(found) : guess_missing;
	}
	if (g->certain)
		tell(g, field_pos(n, i), true,
			say(g, "%s is %s in the values, so '.%.*s' of it fails for every pod", path_before(g, n, i),
				v->kind == K_NIL ? "null" : "no map", shown(name), name.p),
			"give it a map in the values, or guard the action with {{ with }}");
	return guess_nothing;
}

struct guess guess_field(struct guesser *g, struct guess receiver, const struct node *n, uint32_t i)
{
	const struct str name = n->u.path.fields.item[i];
	const struct go_type *t = receiver.type;
	const struct go_method *m;

	if (receiver.missing)
		return receiver;
	if (receiver.value && receiver.value->kind != K_STRUCT)
		return field_of_value(g, receiver, n, i);
	if (t && t->kind == GO_PTR)
		t = t->elem;
	if (!t || t->kind == GO_INTERFACE)
		return guess_nothing;
	m = t->n_methods ? go_method_find(t, name) : NULL;
	if (m)
		return guess_type(m->result);
	if (t->kind == GO_STRUCT)
		return field_of_struct(g, t, n, i);
	if (t->kind == GO_MAP)
		return type_has_string_keys(t) ? guess_type(t->elem) : guess_nothing;
	return is_transparent(t) ? no_such_field(g, t, n, i) : guess_nothing;
}

/* --- functions and templates
 * -------------------------------------------------------------------------------------------- */

static size_t add_table(const struct function_table *t, const char **names, size_t n)
{
	for (size_t i = 0; i < t->len && n < NAMES_MAX; i++)
		names[n++] = t->row[i].name;
	return n;
}

static size_t functions_of(enum template_dialect dialect, const char **names)
{
	static const struct function_table *const own[] = {
		[TEMPLATE_HEAD] = &injector_functions_head,
		[TEMPLATE_V1_8] = &injector_functions_v1_8,
		[TEMPLATE_V1_5] = &injector_functions_v1_5,
	};
	size_t n = add_table(own[dialect], names, add_table(&go_functions, names, 0));

	return dialect == TEMPLATE_V1_5 ? n : add_table(&sprig_functions, names, n);
}

void guess_unknown_function(struct guesser *g, const struct node *n)
{
	const struct str name = n->u.identifier.name;
	const enum template_dialect dialect = g->question->dialect;
	const char *names[NAMES_MAX];
	const char *nearest = is_enough(g) ? NULL : nearest_name(name, names, functions_of(dialect, names));
	const bool newer = dialect != TEMPLATE_HEAD && function_find(TEMPLATE_HEAD, name);

	tell(g, n->pos, true, say(g, "function '%.*s' is not defined", shown(name), name.p),
		newer     ? "it came with a later release of Istio: take it out, or use that release's configuration"
		: nearest ? say(g, "use '%s' if that is meant", nearest)
			  : "take it out: neither Istio's injector nor sprig has a function of that name");
}

void guess_unknown_template(struct guesser *g, const struct node *n)
{
	const struct str name = n->u.template.name;

	tell(g, n->pos, true, say(g, "template \"%.*s\" is not defined", shown(name), name.p),
		"define it with {{ define }} in the same template: those of other keys are not seen");
}

void guess_count(struct guesser *g, const struct node *n, uint32_t given)
{
	const struct function *f = n->u.identifier.function;
	const bool variadic = f->flags & FN_VARIADIC;
	const uint32_t want = variadic ? f->n_params - 1U : f->n_params;

	if (given == want || (variadic && given > want))
		return;
	tell(g, n->pos, true,
		say(g, "function '%s' takes %s%u argument%s, but gets %u", f->name, variadic ? "at least " : "", want,
			want == 1 ? "" : "s", given),
		f->help ? say(g, "write it as: %s", f->help) : "correct its arguments");
}

void guess_printed(struct guesser *g, const struct node *command, struct guess value)
{
	const struct node *n = command->u.list.item[0];

	if (!g->certain || command->u.list.len != 1 || (n->type != NODE_FIELD && n->type != NODE_VARIABLE) ||
		!(value.missing || (value.value && value.value->kind == K_NIL)))
		return;
	tell(g, n->type == NODE_FIELD ? field_pos(n, 0) : n->pos, false,
		say(g, "%s is not in the values, so \"<no value>\" is printed",
			path_before(g, n, n->u.path.fields.len)),
		"set it in the values, or give the action a default");
}
