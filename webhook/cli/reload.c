/* SPDX-License-Identifier: Apache-2.0 */
/* The files of `outrigger serve`, read again when they change. */
#include "webhook/cli/reload.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "webhook/cli/auditing.h"
#include "webhook/cli/configure.h"

enum { UNSETTLED_MAX = 5 };

static const char *const part_names[] = {
	[SERVER_CONFIGURATION] = "configuration", [SERVER_CERTIFICATE] = "certificate", [SERVER_GUARD] = "guard"};

static void config_files(const struct options *o, const char *ret[4])
{
	ret[0] = o->inject_config;
	ret[1] = o->values;
	ret[2] = o->mesh_config;
	ret[3] = o->cluster_objects;
}

static bool is_empty(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

void reload_init(struct reload *r, const struct options *o, struct watch_timing timing, int64_t now)
{
	const char *files[4];

	memset(r, 0, sizeof(*r));
	r->options = o;
	watch_init(&r->watch, timing, now);
	config_files(o, files);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		watch_add(&r->watch, files[i]);
		r->empty_at_start[i] = is_empty(files[i]);
	}
	watch_add(&r->watch, o->guard_config);
	watch_add(&r->watch, o->tls_cert);
	watch_add(&r->watch, o->tls_key);
}

void reload_start(struct reload *r, struct snapshot_slot *config, const struct cert_pair *served, struct server *server,
	const struct log *log)
{
	char reason[128];

	r->config = config;
	r->server = server;
	r->log = log;
	r->pair_from_files = served != NULL;
	if (served)
		keypair_digest(served, r->served);
	if (r->watch.problem)
		log_with(log, LOG_WARN, "changes of files are found by looking only; fs.inotify.max_user_instances may be too low",
			log_cstr("error", strerror_r(r->watch.problem, reason, sizeof(reason))),
			log_number("every_ms", r->watch.timing.poll_ms));
}

void reload_release(struct reload *r)
{
	watch_release(&r->watch);
}

void reload_ask(struct reload *r, int64_t now)
{
	if (!r->asked)
		log_with(r->log, LOG_INFO, "reading the files again", log_cstr("signal", "SIGHUP"));
	r->asked = true;
	watch_touch(&r->watch, now);
}

/* One line for one mistake, however often the file is looked at; again where somebody asked. */
static void refuse(struct reload *r, enum server_part part, const struct err *err)
{
	char text[RELOAD_TEXT_MAX];
	const bool known = (err_print(err, text, sizeof(text)), strcmp(r->refused[part], text) == 0);

	(void)snprintf(r->refused[part], sizeof(r->refused[part]), "%s", text);
	server_set_refusal(r->server, part, text);
	if (known && !r->asked)
		return;
	audit_refused(r->audit, part_names[part], text);
	log_with(r->log, LOG_ERROR, "refused what the files hold now; the last good one stays in force",
		log_cstr("part", part_names[part]), log_cstr("error", text));
}

/* The files hold what is in force. */
static void accept(struct reload *r, enum server_part part, bool replaced)
{
	const bool recovered = r->refused[part][0] != '\0';

	r->refused[part][0] = '\0';
	server_set_refusal(r->server, part, NULL);
	if (!replaced && (recovered || r->asked))
		log_with(r->log, LOG_INFO, "the files hold what is in force", log_cstr("part", part_names[part]));
}

void reload_log_guard(const struct guard *g, const struct log *log)
{
	for (size_t i = 0; i < g->n_warnings; i++)
		log_with(log, LOG_WARN, "the guard has something odd", log_cstr("what", g->warning[i]));
}

static void log_guard_replaced(const struct reload *r, const struct snapshot *s)
{
	log_with(r->log, LOG_INFO, "guard replaced", log_number("generation", (int64_t)s->generation), log_number("rules", (int64_t)s->guard->n_rules),
		log_cstr("guard", s->guard->digest));
	reload_log_guard(s->guard, r->log);
}

void reload_log_token(struct reload *r, const struct inject_config *c)
{
	const struct token_decision before = r->token, now = c->token_asked.use != TOKEN_USE_NONE ? c->token : (struct token_decision){0};
	const char *refusal = token_refusal(now.problem);

	r->token = now;
	if (now.fell_back && !before.fell_back)
		log_line(r->log, LOG_WARN, TOKEN_FALLBACK_SENTENCE, NULL, 0);
	if (refusal && now.problem != before.problem)
		log_with(r->log, LOG_ERROR, "pods are refused for want of a token", log_cstr("error", refusal));
}

static void log_replaced(const struct reload *r, const struct snapshot *s)
{
	log_with(r->log, LOG_INFO, "configuration replaced", log_number("generation", (int64_t)s->generation),
		log_cstr("configuration", s->config->digest));
	for (size_t i = 0; i < s->config->warnings.len; i++)
		log_with(r->log, LOG_WARN, "the configuration has something odd",
			log_cstr("what", s->config->warnings.text[i]));
}

/* An emptied file is most likely one that is being written, and an empty mesh configuration would be a valid one. */
static int check_emptied(const struct reload *r, struct err *err)
{
	const char *files[4];

	config_files(r->options, files);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (r->empty_at_start[i] || !is_empty(files[i]))
			continue;
		(void)err_set(err, ERR_CONFIG, "the file has become empty; if that is meant, leave a comment line in it");
		return err_at(err, "%s", files[i]);
	}
	return 0;
}

static struct inject_config *read_config(const struct reload *r, struct err *err)
{
	return check_emptied(r, err) < 0 ? NULL : configure(r->options, err);
}

/* Whether it is another than the one in force; one that is the same is accepted at once. */
static bool is_new(struct reload *r, enum server_part part, const char *digest, const char *current)
{
	if (digest[0] && strcmp(digest, current) == 0) {
		accept(r, part, false);
		return false;
	}
	return true;
}

/* What stays in force is shared with the current one; whole or not at all. */
static struct snapshot *next_snapshot(struct snapshot *current, struct inject_config **config, struct guard **guard, struct err *err)
{
	struct snapshot *next;

	if (!*config) {
		next = snapshot_with_guard(current, *guard, err);
	} else if (*guard) {
		next = snapshot_new(*config, *guard, err);
	} else {
		next = snapshot_new(*config, guard_ref(current->guard), err);
		if (!next)
			guard_unref(current->guard);
	}
	if (next)
		*config = NULL, *guard = NULL;
	return next;
}

/* config, guard: taken; NULL where err says why there is none. */
static void settle_policy(struct reload *r, struct inject_config *config, struct err *config_err, struct guard *guard, struct err *guard_err)
{
	own(inject_config_freep) struct inject_config *next = config;
	own(guard_unrefp) struct guard *next_guard = guard;
	own(snapshot_unrefp) struct snapshot *current = snapshot_get(r->config), *snapshot = NULL;
	const bool configured = config && is_new(r, SERVER_CONFIGURATION, config->digest, current->config->digest);
	const bool guarded = guard && is_new(r, SERVER_GUARD, guard->digest, current->guard->digest);

	if (!config)
		refuse(r, SERVER_CONFIGURATION, config_err);
	if (!guard)
		refuse(r, SERVER_GUARD, guard_err);
	if (next && !configured) {
		inject_config_free(next);
		next = NULL;
	}
	if (next_guard && !guarded) {
		guard_unref(next_guard);
		next_guard = NULL;
	}
	if (!configured && !guarded)
		return;
	snapshot = next_snapshot(current, &next, &next_guard, config_err);
	if (!snapshot) {
		refuse(r, configured ? SERVER_CONFIGURATION : SERVER_GUARD, config_err);
		return;
	}
	snapshot_swap(r->config, take(snapshot));
	snapshot = snapshot_get(r->config);
	if (configured) {
		accept(r, SERVER_CONFIGURATION, true);
		log_replaced(r, snapshot);
		reload_log_token(r, snapshot->config);
		audit_configuration(r->audit, snapshot);
	}
	if (guarded) {
		accept(r, SERVER_GUARD, true);
		log_guard_replaced(r, snapshot);
		audit_guard(r->audit, snapshot);
	}
}

/* pair: NULL where err says why there is none. */
static void settle_certificate(struct reload *r, const struct cert_pair *pair, struct err *err)
{
	static const unsigned char none[KEYPAIR_DIGEST];
	unsigned char digest[KEYPAIR_DIGEST] = {0};

	if (pair)
		keypair_digest(pair, digest);
	if (pair && memcmp(digest, r->served, sizeof(digest)) == 0 && memcmp(digest, none, sizeof(digest)) != 0) {
		accept(r, SERVER_CERTIFICATE, false);
		return;
	}
	if (!pair || server_set_certificate(r->server, pair, err) < 0) {
		(void)keypair_name_file(r->options, err);
		refuse(r, SERVER_CERTIFICATE, err);
		return;
	}
	memcpy(r->served, digest, sizeof(digest));
	accept(r, SERVER_CERTIFICATE, true);
	audit_certificate(r->audit, pair);
	log_with(r->log, LOG_INFO, "certificate replaced", log_cstr("file", r->options->tls_cert));
}

/* Files that were read while they changed may be of two generations: neither is used. */
static bool must_read_again(struct reload *r, int64_t now)
{
	if (watch_settled(&r->watch)) {
		r->unsettled = 0;
		return false;
	}
	watch_touch(&r->watch, now);
	return ++r->unsettled < UNSETTLED_MAX;
}

static void read_all(struct reload *r, struct arena *a, int64_t now)
{
	struct err config_err = {0}, guard_err = {0}, pair_err = {0};
	struct cert_pair pair = {0};
	own(inject_config_freep) struct inject_config *config = read_config(r, &config_err);
	own(guard_unrefp) struct guard *guard = configure_guard(r->options, config, (int64_t)time(NULL), &guard_err);
	const bool paired = r->pair_from_files && keypair_read(a, r->options, &pair, &pair_err) == 0;

	if (must_read_again(r, now))
		return;
	if (r->unsettled) {
		struct err err = {0};

		(void)err_set(&err, ERR_IO, "the files do not stop changing; write each to another name and rename it");
		refuse(r, SERVER_CONFIGURATION, &err);
		refuse(r, SERVER_GUARD, &err);
		if (r->pair_from_files)
			refuse(r, SERVER_CERTIFICATE, &err);
		r->asked = false;
		return;
	}
	settle_policy(r, take(config), &config_err, take(guard), &guard_err);
	if (r->pair_from_files)
		settle_certificate(r, paired ? &pair : NULL, &pair_err);
	r->asked = false;
}

void reload_step(struct reload *r, int64_t now)
{
	struct arena a;

	if (!watch_due(&r->watch, now))
		return;
	arena_init(&a, KEYPAIR_ARENA_MAX);
	read_all(r, &a, now);
	arena_release(&a);
	r->watch.unsatisfied = r->refused[SERVER_CONFIGURATION][0] || r->refused[SERVER_GUARD][0] || r->refused[SERVER_CERTIFICATE][0];
}
