/* SPDX-License-Identifier: Apache-2.0 */
/* Which way of writing a string YAML allows, and which one Go's yaml takes. */
#ifndef PATCHES_YAML_STYLE_H
#define PATCHES_YAML_STYLE_H

#include "patches/value/value.h"

enum yaml_style { YAML_STYLE_PLAIN, YAML_STYLE_SINGLE, YAML_STYLE_DOUBLE, YAML_STYLE_LITERAL };

/* Of one character at p (len bytes are there): its bytes. A line break is LF, CR, U+0085, U+2028 or U+2029. */
size_t yaml_width(char c);
bool yaml_is_break(const char *p, size_t len);
/* Whether it can stand in a text unescaped. */
bool yaml_is_printable(const char *p, size_t len);
bool yaml_has_break(struct str s);

/* s must be valid UTF-8. simple_key: it is to stand before a colon on one line. */
enum yaml_style yaml_string_style(struct str s, bool simple_key);

/* Order of keys as Go's yaml writes them: numbers within names by value ("a2" before "a10"), letters behind other characters. */
bool yaml_key_less(struct str a, struct str b);
/*
 * The entries of a map in that order, in `a`; NULL without memory. The order is not transitive for some keys that mix digits and other
 * characters; the result is then the same for the same keys, whatever order they were set in.
 */
const struct map_entry *const *yaml_sorted_keys(struct arena *a, const struct map *m) MUST_CHECK;

#endif
