/* SPDX-License-Identifier: Apache-2.0 */
/* POST /inject: the request handler, and the one line it logs. */
#include <time.h>

#include "webhook/admission/handle.h"
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

unsigned answer_inject(struct server *s, struct request *r, const char **ret_type)
{
	own(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(s->options.config);
	struct admission_policy policy = {.now = (int64_t)time(NULL)};
	struct admission_outcome outcome;

	*ret_type = "text/plain; charset=utf-8";
	if (!snapshot) {
		text_adds(&r->out, "no configuration is loaded yet\n");
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	policy.config = snapshot->config;
	policy.guard = snapshot->guard;
	admission_handle(
		&policy, &r->arena, (struct str){r->body.data, r->body.len}, r->path, &r->out, &outcome);
	if (outcome.http_status == MHD_HTTP_OK)
		*ret_type = "application/json";
	metrics_count(&s->metrics_counted, &outcome, clock_us() - r->began_us);
	log_outcome(s, r, &outcome);
	return (unsigned)outcome.http_status;
}
