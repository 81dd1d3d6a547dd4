/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log of `outrigger serve`: as its options say, and the lines about what is in force. */
#include "webhook/cli/auditing.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/version.h"
#include "certs/check.h"

void auditing_stop(struct auditing *a)
{
	audit_stop(take(a->audit));
	audit_key_release(&a->key);
}

int auditing_start(struct auditing *ret, const struct options *o, const struct log *log, struct err *err)
{
	struct audit_options options = {
		.path = o->audit_log,
		.block = strcmp(o->audit_full, "block") == 0,
		.rotate_bytes = (uint64_t)o->audit_rotate_size,
		.rotate_keep = (unsigned)o->audit_rotate_keep,
		.checkpoint_lines = (uint64_t)o->audit_checkpoint_lines,
		.checkpoint_ms = o->audit_checkpoint_interval,
		.replica = ret->replica,
		.version = OUTRIGGER_VERSION,
		.log = log,
	};

	*ret = (struct auditing){.audit = NULL};
	if (strcmp(o->audit_log, "off") == 0)
		return o->audit_key
			       ? err_set(err, ERR_CONFIG, "--audit-key signs the audit log, and --audit-log is off")
			       : 0;
	if (o->audit_key && audit_key_read(o->audit_key, &ret->key, err) < 0)
		return -1;
	if (gethostname(ret->replica, sizeof(ret->replica) - 1) < 0)
		(void)snprintf(ret->replica, sizeof(ret->replica), "unknown");
	options.key = o->audit_key ? &ret->key : NULL;
	ret->audit = audit_start(&options, err);
	if (!ret->audit)
		return -1;
	if (!options.key)
		log_line(log, LOG_WARN,
			"the audit log is chained but not signed: whoever may write it could write it anew; see "
			"--audit-key",
			NULL, 0);
	return 0;
}

/* A change of the token's mode is one of the configuration: the two are put in force together. */
void audit_configuration(struct audit *audit, const struct snapshot *s)
{
	const struct inject_config *c = s->config;
	const bool known = c->token_asked.use != TOKEN_USE_NONE;

	audit_note_with(audit, "configuration", log_cstr("state", "in force"),
		log_number("generation", (int64_t)s->generation), log_text("revision", c->revision),
		log_cstr("configuration", c->digest), log_cstr("token", known ? token_mode_name(c->token.mode) : "unknown"),
		log_flag("tokenFellBack", known && c->token.fell_back),
		log_cstr("tokenRefused", known ? token_refusal(c->token.problem) : NULL));
}

void audit_guard(struct audit *audit, const struct snapshot *s)
{
	audit_note_with(audit, "guard", log_cstr("state", "in force"), log_number("generation", (int64_t)s->generation),
		log_number("rules", (int64_t)s->guard->n_rules), log_cstr("guard", s->guard->digest));
}

static const char *date_of(int64_t seconds, char out[32])
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&t, &tm))
		(void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

void audit_certificate(struct audit *audit, const struct cert_pair *pair)
{
	char from[32], until[32], digest[SHA256_HEX + 1];
	struct cert_facts facts;
	struct err err = {0};

	if (!audit || cert_check(pair, (int64_t)time(NULL), &facts, &err) < 0 || sha256_hex(&pair->cert, 1, digest) < 0)
		return;
	audit_note_with(audit, "certificate", log_cstr("state", "in force"),
		log_cstr("notBefore", date_of(facts.not_before, from)),
		log_cstr("notAfter", date_of(facts.not_after, until)), log_cstr("certificate", digest));
}

void audit_refused(struct audit *audit, const char *kind, const char *why)
{
	audit_note_with(audit, kind, log_cstr("state", "refused"), log_cstr("error", why));
}
