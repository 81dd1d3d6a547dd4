/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger audit: what can be done with an audit log, and its key. */
#include "webhook/cli/audit.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { ARENA_MAX = 32 << 20, KEY_MODE = 0600 };

int audit_open_files(struct arena *a, const struct options *o, struct audit_files *ret, struct err *err)
{
	if (o->n_rest < 2)
		return err_set(err, ERR_CONFIG, "a file of an audit log is needed; - is standard input");
	return audit_files_order(a, o->rest + 1, o->n_rest - 1, ret, err);
}

/* --- verify ------------------------------------------------------------------------------------------------------ */

static void print_finding(void *ctx, const struct audit_finding *f)
{
	(void)ctx;
	if (f->line)
		(void)printf(
			"%s:%llu: %s%s\n", f->file, (unsigned long long)f->line, f->problem ? "" : "note: ", f->text);
	else
		(void)printf("%s: %s%s\n", f->file, f->problem ? "" : "note: ", f->text);
}

/* One line a log, the last one: what was seen, and whether it holds. */
static void print_verdict(void *ctx, const struct audit_verdict *v)
{
	uint64_t *problems = ctx;

	*problems += v->problems;
	(void)printf("log %.8s of %s: lines %llu to %llu in %llu file%s, ", v->log[0] ? v->log : "unknown",
		v->replica[0] ? v->replica : "nobody", (unsigned long long)v->first, (unsigned long long)v->last,
		(unsigned long long)v->files, v->files == 1 ? "" : "s");
	if (v->checkpoints)
		(void)printf("%llu checkpoint%s signed by key %s (%s): ", (unsigned long long)v->checkpoints,
			v->checkpoints == 1 ? "" : "s", v->key,
			v->key_of_log ? "as the log itself publishes it; --public-key FILE would prove whose it is"
				      : "as given");
	else
		(void)printf("not signed: ");
	if (v->problems)
		(void)printf("%llu problem%s\n", (unsigned long long)v->problems, v->problems == 1 ? "" : "s");
	else
		(void)printf("intact\n");
}

static int verify(
	const struct options *o, const struct audit_files *files, const struct audit_keys *keys, struct err *err)
{
	struct audit_verifier v;
	uint64_t problems = 0;
	int status;

	audit_verifier_init(&v, o->public_key ? keys : NULL);
	v.found = print_finding;
	v.done = print_verdict;
	v.ctx = &problems;
	status = audit_files_verify(files, &v, NULL, NULL, err);
	audit_verifier_release(&v);
	if (status < 0)
		return -1;
	return problems ? EXIT_DIFFERS : EXIT_OK;
}

int audit_verify_command(const struct options *o, struct arena *a, struct err *err)
{
	own(audit_keys_release) struct audit_keys keys = {.len = 0};
	struct audit_files files;

	if (audit_open_files(a, o, &files, err) < 0 ||
		(o->public_key && audit_keys_read(&keys, o->public_key, err) < 0))
		return -1;
	return verify(o, &files, &keys, err);
}

/* --- key --------------------------------------------------------------------------------------------------------- */

static int create_key(const struct options *o, struct arena *a, struct err *err)
{
	struct str pem;

	if (!o->out)
		return err_set(err, ERR_CONFIG, "--out FILE is needed");
	if (access(o->out, F_OK) == 0) {
		(void)err_set(err, ERR_CONFIG,
			"is there already, and a key that is lost cannot be had back; name another file");
		return err_at(err, "%s", o->out);
	}
	if (audit_key_create(a, &pem, err) < 0 || file_write(o->out, pem, KEY_MODE, err) < 0)
		return -1;
	(void)printf("wrote %s; `outrigger audit key public --audit-key %s` prints its public half\n", o->out, o->out);
	return EXIT_OK;
}

static int print_public(const struct options *o, struct arena *a, struct err *err)
{
	own(audit_key_release) struct audit_key key = {.pkey = NULL};
	struct str pem;

	if (!o->audit_key)
		return err_set(err, ERR_CONFIG, "--audit-key FILE is needed");
	if (audit_key_read(o->audit_key, &key, err) < 0 || audit_key_public_pem(a, &key, &pem, err) < 0)
		return -1;
	(void)printf("%.*s", (int)pem.len, pem.p);
	return EXIT_OK;
}

int audit_key_command(const struct options *o, struct arena *a, struct err *err)
{
	if (o->n_rest == 2 && strcmp(o->rest[1], "create") == 0)
		return create_key(o, a, err);
	if (o->n_rest == 2 && strcmp(o->rest[1], "public") == 0)
		return print_public(o, a, err);
	return err_set(err, ERR_CONFIG, "audit key: one of these is needed: create, public");
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(const struct options *o, struct arena *a, struct err *err);
} commands[] = {
	{"verify", audit_verify_command},
	{"query", audit_query_command},
	{"report", audit_report_command},
	{"key", audit_key_command},
};

int cmd_audit(const struct options *o, struct err *err)
{
	struct arena a;
	int status = 0;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!o->n_rest || strcmp(o->rest[0], commands[i].name) != 0)
			continue;
		arena_init(&a, ARENA_MAX);
		status = commands[i].run(o, &a, err);
		arena_release(&a);
		return status;
	}
	return err_set(err, ERR_CONFIG, "one of these is needed: verify, query, report, key");
}
