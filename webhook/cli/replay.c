/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger replay: recorded requests put to two configurations, or to one and what was answered then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/offline.h"
#include "webhook/cli/replay_report.h"

/* A configuration with its guard. */
struct side {
	struct inject_config *config; /* owned */
	struct guard *guard;          /* counted */
	struct admission_policy policy;
};

struct replayer {
	const struct admission_policy *before, *after; /* before: NULL: what was recorded */
	struct replay_report report;
	bool progress;
	struct timespec begun, told;
};

/* --- progress: on a terminal, after the first second
 * --------------------------------------------------------------------- */

static int64_t milliseconds_since(const struct timespec *then, const struct timespec *now)
{
	return (int64_t)(now->tv_sec - then->tv_sec) * 1000 + (now->tv_nsec - then->tv_nsec) / 1000000;
}

static void tell_progress(struct replayer *r, size_t done, size_t all)
{
	struct timespec now;

	if (!r->progress || clock_gettime(CLOCK_MONOTONIC, &now) < 0)
		return;
	if (milliseconds_since(&r->begun, &now) < 1000 || milliseconds_since(&r->told, &now) < 200)
		return;
	(void)fprintf(stderr, "\r%zu of %zu requests", done, all);
	r->told = now;
}

static void end_progress(const struct replayer *r)
{
	if (r->told.tv_sec != r->begun.tv_sec || r->told.tv_nsec != r->begun.tv_nsec)
		(void)fputs("\r\033[K", stderr);
}

/* --- one record after another
 * ---------------------------------------------------------------------------------------------- */

static void name_unreadable(struct replayer *r, const struct record_text *text, const struct err *err)
{
	char words[sizeof(struct err) * 2];

	err_print(err, words, sizeof(words));
	end_progress(r);
	(void)fprintf(stderr, "outrigger replay: %s:%zu: %s\n", text->file, text->line, words);
	r->report.unreadable++;
}

static int replay_record(struct replayer *r, struct arena *scratch, const struct record_text *text, struct err *err)
{
	struct replay_outcome o;
	struct recorded record;

	if (recorded_read(scratch, text, &record, err) < 0)
		return -1;
	if (!r->before && !record.response) {
		r->report.unanswered++;
		return 0;
	}
	if (replay_request(scratch, &record, r->before, r->after, &o, err) < 0)
		return -1;
	return replay_report_add(&r->report, scratch, &record, &o, err);
}

/* What is wrong with a record ends nothing but its own replay. */
static int replay_records(struct replayer *r, const struct record_texts *texts, struct err *err)
{
	struct arena scratch;
	int status = 0;

	arena_init(&scratch, OFFLINE_ARENA_MAX);
	for (size_t i = 0; i < texts->len && status == 0; i++) {
		struct err wrong = {0};

		arena_clear(&scratch);
		tell_progress(r, i, texts->len);
		if (replay_record(r, &scratch, &texts->item[i], &wrong) == 0)
			continue;
		if (wrong.code == ERR_NOMEM || wrong.code == ERR_BUG) {
			*err = wrong;
			status = -1;
		} else {
			name_unreadable(r, &texts->item[i], &wrong);
		}
	}
	arena_release(&scratch);
	end_progress(r);
	return status;
}

static int print(struct replay_report *r, bool json, struct err *err)
{
	struct text out;

	text_init(&out, r->a, OFFLINE_OUTPUT_MAX);
	replay_report_sort(r);
	(json ? replay_report_json : replay_report_text)(&out, r);
	if (text_check(&out, "the output", err) < 0)
		return -1;
	if (fwrite(out.data, 1, out.len, stdout) != out.len)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

static int exit_code(const struct replay_report *r)
{
	return r->unreadable ? EXIT_USAGE : r->len ? EXIT_DIFFERS : EXIT_OK;
}

static int replay_all(struct replayer *r, const struct options *o, struct arena *a, struct err *err)
{
	const bool json = strcmp(o->output, "json") == 0;
	struct record_texts texts;

	if (recorded_find(a, &o->files, &texts, err) < 0 || replay_report_init(&r->report, a, err) < 0)
		return -1;
	r->report.colour = !json && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	r->report.before_name = r->before ? "before" : "recorded";
	r->report.after_name = r->before ? "after" : "now";
	r->progress = isatty(STDERR_FILENO) && clock_gettime(CLOCK_MONOTONIC, &r->begun) == 0;
	r->told = r->begun;
	if (replay_records(r, &texts, err) < 0)
		return -1;
	if (r->report.unanswered == texts.len)
		return err_set(err, ERR_INPUT,
			"no request has its answer recorded beside it: name a second configuration to compare with "
			"(--to-inject-config ...)");
	return print(&r->report, json, err) < 0 ? -1 : exit_code(&r->report);
}

/* --- the configurations
 * --------------------------------------------------------------------------------------------------------- */

static void side_release(struct side *s)
{
	inject_config_free(s->config);
	guard_unref(s->guard);
}

static int side_load(struct side *s, const struct options *o, int64_t now, struct err *err)
{
	s->config = configure(o, err);
	s->guard = s->config ? configure_guard(o, s->config, now, err) : NULL;
	if (!s->guard)
		return -1;
	s->policy = (struct admission_policy){.config = s->config, .guard = s->guard, .now = now};
	for (size_t i = 0; i < s->config->warnings.len; i++)
		(void)fprintf(stderr, "outrigger replay: warning: %s\n", s->config->warnings.text[i]);
	return 0;
}

static bool has_second(const struct options *o)
{
	const struct to_options *to = &o->to;

	return to->inject_config || to->values || to->mesh_config || to->revision || to->istio_version ||
	       to->native_sidecars || to->cluster_objects || to->guard_config || to->token_policy;
}

static void replace(const char **member, const char *with)
{
	if (with)
		*member = with;
}

/* What is not said is as before; but values and release belong to the templates, and another release's would be wrong
 * in silence. */
static void second_options(const struct options *first, struct options *ret)
{
	const struct to_options *to = &first->to;

	*ret = *first;
	if (to->inject_config) {
		ret->values = NULL;
		ret->istio_version = NULL;
	}
	replace(&ret->inject_config, to->inject_config);
	replace(&ret->values, to->values);
	replace(&ret->mesh_config, to->mesh_config);
	replace(&ret->revision, to->revision);
	replace(&ret->istio_version, to->istio_version);
	replace(&ret->native_sidecars, to->native_sidecars);
	replace(&ret->cluster_objects, to->cluster_objects);
	replace(&ret->guard_config, to->guard_config);
	replace(&ret->token_policy, to->token_policy);
}

static int replay(struct side side[2], const struct options *o, struct err *err)
{
	const int64_t now = (int64_t)time(NULL);
	struct replayer r = {.after = &side[0].policy};
	struct options second;
	struct arena a;
	int status;

	if (side_load(&side[0], o, now, err) < 0)
		return -1;
	if (has_second(o)) {
		second_options(o, &second);
		if (side_load(&side[1], &second, now, err) < 0)
			return err_wrap(err, "the second configuration (--to-...)");
		r.before = &side[0].policy;
		r.after = &side[1].policy;
	}
	arena_init(&a, OFFLINE_ARENA_MAX);
	status = replay_all(&r, o, &a, err);
	arena_release(&a);
	return status;
}

int cmd_replay(const struct options *o, struct err *err)
{
	struct side side[2] = {0};
	int status;

	if (files_needed(o, err) < 0)
		return -1;
	status = replay(side, o, err);
	side_release(&side[0]);
	side_release(&side[1]);
	return status;
}
