/* SPDX-License-Identifier: Apache-2.0 */
/* One check of a configuration under way, as its parts share it. */
#ifndef PATCHES_CONFIG_CHECKING_H
#define PATCHES_CONFIG_CHECKING_H

#include "patches/config/check.h"
#include "patches/config/source.h"

struct checking {
	struct arena *a;
	const struct config_texts *texts;
	const struct inject_options *options;
	struct findings *f;
	struct source config, values, mesh; /* value NULL: not there, or cannot be read */
	bool release_known;                 /* false: neither format is there */
	enum release release;
	int minor; /* of --istio-version or values.global.tag; -1: not told */
};

/* check_config.c: the keys of the injector's own file; check_values.c; check_mesh.c; check_templates.c */
void check_config(struct checking *c);
void check_values(struct checking *c);
void check_mesh(struct checking *c);
int check_templates(struct checking *c, struct err *err) MUST_CHECK;
/* check_trial.c: injects sample pods. config: loaded from the same texts and options. */
int check_trial(struct checking *c, const struct inject_config *config, struct err *err) MUST_CHECK;

/* --- what they share ------------------------------------------------------------------------------------------------
 */

/* Keys of a map that are none of the names: ignored, and told with the one that may be meant. */
void check_keys(struct checking *c, const struct source *s, const struct yaml_node *map, const char *const *names,
	size_t n, const char *what);
/* The text of a template, its place with it: by name of `templates`, or `template` where name is NULL. False where it
 * is no text. */
bool check_template_source(struct checking *c, const struct yaml_node *text, struct str name, struct source *ret);
/* Istio's configuration holds templates for gateways and waypoints too, with data of their own: injection never runs
 * these. */
bool check_is_gateway_template(const struct checking *c, struct str name, struct str text);
/* Whether defaultTemplates or an alias names it. */
bool check_names_template(const struct checking *c, struct str name);
/* The node of key `templates`' map, or NULL. */
const struct yaml_node *check_templates_node(const struct checking *c);

/* Bytes of input for %.*s. */
static inline int check_shown(struct str s)
{
	return (int)(s.len < 64 ? s.len : 64);
}

#endif
