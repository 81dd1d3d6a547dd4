/* SPDX-License-Identifier: Apache-2.0 */
/* Is a trust bundle a set, whatever text it comes from, and does it verify what kube-apiserver would, for the reason given? */
#include "certs/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "certs/ca.h"
#include "tests/unit/oom.h"

enum { NOW = 1800000000, DAY = 86400 };

struct fixture {
	struct arena a;
	struct cert_pair ca, other, old; /* old: ended */
	struct cert_pair serving;        /* of ca */
};

static const char *const hosts[] = {"outrigger.mesh.svc", "127.0.0.1"};

static void create(struct fixture *f, const char *name, int64_t now, struct cert_pair *ret)
{
	const struct cert_request req = {.name = name, .now = now, .seconds = 100 * DAY};
	struct err err = {0};

	assert_int_equal(ca_create(&f->a, &req, ret, &err), 0);
}

static int set_up(void **state)
{
	static struct fixture f;
	const struct cert_request req = {.name = hosts[0], .hosts = hosts, .n_hosts = 2, .now = NOW, .seconds = 10 * DAY};
	struct err err = {0};

	arena_init(&f.a, 0);
	create(&f, "CA", NOW, &f.ca);
	create(&f, "CA", NOW, &f.other); /* of the same name: only the key differs */
	create(&f, "old CA", NOW - 200 * DAY, &f.old);
	assert_int_equal(ca_issue(&f.a, &f.ca, &req, &f.serving, &err), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&((struct fixture *)*state)->a);
	return 0;
}

static struct str join(struct fixture *f, const struct str *parts, size_t n)
{
	struct text t;

	text_init(&t, &f->a, 1 << 24);
	for (size_t i = 0; i < n; i++)
		text_add(&t, parts[i].p, parts[i].len);
	assert_false(t.failed);
	return (struct str){t.data, t.len};
}

#define JOIN(f, ...) join((f), (const struct str[]){__VA_ARGS__}, ARRAY_LEN(((const struct str[]){__VA_ARGS__})))

static struct bundle read_good(struct fixture *f, struct str pem)
{
	struct bundle b;
	struct err err = {0};

	if (bundle_read(&f->a, pem, &b, &err) < 0)
		fail_msg("%s", err.what);
	return b;
}

static void texts_are_read_as_clients_read_them(void **state)
{
	struct fixture *f = *state;
	const struct str half = {f->ca.cert.p, f->ca.cert.len / 2}, no_end = {f->ca.cert.p, f->ca.cert.len - 10};
	const struct {
		const char *name;
		struct str pem;
		size_t len, unreadable;
	} rows[] = {
		{"nothing", STR(""), 0, 0},
		{"rubbish", STR("rubbish\n\n"), 0, 0},
		{"NUL bytes", STR("\0\0\0\0"), 0, 0},
		{"what clusters put there until there is one", STR("\n"), 0, 0},
		{"one", f->ca.cert, 1, 0},
		{"two", JOIN(f, f->ca.cert, f->other.cert), 2, 0},
		{"twice the same", JOIN(f, f->ca.cert, f->other.cert, f->ca.cert), 2, 0},
		{"text around", JOIN(f, STR("# our CA\n"), f->ca.cert, STR("and\n\nmore\n"), f->other.cert, STR("end")), 2, 0},
		{"a key between", JOIN(f, f->ca.cert, f->ca.key, f->other.cert), 2, 0},
		{"half of one", half, 0, 1},
		{"half of one, then one", JOIN(f, half, STR("\n"), f->other.cert), 0, 1},
		{"no end line", no_end, 0, 1},
		{"not base 64", STR("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"), 0, 1},
		{"no certificate in it", STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0, 1},
		{"broken, then one", JOIN(f, STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), f->ca.cert), 1, 1},
		{"empty block", JOIN(f, STR("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), f->ca.cert), 1, 1},
		{"headers in it",
		 JOIN(f, STR("-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END CERTIFICATE-----\n"), f->ca.cert), 1, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct bundle b = read_good(f, rows[i].pem);

		if (b.len != rows[i].len || b.unreadable != rows[i].unreadable)
			fail_msg("%s: %zu certificates and %zu unreadable", rows[i].name, b.len, b.unreadable);
	}
}

/* Every prefix of a text is read without complaint, and no certificate comes out of less than all of it. */
static void prefixes_are_read(void **state)
{
	struct fixture *f = *state;
	const struct str all = JOIN(f, f->ca.cert, f->other.cert);
	struct arena a;

	arena_init(&a, 0);
	for (size_t len = 0; len < all.len; len++) {
		char *exact = malloc(len ? len : 1); /* so that a sanitizer sees what is read behind it */
		struct bundle b;
		struct err err = {0};

		assert_non_null(exact);
		memcpy(exact, all.p, len);
		assert_int_equal(bundle_read(&a, (struct str){exact, len}, &b, &err), 0);
		if (b.len > (len + 1 >= f->ca.cert.len ? 1 : 0) + (len + 1 >= all.len ? 1U : 0))
			fail_msg("%zu certificates in %zu bytes", b.len, len);
		free(exact);
		arena_clear(&a);
	}
	arena_release(&a);
}

static void too_many_are_refused(void **state)
{
	struct fixture *f = *state;
	struct bundle b = read_good(f, f->ca.cert);
	struct err err = {0};

	for (size_t i = 1; i < LIMIT_BUNDLE_CERTS; i++) {
		struct bundle_cert made = b.cert[0];

		made.der = str_of(arena_printf(&f->a, "certificate %zu", i));
		assert_int_equal(bundle_add(&f->a, &b, &made, &err), 0);
	}
	assert_int_equal(bundle_add(&f->a, &b, &b.cert[7], &err), 0);
	assert_int_equal(bundle_add(&f->a, &b, &(struct bundle_cert){.der = STR("another")}, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.what, "holds more than 256 certificates");
}

static void it_is_a_set(void **state)
{
	struct fixture *f = *state;
	struct bundle one = read_good(f, f->ca.cert), two = read_good(f, JOIN(f, f->other.cert, f->ca.cert)), none = read_good(f, STR(""));
	struct bundle all = none;
	struct err err = {0};
	struct str pem;

	assert_true(bundle_covers(&two, &one));
	assert_false(bundle_covers(&one, &two));
	assert_true(bundle_covers(&one, &none));
	assert_false(bundle_covers(&none, &one));
	assert_int_equal(bundle_unite(&f->a, &all, &one, &err), 0);
	assert_int_equal(bundle_unite(&f->a, &all, &two, &err), 0);
	assert_int_equal(all.len, 2);
	assert_true(bundle_covers(&two, &all) && bundle_covers(&all, &two));
	assert_int_equal(bundle_write(&f->a, &all, &pem, &err), 0);
	two = read_good(f, pem);
	assert_true(bundle_covers(&two, &all) && bundle_covers(&all, &two));
	assert_int_equal(bundle_write(&f->a, &none, &pem, &err), 0);
	assert_int_equal(pem.len, 0);
}

static void expired_ones_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct bundle b = read_good(f, JOIN(f, f->old.cert, f->ca.cert, f->other.cert));

	assert_int_equal(b.len, 3);
	assert_string_equal(b.cert[0].name.p, "old CA");
	assert_int_equal(b.cert[0].not_after, NOW - 100 * DAY);
	assert_int_equal(b.cert[0].not_before, NOW - 200 * DAY - CERT_BACKDATE);
	assert_int_equal(bundle_drop_expired(&b, NOW - 100 * DAY), 0);
	assert_int_equal(bundle_drop_expired(&b, NOW), 1);
	assert_int_equal(b.len, 2);
	assert_string_equal(b.cert[0].name.p, "CA");
}

static void it_verifies_as_the_api_server_does(void **state)
{
	struct fixture *f = *state;
	const struct str ca = f->ca.cert, other = f->other.cert, chain = f->serving.cert;
	const struct {
		const char *name;
		struct str pem, chain;
		const char *host;
		int64_t now;
		const char *want; /* NULL: verifies */
	} rows[] = {
		{"its CA", ca, chain, hosts[0], NOW, NULL},
		{"among others", JOIN(f, f->old.cert, other, ca), chain, hosts[0], NOW, NULL},
		{"any host", ca, chain, NULL, NOW, NULL},
		{"an address", ca, chain, "127.0.0.1", NOW, NULL},
		{"the CA is sent too", ca, JOIN(f, chain, ca), hosts[0], NOW, NULL},
		{"the certificate itself is trusted", chain, chain, hosts[0], NOW, NULL},
		{"five minutes early", ca, chain, hosts[0], NOW - CERT_BACKDATE, NULL},
		{"another CA of the same name", other, chain, hosts[0], NOW, "none of the 1 CAs in it has signed the chain"},
		{"sent by the server, trusted by nobody", other, JOIN(f, chain, ca), hosts[0], NOW, "none of the 1 CAs in it has signed the chain"},
		{"empty", STR(""), chain, hosts[0], NOW, "it holds no certificate"},
		{"no chain", ca, STR("rubbish"), hosts[0], NOW, "the chain holds no certificate"},
		{"another host", ca, chain, "outrigger.other.svc", NOW, "the certificate is not for the host 'outrigger.other.svc'"},
		{"another address", ca, chain, "127.0.0.2", NOW, "the certificate is not for the host '127.0.0.2'"},
		{"too early", ca, chain, hosts[0], NOW - DAY,
		 "a certificate of the chain, or its CA, is not valid before 2027-01-15 07:55:00 UTC"},
		{"too late", ca, chain, hosts[0], NOW + 11 * DAY, "a certificate of the chain, or its CA, expired at 2027-01-25 08:00:00 UTC"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct bundle b = read_good(f, rows[i].pem);
		struct err err = {0};
		const int status = bundle_verify(&b, rows[i].chain, rows[i].host, rows[i].now, &err);

		if ((status == 0) != !rows[i].want || (rows[i].want && strcmp(err.what, rows[i].want) != 0))
			fail_msg("%s: got '%s'", rows[i].name, err.what);
	}
}

static int read_and_write(struct arena *a, const void *arg, struct err *err)
{
	const struct str *pem = arg;
	struct bundle b, all = {0};
	struct str out;

	if (bundle_read(a, *pem, &b, err) < 0 || bundle_unite(a, &all, &b, err) < 0)
		return -1;
	return bundle_write(a, &all, &out, err);
}

static void memory_may_end(void **state)
{
	struct fixture *f = *state;
	const struct str pem = JOIN(f, f->ca.cert, f->other.cert, f->old.cert);

	assert_true(oom_loop(read_and_write, &pem) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_as_clients_read_them),
		cmocka_unit_test(prefixes_are_read),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(it_is_a_set),
		cmocka_unit_test(expired_ones_are_dropped),
		cmocka_unit_test(it_verifies_as_the_api_server_does),
		cmocka_unit_test(memory_may_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
