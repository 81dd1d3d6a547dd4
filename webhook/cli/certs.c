/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger certs create: a CA and a serving certificate for clusters and machines that have none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "certs/ca.h"
#include "webhook/cli/command.h"

enum { DAY = 86400, CA_TIMES = 10, CA_MOST_DAYS = 3650, KEY_MODE = 0600, CERT_MODE = 0644 };

static int write_in(const char *dir, const char *name, struct str data, unsigned mode, struct err *err)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return err_set(err, ERR_CONFIG, "--out is too long");
	return file_write(path, data, mode, err);
}

static int write_all(const char *dir, const struct cert_pair *ca, const struct cert_pair *serving, struct err *err)
{
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "cannot make the directory %.200s", dir);
	if (write_in(dir, "ca.key", ca->key, KEY_MODE, err) < 0 ||
		write_in(dir, "ca.crt", ca->cert, CERT_MODE, err) < 0 ||
		write_in(dir, "tls.key", serving->key, KEY_MODE, err) < 0)
		return -1;
	return write_in(dir, "tls.crt", serving->cert, CERT_MODE, err);
}

static int create(const struct options *o, struct arena *a, struct err *err)
{
	const int64_t ca_days = o->days * CA_TIMES < CA_MOST_DAYS ? o->days * CA_TIMES : CA_MOST_DAYS;
	const struct cert_request ca_request = {
		.name = "outrigger CA", .now = (int64_t)time(NULL), .seconds = ca_days * DAY};
	struct cert_request serving_request = ca_request;
	struct cert_pair ca, serving;

	serving_request.name = "outrigger";
	serving_request.hosts = o->hosts.item;
	serving_request.n_hosts = o->hosts.len;
	serving_request.seconds = o->days * DAY;
	if (ca_create(a, &ca_request, &ca, err) < 0 || ca_issue(a, &ca, &serving_request, &serving, err) < 0 ||
		write_all(o->out, &ca, &serving, err) < 0)
		return -1;
	(void)printf("wrote ca.crt, ca.key, tls.crt and tls.key to %s\n", o->out);
	return 0;
}

int cmd_certs(const struct options *o, struct err *err)
{
	struct arena a;
	int status;

	if (o->n_rest != 1 || strcmp(o->rest[0], "create") != 0)
		return err_set(err, ERR_CONFIG, "one of these is needed: create");
	if (!o->out || o->hosts.len == 0)
		return err_set(err, ERR_CONFIG, "%s is needed", o->out ? "--host" : "--out");
	arena_init(&a, 1 << 20);
	status = create(o, &a, err);
	arena_release(&a);
	return status;
}
