/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to raw values and back (RFC 8259), with our limits. Strict: what two readers could read differently is refused.
 * A reader of our own, not a library's: numbers keep their text (a pod's unknown fields survive digit for digit), strings are borrowed
 * from the body, every node knows that the pod brought it, and each error has its byte or JSON Pointer. jansson checks it in the tests.
 */
#ifndef PATCHES_VALUE_JSON_H
#define PATCHES_VALUE_JSON_H

#include "patches/value/value.h"

enum json_read_flag {
	JSON_FROM_POD = 1,       /* mark every node V_ASIS and every string and key V_POD */
	JSON_LAST_WINS = 2,      /* duplicate keys: the last wins, as Go reads them; else they are an error */
	JSON_GO_UTF8 = 4,        /* invalid UTF-8 and lone surrogates become U+FFFD, as Go reads them; else they are an error */
	JSON_ALLOW_NUL = 8,      /* \u0000 in a string; else an error that names the JSON path */
};

/*
 * The whole text is one value: no byte order mark, nothing behind it but white space. Strings without escapes are borrowed
 * from `data`, which must outlive the result; the rest is in the arena. Depth is bounded by LIMIT_JSON_DEPTH. Numbers keep their text,
 * whole ones beyond 64 bits too; one beyond a double's range (1e999) is an error, and one of more than LIMIT_JSON_NUMBER bytes.
 * Errors: ERR_INPUT or ERR_LIMIT, `where` is "byte N" (from 0) or, for a NUL or a duplicate key, the JSON Pointer; ERR_NOMEM.
 */
const struct value *json_parse(struct arena *a, const char *data, size_t len, unsigned flags, struct err *err) MUST_CHECK;

enum json_write_flag {
	JSON_ESCAPE_HTML = 1, /* < > & as \u003c \u003e \u0026, and U+2028, U+2029 escaped: as Go's json.Marshal */
	JSON_SORT_KEYS = 2,   /* map keys bytewise sorted, as Go does; else in order of insertion */
	JSON_INDENT = 4,      /* two spaces, as Go's MarshalIndent(v, "", "  ") and kubectl print */
	JSON_DROP_NULLS = 8,  /* members that are null are left out, anywhere */
};

/*
 * Appends v as JSON. Raw nodes and dynamic values (K_INT, K_FLOAT, lists and maps of any); K_FLOAT as Go's json prints float64;
 * K_NUMBER as its text. Named Go types are the business of patches/schema (go_json). Invalid UTF-8 is written as \ufffd.
 */
void json_write(struct text *out, const struct value *v, unsigned flags);
void json_write_string(struct text *out, struct str s, unsigned flags);
/* float64 as encoding/json prints it (shortest; exponent form below 1e-6 and from 1e21). NaN and infinity: returns -1. */
int json_write_float(struct text *out, double f);

/* Appends "/" and the escaped reference token (RFC 6901). */
void json_pointer_add(struct text *out, struct str token);

#endif
