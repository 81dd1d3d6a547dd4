/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's whole numbers, rounding and sequences. */
#include <math.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

/* Go's integers wrap around. */
static int64_t wrap_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_mul(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

static const struct value *give_int64(struct run *r, int64_t i, struct err *err)
{
	return give_int(r, i, &go_int64, err);
}

CALL(sprig_add)
{
	int64_t sum = 0;

	for (size_t i = 0; i < argc; i++)
		sum = wrap_add(sum, to_int64(argv[i]));
	return give_int64(r, sum, err);
}

CALL(sprig_add1)
{
	return give_int64(r, wrap_add(to_int64(argv[0]), 1), err);
}

CALL(sprig_sub)
{
	return give_int64(r, (int64_t)((uint64_t)to_int64(argv[0]) - (uint64_t)to_int64(argv[1])), err);
}

CALL(sprig_mul)
{
	int64_t product = to_int64(argv[0]);

	for (size_t i = 1; i < argc; i++)
		product = wrap_mul(product, to_int64(argv[i]));
	return give_int64(r, product, err);
}

CALL(sprig_div)
{
	const int64_t a = to_int64(argv[0]), b = to_int64(argv[1]);

	if (b == 0)
		return give_error(err, "runtime error: integer divide by zero");
	return give_int64(r, b == -1 ? wrap_mul(a, -1) : a / b, err);
}

CALL(sprig_mod)
{
	const int64_t a = to_int64(argv[0]), b = to_int64(argv[1]);

	if (b == 0)
		return give_error(err, "runtime error: integer divide by zero");
	return give_int64(r, b == -1 ? 0 : a % b, err);
}

CALL(sprig_max)
{
	int64_t best = to_int64(argv[0]);

	for (size_t i = 1; i < argc; i++)
		if (to_int64(argv[i]) > best)
			best = to_int64(argv[i]);
	return give_int64(r, best, err);
}

CALL(sprig_min)
{
	int64_t best = to_int64(argv[0]);

	for (size_t i = 1; i < argc; i++)
		if (to_int64(argv[i]) < best)
			best = to_int64(argv[i]);
	return give_int64(r, best, err);
}

/* math.Max: infinity first, then NaN; +0 above -0. */
static double go_max(double a, double b)
{
	if (isinf(a) && a > 0)
		return a;
	if (isinf(b) && b > 0)
		return b;
	if (isnan(a) || isnan(b))
		return NAN;
	if (a == 0 && b == 0)
		return signbit(a) ? b : a;
	return a > b ? a : b;
}

CALL(sprig_maxf)
{
	double best = to_float64(argv[0]);

	for (size_t i = 1; i < argc; i++)
		best = go_max(best, to_float64(argv[i]));
	return give_float(r, best, err);
}

CALL(sprig_minf)
{
	double best = to_float64(argv[0]);

	for (size_t i = 1; i < argc; i++)
		best = -go_max(-best, -to_float64(argv[i]));
	return give_float(r, best, err);
}

CALL(sprig_floor)
{
	return give_float(r, floor(to_float64(argv[0])), err);
}

CALL(sprig_ceil)
{
	return give_float(r, ceil(to_float64(argv[0])), err);
}

/* Go's math.Pow(10, n): by successive squarings of the fraction, which rounds otherwise than the C library's. */
static double power_of_ten(int64_t n)
{
	double result = 1, x;
	int exponent = 0, step;

	x = frexp(10, &step);
	for (uint64_t i = n < 0 ? 0 - (uint64_t)n : (uint64_t)n; i; i >>= 1) {
		if (step > 1 << 12) { /* it overflows, however often it is doubled yet */
			exponent += step;
			break;
		}
		if (i & 1) {
			result *= x;
			exponent += step;
		}
		x *= x;
		step *= 2;
		if (x < .5) {
			x += x;
			step--;
		}
	}
	return n < 0 ? ldexp(1 / result, -exponent) : ldexp(result, exponent);
}

CALL(sprig_round)
{
	const double on = argc > 2 ? argv[2]->u.f : .5, scale = power_of_ten(argv[1]->u.i);
	const double digit = scale * to_float64(argv[0]);
	double whole;

	return give_float(r, (modf(digit, &whole) >= on ? ceil(digit) : floor(digit)) / scale, err);
}

CALL(sprig_to_int)
{
	return give_int(r, to_int64(argv[0]), NULL, err);
}

CALL(sprig_to_int64)
{
	return give_int64(r, to_int64(argv[0]), err);
}

CALL(sprig_to_float64)
{
	return give_float(r, to_float64(argv[0]), err);
}

CALL(sprig_atoi)
{
	int64_t n;
	bool out_of_range;

	return give_int(r, go_parse_int(argv[0]->u.s, 10, &n, &out_of_range) ? n : 0, NULL, err);
}

CALL(sprig_to_decimal)
{
	struct str s;
	int64_t n;
	bool out_of_range;

	if (strval(r, argv[0], &s, err) < 0)
		return NULL;
	return give_int64(r, go_parse_int(s, 8, &n, &out_of_range) && !out_of_range ? n : 0, err);
}

/* from, from + step, ... before to. */
struct steps {
	int64_t from, step;
	uint64_t count;
};

static struct steps steps_until(int64_t from, int64_t to, int64_t step)
{
	uint64_t span;

	if (to < from ? step >= 0 : step <= 0)
		return (struct steps){from, step, 0};
	span = to < from ? (uint64_t)from - (uint64_t)to : (uint64_t)to - (uint64_t)from;
	if (step < 0)
		return (struct steps){from, step, span / (0 - (uint64_t)step) + (span % (0 - (uint64_t)step) != 0)};
	return (struct steps){from, step, span / (uint64_t)step + (span % (uint64_t)step != 0)};
}

static const struct value *list_of_steps(struct run *r, struct steps s, struct err *err)
{
	struct items list;

	if (s.count > LIMIT_FUNCTION_ITEMS) {
		err_set(err, ERR_LIMIT, "a list of more than %d items", LIMIT_FUNCTION_ITEMS);
		return NULL;
	}
	items_init(&list, r);
	for (uint64_t i = 0; i < s.count; i++)
		if (items_add(&list, give_int(r, wrap_add(s.from, wrap_mul((int64_t)i, s.step)), NULL, err), err) < 0)
			return NULL;
	return give_items(&list, &go_list_int, err);
}

CALL(sprig_until)
{
	return list_of_steps(r, steps_until(0, argv[0]->u.i, argv[0]->u.i < 0 ? -1 : 1), err);
}

CALL(sprig_until_step)
{
	return list_of_steps(r, steps_until(argv[0]->u.i, argv[1]->u.i, argv[2]->u.i), err);
}

static const struct value *text_of_steps(struct run *r, struct steps s, struct err *err)
{
	struct text out;

	if (s.count > LIMIT_FUNCTION_ITEMS) {
		err_set(err, ERR_LIMIT, "a sequence of more than %d numbers", LIMIT_FUNCTION_ITEMS);
		return NULL;
	}
	if (run_charge(r, s.count, err) < 0)
		return NULL;
	out_init(r, &out);
	for (uint64_t i = 0; i < s.count; i++) {
		if (i)
			text_addc(&out, ' ');
		text_addi(&out, wrap_add(s.from, wrap_mul((int64_t)i, s.step)));
	}
	return run_str(r, &out, err);
}

/* seq LAST, seq FIRST LAST, seq FIRST STEP LAST: the last one belongs to it. */
CALL(sprig_seq)
{
	const int64_t first = argc > 1 ? argv[0]->u.i : 1, last = argc ? argv[argc - 1]->u.i : 0;
	const int64_t toward = last < first ? -1 : 1, step = argc == 3 ? argv[1]->u.i : toward;

	if (argc == 0 || argc > 3 || (argc == 3 && last < first && step > 0))
		return &value_empty_string;
	return text_of_steps(r, steps_until(first, wrap_add(last, toward), step), err);
}

CALL(sprig_rand_int)
{
	const int64_t least = argv[0]->u.i, below = argv[1]->u.i;
	uint64_t n;

	if ((int64_t)((uint64_t)below - (uint64_t)least) <= 0)
		return give_error(err, "invalid argument to Intn");
	if (random_below((uint64_t)below - (uint64_t)least, &n, err) < 0)
		return NULL;
	return give_int(r, wrap_add(least, (int64_t)n), NULL, err);
}
