/* SPDX-License-Identifier: Apache-2.0 */
/* One collection of the Kubernetes API, kept up to date: what is to be asked, and what the answers mean. */
#include "webhook/cluster/reflector.h"

#include <string.h>

#include "base/limits.h"
#include "webhook/cluster/answer.h"

enum {
	STATUS_OK = 200,
	STATUS_TOO_MANY = 429,
	STATUS_OURS = 400, /* up to 499: the request is at fault */
	STATUS_THEIRS = 500,
	PAGE = 250,
	PAGES_MAX = LIMIT_KEPT_OBJECTS,
	LIST_TIMEOUT_MS = 30000,
	WATCH_SECONDS = 300, /* and as much again at random: replicas that started together do not come back together */
	GRACE_MS = 5000,
	BACK_OFF_FIRST_MS = 500,
	DOUBLINGS_MAX = 6,
	BRIEF_MS = 1000, /* a watch that ends sooner is a failure, however it ended */
	REFUSALS_MAX = 5,
	REFUSAL_BYTES_MAX = 64 << 10,
	IDLE_BYTES_MAX = 256 << 10, /* what a buffer may keep between two events */
};

static uint64_t next_random(struct reflector *r)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return r->random;
}

/* From half of it to all of it. */
static int64_t jitter(struct reflector *r, int64_t ms)
{
	return ms / 2 + (int64_t)(next_random(r) % (uint64_t)(ms / 2 + 1));
}

static int64_t back_off(struct reflector *r)
{
	const unsigned most = r->failures > r->refusals ? r->failures : r->refusals;
	const unsigned doublings = most > DOUBLINGS_MAX ? DOUBLINGS_MAX : most ? most - 1 : 0;
	const int64_t ms = (int64_t)BACK_OFF_FIRST_MS << doublings;

	return jitter(r, ms < REFLECTOR_BACK_OFF_MS ? ms : REFLECTOR_BACK_OFF_MS);
}

static void clear_body(struct reflector *r)
{
	if (r->body.cap > IDLE_BYTES_MAX || r->body.failed)
		text_release(&r->body);
	if (!r->body.data)
		text_init(&r->body, NULL, r->o.max_bytes);
	text_clear(&r->body);
}

void reflector_init(struct reflector *r, const struct reflector_options *o, uint64_t seed, int64_t now)
{
	*r = (struct reflector){.o = *o, .kept = {.max = o->max_kept}, .random = seed | 1, .due = now};
	if (!r->o.page)
		r->o.page = PAGE;
	if (!r->o.max_bytes)
		r->o.max_bytes = LIMIT_API_PAGE_BYTES;
	text_init(&r->body, NULL, r->o.max_bytes);
}

void reflector_release(struct reflector *r)
{
	kept_release(&r->kept);
	text_release(&r->body);
}

bool reflector_watches(const struct reflector *r)
{
	return r->state == REFLECTOR_WATCHES;
}

const char *reflector_accept(const struct reflector *r)
{
	static const char list[] = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
			  watch[] = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

	return !r->o.metadata_only ? NULL : reflector_watches(r) ? watch : list;
}

int64_t reflector_due(const struct reflector *r)
{
	return r->under_way ? INT64_MAX : r->due;
}

/* --- asking --------------------------------------------------------------------------------------------------------- */

static const char *list_query(struct reflector *r, struct arena *a)
{
	const char *own = r->o.query ? r->o.query : "";

	if (!r->page[0]) {
		r->lists++;
		r->pages = 0;
		kept_begin(&r->kept);
	}
	return arena_printf(a, "%s%slimit=%u%s%s", own, own[0] ? "&" : "", r->o.page, r->page[0] ? "&continue=" : "", r->page);
}

static const char *watch_query(struct reflector *r, struct arena *a, int64_t seconds)
{
	const char *own = r->o.query ? r->o.query : "";
	struct text version;

	r->watches++;
	text_init(&version, a, 3 * REFLECTOR_VERSION_MAX);
	cluster_escape(&version, str_of(r->version));
	return arena_printf(a, "%s%swatch=1&allowWatchBookmarks=true&resourceVersion=%s&timeoutSeconds=%lld", own, own[0] ? "&" : "",
		text_cstr(&version), (long long)seconds);
}

const char *reflector_request(struct reflector *r, struct arena *a, int64_t now, int64_t *ret_timeout)
{
	const int64_t seconds =
		r->o.watch_seconds ? r->o.watch_seconds : WATCH_SECONDS + (int64_t)(next_random(r) % (WATCH_SECONDS + 1));
	const char *query, *path;

	clear_body(r);
	query = reflector_watches(r) ? watch_query(r, a, seconds) : list_query(r, a);
	path = query ? cluster_path(a, &r->o.place, query) : NULL;
	/* The server ends a watch when its time is over; one that does not is not there any more. */
	*ret_timeout = reflector_watches(r) ? seconds * 1100 + GRACE_MS : LIST_TIMEOUT_MS;
	r->under_way = path != NULL;
	r->began = now;
	r->useless = r->expired = false;
	if (!path)
		r->due = now + back_off(r);
	return path;
}

/* --- what comes ----------------------------------------------------------------------------------------------------- */

/* Nothing written: not to be kept. */
static int put(struct reflector *r, struct str namespace, struct str name, const struct text *out, bool *ret_changed, struct err *err)
{
	if (out->data)
		return kept_put(&r->kept, namespace, name, (struct str){out->data, out->len}, ret_changed, err);
	kept_remove(&r->kept, namespace, name, ret_changed);
	return 0;
}

static int keep(struct reflector *r, const struct value *object, bool *ret_changed, struct err *err)
{
	const struct value *meta = raw_get(object, "metadata");
	const struct str namespace = raw_str(meta, "namespace"), name = raw_str(meta, "name");
	struct text out;
	int status = -1;

	if (!name.len)
		return err_set(err, ERR_IO, "%s: an object without a name came", r->o.what);
	text_init(&out, NULL, LIMIT_KEPT_BYTES + 1);
	r->o.keep(&out, object);
	if (text_check(&out, "what is kept of it", err) < 0)
		(void)err_wrap(err, "%s: '%.*s'", r->o.what, (int)name.len, name.p);
	else
		status = put(r, namespace, name, &out, ret_changed, err);
	text_release(&out);
	return status;
}

static void move_to(struct reflector *r, const struct value *object)
{
	const struct str version = raw_str(raw_get(object, "metadata"), "resourceVersion");

	if (!version.len || version.len >= sizeof(r->version))
		return;
	memcpy(r->version, version.p, version.len);
	r->version[version.len] = '\0';
}

/* A Status in place of an object. */
static int take_error(struct reflector *r, const struct value *status, struct err *err)
{
	const struct value *code = raw_get(status, "code");
	int64_t n = 0;

	if (code && !raw_int(code, &n))
		n = 0;
	r->expired = n == CLUSTER_GONE || str_is(raw_str(status, "reason"), "Expired") || str_is(raw_str(status, "reason"), "Gone");
	(void)answer_refused((int)n, status, STR(""), err);
	return err_wrap(err, "the watch of %s", r->o.what);
}

static int take_event(struct reflector *r, const struct value *event, bool *ret_changed, struct err *err)
{
	const struct str type = raw_str(event, "type");
	const struct value *object = raw_get(event, "object"), *meta = raw_get(object, "metadata");

	if (str_is(type, "ERROR"))
		return take_error(r, object, err);
	if (str_is(type, "ADDED") || str_is(type, "MODIFIED")) {
		if (keep(r, object, ret_changed, err) < 0)
			return -1;
	} else if (str_is(type, "DELETED")) {
		kept_remove(&r->kept, raw_str(meta, "namespace"), raw_str(meta, "name"), ret_changed);
	} else if (!str_is(type, "BOOKMARK")) {
		return err_set(err, ERR_IO, "the watch of %s sent what is no event", r->o.what);
	}
	move_to(r, object);
	return 0;
}

static int take_line(struct reflector *r, struct str line, int64_t now, bool *ret_changed, struct err *err)
{
	const struct value *event;
	struct err problem = {0};
	struct arena a;
	int status = -1;

	line = str_trim_space(line);
	if (!line.len)
		return 0;
	arena_init(&a, 0);
	event = answer_parse(&a, line, &problem);
	if (event)
		status = take_event(r, event, ret_changed, err);
	else if (problem.code == ERR_NOMEM)
		(void)err_nomem(err);
	else
		(void)err_set(err, ERR_IO, "the watch of %s sent what is no event: %s%s%.200s", r->o.what, problem.where,
			problem.where[0] ? ": " : "", problem.what);
	arena_release(&a);
	if (status == 0) {
		r->last_event = now;
		r->failures = r->refusals = 0;
	}
	return status;
}

/* Bytes up to the end of a line, or all there are; *ret_whole: a line has come to its end. */
static int gather(struct reflector *r, struct str *bytes, struct str *ret_line, bool *ret_whole, struct err *err)
{
	struct str rest = *bytes;
	const struct str piece = str_cut(&rest, '\n');

	*ret_whole = rest.p != NULL;
	*bytes = rest.p ? rest : (struct str){"", 0};
	*ret_line = piece;
	if (*ret_whole && !r->body.len && piece.len <= r->o.max_bytes)
		return 0;
	text_add(&r->body, piece.p, piece.len);
	*ret_line = (struct str){r->body.data, r->body.len};
	if (text_check(&r->body, "an event", err) == 0)
		return 0;
	return err_wrap(err, "the watch of %s", r->o.what);
}

static int take_lines(struct reflector *r, struct str bytes, int64_t now, bool *ret_changed, struct err *err)
{
	while (bytes.len) {
		struct str line;
		bool whole;

		if (gather(r, &bytes, &line, &whole, err) < 0)
			return -1;
		if (!whole)
			continue;
		if (take_line(r, line, now, ret_changed, err) < 0)
			return -1;
		clear_body(r);
	}
	return 0;
}

static void take_refusal(struct reflector *r, struct str bytes)
{
	const size_t room = r->body.len < REFUSAL_BYTES_MAX ? REFUSAL_BYTES_MAX - r->body.len : 0;

	text_add(&r->body, bytes.p, bytes.len < room ? bytes.len : room);
}

static int take_page(struct reflector *r, struct str bytes, struct err *err)
{
	text_add(&r->body, bytes.p, bytes.len);
	return text_check(&r->body, "a page", err) == 0 ? 0 : err_wrap(err, "the list of %s", r->o.what);
}

int reflector_take(struct reflector *r, int status, struct str bytes, int64_t now, bool *ret_changed)
{
	struct err err = {0};

	if (status != STATUS_OK) {
		take_refusal(r, bytes);
		return 0;
	}
	if ((reflector_watches(r) ? take_lines(r, bytes, now, ret_changed, &err) : take_page(r, bytes, &err)) == 0)
		return 0;
	r->useless = true;
	r->problem = err;
	return -1;
}

void reflector_wait(struct reflector *r, int64_t seconds, int64_t now)
{
	r->not_before = now + (seconds < REFLECTOR_BACK_OFF_MS / 1000 ? seconds * 1000 : REFLECTOR_BACK_OFF_MS);
	if (r->due < r->not_before)
		r->due = r->not_before;
}

void reflector_hurry(struct reflector *r, int64_t now)
{
	const int64_t jittered = now + jitter(r, BRIEF_MS), soon = jittered > r->not_before ? jittered : r->not_before;

	/* One that is answered, and with nothing of use, is no better off for it. */
	if (r->problem.code != ERR_NONE && !r->refusals && r->due > soon)
		r->due = soon;
}

void reflector_opened(struct reflector *r)
{
	r->up = true;
	err_clear(&r->problem);
}

/* --- what is next --------------------------------------------------------------------------------------------------- */

static void list_anew(struct reflector *r)
{
	r->state = REFLECTOR_LISTS;
	r->page[0] = '\0';
}

static void fail(struct reflector *r, const struct err *why, int64_t now)
{
	const struct err problem = *why;

	r->problem = problem;
	r->up = r->forbidden = false;
	r->failures++;
	r->due = now + back_off(r);
	if (!reflector_watches(r))
		list_anew(r);
}

/* What is beyond a limit of ours was answered all the same, and will be again: but a page of fewer objects may be within it. */
static void fail_list(struct reflector *r, const struct err *why, int64_t now)
{
	if (why->code == ERR_LIMIT && r->useless && r->o.page > 1)
		r->o.page = (r->o.page + 3) / 4;
	else
		r->answered = r->answered || why->code == ERR_LIMIT;
	fail(r, why, now);
}

static int keep_items(struct reflector *r, const struct value *list, bool *ret_changed, struct err *err)
{
	const struct value *items = raw_get(list, "items");

	if (!raw_str(raw_get(list, "metadata"), "resourceVersion").len || (items && items->kind != K_LIST && items->kind != K_NIL))
		return err_set(err, ERR_IO, "the list of %s: the answer is no list", r->o.what);
	for (size_t i = 0; items && items->kind == K_LIST && i < items->u.list.len; i++)
		if (keep(r, items->u.list.item[i], ret_changed, err) < 0)
			return -1;
	if (r->pages++ >= PAGES_MAX)
		return err_set(err, ERR_LIMIT, "the list of %s has more than %d pages", r->o.what, PAGES_MAX);
	return cluster_next_page(list, r->page, sizeof(r->page), err) == 0 ? 0 : err_wrap(err, "the list of %s", r->o.what);
}

static void settle(struct reflector *r, bool absent, int64_t now, bool *ret_changed)
{
	kept_end(&r->kept, ret_changed);
	*ret_changed = *ret_changed || !r->synced || absent != r->absent;
	r->synced = r->answered = r->up = true;
	r->absent = absent;
	r->failures = 0;
	r->last_event = now;
	err_clear(&r->problem);
	list_anew(r);
}

static void end_page(struct reflector *r, int64_t now, bool *ret_changed)
{
	const struct str body = {r->body.data ? r->body.data : "", r->body.len};
	const struct value *list;
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	list = answer_parse(&a, body, &err);
	if (!list)
		(void)err_wrap(&err, "the list of %s", r->o.what);
	if (!list || keep_items(r, list, ret_changed, &err) < 0) {
		fail_list(r, &err, now);
	} else {
		r->due = now;
		move_to(r, list);
		if (!r->page[0]) {
			settle(r, false, now, ret_changed);
			r->state = REFLECTOR_WATCHES;
			r->due = now + (r->refusals ? back_off(r) : 0);
		}
	}
	arena_release(&a);
	clear_body(r);
}

/* The API is not there: it has no objects. */
static void be_absent(struct reflector *r, int64_t now, bool *ret_changed)
{
	kept_begin(&r->kept);
	settle(r, true, now, ret_changed);
	r->due = now + jitter(r, REFLECTOR_ABSENT_MS);
}

static void refuse(struct reflector *r, int status, int64_t now)
{
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	(void)answer_refused(status, answer_parse(&a, (struct str){r->body.data ? r->body.data : "", r->body.len}, &(struct err){0}),
		(struct str){r->body.data, r->body.len}, &err);
	(void)err_wrap(&err, "the %s of %s", reflector_watches(r) ? "watch" : "list", r->o.what);
	arena_release(&a);
	fail(r, &err, now);
	r->forbidden = status == CLUSTER_FORBIDDEN;
}

static void end_list(struct reflector *r, int status, int64_t now, bool *ret_changed)
{
	if (status == STATUS_OK) {
		end_page(r, now, ret_changed);
	} else if (status == CLUSTER_NOT_FOUND && r->o.may_be_absent) {
		be_absent(r, now, ret_changed);
	} else {
		r->answered = r->answered || status == CLUSTER_UNAUTHORIZED || status == CLUSTER_FORBIDDEN || status == CLUSTER_NOT_FOUND;
		refuse(r, status, now);
	}
}

/* The request itself is at fault, such as its resourceVersion; who is busy or does not let us in will take it later. */
static bool is_fault(int status)
{
	return status >= STATUS_OURS && status < STATUS_THEIRS && status != CLUSTER_UNAUTHORIZED && status != CLUSTER_FORBIDDEN &&
	       status != STATUS_TOO_MANY;
}

static void end_watch(struct reflector *r, int status, const struct err *failed, int64_t now)
{
	const bool brief = now - r->began < BRIEF_MS;
	struct err err = {0};

	if (status == STATUS_OK && !r->useless && !failed && !brief) {
		r->failures = 0;
		r->due = now + jitter(r, BRIEF_MS);
		return;
	}
	if (status == STATUS_OK && !r->useless && !failed)
		(void)err_set(&err, ERR_IO, "the watch of %s ended as soon as it began", r->o.what);
	/* An answer, and to list anew is all it asks for: what failed before it, such as an outage, is over. */
	if (r->expired || status == CLUSTER_GONE)
		r->failures = 0;
	r->refusals += r->useless || is_fault(status) || (status == STATUS_OK && !failed && brief);
	if (status != STATUS_OK)
		refuse(r, status, now);
	else
		fail(r, r->useless ? &r->problem : failed ? failed : &err, now);
	/* Where watching on from there leads nowhere, everything is asked for anew. */
	if (r->expired || is_fault(status) || r->refusals >= REFUSALS_MAX)
		list_anew(r);
}

/* Once, the token is read again and the request repeated at once. */
static bool must_repeat(struct reflector *r, int status, int64_t now)
{
	const bool first = status == CLUSTER_UNAUTHORIZED && !r->unauthorized;

	r->unauthorized = status == CLUSTER_UNAUTHORIZED || (r->unauthorized && !status);
	if (first)
		r->due = now;
	return first;
}

void reflector_done(struct reflector *r, int status, const struct err *failed, int64_t now, bool *ret_changed)
{
	const bool answered = r->answered;

	r->under_way = false;
	if (must_repeat(r, status, now))
		return;
	if (reflector_watches(r) && status)
		end_watch(r, status, failed, now);
	else if (r->useless)
		fail_list(r, &r->problem, now);
	else if (failed || !status)
		fail(r, failed, now);
	else
		end_list(r, status, now, ret_changed);
	*ret_changed = *ret_changed || answered != r->answered;
}
