/* SPDX-License-Identifier: Apache-2.0 */
/* Does a collection stay what the API server says it is, whatever comes instead of a list or an event? */
#include "webhook/cluster/reflector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "patches/value/json.h"

#define OBJECT(name, version, value)                                                                                   \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\",\"resourceVersion\":\"" version "\"},\"v\":\"" value "\"}"
#define LIST(version, more, items)                                                                                     \
	"{\"kind\":\"ThingList\",\"metadata\":{\"resourceVersion\":\"" version "\"" more "},\"items\":[" items "]}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define BOOKMARK(version)   EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" version "\"}}")
#define GONE                                                                                                           \
	EVENT("ERROR", "{\"kind\":\"Status\",\"message\":\"too old resource version: 1 (9)\",\"reason\":\"Expired\",\"code\":410}")

static void keep_value(struct text *out, const struct value *object)
{
	const struct str v = raw_str(object, "v");

	if (!str_is(v, "not kept"))
		text_add(out, v.p, v.len);
}

/* A reflector, what it asks, and a clock. */
struct bench {
	struct reflector r;
	struct arena arena;
	int64_t now, timeout;
	bool changed; /* by the last answer */
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	const struct reflector_options o = {.what = "things",
		.place = {.api = "/api/v1", .resource = "things"},
		.query = "fieldSelector=x",
		.page = 2,
		.may_be_absent = true,
		.keep = keep_value,
		.max_bytes = 4096};

	assert_non_null(b);
	arena_init(&b->arena, 0);
	b->now = 1000;
	reflector_init(&b->r, &o, 7, b->now);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	reflector_release(&b->r);
	arena_release(&b->arena);
	free(b);
	return 0;
}

/* A list of metadata is of another kind than the events of a watch. */
static void metadata_alone(void **state)
{
	struct bench *b = *state;

	assert_null(reflector_accept(&b->r));
	b->r.o.metadata_only = true;
	assert_string_equal(reflector_accept(&b->r), "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
	b->r.state = REFLECTOR_WATCHES;
	assert_string_equal(reflector_accept(&b->r), "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
}

static const char *ask(struct bench *b)
{
	const char *path;

	if (reflector_due(&b->r) > b->now)
		b->now = reflector_due(&b->r);
	path = reflector_request(&b->r, &b->arena, b->now, &b->timeout);
	assert_non_null(path);
	assert_true(reflector_due(&b->r) == INT64_MAX);
	return path;
}

/* In pieces of that many bytes; the end of the request where it was not given up before. */
static void answer_in(struct bench *b, int status, const char *body, size_t piece)
{
	b->changed = false;
	for (size_t at = 0, len = strlen(body); at < len; at += piece) {
		const struct str bytes = {body + at, len - at < piece ? len - at : piece};

		if (reflector_take(&b->r, status, bytes, b->now, &b->changed) < 0)
			break;
	}
	reflector_done(&b->r, status, NULL, b->now, &b->changed);
}

static void answer(struct bench *b, int status, const char *body)
{
	answer_in(b, status, body, 4096);
}

/* The watch goes on. */
static int send_events(struct bench *b, const char *lines)
{
	b->changed = false;
	return reflector_take(&b->r, 200, str_of(lines), b->now, &b->changed);
}

static void lose_connection(struct bench *b, int status)
{
	struct err err = {0};

	(void)err_set(&err, ERR_IO, "things: no answer");
	b->changed = false;
	reflector_done(&b->r, status, &err, b->now, &b->changed);
}

/* "n/a=1 n/b=2" */
static const char *holds(struct bench *b)
{
	struct text t;

	text_init(&t, &b->arena, 4096);
	for (size_t i = 0; i < b->r.kept.n; i++)
		text_addf(&t, "%s%s=%.*s", i ? " " : "", b->r.kept.object[i].key, (int)b->r.kept.object[i].len, kept_text(&b->r.kept.object[i]).p);
	return text_cstr(&t);
}

static void assert_holds(struct bench *b, const char *want)
{
	assert_string_equal(holds(b), want);
}

static void assert_asks(struct bench *b, const char *part)
{
	const char *path = ask(b);

	if (!strstr(path, part))
		fail_msg("asked for %s, not %s", path, part);
}

static void assert_problem(struct bench *b, const char *part)
{
	if (!strstr(b->r.problem.what, part))
		fail_msg("the problem is \"%s\", not \"%s\"", b->r.problem.what, part);
}

/* Listed, and watched from version 5 on. */
static void begin(struct bench *b)
{
	assert_asks(b, "/api/v1/things?fieldSelector=x&limit=2");
	answer(b, 200, LIST("5", "", OBJECT("a", "1", "1") "," OBJECT("b", "2", "2")));
	assert_true(b->changed);
	assert_true(b->r.synced);
	assert_holds(b, "n/a=1 n/b=2");
	assert_asks(b, "fieldSelector=x&watch=1&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=");
	reflector_opened(&b->r);
}

/* --- lists ---------------------------------------------------------------------------------------------------------- */

static void list_comes_in_pages(void **state)
{
	struct bench *b = *state;

	assert_string_equal(ask(b), "/api/v1/things?fieldSelector=x&limit=2");
	answer_in(b, 200, LIST("5", ",\"continue\":\"t/1\"", OBJECT("a", "1", "1") "," OBJECT("c", "2", "3")), 7);
	assert_false(b->r.synced);
	assert_true(reflector_due(&b->r) == b->now);
	assert_string_equal(ask(b), "/api/v1/things?fieldSelector=x&limit=2&continue=t%2F1");
	answer_in(b, 200, LIST("5", "", OBJECT("b", "3", "not kept")), 1);
	assert_true(b->r.synced && b->changed);
	assert_holds(b, "n/a=1 n/c=3");
	assert_int_equal(b->r.lists, 1);
	assert_asks(b, "resourceVersion=5&");
}

/* A list that is too old to go on begins anew; what it had is none the worse. */
static void page_that_expired(void **state)
{
	struct bench *b = *state;

	(void)ask(b);
	answer(b, 200, LIST("5", ",\"continue\":\"t\"", OBJECT("gone", "1", "1") "," OBJECT("b", "2", "2")));
	(void)ask(b);
	answer(b, 410, "{\"message\":\"The provided continue parameter is too old\",\"code\":410}");
	assert_problem(b, "the list of things: 410 Gone: The provided continue parameter is too old");
	assert_true(reflector_due(&b->r) > b->now);
	assert_string_equal(ask(b), "/api/v1/things?fieldSelector=x&limit=2");
	answer(b, 200, LIST("9", "", OBJECT("b", "2", "2")));
	assert_holds(b, "n/b=2");
	assert_int_equal(b->r.problem.code, ERR_NONE);
}

static void lists_that_are_none(void **state)
{
	static const struct {
		int status;
		const char *body, *problem;
		bool answered;
	} rows[] = {
		{200, "{\"kind\":\"Status\"}", "the list of things: the answer is no list", false},
		{200, "<html>", "the list of things", false},
		{200, "", "the list of things", false},
		{200, LIST("", "", ""), "the answer is no list", false},
		{200, LIST("5", "", "{\"metadata\":{}}"), "an object without a name came", false},
		{500, "oops", "the list of things: 500 Internal Error: oops", false},
		{429, "{}", "429 Too Many Requests", false},
		{403, "{\"message\":\"things is forbidden\"}", "the list of things: 403 Forbidden: things is forbidden", true},
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)ask(b);
		answer(b, rows[i].status, rows[i].body);
		assert_problem(b, rows[i].problem);
		assert_int_equal(b->r.answered, rows[i].answered);
		assert_false(b->r.synced || b->r.up);
		assert_int_equal(b->r.forbidden, rows[i].status == 403);
		assert_true(reflector_due(&b->r) > b->now);
	}
	begin(b);
}

static void page_that_is_too_large(void **state)
{
	struct bench *b = *state;
	char *body = malloc(5000);

	assert_non_null(body);
	memset(body, ' ', 4999);
	body[4999] = '\0';
	(void)ask(b);
	answer_in(b, 200, body, 1000);
	assert_problem(b, "the list of things: a page is larger than 4096 bytes");
	assert_false(b->r.answered);
	assert_true(b->changed == false);
	/* A smaller page may fit; one that cannot be smaller is all there will ever be. */
	assert_asks(b, "/api/v1/things?fieldSelector=x&limit=1");
	answer_in(b, 200, body, 1000);
	assert_true(b->r.answered && b->changed && !b->r.synced);
	free(body);
	assert_asks(b, "/api/v1/things?fieldSelector=x&limit=1");
	answer(b, 200, LIST("5", "", OBJECT("a", "1", "1")));
	assert_true(b->r.synced);
	assert_int_equal(b->r.problem.code, ERR_NONE);
}

static void list_without_an_end(void **state)
{
	struct bench *b = *state;
	int pages = 0;

	do {
		assert_true(pages++ <= LIMIT_KEPT_OBJECTS);
		(void)ask(b);
		arena_clear(&b->arena);
		answer(b, 200, LIST("5", ",\"continue\":\"again\"", OBJECT("a", "1", "1")));
	} while (reflector_due(&b->r) == b->now);
	assert_problem(b, "the list of things has more than 100000 pages");
	begin(b);
}

/* Whoever waits for the first list would wait for ever; what others may put there must not bring that about. */
static void more_than_can_be_kept(void **state)
{
	static const char start[] = LIST("5", "", OBJECT("a", "1", "1") ",");
	enum { DEPTH = 1000 };
	struct bench *b = *state;
	char body[sizeof(start) + 2 * DEPTH];
	const size_t head = sizeof(start) - sizeof("]}");

	(void)snprintf(body, sizeof(body), "%.*s%*s%*s]}", (int)head, start, DEPTH, "", DEPTH, "");
	memset(body + head, '[', DEPTH);
	memset(body + head + DEPTH, ']', DEPTH);
	(void)ask(b);
	answer(b, 200, body);
	assert_problem(b, "the list of things: JSON nests too deeply");
	assert_true(b->r.answered && b->changed && !b->r.synced);
	begin(b);
}

static void api_that_is_not_there(void **state)
{
	struct bench *b = *state;

	(void)ask(b);
	answer(b, 404, "404 page not found");
	assert_true(b->changed && b->r.synced && b->r.absent && b->r.up);
	assert_int_equal(b->r.problem.code, ERR_NONE);
	assert_true(reflector_due(&b->r) >= b->now + REFLECTOR_ABSENT_MS / 2);
	(void)ask(b);
	answer(b, 404, "404 page not found");
	assert_false(b->changed);
	begin(b); /* it has come */
	assert_false(b->r.absent);
	answer(b, 404, "404 page not found"); /* and it goes */
	(void)ask(b);
	answer(b, 404, "404 page not found");
	assert_true(b->changed && b->r.absent);
	assert_holds(b, "");
}

/* --- watches -------------------------------------------------------------------------------------------------------- */

static void events_come_as_they_may(void **state)
{
	static const char events[] = EVENT("ADDED", OBJECT("c", "6", "3")) EVENT("MODIFIED", OBJECT("a", "7", "9"))
		EVENT("DELETED", OBJECT("b", "8", "2")) "\n" BOOKMARK("12");

	for (size_t piece = 1; piece < sizeof(events); piece += piece < 20 ? 1 : 37) {
		struct bench *b = *state;

		begin(b);
		b->now += 400000;
		answer_in(b, 200, events, piece);
		assert_true(b->changed);
		assert_holds(b, "n/a=9 n/c=3");
		assert_true(b->r.up);
		assert_asks(b, "resourceVersion=12&");
		assert_int_equal(b->r.lists, 1);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

/* Heartbeats of nodes change nothing that is kept. */
static void what_is_kept_is_the_same(void **state)
{
	struct bench *b = *state;

	begin(b);
	assert_int_equal(send_events(b, EVENT("MODIFIED", OBJECT("a", "6", "1")) BOOKMARK("8")), 0);
	assert_false(b->changed);
	assert_int_equal(send_events(b, EVENT("DELETED", OBJECT("z", "9", "1"))), 0);
	assert_false(b->changed);
	assert_int_equal(send_events(b, EVENT("MODIFIED", OBJECT("a", "10", "not kept"))), 0);
	assert_true(b->changed);
	assert_holds(b, "n/b=2");
}

/* The watch goes on where it was, and nothing is listed again. */
static void connections_that_are_lost(void **state)
{
	struct bench *b = *state;
	int64_t waits[12];

	begin(b);
	assert_int_equal(send_events(b, BOOKMARK("20")), 0);
	b->now += 60000;
	lose_connection(b, 200);
	assert_false(b->r.up);
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		waits[i] = reflector_due(&b->r) - b->now;
		assert_asks(b, "resourceVersion=20&");
		lose_connection(b, 0);
	}
	assert_problem(b, "things: no answer");
	reflector_hurry(&b->r, b->now); /* another collection's request was answered */
	assert_true(reflector_due(&b->r) > b->now && reflector_due(&b->r) <= b->now + 1000);
	assert_true(waits[0] >= 250 && waits[0] <= 500);
	assert_true(waits[11] >= REFLECTOR_BACK_OFF_MS / 2 && waits[11] <= REFLECTOR_BACK_OFF_MS);
	assert_asks(b, "resourceVersion=20&");
	reflector_opened(&b->r);
	assert_true(b->r.up);
	assert_int_equal(b->r.problem.code, ERR_NONE);
	assert_int_equal(b->r.lists, 1);
	assert_holds(b, "n/a=1 n/b=2");
}

static void version_that_is_gone(void **state)
{
	for (int by_status = 0; by_status < 2; by_status++) {
		struct bench *b = *state;

		begin(b);
		answer(b, by_status ? 410 : 200, by_status ? "{\"message\":\"too old resource version: 1 (9)\",\"code\":410}" : GONE);
		assert_problem(b, "the watch of things: 410 Gone: too old resource version: 1 (9)");
		assert_true(reflector_due(&b->r) > b->now);
		assert_string_equal(ask(b), "/api/v1/things?fieldSelector=x&limit=2");
		answer(b, 200, LIST("30", "", OBJECT("b", "2", "2") "," OBJECT("c", "25", "3")));
		assert_true(b->changed);
		assert_holds(b, "n/b=2 n/c=3");
		assert_asks(b, "resourceVersion=30&");
		assert_int_equal(b->r.lists, 2);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void lines_that_are_no_events(void **state)
{
	static const struct {
		const char *line, *problem;
	} rows[] = {
		{"garbage\n", "the watch of things sent what is no event"},
		{"{\"type\":\"ADDED\"}\n", "an object without a name came"},
		{"{\"type\":\"RENAMED\",\"object\":{}}\n", "sent what is no event"},
		{"[]\n", "sent what is no event"},
		{EVENT("ERROR", "{\"message\":\"etcd is away\",\"code\":500}"), "the watch of things: 500 Internal Error: etcd is away"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench *b = *state;

		begin(b);
		b->now += 5000;
		answer(b, 200, rows[i].line);
		assert_problem(b, rows[i].problem);
		assert_false(b->r.up);
		assert_true(reflector_due(&b->r) > b->now);
		assert_asks(b, "resourceVersion=5&");
		/* What comes in such a row again and again is not to be had by watching. */
		for (int n = 0; n < 4; n++) {
			answer(b, 200, rows[i].line);
			(void)ask(b);
		}
		assert_int_equal(b->r.lists, 2);
		assert_holds(b, "n/a=1 n/b=2");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void line_that_is_too_large(void **state)
{
	struct bench *b = *state;
	char line[1024];

	begin(b);
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 4; i++)
		assert_int_equal(reflector_take(&b->r, 200, (struct str){line, sizeof(line)}, b->now, &b->changed), 0);
	assert_int_equal(reflector_take(&b->r, 200, (struct str){line, 1}, b->now, &b->changed), -1);
	reflector_done(&b->r, 200, NULL, b->now, &b->changed);
	assert_problem(b, "the watch of things: an event is larger than 4096 bytes");
	assert_asks(b, "resourceVersion=5&");
	assert_int_equal(send_events(b, BOOKMARK("6")), 0);
}

/* An API server that comes back after an outage has often forgotten: then nothing is waited for any more. */
static void version_that_is_gone_after_an_outage(void **state)
{
	for (int by_status = 0; by_status < 2; by_status++) {
		struct bench *b = *state;

		begin(b);
		lose_connection(b, 200);
		for (int i = 0; i < 10; i++) {
			(void)ask(b);
			lose_connection(b, 0);
		}
		(void)ask(b);
		answer(b, by_status ? 410 : 200, by_status ? "{}" : GONE);
		assert_true(reflector_due(&b->r) - b->now <= 500);
		assert_string_equal(ask(b), "/api/v1/things?fieldSelector=x&limit=2");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

/* A line that was cut off by the end of its connection comes again with the next watch. */
static void half_a_line(void **state)
{
	struct bench *b = *state;

	begin(b);
	b->now += 5000;
	answer(b, 200, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"");
	assert_holds(b, "n/a=1 n/b=2");
	assert_asks(b, "resourceVersion=5&");
	assert_int_equal(send_events(b, EVENT("DELETED", OBJECT("a", "6", "1"))), 0);
	assert_holds(b, "n/b=2");
}

/* Ended in time they are nothing to speak of; ended at once, again and again, they are waited for ever longer. */
static void watches_that_end(void **state)
{
	struct bench *b = *state;
	int64_t wait = 0;

	begin(b);
	assert_true(b->timeout >= 300 * 1000 && b->timeout <= 700 * 1000);
	b->now += 300000;
	answer(b, 200, "");
	assert_int_equal(b->r.problem.code, ERR_NONE);
	assert_true(b->r.up);
	assert_true(reflector_due(&b->r) - b->now <= 1000);
	reflector_hurry(&b->r, b->now - 100000);
	assert_true(reflector_due(&b->r) >= b->now); /* nothing failed */
	for (int i = 0; i < 4; i++) {
		assert_asks(b, "resourceVersion=5&");
		answer(b, 200, "");
		assert_problem(b, "the watch of things ended as soon as it began");
		assert_true(reflector_due(&b->r) - b->now > wait / 2);
		wait = reflector_due(&b->r) - b->now;
		reflector_hurry(&b->r, b->now - 100000);
		assert_true(reflector_due(&b->r) - b->now == wait);
	}
	assert_true(wait >= 2000);
}

static void watches_that_are_refused(void **state)
{
	static const struct {
		int status;
		bool listed; /* at once */
	} rows[] = {{403, false}, {429, false}, {500, false}, {503, false}, {400, true}, {404, true}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench *b = *state;
		const char *path;

		begin(b);
		answer(b, rows[i].status, "{\"message\":\"no\"}");
		assert_problem(b, "the watch of things: ");
		assert_int_equal(b->r.forbidden, rows[i].status == 403);
		assert_true(reflector_due(&b->r) > b->now);
		path = ask(b);
		assert_int_equal(strstr(path, "limit=2") != NULL, rows[i].listed);
		assert_holds(b, "n/a=1 n/b=2");
		(void)tear_down(state);
		(void)set_up(state);
	}
}

/* As asked, within reason, whatever else becomes of the others. */
static void server_names_a_time(void **state)
{
	struct bench *b = *state;

	begin(b);
	answer(b, 429, "{\"message\":\"no\"}");
	reflector_wait(&b->r, 7, b->now);
	assert_true(reflector_due(&b->r) == b->now + 7000);
	reflector_hurry(&b->r, b->now);
	assert_true(reflector_due(&b->r) == b->now + 7000);
	(void)ask(b);
	answer(b, 503, "{\"message\":\"no\"}");
	reflector_wait(&b->r, 3600, b->now);
	assert_true(reflector_due(&b->r) == b->now + REFLECTOR_BACK_OFF_MS);
	(void)ask(b);
	answer(b, 429, "{\"message\":\"no\"}");
	reflector_wait(&b->r, 0, b->now);
	assert_true(reflector_due(&b->r) > b->now && reflector_due(&b->r) < b->now + 7000);
}

/* The token was replaced: it is read again and the request repeated, once. */
static void token_that_is_refused(void **state)
{
	struct bench *b = *state;

	(void)ask(b);
	answer(b, 401, "{\"message\":\"Unauthorized\"}");
	assert_true(b->r.unauthorized && !b->r.answered);
	assert_true(reflector_due(&b->r) == b->now);
	(void)ask(b);
	answer(b, 401, "{\"message\":\"Unauthorized\"}");
	assert_problem(b, "the list of things: 401 Unauthorized: Unauthorized");
	assert_true(b->r.unauthorized && b->r.answered && b->changed);
	assert_true(reflector_due(&b->r) > b->now);
	begin(b);
	assert_false(b->r.unauthorized);
	answer(b, 401, "{}");
	assert_asks(b, "resourceVersion=5&");
	assert_true(b->r.unauthorized);
}

/* --- what is kept --------------------------------------------------------------------------------------------------- */

static void kept_stays_in_order(void **state UNUSED)
{
	static const char *const names[] = {"m", "c", "x", "a", "z", "b", "m", "c"};
	struct kept k = {0};
	struct err err = {0};
	bool changed = false;

	kept_begin(&k);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(kept_put(&k, STR("n"), str_of(names[i]), str_of(names[i]), &changed, &err), 0);
	assert_int_equal(kept_put(&k, STR("a-b"), STR("z"), STR("1"), &changed, &err), 0);
	assert_int_equal(kept_put(&k, STR("a"), STR("z"), STR("1"), &changed, &err), 0);
	assert_int_equal(k.n, 8);
	assert_string_equal(k.object[0].key, "a/z");
	assert_string_equal(k.object[1].key, "a-b/z");
	for (size_t i = 3; i < k.n; i++)
		assert_true(strcmp(k.object[i - 1].key, k.object[i].key) < 0);
	changed = false;
	kept_end(&k, &changed);
	assert_false(changed);
	kept_begin(&k);
	assert_int_equal(kept_put(&k, STR("n"), STR("b"), STR("b"), &changed, &err), 0);
	assert_false(changed);
	kept_end(&k, &changed);
	assert_true(changed);
	assert_int_equal(k.n, 1);
	kept_release(&k);
}

static void kept_is_bounded(void **state UNUSED)
{
	const size_t large = LIMIT_KEPT_BYTES + 1;
	char *text = calloc(1, large), name[16];
	struct kept k = {0};
	struct err err = {0};
	bool changed = false;

	assert_non_null(text);
	assert_int_equal(kept_put(&k, STR(""), STR("a"), (struct str){text, large}, &changed, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.what, "'a' is larger than 4194304 bytes");
	for (int i = 0; i < LIMIT_KEPT_OBJECTS; i++) {
		(void)snprintf(name, sizeof(name), "%08d", i);
		assert_int_equal(kept_put(&k, STR(""), str_of(name), STR(""), &changed, &err), 0);
	}
	err_clear(&err);
	assert_int_equal(kept_put(&k, STR(""), STR("x"), STR(""), &changed, &err), -1);
	assert_string_equal(err.what, "there are more than 100000 objects; the rest is not known");
	assert_int_equal(k.n, LIMIT_KEPT_OBJECTS);
	kept_release(&k);
	assert_int_equal(k.bytes, 0);
	for (int i = 0; i < LIMIT_KEPT_TOTAL / LIMIT_KEPT_BYTES - 1; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(kept_put(&k, STR(""), str_of(name), (struct str){text, LIMIT_KEPT_BYTES}, &changed, &err), 0);
	}
	err_clear(&err);
	assert_int_equal(kept_put(&k, STR(""), STR("x"), (struct str){text, LIMIT_KEPT_BYTES}, &changed, &err), -1);
	assert_string_equal(err.what, "the objects have more than 16777216 bytes; the rest is not known");
	kept_remove(&k, STR(""), STR("0"), &changed);
	assert_int_equal(kept_put(&k, STR(""), STR("x"), (struct str){text, LIMIT_KEPT_BYTES}, &changed, &err), 0);
	assert_int_equal(kept_put(&k, STR(""), STR("x"), STR("1"), &changed, &err), 0);
	kept_begin(&k);
	kept_end(&k, &changed);
	assert_int_equal(k.bytes, 0);
	kept_release(&k);
	/* What is replaced makes room for what replaces it. */
	k.max = 1000;
	assert_int_equal(kept_put(&k, STR(""), STR("x"), (struct str){text, 600}, &changed, &err), 0);
	text[0] = 'x';
	assert_int_equal(kept_put(&k, STR(""), STR("x"), (struct str){text, 601}, &changed, &err), 0);
	kept_release(&k);
	free(text);
}

/* The largest that a JSON text can become: as many members as it can hold. */
static void what_is_kept_can_be_read(void **state UNUSED)
{
	const size_t most = 80 << 20; /* twice that, and all else, is below the container's limit */
	struct err err = {0};
	struct arena a;
	struct text t;

	text_init(&t, NULL, LIMIT_KEPT_OF_MANY + 64);
	text_addc(&t, '{');
	for (unsigned i = 0; t.len < LIMIT_KEPT_OF_MANY; i++)
		text_addf(&t, "%s\"%x\":\"\"", i ? "," : "", i);
	text_addc(&t, '}');
	assert_false(t.failed);
	arena_init(&a, most);
	if (!json_parse(&a, t.data, t.len, JSON_LAST_WINS, &err))
		fail_msg("%s", err.what);
	arena_release(&a);
	text_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(metadata_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(list_comes_in_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(page_that_expired, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_that_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(page_that_is_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(list_without_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_than_can_be_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(api_that_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_come_as_they_may, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_kept_is_the_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(connections_that_are_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(version_that_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(version_that_is_gone_after_an_outage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_that_are_no_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(line_that_is_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(half_a_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(watches_that_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(watches_that_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_names_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(token_that_is_refused, set_up, tear_down),
		cmocka_unit_test(kept_stays_in_order),
		cmocka_unit_test(kept_is_bounded),
		cmocka_unit_test(what_is_kept_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
