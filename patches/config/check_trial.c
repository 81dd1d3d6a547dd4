/* SPDX-License-Identifier: Apache-2.0 */
/* Sample pods injected with each template that injection can run: what reading alone does not show. */
#include "patches/config/checking.h"

#include <string.h>

#include "patches/inject.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

/* Annotations beside those that each sample gets; container and volume names are of no template. */
static const struct sample {
	const char *name, *pod;
	bool native;
} samples[] = {
	{"a plain pod",
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"outrigger-check\",\"namespace\":"
		"\"default\"},"
		"\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}}",
		false},
	{"a pod with probes and annotations",
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"outrigger-check-\","
		"\"namespace\":\"default\","
		"\"labels\":{\"app\":\"outrigger-check\",\"version\":\"v1\"},\"annotations\":{\"prometheus.io/"
		"scrape\":\"true\",\"prometheus.io/port\":\"8080\","
		"\"sidecar.istio.io/proxyCPU\":\"100m\",\"sidecar.istio.io/proxyMemory\":\"128Mi\",\"sidecar.istio.io/"
		"proxyCPULimit\":\"1\","
		"\"sidecar.istio.io/proxyMemoryLimit\":\"1Gi\",\"sidecar.istio.io/"
		"logLevel\":\"info\",\"sidecar.istio.io/rewriteAppHTTPProbers\":\"true\","
		"\"traffic.sidecar.istio.io/excludeInboundPorts\":\"9090\",\"traffic.sidecar.istio.io/"
		"includeOutboundIPRanges\":\"10.0.0.0/8\","
		"\"sidecar.istio.io/userVolume\":\"{\\\"mine\\\":{\\\"emptyDir\\\":{}}}\","
		"\"sidecar.istio.io/userVolumeMount\":\"{\\\"mine\\\":{\\\"mountPath\\\":\\\"/mine\\\"}}\"}},"
		"\"spec\":{\"serviceAccountName\":\"app\",\"securityContext\":{\"fsGroup\":2000},\"initContainers\":[{"
		"\"name\":\"before\",\"image\":\"app\"}],"
		"\"containers\":[{\"name\":\"app\",\"image\":\"app\",\"ports\":[{\"name\":\"http\",\"containerPort\":"
		"8080}],"
		"\"readinessProbe\":{\"httpGet\":{\"path\":\"/"
		"ready\",\"port\":\"http\"}},\"livenessProbe\":{\"tcpSocket\":{\"port\":8080}}}]}}",
		false},
	{"a pod with native sidecars",
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"outrigger-check\",\"namespace\":"
		"\"default\"},"
		"\"spec\":{\"initContainers\":[{\"name\":\"before\",\"image\":\"app\"}],\"containers\":[{\"name\":"
		"\"app\",\"image\":\"app\"}]}}",
		true},
};

struct trial {
	struct checking *c;
	const struct inject_config *config[2]; /* as given, and with native sidecars */
	struct arena *a;
};

/* --- places
 * -------------------------------------------------------------------------------------------------------------- */

/* "inject:12:34: executing ...": where the template failed and why; false where the message tells no place. */
static bool split_message(const char *message, size_t *ret_line, size_t *ret_column, const char **ret_what)
{
	static const char mark[] = "template: inject:";
	const char *at = strstr(message, mark);
	struct str rest = str_of(at ? at + sizeof(mark) - 1 : "");
	const struct str line = str_cut(&rest, ':'), column = str_cut(&rest, ':');
	uint64_t l, col;

	if (!at || !rest.p || !parse_u64(line, &l) || !parse_u64(column, &col))
		return false;
	*ret_line = (size_t)l;
	*ret_column = (size_t)col + 1;
	*ret_what = rest.p + strspn(rest.p, " ");
	return true;
}

static const struct yaml_node *template_node(
	const struct checking *c, struct str name, const struct yaml_node **ret_key)
{
	const char *key = arena_strndup(c->a, name.p ? name.p : "", name.len);

	if (c->release != RELEASE_HEAD)
		return node_get(c->config.document.root, "template", ret_key);
	return key ? node_get(check_templates_node(c), key, ret_key) : NULL;
}

static const char *remedy_of(enum reason reason)
{
	switch (reason) {
	case REASON_TEMPLATE_FAILED:
		return "correct the action there, or give the values what it reads";
	case REASON_OVERLAY_FAILED:
		return "correct the YAML that it renders; line numbers are of what is rendered";
	case REASON_LIMIT:
		return "make it render less, or in fewer steps";
	default:
		return "correct what it renders";
	}
}

/* name: the template that ran alone; p NULL where it was the defaults or an alias together. */
static void tell_failure(
	struct checking *c, const struct sample *s, struct str name, enum reason reason, const struct err *cause)
{
	const bool named = name.p && c->release == RELEASE_HEAD;
	const struct yaml_node *key = NULL, *text = name.p ? template_node(c, name, &key) : NULL;
	struct place place = source_node_place(&c->config, c->a, key);
	const char *what = cause->what;
	struct source source;
	size_t line, column;

	if (text && check_template_source(c, text, name, &source) && split_message(cause->what, &line, &column, &what))
		place = source_place(&source, c->a, line, column);
	if (!findings_has_error(c->f, &place))
		findings_add(c->f, FINDING_ERROR, &place, remedy_of(reason), "injection of %s fails%s%.*s%s: %s",
			s->name, named ? " with template '" : "", named ? check_shown(name) : 0, name.p ? name.p : "",
			named ? "'" : "", what);
}

/* --- trials
 * -------------------------------------------------------------------------------------------------------------- */

/* The sample, asking for injection whatever the policy is, and for those templates (p NULL: the defaults). */
static const struct value *sample_pod(struct trial *t, const struct sample *s, struct str templates, struct err *err)
{
	const struct value *pod = json_parse(t->a, s->pod, strlen(s->pod), JSON_FROM_POD, err);
	struct pod_edit e;

	if (!pod)
		return NULL;
	pod_edit_begin(&e, t->a, pod);
	pod_annotate(&e, STR("sidecar.istio.io/inject"), STR("true"));
	pod_label(&e, STR("sidecar.istio.io/inject"), STR("true"));
	if (templates.p)
		pod_annotate(&e, STR(ANNOTATION_TEMPLATES), templates);
	return pod_edit_end(&e, err);
}

static void check_proxy(struct checking *c, const struct value *pod)
{
	const struct place place =
		source_path_place(&c->config, c->a, c->release == RELEASE_HEAD ? "templates" : "template");

	if (!raw_any_container(pod, CONTAINER_PROXY))
		findings_add(c->f, FINDING_WARNING, &place,
			"let one of the default templates render a container of that name",
			"the default templates add no container 'istio-proxy'");
}

static int try_sample(struct trial *t, const struct sample *s, struct str asked, struct str name, struct err *err)
{
	struct err cause = {0};
	struct inject_result r;
	struct inject_request req = {.namespace = STR("default"), .url_path = STR("/inject")};
	const struct value *pod = sample_pod(t, s, asked, err);

	if (!pod)
		return -1;
	req.pod = pod;
	if (inject_pod(t->config[s->native], t->a, &req, &r, &cause) < 0) {
		if (cause.code == ERR_NOMEM)
			return err_nomem(err);
		tell_failure(t->c, s, name, r.reason, &cause);
	} else if (!asked.p && r.injected) {
		check_proxy(t->c, r.pod);
	}
	return 0;
}

/* asked: what the annotation names; name: the template, where it is one alone. */
static int try_all(struct trial *t, struct str asked, struct str name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		int status;

		if (!t->config[samples[i].native])
			continue;
		status = try_sample(t, &samples[i], asked, name, err);
		arena_clear(t->a);
		if (status < 0)
			return -1;
	}
	return 0;
}

/* Names with a comma or spaces around cannot be asked for by annotation. */
static bool can_be_asked(struct str name)
{
	return name.len && str_eq(str_trim_space(name), name) && str_find(name, STR(",")) == SIZE_MAX;
}

static int try_named(struct trial *t, struct err *err)
{
	const struct inject_config *c = t->config[0];

	for (size_t i = 0; i < c->n_templates; i++) {
		const struct str name = c->templates[i].name;
		const struct value *text = map_get(raw_get(t->c->config.value, "templates")->u.map, name);

		if (!can_be_asked(name) || map_get(c->aliases, name) ||
			check_is_gateway_template(t->c, name, text->u.s))
			continue;
		if (try_all(t, name, name, err) < 0)
			return -1;
	}
	return 0;
}

static int try_together(struct trial *t, struct err *err)
{
	const struct map *aliases = t->config[0]->aliases;
	const struct str none = {NULL, 0};

	/* What fails alone fails here too; only what is new is worth a line. */
	if (findings_any_error(t->c->f))
		return 0;
	if (try_all(t, none, none, err) < 0)
		return -1;
	for (uint32_t i = 0; aliases && i < aliases->len; i++)
		if (can_be_asked(aliases->entry[i].key) && try_all(t, aliases->entry[i].key, none, err) < 0)
			return -1;
	return 0;
}

static int try_templates(struct trial *t, struct err *err)
{
	const struct str none = {NULL, 0}, old = STR("template");

	if (t->c->release != RELEASE_HEAD)
		return try_all(t, none, old, err);
	return try_named(t, err) < 0 ? -1 : try_together(t, err);
}

int check_trial(struct checking *c, const struct inject_config *config, struct err *err)
{
	struct inject_options with_native = *c->options;
	own(inject_config_freep) struct inject_config *native = NULL;
	struct arena a;
	int status;

	with_native.native = NATIVE_TRUE;
	if (config->release == RELEASE_HEAD && !(native = inject_config_load(c->texts, &with_native, err)))
		return -1;
	arena_init(&a, 0);
	status = try_templates(&(struct trial){.c = c, .config = {config, native}, .a = &a}, err);
	arena_release(&a);
	return status;
}
