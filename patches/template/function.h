/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of functions that templates call, and how one is written. */
#ifndef PATCHES_TEMPLATE_FUNCTION_H
#define PATCHES_TEMPLATE_FUNCTION_H

#include "patches/schema/schema.h"
#include "patches/template/template.h"
#include "patches/value/value.h"

/* A running template, as functions see it. */
struct run {
	struct arena *arena;
	const struct template_env *env;
	uint64_t steps; /* spent so far; run_charge() adds and refuses beyond LIMIT_TEMPLATE_STEPS */
	uint64_t look_at; /* steps at which env->time is asked next; never beyond that limit */
	const struct template *template; /* that runs */
	const struct value *data;        /* its $ */
	uint32_t renders;                /* templates that `render` runs within each other */
	uint32_t depth;                  /* of everything that recurses */
};

int run_charge(struct run *r, uint64_t steps, struct err *err) MUST_CHECK;

/*
 * argv: already converted to the parameter's Go type as reflect would (see param below): an argument of an interface{} parameter is
 * the dynamic value (K_NIL when nil). The result is in r->arena, or NULL with err set; err's text is what Go's error would say
 * ("error calling f: " is put before it by the caller). A function that is not span-aware need not think of V_POD: the caller
 * flags the result V_POD when any argument (deeply, for maps and lists: their own flag) holds it.
 */
typedef const struct value *function_call(struct run *r, size_t argc, const struct value *const argv[], struct err *err);

/* A function may return a struct of a type of its own, whose String method (M_STRING) names the field that holds its text. */

enum { FUNCTION_MAX_PARAMS = 6 };

enum function_flag {
	FN_VARIADIC = 1,    /* the last param's type is repeated, zero or more times */
	FN_STRUCTURE = 2,   /* meant to make structure of a pod's strings: its text result is flagged V_STRUCTURE */
	FN_SPAN_AWARE = 4,  /* sets flags of its result itself */
	FN_SHORT_CIRCUIT = 8, /* and, or: arguments are evaluated by the interpreter one at a time */
	FN_MUTATES = 16,    /* changes a map in place (set, unset, merge...) */
};

struct function {
	const char *name;
	function_call *call;
	/* Go's parameter types: NULL stands for reflect.Value/interface{} without conversion. Assignability is checked by the caller
	 * with Go's texts ("wrong type for value; expected string; got int", "wrong number of args for f: want 2 got 1"). */
	const struct go_type *param[FUNCTION_MAX_PARAMS];
	const struct go_type *result; /* static type of the result; NULL for interface{} */
	uint8_t n_params;  /* fixed ones and, when FN_VARIADIC, the repeated one */
	uint8_t flags;     /* function_flag */
	const char *help;  /* one line for the manual */
};

/* Tables sorted by name. */
struct function_table {
	const struct function *row;
	size_t len;
};

/*
 * For param: an interface with methods. A value may be passed where it is a protobuf message (a non-nil *T or a nil one);
 * else the caller says "wrong type for value; expected protoreflect.ProtoMessage; got v1.PodSpec".
 */
extern const struct go_type go_proto_message;

extern const struct function_table go_functions;         /* text/template's own: and, call, eq, ... */
extern const struct function_table sprig_functions;
extern const struct function_table injector_functions_head, injector_functions_v1_8, injector_functions_v1_5;

/* The injector's own win over sprig's, sprig's over Go's; NULL if unknown in this dialect. */
const struct function *function_find(enum template_dialect dialect, struct str name);

/* --- Go's fmt, for functions and for printing values (gofmt.c) ---------------------------------------------- */

/* fmt.Sprintf, fmt.Sprint, fmt.Sprintln over values; every verb, flag and error text (%!d(string=x), %!(EXTRA ...)). */
int go_sprintf(struct run *r, struct text *out, struct str format, size_t argc, const struct value *const argv[], struct err *err) MUST_CHECK;
int go_sprint(struct run *r, struct text *out, size_t argc, const struct value *const argv[], struct err *err) MUST_CHECK;
/* %v of one value: what {{ x }} prints, after one indirection, is this with K_NIL as "<no value>". Pointers that Go would print as an
 * address are an error. */
int go_print_value(struct run *r, struct text *out, const struct value *v, struct err *err) MUST_CHECK;

/* Truth as text/template's `if` sees it. */
bool go_truth(const struct value *v);
/* Whether v, or anything it holds, came from the pod; and where all of that is structure on purpose, V_STRUCTURE too. */
unsigned go_pod_flags(const struct value *v);

/* strconv.Quote, QuoteToASCII (quote.c). */
void go_quote(struct text *out, struct str s);
void go_quote_ascii(struct text *out, struct str s);
/* The text as a template of its own over the same data and with the same functions; its steps count. Errors: as compiling or running. */
int run_render(struct run *r, struct str text, struct rendered *ret, struct err *err) MUST_CHECK;

/* A string result. */
const struct value *run_str(struct run *r, struct text *t, struct err *err) MUST_CHECK;

#endif
