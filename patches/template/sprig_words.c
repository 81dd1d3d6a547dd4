/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's letters and words: case, initials, abbreviation, wrapping. */
#include <string.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/template/unicode.h"

/* Each rune through fn; invalid bytes become U+FFFD, as strings.Map makes them. */
struct mapping {
	uint32_t (*map)(struct mapping *m, uint32_t rune);
	enum unicode_to to;
	bool at_start; /* of a word */
	uint32_t before;
};

static const struct value *map_runes(struct run *r, struct str s, struct mapping *m, struct err *err)
{
	struct text out;
	uint32_t rune;

	if (charge_bytes(r, s.len, err) < 0)
		return NULL;
	out_init(r, &out);
	for (size_t i = 0; i < s.len;) {
		i += utf8_decode(s.p + i, s.len - i, &rune);
		text_add_rune(&out, m->map(m, rune));
	}
	return run_str(r, &out, err);
}

static uint32_t map_case(struct mapping *m, uint32_t rune)
{
	return unicode_map(rune, m->to);
}

CALL(sprig_upper)
{
	return map_runes(r, argv[0]->u.s, &(struct mapping){.map = map_case, .to = UNICODE_UPPER}, err);
}

CALL(sprig_lower)
{
	return map_runes(r, argv[0]->u.s, &(struct mapping){.map = map_case, .to = UNICODE_LOWER}, err);
}

/* What strings.Title takes for the space between words. */
static bool separates(uint32_t rune)
{
	if (rune < 0x80)
		return !((rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z') ||
			 rune == '_');
	return !unicode_is(&unicode_letter, rune) && !unicode_is(&unicode_digit, rune) && unicode_is_space(rune);
}

static uint32_t map_title(struct mapping *m, uint32_t rune)
{
	const bool start = separates(m->before);

	m->before = rune;
	return start ? unicode_map(rune, UNICODE_TITLE) : rune;
}

CALL(sprig_title)
{
	return map_runes(r, argv[0]->u.s, &(struct mapping){.map = map_title, .before = ' '}, err);
}

static uint32_t map_untitle(struct mapping *m, uint32_t rune)
{
	const bool start = m->at_start;

	m->at_start = unicode_is_space(rune);
	return start && !m->at_start ? unicode_map(rune, UNICODE_LOWER) : rune;
}

CALL(sprig_untitle)
{
	return map_runes(r, argv[0]->u.s, &(struct mapping){.map = map_untitle, .at_start = true}, err);
}

static uint32_t map_swap(struct mapping *m, uint32_t rune)
{
	const bool start = m->at_start;

	if (unicode_is(&unicode_upper, rune) || unicode_is(&unicode_title, rune)) {
		m->at_start = false;
		return unicode_map(rune, UNICODE_LOWER);
	}
	if (unicode_is(&unicode_lower, rune)) {
		m->at_start = false;
		return unicode_map(rune, start ? UNICODE_TITLE : UNICODE_UPPER);
	}
	m->at_start = unicode_is_space(rune);
	return rune;
}

CALL(sprig_swapcase)
{
	return map_runes(r, argv[0]->u.s, &(struct mapping){.map = map_swap, .at_start = true}, err);
}

/* goutils looks at bytes and takes each for a rune: what is beyond ASCII comes out as Latin-1. */
CALL(sprig_nospace)
{
	const struct str s = argv[0]->u.s;
	struct text out;
	bool any = false;

	if (charge_bytes(r, s.len, err) < 0)
		return NULL;
	out_init(r, &out);
	for (size_t i = 0; i < s.len; i++) {
		if (unicode_is_space((unsigned char)s.p[i]))
			any = true;
		else
			text_add_rune(&out, (unsigned char)s.p[i]);
	}
	return any ? run_str(r, &out, err) : argv[0];
}

CALL(sprig_initials)
{
	const struct str s = argv[0]->u.s;
	struct text out;
	bool gap = true;

	if (charge_bytes(r, s.len, err) < 0)
		return NULL;
	out_init(r, &out);
	for (size_t i = 0; i < s.len; i++) {
		const uint32_t byte = (unsigned char)s.p[i];

		if (unicode_is_space(byte)) {
			gap = true;
		} else if (gap) {
			text_add_rune(&out, byte);
			gap = false;
		}
	}
	return run_str(r, &out, err);
}

/* goutils.AbbreviateFull; widths are at least 4 here. */
static const struct value *abbreviate(struct run *r, struct str s, int64_t offset, int64_t width, struct err *err)
{
	const int64_t len = (int64_t)s.len;
	struct text out;

	if (len <= width)
		return give_str(r, s, err);
	if (offset > len)
		offset = len;
	if (len - offset < width - 3)
		offset = len - (width - 3);
	out_init(r, &out);
	if (offset <= 4) {
		text_add(&out, s.p, (size_t)(width - 3));
		text_adds(&out, "...");
	} else if (width < 7) {
		return give_cstr(r, "", err);
	} else if (offset + width - 3 < len) {
		text_adds(&out, "...");
		text_add(&out, s.p + offset, (size_t)(width - 6));
		text_adds(&out, "...");
	} else {
		text_adds(&out, "...");
		text_add(&out, s.p + len - (width - 3), (size_t)(width - 3));
	}
	return run_str(r, &out, err);
}

CALL(sprig_abbrev)
{
	if (argv[0]->u.i < 4)
		return argv[1];
	return abbreviate(r, argv[1]->u.s, 0, argv[0]->u.i, err);
}

CALL(sprig_abbrevboth)
{
	const int64_t left = argv[0]->u.i, right = argv[1]->u.i;

	if (right < 4 || (left > 0 && right < 7))
		return argv[2];
	return abbreviate(r, argv[2]->u.s, left, right, err);
}

struct wrapping {
	size_t width;
	struct str newline;
	bool cut_long_words;
};

/* A word longer than the line: returns where to go on. */
static size_t wrap_long_word(struct text *out, struct str s, size_t at, const struct wrapping *w)
{
	const size_t end = at + w->width;
	const char *space;

	if (w->cut_long_words) {
		text_add(out, s.p + at, w->width);
		text_add(out, w->newline.p, w->newline.len);
		return end;
	}
	space = memchr(s.p + end, ' ', s.len - end);
	if (!space) {
		text_add(out, s.p + at, s.len - at);
		return s.len;
	}
	text_add(out, s.p + at, (size_t)(space - s.p) - at);
	text_add(out, w->newline.p, w->newline.len);
	return (size_t)(space - s.p) + 1;
}

static const struct value *wrap(struct run *r, struct str s, const struct wrapping *w, struct err *err)
{
	struct text out;
	size_t at = 0;

	out_init(r, &out);
	while (s.len - at > w->width && !out.failed) {
		const char *space;

		if (s.p[at] == ' ') {
			at++;
			continue;
		}
		space = memrchr(s.p + at, ' ', w->width + 1);
		if (!space) {
			at = wrap_long_word(&out, s, at, w);
			continue;
		}
		text_add(&out, s.p + at, (size_t)(space - s.p) - at);
		text_add(&out, w->newline.p, w->newline.len);
		at = (size_t)(space - s.p) + 1;
	}
	text_add(&out, s.p + at, s.len - at);
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

static size_t at_least_one(int64_t width)
{
	return width < 1 ? 1 : (size_t)width;
}

CALL(sprig_wrap)
{
	const struct wrapping w = {at_least_one(argv[0]->u.i), STR("\n"), false};

	return wrap(r, argv[1]->u.s, &w, err);
}

CALL(sprig_wrap_with)
{
	const struct wrapping w = {at_least_one(argv[0]->u.i), argv[1]->u.s.len ? argv[1]->u.s : STR("\n"), true};

	return wrap(r, argv[2]->u.s, &w, err);
}
