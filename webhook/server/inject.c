/* SPDX-License-Identifier: Apache-2.0 */
/* POST /inject and /require: the request handler, and the one line it logs. */
#include <string.h>
#include <time.h>

#include "webhook/admission/pod_event.h"
#include "webhook/admission/require.h"
#include "webhook/audit/event.h"
#include "webhook/audit/line.h"
#include "webhook/server/overload.h"
#include "webhook/server/route.h"

/* A pod that a controller makes has no name yet, but the beginning of one. */
static struct str pod_name(const struct admission_request *request)
{
	const struct value *metadata = raw_get(request->object, "metadata");

	if (request->name.len)
		return request->name;
	return raw_str(metadata, "name").len ? raw_str(metadata, "name") : raw_str(metadata, "generateName");
}

static const char *sentence(const struct admission_outcome *o)
{
	static const char *const by_result[] = {
		[RESULT_INJECTED] = "injected",
		[RESULT_SKIPPED] = "left alone",
		[RESULT_REFUSED] = "refused",
	};

	if (o->http_status == MHD_HTTP_OK && o->reason >= REASON_OF_REQUIRE)
		return reason_row(o->reason)->text;
	return o->http_status != MHD_HTTP_OK ? "request not understood" : by_result[reason_row(o->reason)->result];
}

static enum log_level level_of(const struct admission_outcome *o)
{
	if (o->allowed)
		return LOG_INFO;
	return o->err.code == ERR_BUG || o->err.code == ERR_NOMEM ? LOG_ERROR : LOG_WARN;
}

static void log_outcome(const struct server *s, const struct request *r, const struct admission_outcome *o)
{
	const struct admission_request *q = &o->request;
	const struct log_field fields[] = {
		log_text("uid", q->uid),
		log_text("namespace", q->namespace),
		log_text("pod", pod_name(q)),
		log_cstr("reason", reason_row(o->reason)->code),
		log_cstr("guard", guard_action_name(o->guard.action)),
		log_flag("allowed", o->allowed),
		log_flag("dryRun", q->dry_run),
		log_number("bytes", (int64_t)r->out.len),
		log_number("microseconds", clock_us() - r->began_us),
		log_cstr("where", o->err.where),
		log_cstr("error", o->err.what),
		log_cstr("source", o->err.src_file),
		log_number("line", o->err.src_line),
	};
	const size_t without_error = ARRAY_LEN(fields) - 4;

	log_line(s->options.log, level_of(o), sentence(o), fields, o->err.code ? ARRAY_LEN(fields) : without_error);
}

/* --- the audit log ---------------------------------------------------------------------------------------------- */

static int audit_body(const struct snapshot *snapshot, struct request *r, const struct admission_outcome *o, bool require,
	struct str *ret)
{
	const struct audit_decision d = {.outcome = o, .revision = snapshot->config->revision,
		.configuration = str_of(snapshot->config->digest), .pod = pod_name(&o->request), .require = require,
		.micros = clock_us() - r->began_us};
	struct text body;

	text_init(&body, &r->arena, AUDIT_BODY_MAX);
	audit_event_decision(&body, &d);
	*ret = (struct str){body.data, body.len};
	return body.failed ? -1 : 0;
}

/* On the audit log's thread, while the request's own is elsewhere. */
static void told(void *ctx, bool written, const char *why)
{
	struct request *r = ctx;
	struct server *s = r->server;

	if (!written) {
		r->unaudited = arena_strndup(&r->arena, why, strlen(why));
		if (!r->unaudited)
			r->unaudited = "out of memory";
	}
	MHD_resume_connection(r->connection);
	(void)atomic_fetch_sub(&s->suspended, 1);
}

static unsigned wait_for_line(struct server *s, struct request *r, const struct admission_outcome *o, struct str body)
{
	r->outcome = arena_alloc(&r->arena, sizeof(*r->outcome));
	if (!r->outcome) {
		text_clear(&r->out);
		text_adds(&r->out, "out of memory\n");
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	*r->outcome = *o;
	r->server = s;
	(void)atomic_fetch_add(&s->suspended, 1);
	MHD_suspend_connection(r->connection);
	if (audit_put(s->options.audit, body, told, r) < 0)
		told(r, false, "too many decisions wait to be written");
	return ANSWER_LATER;
}

/* --- both webhooks ------------------------------------------------------------------------------------------------ */

static void note_event(struct server *s, struct request *r, const struct admission_outcome *o)
{
	struct event_note note;

	if (s->options.events && pod_event(&r->arena, o, &note))
		events_put(s->options.events, &note);
}

/* What counts, the Event where one is due, and the one line. */
static unsigned finish(struct server *s, struct request *r, struct admission_outcome *o, const char **ret_type)
{
	if (r->unaudited)
		admission_unaudited(&r->arena, r->unaudited, &r->out, o);
	*ret_type = o->http_status == MHD_HTTP_OK ? "application/json" : "text/plain; charset=utf-8";
	if (r->route->answer == answer_require)
		metrics_count_required(&s->metrics_counted, o);
	else
		metrics_count(&s->metrics_counted, o, clock_us() - r->began_us);
	note_event(s, r, o);
	log_outcome(s, r, o);
	snapshot_unref(take(r->snapshot)); /* the client may take its time to read the answer */
	return (unsigned)o->http_status;
}

static unsigned record(struct server *s, const struct snapshot *snapshot, struct request *r, struct admission_outcome *o,
	const char **ret_type)
{
	struct str body;

	if (!s->options.audit || o->http_status != MHD_HTTP_OK)
		return finish(s, r, o, ret_type);
	if (audit_body(snapshot, r, o, r->route->answer == answer_require, &body) < 0)
		r->unaudited = audit_blocks(s->options.audit) ? "its line is too long, or there is no memory for it" : NULL;
	else if (audit_blocks(s->options.audit))
		return wait_for_line(s, r, o, body);
	else
		(void)!audit_put(s->options.audit, body, NULL, NULL); /* what it cannot take it counts */
	return finish(s, r, o, ret_type);
}

static unsigned decide_review(struct server *s, const struct snapshot *snapshot, struct request *r, const char **ret_type)
{
	const struct admission_policy policy = {
		.config = snapshot->config, .guard = snapshot->guard, .now = (int64_t)time(NULL), .time = {overload_is_late, r}};
	const struct str body = {r->body.data, r->body.len};
	struct admission_outcome outcome;

	if (r->route->answer == answer_require)
		admission_require(&policy, &r->arena, body, &r->out, &outcome);
	else
		admission_handle(&policy, &r->arena, body, r->path, &r->out, &outcome);
	/* What has become of it is for want of time, and nobody waits for it any more. */
	if (r->late) {
		overload_give_up(s, r);
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	guard_count(snapshot->guard, &outcome.guard);
	return record(s, snapshot, r, &outcome, ret_type);
}

static unsigned answer_review(struct server *s, struct request *r, const char **ret_type)
{
	if (r->outcome)
		return finish(s, r, r->outcome, ret_type);
	/* Until the answer is made, which may be long after this call: what is decided borrows from it. */
	r->snapshot = snapshot_get(s->options.config);
	if (r->snapshot)
		return decide_review(s, r->snapshot, r, ret_type);
	*ret_type = "text/plain; charset=utf-8";
	text_adds(&r->out, "no configuration is loaded yet\n");
	return MHD_HTTP_SERVICE_UNAVAILABLE;
}

unsigned answer_inject(struct server *s, struct request *r, const char **ret_type)
{
	return answer_review(s, r, ret_type);
}

unsigned answer_require(struct server *s, struct request *r, const char **ret_type)
{
	return answer_review(s, r, ret_type);
}
