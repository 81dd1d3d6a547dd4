/* SPDX-License-Identifier: Apache-2.0 */
/* POST /inject and /require: the request handler, and the one line it logs. */
#include <time.h>

#include "webhook/admission/require.h"
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

/* Both webhooks: what answers, what counts, and the one line. */
static unsigned answer_review(struct server *s, struct request *r, bool require, const char **ret_type)
{
	own(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(s->options.config);
	const struct str body = {r->body.data, r->body.len};
	struct admission_policy policy = {.now = (int64_t)time(NULL)};
	struct admission_outcome outcome;

	*ret_type = "text/plain; charset=utf-8";
	if (!snapshot) {
		text_adds(&r->out, "no configuration is loaded yet\n");
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	policy.config = snapshot->config;
	policy.guard = snapshot->guard;
	if (require)
		admission_require(&policy, &r->arena, body, &r->out, &outcome);
	else
		admission_handle(&policy, &r->arena, body, r->path, &r->out, &outcome);
	if (outcome.http_status == MHD_HTTP_OK)
		*ret_type = "application/json";
	if (require)
		metrics_count_required(&s->metrics_counted, &outcome);
	else
		metrics_count(&s->metrics_counted, &outcome, clock_us() - r->began_us);
	guard_count(snapshot->guard, &outcome.guard);
	log_outcome(s, r, &outcome);
	return (unsigned)outcome.http_status;
}

unsigned answer_inject(struct server *s, struct request *r, const char **ret_type)
{
	return answer_review(s, r, false, ret_type);
}

unsigned answer_require(struct server *s, struct request *r, const char **ret_type)
{
	return answer_review(s, r, true, ret_type);
}
