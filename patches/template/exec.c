/* SPDX-License-Identifier: Apache-2.0 */
/* A run of a template: its errors with place and context, its bounds, its variables, and how it begins and ends. */
#include "patches/template/exec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "patches/template/quote.h"

/* Levels of nodes within nodes at run time; each costs at most 1 KiB of stack. */
enum { MAX_DEPTH = 2048, VARS_FIRST = 32, CONTEXT_CUT = 300, MAX_RENDERS = 8 };

/* --- errors ----------------------------------------------------------------------------------------------------- */

/* What Go puts before its message: "template: inject:1:3: executing "inject" at <.Nope>: ". */
static struct str context_of(struct exec *x, uint32_t line, uint32_t column, size_t room)
{
	struct text t;
	const size_t max = sizeof(x->err->what) - 1;
	struct str name = x->template->name;
	size_t mark;

	text_init(&t, x->run.arena, 64 << 10);
	text_addf(&t, "template: %.*s:%u:%u: executing ", (int)name.len, name.p, line, column);
	quote_with(&t, x->definition->name, '"', false);
	text_adds(&t, " at <");
	mark = t.len;
	node_print(&t, x->at, x->template);
	if (t.len + 3 + room > max && t.len - mark > CONTEXT_CUT && !t.failed) { /* the cause must not be cut off */
		t.len = mark + CONTEXT_CUT;
		text_adds(&t, "...");
	}
	text_adds(&t, ">: ");
	return t.failed ? STR("") : (struct str){t.data, t.len};
}

static bool fail_text(struct exec *x, enum err_code code, const char *message)
{
	uint32_t line, column;
	struct str context;

	if (!x->err)
		return false;
	template_place(x->template, x->at->pos, &line, &column);
	context = context_of(x, line, column, strlen(message));
	err_set(x->err, code, "%.*s%s", (int)context.len, context.p ? context.p : "", message);
	err_at(x->err, "line %u", line);
	return false;
}

bool exec_fail(struct exec *x, const char *fmt, ...)
{
	char message[sizeof(x->err->what)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return fail_text(x, ERR_INPUT, message);
}

bool exec_fail_with(struct exec *x, const char *prefix, struct str name, const struct err *cause)
{
	char message[sizeof(cause->what) + 128];

	if (cause->code == ERR_NOMEM)
		return exec_nomem(x);
	(void)snprintf(message, sizeof(message), "%s%.*s%s%s", prefix, (int)(name.len > 100 ? 100 : name.len), name.p, name.len ? ": " : "", cause->what);
	return fail_text(x, cause->code == ERR_NONE ? ERR_INPUT : cause->code, message);
}

bool exec_nomem(struct exec *x)
{
	err_nomem(x->err);
	return false;
}

bool exec_fail_limit(struct exec *x, const char *what, unsigned long limit)
{
	char message[128];

	(void)snprintf(message, sizeof(message), "%s (limit %lu)", what, limit);
	return fail_text(x, ERR_LIMIT, message);
}

/* Between two looks at the time: some 50 us of plain steps. A step that takes longer costs more of them. */
enum { STEPS_A_LOOK = 4096 };

static bool is_late(struct run *r)
{
	const struct time_check *time = r->env ? &r->env->time : NULL;

	r->look_at = r->steps + STEPS_A_LOOK < LIMIT_TEMPLATE_STEPS ? r->steps + STEPS_A_LOOK : LIMIT_TEMPLATE_STEPS;
	return time && time->is_over && time->is_over(time->ctx);
}

int run_charge(struct run *r, uint64_t steps, struct err *err)
{
	if (steps > LIMIT_TEMPLATE_STEPS || r->steps > LIMIT_TEMPLATE_STEPS - steps) {
		r->steps = LIMIT_TEMPLATE_STEPS;
		return err_set(err, ERR_LIMIT, "the template takes too many steps (limit %d)", LIMIT_TEMPLATE_STEPS);
	}
	r->steps += steps;
	if (r->steps >= r->look_at && is_late(r))
		return err_set(err, ERR_LIMIT, "the request has no time left");
	return 0;
}

bool exec_charge_slowly(struct exec *x, uint64_t steps)
{
	struct err *limit = exec_cause(x);

	return run_charge(&x->run, steps, limit) == 0 || fail_text(x, ERR_LIMIT, limit->what);
}

/* Not err_clear(): a kilobyte would be zeroed for each call. */
struct err *exec_cause(struct exec *x)
{
	x->cause.code = ERR_NONE;
	x->cause.what[0] = x->cause.where[0] = '\0';
	return &x->cause;
}

bool exec_enter(struct exec *x)
{
	if (x->run.depth >= MAX_DEPTH)
		return exec_fail_limit(x, "actions are nested too deep", MAX_DEPTH);
	x->run.depth++;
	return exec_charge(x, 1);
}

void exec_leave(struct exec *x)
{
	x->run.depth--;
}

/* --- variables -------------------------------------------------------------------------------------------------- */

bool var_push(struct exec *x, uint32_t id, struct rv value)
{
	if (x->var_len == x->var_cap) {
		const uint32_t cap = x->var_cap ? x->var_cap * 2 : VARS_FIRST;
		struct variable *var = arena_grow(x->run.arena, x->var, x->var_cap * sizeof(*var), cap * sizeof(*var));

		if (!var)
			return exec_nomem(x);
		x->var = var;
		x->var_cap = cap;
	}
	x->var[x->var_len++] = (struct variable){id, value};
	return true;
}

void var_pop(struct exec *x, uint32_t mark)
{
	x->var_len = mark;
}

struct variable *var_find(struct exec *x, uint32_t id)
{
	const struct str name = x->template->variable[id];

	for (uint32_t i = x->var_len; i > x->var_base; i--)
		if (x->var[i - 1].id == id)
			return exec_charge(x, (x->var_len - i) / 64) ? &x->var[i - 1] : NULL;
	exec_fail(x, "undefined variable: %.*s", (int)name.len, name.p);
	return NULL;
}

/* --- runs ------------------------------------------------------------------------------------------------------- */

static int run(struct run *r, const struct template *t, struct rendered *ret, struct err *err)
{
	struct err local = {0};
	struct exec x = {.run = *r, .template = t, .definition = t->main, .at = t->main->root, .err = err ? err : &local};
	const struct rv dot = {.v = r->data};
	const char *text;
	bool ok;

	x.run.template = t;
	text_init(&x.out, r->arena, LIMIT_TEMPLATE_OUTPUT);
	ok = var_push(&x, VARIABLE_ROOT, dot) && walk_root(&x, dot, t->main->root);
	r->steps = x.run.steps;
	r->look_at = x.run.look_at;
	if (!ok)
		return -1;
	text = text_cstr(&x.out);
	if (!text)
		return err_nomem(err);
	*ret = (struct rendered){{text, x.out.len}, x.span, x.n_spans};
	return 0;
}

int template_run(const struct template *t, struct arena *a, const struct value *data, const struct template_env *env,
	struct rendered *ret, struct err *err)
{
	struct run r = {.arena = a, .env = env, .data = data};

	return run(&r, t, ret, err);
}

int run_render(struct run *r, struct str text, struct rendered *ret, struct err *err)
{
	struct template *t;
	int rc;

	if (r->renders >= MAX_RENDERS)
		return err_set(err, ERR_LIMIT, "render runs within itself too often (limit %d)", MAX_RENDERS);
	if (run_charge(r, text.len, err) < 0)
		return -1;
	t = arena_zalloc(r->arena, sizeof(*t)); /* not freed before the run ends: values may point into it */
	if (!t)
		return err_nomem(err);
	t->arena = r->arena;
	t->name = r->template->name;
	t->text = text;
	t->dialect = r->template->dialect;
	if (template_parse(t, err) < 0)
		return -1;
	r->renders++;
	rc = run(r, t, ret, err);
	r->renders--;
	return rc;
}
