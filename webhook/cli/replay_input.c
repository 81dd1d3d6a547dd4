/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded AdmissionReviews: files of one, and logs of one a line. */
#include "webhook/cli/replay_input.h"

#include <string.h>

#include "base/limits.h"
#include "patches/value/json.h"

enum { RECORDS_MAX = 1 << 24, READ_AS_RECORDED = JSON_ALLOW_NUL };

/* --- where one ends and the next begins -----------------------------------------------------------------------------
 */

static int add(struct arena *a, struct record_texts *to, const struct record_text *text, struct err *err)
{
	struct record_text *item = to->item;

	if (to->len == RECORDS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d requests", RECORDS_MAX);
	/* Twice as many where the number is a power of two. */
	if (!(to->len & (to->len - 1)))
		item = arena_grow(a, item, to->len * sizeof(*item), (to->len ? 2 * to->len : 1) * sizeof(*item));
	if (!item)
		return err_nomem(err);
	item[to->len++] = *text;
	to->item = item;
	return 0;
}

static bool is_json(struct str text)
{
	struct err ignored = {0};
	struct arena a;
	bool is;

	arena_init(&a, 0);
	is = json_parse(&a, text.p, text.len, READ_AS_RECORDED, &ignored) != NULL;
	arena_release(&a);
	return is;
}

static struct str first_line(struct str text)
{
	text = str_trim_space(text);
	return str_cut(&text, '\n');
}

/* A log, unless the whole is one value: that may be spread over lines as kubectl prints it. A log with a bad first line
 * is still one. */
static bool is_log(struct str text)
{
	const struct str first = str_trim_space(first_line(text));

	return is_json(first) || (first.len > 1 && !is_json(str_trim_space(text)));
}

static int add_lines(struct arena *a, const struct named_text *file, struct record_texts *to, struct err *err)
{
	struct record_text record = {.file = file->name};
	struct str rest = file->text;

	while (rest.p) {
		record.line++;
		record.text = str_trim_space(str_cut(&rest, '\n'));
		if (record.text.len && add(a, to, &record, err) < 0)
			return -1;
	}
	return 0;
}

static int add_whole(struct arena *a, const struct named_text *file, struct record_texts *to, struct err *err)
{
	struct record_text record = {.file = file->name, .line = 1, .text = str_trim_space(file->text)};

	for (const char *p = file->text.p; p < record.text.p; p++)
		record.line += *p == '\n';
	return add(a, to, &record, err);
}

int recorded_find(struct arena *a, const struct option_list *files, struct record_texts *ret, struct err *err)
{
	static const struct input_kind kind = {.endings = ".json .jsonl .ndjson .log", .max = RECORDED_MAX};
	struct manifests input;

	memset(ret, 0, sizeof(*ret));
	if (inputs_read_all(a, files, &kind, &input, err) < 0)
		return -1;
	for (size_t i = 0; i < input.len; i++) {
		const struct named_text *file = &input.item[i];

		if (str_trim_space(file->text).len == 0)
			return err_set(err, ERR_INPUT, "%s: holds no request", file->name);
		if ((is_log(file->text) ? add_lines : add_whole)(a, file, ret, err) < 0)
			return -1;
	}
	return 0;
}

/* --- one record ------------------------------------------------------------------------------------------------------
 */

static bool is_map(const struct value *v)
{
	return v && v->kind == K_MAP;
}

/* Not of a request: that has an object, which may have anything. */
static bool is_review(const struct value *v)
{
	return str_is(raw_str(v, "kind"), "AdmissionReview");
}

/* The review's own bytes, but for a response in it, which no request has. */
static int take_body(struct arena *a, const struct value *review, struct str text, struct str *ret, struct err *err)
{
	struct map *m;
	struct text out;

	*ret = text;
	if (text.p && !map_getc(review->u.map, "response"))
		return 0;
	m = map_clone(a, review->u.map, 0);
	if (!m)
		return err_nomem(err);
	(void)map_del(m, STR("response"));
	text_init(&out, a, 2 * LIMIT_BODY_BYTES);
	json_write(&out, &(struct value){.kind = K_MAP, .u.map = m}, 0);
	*ret = (struct str){out.data, out.len};
	return text_check(&out, "the request", err);
}

int recorded_read(struct arena *a, const struct record_text *text, struct recorded *ret, struct err *err)
{
	const struct value *v = json_parse(a, text->text.p, text->text.len, READ_AS_RECORDED, err), *review = v,
			   *response;
	struct str path;

	if (!v)
		return -1;
	if (!is_review(v))
		review = raw_get(v, "request");
	if (!is_review(review))
		return err_set(err, ERR_INPUT, "is no AdmissionReview, and has none as its member 'request'");
	*ret = (struct recorded){.file = text->file, .line = text->line};
	response = raw_get(review, "response");
	if (!response && review != v)
		response = raw_get(v, "response");
	ret->response = is_review(response) ? raw_get(response, "response") : response;
	if (ret->response && !is_map(ret->response))
		return err_set(err, ERR_INPUT, "/response must be an object");
	path = review != v ? raw_str(v, "path") : (struct str){NULL, 0};
	ret->path = path.len ? path : STR("/inject");
	return take_body(a, review, review == v ? text->text : (struct str){NULL, 0}, &ret->body, err);
}
