/* SPDX-License-Identifier: Apache-2.0 */
/* A run of a template: what its files share. The words are text/template's: dot, pipeline, command, final. */
#ifndef PATCHES_TEMPLATE_EXEC_H
#define PATCHES_TEMPLATE_EXEC_H

#include "base/err.h"
#include "base/limits.h"
#include "patches/template/node.h"

/* reflect.Value as far as templates can tell: the value and how it was come by. */
struct rv {
	const struct value *v; /* NULL: the invalid value, which prints as <no value> */
	bool iface;            /* of static type interface {}: v is what is inside, K_NIL where that is nil */
	bool addr;             /* addressable: methods of *T are there too */
	bool pod;              /* came out of a container of the pod's bytes */
	bool boxed;            /* of an interface type with methods (a oneof): printing does not follow the pointer in it */
};

struct variable {
	uint32_t id;
	struct rv value;
};

struct exec {
	struct run run; /* first: functions get a pointer to it */
	const struct template *template;
	const struct definition *definition; /* that is running */
	const struct node *at;               /* the node that errors name */
	struct text out;
	struct span *span;
	size_t n_spans, spans_cap;
	struct variable *var; /* a stack; those of the running definition from var_base */
	uint32_t var_len, var_cap, var_base;
	uint32_t calls; /* {{template}} within each other */
	struct err *err;
	struct err cause; /* exec_cause() */
};

/* --- exec.c ----------------------------------------------------------------------------------------------------- */

/* Sets the error as Go words it, with place and context; false. */
bool exec_fail(struct exec *x, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for an error that is there already: its text gets place and context, its code stays. */
bool exec_fail_with(struct exec *x, const char *prefix, struct str name, const struct err *cause);
bool exec_fail_limit(struct exec *x, const char *what, unsigned long limit);
bool exec_nomem(struct exec *x);
bool exec_charge_slowly(struct exec *x, uint64_t steps);

static inline bool exec_charge(struct exec *x, uint64_t steps)
{
	if (steps > LIMIT_TEMPLATE_STEPS || x->run.steps + steps >= x->run.look_at)
		return exec_charge_slowly(x, steps);
	x->run.steps += steps;
	return true;
}

/* Where a callee puts its error; empty. One is enough: arguments are evaluated before a call. */
struct err *exec_cause(struct exec *x);
/* Counts a level of recursion; each success is paired with a leave. */
bool exec_enter(struct exec *x);
void exec_leave(struct exec *x);

bool var_push(struct exec *x, uint32_t id, struct rv value);
void var_pop(struct exec *x, uint32_t mark);
/* NULL with the error set where it is not declared (any more). */
struct variable *var_find(struct exec *x, uint32_t id);

/* --- walk.c ----------------------------------------------------------------------------------------------------- */

/* Runs a definition's list; false with the error set. */
bool walk_root(struct exec *x, struct rv dot, const struct node *list);

/* --- eval.c ----------------------------------------------------------------------------------------------------- */

bool eval_pipeline(struct exec *x, struct rv dot, const struct node *pipe, struct rv *ret);
/* An argument for a parameter of that type; NULL: any. */
bool eval_arg(struct exec *x, struct rv dot, const struct go_type *type, const struct node *n, struct rv *ret);

/* What stands in a command: the words (item[0] is the function or field), and what the pipeline brings. */
struct words {
	const struct node *const *item;
	uint32_t len;      /* 0: no arguments, no command */
	const struct rv *final; /* or NULL */
};

/* --- field.c ---------------------------------------------------------------------------------------------------- */

bool eval_fields(struct exec *x, struct rv dot, struct rv receiver, const struct node *n, const struct name_list *fields, struct words words,
	struct rv *ret);

/* --- call.c ----------------------------------------------------------------------------------------------------- */

struct callee {
	struct str name;
	const struct function *function; /* or: */
	const struct go_method *method;
	struct rv receiver;
};

/* at: what errors of the callee name. */
bool eval_call(struct exec *x, struct rv dot, const struct callee *callee, const struct node *at, struct words words, struct rv *ret);
bool validate(struct exec *x, struct rv value, const struct go_type *type, struct rv *ret);
bool type_can_be_nil(const struct go_type *type);

/* --- rv.c ------------------------------------------------------------------------------------------------------- */

/* As an argument or element of interface type. v: never NULL. */
struct rv rv_any(const struct value *v);
/* What an interface holds; of anything else itself. */
struct rv rv_unwrap(struct rv value);
/* Follows pointers and interfaces. *ret_nil: ended at a nil one, which is the result. */
struct rv rv_indirect(struct rv value, bool *ret_nil);
const char *rv_type_name(struct rv value);
bool rv_truth(struct rv value);
/* What functions get: K_NIL for the invalid value; marked where it came out of the pod. NULL: out of memory. */
const struct value *rv_value(struct arena *a, struct rv value) MUST_CHECK;
/* Element types: interface {} or one whose children must be viewed. */
bool type_is_any(const struct go_type *type);
/* Elements; i and e must be there. False: out of memory. */
bool rv_item(struct arena *a, struct rv list, size_t i, struct rv *ret) MUST_CHECK;
bool rv_entry(struct arena *a, struct rv map, const struct map_entry *e, struct rv *ret) MUST_CHECK;
/* The zero value of a type. */
bool rv_zero(struct arena *a, const struct go_type *type, struct rv *ret) MUST_CHECK;
bool type_same(const struct go_type *a, const struct go_type *b);
/* Whether its maps have keys of type string, which field names can look up. */
bool type_has_string_keys(const struct go_type *type);
/* String() in the method set: of the value, or (addr) of its address. */
const struct go_method *rv_stringer(struct rv value);

#endif
