/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that the webhook's URL carries, and the cluster and network of a pod. */
#include "patches/pod/url_env.h"

#include <ctype.h>
#include <string.h>

#include "patches/pod/names.h"

static const char legacy_mark[] = ":ENV:";

static int put(struct arena *a, struct map *env, struct str key, struct str value)
{
	const struct value *v = value_str(a, value);
	char *upper;

	if (str_is(key, "cluster"))
		key = STR(ENV_CLUSTER);
	else if (str_is(key, "net"))
		key = STR(ENV_NETWORK);
	if (!key.len)
		return 0;
	upper = arena_strndup(a, key.p, key.len);
	if (!upper || !v)
		return -1;
	for (size_t i = 0; i < key.len; i++)
		upper[i] = (char)toupper((unsigned char)upper[i]);
	return map_set(a, env, (struct str){upper, key.len}, v);
}

/* Slashes cannot stand in a value of the path: they are written --slash--. */
static struct str with_slashes(struct arena *a, struct str s)
{
	const struct str mark = STR("--slash--");
	struct text t;
	size_t at;

	if (str_find(s, mark) == SIZE_MAX)
		return s;
	text_init(&t, a, s.len);
	while ((at = str_find(s, mark)) != SIZE_MAX) {
		text_add(&t, s.p, at);
		text_addc(&t, '/');
		s.p += at + mark.len;
		s.len -= at + mark.len;
	}
	text_add(&t, s.p, s.len);
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data ? t.data : "", t.len};
}

static int read_pairs(struct arena *a, struct map *env, struct str rest)
{
	while (rest.p) {
		const struct str key = str_cut(&rest, '/');
		struct str value;

		if (!rest.p)
			return 0;
		value = with_slashes(a, str_cut(&rest, '/'));
		if (!value.p || put(a, env, key, value) < 0)
			return -1;
	}
	return 0;
}

static int read_legacy(struct arena *a, struct map *env, struct str rest)
{
	const struct str mark = STR(":ENV:");

	while (rest.len) {
		struct str pair = rest, key;
		const size_t next = str_find(rest, mark);

		pair.len = next == SIZE_MAX ? rest.len : next;
		rest.p += pair.len;
		rest.len -= pair.len;
		if (rest.len) {
			rest.p += mark.len;
			rest.len -= mark.len;
		}
		key = str_cut(&pair, '=');
		if (key.len && pair.p && put(a, env, key, pair) < 0)
			return -1;
	}
	return 0;
}

struct map *url_env(struct arena *a, struct str path)
{
	struct map *env = map_new(a, 4);
	struct str rest = path;
	int result;

	if (!env || !path.p)
		return env;
	if (rest.len && rest.p[rest.len - 1] == '/')
		rest.len--;
	(void)str_cut(&rest, '/');
	if (rest.p)
		(void)str_cut(&rest, '/'); /* "inject" */
	if (!rest.p)
		return env;
	result = str_has_prefix(rest, legacy_mark) ? read_legacy(a, env, rest) : read_pairs(a, env, rest);
	return result < 0 ? NULL : env;
}

static int put_if_set(struct arena *a, struct map *env, const char *name, struct str value)
{
	const struct value *v = value_str(a, value);

	return !value.len ? 0 : v ? map_setc(a, env, name, v) : -1;
}

static struct str in_map(const struct map *m, const char *key)
{
	const struct value *v = map_getc(m, key);

	return v && v->kind == K_STRING ? v->u.s : STR("");
}

struct str cluster_env(struct arena *a, const struct inject_config *c, const struct value *pod, struct map *env, bool *ret_failed)
{
	const struct value *global = raw_get(c->raw_values, "global"), *labels = raw_path(pod, "metadata", "labels", NULL);
	struct str cluster = in_map(env, ENV_CLUSTER), network = in_map(env, ENV_NETWORK);

	if (!cluster.len)
		cluster = raw_str(raw_get(global, "multiCluster"), "clusterName");
	if (!network.len)
		network = raw_str(global, "network");
	if (raw_get(labels, LABEL_NETWORK))
		network = raw_str(labels, LABEL_NETWORK);
	*ret_failed = put_if_set(a, env, ENV_CLUSTER, cluster) < 0 || put_if_set(a, env, ENV_NETWORK, network) < 0;
	return cluster.len ? cluster : STR("Kubernetes");
}

/* The container's env without the variables that are set anew. */
static void drop_variables(struct pod_edit *e, struct map *container, const struct map *env)
{
	const struct value *old = map_getc(container, "env");
	const size_t len = old && old->kind == K_LIST ? old->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len, sizeof(*item));
	size_t kept = 0;

	if (!item) {
		e->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (!map_get(env, raw_str(old->u.list.item[i], "name")))
			item[kept++] = old->u.list.item[i];
	if (kept != len)
		member_set(e, container, "env", value_list(e->a, item, kept));
}

void container_set_env(struct pod_edit *e, struct container_list *l, size_t index, const struct map *env)
{
	const struct map_entry *const *sorted = map_sorted(e->a, env);
	struct map *container = container_edit(e, l, index);

	if (!container || !sorted) {
		e->failed = true;
		return;
	}
	drop_variables(e, container, env);
	for (uint32_t i = 0; i < env->len; i++)
		env_append(e, container, sorted[i]->key, sorted[i]->value->u.s);
}

void apply_cluster_env(struct pod_edit *e, const struct map *env)
{
	size_t index;
	struct container_list *l = container_where(e, CONTAINER_PROXY, &index);

	if (l && env->len)
		container_set_env(e, l, index, env);
}
