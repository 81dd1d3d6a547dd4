/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a compiled template. */
#include "patches/template/template.h"

#include <stdlib.h>

#include "base/limits.h"
#include "patches/template/node.h"

/* A tree takes about forty times its text where that is all actions. */
enum { ARENA_MAX = 1 << 30 };

struct template *template_compile(const char *name, struct str text, enum template_dialect dialect, struct err *err)
{
	struct template *t;

	if (text.len > LIMIT_CONFIG_BYTES) {
		err_set(err, ERR_LIMIT, "template: %s: larger than %d bytes", name, LIMIT_CONFIG_BYTES);
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		err_nomem(err);
		return NULL;
	}
	arena_init(&t->own, ARENA_MAX);
	t->arena = &t->own;
	t->name = str_of(name);
	t->name.p = arena_strndup(t->arena, t->name.p, t->name.len);
	t->text = (struct str){arena_strndup(t->arena, text.p, text.len), text.len};
	t->dialect = dialect;
	if (!t->name.p || !t->text.p)
		err_nomem(err);
	else if (template_parse(t, err) == 0)
		return t;
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	arena_release(&t->own);
	free(t);
}

void template_freep(struct template **slot)
{
	template_free(*slot);
}
