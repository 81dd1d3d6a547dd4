/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an audit log: read, verified and reported on within bounded memory, and what a line says is only ever
 * text on the page. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webhook/audit/html.h"
#include "webhook/audit/report.h"

enum { ARENA_MAX = 16 << 20 };

/* A line that is taken apart is one that can be put together, byte by byte. */
static void check_line(struct str text)
{
	struct audit_line l;

	if (!audit_line_split(text, &l))
		return;
	if (l.body.p < text.p || l.body.p + l.body.len > text.p + text.len || l.hash.len != SHA256_HEX ||
		l.prev.len != SHA256_HEX || l.to_hash.p != text.p || l.to_hash.len >= text.len)
		abort();
	(void)audit_line_intact(&l);
}

static void check_text(struct arena *a, struct str text)
{
	struct text t;

	text_init(&t, a, ARENA_MAX);
	html_text(&t, text);
	if (!t.failed && t.len &&
		(memchr(t.data, '<', t.len) || memchr(t.data, '"', t.len) || memchr(t.data, '\'', t.len)))
		abort();
}

static void each_line(struct audit_verifier *v, struct report *r, struct str rest)
{
	while (rest.p && rest.len) {
		struct audit_read_line line = {.text = str_cut(&rest, '\n')};
		struct err err = {0};

		line.whole = rest.p != NULL;
		check_line(line.text);
		audit_verify_line(v, &line);
		if (report_line(r, &line, &err) < 0 && err.code != ERR_NOMEM)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str all = {(const char *)data, size};
	struct audit_verifier v;
	struct report r;
	struct arena a;
	struct text page;
	struct err err = {0};

	arena_init(&a, ARENA_MAX);
	audit_verifier_init(&v, NULL);
	audit_verify_file(&v, "log");
	if (report_init(&r, &a, &err) == 0) {
		each_line(&v, &r, all);
		text_init(&page, &a, ARENA_MAX);
		report_print(&r, 0, &page);
	}
	check_text(&a, all);
	audit_verify_end(&v, NULL, AUDIT_HEAD_MISSING, NULL);
	report_release(&r);
	audit_verifier_release(&v);
	arena_release(&a);
	return 0;
}
