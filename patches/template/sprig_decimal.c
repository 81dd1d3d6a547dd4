/* SPDX-License-Identifier: Apache-2.0 */
/* addf, subf, mulf, divf: exact decimal arithmetic between floats, as shopspring/decimal does it. */
#include <math.h>
#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

#include "base/gofloat.h"
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

enum { DIVISION_DIGITS = 16, MAX_EXPONENT = 20000 };

/* value * 10^exp. */
struct decimal {
	BIGNUM *value;
	int exp;
};

struct calculation {
	struct decimal sum;
	BN_CTX *ctx; /* owns every BIGNUM but sum's */
};

static void calculation_release(struct calculation *c)
{
	BN_free(c->sum.value);
	if (c->ctx)
		BN_CTX_end(c->ctx);
	BN_CTX_free(c->ctx);
}

/* The shortest decimal that reads back as f. */
static int decimal_from(double f, struct decimal *d, struct err *err)
{
	char digits[64];
	size_t n = 0;
	struct text t;
	const char *s, *e;

	if (!isfinite(f))
		return err_set(err, ERR_INPUT, "Cannot create a Decimal from %s", isnan(f) ? "NaN" : f > 0 ? "+Inf" : "-Inf");
	text_init(&t, NULL, sizeof(digits));
	go_format_float(&t, f == 0 ? 0 : f, 'e', -1, 64);
	s = text_cstr(&t);
	e = s ? strchr(s, 'e') : NULL;
	if (!e || (size_t)(e - s) >= sizeof(digits)) {
		text_release(&t);
		return err_nomem(err);
	}
	d->exp = (int)strtol(e + 1, NULL, 10);
	for (const char *p = s, *dot = NULL; p < e; p++) {
		if (*p == '.')
			dot = p;
		else
			digits[n++] = *p;
		if (dot && p > dot)
			d->exp--;
	}
	digits[n] = '\0';
	text_release(&t);
	return BN_dec2bn(&d->value, digits) ? 0 : err_nomem(err);
}

static bool times_power(BIGNUM *n, int power, BN_CTX *ctx)
{
	BIGNUM *ten = BN_CTX_get(ctx), *exponent = BN_CTX_get(ctx);

	return exponent && BN_set_word(ten, 10) && BN_set_word(exponent, (BN_ULONG)power) && BN_exp(ten, ten, exponent, ctx) &&
	       BN_mul(n, n, ten, ctx);
}

typedef bool decimal_op(struct decimal *a, struct decimal *b, BN_CTX *ctx);

/* Both to the smaller exponent. */
static bool align(struct decimal *a, struct decimal *b, BN_CTX *ctx)
{
	struct decimal *higher = a->exp > b->exp ? a : b;
	const int lower = a->exp > b->exp ? b->exp : a->exp, power = higher->exp - lower;

	higher->exp = lower;
	return power == 0 || times_power(higher->value, power, ctx);
}

static bool op_add(struct decimal *a, struct decimal *b, BN_CTX *ctx)
{
	return align(a, b, ctx) && BN_add(a->value, a->value, b->value);
}

static bool op_sub(struct decimal *a, struct decimal *b, BN_CTX *ctx)
{
	return align(a, b, ctx) && BN_sub(a->value, a->value, b->value);
}

static bool op_mul(struct decimal *a, struct decimal *b, BN_CTX *ctx)
{
	a->exp += b->exp;
	return BN_mul(a->value, a->value, b->value, ctx);
}

/* Sixteen digits behind the point, rounded half away from zero. */
static bool op_div(struct decimal *a, struct decimal *b, BN_CTX *ctx)
{
	const int power = a->exp - b->exp + DIVISION_DIGITS;
	const bool negative = BN_is_negative(a->value) != BN_is_negative(b->value);
	BIGNUM *rest = BN_CTX_get(ctx);

	if (!rest || !times_power(power < 0 ? b->value : a->value, abs(power), ctx) ||
	    !BN_div(a->value, rest, a->value, b->value, ctx) || !BN_lshift1(rest, rest))
		return false;
	a->exp = -DIVISION_DIGITS;
	if (BN_ucmp(rest, b->value) < 0)
		return true;
	return negative ? BN_sub_word(a->value, 1) : BN_add_word(a->value, 1);
}

static int calculate(struct calculation *c, const struct value *v, decimal_op *op, struct err *err)
{
	struct decimal b = {.value = BN_CTX_get(c->ctx)};

	if (!b.value)
		return err_nomem(err);
	if (decimal_from(to_float64(v), &b, err) < 0)
		return -1;
	if (op == op_div && BN_is_zero(b.value))
		return err_set(err, ERR_INPUT, "decimal division by 0");
	if (!op(&c->sum, &b, c->ctx))
		return err_nomem(err);
	if (abs(c->sum.exp) > MAX_EXPONENT || BN_num_bits(c->sum.value) > 4 * MAX_EXPONENT)
		return err_set(err, ERR_LIMIT, "a number of more than %d digits", MAX_EXPONENT);
	return 0;
}

static const struct value *give_decimal(struct run *r, const struct decimal *d, struct err *err)
{
	char *digits = BN_bn2dec(d->value);
	char *text = digits ? arena_printf(r->arena, "%se%d", digits, d->exp) : NULL;

	OPENSSL_free(digits);
	if (!text) {
		err_nomem(err);
		return NULL;
	}
	return give_float(r, strtod(text, NULL) + 0.0, err); /* the program never calls setlocale() */
}

static const struct value *run_decimals(struct run *r, const struct value *first, size_t argc, const struct value *const argv[],
	decimal_op *op, struct err *err)
{
	own(calculation_release) struct calculation c = {.sum.value = BN_new(), .ctx = BN_CTX_new()};

	if (!c.sum.value || !c.ctx) {
		err_nomem(err);
		return NULL;
	}
	BN_CTX_start(c.ctx);
	if (decimal_from(first ? to_float64(first) : 0, &c.sum, err) < 0)
		return NULL;
	for (size_t i = 0; i < argc; i++)
		if (run_charge(r, 16, err) < 0 || calculate(&c, argv[i], op, err) < 0)
			return NULL;
	return give_decimal(r, &c.sum, err);
}

CALL(sprig_addf)
{
	return run_decimals(r, NULL, argc, argv, op_add, err);
}

CALL(sprig_add1f)
{
	const struct value *one = value_int(r->arena, 1);

	if (!one) {
		err_nomem(err);
		return NULL;
	}
	return run_decimals(r, argv[0], 1, &one, op_add, err);
}

CALL(sprig_subf)
{
	return run_decimals(r, argv[0], argc - 1, argv + 1, op_sub, err);
}

CALL(sprig_mulf)
{
	return run_decimals(r, argv[0], argc - 1, argv + 1, op_mul, err);
}

CALL(sprig_divf)
{
	return run_decimals(r, argv[0], argc - 1, argv + 1, op_div, err);
}
