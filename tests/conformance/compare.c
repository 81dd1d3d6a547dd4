/* SPDX-License-Identifier: Apache-2.0 */
/* How a recorded answer and ours are compared: as JSON values, nulls dropped, JSON inside known strings compared as JSON. */
#include "tests/conformance/compare.h"

#include <string.h>

#include "patches/value/json.h"

/* --- the normal form ------------------------------------------------------------------------------------------ */

static const struct value *normal(struct arena *a, const struct value *v, bool offline, bool in_annotations);

static bool holds_json(struct str annotation)
{
	return str_is(annotation, "sidecar.istio.io/status") || str_is(annotation, "proxy.istio.io/overrides");
}

static bool variable_holds_json(struct str name)
{
	static const char *const names[] = {"ISTIO_KUBE_APP_PROBERS", "ISTIO_META_POD_PORTS", "PROXY_CONFIG",
		"ISTIO_PROMETHEUS_ANNOTATIONS"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return true;
	return str_has_prefix(name, "ISTIO_METAJSON_");
}

/* The text as the JSON that it holds; the text itself where it holds none. */
static const struct value *parsed(struct arena *a, const struct value *v)
{
	struct err ignored = {0};
	const struct value *json;

	if (v->kind != K_STRING)
		return v;
	json = json_parse(a, v->u.s.p, v->u.s.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, &ignored);
	return json ? normal(a, json, false, false) : v;
}

static const struct value *normal_list(struct arena *a, const struct value *v, bool offline)
{
	const struct value **item = arena_calloc(a, v->u.list.len, sizeof(*item));

	for (size_t i = 0; item && i < v->u.list.len; i++)
		if (!(item[i] = normal(a, v->u.list.item[i], offline, false)))
			return NULL;
	return item ? value_list(a, item, v->u.list.len) : NULL;
}

static bool is_empty_map(const struct value *v)
{
	return v->kind == K_MAP && (!v->u.map || v->u.map->len == 0);
}

static const struct value *normal_map(struct arena *a, const struct value *v, bool offline, bool in_annotations)
{
	struct map *m = map_new(a, v->u.map ? v->u.map->len : 0);
	const bool env = variable_holds_json(raw_str(v, "name"));

	for (uint32_t i = 0; m && v->u.map && i < v->u.map->len; i++) {
		const struct map_entry *e = &v->u.map->entry[i];
		const struct value *child = e->value;

		if (child->kind == K_NIL)
			continue;
		if ((in_annotations && holds_json(e->key)) || (env && str_is(e->key, "value")))
			child = parsed(a, child);
		else
			child = normal(a, child, offline, str_is(e->key, "annotations"));
		if (!child)
			return NULL;
		if (offline && is_empty_map(child))
			continue;
		if (map_set(a, m, e->key, child) < 0)
			return NULL;
	}
	return m ? value_map(a, m) : NULL;
}

static const struct value *normal(struct arena *a, const struct value *v, bool offline, bool in_annotations)
{
	if (v->kind == K_LIST)
		return normal_list(a, v, offline);
	if (v->kind == K_MAP)
		return normal_map(a, v, offline, in_annotations);
	return v;
}

const struct value *normalise(struct arena *a, const struct value *v, bool offline)
{
	return normal(a, v, offline, false);
}

/* --- differences -------------------------------------------------------------------------------------------------- */

struct report {
	FILE *out;
	size_t budget, found;
	char path[2048];
	size_t path_len;
};

static void print_value(struct report *r, const char *label, const struct value *v)
{
	struct text t;

	text_init(&t, NULL, 1 << 20);
	if (v)
		json_write(&t, v, JSON_SORT_KEYS);
	else
		text_adds(&t, "(absent)");
	fprintf(r->out, "      %s %.*s%s\n", label, (int)(t.len < 400 ? t.len : 400), t.data ? t.data : "", t.len > 400 ? "..." : "");
	text_release(&t);
}

static void differ(struct report *r, const struct value *want, const struct value *got)
{
	r->found++;
	if (r->budget == 0)
		return;
	r->budget--;
	fprintf(r->out, "    %.*s\n", (int)r->path_len, r->path_len ? r->path : "/");
	print_value(r, "want", want);
	print_value(r, "got ", got);
}

static void walk(struct report *r, const struct value *want, const struct value *got);

static void walk_member(struct report *r, struct str key, const struct value *want, const struct value *got)
{
	const size_t before = r->path_len;
	const int n = snprintf(r->path + before, sizeof(r->path) - before, "/%.*s", (int)key.len, key.p);

	if (n > 0 && before + (size_t)n < sizeof(r->path))
		r->path_len = before + (size_t)n;
	if (want && got)
		walk(r, want, got);
	else
		differ(r, want, got);
	r->path_len = before;
}

static void walk_map(struct report *r, const struct value *want, const struct value *got)
{
	for (uint32_t i = 0; want->u.map && i < want->u.map->len && r->found < 1000; i++)
		walk_member(r, want->u.map->entry[i].key, want->u.map->entry[i].value,
			map_get(got->u.map, want->u.map->entry[i].key));
	for (uint32_t i = 0; got->u.map && i < got->u.map->len && r->found < 1000; i++)
		if (!map_get(want->u.map, got->u.map->entry[i].key))
			walk_member(r, got->u.map->entry[i].key, NULL, got->u.map->entry[i].value);
}

static void walk_list(struct report *r, const struct value *want, const struct value *got)
{
	const size_t w = want->u.list.len, g = got->u.list.len;

	for (size_t i = 0; i < (w > g ? w : g) && r->found < 1000; i++) {
		char index[24];

		(void)snprintf(index, sizeof(index), "%zu", i);
		walk_member(r, str_of(index), i < w ? want->u.list.item[i] : NULL, i < g ? got->u.list.item[i] : NULL);
	}
}

static void walk(struct report *r, const struct value *want, const struct value *got)
{
	if (want->kind == K_MAP && got->kind == K_MAP)
		walk_map(r, want, got);
	else if (want->kind == K_LIST && got->kind == K_LIST)
		walk_list(r, want, got);
	else if (!raw_equal(want, got))
		differ(r, want, got);
}

size_t print_differences(FILE *out, const struct value *want, const struct value *got, size_t budget)
{
	struct report r = {.out = out, .budget = budget};

	walk(&r, want, got);
	if (r.found > 0 && budget > 0 && r.found > budget)
		fprintf(out, "    ... %zu differences in all\n", r.found);
	return r.found;
}

/* --- error messages ------------------------------------------------------------------------------------------------- */

/* Every piece between `before` and `after` in want must stand in got, too. */
static bool pieces_match(struct str want, const char *before, const char *after, struct str got, size_t *ret_found)
{
	size_t at;

	while ((at = str_find(want, str_of(before))) != SIZE_MAX) {
		struct str piece = {want.p + at + strlen(before), want.len - at - strlen(before)};
		const size_t end = str_find(piece, str_of(after));

		want = piece;
		if (end == SIZE_MAX)
			continue;
		piece.len = end;
		(*ret_found)++;
		if (str_find(got, piece) == SIZE_MAX)
			return false;
	}
	return true;
}

/* Go's JSON decoder does not say what it read; in the pod that can only be an annotation, which the better message names. */
static bool is_of_decoder(struct str want, struct str got)
{
	static const char stage[] = "failed to run injection template: ";
	static const char *const words[] = {"json: cannot unmarshal", "invalid character", "unexpected end of JSON input"};

	if (!str_has_prefix(want, stage) || !str_has_prefix(got, stage) || str_find(got, STR("annotation '")) == SIZE_MAX)
		return false;
	want = (struct str){want.p + sizeof(stage) - 1, want.len - (sizeof(stage) - 1)};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_has_prefix(want, words[i]))
			return true;
	return false;
}

bool same_complaint(struct str want, struct str got)
{
	size_t found = 0;
	static const char *const marks[][2] = {
		{"for annotation '", "'"}, {"requested template \"", "\""}, {"executing \"inject\" at ", ":"},
		{"invalid prometheus scrape ", ":"},
	};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (!pieces_match(want, marks[i][0], marks[i][1], got, &found))
			return false;
	if (found || is_of_decoder(want, got))
		return true;
	/* Nothing to hold on to: the beginning of the sentence must be the same. */
	want.len = want.len < 40 ? want.len : 40;
	return str_find(got, want) != SIZE_MAX;
}
