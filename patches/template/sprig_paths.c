/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's paths, as Go's path package treats them. */
#include <string.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

struct cleaning {
	struct text out;
	size_t stuck; /* nothing before here is taken back by .. */
	bool rooted;
};

static void take_back(struct cleaning *c)
{
	if (c->out.len > c->stuck) {
		c->out.len--;
		while (c->out.len > c->stuck && c->out.data[c->out.len] != '/')
			c->out.len--;
	} else if (!c->rooted) {
		text_adds(&c->out, c->out.len ? "/.." : "..");
		c->stuck = c->out.len;
	}
}

static const struct value *clean(struct run *r, struct str path, struct err *err)
{
	struct cleaning c = {.rooted = path.len && path.p[0] == '/'};

	if (charge_bytes(r, path.len, err) < 0)
		return NULL;
	out_init(r, &c.out);
	if (c.rooted)
		text_addc(&c.out, '/');
	c.stuck = c.out.len;
	for (struct str rest = path; rest.p && !c.out.failed;) {
		const struct str name = str_cut(&rest, '/');

		if (!name.len || str_is(name, "."))
			continue;
		if (str_is(name, "..")) {
			take_back(&c);
			continue;
		}
		if (c.out.len != (c.rooted ? 1 : 0))
			text_addc(&c.out, '/');
		text_add(&c.out, name.p, name.len);
	}
	if (!c.out.len)
		text_addc(&c.out, '.');
	return run_str(r, &c.out, err);
}

/* Bytes up to the last slash, that included. */
static size_t directory_len(struct str path)
{
	const char *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;

	return slash ? (size_t)(slash - path.p) + 1 : 0;
}

CALL(sprig_clean)
{
	return clean(r, argv[0]->u.s, err);
}

CALL(sprig_dir)
{
	return clean(r, (struct str){argv[0]->u.s.p, directory_len(argv[0]->u.s)}, err);
}

/* The injector's own: the directory as it is written, with its slash. */
CALL(injector_directory)
{
	return give_str(r, (struct str){argv[0]->u.s.p, directory_len(argv[0]->u.s)}, err);
}

CALL(sprig_base)
{
	struct str path = argv[0]->u.s;
	size_t from;

	if (!path.len)
		return give_cstr(r, ".", err);
	while (path.len && path.p[path.len - 1] == '/')
		path.len--;
	if (!path.len)
		return give_cstr(r, "/", err);
	from = directory_len(path);
	return give_str(r, (struct str){path.p + from, path.len - from}, err);
}

CALL(sprig_ext)
{
	const struct str path = argv[0]->u.s;
	const size_t from = directory_len(path);
	const char *dot = path.len > from ? memrchr(path.p + from, '.', path.len - from) : NULL;

	return give_str(r, dot ? (struct str){dot, path.len - (size_t)(dot - path.p)} : STR(""), err);
}

CALL(sprig_is_abs)
{
	return value_bool(argv[0]->u.s.len && argv[0]->u.s.p[0] == '/');
}
