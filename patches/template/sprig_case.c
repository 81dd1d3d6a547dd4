/* SPDX-License-Identifier: Apache-2.0 */
/* snakecase, kebabcase and camelcase, as xstrings 1.5 does them. */
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/template/unicode.h"

enum word { W_INVALID, W_NUMBER, W_UPPER, W_ALPHABET, W_CONNECTOR, W_PUNCT, W_OTHER };

enum { RUNE_ERROR = 0xfffd };

static bool is_connector(uint32_t rune)
{
	return rune == '-' || rune == '_' || unicode_is_space(rune);
}

/* Letters but those of Chinese, Japanese and Korean. */
static bool is_alphabet(uint32_t rune)
{
	if (!unicode_is(&unicode_letter, rune))
		return false;
	return !(rune >= 0x4e00 && rune <= 0x9fcc) && !(rune >= 0x3400 && rune <= 0x4d85) &&
	       !(rune >= 0x20000 && rune <= 0x2b81d);
}

static bool is_upper(uint32_t rune)
{
	return unicode_is(&unicode_upper, rune);
}

static bool is_small_letter(uint32_t rune)
{
	return is_alphabet(rune) && !is_upper(rune);
}

static bool is_number(uint32_t rune)
{
	return unicode_is(&unicode_number, rune);
}

static bool is_punct(uint32_t rune)
{
	return unicode_is(&unicode_punct, rune);
}

static bool is_other(uint32_t rune)
{
	return !is_connector(rune) && !is_alphabet(rune) && !is_number(rune) && !is_punct(rune);
}

/* The next rune that is valid, with the invalid bytes before it counted; `before` where there is none. */
static size_t next_valid(struct str s, uint32_t before, uint32_t *ret)
{
	size_t at = 0;

	while (at < s.len) {
		at += utf8_decode(s.p + at, s.len - at, ret);
		if (*ret != RUNE_ERROR)
			return at;
	}
	*ret = before;
	return at;
}

/* End of the run that starts at `at` and in which all runes satisfy `is`. ret_last: size of the last rune taken. */
static size_t take_while(struct str s, size_t at, uint32_t before, bool (*is)(uint32_t), size_t *ret_last)
{
	uint32_t rune = before;

	while (at < s.len) {
		const size_t n = next_valid((struct str){s.p + at, s.len - at}, rune, &rune);

		if (!is(rune))
			break;
		*ret_last = n;
		at += n;
	}
	return at;
}

/* An upper case word: "HTTPServer" gives "HTTP", "Http" gives all of it. */
static size_t upper_word(struct str s, size_t first, uint32_t rune)
{
	struct str rest = {s.p + first, s.len - first};
	size_t last = first, end;
	uint32_t next = rune;

	if (!rest.len)
		return first;
	(void)next_valid(rest, rune, &next);
	if (!is_upper(next))
		return is_alphabet(next) ? take_while(s, first, rune, is_small_letter, &last) : first;
	end = take_while(s, first, rune, is_upper, &last);
	if (end < s.len) {
		(void)next_valid((struct str){s.p + end, s.len - end}, next, &next);
		if (is_alphabet(next))
			end -= last; /* its last letter begins the next word */
	}
	return end;
}

static enum word next_word(struct str *rest, struct str *ret_word)
{
	static const struct {
		enum word word;
		bool (*is)(uint32_t), (*goes_on)(uint32_t);
	} rules[] = {
		{W_CONNECTOR, is_connector, is_connector}, {W_PUNCT, is_punct, is_punct}, {W_UPPER, is_upper, NULL},
		{W_ALPHABET, is_alphabet, is_small_letter}, {W_NUMBER, is_number, is_number}, {W_OTHER, NULL, is_other},
	};
	uint32_t rune;
	size_t first, end, i = 0, last;

	*ret_word = (struct str){rest->p, 0};
	if (!rest->len)
		return W_INVALID;
	first = end = next_valid(*rest, RUNE_ERROR, &rune);
	if (rune != RUNE_ERROR) {
		while (rules[i].is && !rules[i].is(rune))
			i++;
		end = rules[i].goes_on ? take_while(*rest, first, rune, rules[i].goes_on, &last) : upper_word(*rest, first, rune);
	}
	ret_word->len = end;
	rest->p += end;
	rest->len -= end;
	return rune == RUNE_ERROR ? W_INVALID : rules[i].word;
}

/* A reader of words with one word in hand. */
struct words {
	struct str rest, word;
	enum word is;
	struct text out;
	char connector;
};

static void advance(struct words *w)
{
	w->is = next_word(&w->rest, &w->word);
}

static void put_word(struct words *w, enum word is, struct str word)
{
	uint32_t rune;

	if (is != W_UPPER && is != W_CONNECTOR) {
		text_add(&w->out, word.p, word.len);
		return;
	}
	for (size_t i = 0; i < word.len;) {
		i += utf8_decode(word.p + i, word.len - i, &rune);
		if (is_connector(rune))
			text_addc(&w->out, w->connector);
		else
			text_add_rune(&w->out, is_upper(rune) ? unicode_map(rune, UNICODE_LOWER) : rune);
	}
}

/* Letters and numbers that follow belong to the same word; a connector before what else comes. */
static void finish_number(struct words *w)
{
	while (w->is == W_ALPHABET || w->is == W_NUMBER) {
		put_word(w, w->is, w->word);
		advance(w);
	}
	if (w->is != W_INVALID && w->is != W_PUNCT && w->is != W_CONNECTOR)
		text_addc(&w->out, w->connector);
}

/* After letters: a number is part of the word before ("bld4") unless small letters follow it ("http_2xx"). */
static void after_letters(struct words *w)
{
	struct str number;

	if (w->is != W_NUMBER) {
		if (w->is != W_CONNECTOR && w->is != W_PUNCT)
			text_addc(&w->out, w->connector);
		return;
	}
	if (!w->rest.len)
		return;
	number = w->word;
	advance(w);
	if (w->is != W_ALPHABET) {
		put_word(w, W_NUMBER, number);
		if (w->is != W_CONNECTOR && w->is != W_PUNCT)
			text_addc(&w->out, w->connector);
		return;
	}
	text_addc(&w->out, w->connector);
	put_word(w, W_NUMBER, number);
	finish_number(w);
}

static const struct value *lower_words(struct run *r, struct str s, char connector, struct err *err)
{
	struct words w = {.rest = s, .connector = connector};

	if (charge_bytes(r, s.len * 8, err) < 0)
		return NULL;
	out_init(r, &w.out);
	advance(&w);
	while (w.rest.len) {
		const enum word before = w.is;
		const struct str last = w.word;

		if (before != W_CONNECTOR)
			put_word(&w, before, last);
		advance(&w);
		if (before == W_NUMBER)
			finish_number(&w);
		else if (before == W_CONNECTOR)
			put_word(&w, before, last);
		else if (before != W_PUNCT)
			after_letters(&w);
	}
	put_word(&w, w.is, w.word);
	return run_str(r, &w.out, err);
}

CALL(sprig_snakecase)
{
	return lower_words(r, argv[0]->u.s, '_', err);
}

CALL(sprig_kebabcase)
{
	return lower_words(r, argv[0]->u.s, '-', err);
}

/* Leading connectors are kept, the first letter becomes upper case. Returns where the rest begins. */
static size_t camel_start(struct text *out, struct str s, uint32_t *ret_rune, bool *ret_upper)
{
	size_t at = 0;

	while (at < s.len) {
		at += utf8_decode(s.p + at, s.len - at, ret_rune);
		if (!is_connector(*ret_rune)) {
			*ret_upper = is_upper(*ret_rune);
			*ret_rune = unicode_map(*ret_rune, UNICODE_UPPER);
			break;
		}
		text_add_rune(out, *ret_rune);
	}
	return at;
}

CALL(sprig_camelcase)
{
	const struct str s = argv[0]->u.s;
	uint32_t rune = 0, before;
	bool upper = false; /* the word began with an upper case letter: those that follow become small */
	struct text out;
	size_t at;

	if (!s.len)
		return argv[0];
	if (charge_bytes(r, s.len * 4, err) < 0)
		return NULL;
	out_init(r, &out);
	at = camel_start(&out, s, &rune, &upper);
	while (at < s.len) {
		before = rune;
		at += utf8_decode(s.p + at, s.len - at, &rune);
		if (is_connector(rune) && is_connector(before)) {
			text_add_rune(&out, before);
			continue;
		}
		if (is_connector(before)) {
			upper = is_upper(rune);
			rune = unicode_map(rune, UNICODE_UPPER);
			continue;
		}
		if (upper && is_upper(rune))
			rune = unicode_map(rune, UNICODE_LOWER);
		else
			upper = false;
		text_add_rune(&out, before);
	}
	text_add_rune(&out, rune);
	return run_str(r, &out, err);
}
