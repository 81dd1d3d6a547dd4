/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger audit query: the lines of a log that are asked for, as a table or as they stand. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "patches/value/json.h"
#include "webhook/cli/audit.h"

enum { LINE_ARENA_MAX = 8 << 20, ROW_MAX = 64 << 10 };

struct query {
	struct audit_filter filter;
	bool json;
	struct arena arena;     /* of one line */
	uint64_t lines, broken; /* read; none of a log */
};

int audit_read_times(const struct options *o, struct audit_filter *f, struct err *err)
{
	const int64_t now = (int64_t)time(NULL);

	if (o->since && audit_time_read(o->since, now, f->since, err) < 0)
		return err_wrap(err, "--since");
	if (o->until && audit_time_read(o->until, now, f->until, err) < 0)
		return err_wrap(err, "--until");
	return 0;
}

int audit_read_filter(const struct options *o, struct arena *a, struct audit_filter *ret, struct err *err)
{
	const struct {
		const char *name, *value;
	} asked[] = {
		{"kind", o->kind && strcmp(o->kind, "all") == 0 ? NULL
			 : o->kind                              ? o->kind
								: "decision"},
		{"namespace", o->namespace},
		{"reason", o->reason},
		{"user", o->user},
		{"decision", o->decision},
		{"owner", o->owner},
		{"uid", o->uid},
		{"rule", o->rule},
	};

	*ret = (struct audit_filter){.n_parts = 0};
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (audit_filter_add(a, ret, asked[i].name, asked[i].value, err) < 0)
			return -1;
	return audit_read_times(o, ret, err);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

/* What a line of another kind than a decision has to say. */
static struct str detail_of(const struct value *line)
{
	static const char *const members[] = {"error", "cause", "state", "why", "version"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (raw_str(line, members[i]).len)
			return raw_str(line, members[i]);
	return STR("");
}

static struct str first_of(struct str a, struct str b)
{
	return a.len ? a : b;
}

static void add_cell(struct text *row, struct str s, size_t width)
{
	const size_t from = row->len;
	size_t shown;

	text_add_shown(row, s.len ? s.p : "-", s.len ? s.len : 1);
	shown = row->failed ? width : utf8_count(row->data + from, row->len - from);
	if (width)
		text_fill(row, ' ', shown < width ? width - shown + 2 : 2);
}

static const struct {
	const char *head;
	size_t width; /* what is longer pushes the rest aside; 0: the last */
} columns[] = {{"TIME", 27}, {"NAMESPACE", 16}, {"POD OR OWNER", 32}, {"DECISION", 13}, {"REASON", 18}, {"GUARD", 6},
	{"USER", 0}};

static void print_header(void)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		(void)printf("%-*s%s", (int)columns[i].width, columns[i].head, columns[i].width ? "  " : "\n");
}

static void add_row(struct text *row, const struct value *line)
{
	const struct str decision = raw_str(line, "decision");
	const struct str cells[ARRAY_LEN(columns)] = {
		raw_str(line, "time"),
		raw_str(line, "namespace"),
		first_of(raw_str(line, "owner"), first_of(raw_str(line, "pod"), raw_str(line, "replica"))),
		first_of(decision, raw_str(line, "kind")),
		first_of(raw_str(line, "reason"), detail_of(line)),
		decision.len ? raw_str(line, "guard") : STR(""),
		raw_str(line, "user"),
	};

	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		add_cell(row, cells[i], columns[i].width);
}

static int print_row(struct query *q, struct str line, struct err *err)
{
	const struct value *v;
	struct text row;

	arena_clear(&q->arena);
	v = json_parse(&q->arena, line.p, line.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, NULL);
	if (!v) {
		q->broken++;
		return 0;
	}
	text_init(&row, &q->arena, ROW_MAX);
	add_row(&row, v);
	if (text_check(&row, "a line", err) < 0)
		return -1;
	(void)printf("%.*s\n", (int)row.len, row.data);
	return 0;
}

static int each_line(void *ctx, const struct audit_read_line *line, struct err *err)
{
	struct query *q = ctx;
	struct audit_line l;

	if (line->too_long || !audit_line_split(line->text, &l)) {
		q->broken++;
		return 0;
	}
	q->lines++;
	if (!audit_filter_matches(&q->filter, l.body))
		return 0;
	if (!q->json)
		return print_row(q, line->text, err);
	(void)fwrite(line->text.p, 1, line->text.len, stdout);
	(void)putchar('\n');
	return ferror(stdout) ? err_set(err, ERR_IO, "cannot write to standard output") : 0;
}

int audit_query_command(const struct options *o, struct arena *a, struct err *err)
{
	struct query q = {.json = o->output && strcmp(o->output, "json") == 0};
	struct audit_files files;
	int status;

	if (o->output && !q.json && strcmp(o->output, "table") != 0)
		return err_set(err, ERR_CONFIG, "audit query: -o must be table or json, got '%.64s'", o->output);
	if (audit_open_files(a, o, &files, err) < 0 || audit_read_filter(o, a, &q.filter, err) < 0)
		return -1;
	if (!q.json)
		print_header();
	arena_init(&q.arena, LINE_ARENA_MAX);
	status = audit_files_each(&files, each_line, &q, err);
	arena_release(&q.arena);
	if (status < 0)
		return -1;
	if (q.broken)
		(void)fprintf(stderr,
			"outrigger audit query: %llu lines are none of a log; `outrigger audit verify` says where\n",
			(unsigned long long)q.broken);
	if (fflush(stdout) != 0)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return q.broken && !q.lines ? EXIT_DIFFERS : EXIT_OK;
}
