/* SPDX-License-Identifier: Apache-2.0 */
/* One request while it is served: its memory, reused from a small pool, and what has been read of it. */
#include "webhook/server/request.h"

#include <stdlib.h>
#include <string.h>

#include "webhook/snapshot.h"

enum { ANSWER_MAX = 64 << 20 };

void request_pool_init(struct request_pool *pool, size_t keep, size_t max_body)
{
	memset(pool, 0, sizeof(*pool));
	(void)pthread_mutex_init(&pool->lock, NULL);
	pool->keep = keep;
	pool->max_body = max_body;
}

static void free_request(struct request *r)
{
	arena_release(&r->arena);
	free(r);
}

void request_pool_release(struct request_pool *pool)
{
	while (pool->idle) {
		struct request *r = pool->idle;

		pool->idle = r->next;
		free_request(r);
	}
	(void)pthread_mutex_destroy(&pool->lock);
}

/* The last one given back is the first one taken: its memory is still in the caches. */
static struct request *take_idle(struct request_pool *pool)
{
	struct request *r;

	(void)pthread_mutex_lock(&pool->lock);
	r = pool->idle;
	if (r) {
		pool->idle = r->next;
		pool->n_idle--;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return r;
}

struct request *request_take(struct request_pool *pool)
{
	struct request *r = take_idle(pool);
	struct arena arena;

	if (!r) {
		r = malloc(sizeof(*r));
		if (!r)
			return NULL;
		arena_init(&r->arena, 0);
	}
	arena = r->arena;
	*r = (struct request){.arena = arena};
	text_init(&r->body, &r->arena, pool->max_body);
	text_init(&r->out, &r->arena, ANSWER_MAX);
	return r;
}

void request_give_back(struct request_pool *pool, struct request *r)
{
	bool kept;

	snapshot_unref(take(r->snapshot));
	arena_clear(&r->arena);
	(void)pthread_mutex_lock(&pool->lock);
	kept = pool->n_idle < pool->keep;
	if (kept) {
		r->next = pool->idle;
		pool->idle = r;
		pool->n_idle++;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	if (!kept)
		free_request(r);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Writes the decoded path over `out`, which has room for it. */
static bool decode(struct str from, char *out, size_t *ret_len)
{
	size_t len = 0;

	for (size_t i = 0; i < from.len; i++) {
		int high, low;

		if (from.p[i] != '%') {
			out[len++] = from.p[i];
			continue;
		}
		high = from.len - i > 2 ? hex(from.p[i + 1]) : -1;
		low = high >= 0 ? hex(from.p[i + 2]) : -1;
		if (low < 0 || high * 16 + low == 0)
			return false;
		out[len++] = (char)(high * 16 + low);
		i += 2;
	}
	*ret_len = len;
	return true;
}

/* "." and ".." mean another path to some proxies and this one to others. */
static bool has_dot_segment(struct str path)
{
	while (path.p) {
		const struct str segment = str_cut(&path, '/');

		if (str_is(segment, ".") || str_is(segment, ".."))
			return true;
	}
	return false;
}

bool request_set_target(struct request *r, const char *target)
{
	struct str rest = str_of(target);
	const struct str path = str_cut(&rest, '?');
	char *decoded = arena_strndup(&r->arena, path.p, path.len);
	char *query = rest.p ? arena_strndup(&r->arena, rest.p, rest.len) : NULL;
	size_t len;

	if (!decoded || path.len == 0 || path.p[0] != '/' || !decode(path, decoded, &len))
		return false;
	r->path = (struct str){decoded, len};
	r->query = query ? (struct str){query, rest.len} : (struct str){0};
	return !has_dot_segment(r->path);
}
