/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a line of the audit log, before it is sealed. */
#include "webhook/audit/event.h"

#include <time.h>

#include "patches/digest.h"
#include "patches/pod/names.h"
#include "patches/pod/owner.h"
#include "patches/pod/token.h"
#include "patches/value/json.h"
#include "webhook/admission/describe.h"

enum { TEXT_MAX = 512, OVERRIDES_MAX = 64, HITS_MAX = 32, SHOWN_MAX = 256 };

void audit_event_begin(struct text *out, const char *kind)
{
	struct timespec now;
	struct tm tm = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	text_addf(out, "\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\",\"kind\":\"%s\"", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000, kind);
}

static struct str cut(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	s.len = max;
	while (s.len && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

static void add_name(struct text *out, const char *name)
{
	text_addf(out, ",\"%s\":", name);
}

void audit_event_text(struct text *out, const char *name, struct str value)
{
	if (!value.len)
		return;
	add_name(out, name);
	json_write_string(out, cut(value, TEXT_MAX), 0);
}

void audit_event_number(struct text *out, const char *name, uint64_t value)
{
	add_name(out, name);
	text_addu(out, value);
}

void audit_event_flag(struct text *out, const char *name, bool value)
{
	if (!value)
		return;
	add_name(out, name);
	text_adds(out, "true");
}

static void add_digest(struct text *out, const char *name, struct str of)
{
	char hex[SHA256_HEX + 1];

	if (!of.p || sha256_hex(&of, 1, hex) < 0)
		return;
	audit_event_text(out, name, (struct str){hex, SHA256_HEX});
}

/* --- overrides ---------------------------------------------------------------------------------------------------- */

/* Values that are words, numbers, ports, ranges or images: shown. All others may hold anything, and are digests. */
static const char *const shown[] = {
	"inject.istio.io/templates",
	"istio.io/reroute-virtual-interfaces",
	"istio.io/rev",
	"prometheus.istio.io/merge-metrics",
	"readiness.status.sidecar.istio.io/applicationPorts",
	"readiness.status.sidecar.istio.io/failureThreshold",
	"readiness.status.sidecar.istio.io/initialDelaySeconds",
	"readiness.status.sidecar.istio.io/periodSeconds",
	"sidecar.istio.io/agentLogLevel",
	"sidecar.istio.io/bootstrapOverride",
	"sidecar.istio.io/componentLogLevel",
	"sidecar.istio.io/enableCoreDump",
	"sidecar.istio.io/inject",
	"sidecar.istio.io/interceptionMode",
	"sidecar.istio.io/logLevel",
	"sidecar.istio.io/nativeSidecar",
	"sidecar.istio.io/proxyCPU",
	"sidecar.istio.io/proxyCPULimit",
	"sidecar.istio.io/proxyImage",
	"sidecar.istio.io/proxyImageType",
	"sidecar.istio.io/proxyMemory",
	"sidecar.istio.io/proxyMemoryLimit",
	"sidecar.istio.io/rewriteAppHTTPProbers",
	"status.sidecar.istio.io/port",
	"traffic.sidecar.istio.io/excludeInboundPorts",
	"traffic.sidecar.istio.io/excludeInterfaces",
	"traffic.sidecar.istio.io/excludeOutboundIPRanges",
	"traffic.sidecar.istio.io/excludeOutboundPorts",
	"traffic.sidecar.istio.io/includeInboundPorts",
	"traffic.sidecar.istio.io/includeOutboundIPRanges",
	"traffic.sidecar.istio.io/includeOutboundPorts",
	"traffic.sidecar.istio.io/kubevirtInterfaces",
};

static bool is_in(struct str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(s, list[i]))
			return true;
	return false;
}

static void add_override(struct text *out, const struct map_entry *e)
{
	char hex[SHA256_HEX + 1];

	json_write_string(out, e->key, 0);
	text_addc(out, ':');
	if (e->value->u.s.len <= SHOWN_MAX && is_in(e->key, shown, ARRAY_LEN(shown)))
		json_write_string(out, e->value->u.s, 0);
	else if (sha256_hex(&e->value->u.s, 1, hex) == 0)
		text_addf(out, "\"sha256:%s\"", hex);
	else
		text_adds(out, "\"\"");
}

static void begin_override(struct text *out, size_t n)
{
	text_adds(out, n ? "," : ",\"overrides\":{");
}

static const char *const labels_asking[] = {"istio.io/rev", "sidecar.istio.io/inject"};

static size_t add_labels(struct text *out, const struct value *labels)
{
	const struct map *m = labels && labels->kind == K_MAP ? labels->u.map : NULL;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(labels_asking); i++) {
		const struct map_entry *e = m ? map_find(m, str_of(labels_asking[i])) : NULL;

		if (!e || e->value->kind != K_STRING)
			continue;
		begin_override(out, n++);
		add_override(out, e);
	}
	return n;
}

/* A label wins over the annotation of the same name, as it does in the decision. */
static size_t add_annotations(struct text *out, const struct value *annotations, const struct value *labels, size_t n)
{
	const struct map *m = annotations && annotations->kind == K_MAP ? annotations->u.map : NULL;

	for (uint32_t i = 0; m && i < m->len && n < OVERRIDES_MAX; i++) {
		const struct map_entry *e = &m->entry[i];

		if (e->value->kind != K_STRING || e->key.len > SHOWN_MAX || !annotation_steers(e->key) ||
			(is_in(e->key, labels_asking, ARRAY_LEN(labels_asking)) && labels && labels->kind == K_MAP &&
				map_get(labels->u.map, e->key)))
			continue;
		begin_override(out, n++);
		add_override(out, e);
	}
	return n;
}

/* The pod's own word on what the proxy's containers are: their image. */
static size_t add_containers(struct text *out, const struct value *list, size_t n)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len && n < OVERRIDES_MAX; i++) {
		const struct value *c = list->u.list.item[i];
		const struct str name = raw_str(c, "name");

		if (!str_eq(name, CONTAINER_PROXY) && !str_eq(name, CONTAINER_INIT) &&
			!str_eq(name, CONTAINER_VALIDATION))
			continue;
		begin_override(out, n++);
		text_addf(out, "\"container %.*s\":", (int)name.len, name.p);
		json_write_string(out, cut(raw_str(c, "image"), SHOWN_MAX), 0);
	}
	return n;
}

static void add_overrides(struct text *out, const struct value *pod)
{
	const struct value *metadata = raw_get(pod, "metadata"), *spec = raw_get(pod, "spec"),
			   *labels = raw_get(metadata, "labels");
	size_t n = add_labels(out, labels);

	n = add_annotations(out, raw_get(metadata, "annotations"), labels, n);
	n = add_containers(out, raw_get(spec, "initContainers"), n);
	n = add_containers(out, raw_get(spec, "containers"), n);
	if (n)
		text_addc(out, '}');
}

/* --- the guard --------------------------------------------------------------------------------------------------- */

static void add_hit(struct text *out, const struct guard_hit *hit)
{
	text_adds(out, "{\"rule\":");
	json_write_string(out, cut(hit->rule->name, TEXT_MAX), 0);
	audit_event_text(out, "action", str_of(guard_action_name(hit->rule->action)));
	if (hit->exception)
		audit_event_text(out, "exception", hit->exception->name);
	text_addc(out, '}');
}

/* guard: what came of it; hits: each rule that fitted, by itself. */
static void add_guard(struct text *out, const struct guard_verdict *v)
{
	audit_event_text(out, "guard", str_of(guard_action_name(v->action)));
	if (v->n_unknown)
		audit_event_number(out, "notJudged", v->n_unknown);
	for (size_t i = 0; i < v->n_hits && i < HITS_MAX; i++) {
		text_adds(out, i ? "," : ",\"hits\":[");
		add_hit(out, &v->hit[i]);
	}
	if (v->n_hits)
		text_addc(out, ']');
}

/* --- a decision -------------------------------------------------------------------------------------------------- */

static void add_owner(struct text *out, const struct admission_request *q)
{
	const struct workload w =
		q->object && q->object->kind == K_MAP ? owner_of_pod(q->object, q->namespace) : (struct workload){0};

	struct text owner;

	if (!w.kind.len || !w.name.len || str_is(w.kind, "Pod"))
		return;
	text_init(&owner, out->arena, TEXT_MAX);
	text_add(&owner, w.kind.p, cut(w.kind, TEXT_MAX / 4).len);
	text_addc(&owner, '/');
	text_add(&owner, w.name.p, cut(w.name, TEXT_MAX / 2).len);
	audit_event_text(out, "owner", (struct str){owner.data, owner.failed ? 0 : owner.len});
	text_release(&owner);
}

/* What a pod's making is about, wherever it was asked. */
static void add_request(struct text *out, const struct audit_decision *d)
{
	const struct admission_request *q = &d->outcome->request;

	audit_event_flag(out, "dryRun", q->dry_run);
	audit_event_text(out, "user", q->user);
	audit_event_text(out, "namespace", q->namespace);
	add_owner(out, q);
	audit_event_text(out, "pod", d->pod);
}

static void add_result(struct text *out, const struct inject_result *r)
{
	audit_event_text(out, "templates", r->templates);
	if (r->injected)
		audit_event_text(out, "token", str_of(pod_has_projected_token(r->pod) ? "third-party" : "first-party"));
}

void audit_event_decision(struct text *out, const struct audit_decision *d)
{
	const struct admission_outcome *o = d->outcome;

	audit_event_begin(out, d->require ? "require" : "decision");
	audit_event_text(out, "uid", o->request.uid);
	audit_event_text(out, "decision", str_of(reason_result_name(reason_row(o->reason)->result)));
	audit_event_text(out, "reason", str_of(reason_row(o->reason)->code));
	add_request(out, d);
	audit_event_text(out, "where", str_of(o->err.where));
	audit_event_text(out, "revision", d->revision.len ? d->revision : STR("default"));
	add_result(out, &o->result);
	add_guard(out, &o->guard);
	add_overrides(out, o->request.object);
	audit_event_text(out, "configuration", d->configuration);
	add_digest(out, "before", o->request.object_json);
	add_digest(out, "after", o->result.pod_json);
	add_digest(out, "patch", o->result.patch);
	audit_event_number(out, "micros", d->micros > 0 ? (uint64_t)d->micros : 0);
}
