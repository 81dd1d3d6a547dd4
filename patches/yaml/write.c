/* SPDX-License-Identifier: Apache-2.0 */
/* Values to YAML text as sigs.k8s.io/yaml writes them: block style, lists not indented under their key, nothing folded. */
#include <string.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/value/json.h"
#include "patches/yaml/emit.h"
#include "patches/yaml/scalar.h"
#include "patches/yaml/yaml.h"

enum { LONGEST_SIMPLE_KEY = 128 };

/* Where a node stands. */
enum place { AT_ROOT, IN_LIST, AS_VALUE, AS_KEY, AS_LONG_KEY };

/* --- what the way through JSON does to a value ---------------------------------------------------------------------- */

/* Characters that JSON leaves as they are and YAML's reader refuses. */
static bool is_forbidden(uint32_t rune)
{
	return rune == 0x7F || (rune >= 0x80 && rune < 0xA0 && rune != 0x85) || rune == 0xFFFE || rune == 0xFFFF;
}

/* U+0085 stands raw in JSON, where YAML reads a line break and folds it: one becomes a space, more become line feeds. */
static void fold_breaks(struct text *out, struct str s, size_t *i)
{
	size_t breaks = 0;

	while (out->len && out->data[out->len - 1] == ' ')
		out->len--;
	for (; *i < s.len && (s.p[*i] == ' ' || str_has_prefix((struct str){s.p + *i, s.len - *i}, "\xC2\x85")); ++*i)
		if (s.p[*i] != ' ') {
			breaks++;
			++*i;
		}
	text_fill(out, breaks == 1 ? ' ' : '\n', breaks == 1 ? 1 : breaks - 1);
}

static bool is_ascii_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x7F)
			return false;
	return true;
}

/* The string as Go has it after json.Marshal and its yaml have passed it on. */
static int through_json(struct yaml_writer *w, struct str s, struct str *ret, struct err *err)
{
	struct text out;
	uint32_t rune;

	*ret = s;
	if (is_ascii_text(s))
		return 0;
	text_init(&out, w->arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; i < s.len;) {
		const size_t width = utf8_decode(s.p + i, s.len - i, &rune);

		if (is_forbidden(rune))
			return err_set(err, ERR_INPUT, "yaml: control characters are not allowed");
		if (rune == 0x85) {
			fold_breaks(&out, s, &i);
			continue;
		}
		text_add_rune(&out, rune);
		i += width;
	}
	if (out.failed)
		return err_nomem(err);
	*ret = (struct str){out.data, out.len};
	return 0;
}

static int write_number(struct yaml_writer *w, struct str json, struct err *err)
{
	const struct yaml_scalar s = yaml_resolve(json);
	struct text out;

	text_init(&out, w->arena, LIMIT_ARENA_BYTES);
	if (s.type == YAML_TYPE_INT)
		text_addi(&out, s.as.i);
	else if (s.type == YAML_TYPE_UINT)
		text_addu(&out, s.as.u);
	else if (s.type == YAML_TYPE_FLOAT)
		go_format_float(&out, s.as.f, 'g', -1, 64);
	else
		text_add(&out, json.p, json.len);
	if (out.failed)
		return err_nomem(err);
	yaml_scalar_out(w, (struct str){out.data, out.len}, YAML_STYLE_PLAIN, true);
	return 0;
}

static int write_float(struct yaml_writer *w, double f, struct err *err)
{
	struct text json;

	text_init(&json, w->arena, 64);
	if (json_write_float(&json, f) < 0)
		return err_set(err, ERR_INPUT, "error marshaling into JSON: json: unsupported value");
	if (json.failed)
		return err_nomem(err);
	return write_number(w, (struct str){json.data, json.len}, err);
}

/* Go holds numbers of documents as float64, but for integers that YAML reads as such. */
static int write_raw_number(struct yaml_writer *w, struct str text, struct err *err)
{
	double f;

	if (!memchr(text.p, '.', text.len) && !memchr(text.p, 'e', text.len) && !memchr(text.p, 'E', text.len))
		return write_number(w, text, err);
	return parse_f64(text, &f) ? write_float(w, f, err) : write_number(w, text, err);
}

static int write_int(struct yaml_writer *w, int64_t i, struct err *err)
{
	struct text out;

	text_init(&out, w->arena, 32);
	text_addi(&out, i);
	if (out.failed)
		return err_nomem(err);
	yaml_scalar_out(w, (struct str){out.data, out.len}, YAML_STYLE_PLAIN, true);
	return 0;
}

static int write_string(struct yaml_writer *w, struct str s, enum place place, struct err *err)
{
	enum yaml_style style;

	if (through_json(w, s, &s, err) < 0)
		return -1;
	style = yaml_string_style(s, place == AS_KEY);
	/* Go writes it plain, and a reader would then merge the value in: the one place where ours differs. */
	if ((place == AS_KEY || place == AS_LONG_KEY) && str_is(s, "<<"))
		style = YAML_STYLE_DOUBLE;
	yaml_scalar_out(w, s, style, place != AS_KEY);
	return 0;
}

/* --- lists and maps ------------------------------------------------------------------------------------------------- */

static int write_node(struct yaml_writer *w, const struct value *v, enum place place, struct err *err);

static void increase_indent(struct yaml_writer *w, bool indentless)
{
	if (w->indent < 0)
		w->indent = 0;
	else if (!indentless)
		w->indent += YAML_INDENT;
}

static int write_list(struct yaml_writer *w, const struct list *list, enum place place, struct err *err)
{
	const int indent = w->indent;
	int rc = 0;

	if (!list->len) {
		yaml_indicator(w, "[", true, false);
		w->whitespace = true;
		yaml_indicator(w, "]", false, false);
		return 0;
	}
	increase_indent(w, (place == AS_VALUE || place == AS_LONG_KEY) && !w->indention);
	for (size_t i = 0; i < list->len && rc == 0; i++) {
		yaml_indent(w);
		yaml_indicator(w, "-", true, true);
		rc = write_node(w, list->item[i], IN_LIST, err);
	}
	w->indent = indent;
	return rc;
}

static int write_member(struct yaml_writer *w, const struct map_entry *e, struct err *err)
{
	struct str key;

	if (through_json(w, e->key, &key, err) < 0)
		return -1;
	if (key.p != e->key.p && str_find(e->key, STR("\xC2\x85")) != SIZE_MAX)
		return err_set(err, ERR_INPUT, "yaml: did not find expected ',' or '}'");
	yaml_indent(w);
	if (key.len <= LONGEST_SIMPLE_KEY && !yaml_has_break(key)) {
		if (write_string(w, key, AS_KEY, err) < 0)
			return -1;
		yaml_indicator(w, ":", false, false);
		return write_node(w, e->value, AS_VALUE, err);
	}
	yaml_indicator(w, "?", true, true);
	if (write_string(w, key, AS_LONG_KEY, err) < 0)
		return -1;
	yaml_indent(w);
	yaml_indicator(w, ":", true, true);
	return write_node(w, e->value, AS_VALUE, err);
}

static int write_map(struct yaml_writer *w, const struct map *m, struct err *err)
{
	const int indent = w->indent;
	const struct map_entry *const *sorted;
	int rc = 0;

	if (!m->len) {
		yaml_indicator(w, "{", true, false);
		w->whitespace = true;
		yaml_indicator(w, "}", false, false);
		return 0;
	}
	sorted = yaml_sorted_keys(w->arena, m);
	if (!sorted)
		return err_nomem(err);
	increase_indent(w, false);
	for (uint32_t i = 0; i < m->len && rc == 0; i++)
		rc = write_member(w, sorted[i], err);
	w->indent = indent;
	return rc;
}

static int write_collection(struct yaml_writer *w, const struct value *v, enum place place, struct err *err)
{
	int rc;

	if (w->depth >= LIMIT_VALUE_DEPTH)
		return err_set(err, ERR_LIMIT, "yaml: nested deeper than %d levels", LIMIT_VALUE_DEPTH);
	w->depth++;
	rc = v->kind == K_MAP ? write_map(w, v->u.map, err) : write_list(w, &v->u.list, place, err);
	w->depth--;
	return rc;
}

static bool is_null(const struct value *v)
{
	return v->kind == K_NIL || (v->kind == K_MAP && !v->u.map) || (v->kind == K_LIST && !v->u.list.item);
}

static int write_node(struct yaml_writer *w, const struct value *v, enum place place, struct err *err)
{
	if (is_null(v)) {
		yaml_scalar_out(w, STR("null"), YAML_STYLE_PLAIN, true);
		return 0;
	}
	switch ((enum kind)v->kind) {
	case K_BOOL:
		yaml_scalar_out(w, v->u.b ? STR("true") : STR("false"), YAML_STYLE_PLAIN, true);
		return 0;
	case K_NUMBER:
		return write_raw_number(w, v->u.s, err);
	case K_INT:
		return write_int(w, v->u.i, err);
	case K_FLOAT:
		return write_float(w, v->u.f, err);
	case K_STRING:
		return write_string(w, v->u.s, place, err);
	case K_LIST:
	case K_MAP:
		return write_collection(w, v, place, err);
	case K_NIL:
	case K_STRUCT:
	case K_PTR:
		break;
	}
	return err_set(err, ERR_BUG, "yaml: a typed value must become a tree before it is written");
}

int yaml_write(struct arena *a, struct text *out, const struct value *v, struct err *err)
{
	struct yaml_writer w = {.out = out, .arena = a, .indent = -1, .whitespace = true, .indention = true};

	if (write_node(&w, v, AT_ROOT, err) < 0)
		return -1;
	yaml_indent(&w);
	return text_check(out, "yaml: the text", err);
}
