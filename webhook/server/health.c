/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz and /readyz: whether the process lives, and whether it should be sent requests. */
#include <time.h>

#include "webhook/server/route.h"

static bool asks_for_details(struct str query)
{
	while (query.p) {
		struct str pair = str_cut(&query, '&');
		const struct str key = str_cut(&pair, '=');

		if (str_is(key, "verbose"))
			return true;
	}
	return false;
}

struct check {
	const char *name;
	/* Whether it holds; *ret_detail says more, NULL where there is no such thing. Appends to r->out only through its caller. */
	bool (*holds)(struct server *s, struct arena *a, const char **ret_detail);
};

static bool serving_holds(struct server *s, struct arena *a UNUSED, const char **ret_detail)
{
	const bool ready = atomic_load_explicit(&s->ready, memory_order_relaxed);

	*ret_detail = ready ? "taking requests" : "starting or draining";
	return ready;
}

/* Since then; a clock that was set back meanwhile makes it 0. */
static long long age(int64_t since)
{
	const int64_t now = (int64_t)time(NULL);

	return now > since ? now - since : 0;
}

static const char *refused(struct server *s, enum server_part part, struct arena *a)
{
	const char *text = refusals_text(&s->refusals, part, a);

	return text ? text : "; a newer one is refused";
}

static bool configuration_holds(struct server *s, struct arena *a, const char **ret_detail)
{
	own(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(s->options.config);

	const char *missing = refusals_what(&s->refusals, SERVER_CONFIGURATION, a);

	*ret_detail = snapshot ? arena_printf(a, "generation %llu, digest %.12s, for %llds%s",
					 (unsigned long long)snapshot->generation, snapshot->config->digest,
					 age(snapshot->since), refused(s, SERVER_CONFIGURATION, a))
		      : missing ? arena_printf(a, "none is loaded: %s", missing)
				: "none is loaded";
	return snapshot != NULL;
}

static bool guard_holds(struct server *s, struct arena *a, const char **ret_detail)
{
	own(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(s->options.config);

	*ret_detail = snapshot ? arena_printf(a, "%zu rules, digest %.12s%s", snapshot->guard->n_rules, snapshot->guard->digest,
					 refused(s, SERVER_GUARD, a))
			       : "none is loaded";
	return snapshot != NULL;
}

static bool certificate_holds(struct server *s, struct arena *a, const char **ret_detail)
{
	struct served_cert *cert = served_cert_get(&s->certs);
	const int64_t now = (int64_t)time(NULL);
	const time_t end = cert ? (time_t)cert->not_after : 0;
	const bool holds = cert && now >= cert->not_before && now <= cert->not_after;
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&end, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	*ret_detail = !cert ? "none is served"
			    : arena_printf(a, "%s %s, for %llds%s", holds ? "valid until" : "not valid now; it ends",
					 date, age(cert->since), refused(s, SERVER_CERTIFICATE, a));
	served_cert_unref(cert);
	return holds;
}

static bool trust_holds(struct server *s, struct arena *a, const char **ret_detail)
{
	const bool holds = !refusals_has(&s->trust, SERVER_CERTIFICATE);

	*ret_detail = NULL;
	if (!atomic_load(&s->trust_asked))
		return true;
	*ret_detail = holds ? "the webhook configurations verify what is served" : refusals_what(&s->trust, SERVER_CERTIFICATE, a);
	return holds;
}

static const struct check checks[] = {
	{"serving", serving_holds},
	{"configuration", configuration_holds},
	{"guard", guard_holds},
	{"certificate", certificate_holds},
	{"trust", trust_holds},
};

unsigned answer_healthz(struct server *s UNUSED, struct request *r, const char **ret_type)
{
	*ret_type = "text/plain; charset=utf-8";
	text_adds(&r->out, "ok\n");
	return MHD_HTTP_OK;
}

/* In the form that kube-apiserver's own /readyz?verbose has. Details are for the plain port's callers as well: nothing
 * secret. */
unsigned answer_readyz(struct server *s, struct request *r, const char **ret_type)
{
	const bool details = asks_for_details(r->query);
	bool all = true;

	*ret_type = "text/plain; charset=utf-8";
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const char *detail = NULL;
		const bool holds = checks[i].holds(s, &r->arena, &detail);

		all = all && holds;
		if ((details && detail) || !holds)
			text_addf(&r->out, "[%c]%s %s: %s\n", holds ? '+' : '-', checks[i].name,
				holds ? "ok" : "failed", detail ? detail : "");
	}
	if (details && s->options.beside.health)
		s->options.beside.health(s->options.beside.context, &r->out);
	text_adds(&r->out, !all ? "readyz check failed\n" : details ? "readyz check passed\n" : "ok\n");
	return all ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}
