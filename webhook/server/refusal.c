/* SPDX-License-Identifier: Apache-2.0 */
/* What was to replace the configuration or the certificate and was refused. */
#include "webhook/server/refusal.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

void refusals_init(struct refusals *r)
{
	memset(r, 0, sizeof(*r));
	(void)pthread_mutex_init(&r->lock, NULL);
}

void refusals_release(struct refusals *r)
{
	(void)pthread_mutex_destroy(&r->lock);
}

static size_t cut_length(const char *what)
{
	size_t len = strlen(what);

	if (len < REFUSAL_MAX)
		return len;
	len = REFUSAL_MAX - 1;
	while (len && ((unsigned char)what[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void refusals_set(struct refusals *r, enum server_part part, const char *what)
{
	struct refusal *to = &r->of[part];
	const size_t len = what ? cut_length(what) : 0;

	(void)pthread_mutex_lock(&r->lock);
	to->since = !what ? 0 : to->since ? to->since : (int64_t)time(NULL);
	/* One line of /readyz?verbose whatever the text is, templates with their carets included. */
	for (size_t i = 0; i < len; i++)
		to->what[i] = what[i] == '\n' || what[i] == '\t' ? ' ' : what[i];
	to->what[len] = '\0';
	(void)pthread_mutex_unlock(&r->lock);
}

bool refusals_has(struct refusals *r, enum server_part part)
{
	bool has;

	(void)pthread_mutex_lock(&r->lock);
	has = r->of[part].since != 0;
	(void)pthread_mutex_unlock(&r->lock);
	return has;
}

const char *refusals_what(struct refusals *r, enum server_part part, struct arena *a)
{
	const char *copy;

	(void)pthread_mutex_lock(&r->lock);
	copy = r->of[part].since ? arena_strndup(a, r->of[part].what, strlen(r->of[part].what)) : NULL;
	(void)pthread_mutex_unlock(&r->lock);
	return copy;
}

const char *refusals_text(struct refusals *r, enum server_part part, struct arena *a)
{
	struct refusal copy;
	char date[32] = "";
	struct tm tm;
	time_t since;

	(void)pthread_mutex_lock(&r->lock);
	copy = r->of[part];
	(void)pthread_mutex_unlock(&r->lock);
	if (!copy.since)
		return "";
	since = (time_t)copy.since;
	if (gmtime_r(&since, &tm))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_printf(a, "; a newer one is refused since %s: %s", date, copy.what);
}
