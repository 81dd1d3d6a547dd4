/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server's answers mean. */
#include "webhook/cluster/answer.h"

#include "base/limits.h"
#include "patches/value/json.h"

enum { BODY_SHOWN = 128 };

const struct value *answer_parse(struct arena *a, struct str body, struct err *err)
{
	const struct value *v = json_parse(a, body.p, body.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, err);

	if (v && v->kind != K_MAP) {
		(void)err_set(err, ERR_INPUT, "a JSON object is expected");
		return NULL;
	}
	return v;
}

static const struct {
	int status;
	const char *name;
} names[] = {
	{400, " Bad Request"},
	{401, " Unauthorized"},
	{403, " Forbidden"},
	{404, " Not Found"},
	{405, " Method Not Allowed"},
	{409, " Conflict"},
	{410, " Gone"},
	{413, " Too Large"},
	{415, " Unsupported Media Type"},
	{422, " Invalid"},
	{429, " Too Many Requests"},
	{500, " Internal Error"},
	{502, " Bad Gateway"},
	{503, " Unavailable"},
	{504, " Timeout"},
};

static const char *name_of(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].status == status)
			return names[i].name;
	return "";
}

static struct str cut(struct str s, size_t max)
{
	return s.len <= max ? s : (struct str){s.p, max};
}

int answer_refused(int status, const struct value *object, struct str body, struct err *err)
{
	const struct str message =
		object ? cut(raw_str(object, "message"), LIMIT_API_MESSAGE) : cut(str_trim_space(body), BODY_SHOWN);

	return err_set(err, ERR_IO, "%d%s%s%.*s", status, name_of(status), message.len ? ": " : "", (int)message.len,
		message.len ? message.p : "");
}
