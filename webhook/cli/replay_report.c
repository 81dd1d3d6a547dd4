/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay found: requests that fare alike, together. */
#include "webhook/cli/replay_report.h"

#include <stdlib.h>
#include <string.h>

#include "patches/digest.h"
#include "patches/yaml/yaml.h"
#include "webhook/cli/line_diff.h"

enum { MANIFEST_MAX = 256 << 20 };

int replay_report_init(struct replay_report *r, struct arena *a, struct err *err)
{
	*r = (struct replay_report){.a = a, .before_name = "before", .after_name = "after", .by_alike = map_new(a, 64)};
	return r->by_alike ? 0 : err_nomem(err);
}

/* An array that grows by doubling: room for one more. */
static void *room_for_one(struct arena *a, void *item, size_t len, size_t size)
{
	return len & (len - 1) ? item : arena_grow(a, item, len * size, (len ? 2 * len : 1) * size);
}

/* --- the first of a group
 * ----------------------------------------------------------------------------------------------- */

static const char *shown(struct arena *a, struct str s)
{
	struct text t;

	text_init(&t, a, 4096);
	text_add_shown(&t, s.p ? s.p : "", s.len < 512 ? s.len : 512);
	return text_cstr(&t);
}

static int write_diff(const struct replay_report *r, struct arena *scratch, const struct recorded *from,
	const struct replay_outcome *o, const char **ret, struct err *err)
{
	const char *namespace = shown(scratch, o->namespace), *name = shown(scratch, o->name);
	const char *title = arena_printf(scratch, "%s:%zu Pod %s%s%s", from->file, from->line,
		namespace ? namespace : "", o->namespace.len ? "/" : "", name ? name : "");
	struct line_diff options = {.before_name = arena_printf(scratch, "%s (%s)", title ? title : "", r->before_name),
		.after_name = arena_printf(scratch, "%s (%s)", title ? title : "", r->after_name),
		.colour = r->colour};
	struct text before, after, out;

	text_init(&before, scratch, MANIFEST_MAX);
	text_init(&after, scratch, MANIFEST_MAX);
	text_init(&out, r->a, MANIFEST_MAX);
	if (!title || !options.before_name || !options.after_name)
		return err_nomem(err);
	if (yaml_write(scratch, &before, o->before.pod, err) < 0 ||
		yaml_write(scratch, &after, o->after.pod, err) < 0 || text_check(&before, "the pod", err) < 0 ||
		text_check(&after, "the pod", err) < 0)
		return -1;
	if (line_diff_write(&out, (struct str){before.data, before.len}, (struct str){after.data, after.len}, &options,
		    err) < 0)
		return -1;
	*ret = text_cstr(&out);
	return *ret ? 0 : err_nomem(err);
}

static int keep_side(struct arena *a, const struct replay_side *from, struct replay_side *ret, struct err *err)
{
	/* Codes of reasons are static. */
	*ret = (struct replay_side){.result = from->result, .reason = from->reason};
	if (from->message)
		ret->message = arena_strndup(a, from->message, strlen(from->message));
	return from->message && !ret->message ? err_nomem(err) : 0;
}

static int begin_group(struct replay_report *r, struct arena *scratch, const struct recorded *from,
	const struct replay_outcome *o, struct err *err)
{
	struct replay_group *all = room_for_one(r->a, r->group, r->len, sizeof(*all));
	struct replay_group g = {.kind = o->kind, .diff = ""};

	if (!all)
		return err_nomem(err);
	r->group = all;
	if (keep_side(r->a, &o->before, &g.before, err) < 0 || keep_side(r->a, &o->after, &g.after, err) < 0)
		return -1;
	if (o->before.pod && o->after.pod && write_diff(r, scratch, from, o, &g.diff, err) < 0)
		return -1;
	all[r->len++] = g;
	return 0;
}

/* --- the groups
 * ------------------------------------------------------------------------------------------------------------ */

static int find_group(struct replay_report *r, struct arena *scratch, const struct recorded *from,
	const struct replay_outcome *o, struct replay_group **ret, struct err *err)
{
	const struct str pieces[] = {str_of(replay_kind_code(o->kind)), o->alike};
	char digest[SHA256_HEX + 1];
	const struct value *place;
	int64_t at = 0;

	if (sha256_hex(pieces, ARRAY_LEN(pieces), digest) < 0)
		return err_set(err, ERR_BUG, "cannot compute a SHA-256");
	place = map_getc(r->by_alike, digest);
	if (place && raw_int(place, &at)) {
		*ret = &r->group[at];
		return 0;
	}
	const char *key = arena_strndup(r->a, digest, SHA256_HEX);

	if (begin_group(r, scratch, from, o, err) < 0)
		return -1;
	place = value_number(r->a, (int64_t)r->len - 1);
	if (!key || !place || map_setc(r->a, r->by_alike, key, place) < 0)
		return err_nomem(err);
	*ret = &r->group[r->len - 1];
	return 0;
}

static int add_pod(struct replay_report *r, struct replay_group *g, const struct recorded *from,
	const struct replay_outcome *o, struct err *err)
{
	struct replay_pod *pod = room_for_one(r->a, g->pod, g->len, sizeof(*pod));
	const struct replay_pod added = {.file = from->file,
		.line = from->line,
		.namespace = shown(r->a, o->namespace),
		.name = shown(r->a, o->name)};

	if (!pod || !added.namespace || !added.name)
		return err_nomem(err);
	g->pod = pod;
	pod[g->len++] = added;
	return 0;
}

int replay_report_add(struct replay_report *r, struct arena *scratch, const struct recorded *from,
	const struct replay_outcome *o, struct err *err)
{
	struct replay_group *g = NULL;

	if (o->kind == REPLAY_SAME) {
		r->same[o->after.result]++;
	} else if (find_group(r, scratch, from, o, &g, err) < 0 || add_pod(r, g, from, o, err) < 0) {
		return -1;
	}
	r->count[o->kind]++;
	return 0;
}

static int by_kind_and_size(const void *left, const void *right)
{
	const struct replay_group *l = left, *r = right;

	if (l->kind != r->kind)
		return l->kind < r->kind ? -1 : 1;
	if (l->len != r->len)
		return l->len > r->len ? -1 : 1;
	/* Of the same size: as they came. Names of files are compared by where they were read from, which is one place
	 * each. */
	if (l->pod[0].file != r->pod[0].file)
		return strcmp(l->pod[0].file, r->pod[0].file);
	return l->pod[0].line < r->pod[0].line ? -1 : l->pod[0].line > r->pod[0].line;
}

void replay_report_sort(struct replay_report *r)
{
	if (r->len)
		qsort(r->group, r->len, sizeof(*r->group), by_kind_and_size);
}
