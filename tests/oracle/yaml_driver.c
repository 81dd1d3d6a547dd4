/* SPDX-License-Identifier: Apache-2.0 */
/* Our YAML for the oracle: {"parse": TEXT, "strict": BOOL} gives {"json": ...}; {"write": VALUE, "dynamic": BOOL} gives {"text": ...}. */
#include "patches/yaml/yaml.h"
#include "tests/oracle/driver.h"

static int parse(struct arena *a, const struct value *question, struct text *out, struct err *err)
{
	const unsigned flags = raw_bool(question, "strict") ? YAML_STRICT_KEYS : 0;
	const struct value *v = yaml_parse(a, raw_str(question, "parse"), flags, err);

	if (!v)
		return -1;
	text_adds(out, "{\"json\":");
	json_write(out, v, JSON_SORT_KEYS | JSON_ESCAPE_HTML);
	text_adds(out, "}");
	return 0;
}

static int write_back(struct arena *a, const struct value *question, struct text *out, struct err *err)
{
	const struct value *v = map_getc(question->u.map, "write");
	struct text yaml;

	if (raw_bool(question, "dynamic"))
		v = value_from_raw(a, v);
	text_init(&yaml, a, LIMIT_ARENA_BYTES);
	if (!v || yaml_write(a, &yaml, v, err) < 0)
		return -1;
	text_adds(out, "{\"text\":");
	json_write_string(out, (struct str){yaml.data, yaml.len}, 0);
	text_adds(out, "}");
	return 0;
}

static int answer(struct arena *a, const struct value *question, struct text *out, struct err *err)
{
	return map_getc(question->u.map, "parse") ? parse(a, question, out, err) : write_back(a, question, out, err);
}

int main(void)
{
	return driver_main(answer);
}
