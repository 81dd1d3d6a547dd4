/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's defaults and JSON. */
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/value/json.h"

CALL(sprig_default)
{
	return argc < 2 || is_empty(argv[1]) ? argv[0] : argv[1];
}

CALL(sprig_empty)
{
	return value_bool(is_empty(argv[0]));
}

CALL(sprig_coalesce)
{
	for (size_t i = 0; i < argc; i++)
		if (!is_empty(argv[i]))
			return argv[i];
	return &value_nil;
}

CALL(sprig_all)
{
	for (size_t i = 0; i < argc; i++)
		if (is_empty(argv[i]))
			return value_bool(false);
	return value_bool(true);
}

CALL(sprig_any)
{
	for (size_t i = 0; i < argc; i++)
		if (!is_empty(argv[i]))
			return value_bool(true);
	return value_bool(false);
}

CALL(sprig_ternary)
{
	return argv[2]->u.b ? argv[0] : argv[1];
}

const struct value *json_decode(struct run *r, const struct value *text, struct err *err)
{
	const unsigned pod = text->flags & V_POD ? JSON_FROM_POD : 0;
	const struct value *raw;

	if (charge_bytes(r, text->u.s.len * 4, err) < 0)
		return NULL;
	raw = json_parse(r->arena, text->u.s.p, text->u.s.len, pod | JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, err);
	raw = raw ? value_from_raw(r->arena, raw) : NULL;
	if (!raw)
		err_nomem(err); /* unless the parser said why */
	return raw;
}

CALL(sprig_must_from_json)
{
	return json_decode(r, argv[0], err);
}

CALL(sprig_from_json)
{
	struct err failed = {0};
	const struct value *v = json_decode(r, argv[0], &failed);

	if (v)
		return v;
	if (failed.code == ERR_INPUT || (failed.code == ERR_LIMIT && failed.where[0]))
		return &value_nil;
	err_set(err, failed.code, "%s", failed.what);
	return NULL;
}

static const struct value *encode(struct run *r, const struct value *v, unsigned flags, struct err *err)
{
	struct text out;

	out_init(r, &out);
	if (go_json_marshal(r->arena, &out, v, flags, err) < 0 || charge_bytes(r, out.len * 2, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

/* What cannot be encoded is an empty text here; limits stay errors. */
static const struct value *encode_or_empty(struct run *r, const struct value *v, unsigned flags, struct err *err)
{
	struct err failed = {0};
	const struct value *text = encode(r, v, flags, &failed);

	if (text)
		return text;
	if (failed.code == ERR_INPUT)
		return &value_empty_string;
	err_set(err, failed.code, "%s", failed.what);
	return NULL;
}

CALL(sprig_to_json)
{
	return encode_or_empty(r, argv[0], JSON_ESCAPE_HTML, err);
}

CALL(sprig_must_to_json)
{
	return encode(r, argv[0], JSON_ESCAPE_HTML, err);
}

CALL(sprig_to_pretty_json)
{
	return encode_or_empty(r, argv[0], JSON_ESCAPE_HTML | JSON_INDENT, err);
}

CALL(sprig_must_to_pretty_json)
{
	return encode(r, argv[0], JSON_ESCAPE_HTML | JSON_INDENT, err);
}

/* Go leaves < > & alone on demand, but never the line separators that JavaScript knows. */
CALL(sprig_to_raw_json)
{
	const struct value *text = encode(r, argv[0], 0, err);
	struct text out;
	struct str s;

	if (!text || (str_find(text->u.s, STR("\u2028")) == SIZE_MAX && str_find(text->u.s, STR("\u2029")) == SIZE_MAX))
		return text;
	s = text->u.s;
	out_init(r, &out);
	for (size_t i = 0; i < s.len; i++) {
		const struct str rest = {s.p + i, s.len - i};

		if (!str_has_prefix(rest, "\u2028") && !str_has_prefix(rest, "\u2029")) {
			text_addc(&out, s.p[i]);
			continue;
		}
		text_adds(&out, str_has_prefix(rest, "\u2028") ? "\\u2028" : "\\u2029");
		i += 2;
	}
	return run_str(r, &out, err);
}
