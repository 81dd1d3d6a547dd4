/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: formats, flags, widths, argument indexes, and what it says of wrong ones. */
#include "patches/template/gofmt.h"

#include <string.h>

#include "base/limits.h"

struct format {
	struct printer *p;
	struct str s;
	size_t at;
	const struct value *const *arg;
	size_t n_args, next; /* the argument of the next verb */
	bool reordered;      /* an index was used: nothing is said of arguments left over */
	bool good_index;
};

static bool more(const struct format *f)
{
	return f->at < f->s.len;
}

/* Decimal digits at f->at up to end. False: none, or too many. */
static bool parse_number(const struct str s, size_t *at, size_t end, int *ret)
{
	bool any = false;

	*ret = 0;
	for (; *at < end && s.p[*at] >= '0' && s.p[*at] <= '9'; ++*at) {
		if (*ret > LIMIT_PRINTF_WIDTH) {
			*at = end;
			*ret = 0;
			return false;
		}
		*ret = *ret * 10 + (s.p[*at] - '0');
		any = true;
	}
	return any;
}

static void read_flags(struct format *f)
{
	struct flags *flags = &f->p->f;

	*flags = (struct flags){0};
	f->p->width = f->p->precision = 0;
	for (; more(f); f->at++) {
		switch (f->s.p[f->at]) {
		case '#': flags->sharp = true; break;
		case '0': flags->zero = true; break;
		case '+': flags->plus = true; break;
		case '-': flags->minus = true; break;
		case ' ': flags->space = true; break;
		default: return;
		}
	}
}

/* "[3]". False: there is none, or it is no number. */
static bool read_index(struct format *f)
{
	const char *start = f->s.p + f->at, *close;
	size_t at = f->at + 1, end;
	int n;

	if (!more(f) || *start != '[')
		return false;
	f->reordered = true;
	close = f->s.len - f->at < 3 ? NULL : memchr(start, ']', f->s.len - f->at);
	if (!close) {
		f->good_index = false;
		f->at++;
		return false;
	}
	end = (size_t)(close - f->s.p);
	const bool number = parse_number(f->s, &at, end, &n) && at == end;

	f->at = end + 1;
	if (number && n >= 1 && (size_t)n <= f->n_args)
		f->next = (size_t)n - 1;
	else
		f->good_index = false;
	return number;
}

/* The argument of a star. */
static bool star(struct format *f, int *ret)
{
	const struct value *v;

	*ret = 0;
	if (f->next >= f->n_args)
		return false;
	v = f->arg[f->next++];
	if (v->kind != K_INT || v->u.i > LIMIT_PRINTF_WIDTH || v->u.i < -LIMIT_PRINTF_WIDTH)
		return false;
	*ret = (int)v->u.i;
	return true;
}

static bool read_width(struct format *f, bool after_index)
{
	struct printer *p = f->p;

	if (!more(f) || f->s.p[f->at] != '*') {
		p->f.wide = parse_number(f->s, &f->at, f->s.len, &p->width);
		if (after_index && p->f.wide)
			f->good_index = false;
		return after_index;
	}
	f->at++;
	p->f.wide = star(f, &p->width);
	if (!p->f.wide)
		text_adds(p->out, "%!(BADWIDTH)");
	if (p->width < 0) {
		p->width = -p->width;
		p->f.minus = true;
		p->f.zero = false;
	}
	return false;
}

static bool read_precision(struct format *f, bool after_index)
{
	struct printer *p = f->p;

	if (f->at + 1 >= f->s.len || f->s.p[f->at] != '.')
		return after_index;
	f->at++;
	if (after_index)
		f->good_index = false;
	after_index = read_index(f);
	p->f.precise = true;
	if (!more(f) || f->s.p[f->at] != '*') {
		if (!parse_number(f->s, &f->at, f->s.len, &p->precision))
			p->precision = 0;
		return after_index;
	}
	f->at++;
	p->f.precise = star(f, &p->precision);
	if (p->precision < 0) {
		p->precision = 0;
		p->f.precise = false;
	}
	if (!p->f.precise)
		text_adds(p->out, "%!(BADPREC)");
	return false;
}

static void add_bad(struct printer *p, uint32_t verb, const char *why)
{
	text_adds(p->out, "%!");
	text_add_rune(p->out, verb);
	text_adds(p->out, why);
}

/* Behind the percent sign. */
static void print_verb(struct format *f)
{
	struct printer *p = f->p;
	bool after_index;
	uint32_t verb;

	f->good_index = true;
	read_flags(f);
	after_index = read_index(f);
	after_index = read_width(f, after_index);
	after_index = read_precision(f, after_index);
	if (!after_index)
		(void)read_index(f);
	if (!more(f)) {
		text_adds(p->out, "%!(NOVERB)");
		return;
	}
	f->at += utf8_decode(f->s.p + f->at, f->s.len - f->at, &verb);
	if (verb == '%') {
		text_addc(p->out, '%');
	} else if (!f->good_index) {
		add_bad(p, verb, "(BADINDEX)");
	} else if (f->next >= f->n_args) {
		add_bad(p, verb, "(MISSING)");
	} else {
		if (verb == 'v' || verb == 'w') {
			p->f.sharp_v = p->f.sharp;
			p->f.plus_v = p->f.plus;
			p->f.sharp = p->f.plus = false;
		}
		print_arg(p, f->arg[f->next++], verb);
	}
}

static void print_extra(struct format *f)
{
	struct printer *p = f->p;

	p->f = (struct flags){0};
	text_adds(p->out, "%!(EXTRA ");
	for (size_t i = f->next; i < f->n_args; i++) {
		const struct go_type *type = go_type_of(f->arg[i]);

		text_adds(p->out, i > f->next ? ", " : "");
		if (f->arg[i]->kind == K_NIL) {
			text_adds(p->out, "<nil>");
			continue;
		}
		text_addf(p->out, "%s=", type->name);
		print_arg(p, f->arg[i], 'v');
	}
	text_addc(p->out, ')');
}

static int finish(struct printer *p, struct err *err)
{
	if (p->failed)
		return -1;
	return text_check(p->out, "the result", err);
}

int go_sprintf(struct run *r, struct text *out, struct str format, size_t argc, const struct value *const argv[], struct err *err)
{
	struct printer p = {.run = r, .out = out, .err = err};
	struct format f = {.p = &p, .s = format, .arg = argv, .n_args = argc};

	while (more(&f) && !p.failed && !out->failed) {
		const char *start = format.p + f.at, *percent = memchr(start, '%', format.len - f.at);
		const size_t plain = percent ? (size_t)(percent - start) : format.len - f.at;

		text_add(out, start, plain);
		f.at += plain + (percent ? 1 : 0);
		if (percent)
			print_verb(&f);
	}
	if (!f.reordered && f.next < argc)
		print_extra(&f);
	return finish(&p, err);
}

int go_sprint(struct run *r, struct text *out, size_t argc, const struct value *const argv[], struct err *err)
{
	struct printer p = {.run = r, .out = out, .err = err};
	bool after_string = false;

	for (size_t i = 0; i < argc; i++) {
		const bool string = argv[i]->kind == K_STRING;

		if (i && !string && !after_string)
			text_addc(out, ' ');
		print_arg(&p, argv[i], 'v');
		after_string = string;
	}
	return finish(&p, err);
}

struct printable gofmt_printable(const struct value *v)
{
	struct printable p = {v, false};

	for (unsigned i = 0; i < LIMIT_VALUE_DEPTH && p.v->kind == K_PTR && p.v->u.ptr; i++)
		p = (struct printable){p.v->u.ptr, true};
	return p;
}

int gofmt_print(struct run *r, struct text *out, const struct value *v, bool addr, struct err *err)
{
	const struct go_type *type = addr ? go_type_of(v) : NULL;
	const struct go_method *m = type && type->n_methods ? go_method_find(type, STR("String")) : NULL;
	struct printer p = {.run = r, .out = out, .err = err};

	if (m && m->kind == M_STRING)
		return go_string_method(r, out, v, err) < 0 ? -1 : finish(&p, err);
	print_arg(&p, v, 'v');
	return finish(&p, err);
}

int go_print_value(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	const struct printable p = gofmt_printable(v);

	if (p.v->kind == K_NIL) {
		text_adds(out, "<no value>");
		return 0;
	}
	return gofmt_print(r, out, p.v, p.addr, err);
}
