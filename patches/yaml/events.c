/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events, bounded in number and nesting, with errors worded as Go's yaml words them. */
#include "patches/yaml/events.h"

#include <string.h>

#include "base/limits.h"

static const char byte_order_mark[] = "\xEF\xBB\xBF";

struct str yaml_without_mark(struct str text)
{
	return str_has_prefix(text, byte_order_mark) ? (struct str){text.p + 3, text.len - 3} : text;
}

int yaml_events_init(struct yaml_events *e, struct str text, struct err *err)
{
	/* libyaml counts the mark as a column, which would shift the first line's indentation. */
	text = yaml_without_mark(text);
	e->text = text;
	if (!yaml_parser_initialize(&e->parser))
		return err_nomem(err);
	/* UTF-8 and nothing else: UTF-16 would be text that no other part of us has looked at. */
	yaml_parser_set_encoding(&e->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&e->parser, (const unsigned char *)(text.len ? text.p : ""), text.len);
	return 0;
}

void yaml_events_release(struct yaml_events *e)
{
	yaml_event_delete(&e->event);
	yaml_parser_delete(&e->parser);
}

static size_t line_of_byte(struct str text, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset && i < text.len; i++)
		line += text.p[i] == '\n';
	return line;
}

/* The line that Go names: its scanner's errors count from one, its parser's from zero, and line zero is not named. */
static size_t line_in_go(const yaml_parser_t *p)
{
	if (p->problem_mark.line)
		return p->problem_mark.line + (p->error == YAML_SCANNER_ERROR ? 1 : 0);
	return p->context_mark.line;
}

static int fail(const struct yaml_events *e, struct err *err)
{
	const yaml_parser_t *p = &e->parser;
	const char *problem = p->problem ? p->problem : "unknown problem parsing YAML content";
	const size_t line = line_in_go(p);

	if (p->error == YAML_MEMORY_ERROR)
		return err_nomem(err);
	if (p->error == YAML_READER_ERROR) {
		(void)err_set(err, ERR_INPUT, "yaml: %s", problem);
		return err_at(err, "line %zu", line_of_byte(e->text, p->problem_offset));
	}
	if (line)
		(void)err_set(err, ERR_INPUT, "yaml: line %zu: %s", line, problem);
	else
		(void)err_set(err, ERR_INPUT, "yaml: %s", problem);
	return err_at(err, "line %zu, column %zu", p->problem_mark.line + 1, p->problem_mark.column + 1);
}

static int count(struct yaml_events *e, struct err *err)
{
	const yaml_event_type_t type = e->event.type;

	if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
		e->depth++;
	else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
		e->depth--;
	if (++e->count <= LIMIT_YAML_EVENTS && e->depth <= LIMIT_YAML_DEPTH)
		return 0;
	if (e->depth > LIMIT_YAML_DEPTH)
		(void)err_set(err, ERR_LIMIT, "yaml: nested deeper than %d levels", LIMIT_YAML_DEPTH);
	else
		(void)err_set(err, ERR_LIMIT, "yaml: more than %d events", LIMIT_YAML_EVENTS);
	return err_at(err, "line %zu", e->event.start_mark.line + 1);
}

int yaml_events_next(struct yaml_events *e, struct err *err)
{
	yaml_event_delete(&e->event);
	if (!yaml_parser_parse(&e->parser, &e->event))
		return fail(e, err);
	return count(e, err);
}
