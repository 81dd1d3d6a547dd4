/* SPDX-License-Identifier: Apache-2.0 */
/* Are Events gathered by owner and reason, never more than so many a minute, and is the memory for them bounded? */
#include "webhook/cluster/event_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { START = 1000, WALL = 1700000000 };

static struct event_table *table;

static int set_up(void **state UNUSED)
{
	table = malloc(sizeof(*table));
	assert_non_null(table);
	event_table_init(table, 42, 0);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	free(table);
	return 0;
}

static bool put(const char *namespace, const char *uid, const char *reason, const char *message, int64_t now)
{
	const struct event_note n = {.namespace = str_of(namespace),
		.api_version = STR("apps/v1"),
		.kind = STR("ReplicaSet"),
		.name = STR("web-5d4f"),
		.uid = str_of(uid),
		.reason = reason,
		.message = str_of(message)};

	return event_table_put(table, &n, now, WALL + now / 1000);
}

/* Writes all that is due; returns how many. */
static size_t write_all(int64_t now)
{
	struct event_slot *s;
	size_t n = 0;

	while ((s = event_table_next(table, now))) {
		event_table_answered(table, s, s->pending, EVENT_WRITTEN, now);
		n++;
	}
	return n;
}

static void the_same_raises_a_count(void **state UNUSED)
{
	struct event_slot *s;
	uint64_t id;

	for (int i = 0; i < 3; i++)
		assert_true(put("shop", "u1", "GuardDenied", i < 2 ? "first" : "latest", START + i));
	s = event_table_next(table, START + 3);
	assert_non_null(s);
	assert_false(s->exists);
	assert_int_equal(s->pending, 3);
	assert_string_equal(s->message, "latest");
	assert_int_equal(s->first_s, WALL + 1);
	id = s->id;
	event_table_answered(table, s, 3, EVENT_WRITTEN, START + 3);
	assert_null(event_table_next(table, START + 4));

	/* Again: the same Event, and not before a minute has passed. */
	assert_true(put("shop", "u1", "GuardDenied", "latest", START + 10));
	assert_null(event_table_next(table, START + EVENT_AGAIN_MS));
	s = event_table_next(table, START + 3 + EVENT_AGAIN_MS);
	assert_non_null(s);
	assert_true(s->exists);
	assert_true(s->id == id);
	assert_int_equal(s->told + s->pending, 4);
	event_table_answered(table, s, 1, EVENT_WRITTEN, START + 3 + EVENT_AGAIN_MS);

	/* After the window: another Event. */
	assert_true(put("shop", "u1", "GuardDenied", "new", START + 11 + EVENT_WINDOW_MS));
	s = event_table_next(table, START + 11 + EVENT_WINDOW_MS);
	assert_non_null(s);
	assert_false(s->exists);
	assert_false(s->id == id);
	assert_int_equal(s->told + s->pending, 1);
	assert_int_equal(table->counts.noted, 5);
	assert_int_equal(table->counts.written, 2);
	assert_int_equal(table->counts.dropped, 0);
}

/* What happens while it is written is not lost. */
static void what_comes_meanwhile_counts(void **state UNUSED)
{
	struct event_slot *s;

	assert_true(put("shop", "u1", "GuardDenied", "m", START));
	s = event_table_next(table, START);
	assert_true(put("shop", "u1", "GuardDenied", "m", START + EVENT_WINDOW_MS + 1));
	event_table_answered(table, s, 1, EVENT_WRITTEN, START);
	assert_int_equal(s->told, 1);
	assert_int_equal(s->pending, 1);
}

static const struct {
	const char *namespace, *uid, *reason;
} others[] = {
	{"shop", "u2", "GuardDenied"},
	{"shop", "u1", "SidecarMissing"},
	{"cart", "u1", "GuardDenied"},
};

static void what_differs_is_another_event(void **state UNUSED)
{
	assert_true(put("shop", "u1", "GuardDenied", "m", START));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_true(put(others[i].namespace, others[i].uid, others[i].reason, "m", START));
	assert_int_equal(write_all(START), 1 + ARRAY_LEN(others));
}

/* Over an hour in which everything happens all the time: no minute, wherever it begins, sees more writes than allowed. */
static void no_minute_sees_more(void **state UNUSED)
{
	static int64_t at[100000];
	static unsigned char space[100000];
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	size_t n = 0, later = 0, most = 0;

	for (int64_t now = START; now < START + 3600000; now += 500) {
		struct event_slot *s;
		char uid[32];

		(void)snprintf(uid, sizeof(uid), "u%lld", (long long)now);
		(void)put(names[now / 500 % 10], uid, "GuardDenied", "m", now);
		while ((s = event_table_next(table, now))) {
			assert_true(n < ARRAY_LEN(at));
			at[n] = now;
			space[n++] = (unsigned char)s->namespace[0];
			event_table_answered(table, s, s->pending, EVENT_WRITTEN, now);
		}
	}
	for (size_t i = 0; i < n; i++) {
		size_t in_minute = 0, of_namespace = 0;

		for (size_t j = i; j < n && at[j] < at[i] + EVENT_MINUTE_MS; j++) {
			in_minute++;
			of_namespace += space[j] == space[i];
		}
		assert_true(in_minute <= EVENT_A_MINUTE);
		assert_true(of_namespace <= EVENT_A_MINUTE_NAMESPACE);
		most = in_minute > most ? in_minute : most;
		later += at[i] > START + 1800000;
	}
	assert_int_equal(most, EVENT_A_MINUTE);
	assert_true(later > 1000); /* it goes on */
}

/* A namespace that fills its share leaves room for the others, and what is dropped is counted. */
static void one_namespace_cannot_take_it_all(void **state UNUSED)
{
	size_t taken = 0;

	for (int i = 0; i < 1000; i++) {
		char uid[32];

		(void)snprintf(uid, sizeof(uid), "u%d", i);
		taken += put("greedy", uid, "GuardDenied", "m", START + i);
	}
	assert_int_equal(taken, EVENT_SLOTS_OF_NAMESPACE);
	assert_int_equal(table->counts.dropped, 1000 - EVENT_SLOTS_OF_NAMESPACE);
	assert_true(put("shop", "u1", "GuardDenied", "m", START));
	assert_int_equal(write_all(START + 1000), EVENT_A_MINUTE_NAMESPACE + 1);
	/* What was told makes room. */
	assert_true(put("greedy", "one more", "GuardDenied", "m", START + 1001));
}

static void full_of_what_is_not_told(void **state UNUSED)
{
	size_t taken = 0;

	for (int i = 0; i < 2 * EVENT_SLOTS; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "n%d", i);
		taken += put(text, text, "GuardDenied", "m", START);
	}
	assert_int_equal(taken, EVENT_SLOTS);
	assert_int_equal(table->counts.dropped, EVENT_SLOTS);
}

static const struct {
	enum event_result result;
	unsigned times; /* until it is given up */
	bool at_once;
} failures[] = {
	{EVENT_REFUSED, 1, false},
	{EVENT_LATER, EVENT_ATTEMPTS, false},
	{EVENT_MISSING, EVENT_ATTEMPTS, true},
	{EVENT_TAKEN, EVENT_ATTEMPTS, true},
};

static void failures_end(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		int64_t now = START;
		unsigned times = 0;
		uint64_t id = 0;

		(void)tear_down(state);
		(void)set_up(state);
		assert_true(put("shop", "u1", "GuardDenied", "m", now));
		for (; now < START + 600000; now += 1000) {
			struct event_slot *s = event_table_next(table, now);

			if (!s)
				continue;
			if (times)
				assert_true((s->id != id) == failures[i].at_once);
			id = s->id;
			times++;
			event_table_answered(table, s, s->pending, failures[i].result, now);
			assert_int_equal(event_table_next(table, now) != NULL, failures[i].at_once && times < failures[i].times);
			/* That look counted as a write; it is one of the ten of this minute. */
			now += EVENT_MINUTE_MS;
		}
		assert_int_equal(times, failures[i].times);
		assert_int_equal(table->counts.dropped, 1);
	}
}

static void texts_have_an_end(void **state UNUSED)
{
	char longer[1024];
	struct event_slot *s;

	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_false(put(longer, "u", "GuardDenied", "m", START));
	assert_false(put("shop", longer, "GuardDenied", "m", START));
	assert_false(put("shop", "", "GuardDenied", "m", START));
	assert_int_equal(table->counts.dropped, 3);
	memcpy(longer + EVENT_MESSAGE_MAX - 3, "\xe2\x82\xac", 3); /* a character across the end */
	assert_true(put("shop", "u", "GuardDenied", longer, START));
	s = event_table_next(table, START);
	assert_int_equal(strlen(s->message), EVENT_MESSAGE_MAX - 3);
	assert_true(utf8_valid(s->message, strlen(s->message)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_raises_a_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_meanwhile_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_differs_is_another_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_minute_sees_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_namespace_cannot_take_it_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_of_what_is_not_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(texts_have_an_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
