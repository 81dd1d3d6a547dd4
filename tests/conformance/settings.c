/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of the recorded clusters, loaded once for each combination of settings and environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patches/value/json.h"
#include "tests/conformance/runner.h"

enum { MAX_CONFIGS = 1024 };

static struct cached {
	char *key;
	struct inject_config *config;
} cache[MAX_CONFIGS];
static size_t n_cached;

static struct str env_of(const struct value *env, const char *name)
{
	return raw_str(env, name);
}

static int load(struct arena *a, const char *dir, const struct value *env, struct str objects, struct str revision, const char *release,
	struct inject_config **ret)
{
	const struct str native = env_of(env, "ENABLE_NATIVE_SIDECARS");
	struct config_texts t = {
		.inject_config = {"config.yaml", read_file(a, arena_printf(a, "%s/config.yaml", dir))},
		.values = {"values.json", read_file(a, arena_printf(a, "%s/values.json", dir))},
		.mesh = {"mesh.yaml", read_file(a, arena_printf(a, "%s/mesh.yaml", dir))},
		.cluster_objects = {"nodes", objects},
	};
	struct inject_options o = {
		.revision = revision,
		.istio_version = str_of(release),
		.native = str_is(native, "true") ? NATIVE_TRUE : str_is(native, "false") ? NATIVE_FALSE : NATIVE_AUTO,
		.openshift = str_is(env_of(env, "PLATFORM"), "openshift"),
		.compliance_policy = env_of(env, "COMPLIANCE_POLICY"),
		.variables = env && env->kind == K_MAP ? env->u.map : NULL,
	};
	struct err err = {0};

	*ret = inject_config_load(&t, &o, &err);
	if (!*ret)
		printf("  cannot load %s: %s: %s\n", dir, err.where, err.what);
	return *ret ? 0 : -1;
}

const struct inject_config *settings_config(struct runner *r, const char *folder, struct str id, const struct value *env,
	struct str objects, struct str revision, const char *release)
{
	struct arena a;
	struct text key;
	const char *dir;
	struct cached *slot;

	arena_init(&a, 0);
	text_init(&key, NULL, 1 << 20);
	text_addf(&key, "%s %.*s %.*s %s %.*s ", folder, (int)id.len, id.p, (int)revision.len, revision.p, release, (int)objects.len,
		objects.p ? objects.p : "");
	if (env)
		json_write(&key, env, JSON_SORT_KEYS);
	for (size_t i = 0; i < n_cached; i++) {
		if (strcmp(cache[i].key, text_cstr(&key)) == 0) {
			text_release(&key);
			arena_release(&a);
			return cache[i].config;
		}
	}
	slot = n_cached < MAX_CONFIGS ? &cache[n_cached] : NULL;
	dir = arena_printf(&a, "%s/%s/settings/%.*s", r->root, folder, (int)id.len, id.p);
	if (slot && dir) {
		slot->key = strdup(text_cstr(&key));
		n_cached++;
		(void)load(&a, dir, env, objects, revision, release, &slot->config);
	}
	text_release(&key);
	arena_release(&a);
	return slot ? slot->config : NULL;
}

void settings_release(void)
{
	for (size_t i = 0; i < n_cached; i++) {
		free(cache[i].key);
		inject_config_free(cache[i].config);
	}
	n_cached = 0;
}

struct str cluster_manifests(struct arena *a, const struct value *nodes, bool openshift)
{
	struct text t;

	text_init(&t, a, 1 << 20);
	for (size_t i = 0; nodes && nodes->kind == K_LIST && i < nodes->u.list.len; i++) {
		const struct value *n = nodes->u.list.item[i];
		const struct str name = raw_str(n, "name"), version = raw_str(n, "kubeletVersion");

		text_addf(&t, "---\nkind: Node\nmetadata: {name: %.*s}\nstatus: {nodeInfo: {kubeletVersion: '%.*s'}}\n", (int)name.len,
			name.p, (int)version.len, version.p);
	}
	if (openshift)
		text_adds(&t, "---\nkind: Namespace\nmetadata:\n  name: test-ns\n  annotations:\n"
			      "    openshift.io/sa.scc.uid-range: 1000620000/10000\n"
			      "    openshift.io/sa.scc.supplemental-groups: 1000620000/10000\n");
	return (struct str){t.data ? t.data : "", t.len};
}
