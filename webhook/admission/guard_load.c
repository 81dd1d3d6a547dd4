/* SPDX-License-Identifier: Apache-2.0 */
/* guard.yaml: rules, requirements and exceptions, strictly. */
#include "webhook/admission/guard_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "patches/value/value.h"
#include "patches/yaml/yaml.h"

enum { NAME_MAX_BYTES = 63, MESSAGE_MAX = 200, WARNING_MAX = 119, DAY = 86400 };

/* --- rules --- */

/* A rule while it is read. */
struct draft {
	struct guard_rule rule;
	struct guard_condition condition[GUARD_KINDS];
	bool requirement;
};

static int read_name(struct guard_reader *r, const struct yaml_node *n, struct str *ret)
{
	if (guard_read_text(r, n, "name", ret) < 0)
		return -1;
	for (size_t i = 0; i < ret->len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", ret->p[i]))
			ret->len = 0;
	if (ret->len == 0 || ret->len > NAME_MAX_BYTES)
		return guard_fail(r, n, "a name is 1 to %d of a-z, 0-9, '-' and '.'", NAME_MAX_BYTES);
	return 0;
}

static int rule_name(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;

	return read_name(r, n, &d->rule.name);
}

static int rule_namespaces(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;

	return guard_read_globs(r, n, "namespaces", &d->rule.scope.namespaces);
}

static int rule_except(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;

	return guard_read_globs(r, n, "exceptNamespaces", &d->rule.scope.except);
}

static int rule_selector(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;

	return guard_read_selector(r, n, &d->rule.scope.selector);
}

static int rule_action(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;
	struct str text;

	if (guard_read_text(r, n, "action", &text) < 0)
		return -1;
	for (int i = GUARD_AUDIT; i < GUARD_ACTIONS; i++)
		if (str_is(text, guard_action_name((enum guard_action)i)))
			d->rule.action = (enum guard_action)i;
	if (d->rule.action == GUARD_NONE || (d->requirement && d->rule.action == GUARD_STRIP))
		return guard_fail(r, n, "'%.*s' is no action%s", (int)(text.len < 64 ? text.len : 64), text.p,
			d->requirement ? " of a requirement: use audit, warn or deny"
				       : ": use audit, warn, strip or deny");
	return 0;
}

static int rule_message(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;

	if (guard_read_text(r, n, "message", &d->rule.message) < 0)
		return -1;
	for (size_t i = 0; i < d->rule.message.len; i++)
		if ((unsigned char)d->rule.message.p[i] < ' ')
			return guard_fail(r, n, "a message is one line");
	if (d->rule.message.len > MESSAGE_MAX)
		return guard_fail(r, n, "the message is longer than %d bytes", MESSAGE_MAX);
	return 0;
}

static int add_condition(struct guard_reader *r, struct draft *d, enum guard_kind kind, const struct yaml_node *n)
{
	struct guard_condition *c = &d->condition[d->rule.n_conditions++];

	c->kind = kind;
	d->rule.kinds |= guard_bit(kind);
	return guard_read_condition(r, n, c);
}

static int rule_match(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct draft *d = into;
	struct guard_field field[GUARD_KINDS];

	for (size_t i = 0; i < GUARD_KINDS; i++)
		field[i] = (struct guard_field){.name = guard_kinds[i].name};
	if (n->kind != YAML_NODE_MAP || !n->child)
		return guard_fail(r, n, "match must say what the rule is about, such as injection: off");
	for (const struct yaml_node *key = n->child; key; key = key->next->next) {
		const size_t found = guard_find_field(r, n, key, field, GUARD_KINDS, "match");

		if (found == SIZE_MAX || add_condition(r, d, (enum guard_kind)found, key->next) < 0)
			return -1;
	}
	return 0;
}

static int requirement_image(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	return add_condition(r, into, GUARD_PROXY_IMAGE, n);
}

/* What strip promises it must be able to do. */
static int check_strip(struct guard_reader *r, const struct yaml_node *n, const struct draft *d)
{
	bool takes = false;

	for (size_t i = 0; i < d->rule.n_conditions; i++) {
		const struct guard_kind_row *row = &guard_kinds[d->condition[i].kind];

		takes = takes || row->strips;
		if (!row->strips && !row->of_request)
			return guard_fail(r, n, "rule '%.*s': strip cannot take %s out of a pod; use deny or warn",
				(int)d->rule.name.len, d->rule.name.p, row->name);
	}
	return takes ? 0
		     : guard_fail(r, n, "rule '%.*s': strip has nothing to take out; match something of the pod too",
			       (int)d->rule.name.len, d->rule.name.p);
}

static int check_rule(struct guard_reader *r, const struct yaml_node *n, const struct draft *d)
{
	const struct guard_rule *rule = &d->rule;

	if (rule->action != GUARD_AUDIT && !rule->message.len)
		return guard_fail(r, n, "rule '%.*s' needs a message; write one for whoever made the pod",
			(int)rule->name.len, rule->name.p);
	if (rule->action != GUARD_AUDIT && rule->action != GUARD_DENY &&
		sizeof("guard : ") - 1 + rule->name.len + rule->message.len > WARNING_MAX)
		return guard_fail(r, n,
			"rule '%.*s' makes a warning of more than %d bytes, 'guard NAME: MESSAGE'; shorten its message",
			(int)rule->name.len, rule->name.p, WARNING_MAX);
	return rule->action == GUARD_STRIP ? check_strip(r, n, d) : 0;
}

static int check_unique(
	struct guard_reader *r, const struct yaml_node *n, const struct guard_rule *rule, size_t len, struct str name)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(rule[i].name, name))
			return guard_fail(r, n, "the name '%.*s' is taken already by the one at line %zu; give this one another",
				(int)name.len, name.p, rule[i].line);
	return 0;
}

/* A glob that names no namespace is most likely a mistyped one. */
static int warn_of_globs(struct guard_reader *r, const struct guard_rule *rule)
{
	for (size_t i = 0; r->known->n_namespaces && i < rule->scope.namespaces.len; i++) {
		const struct str glob = rule->scope.namespaces.glob[i];
		bool found = false;

		for (size_t j = 0; j < r->known->n_namespaces && !found; j++)
			found = glob_match(glob, r->known->namespaces[j].name, 0);
		if (!found && guard_warn(r, rule->line,
				      "'%.*s': no namespace of the cluster is named '%.*s': correct or create it",
				      (int)rule->name.len, rule->name.p, (int)glob.len, glob.p) < 0)
			return -1;
	}
	return 0;
}

static const struct guard_field rule_fields[] = {
	{"name", rule_name, true},
	{"namespaces", rule_namespaces, false},
	{"exceptNamespaces", rule_except, false},
	{"namespaceSelector", rule_selector, false},
	{"match", rule_match, true},
	{"action", rule_action, true},
	{"message", rule_message, false},
};
static const struct guard_field requirement_fields[] = {
	{"name", rule_name, true},
	{"namespaces", rule_namespaces, false},
	{"exceptNamespaces", rule_except, false},
	{"namespaceSelector", rule_selector, false},
	{"proxyImage", requirement_image, false},
	{"action", rule_action, true},
	{"message", rule_message, true},
};

static int read_rule(
	struct guard_reader *r, const struct yaml_node *n, bool requirement, struct guard_rule *list, size_t len)
{
	struct draft d = {.requirement = requirement};
	struct guard_condition *conditions;
	const int done = requirement ? guard_read_map(r, n, "a requirement", requirement_fields,
					       ARRAY_LEN(requirement_fields), &d)
				     : guard_read_map(r, n, "a rule", rule_fields, ARRAY_LEN(rule_fields), &d);

	d.rule.line = n->line + 1;
	if (done < 0 || check_rule(r, n, &d) < 0 || check_unique(r, n, r->g->rule, r->g->n_rules, d.rule.name) < 0 ||
		check_unique(r, n, list, len, d.rule.name) < 0)
		return -1;
	conditions = arena_calloc(&r->g->arena, d.rule.n_conditions, sizeof(*conditions));
	if (!conditions)
		return err_nomem(r->err);
	memcpy(conditions, d.condition, d.rule.n_conditions * sizeof(*conditions));
	d.rule.condition = conditions;
	d.rule.number = r->numbered++;
	list[len] = d.rule;
	return warn_of_globs(r, &list[len]);
}

static int read_rules(struct guard_reader *r, const struct yaml_node *n, bool requirement,
	const struct guard_rule **ret, size_t *ret_len)
{
	struct guard_rule *list;

	if (guard_check_list(r, n, requirement ? "require" : "rules", LIMIT_GUARD_RULES) < 0)
		return -1;
	list = arena_calloc(&r->g->arena, n->len, sizeof(*list));
	if (!list)
		return err_nomem(r->err);
	*ret = list;
	for (const struct yaml_node *item = n->child; item; item = item->next) {
		if (read_rule(r, item, requirement, list, *ret_len) < 0)
			return -1;
		++*ret_len;
	}
	return 0;
}

/* --- exceptions --- */

static int exception_name(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;

	return read_name(r, n, &x->name);
}

static int exception_reason(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;

	if (guard_read_text(r, n, "reason", &x->reason) < 0)
		return -1;
	return x->reason.len ? 0 : guard_fail(r, n, "an exception needs a reason");
}

static int exception_rules(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;

	return guard_read_globs(r, n, "rules", &x->rules);
}

static int exception_namespaces(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;

	return guard_read_globs(r, n, "namespaces", &x->namespaces);
}

static int exception_pods(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;

	return guard_read_globs(r, n, "pods", &x->pods);
}

static int exception_users(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;

	return guard_read_globs(r, n, "users", &x->users);
}

static int exception_until(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_exception *x = into;
	struct str text;

	if (guard_read_text(r, n, "until", &text) < 0)
		return -1;
	if (!guard_day(text, &x->until))
		return guard_fail(r, n, "until must be a day as 2027-01-31, got '%.*s'",
			(int)(text.len < 64 ? text.len : 64), text.p);
	x->until += DAY;
	return 0;
}

static const struct guard_field exception_fields[] = {
	{"name", exception_name, true},
	{"rules", exception_rules, true},
	{"namespaces", exception_namespaces, false},
	{"pods", exception_pods, false},
	{"users", exception_users, false},
	{"until", exception_until, true},
	{"reason", exception_reason, true},
};

static bool names_a_rule(const struct guard_rule *rule, size_t len, struct str glob)
{
	for (size_t i = 0; i < len; i++)
		if (glob_match(glob, rule[i].name, 0))
			return true;
	return false;
}

static int check_exception(struct guard_reader *r, const struct yaml_node *n, const struct guard_exception *x)
{
	for (size_t i = 0; i < x->rules.len; i++)
		if (!names_a_rule(r->g->rule, r->g->n_rules, x->rules.glob[i]) &&
			!names_a_rule(r->g->requirement, r->g->n_requirements, x->rules.glob[i]))
			return guard_fail(r, n, "exception '%.*s' is for '%.*s', which no rule is named",
				(int)x->name.len, x->name.p, (int)x->rules.glob[i].len, x->rules.glob[i].p);
	if (!x->namespaces.len && !x->pods.len && !x->users.len)
		return guard_fail(r, n, "exception '%.*s' is for every pod: name namespaces, pods or users",
			(int)x->name.len, x->name.p);
	for (size_t i = 0; i < r->g->n_exceptions; i++)
		if (str_eq(r->g->exception[i].name, x->name))
			return guard_fail(r, n, "the name '%.*s' is taken already by the one at line %zu; give this one another",
				(int)x->name.len, x->name.p, r->g->exception[i].line);
	if (r->known->now && r->known->now >= x->until)
		return guard_warn(r, x->line, "exception '%.*s' has expired: take it out, or give it another day",
			(int)x->name.len, x->name.p);
	return 0;
}

static int read_exceptions(struct guard_reader *r, const struct yaml_node *n)
{
	struct guard_exception *list;

	if (guard_check_list(r, n, "exceptions", LIMIT_GUARD_EXCEPTIONS) < 0)
		return -1;
	list = arena_calloc(&r->g->arena, n->len, sizeof(*list));
	if (!list)
		return err_nomem(r->err);
	r->g->exception = list;
	for (const struct yaml_node *item = n->child; item; item = item->next) {
		struct guard_exception *x = &list[r->g->n_exceptions];

		x->line = item->line + 1;
		if (guard_read_map(r, item, "an exception", exception_fields, ARRAY_LEN(exception_fields), x) < 0 ||
			check_exception(r, item, x) < 0)
			return -1;
		r->g->n_exceptions++;
	}
	return 0;
}

/* --- the file --- */

enum { TOP_RULES, TOP_REQUIRE, TOP_EXCEPTIONS, TOP_LEN };

static const struct guard_field top_fields[TOP_LEN] = {{.name = "rules"}, {.name = "require"}, {.name = "exceptions"}};

/* Exceptions name rules, so they are read last. */
static int read_top(struct guard_reader *r, const struct yaml_node *root)
{
	const struct yaml_node *part[TOP_LEN] = {NULL};

	if (!root || root->kind != YAML_NODE_MAP)
		return guard_fail(r, root, "must be a map with rules; write 'rules: []' where none are meant");
	for (const struct yaml_node *key = root->child; key; key = key->next->next) {
		const size_t found = guard_find_field(r, root, key, top_fields, TOP_LEN, "the file");

		if (found == SIZE_MAX)
			return -1;
		part[found] = key->next;
	}
	if (part[TOP_RULES] && read_rules(r, part[TOP_RULES], false, &r->g->rule, &r->g->n_rules) < 0)
		return -1;
	if (part[TOP_REQUIRE] && read_rules(r, part[TOP_REQUIRE], true, &r->g->requirement, &r->g->n_requirements) < 0)
		return -1;
	return part[TOP_EXCEPTIONS] ? read_exceptions(r, part[TOP_EXCEPTIONS]) : 0;
}

static const struct yaml_node *member(const struct yaml_node *map, const char *key)
{
	for (const struct yaml_node *n = map && map->kind == YAML_NODE_MAP ? map->child : NULL; n; n = n->next->next)
		if (n->kind == YAML_NODE_SCALAR && str_is(n->text, key))
			return n->next;
	return NULL;
}

/* The key guard.yaml of a ConfigMap's manifest. */
static int unwrap(struct guard_reader *r, struct yaml_document *document)
{
	const struct yaml_node *kind = member(document->root, "kind"), *text;

	if (!kind || !str_is(kind->text, "ConfigMap"))
		return 0;
	text = member(member(document->root, "data"), "guard.yaml");
	if (!text || text->kind != YAML_NODE_SCALAR)
		return guard_fail(r, kind, "the ConfigMap has no key 'guard.yaml' under data");
	r->file = arena_printf(&r->g->arena, "%s key 'guard.yaml'", r->file);
	return r->file ? yaml_document_read(&r->g->arena, text->text.p ? text->text : STR(""), document, r->err)
		       : err_nomem(r->err);
}

static int load(struct guard_reader *r, const struct named_text *text)
{
	const struct str source = text->text.p ? text->text : str_of(embedded_guard);
	struct yaml_document document;
	const char *copy;

	if (source.len > LIMIT_CONFIG_BYTES)
		return guard_fail(r, NULL, "the file is larger than %d bytes", LIMIT_CONFIG_BYTES);
	copy = arena_strndup(&r->g->arena, source.p, source.len);
	if (!copy)
		return err_nomem(r->err);
	if (sha256_hex(&source, 1, r->g->digest) < 0)
		return err_set(r->err, ERR_BUG, "cannot compute a SHA-256");
	if (yaml_document_read(&r->g->arena, (struct str){copy, source.len}, &document, r->err) < 0)
		return err_wrap(r->err, "%s: cannot be read as YAML", r->file);
	if (unwrap(r, &document) < 0 || read_top(r, document.root) < 0)
		return err_at(r->err, "%s", r->file);
	for (size_t i = 0; i < r->g->n_rules; i++) {
		r->g->kinds |= r->g->rule[i].kinds;
		if (r->g->rule[i].action > r->g->strongest)
			r->g->strongest = r->g->rule[i].action;
	}
	r->g->counted = arena_calloc(&r->g->arena, 2 * r->numbered, sizeof(*r->g->counted));
	return r->g->counted ? 0 : err_nomem(r->err);
}

void guard_free(struct guard *g)
{
	arena_release(&g->arena);
	free(g);
}

struct guard *guard_load_within(
	const struct named_text *text, const struct guard_known *known, size_t max, struct err *err)
{
	own(guard_unrefp) struct guard *g = calloc(1, sizeof(*g));
	struct err local = {0};
	struct guard_reader r = {.g = g, .known = known, .err = err ? err : &local};

	if (!g) {
		(void)err_nomem(err);
		return NULL;
	}
	atomic_init(&g->refs, 1);
	arena_init(&g->arena, max);
	r.file = text->text.p && text->name ? arena_strndup(&g->arena, text->name, strlen(text->name))
					    : "the embedded guard";
	g->warning = arena_calloc(&g->arena, GUARD_WARNINGS_MAX, sizeof(*g->warning));
	if (!r.file || !g->warning) {
		(void)err_nomem(err);
		return NULL;
	}
	if (load(&r, text) < 0) {
		if (r.err->code == ERR_INPUT || r.err->code == ERR_LIMIT)
			r.err->code = ERR_CONFIG;
		return NULL;
	}
	return take(g);
}

struct guard *guard_load(const struct named_text *text, const struct guard_known *known, struct err *err)
{
	return guard_load_within(text, known, 0, err);
}
