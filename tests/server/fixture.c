/* SPDX-License-Identifier: Apache-2.0 */
/* A server in this process, on a free port, with the embedded configuration and certificates of its own. */
#include "tests/server/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { DAY = 86400 };

static const char *const hosts[] = {"127.0.0.1"};

void fixture_issue(struct fixture *f, struct cert_pair *ret)
{
	const struct cert_request req = {.name = "test", .hosts = hosts, .n_hosts = 1, .now = (int64_t)time(NULL), .seconds = DAY};
	struct err err = {0};

	assert_int_equal(ca_issue(&f->arena, &f->ca, &req, ret, &err), 0);
}

void fixture_configure(struct fixture *f)
{
	fixture_guard(f, (struct str){NULL, 0});
}

void fixture_guard(struct fixture *f, struct str guard_yaml)
{
	const struct config_texts texts = {0};
	const struct inject_options options = {.revision = STR("default")};
	struct err err = {0};
	struct inject_config *config = inject_config_load(&texts, &options, &err);
	const struct guard_known known = {0};
	const struct named_text text = {"guard.yaml", guard_yaml};
	struct guard *guard = guard_load(&text, &known, &err);
	struct snapshot *snapshot;

	if (!config || !guard)
		fail_msg("%s: %s", err.where, err.what);
	snapshot = snapshot_new(config, guard, &err);
	assert_non_null(snapshot);
	snapshot_swap(&f->config, snapshot);
}

void fixture_start(struct fixture *f, int64_t idle_ms, int64_t request_ms)
{
	const struct cert_request req = {.name = "test CA", .now = (int64_t)time(NULL), .seconds = DAY};
	const struct server_options options = {
		.listen = "127.0.0.1:0", .metrics_listen = "127.0.0.1:0", .threads = 2, .max_connections = 64,
		.max_body = FIXTURE_MAX_BODY, .idle_ms = idle_ms, .request_ms = request_ms, .config = &f->config,
		.client_auth = f->client_auth, .census = f->census, .events = f->events, .audit = f->audit,
	};
	struct err err = {0};

	arena_init(&f->arena, 0);
	snapshot_slot_init(&f->config);
	assert_int_equal(ca_create(&f->arena, &req, &f->ca, &err), 0);
	fixture_issue(f, &f->serving);
	fixture_configure(f);
	f->server = server_start(&options, f->no_certificate ? NULL : &f->serving, &err);
	if (!f->server)
		fail_msg("%s: %s", err.where, err.what);
	server_set_ready(f->server, true);
	f->address = server_address(f->server);
	f->plain = server_metrics_address(f->server);
}

void fixture_stop(struct fixture *f)
{
	server_stop(f->server);
	snapshot_slot_release(&f->config);
	arena_release(&f->arena);
}

size_t post(char *out, size_t size, const char *path, const char *extra, const char *body)
{
	const int len = snprintf(out, size, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", path, extra,
		strlen(body), body);

	assert_true(len > 0 && (size_t)len < size);
	return (size_t)len;
}
