/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's text/template with sprig and the injector's own functions. Compiled once, run many times, from several threads.
 * Sources: pkg.go.dev/text/template, masterminds.github.io/sprig (3.3.0), Istio's pkg/kube/inject.
 */
#ifndef PATCHES_TEMPLATE_TEMPLATE_H
#define PATCHES_TEMPLATE_TEMPLATE_H

#include "patches/value/value.h"

struct template; /* immutable after compile */

/* Which functions a template may name: by the release whose ConfigMap it comes from (injector-facts.md, A1 and B2). */
enum template_dialect {
	TEMPLATE_HEAD, /* `templates:` of 1.9 and later: sprig, and the injector's own functions of today */
	TEMPLATE_V1_8, /* `template:` of 1.8: sprig, and the functions of 1.8 */
	TEMPLATE_V1_5, /* `template:` of 1.5 to 1.7: the functions of 1.5, no sprig */
};

/*
 * name: as Go's errors show it ("inject"). The text is copied. NULL with err set as Go words it ("template: inject:3: unexpected
 * {{end}}"), code ERR_CONFIG, where = "line N". The template owns its memory.
 */
struct template *template_compile(const char *name, struct str text, enum template_dialect dialect, struct err *err) MUST_CHECK;
void template_free(struct template *t);
void template_freep(struct template **slot);

/* A piece of the rendered text that the pod chose: [begin, end) in bytes. */
struct span {
	size_t begin, end;
	bool structure;      /* made by a function that is meant to produce structure */
	uint32_t line;       /* of the template: where the action stands */
};

struct rendered {
	struct str text;
	const struct span *span; /* ascending, not overlapping */
	size_t n_spans;
};

/* Asked now and then during a run: whether its time is over. Who has a clock gives it; is_over NULL: it never is. */
struct time_check {
	bool (*is_over)(void *ctx);
	void *ctx;
};

/* What the functions may ask of the world; all of it is fixed before the run. */
struct template_env {
	/* The allow-listed environment (`env KEY DEFAULT`): K_MAP of strings, or NULL. */
	const struct map *variables;
	int64_t now; /* seconds since 1970, for sprig's date functions */
	struct time_check time;
};

/*
 * Runs it over `data` (the dot; a typed value, usually of go_ptr_template_data). Result and everything it made are in `a`.
 * Errors as Go words them ("template: inject:1:3: executing \"inject\" at <.Nope>: can't evaluate field ..."): ERR_INPUT; the bounds of
 * limits.h: ERR_LIMIT, with template, line and column too.
 */
int template_run(const struct template *t, struct arena *a, const struct value *data, const struct template_env *env,
	struct rendered *ret, struct err *err) MUST_CHECK;

#endif
