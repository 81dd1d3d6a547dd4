/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are turned away at once. */
#include "webhook/server/overload.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "patches/mesh/duration.h"

enum {
	SECOND_US = 1000000,
	DEFAULT_US = 10 * SECOND_US, /* timeoutSeconds where a webhook configuration names none */
	MOST_US = 30 * SECOND_US,    /* the most that it can name */
	SHARE_OF_CONNECTIONS = 5,
};

static struct str query_value(struct str query, const char *name)
{
	while (query.p) {
		struct str value = str_cut(&query, '&');
		const struct str key = str_cut(&value, '=');

		if (value.p && str_is(key, name))
			return value;
	}
	return (struct str){NULL, 0};
}

int64_t overload_budget_us(struct request *r)
{
	const struct str text = query_value(r->query, "timeout");
	int64_t us = 0;

	if (text.p && !duration_parse(&r->arena, text, &us))
		us /= 1000;
	else
		us = 0;
	if (us <= 0)
		us = DEFAULT_US;
	else if (us > MOST_US)
		us = MOST_US;
	return us >= 2 * SECOND_US ? us - SECOND_US : us / 2;
}

/* Whether whoever asked still waits; r->asked_us: since when. */
static bool still_waits(struct request *r, int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	r->asked_us = r->began_us;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return true;
	r->asked_us = clock_us() - (int64_t)info.tcpi_last_data_recv * 1000;
	return info.tcpi_state != TCP_CLOSE_WAIT;
}

/* --- turning away ------------------------------------------------------------------------------------------------ */

static void turn_away(struct server *s, struct request *r, const char *problem, const char *why)
{
	(void)atomic_fetch_add_explicit(&s->metrics_counted.overload, 1, memory_order_relaxed);
	log_with(s->options.log, LOG_WARN, "turned away: overload", log_cstr("why", why), log_text("path", r->path),
		log_number("inProgress", (int64_t)atomic_load(&s->active)),
		log_number("ageMilliseconds", (clock_us() - r->asked_us) / 1000));
	r->status = MHD_HTTP_SERVICE_UNAVAILABLE;
	r->problem = problem;
}

static bool is_crowded(const struct server *s)
{
	const size_t most = s->options.max_connections - s->options.max_connections / SHARE_OF_CONNECTIONS;

	return atomic_load(&s->active) > most;
}

bool overload_refuses(struct server *s, struct request *r, int fd)
{
	const bool waits = still_waits(r, fd);

	r->budget_us = overload_budget_us(r);
	if (!waits)
		turn_away(s, r, "overloaded: whoever asked has gone", "whoever asked has gone");
	else if (overload_is_late(r))
		overload_give_up(s, r);
	else if (is_crowded(s)) {
		r->retry = true;
		turn_away(s, r, "overloaded: too many requests are in progress (see --max-connections)",
			"too many requests are in progress");
	}
	return r->status != 0;
}

bool overload_is_late(void *ctx)
{
	struct request *r = ctx;

	if (!r->late)
		r->late = clock_us() - r->asked_us > r->budget_us;
	return r->late;
}

void overload_give_up(struct server *s, struct request *r)
{
	turn_away(s, r, "overloaded: no time is left for this request within the webhook's timeoutSeconds",
		"no time is left");
}
