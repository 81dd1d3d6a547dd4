/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sprig's dates. Time zones are told without the system's files: UTC, GMT and "Etc/GMT+5"; every other name is taken for UTC, which is what
 * sprig does with one that it does not know. The local zone is UTC.
 */
#include "patches/mesh/duration.h"
#include "patches/template/gotime.h"
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

static const struct str rfc3339 = {"2006-01-02T15:04:05.999999999Z07:00", 35};

static const struct value *format(struct run *r, const struct gotime *t, struct str layout, struct err *err)
{
	struct text out;

	if (charge_bytes(r, layout.len * 16, err) < 0)
		return NULL;
	out_init(r, &out);
	gotime_format(&out, t, layout);
	return run_str(r, &out, err);
}

/* A time.Time holds what JSON has of it and its String() (see patches/schema/special.h), and the zone's abbreviation. */
static const struct value *give_time(struct run *r, const struct gotime *t, struct err *err)
{
	struct value *v = value_new(r->arena, K_STRUCT, &go_time);
	struct map *m = map_new(r->arena, 3);

	if (!v || !m) {
		err_nomem(err);
		return NULL;
	}
	if (dict_set(r, m, STR("time"), false, format(r, t, rfc3339, err), err) < 0 ||
	    dict_set(r, m, STR("zone"), false, give_str(r, t->zone, err), err) < 0 ||
	    dict_set(r, m, STR("text"), false, format(r, t, STR("2006-01-02 15:04:05.999999999 -0700 MST"), err), err) < 0)
		return NULL;
	v->u.map = m;
	return v;
}

static struct gotime time_of(const struct value *v)
{
	const struct value *text = map_getc(v->u.map, "time"), *zone = map_getc(v->u.map, "zone");
	struct gotime t;

	if (!text || text->kind != K_STRING || gotime_parse(rfc3339, text->u.s, &t, NULL) < 0)
		return gotime_zero;
	if (zone)
		t.zone = zone->u.s;
	return t;
}

static struct gotime time_now(const struct run *r)
{
	return (struct gotime){.sec = r->env ? r->env->now : 0, .zone = STR("UTC")};
}

static bool is_time(const struct value *v)
{
	return v->kind == K_STRUCT && v->type == &go_time;
}

/* A time, seconds as int64 or int (or int32 where `small`), or now for anything else. */
static struct gotime any_time(const struct run *r, const struct value *v, bool small)
{
	const struct go_type *t = is_nil(v) ? NULL : go_type_of(v);

	if (is_time(v))
		return time_of(v);
	if (v->kind == K_INT && (t == &go_int || t == &go_int64 || (small && t == &go_int32)))
		return (struct gotime){.sec = v->u.i, .zone = STR("UTC")};
	return time_now(r);
}

static const struct value *in_zone(struct run *r, struct str layout, const struct value *v, struct str zone, struct err *err)
{
	struct gotime t = any_time(r, v, true);
	const char *abbreviation;

	if (gotime_zone(zone, &t.offset, &abbreviation)) {
		t.zone = str_of(abbreviation);
	} else {
		t.zone = STR("UTC");
		t.offset = 0;
	}
	return format(r, &t, layout, err);
}

CALL(sprig_now)
{
	const struct gotime t = time_now(r);

	return give_time(r, &t, err);
}

CALL(sprig_date)
{
	return in_zone(r, argv[0]->u.s, argv[1], STR("UTC"), err);
}

CALL(sprig_date_in_zone)
{
	return in_zone(r, argv[0]->u.s, argv[1], argv[2]->u.s, err);
}

CALL(sprig_html_date)
{
	return in_zone(r, STR("2006-01-02"), argv[0], STR("UTC"), err);
}

CALL(sprig_html_date_in_zone)
{
	return in_zone(r, STR("2006-01-02"), argv[0], argv[1]->u.s, err);
}

static const struct value *modified(struct run *r, const struct value *v, int64_t by, struct err *err)
{
	struct gotime t = time_of(v);
	int64_t nsec = t.nsec + by % 1000000000;

	t.sec = (int64_t)((uint64_t)t.sec + (uint64_t)(by / 1000000000));
	if (nsec < 0) {
		nsec += 1000000000;
		t.sec--;
	} else if (nsec >= 1000000000) {
		nsec -= 1000000000;
		t.sec++;
	}
	t.nsec = (int32_t)nsec;
	return give_time(r, &t, err);
}

CALL(sprig_date_modify)
{
	int64_t by;

	return duration_parse(r->arena, argv[0]->u.s, &by) ? argv[1] : modified(r, argv[1], by, err);
}

CALL(sprig_must_date_modify)
{
	int64_t by;
	const char *why = duration_parse(r->arena, argv[0]->u.s, &by);

	return why ? give_error(err, why) : modified(r, argv[1], by, err);
}

CALL(sprig_must_to_date)
{
	struct gotime t;

	if (charge_bytes(r, argv[0]->u.s.len * 16, err) < 0 || gotime_parse(argv[0]->u.s, argv[1]->u.s, &t, err) < 0)
		return NULL;
	return give_time(r, &t, err);
}

CALL(sprig_to_date)
{
	struct gotime t = gotime_zero;

	if (charge_bytes(r, argv[0]->u.s.len * 16, err) < 0)
		return NULL;
	return gotime_parse(argv[0]->u.s, argv[1]->u.s, &t, NULL) < 0 ? give_time(r, &gotime_zero, err) : give_time(r, &t, err);
}

CALL(sprig_unix_epoch)
{
	struct text out;

	out_init(r, &out);
	text_addi(&out, time_of(argv[0]).sec);
	return run_str(r, &out, err);
}

static const struct value *give_duration(struct run *r, int64_t ns, struct err *err)
{
	struct text out;

	out_init(r, &out);
	duration_add_go(&out, ns);
	return run_str(r, &out, err);
}

/* Now minus a moment, at most what a duration holds. */
static int64_t since(const struct run *r, struct gotime t)
{
	int64_t ns;

	if (__builtin_sub_overflow(time_now(r).sec, t.sec, &ns) || __builtin_mul_overflow(ns, (int64_t)1000000000, &ns) ||
	    __builtin_sub_overflow(ns, (int64_t)t.nsec, &ns))
		return time_now(r).sec < t.sec ? INT64_MIN : INT64_MAX;
	return ns;
}

CALL(sprig_ago)
{
	const int64_t ns = since(r, any_time(r, argv[0], false));
	const int64_t rest = ns % 1000000000, whole = ns - rest;

	if (rest <= -500000000)
		return give_duration(r, whole - 1000000000, err);
	return give_duration(r, rest >= 500000000 && whole < INT64_MAX - 1000000000 ? whole + 1000000000 : whole, err);
}

CALL(sprig_duration)
{
	int64_t seconds = 0;
	bool out_of_range;

	if (is_go_string(argv[0])) {
		if (!go_parse_int(argv[0]->u.s, 10, &seconds, &out_of_range))
			seconds = 0;
	} else if (argv[0]->kind == K_INT && argv[0]->type == &go_int64) {
		seconds = argv[0]->u.i;
	}
	return give_duration(r, (int64_t)((uint64_t)seconds * 1000000000u), err);
}

CALL(sprig_duration_round)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{86400ull * 365, "y"}, {86400 * 30, "mo"}, {86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};
	int64_t ns = 0;
	uint64_t n;
	struct text out;

	if (is_go_string(argv[0])) {
		if (duration_parse(r->arena, argv[0]->u.s, &ns))
			ns = 0;
	} else if (is_time(argv[0])) {
		ns = since(r, time_of(argv[0]));
	} else if (argv[0]->kind == K_INT && argv[0]->type == &go_int64) {
		ns = argv[0]->u.i;
	}
	n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	out_init(r, &out);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (n <= units[i].seconds * 1000000000u)
			continue;
		text_addu(&out, n / (units[i].seconds * 1000000000u));
		text_adds(&out, units[i].name);
		return run_str(r, &out, err);
	}
	return give_cstr(r, "0s", err);
}
