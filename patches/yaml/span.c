/* SPDX-License-Identifier: Apache-2.0 */
/* Rendered YAML, with the promise that no string of the pod adds or changes structure. */
#include "patches/yaml/span.h"

#include <string.h>

#include "base/limits.h"
#include "patches/yaml/events.h"
#include "patches/yaml/parse.h"

/* A place in a text that only moves forward: libyaml counts characters, spans count bytes. */
struct place {
	struct str text;
	size_t byte, character;
};

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

static void step(struct place *p)
{
	p->byte++;
	while (p->byte < p->text.len && is_continuation(p->text.p[p->byte]))
		p->byte++;
	p->character++;
}

static size_t character_at(struct place *p, size_t byte)
{
	while (p->byte < byte)
		step(p);
	return p->character;
}

static size_t byte_at(struct place *p, size_t character)
{
	while (p->character < character && p->byte < p->text.len)
		step(p);
	return p->byte;
}

static bool is_plain(const struct span *s)
{
	return !s->structure && s->begin < s->end;
}

/* --- the fast check: by where the span lies and what it is made of -------------------------------------------------- */

/* Letters and what may stand between them in any YAML context without meaning anything there. */
static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
}

static bool is_harmless_plain(struct str s)
{
	if (!is_word(s.p[0]))
		return false;
	for (size_t i = 1; i < s.len; i++) {
		const char c = s.p[i];

		if (c == ':' ? i + 1 == s.len || !is_word(s.p[i + 1]) : !is_word(c) && c != '.' && c != '-' && c != '@' && c != '=')
			return false;
	}
	return true;
}

/* Nothing that ends the quotes or breaks the line. */
static bool is_harmless_quoted(struct str s, char quote)
{
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c == 0x7F || s.p[i] == quote || (quote == '"' && c == '\\'))
			return false;
		/* U+0085, U+2028, U+2029 break lines too. */
		if (c == 0xC2 || c == 0xE2)
			return false;
	}
	return true;
}

/* A span's bytes and characters, and the token of the scalar around it. */
struct spot {
	struct str bytes;
	size_t begin, end;             /* characters */
	const struct yaml_node *scalar;
	char first;                    /* byte of the token */
	bool escaped;                  /* a backslash of the template stands before */
};

/* Looks for one span after another; scalars and spans are both in the text's order. */
struct walk {
	const struct rendered *rendered;
	struct str text;
	struct place spans, scalars;
	const struct yaml_node *scalar;
};

static struct walk walk_begin(const struct yaml_document *document, const struct rendered *r)
{
	const struct str text = yaml_without_mark(r->text);

	return (struct walk){r, text, {.text = text}, {.text = text}, document->first_scalar};
}

/* Whether the span lies within one scalar. */
static bool walk_to(struct walk *w, const struct span *s, struct spot *ret)
{
	const size_t skipped = w->rendered->text.len - w->text.len;
	const char *text = w->rendered->text.p;

	if (s->begin < skipped)
		return false;
	ret->bytes = (struct str){text + s->begin, s->end - s->begin};
	ret->begin = character_at(&w->spans, s->begin - skipped);
	ret->end = character_at(&w->spans, s->end - skipped);
	while (w->scalar && w->scalar->end < ret->end)
		w->scalar = w->scalar->scalar;
	if (!w->scalar || w->scalar->begin > ret->begin)
		return false;
	ret->scalar = w->scalar;
	ret->first = w->text.p[byte_at(&w->scalars, w->scalar->begin)];
	ret->escaped = s->begin > 0 && text[s->begin - 1] == '\\';
	return true;
}

/* The key that merges another map in is structure too. */
static bool is_merge_key(const char *text, size_t len, bool plain)
{
	return plain && len == 2 && memcmp(text, "<<", 2) == 0;
}

static bool is_harmless(const struct spot *s)
{
	const bool whole = s->begin == s->scalar->begin && s->end == s->scalar->end;
	const bool inner = s->begin > s->scalar->begin && s->end < s->scalar->end;

	switch (s->scalar->style) {
	case YAML_PLAIN_SCALAR_STYLE:
		return s->first != '&' && s->first != '!' &&
		       !is_merge_key(s->scalar->text.p, s->scalar->text.len, true) && (whole || is_harmless_plain(s->bytes));
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return s->first == '"' && (whole || (inner && !s->escaped && is_harmless_quoted(s->bytes, '"')));
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return s->first == '\'' && (whole || (inner && is_harmless_quoted(s->bytes, '\'')));
	default:
		return false;
	}
}

bool yaml_spans_harmless(const struct yaml_document *document, const struct rendered *r)
{
	struct walk walk = walk_begin(document, r);

	for (size_t i = 0; i < r->n_spans; i++) {
		const struct span *s = &r->span[i];
		struct spot spot;

		if (is_plain(s) && !(walk_to(&walk, s, &spot) && is_harmless(&spot)))
			return false;
	}
	return true;
}

/* --- the full check: the same text with every character of the pod an x has the same structure ----------------------- */

struct range {
	size_t begin, end; /* characters */
	const struct span *span;
};

struct comparison {
	const struct rendered *rendered;
	struct text neutral;
	struct range *range; /* of plain spans */
	size_t n_ranges, at; /* at: the first that does not end before what is looked at */
	size_t matched;      /* character up to which both are alike */
	struct place place;  /* in the pod's text */
	struct yaml_events pod, plain;
};

static void release(struct comparison *c)
{
	yaml_events_release(&c->pod);
	yaml_events_release(&c->plain);
}

/* One x for a character, so that both texts count characters alike. */
static int neutralise(struct arena *a, struct comparison *c, struct str text, struct err *err)
{
	const size_t skipped = c->rendered->text.len - text.len;
	struct place place = {.text = text};
	size_t done = 0;

	text_init(&c->neutral, a, LIMIT_ARENA_BYTES);
	for (size_t i = 0; i < c->rendered->n_spans; i++) {
		const struct span *s = &c->rendered->span[i];
		struct range *range = &c->range[c->n_ranges];

		if (!is_plain(s) || s->end <= skipped)
			continue;
		range->span = s;
		range->begin = character_at(&place, s->begin < skipped ? 0 : s->begin - skipped);
		text_add(&c->neutral, text.p + done, place.byte - done);
		range->end = character_at(&place, s->end - skipped);
		text_fill(&c->neutral, 'x', range->end - range->begin);
		done = place.byte;
		c->n_ranges++;
	}
	text_add(&c->neutral, text.p + done, text.len - done);
	return c->neutral.failed ? err_nomem(err) : 0;
}

static bool same_text(const unsigned char *a, const unsigned char *b)
{
	return a && b ? strcmp((const char *)a, (const char *)b) == 0 : !a && !b;
}

/* Called with places that only grow. */
static bool is_blank_between(struct comparison *c, size_t from, size_t to)
{
	struct place *p = &c->place;

	for ((void)byte_at(p, from); p->character < to && p->byte < p->text.len; step(p))
		if (!memchr(" \t\r\n", p->text.p[p->byte], 4))
			return false;
	return true;
}

/* The pod's scalar may lose white space at its ends, as plain scalars do, and nothing else. */
static bool same_extent(struct comparison *c, const yaml_event_t *pod, const yaml_event_t *plain)
{
	const size_t pod_begin = pod->start_mark.index, pod_end = pod->end_mark.index;
	const size_t begin = plain->start_mark.index, end = plain->end_mark.index;

	return begin <= pod_begin && pod_begin <= pod_end && pod_end <= end && is_blank_between(c, begin, pod_begin) &&
	       is_blank_between(c, pod_end, end);
}

static bool holds_span(struct comparison *c, size_t begin, size_t end)
{
	while (c->at < c->n_ranges && c->range[c->at].end <= begin)
		c->at++;
	return c->at < c->n_ranges && c->range[c->at].begin < end;
}

static bool same_scalar(struct comparison *c, const yaml_event_t *pod, const yaml_event_t *plain)
{
	if (!same_text(pod->data.scalar.anchor, plain->data.scalar.anchor) ||
	    !same_text(pod->data.scalar.tag, plain->data.scalar.tag))
		return false;
	if (holds_span(c, plain->start_mark.index, plain->end_mark.index))
		return same_extent(c, pod, plain) && !is_merge_key((const char *)pod->data.scalar.value, pod->data.scalar.length,
			pod->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
	return pod->data.scalar.style == plain->data.scalar.style && pod->data.scalar.length == plain->data.scalar.length &&
	       memcmp(pod->data.scalar.value, plain->data.scalar.value, pod->data.scalar.length) == 0;
}

static bool same_event(struct comparison *c)
{
	const yaml_event_t *pod = &c->pod.event, *plain = &c->plain.event;

	if (pod->type != plain->type)
		return false;
	switch (pod->type) {
	case YAML_SCALAR_EVENT:
		return same_scalar(c, pod, plain);
	case YAML_ALIAS_EVENT:
		return same_text(pod->data.alias.anchor, plain->data.alias.anchor);
	case YAML_SEQUENCE_START_EVENT:
		return same_text(pod->data.sequence_start.anchor, plain->data.sequence_start.anchor) &&
		       same_text(pod->data.sequence_start.tag, plain->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return same_text(pod->data.mapping_start.anchor, plain->data.mapping_start.anchor) &&
		       same_text(pod->data.mapping_start.tag, plain->data.mapping_start.tag);
	default:
		return true;
	}
}

/* The line of the rendered text that holds the span's begin, or what of it is short enough for a message. */
static struct str line_of(struct str text, size_t at)
{
	enum { LONGEST = 100 };
	size_t begin = at, end = at;

	while (begin > 0 && text.p[begin - 1] != '\n')
		begin--;
	while (end < text.len && text.p[end] != '\n' && end - begin < LONGEST)
		end++;
	while (end > begin && end < text.len && is_continuation(text.p[end]))
		end--;
	return (struct str){text.p + begin, end - begin};
}

static int refuse(const struct rendered *r, const struct span *s, const char *what, struct err *err)
{
	const struct str line = line_of(r->text, s->begin);

	(void)err_set(err, ERR_INPUT, "%s at template line %u: %.*s", what, s->line, (int)line.len, line.p);
	return err_at(err, "template line %u", s->line);
}

/* The first span behind what both texts have alike. */
static int blame(const struct comparison *c, struct err *err)
{
	const struct span *s = c->range[0].span;

	for (size_t i = 0; i < c->n_ranges; i++) {
		s = c->range[i].span;
		if (c->range[i].end > c->matched)
			break;
	}
	return refuse(c->rendered, s, "a value of the pod adds YAML structure", err);
}

/* Up to the end of the first document, event by event. */
static int compare(struct comparison *c, struct err *err)
{
	for (;;) {
		struct err pod_err = {0}, plain_err = {0};
		const int pod = yaml_events_next(&c->pod, &pod_err), plain = yaml_events_next(&c->plain, &plain_err);

		if (pod < 0 && (plain < 0 || pod_err.code == ERR_NOMEM)) {
			if (err && err->code == ERR_NONE)
				*err = pod_err;
			return -1;
		}
		if (plain < 0 && plain_err.code == ERR_NOMEM)
			return err_nomem(err);
		if (pod < 0 || plain < 0 || !same_event(c))
			return blame(c, err);
		if (c->pod.event.type == YAML_DOCUMENT_END_EVENT || c->pod.event.type == YAML_STREAM_END_EVENT)
			return 0;
		c->matched = c->plain.event.end_mark.index;
	}
}

int yaml_spans_compare(struct arena *a, const struct rendered *r, struct err *err)
{
	own(release) struct comparison c = {.rendered = r};

	c.range = arena_calloc(a, r->n_spans, sizeof(*c.range));
	if (!c.range)
		return err_nomem(err);
	if (yaml_events_init(&c.pod, r->text, err) < 0 || neutralise(a, &c, c.pod.text, err) < 0 ||
	    yaml_events_init(&c.plain, (struct str){c.neutral.data, c.neutral.len}, err) < 0)
		return -1;
	c.place.text = c.pod.text;
	return c.n_ranges ? compare(&c, err) : 0;
}

/* What the strategic merge or YAML itself would take as an order. */
static bool is_order(const struct yaml_node *n)
{
	return n->is_key && (str_has_prefix(n->text, "$") || is_merge_key(n->text.p, n->text.len, n->implicit));
}

/* No key that the pod has a hand in may be an order, wherever it comes from: structure made on purpose holds data too. */
static int refuse_orders(const struct yaml_document *document, const struct rendered *r, struct err *err)
{
	const struct str text = yaml_without_mark(r->text);
	const size_t skipped = r->text.len - text.len;
	struct place place = {.text = text};
	size_t at = 0;

	for (const struct yaml_node *n = document->first_scalar; n && at < r->n_spans; n = n->scalar) {
		const size_t begin = byte_at(&place, n->begin) + skipped, end = byte_at(&place, n->end) + skipped;

		while (at < r->n_spans && r->span[at].end <= begin)
			at++;
		if (at < r->n_spans && r->span[at].begin < end && is_order(n))
			return refuse(r, &r->span[at], "a value of the pod makes a key that is an order to the merge", err);
	}
	return 0;
}

/* Where the pod's string is what breaks the text, saying so is the better message. */
static const struct value *no_yaml(struct arena *a, const struct rendered *r, const struct err *cause, struct err *err)
{
	if ((cause->code != ERR_INPUT || yaml_spans_compare(a, r, err) == 0) && err && err->code == ERR_NONE)
		*err = *cause;
	return NULL;
}

const struct value *yaml_parse_rendered(struct arena *a, const struct rendered *r, struct err *err)
{
	struct yaml_document document;
	struct err cause = {0};

	if (yaml_document_read(a, r->text, &document, &cause) < 0)
		return no_yaml(a, r, &cause, err);
	if ((!yaml_spans_harmless(&document, r) && yaml_spans_compare(a, r, err) < 0) || refuse_orders(&document, r, err) < 0)
		return NULL;
	return yaml_decode(a, &document, 0, err);
}
