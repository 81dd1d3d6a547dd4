/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of `outrigger serve --cluster`: what the Kubernetes API holds. */
#include "webhook/cli/clustering.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "patches/value/json.h"
#include "webhook/cli/access.h"
#include "webhook/cli/configure.h"
#include "webhook/cluster/keep.h"

enum {
	DISCOVERY_EVERY_MS = 300000, /* a cluster is upgraded, or its API server given other flags, while we run */
	DISCOVERY_AGAIN_MS = 2000,
	DISCOVERY_AGAIN_MAX_MS = 30000,
	DISCOVERY_TRIES = 3, /* then the first configuration does without its word */
	NODES_A_PAGE = 50,   /* each of some 20 KiB: they list their images */
	NAMES_MAX = 64 << 10,
	OBJECTS_MAX = 5 * LIMIT_KEPT_TOTAL, /* of four kinds, and the commas between them */
	ARENA_MAX = 4 * OBJECTS_MAX,        /* it grows by doubling; and the ConfigMaps, read */
};

/* In this order among the informer's sources; the guard's ConfigMap is last, and need not be there. */
enum { INJECTOR, MESH, NODES, NAMESPACES, ACCOUNTS, PROXY_CONFIGS, GUARD, SOURCES };

/* As metrics name them. */
static const char *const labels[SOURCES] = {
	[INJECTOR] = "injector-configmap", [MESH] = "mesh-configmap", [NODES] = "nodes", [NAMESPACES] = "namespaces",
	[ACCOUNTS] = "serviceaccounts", [PROXY_CONFIGS] = "proxyconfigs", [GUARD] = "guard-configmap"};

/* --- options -------------------------------------------------------------------------------------------------------- */

static int check_options(const struct options *o, struct err *err)
{
	const struct {
		const char *name, *value;
	} files[] = {{"inject-config", o->inject_config}, {"values", o->values}, {"mesh-config", o->mesh_config},
		{"cluster-objects", o->cluster_objects}};

	for (size_t i = 0; o->cluster && i < ARRAY_LEN(files); i++)
		if (files[i].value)
			return err_set(err, ERR_CONFIG, "--%s has no place beside --cluster, which reads that from the API; leave one of them out",
				files[i].name);
	if (o->guard_configmap && !o->cluster)
		return err_set(err, ERR_CONFIG, "--guard-configmap needs --cluster; a file is named by --guard-config");
	if (o->guard_configmap && o->guard_config)
		return err_set(err, ERR_CONFIG, "--guard-configmap and --guard-config are two guards: give one");
	return 0;
}

/* --- what is followed ----------------------------------------------------------------------------------------------- */

/* One by its name, so that a Role with resourceNames is right enough. */
static int config_map(struct clustering *c, const char *name, struct reflector_options *ret, struct err *err)
{
	const char *namespace = c->options->istio_namespace;
	struct text query;

	text_init(&query, &c->arena, NAMES_MAX);
	text_adds(&query, "fieldSelector=metadata.name%3D");
	cluster_escape(&query, str_of(name));
	*ret = (struct reflector_options){
		.what = arena_printf(&c->arena, "ConfigMap %s/%s", namespace, name),
		.place = {.api = "/api/v1", .resource = "configmaps", .namespace = namespace},
		.query = text_cstr(&query),
		.keep = keep_config_map,
	};
	return ret->what && ret->query ? 0 : err_nomem(err);
}

/* istio-sidecar-injector[-REVISION], as Istio's chart names them. */
static const char *by_revision(struct clustering *c, const char *name)
{
	const char *revision = c->options->revision;

	return !revision[0] || strcmp(revision, "default") == 0 ? name : arena_printf(&c->arena, "%s-%s", name, revision);
}

static size_t n_sources(const struct clustering *c)
{
	return c->options->guard_configmap ? SOURCES : GUARD;
}

static int name_sources(struct clustering *c, struct informer_options *ret, struct err *err)
{
	const char *injector = by_revision(c, "istio-sidecar-injector"), *mesh = by_revision(c, "istio");

	ret->source[NODES] = (struct reflector_options){.what = "nodes", .place = {.api = "/api/v1", .resource = "nodes"},
		.page = NODES_A_PAGE, .keep = keep_node};
	ret->source[NAMESPACES] = (struct reflector_options){.what = "namespaces",
		.place = {.api = "/api/v1", .resource = "namespaces"}, .keep = keep_namespace};
	ret->source[ACCOUNTS] = (struct reflector_options){.what = "serviceaccounts",
		.place = {.api = "/api/v1", .resource = "serviceaccounts"}, .keep = keep_service_account,
		.max_kept = LIMIT_KEPT_OF_MANY};
	ret->source[PROXY_CONFIGS] = (struct reflector_options){.what = "proxyconfigs",
		.place = {.api = "/apis/networking.istio.io/v1beta1", .resource = "proxyconfigs"}, .keep = keep_proxy_config,
		.may_be_absent = true, .max_kept = LIMIT_KEPT_OF_MANY};
	ret->n_sources = n_sources(c);
	if (!injector || !mesh)
		return err_nomem(err);
	if (c->options->guard_configmap && config_map(c, c->options->guard_configmap, &ret->source[GUARD], err) < 0)
		return -1;
	return config_map(c, injector, &ret->source[INJECTOR], err) < 0 || config_map(c, mesh, &ret->source[MESH], err) < 0 ? -1 : 0;
}

static void tell(void *context)
{
	const struct clustering *c = context;
	const uint64_t one = 1;

	(void)!write(c->fd, &one, sizeof(one)); /* full: it is readable */
}

bool clustering_changed(struct clustering *c)
{
	uint64_t n;

	return c->fd >= 0 && read(c->fd, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

/* --- discovery ------------------------------------------------------------------------------------------------------ */

static int64_t ask_discovery(void *context, const struct keeper_turn *turn)
{
	struct clustering *c = context;
	const int before = atomic_load(&c->discovery);
	struct err err = {0};
	bool has = false;

	if (cluster_serves(turn->client, "/api/v1", "serviceaccounts/token", &has, &err) < 0) {
		const unsigned n = atomic_fetch_add(&c->failures, 1) + 1;
		const int64_t wait = (int64_t)DISCOVERY_AGAIN_MS << (n < DISCOVERY_TRIES ? n : DISCOVERY_TRIES);

		log_with(c->log, LOG_DEBUG, "cannot ask the API server for serviceaccounts/token", log_cstr("error", err.what));
		if (n == DISCOVERY_TRIES && !atomic_exchange(&c->asked, true))
			tell(c);
		return wait < DISCOVERY_AGAIN_MAX_MS ? wait : DISCOVERY_AGAIN_MAX_MS;
	}
	atomic_store(&c->failures, 0);
	atomic_store(&c->discovery, has ? TOKEN_DISCOVERY_YES : TOKEN_DISCOVERY_NO);
	if (!atomic_exchange(&c->asked, true) || atomic_load(&c->discovery) != before)
		tell(c);
	return DISCOVERY_EVERY_MS;
}

/* An API server that was away may be another one now. */
static void recovered(void *context)
{
	struct clustering *c = context;

	keeper_wake(c->keeper, c);
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

int clustering_prepare(struct clustering *c, const struct options *o, struct err *err)
{
	*c = (struct clustering){.options = o, .fd = -1};
	atomic_init(&c->discovery, TOKEN_DISCOVERY_UNKNOWN);
	atomic_init(&c->failures, 0);
	atomic_init(&c->asked, false);
	arena_init(&c->arena, 0);
	if (check_options(o, err) < 0)
		return -1;
	if (!o->cluster)
		return 0;
	if (access_config(&c->arena, o, &c->config, err) < 0)
		return -1;
	c->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return c->fd < 0 ? err_set(err, ERR_IO, "cannot wait for the API server: errno %d", errno) : 0;
}

int clustering_start(struct clustering *c, const struct log *log, struct err *err)
{
	struct informer_options sources = {.config = &c->config, .changed = tell, .recovered = recovered, .context = c, .log = log};
	const struct keeper_options keeper = {
		.election = {.config = &c->config, .log = log}, .task = {{.step = ask_discovery, .context = c}}, .n_tasks = 1};

	if (c->fd < 0)
		return 0;
	c->log = log;
	if (name_sources(c, &sources, err) < 0)
		return -1;
	log_with(log, LOG_INFO, "the configuration is read from the cluster", log_cstr("server", c->config.server),
		log_cstr("as", c->config.origin), log_cstr("injector", sources.source[INJECTOR].what), log_cstr("mesh", sources.source[MESH].what));
	c->keeper = keeper_start(&keeper, err);
	if (c->keeper)
		c->informer = informer_start(&sources, err);
	return c->informer ? 0 : -1;
}

void clustering_stop(struct clustering *c)
{
	if (!c->options)
		return;
	informer_stop(take(c->informer)); /* before the keeper, which it wakes */
	keeper_stop(take(c->keeper));
	if (c->fd >= 0)
		(void)close(c->fd);
	arena_release(&c->arena);
	c->options = NULL;
}

/* --- the configuration ---------------------------------------------------------------------------------------------- */

static int is_waiting(const struct informer_state *s, struct err *err)
{
	return err_set(err, ERR_IO, "waiting for %s: %s", s->what, s->problem[0] ? s->problem : "no answer yet");
}

static int is_missing(const struct informer_state *s, struct err *err)
{
	return err_set(err, ERR_IO, "%s is not there; install it, or name another with --revision or --istio-namespace", s->what);
}

struct one_text {
	struct arena *a;
	struct str text; /* p NULL: none came, or there was no memory */
};

static void copy_text(void *context, struct str text)
{
	struct one_text *one = context;

	one->text = (struct str){arena_strndup(one->a, text.p, text.len), text.len};
}

/* As keep_config_map() has it; not there yet is ERR_IO. */
static const struct value *read_config_map(struct clustering *c, struct arena *a, size_t source, struct informer_state *s, struct err *err)
{
	struct one_text one = {a, {NULL, 0}};
	const struct value *v = NULL;

	informer_look(c->informer, source, s);
	if (!s->synced) {
		(void)is_waiting(s, err);
		return NULL;
	}
	informer_visit(c->informer, source, copy_text, &one);
	if (one.text.p)
		v = json_parse(a, one.text.p, one.text.len, JSON_ALLOW_NUL, err);
	else
		(void)is_missing(s, err);
	return v;
}

static int read_key(struct arena *a, const struct value *map, const struct informer_state *s, const char *key, struct named_text *ret,
	struct err *err)
{
	const struct value *v = raw_get(raw_get(map, "data"), key);

	ret->name = arena_printf(a, "%s key %s", s->what, key);
	if (!ret->name)
		return err_nomem(err);
	if (!v || v->kind != K_STRING)
		return err_set(err, ERR_CONFIG, "%s has no key '%s'", s->what, key);
	ret->text = v->u.s;
	return 0;
}

/* What the first configuration must wait for, although it could do without: an answer, if only that it may not be read. */
static int wait_for_rest(struct clustering *c, struct err *err)
{
	static const size_t rest[] = {NODES, NAMESPACES, ACCOUNTS, PROXY_CONFIGS};
	struct informer_state s;

	for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
		informer_look(c->informer, rest[i], &s);
		if (!s.answered)
			return is_waiting(&s, err);
	}
	if (!atomic_load(&c->asked))
		return err_set(err, ERR_IO, "waiting for the API server to say whether it has serviceaccounts/token");
	return 0;
}

struct items {
	struct text *out;
	bool more;
};

static void add_item(void *context, struct str text)
{
	struct items *l = context;

	if (l->more)
		text_addc(l->out, ',');
	l->more = true;
	text_add(l->out, text.p, text.len);
}

/* ProxyConfigs first: they are configuration, and a part of its digest. */
static int read_objects(struct clustering *c, struct arena *a, struct config_texts *ret, struct err *err)
{
	static const char head[] = "{\"kind\":\"List\",\"items\":[";
	struct informer_state nodes;
	struct text out;
	struct items list = {&out, false};
	size_t digested;

	text_init(&out, a, OBJECTS_MAX);
	text_adds(&out, head);
	informer_visit(c->informer, PROXY_CONFIGS, add_item, &list);
	digested = out.len;
	informer_visit(c->informer, NODES, add_item, &list);
	informer_visit(c->informer, NAMESPACES, add_item, &list);
	informer_visit(c->informer, ACCOUNTS, add_item, &list);
	text_adds(&out, "]}");
	if (text_check(&out, "what the cluster holds", err) < 0)
		return -1;
	informer_look(c->informer, NODES, &nodes);
	ret->api_objects = (struct named_text){"the cluster's objects", {out.data, out.len}};
	if (digested > sizeof(head) - 1)
		ret->api_digested = (struct str){out.data + sizeof(head) - 1, digested - sizeof(head) + 1};
	ret->nodes_unknown = !nodes.synced;
	return 0;
}

static int read_texts(struct clustering *c, struct arena *a, struct config_texts *ret, struct err *err)
{
	struct informer_state injector, mesh;
	const struct value *keys;

	*ret = (struct config_texts){0};
	keys = read_config_map(c, a, INJECTOR, &injector, err);
	if (!keys || read_key(a, keys, &injector, "config", &ret->inject_config, err) < 0 ||
		read_key(a, keys, &injector, "values", &ret->values, err) < 0)
		return -1;
	keys = read_config_map(c, a, MESH, &mesh, err);
	if (!keys || read_key(a, keys, &mesh, "mesh", &ret->mesh, err) < 0 || wait_for_rest(c, err) < 0)
		return -1;
	return read_objects(c, a, ret, err);
}

static struct inject_config *read_config(void *context, struct err *err)
{
	struct inject_config *config = NULL;
	struct clustering *c = context;
	struct config_texts texts;
	struct arena a;

	arena_init(&a, ARENA_MAX);
	if (read_texts(c, &a, &texts, err) == 0)
		config = configure_from(c->options, &texts, (enum token_discovery)atomic_load(&c->discovery), err);
	arena_release(&a);
	return config;
}

static struct guard *read_guard(void *context, const struct inject_config *config, int64_t now, struct err *err)
{
	struct clustering *c = context;
	struct guard *guard = NULL;
	struct informer_state state;
	const struct value *keys;
	struct named_text text;
	struct arena a;

	if (!c->options->guard_configmap)
		return configure_guard(c->options, config, now, err);
	arena_init(&a, ARENA_MAX);
	keys = read_config_map(c, &a, GUARD, &state, err);
	if (keys && read_key(&a, keys, &state, "guard.yaml", &text, err) == 0)
		guard = configure_guard_from(&text, config, now, err);
	arena_release(&a);
	return guard;
}

/* "ConfigMap NAMESPACE/NAME" is how its texts are named in what is wrong with them. */
static size_t blamed(struct clustering *c, enum server_part part, const char *why)
{
	struct informer_state injector, mesh;

	if (part == SERVER_GUARD)
		return GUARD;
	informer_look(c->informer, INJECTOR, &injector);
	informer_look(c->informer, MESH, &mesh);
	return !strstr(why, injector.what) && strstr(why, mesh.what) ? MESH : INJECTOR;
}

/* An Event on the ConfigMap, for whoever asks kubectl about it; none where there is no such object. */
static void tell_refused(void *context, enum server_part part, const char *why)
{
	struct clustering *c = context;
	const size_t source = blamed(c, part, why);
	struct informer_state state;
	const struct value *map;
	struct err ignored = {0};
	struct arena a;

	if (!c->events || part == SERVER_CERTIFICATE || source >= n_sources(c))
		return;
	arena_init(&a, 0);
	map = read_config_map(c, &a, source, &state, &ignored);
	if (map)
		events_put(c->events, &(const struct event_note){.namespace = str_of(c->options->istio_namespace),
						.api_version = STR("v1"), .kind = STR("ConfigMap"), .name = str_of(strrchr(state.what, '/') + 1),
						.uid = raw_str(map, "uid"), .reason = "ConfigurationRefused", .message = str_of(why)});
	arena_release(&a);
}

struct reload_source clustering_source(struct clustering *c)
{
	return !c->informer ? (struct reload_source){0}
			    : (struct reload_source){.config = read_config, .guard = read_guard, .refused = tell_refused, .context = c};
}

/* --- to be looked at ------------------------------------------------------------------------------------------------ */

struct gauge {
	const char *name, *type, *help;
	int64_t (*of)(const struct informer_state *s);
};

static int64_t is_up(const struct informer_state *s)
{
	return s->up;
}

static int64_t age_of(const struct informer_state *s)
{
	return s->since_event_ms < 0 ? -1 : s->since_event_ms / 1000;
}

static int64_t objects_of(const struct informer_state *s)
{
	return (int64_t)s->objects;
}

static int64_t lists_of(const struct informer_state *s)
{
	return (int64_t)s->lists;
}

static int64_t watches_of(const struct informer_state *s)
{
	return (int64_t)s->watches;
}

static void print_metrics(void *context, struct text *out)
{
	static const struct gauge gauges[] = {
		{"outrigger_cluster_watch_healthy", "gauge", "Whether this collection of the Kubernetes API is followed now.", is_up},
		{"outrigger_cluster_watch_event_age_seconds", "gauge", "Time since the last object, bookmark or list of it came; -1 before.", age_of},
		{"outrigger_cluster_watch_objects", "gauge", "Objects of it that are known.", objects_of},
		{"outrigger_cluster_watch_lists_total", "counter", "Times that all of it was asked for; more than one after a break too long.", lists_of},
		{"outrigger_cluster_watch_opened_total", "counter", "Watches of it begun; each lasts five to ten minutes.", watches_of},
	};
	struct clustering *c = context;
	struct informer_state states[SOURCES];

	for (size_t i = 0; i < n_sources(c); i++)
		informer_look(c->informer, i, &states[i]);
	for (size_t g = 0; g < ARRAY_LEN(gauges); g++) {
		text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", gauges[g].name, gauges[g].help, gauges[g].name, gauges[g].type);
		for (size_t i = 0; i < n_sources(c); i++)
			text_addf(out, "%s{resource=\"%s\"} %lld\n", gauges[g].name, labels[i], (long long)gauges[g].of(&states[i]));
	}
}

/* It may quote the API server. */
static void add_problem(struct text *out, const char *problem)
{
	text_adds(out, "not followed now: ");
	text_add_shown(out, problem, strlen(problem));
	text_addc(out, '\n');
}

/* None of it makes us unready: what is known stays in force. */
static void print_health(void *context, struct text *out)
{
	struct clustering *c = context;
	struct informer_state s;

	for (size_t i = 0; i < n_sources(c); i++) {
		informer_look(c->informer, i, &s);
		text_addf(out, "[+]watch/%s ok: %s: ", labels[i], s.what);
		if (s.problem[0])
			add_problem(out, s.problem);
		else if (s.absent)
			text_adds(out, "the API is not installed\n");
		else if (!s.synced)
			text_adds(out, "no answer yet\n");
		else
			text_addf(out, "%zu known, heard of %llds ago\n", s.objects, (long long)(s.since_event_ms / 1000));
	}
	text_addf(out, "[+]discovery ok: %s\n", token_discovery_text((enum token_discovery)atomic_load(&c->discovery)));
}

struct server_beside clustering_beside(struct clustering *c)
{
	return !c->informer ? (struct server_beside){0}
			    : (struct server_beside){.metrics = print_metrics, .health = print_health, .context = c};
}
