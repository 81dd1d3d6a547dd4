/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of configuration finds: kept once each, in the order of the files. */
#include "patches/config/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 2048 };

/* A finding is one line of a terminal: what would move its cursor is shown as a question mark. */
static char *copy_printable(struct arena *a, const char *text)
{
	char *copy = arena_strndup(a, text, strlen(text));

	for (char *c = copy; c && *c; c++) {
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
		else if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return copy;
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->line == b->line && strcmp(a->file, b->file) == 0 && strcmp(a->inside, b->inside) == 0;
}

static bool is_there(const struct findings *f, const struct place *place, const char *what)
{
	for (size_t i = 0; i < f->len; i++)
		if (f->item[i].place.column == place->column && same_place(&f->item[i].place, place) &&
			strcmp(f->item[i].what, what) == 0)
			return true;
	return false;
}

static struct finding *room(struct findings *f)
{
	if (f->len == FINDINGS_MAX) {
		f->dropped++;
		return NULL;
	}
	if (f->len == f->cap) {
		const size_t cap = f->cap ? f->cap * 2 : 16;
		struct finding *item = arena_grow(f->a, f->item, f->len * sizeof(*item), cap * sizeof(*item));

		if (!item) {
			f->nomem = true;
			return NULL;
		}
		f->item = item;
		f->cap = cap;
	}
	return &f->item[f->len];
}

void findings_add(struct findings *f, enum finding_severity severity, const struct place *place, const char *remedy,
	const char *fmt, ...)
{
	char buffer[MESSAGE_MAX];
	struct finding *slot;
	const char *what;
	va_list ap;
	const int len = snprintf(buffer, sizeof(buffer), "%s", place->inside);

	va_start(ap, fmt);
	if (len >= 0 && (size_t)len < sizeof(buffer))
		(void)vsnprintf(buffer + len, sizeof(buffer) - (size_t)len, fmt, ap);
	va_end(ap);
	what = copy_printable(f->a, buffer);
	if (!what) {
		f->nomem = true;
		return;
	}
	if (!findings_full(f) && is_there(f, place, what))
		return;
	slot = room(f);
	if (!slot)
		return;
	*slot = (struct finding){severity, *place, what, copy_printable(f->a, remedy)};
	if (slot->remedy)
		f->len++;
	else
		f->nomem = true;
}

bool findings_full(const struct findings *f)
{
	return f->len == FINDINGS_MAX;
}

bool findings_has_error(const struct findings *f, const struct place *place)
{
	for (size_t i = 0; i < f->len; i++)
		if (f->item[i].severity == FINDING_ERROR && same_place(&f->item[i].place, place))
			return true;
	return false;
}

bool findings_any_error(const struct findings *f)
{
	for (size_t i = 0; i < f->len; i++)
		if (f->item[i].severity == FINDING_ERROR)
			return true;
	return false;
}

static int by_place(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	if (strcmp(a->place.file, b->place.file) != 0)
		return strcmp(a->place.file, b->place.file);
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (strcmp(a->place.inside, b->place.inside) != 0 && a->place.inner_line != b->place.inner_line)
		return a->place.inner_line < b->place.inner_line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return strcmp(a->what, b->what);
}

void findings_sort(struct findings *f)
{
	if (f->len)
		qsort(f->item, f->len, sizeof(*f->item), by_place);
}

const char *finding_severity_name(enum finding_severity s)
{
	static const char *const names[] = {
		[FINDING_ERROR] = "error", [FINDING_WARNING] = "warning", [FINDING_INFO] = "info"};

	return names[s];
}

const char *findings_text(struct findings *f, const char *fmt, ...)
{
	char buffer[MESSAGE_MAX];
	const char *copy;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buffer, sizeof(buffer), fmt, ap);
	va_end(ap);
	copy = arena_strndup(f->a, buffer, strlen(buffer));
	f->nomem = f->nomem || !copy;
	return copy ? copy : "";
}
