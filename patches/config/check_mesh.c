/* SPDX-License-Identifier: Apache-2.0 */
/* The mesh configuration: fields that no release knows, and what makes it unusable. */
#include "patches/config/checking.h"

#include <string.h>

#include "base/limits.h"
#include "base/nearest.h"
#include "patches/mesh/defaults.h"
#include "patches/schema/schema.h"

enum { NAMES_MAX = 256 };

static const struct go_type *message_of(const struct go_type *t)
{
	while (t && (t->kind == GO_PTR || t->kind == GO_SLICE || t->kind == GO_MAP))
		t = t->elem;
	return t && t->special == GO_PB_MESSAGE ? t : NULL;
}

static const char *nearest_field(const struct go_type *t, struct str name)
{
	const char *names[NAMES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < t->n_fields && n < NAMES_MAX; i++)
		if (t->field[i].type->special != GO_PB_ONEOF)
			names[n++] = t->field[i].json_name;
	return nearest_name(name, names, n);
}

/* Fields of old releases stay in a file for years: they do no harm, and the charts of their time wrote them. */
static bool was_known(const struct go_type *t, struct str name)
{
	static const enum release old[] = {RELEASE_1_5, RELEASE_1_6, RELEASE_1_7, RELEASE_1_8};
	const bool mesh = t == mesh_config_type(RELEASE_HEAD), proxy = t == proxy_config_type(RELEASE_HEAD);

	for (size_t i = 0; i < ARRAY_LEN(old) && (mesh || proxy); i++)
		if (go_field_by_json(mesh ? mesh_config_type(old[i]) : proxy_config_type(old[i]), name))
			return true;
	return false;
}

static void check_message(struct checking *c, const struct yaml_node *n, const struct go_type *t, unsigned depth);

static void check_field(struct checking *c, const struct yaml_node *key, const struct go_type *t, unsigned depth)
{
	const struct go_field *f = go_field_by_json(t, key->text);
	const char *nearest;
	struct place place;

	if (f) {
		check_message(c, key->next, f->type, depth + 1);
		return;
	}
	if (was_known(t, key->text) || findings_full(c->f))
		return;
	place = source_node_place(&c->mesh, c->a, key);
	nearest = nearest_field(t, key->text);
	findings_add(c->f, FINDING_WARNING, &place,
		nearest ? findings_text(c->f, "use '%s' if that is meant", nearest) : "take it out",
		"unknown field '%.*s' of %s is ignored", check_shown(key->text), key->text.p,
		t->bare ? t->bare : t->name);
}

static void check_message(struct checking *c, const struct yaml_node *n, const struct go_type *type, unsigned depth)
{
	const struct go_type *t = message_of(type);

	n = node_resolve(n);
	if (!n || !t || depth > LIMIT_YAML_DEPTH)
		return;
	if (n->kind == YAML_NODE_LIST || type->kind == GO_MAP) {
		const bool map = n->kind == YAML_NODE_MAP;

		for (const struct yaml_node *item = map ? n->child ? n->child->next : NULL : n->child; item;
			item = map ? item->next ? item->next->next : NULL : item->next)
			check_message(c, item, t, depth + 1);
		return;
	}
	for (const struct yaml_node *k = n->kind == YAML_NODE_MAP ? n->child : NULL; k && k->next; k = k->next->next)
		if (k->kind == YAML_NODE_SCALAR && !str_is(k->text, "<<"))
			check_field(c, k, t, depth);
}

/* Several problems come as a list: a line each, behind "\t* ". */
static void tell_mesh_error(struct checking *c, const struct place *place, const struct err *cause)
{
	struct str rest = str_of(cause->what);
	const bool list = str_find(rest, STR("\n\t* ")) != SIZE_MAX;

	while (rest.p) {
		struct str line = list ? str_cut(&rest, '\n') : rest;

		if (!list) {
			rest.p = NULL;
		} else if (str_has_prefix(line, "\t* ")) {
			line.p += 3;
			line.len -= 3;
		} else {
			continue;
		}
		findings_add(c->f, FINDING_ERROR, place, "correct it: Istio refuses this mesh configuration too",
			"%.*s", (int)line.len, line.p);
	}
}

void check_mesh(struct checking *c)
{
	const enum release release = c->release_known ? c->release : RELEASE_HEAD;
	struct mesh_warnings warnings = {.arena = c->a};
	struct err err = {0};
	struct place place;

	check_message(c, c->mesh.document.root, mesh_config_type(release), 0);
	if (mesh_parse(c->a, c->mesh.text, release, &warnings, &err))
		return;
	c->f->nomem = c->f->nomem || err.code == ERR_NOMEM;
	place = strncmp(err.where, "line ", 5) == 0 ? source_error_place(&c->mesh, c->a, &err)
						    : source_path_place(&c->mesh, c->a, err.where);
	tell_mesh_error(c, &place, &err);
}
