/* SPDX-License-Identifier: Apache-2.0 */
/* The files of `outrigger serve`, read again when they change. */
#include "webhook/cli/reload.h"

#include <malloc.h>
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

void reload_set_source(struct reload *r, struct reload_source source)
{
	r->source = source;
}

void reload_touch(struct reload *r, int64_t now)
{
	watch_touch(&r->watch, now);
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

/* Whether it is another than what was said last, or somebody asked. */
static bool remember(struct reload *r, enum server_part part, const char *text)
{
	const bool known = strcmp(r->refused[part], text) == 0;

	(void)snprintf(r->refused[part], sizeof(r->refused[part]), "%s", text);
	server_set_refusal(r->server, part, text);
	return !known || r->asked;
}

/* One line for one mistake, however often the file is looked at; again where somebody asked. */
static void refuse(struct reload *r, enum server_part part, const struct err *err)
{
	own(snapshot_unrefp) struct snapshot *current = snapshot_get(r->config);
	const char *sentence = r->source.config && part != SERVER_CERTIFICATE
				       ? "refused what the cluster holds now; the last good one stays in force"
				       : "refused what the files hold now; the last good one stays in force";
	char text[RELOAD_TEXT_MAX];

	err_print(err, text, sizeof(text));
	if (!remember(r, part, text))
		return;
	audit_refused(r->audit, part_names[part], text);
	if (!current && part != SERVER_CERTIFICATE)
		sentence = "refused what the cluster holds; there is none in force, and pods are not injected";
	if (r->source.refused)
		r->source.refused(r->source.context, part, text);
	log_with(r->log, LOG_ERROR, sentence, log_cstr("part", part_names[part]), log_cstr("error", text));
}

/* Nothing is in force yet, and nothing is wrong. */
static void await(struct reload *r, const struct err *err)
{
	char text[RELOAD_TEXT_MAX];

	err_print(err, text, sizeof(text));
	if (remember(r, SERVER_CONFIGURATION, text))
		log_with(r->log, LOG_INFO, "no configuration yet", log_cstr("reason", text));
}

/* What is there is what is in force. */
static void accept(struct reload *r, enum server_part part, bool replaced)
{
	const bool recovered = r->refused[part][0] != '\0';

	r->refused[part][0] = '\0';
	server_set_refusal(r->server, part, NULL);
	if (!replaced && (recovered || r->asked))
		log_with(r->log, LOG_INFO, r->source.config ? "the cluster holds what is in force" : "the files hold what is in force",
			log_cstr("part", part_names[part]));
}

void reload_log_config(const struct inject_config *c, const struct log *log)
{
	for (size_t i = 0; i < c->warnings.len; i++)
		log_with(log, LOG_WARN, "the configuration has something odd", log_cstr("what", c->warnings.text[i]));
}

void reload_log_guard(const struct guard *g, const struct log *log)
{
	for (size_t i = 0; i < g->n_warnings; i++)
		log_with(log, LOG_WARN, "the guard has something odd", log_cstr("what", g->warning[i]));
}

static void log_guard_replaced(const struct reload *r, const struct snapshot *s)
{
	log_with(r->log, LOG_INFO, s->generation > 1 ? "guard replaced" : "guard in force", log_number("generation", (int64_t)s->generation), log_number("rules", (int64_t)s->guard->n_rules),
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

/* Namespaces come and go: that is no other configuration, and nothing to tell of. */
static void tell_replaced(struct reload *r, const struct snapshot *s, const char *digest_before)
{
	const bool surroundings = strcmp(s->config->digest, digest_before) == 0;

	log_with(r->log, surroundings ? LOG_DEBUG : LOG_INFO,
		surroundings      ? "nodes or namespaces replaced"
		: s->generation > 1 ? "configuration replaced"
				    : "configuration in force",
		log_number("generation", (int64_t)s->generation), log_cstr("configuration", s->config->digest));
	if (surroundings)
		return;
	reload_log_config(s->config, r->log);
	reload_log_token(r, s->config);
	audit_configuration(r->audit, s);
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
	if (r->source.config)
		return r->source.config(r->source.context, err);
	return check_emptied(r, err) < 0 ? NULL : configure(r->options, err);
}

static struct guard *read_guard(const struct reload *r, const struct inject_config *config, struct err *err)
{
	const int64_t now = (int64_t)time(NULL);

	return r->source.guard ? r->source.guard(r->source.context, config, now, err) : configure_guard(r->options, config, now, err);
}

/* Whether it is another than the one in force; one that is the same is accepted at once. */
static bool is_new(struct reload *r, enum server_part part, bool same)
{
	if (same)
		accept(r, part, false);
	return !same;
}

static bool same_config(const struct inject_config *c, const struct snapshot *current)
{
	return current && c->digest[0] && strcmp(c->digest, current->config->digest) == 0 &&
	       strcmp(c->objects_digest, current->config->objects_digest) == 0;
}

static bool same_guard(const struct guard *g, const struct snapshot *current)
{
	return current && g->digest[0] && strcmp(g->digest, current->guard->digest) == 0;
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

/* What was read, and why it could not be: NULL. */
struct policy {
	struct inject_config *config; /* owned */
	struct guard *guard;          /* counted */
	struct err config_err, guard_err;
};

static void drop_config(struct policy *p)
{
	inject_config_free(take(p->config));
}

static void drop_guard(struct policy *p)
{
	guard_unref(take(p->guard));
}

static void release_policy(struct policy *p)
{
	drop_config(p);
	drop_guard(p);
}

/* Nothing is in force yet, and what is to be is not there yet: one thing that is waited for is told of, the configuration first. */
static bool is_awaited(const struct reload *r, const struct err *err, const struct snapshot *current)
{
	return r->source.config && !current && err->code == ERR_IO;
}

/* Leaves what is new; says so of what is not, and of what is wrong. */
static void judge(struct reload *r, struct policy *p, const struct snapshot *current)
{
	if (!p->config && is_awaited(r, &p->config_err, current))
		await(r, &p->config_err);
	else if (!p->config)
		refuse(r, SERVER_CONFIGURATION, &p->config_err);
	else if (!p->guard && is_awaited(r, &p->guard_err, current))
		await(r, &p->guard_err);
	else if (!is_new(r, SERVER_CONFIGURATION, same_config(p->config, current)))
		drop_config(p);
	if (p->guard && !is_new(r, SERVER_GUARD, same_guard(p->guard, current)))
		drop_guard(p);
	else if (!p->guard && !is_awaited(r, &p->guard_err, current))
		refuse(r, SERVER_GUARD, &p->guard_err);
}

static void put_in_force(struct reload *r, struct policy *p, struct snapshot *current)
{
	const bool configured = p->config != NULL, guarded = p->guard != NULL;
	own(snapshot_unrefp) struct snapshot *snapshot = next_snapshot(current, &p->config, &p->guard, &p->config_err);

	if (!snapshot) {
		refuse(r, configured ? SERVER_CONFIGURATION : SERVER_GUARD, &p->config_err);
		return;
	}
	snapshot_swap(r->config, take(snapshot));
	snapshot = snapshot_get(r->config);
	if (configured) {
		accept(r, SERVER_CONFIGURATION, true);
		tell_replaced(r, snapshot, current ? current->config->digest : "");
	}
	if (guarded) {
		accept(r, SERVER_GUARD, true);
		log_guard_replaced(r, snapshot);
		audit_guard(r->audit, snapshot);
	}
}

static void settle_policy(struct reload *r, struct policy *p)
{
	own(snapshot_unrefp) struct snapshot *current = snapshot_get(r->config);

	judge(r, p, current);
	if (current ? p->config || p->guard : p->config && p->guard)
		put_in_force(r, p, current);
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
	own(release_policy) struct policy policy = {.config = NULL};
	struct cert_pair pair = {0};
	struct err pair_err = {0};
	const bool paired = r->pair_from_files && keypair_read(a, r->options, &pair, &pair_err) == 0;

	policy.config = read_config(r, &policy.config_err);
	policy.guard = read_guard(r, policy.config, &policy.guard_err);
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
	settle_policy(r, &policy);
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
	(void)malloc_trim(0); /* what two configurations needed at a time is given back */
	r->watch.unsatisfied = r->refused[SERVER_CONFIGURATION][0] || r->refused[SERVER_GUARD][0] || r->refused[SERVER_CERTIFICATE][0];
}
