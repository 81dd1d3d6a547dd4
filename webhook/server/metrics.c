/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of what was decided, and their text for Prometheus (exposition format 0.0.4). */
#include "webhook/server/metrics.h"

#include <microhttpd.h>

#include "webhook/server/route.h"

void metrics_count(struct metrics *m, const struct admission_outcome *o)
{
	_Atomic uint64_t *counter = o->http_status == MHD_HTTP_OK ? &m->decisions[o->reason] : &m->unreadable;

	(void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void head(struct text *out, const char *name, const char *type, const char *help)
{
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct text *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	text_addf(out, "%s %llu\n", name, (unsigned long long)value);
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_print(const struct metrics *m, uint64_t generation, int64_t not_after, struct text *out)
{
	static const char *const results[] = {
		[RESULT_INJECTED] = "injected", [RESULT_SKIPPED] = "skipped", [RESULT_REFUSED] = "refused"};

	head(out, "outrigger_decisions_total", "counter", "Admission requests decided, by result and reason.");
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const struct reason_row *row = reason_row((enum reason)i);

		text_addf(out, "outrigger_decisions_total{result=\"%s\",reason=\"%s\"} %llu\n", results[row->result], row->code,
			(unsigned long long)read_counter(&m->decisions[i]));
	}
	single(out, "outrigger_unreadable_requests_total", "counter", "Requests that held no readable AdmissionReview.",
		read_counter(&m->unreadable));
	single(out, "outrigger_proof_failures_total", "counter", "Patches that could not be proven, and were not sent.",
		read_counter(&m->decisions[REASON_PROOF_FAILED]));
	single(out, "outrigger_configuration_generation", "gauge", "Configurations loaded since the start; 0 without one.", generation);
	single(out, "outrigger_certificate_not_after_seconds", "gauge", "End of the served certificate, seconds since 1970.",
		not_after > 0 ? (uint64_t)not_after : 0);
}

unsigned answer_metrics(struct server *s, struct request *r, const char **ret_type)
{
	own(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(s->options.config);
	struct served_cert *cert = served_cert_get(&s->certs);

	*ret_type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_print(&s->metrics_counted, snapshot ? snapshot->generation : 0, cert ? cert->not_after : 0, &r->out);
	served_cert_unref(cert);
	return MHD_HTTP_OK;
}
