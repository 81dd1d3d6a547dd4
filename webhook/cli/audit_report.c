/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger audit report: one page about audit logs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "webhook/audit/report.h"
#include "webhook/cli/audit.h"

enum { PAGE_MAX = 32 << 20, PAGE_MODE = 0644 };

static int write_page(struct report *r, const char *path, int64_t now, struct err *err)
{
	own(text_release) struct text page;

	text_init(&page, NULL, PAGE_MAX);
	report_print(r, now, &page);
	if (text_check(&page, "the page", err) < 0)
		return -1;
	if (strcmp(path, "-") != 0)
		return file_write(path, (struct str){page.data, page.len}, PAGE_MODE, err);
	(void)fwrite(page.data, 1, page.len, stdout);
	return fflush(stdout) != 0 ? err_set(err, ERR_IO, "cannot write to standard output") : 0;
}

static int collect(struct report *r, const struct audit_files *files, const struct audit_keys *trusted, struct err *err)
{
	struct audit_verifier v;
	int status;

	audit_verifier_init(&v, trusted);
	v.found = report_finding;
	v.done = report_verdict;
	v.ctx = r;
	status = audit_files_verify(files, &v, report_line, r, err);
	audit_verifier_release(&v);
	return status;
}

/* A page in the place of a log would be the end of that log. */
static int refuse_log(const char *path, struct err *err)
{
	static const char begins[] = "{\"seq\":";
	char found[sizeof(begins)] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const ssize_t n = fd >= 0 ? read(fd, found, sizeof(begins) - 1) : -1;

	if (fd >= 0)
		(void)close(fd);
	if (n != sizeof(begins) - 1 || strcmp(found, begins) != 0)
		return 0;
	(void)err_set(err, ERR_CONFIG, "is an audit log; name another file for the page");
	return err_at(err, "%s", path);
}

static int refuse_misuse(const struct options *o, struct err *err)
{
	if (o->namespace || o->reason || o->decision || o->user || o->owner || o->uid || o->rule || o->kind)
		return err_set(err, ERR_CONFIG,
			"audit report: it is of all decisions of a time (--since, --until); other filters are audit "
			"query's");
	if (!o->output)
		return err_set(err, ERR_CONFIG, "audit report: -o FILE is needed; - is standard output");
	return refuse_log(o->output, err);
}

int audit_report_command(const struct options *o, struct arena *a, struct err *err)
{
	const int64_t now = (int64_t)time(NULL);
	own(audit_keys_release) struct audit_keys keys = {.len = 0};
	own(report_release) struct report r = {.arena = NULL};
	struct audit_files files;

	if (refuse_misuse(o, err) < 0 || audit_open_files(a, o, &files, err) < 0 ||
		(o->public_key && audit_keys_read(&keys, o->public_key, err) < 0) || report_init(&r, a, err) < 0 ||
		audit_read_times(o, &r.filter, err) < 0 || collect(&r, &files, o->public_key ? &keys : NULL, err) < 0 ||
		write_page(&r, o->output, now, err) < 0)
		return -1;
	if (strcmp(o->output, "-") != 0)
		(void)printf("wrote %s\n", o->output);
	return r.problems ? EXIT_DIFFERS : EXIT_OK;
}
