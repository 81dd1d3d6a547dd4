/* SPDX-License-Identifier: Apache-2.0 */
/* Who of several replicas leads, by a Lease of coordination.k8s.io/v1. */
#include "webhook/cluster/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "patches/value/json.h"

enum { LEASE_SECONDS_MAX = 3600, JITTER_PERCENT = 20, NOT_FOUND = 404, CONFLICT = 409 };

void lease_init(struct lease *l, const char *identity, struct lease_timing timing, uint64_t seed)
{
	*l = (struct lease){.timing = timing, .random = seed | 1};
	(void)snprintf(l->identity, sizeof(l->identity), "%s", identity);
}

/* xorshift64: replicas that began together shall not go on together; nothing secret depends on it. */
static int64_t jitter(struct lease *l, int64_t ms)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return ms + (int64_t)(l->random % (uint64_t)(ms * JITTER_PERCENT / 100 + 1));
}

static bool is_ours(const struct lease *l)
{
	return strcmp(l->seen.holder, l->identity) == 0;
}

/* How long a holder that does not renew keeps it: as it says itself, within reason. */
static int64_t duration_of(const struct lease *l)
{
	const int64_t s = l->seen.seconds;

	return s >= 1 && s <= LEASE_SECONDS_MAX ? s * 1000 : l->timing.lease_ms;
}

static bool is_free(const struct lease *l, int64_t now)
{
	return is_ours(l) || !l->seen.holder[0] || now - l->changed_at >= duration_of(l);
}

bool lease_leads(const struct lease *l, int64_t now)
{
	return now < l->held_until;
}

enum lease_action lease_next(struct lease *l, int64_t now)
{
	if (now < l->next_at)
		return LEASE_NOTHING;
	l->started_at = now;
	if (!l->known)
		return LEASE_READ;
	if (!l->seen.version[0])
		return LEASE_CREATE;
	if (is_free(l, now))
		return LEASE_WRITE;
	return LEASE_READ;
}

int64_t lease_wait_ms(const struct lease *l, int64_t now)
{
	return l->next_at > now ? l->next_at - now : 0;
}

/* --- what is written -----------------------------------------------------------------------------------------------
 */

/* metav1.MicroTime: six digits of a second, always UTC. */
static void add_time(struct text *out, int64_t micros)
{
	const time_t seconds = (time_t)(micros / 1000000);
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	text_addf(out, "\"%s.%06dZ\"", date, (int)(micros % 1000000));
}

static void add_member(struct text *out, const char *before, const char *value)
{
	text_adds(out, before);
	json_write_string(out, str_of(value), 0);
}

void lease_body(
	struct lease *l, const char *namespace, const char *name, int64_t micros, bool release, struct text *out)
{
	const bool again = is_ours(l) && l->seen.acquired[0];

	add_member(out, "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":", name);
	add_member(out, ",\"namespace\":", namespace);
	if (l->seen.version[0])
		add_member(out, ",\"resourceVersion\":", l->seen.version);
	add_member(out, "},\"spec\":{\"holderIdentity\":", release ? "" : l->identity);
	text_addf(out, ",\"leaseDurationSeconds\":%" PRId64, release ? 1 : (l->timing.lease_ms + 999) / 1000);
	text_addf(out, ",\"leaseTransitions\":%" PRId64, l->seen.transitions + (l->seen.version[0] && !is_ours(l)));
	if (again)
		add_member(out, ",\"acquireTime\":", l->seen.acquired);
	else
		text_adds(out, ",\"acquireTime\":"), add_time(out, micros);
	text_adds(out, ",\"renewTime\":");
	add_time(out, micros);
	text_adds(out, "}}");
	if (release)
		l->held_until = 0;
}

/* --- what was answered ---------------------------------------------------------------------------------------------
 */

/* False where it does not fit: then it is no name that a replica of ours could have. */
static bool copy(char *to, size_t size, struct str from)
{
	if (from.len >= size || (from.len && memchr(from.p, '\0', from.len)))
		return false;
	if (from.len)
		memcpy(to, from.p, from.len);
	to[from.len] = '\0';
	return true;
}

static bool read_record(const struct value *object, struct lease_record *ret)
{
	const struct value *meta = raw_get(object, "metadata"), *spec = raw_get(object, "spec");

	*ret = (struct lease_record){.seconds = 0};
	(void)raw_int(raw_get(spec, "leaseDurationSeconds"), &ret->seconds);
	(void)raw_int(raw_get(spec, "leaseTransitions"), &ret->transitions);
	if (ret->transitions < 0 || ret->transitions >= INT32_MAX)
		ret->transitions = 0;
	return copy(ret->holder, sizeof(ret->holder), raw_str(spec, "holderIdentity")) &&
	       copy(ret->version, sizeof(ret->version), raw_str(meta, "resourceVersion")) && ret->version[0] &&
	       copy(ret->acquired, sizeof(ret->acquired), raw_str(spec, "acquireTime")) &&
	       copy(ret->renewed, sizeof(ret->renewed), raw_str(spec, "renewTime"));
}

static bool is_same(const struct lease_record *a, const struct lease_record *b)
{
	return strcmp(a->holder, b->holder) == 0 && strcmp(a->version, b->version) == 0 &&
	       strcmp(a->renewed, b->renewed) == 0;
}

static void see(struct lease *l, const struct lease_record *r, int64_t now)
{
	if (!l->known || !is_same(&l->seen, r))
		l->changed_at = now;
	l->seen = *r;
	l->known = true;
}

/* Somebody else has it: whatever we believed. */
static void check_holder(struct lease *l)
{
	if (!is_ours(l))
		l->held_until = 0;
}

static void take_record(struct lease *l, enum lease_action action, const struct value *object, int64_t now)
{
	struct lease_record r;

	l->next_at = jitter(l, l->timing.retry_ms) + now;
	if (!object || !read_record(object, &r)) {
		l->known = false;
		return;
	}
	see(l, &r, now);
	check_holder(l);
	if (action != LEASE_READ && is_ours(l))
		l->held_until = l->started_at + l->timing.deadline_ms;
	else if (is_free(l, now))
		l->next_at = now;
}

void lease_answered(struct lease *l, enum lease_action action, int status, const struct value *object, int64_t now)
{
	if (status >= 200 && status <= 299) {
		take_record(l, action, object, now);
		return;
	}
	l->next_at = now + jitter(l, l->timing.retry_ms);
	if (status == NOT_FOUND && action == LEASE_READ) {
		see(l, &(struct lease_record){.seconds = 0}, now);
		l->held_until = 0;
		l->next_at = now;
	} else if (status == NOT_FOUND || status == CONFLICT) {
		/* It was changed, or deleted, behind our back: look before the next step. */
		l->known = false;
		l->next_at = status == CONFLICT && lease_leads(l, now) ? now : l->next_at;
	}
}
