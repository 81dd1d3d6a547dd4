/* SPDX-License-Identifier: Apache-2.0 */
/* Is every change of a log found, and nothing else? Each byte of a 1,000-line log is flipped in turn; lines are
 * deleted, swapped, repeated, cut off, spliced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "webhook/audit/verify.h"

enum { LINES = 1000, CHECKPOINT = 97, GAP = 300, CUT = 500, KEPT_CUT = 40, SECOND_FILE = 700 };

/* A log as it would be in files: text is all of them, line[i] one line with its newline. */
struct log_text {
	struct text text;
	struct str line[LINES + 1]; /* one more: what a crash cut */
	size_t len;
	struct audit_chain end;
};

static struct arena arena;
static struct audit_key key, other_key;
static struct audit_keys trusted;

static void make_key(struct audit_key *ret)
{
	char path[] = "/tmp/outrigger-test-key-XXXXXX";
	const int fd = mkstemp(path);
	struct err err = {0};
	struct str pem;

	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(audit_key_create(&arena, &pem, &err), 0);
	assert_int_equal(file_write(path, pem, 0600, &err), 0);
	assert_int_equal(audit_key_read(path, ret, &err), 0);
	(void)unlink(path);
}

static void add_line(struct log_text *l, size_t from)
{
	assert_false(l->text.failed);
	assert_true(l->len < ARRAY_LEN(l->line));
	l->line[l->len++] =
		(struct str){(const char *)from, l->text.len - from}; /* an offset until the text stands still */
}

static void seal(struct log_text *l, const char *body, const struct audit_key *k)
{
	const size_t from = l->text.len;

	assert_int_equal(audit_line_seal(&l->text, &l->end, str_of(body), k), 0);
	add_line(l, from);
}

static const char *header(const char *id, const struct audit_key *k)
{
	return arena_printf(&arena,
		"\"replica\":\"a\",\"time\":\"2026-01-02T03:04:05.000000Z\",\"kind\":\"log\",\"log\":\"%s\",\"sink\":"
		"\"file\",\"key\":\"%s\","
		"\"publicKey\":\"%s\",\"checkpointLines\":%d,\"checkpointMilliseconds\":1000",
		id, k->id, k->hex, CHECKPOINT);
}

static const char *checkpoint(const char *id, const struct audit_key *k)
{
	return arena_printf(&arena,
		"\"replica\":\"a\",\"time\":\"2026-01-02T03:04:05.000000Z\",\"kind\":\"checkpoint\",\"log\":\"%s\","
		"\"why\":\"lines\",\"lines\":%d,"
		"\"key\":\"%s\"",
		id, CHECKPOINT, k->id);
}

static const char *decision(size_t i)
{
	return arena_printf(&arena,
		"\"replica\":\"a\",\"time\":\"2026-01-02T03:04:%02zu.000000Z\",\"kind\":\"decision\",\"uid\":\"u-%zu\","
		"\"decision\":\"injected\","
		"\"reason\":\"policy-enabled\",\"namespace\":\"n*%zu\",\"overrides\":{\"sidecar.istio.io/"
		"inject\":\"\\\"true\\\"\"},\"micros\":%zu",
		i % 60, i, i % 7, i * 3);
}

/* The beginning of a line that was being written, and the line that tells of it. */
static void add_cut(struct log_text *l)
{
	const char *whole = "{\"seq\":501,\"replica\":\"a\",\"time\":\"2026-01-02T03:04:05Z\",\"kind\":\"decision\"";
	const struct str cut = {whole, KEPT_CUT};
	const size_t from = l->text.len;
	char sum[SHA256_HEX + 1];

	text_add(&l->text, cut.p, cut.len);
	text_addc(&l->text, '\n');
	add_line(l, from);
	assert_int_equal(sha256_hex(&cut, 1, sum), 0);
	seal(l,
		arena_printf(&arena,
			"\"replica\":\"a\",\"time\":\"2026-01-02T03:04:05Z\",\"kind\":\"recovered\",\"cutBytes\":%d,"
			"\"cutSha256\":\"%s\"",
			KEPT_CUT, sum),
		NULL);
}

static struct log_text *make_log(const char *id, const struct audit_key *k)
{
	struct log_text *l = arena_zalloc(&arena, sizeof(*l));

	assert_non_null(l);
	text_init(&l->text, &arena, 2 << 20);
	audit_chain_begin(&l->end);
	while (l->len < LINES) {
		if (l->len == 0 || l->len == SECOND_FILE)
			seal(l, header(id, k), NULL);
		else if (l->len == CUT)
			add_cut(l);
		else if (l->len == GAP)
			seal(l,
				"\"replica\":\"a\",\"time\":\"2026-01-02T03:04:05Z\",\"kind\":\"gap\",\"dropped\":3,"
				"\"cause\":\"full\"",
				NULL);
		else if (l->len % CHECKPOINT == 0 || l->len == LINES - 1)
			seal(l, checkpoint(id, k), k);
		else
			seal(l, decision(l->len), NULL);
	}
	for (size_t i = 0; i < l->len; i++)
		l->line[i].p = l->text.data + (size_t)l->line[i].p;
	return l;
}

#define ID       "0123456789abcdef0123456789abcdef"
#define OTHER_ID "fedcba9876543210fedcba9876543210"

static struct log_text *good, *other;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	make_key(&key);
	make_key(&other_key);
	trusted = (struct audit_keys){.of = {key}, .len = 1};
	good = make_log(ID, &key);
	other = make_log(OTHER_ID, &key);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	audit_key_release(&key);
	audit_key_release(&other_key);
	arena_release(&arena);
	return 0;
}

/* --- feeding ------------------------------------------------------------------------------------------------------ */

static char last_finding[AUDIT_FINDING_MAX];

static void remember(void *ctx, const struct audit_finding *f)
{
	(void)ctx;
	if (f->problem)
		(void)snprintf(last_finding, sizeof(last_finding), "%s", f->text);
}

static void begin(struct audit_verifier *v)
{
	audit_verifier_init(v, &trusted);
	v->found = remember;
	text_fill(&v->held, ' ', 8192); /* room, so that copies of the struct allocate nothing */
	text_clear(&v->held);
	audit_verify_file(v, "log");
}

/* Bytes as a reader would give them. */
static void feed(struct audit_verifier *v, const char *data, size_t len)
{
	while (len) {
		const char *newline = memchr(data, '\n', len);
		const size_t n = newline ? (size_t)(newline - data) : len;
		const struct audit_read_line line = {.text = {data, n}, .whole = newline != NULL};

		audit_verify_line(v, &line);
		data += n + (newline ? 1 : 0);
		len -= n + (newline ? 1 : 0);
	}
}

static void feed_lines(struct audit_verifier *v, const struct log_text *l, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < l->len; i++)
		feed(v, l->line[i].p, l->line[i].len);
}

/* The head file, as the log's own end would have written it. */
static uint64_t finish(struct audit_verifier *v, const struct log_text *l)
{
	struct audit_head head = {.chain = l->end};
	uint64_t before = v->verdict.problems;

	(void)snprintf(head.log, sizeof(head.log), "%s", l == good ? ID : OTHER_ID);
	v->done = NULL;
	last_finding[0] = '\0';
	audit_verify_end(v, "log", AUDIT_HEAD_SIGNED, &head);
	return before + (last_finding[0] != '\0');
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

static void a_whole_log_holds(void **state)
{
	struct audit_verifier v;

	(void)state;
	begin(&v);
	feed(&v, good->text.data, good->text.len);
	assert_int_equal(v.verdict.lines, LINES - 1); /* what the crash cut is none */
	assert_int_equal(v.verdict.dropped, 3);
	assert_int_equal(v.verdict.last, v.verdict.last_signed);
	if (finish(&v, good))
		fail_msg("%s", last_finding);
	audit_verifier_release(&v);
}

/* Whether a change of line i is found by the time that the next lines were seen. */
static bool is_found(const struct audit_verifier *before, char *chunk, size_t len, bool to_the_end)
{
	struct audit_verifier v = *before;
	bool found;

	feed(&v, chunk, len);
	found = v.verdict.problems > 0 || (to_the_end && finish(&v, good) > 0);
	audit_keys_release(&v.published);
	return found;
}

static void flip_line(const struct audit_verifier *before, size_t i)
{
	enum { MORE = 3 };
	const size_t to = i + MORE < good->len ? i + MORE : good->len;
	const char *from = good->line[i].p;
	const size_t len = (size_t)(good->line[to - 1].p + good->line[to - 1].len - from);
	static char chunk[(MORE + 1) * 2048];
	static const char flips[] = {0x01, 0x20};

	assert_true(len < sizeof(chunk));
	memcpy(chunk, from, len);
	for (size_t at = 0; at < good->line[i].len; at++) {
		for (size_t f = 0; f < ARRAY_LEN(flips); f++) {
			chunk[at] = (char)(from[at] ^ flips[f]);
			if (!is_found(before, chunk, len, to == good->len))
				fail_msg("line %zu, byte %zu ^ %#x is not found: %.*s", i + 1, at, (unsigned)flips[f],
					(int)good->line[i].len, from);
		}
		chunk[at] = from[at];
	}
}

static void each_flipped_byte_is_found(void **state)
{
	struct audit_verifier v;

	(void)state;
	begin(&v);
	for (size_t i = 0; i < good->len; i++) {
		struct audit_verifier before = v;

		before.published.len = 0;
		flip_line(&before, i);
		feed_lines(&v, good, i, i + 1);
		assert_int_equal(v.verdict.problems, 0);
	}
	audit_verifier_release(&v);
}

/* What is done to the log at line i: the lines that come instead, and those that follow. */
enum change { DELETE, SWAP, REPEAT, CUT_OFF, SPLICE, REPLACE_REST, CHANGES };

static const char *const change_names[] = {"delete", "swap", "repeat", "cut off", "splice", "replace the rest"};

static void apply(struct audit_verifier *v, enum change change, size_t i)
{
	const size_t next = i + 1;

	if (change == SWAP) {
		feed_lines(v, good, next, next + 1);
		feed_lines(v, good, i, i + 1);
		feed_lines(v, good, next + 1, next + 3);
	} else if (change == REPEAT) {
		feed_lines(v, good, i, i + 1);
		feed_lines(v, good, i, i + 3);
	} else if (change == SPLICE) {
		feed_lines(v, other, i, i + 1);
		feed_lines(v, good, next, next + 2);
	} else if (change == REPLACE_REST) {
		feed_lines(v, other, i, i + 200);
	} else if (change == DELETE) {
		feed_lines(v, good, next, next + 3);
	}
}

/* The last line is the head's to miss; a cut that ends the log is seen by the recovered line behind it. */
static void each_change_of_lines_is_found(void **state)
{
	struct audit_verifier v;

	(void)state;
	begin(&v);
	for (size_t i = 0; i < good->len; i++) {
		for (enum change c = 0; c < CHANGES; c++) {
			struct audit_verifier changed = v;

			changed.published.len = 0;
			if (c == SWAP && i + 1 == good->len)
				continue;
			apply(&changed, c, i);
			if (changed.verdict.problems == 0 && finish(&changed, good) == 0)
				fail_msg("%s at line %zu is not found", change_names[c], i + 1);
			audit_keys_release(&changed.published);
		}
		feed_lines(&v, good, i, i + 1);
		assert_int_equal(v.verdict.problems, 0);
	}
	audit_verifier_release(&v);
}

static void a_log_cut_within_a_line_is_found(void **state)
{
	const struct str last = good->line[good->len - 1];

	(void)state;
	for (size_t cut = 1; cut < last.len; cut++) {
		struct audit_verifier v;

		begin(&v);
		feed_lines(&v, good, 0, 3);
		feed(&v, last.p, last.len - cut);
		assert_true(v.verdict.problems > 0);
		audit_verifier_release(&v);
	}
}

/* Whoever writes a log anew has not the key. */
static void a_log_of_another_key_is_found(void **state)
{
	const struct log_text *forged = make_log(ID, &other_key);
	struct audit_verifier v;

	(void)state;
	begin(&v);
	feed(&v, forged->text.data, forged->text.len);
	assert_true(v.verdict.problems > 0);
	assert_non_null(strstr(last_finding, "which is none of those given"));
	audit_verifier_release(&v);
	audit_verifier_init(&v, NULL);
	audit_verify_file(&v, "log");
	feed(&v, forged->text.data, forged->text.len);
	assert_int_equal(
		v.verdict.problems, 0); /* by the keys that it publishes itself, it holds: the command says so */
	audit_verifier_release(&v);
}

static void a_log_without_checkpoints_is_found(void **state)
{
	struct log_text *l = arena_zalloc(&arena, sizeof(*l));
	struct audit_verifier v;

	(void)state;
	text_init(&l->text, &arena, 1 << 20);
	audit_chain_begin(&l->end);
	seal(l, header(ID, &key), NULL);
	for (size_t i = 0; i < 2 * CHECKPOINT; i++)
		seal(l, decision(i), NULL);
	begin(&v);
	feed(&v, l->text.data, l->text.len);
	assert_int_equal(v.verdict.problems, 0);
	last_finding[0] = '\0';
	audit_verify_end(&v, NULL, AUDIT_HEAD_MISSING, NULL);
	assert_string_equal(last_finding, "no checkpoint is signed by a key that was given");
	audit_verifier_release(&v);
}

/* --- heads ------------------------------------------------------------------------------------------------------- */

static const struct {
	enum audit_head_state state;
	const char *log, *says; /* NULL: nothing is wrong */
} heads[] = {
	{AUDIT_HEAD_SIGNED, ID, NULL},
	{AUDIT_HEAD_MISSING, ID, NULL},
	{AUDIT_HEAD_BAD, ID, "the head file is not as it was written"},
	{AUDIT_HEAD_FORGED, ID, "the head file's signature is not of its key"},
	{AUDIT_HEAD_UNSIGNED, ID, "the head file is not signed, and the log is"},
	{AUDIT_HEAD_UNKNOWN, ID, "the head file is signed by a key that is not known"},
	{AUDIT_HEAD_SIGNED, OTHER_ID, "the head file is of another log"},
};

static void heads_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct audit_head head = {.chain = good->end};
		struct audit_verifier v;

		begin(&v);
		feed(&v, good->text.data, good->text.len);
		(void)snprintf(head.log, sizeof(head.log), "%s", heads[i].log);
		last_finding[0] = '\0';
		audit_verify_end(&v, "log", heads[i].state, &head);
		assert_string_equal(last_finding, heads[i].says ? heads[i].says : "");
		audit_verifier_release(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log_holds),
		cmocka_unit_test(each_flipped_byte_is_found),
		cmocka_unit_test(each_change_of_lines_is_found),
		cmocka_unit_test(a_log_cut_within_a_line_is_found),
		cmocka_unit_test(a_log_of_another_key_is_found),
		cmocka_unit_test(a_log_without_checkpoints_is_found),
		cmocka_unit_test(heads_are_judged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
