/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger check: why injection does not work in a cluster, or will stop to, each with its remedy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "patches/value/json.h"
#include "webhook/check/check.h"
#include "webhook/cli/access.h"
#include "webhook/cli/command.h"
#include "webhook/cluster/client.h"

/* A kubelet or a replica behind the API server is given less time than the API server itself. */
enum { OUTPUT_MAX = 16 << 20, PROXY_TIMEOUT_MS = 10000, STATUS_GATEWAY_TIMEOUT = 504 };
#define CHECK_ARENA_MAX ((size_t)1024 << 20)

struct asker {
	struct cluster_client *client;
	bool terminal; /* somebody waits there */
};

static int call(
	void *context, struct arena *a, const char *path, struct str body, struct check_reply *ret, struct err *err)
{
	struct asker *asker = context;
	const bool proxied = strstr(path, "/proxy/") != NULL;
	const struct cluster_request request = {.method = body.p ? "POST" : "GET",
		.path = path,
		.body = body,
		.timeout_ms = proxied ? PROXY_TIMEOUT_MS : 0};
	struct cluster_answer answer;
	struct err failed = {0};

	if (cluster_ask(asker->client, a, &request, &answer, &failed) == 0) {
		*ret = (struct check_reply){answer.status, answer.body};
		return 0;
	}
	if (!proxied || failed.code != ERR_IO) {
		if (err && !err->code)
			*err = failed;
		return -1;
	}
	*ret = (struct check_reply){STATUS_GATEWAY_TIMEOUT, STR("no answer")};
	return 0;
}

static void show_progress(void *context, const char *part)
{
	const struct asker *asker = context;

	if (asker->terminal)
		(void)fprintf(stderr, part ? "\r\033[Kchecking %s ..." : "\r\033[K", part);
}

static int print(const struct check_findings *f, bool json, struct err *err)
{
	const char *no_colour = getenv("NO_COLOR");
	struct text out;

	text_init(&out, f->a, OUTPUT_MAX);
	if (json) {
		const struct value *v = check_findings_value(f->a, f);

		if (!v)
			return err_nomem(err);
		json_write(&out, v, JSON_INDENT);
		text_addc(&out, '\n');
	} else {
		check_findings_print(&out, f, isatty(STDOUT_FILENO) && (!no_colour || !no_colour[0]));
	}
	if (text_check(&out, "the output", err) < 0)
		return -1;
	return fwrite(out.data, 1, out.len, stdout) == out.len
		       ? 0
		       : err_set(err, ERR_IO, "cannot write to standard output");
}

/* What could not be asked is a finding too, so the report is printed in each case. */
static int check_and_print(struct cluster_client *client, const struct options *o, const struct cluster_config *config,
	struct arena *a, struct err *err)
{
	struct asker asker = {client, isatty(STDERR_FILENO) && isatty(STDOUT_FILENO)};
	const struct check_source source = {&asker, call, show_progress};
	const struct check_options options = {
		.namespace = str_of(o->namespace),
		.istio_namespace = str_of(o->istio_namespace),
		.revision = str_of(o->revision),
		.service = str_of(o->service_name),
		.service_account = str_of(o->service_account),
		.secret = str_of(o->secret_name),
		.server = config->server,
		.now = (int64_t)time(NULL),
	};
	struct check_findings found = {.a = a};
	const int status = check_cluster(&source, &options, &found, err);

	show_progress(&asker, NULL);
	if (found.len && print(&found, strcmp(o->output, "json") == 0, err) < 0)
		return -1;
	return status < 0 ? -1 : found.count[CHECK_ERROR] ? EXIT_FAILED : EXIT_OK;
}

int cmd_check(const struct options *o, struct err *err)
{
	struct cluster_config config;
	struct arena a;
	int status;

	if (o->n_rest)
		return err_set(err, ERR_CONFIG, "takes no arguments, got '%.64s'", o->rest[0]);
	arena_init(&a, CHECK_ARENA_MAX);
	status = access_config(&a, o, &config, err);
	if (status == 0) {
		own(cluster_client_freep) struct cluster_client *client = cluster_client_new(&config, err);

		status = client ? check_and_print(client, o, &config, &a, err) : -1;
	}
	arena_release(&a);
	return status;
}
