/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger uninject: injected manifests in, what they were before out. */
#include <stdio.h>
#include <string.h>

#include "patches/uninject.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/input.h"
#include "webhook/cli/offline.h"

struct uninjector {
	const struct inject_config *config;
	bool given; /* by the user: else it is the embedded one, whose word counts only where it proves itself */
	size_t lost;
	struct text notes;
};

/* --- what is said ------------------------------------------------------------------------------------------------- */

static void say_shown(struct text *out, struct str s)
{
	text_add_shown(out, s.p ? s.p : "", s.len < 512 ? s.len : 512);
}

static void say_object(struct text *out, const struct offline_change *change, const struct offline_subject *s)
{
	text_addf(out, "%s:%zu: ", change->file, change->line);
	say_shown(out, s->kind);
	text_addc(out, ' ');
	say_shown(out, s->namespace);
	text_adds(out, s->namespace.len ? "/" : "");
	say_shown(out, s->name);
	text_adds(out, ": ");
}

/* A pod's own JSON Pointer as one of the document. */
static void say_place(struct text *out, const struct offline_subject *s, const char *note)
{
	const bool metadata = strncmp(note, "/metadata", 9) == 0, spec = strncmp(note, "/spec", 5) == 0;

	text_adds(out, metadata ? s->metadata : spec ? s->spec : "");
	say_shown(out, str_of(note + (metadata ? 9 : spec ? 5 : 0)));
}

static void say_lost(struct uninjector *u, const struct offline_change *change, const struct offline_subject *s,
	const struct uninject_notes *lost)
{
	for (size_t i = 0; i < lost->len && i < UNINJECT_MAX_NOTES; i++) {
		say_object(&u->notes, change, s);
		text_adds(&u->notes, "lost: ");
		say_place(&u->notes, s, lost->text[i]);
		text_addc(&u->notes, '\n');
	}
	u->lost += lost->len;
}

static void say_assumed(struct uninjector *u, const struct offline_change *change, const struct offline_subject *s,
	const struct uninject_notes *assumed)
{
	if (!assumed->len)
		return;
	say_object(&u->notes, change, s);
	text_adds(&u->notes, "assumed, since other pods look the same once injected: ");
	for (size_t i = 0; i < assumed->len && i < UNINJECT_MAX_NOTES; i++) {
		text_adds(&u->notes, i ? "; " : "");
		say_place(&u->notes, s, assumed->text[i]);
	}
	if (assumed->len > UNINJECT_MAX_NOTES)
		text_addf(&u->notes, "; and %zu more", assumed->len - UNINJECT_MAX_NOTES);
	text_addc(&u->notes, '\n');
}

static void say_differs(
	struct uninjector *u, const struct offline_change *change, const struct offline_subject *s, const char *differs)
{
	say_object(&u->notes, change, s);
	text_adds(&u->notes, "this configuration does not make this pod of it, names and annotations decided: ");
	if (differs && differs[0])
		say_place(&u->notes, s, differs);
	else
		text_adds(&u->notes, "it does not inject it");
	text_addc(&u->notes, '\n');
}

/* --- one pod --------------------------------------------------------------------------------------------------------
 */

static int try_as(const struct uninjector *u, struct arena *a, const struct offline_subject *s,
	const struct workload *workload, struct uninjected *ret, struct err *err)
{
	const struct inject_request req = {.pod = s->pod, .namespace = s->namespace, .workload = workload};

	return uninject_pod(u->config, a, &req, ret, err);
}

/* A Pod came from the webhook or from a file: whichever the configuration proves, else as far as it agrees. */
static int uninject_subject(const struct uninjector *u, struct arena *a, const struct offline_subject *s,
	struct uninjected *ret, struct err *err)
{
	const struct workload own = {
		.name = s->name, .namespace = s->namespace, .kind = s->kind, .api_version = STR("v1")};
	const struct inject_request plain = {.pod = s->pod, .namespace = s->namespace, .workload = s->workload};
	struct uninjected other;

	if (try_as(u, a, s, s->workload, ret, err) < 0)
		return -1;
	if (!ret->injected || ret->proven)
		return 0;
	if (!s->workload) {
		if (try_as(u, a, s, &own, &other, err) < 0)
			return -1;
		if (other.proven || (other.agrees && !ret->agrees))
			*ret = other;
	}
	return u->given || ret->proven ? 0 : uninject_pod(NULL, a, &plain, ret, err);
}

static int change(struct offline_change *change, struct arena *a, const struct offline_subject *s,
	const struct value **ret, struct err *err)
{
	struct uninjector *u = change->context;
	struct uninjected done;

	if (uninject_subject(u, a, s, &done, err) < 0)
		return -1;
	*ret = done.pod;
	if (!done.injected)
		return 0;
	say_lost(u, change, s, &done.lost);
	say_assumed(u, change, s, &done.assumed);
	if (u->given && !done.agrees)
		say_differs(u, change, s, done.differs);
	return 0;
}

/* --- the command
 * ------------------------------------------------------------------------------------------------------- */

/* Printed only when all of it is right: half of a stream must not look whole. */
static int uninject_all(struct uninjector *u, struct inject_config *c, const struct options *o, struct arena *a, struct err *err)
{
	struct offline_change by = {.run = change, .context = u};
	const struct offline_options options = {
		.namespace = str_of(o->namespace), .json = strcmp(o->output, "json") == 0, .change = &by};
	struct manifests input;
	struct text out, unused;

	text_init(&out, a, OFFLINE_OUTPUT_MAX);
	text_init(&unused, a, MANIFESTS_MAX);
	text_init(&u->notes, a, MANIFESTS_MAX);
	if (manifests_read_all(a, &o->files, &input, err) < 0 || offline_proxy_configs(c, &input, options.namespace, err) < 0)
		return -1;
	for (size_t i = 0; i < input.len; i++)
		if (offline_inject(c, a, &input.item[i], &options, &out, &unused, err) < 0)
			return -1;
	if (text_check(&u->notes, "what there is to say", err) < 0)
		return -1;
	(void)fwrite(u->notes.data ? u->notes.data : "", 1, u->notes.len, stderr);
	if (o->strict && u->lost)
		return err_set(err, ERR_INPUT,
			"nothing is printed, for --strict was given: %zu of what was replaced cannot be put back", u->lost);
	if (out.len && fwrite(out.data, 1, out.len, stdout) != out.len)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

int cmd_uninject(const struct options *o, struct err *err)
{
	struct uninjector u = {.given = o->inject_config || o->values || o->mesh_config};
	own(inject_config_freep) struct inject_config *c = NULL;
	struct arena a;
	int status;

	if (files_needed(o, err) < 0)
		return -1;
	u.config = c = configure(o, err);
	if (!c)
		return -1;
	arena_init(&a, OFFLINE_ARENA_MAX);
	status = uninject_all(&u, c, o, &a, err);
	arena_release(&a);
	return status;
}
