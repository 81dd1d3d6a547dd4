/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt, file by file: gofmt.c reads formats, gofmt_value.c prints values, gofmt_number.c and gofmt_text.c their text. */
#ifndef PATCHES_TEMPLATE_GOFMT_H
#define PATCHES_TEMPLATE_GOFMT_H

#include "patches/template/function.h"

struct flags {
	bool wide, precise; /* width and precision are given */
	bool minus, plus, sharp, space, zero;
	bool plus_v, sharp_v; /* %+v, %#v: then plus and sharp are off */
};

struct printer {
	struct run *run;
	struct text *out;
	struct err *err;
	struct flags f;
	int width, precision;
	bool erroring;  /* inside %!verb(...): no methods */
	bool failed;    /* err is set */
	uint32_t verb; /* of print_special */
};

/* Appends what fmt.Fprint prints of v; addr: v stands for its address where that has a String method. */
int gofmt_print(struct run *r, struct text *out, const struct value *v, bool addr, struct err *err) MUST_CHECK;
/* v, after one indirection of pointers, as text/template hands it to fmt. */
struct printable {
	const struct value *v;
	bool addr;
};
struct printable gofmt_printable(const struct value *v);

/* gofmt_value.c: one argument of a verb. */
void print_arg(struct printer *p, const struct value *v, uint32_t verb);
void print_fail(struct printer *p, enum err_code code, const char *what, const char *detail);

/* gofmt_text.c */
void print_padding(struct printer *p, size_t n);
void print_padded(struct printer *p, struct str s);
void print_padded_chars(struct printer *p, const char *cstr);
void print_string(struct printer *p, struct str s);
void print_hex_string(struct printer *p, struct str s, bool upper);
void print_quoted(struct printer *p, struct str s);
void print_char(struct printer *p, uint64_t c);
void print_quoted_char(struct printer *p, uint64_t c);
void print_unicode(struct printer *p, uint64_t u);

/* gofmt_number.c. base: 2, 8, 10, 16; sign: the number is signed. */
void print_integer(struct printer *p, uint64_t u, unsigned base, bool sign, uint32_t verb, bool upper);
/* fmt: as go_format_float, and b, x, X. */
void print_float(struct printer *p, double f, int bits, char fmt, int precision);

/* gostruct.c: structs whose members the schema does not list, as Go lays them out. */
void print_special(struct printer *p, const struct value *v, uint32_t verb);

/* gostring.c: the String() methods that Kubernetes' and protobuf's generators write. Appends; -1 with err set where it has no text. */
int go_string_method(struct run *r, struct text *out, const struct value *v, struct err *err) MUST_CHECK;
/* prototext.c: a message, or a pointer to one. */
int go_proto_text(struct run *r, struct text *out, const struct value *v, struct err *err) MUST_CHECK;

#endif
