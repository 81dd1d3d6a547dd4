/* SPDX-License-Identifier: Apache-2.0 */
/* A growing text with a maximum, and the small questions one asks of (pointer, length) strings. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/own.h"

/*
 * Grows in an arena, or with malloc where the arena is NULL; never beyond max bytes. A failed append sets `failed`, drops
 * the bytes and leaves what is there: callers may append on and look once, at the end.
 */
struct text {
	char *data; /* no NUL behind it unless text_cstr was called */
	size_t len, cap, max;
	struct arena *arena;
	bool failed;
	bool full; /* it failed because max bytes were passed, and not for want of memory */
};

void text_init(struct text *t, struct arena *arena, size_t max);
void text_release(struct text *t); /* frees what malloc gave; with an arena it only forgets */
void text_clear(struct text *t);
/* 0 where no append has failed; else ERR_LIMIT "WHAT is larger than N bytes", or ERR_NOMEM. */
int text_check(const struct text *t, const char *what, struct err *err);
void text_add(struct text *t, const char *data, size_t len);
void text_adds(struct text *t, const char *cstr);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_addu(struct text *t, uint64_t n);
void text_addi(struct text *t, int64_t n);
void text_fill(struct text *t, char c, size_t n);
void text_add_rune(struct text *t, uint32_t rune); /* UTF-8; what is no scalar value becomes U+FFFD */
/* With "?" for what could move a terminal's cursor or turn its writing direction: control characters, line separators, bidi marks. */
void text_add_shown(struct text *t, const char *data, size_t len);
/* Room for n more bytes at data + len, or NULL (then failed is set); the caller adds to len what it wrote. */
char *text_room(struct text *t, size_t n);
/* NUL-terminated; "" when empty; NULL when an append has failed. */
const char *text_cstr(struct text *t);

/* A borrowed piece of text; may hold NUL. */
struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
struct str str_of(const char *cstr); /* NULL is "" */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *cstr);
int str_cmp(struct str a, struct str b); /* bytewise, as Go compares strings */
bool str_has_prefix(struct str s, const char *prefix);
bool str_has_suffix(struct str s, const char *suffix);
/* Index of needle in s, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);
/* Without leading and trailing Unicode white space, as Go's strings.TrimSpace. */
struct str str_trim_space(struct str s);
/* Cuts s at the first sep: returns what is before, leaves in *s what is behind; *s.p is NULL when there was no sep. */
struct str str_cut(struct str *s, char sep);

/*
 * One code point of UTF-8 at p (len >= 1 bytes there): its size 1 to 4, and the rune; an invalid byte is size 1 and U+FFFD, as Go's
 * utf8.DecodeRune. utf8_valid: whether all of it is valid.
 */
size_t utf8_decode(const char *p, size_t len, uint32_t *ret_rune);
bool utf8_valid(const char *p, size_t len);
size_t utf8_encode(uint32_t rune, char out[4]);
/* Number of runes, counting each invalid byte as one. */
size_t utf8_count(const char *p, size_t len);

/*
 * Whole text as a number: no space, no sign for the unsigned, no rest. Returns false when it is none or out of range.
 * base 10 only. See strconv.ParseInt.
 */
bool parse_i64(struct str s, int64_t *ret);
bool parse_u64(struct str s, uint64_t *ret);
/* strtod on the "C" grammar [-+]digits[.digits][e[+-]digits] only, whole text; independent of the locale. */
bool parse_f64(struct str s, double *ret);

#endif
