/* SPDX-License-Identifier: Apache-2.0 */
/* The serving certificate as our Secret holds it: how long it lasts, and whether the webhooks' caBundles verify it. */
#include "base/base64.h"
#include "base/limits.h"
#include "certs/bundle.h"
#include "webhook/check/ask.h"

enum { HOUR = 3600, DAY = 86400, SOON_DAYS = 7 };

/* What was read of the Secret. */
struct served {
	const char *subject;
	bool there;
	struct str chain; /* tls.crt */
	struct bundle certs;
};

/* Of base 64; empty where it is none. */
static int decode(struct check *c, struct str text, struct str *ret, struct err *err)
{
	struct text t;

	*ret = (struct str){0};
	text_init(&t, c->a, LIMIT_API_BYTES);
	if (base64_decode(text, &t))
		*ret = (struct str){t.data, t.len};
	return t.failed && !t.full ? err_nomem(err) : 0;
}

static int read_secret(struct check *c, struct served *s, struct err *err)
{
	const struct check_options *o = c->options;
	const struct value *secret = NULL;
	int status = 0;

	s->subject = check_text(c, "Secret %.*s/%.*s", SHOWN(o->namespace), SHOWN(o->secret));
	if (check_ask(c, check_text(c, "/api/v1/namespaces/%.*s/secrets/%.*s", SHOWN(o->namespace), SHOWN(o->secret)),
		    (struct str){0}, s->subject, "get secrets there", &status, &secret, err) < 0)
		return -1;
	if (status == 404)
		check_found(c->found, CHECK_INFO, "certificate-unknown", s->subject,
			"name it with --secret-name; certificates from files are seen in /readyz?verbose only",
			"does not exist");
	s->there = secret != NULL;
	return decode(c, raw_str(raw_get(secret, "data"), "tls.crt"), &s->chain, err);
}

static void tell_lifetime(struct check *c, const char *subject, const char *what, const struct bundle_cert *cert)
{
	const int64_t left = cert->not_after - c->options->now;

	if (left < 0)
		check_found(c->found, CHECK_ERROR, "certificate-expired", subject,
			"see why it was not renewed: the log of the replica that holds the Lease, or cert-manager's",
			"%s ended %lld days ago", what, (long long)(-left / DAY));
	else if (cert->not_before > c->options->now)
		check_found(c->found, CHECK_ERROR, "certificate-not-yet-valid", subject,
			"compare the clocks of the nodes", "%s begins in %lld s", what,
			(long long)(cert->not_before - c->options->now));
	else if (left < SOON_DAYS * DAY && left < (cert->not_after - cert->not_before) / 3)
		check_found(c->found, CHECK_WARNING, "certificate-ends-soon", subject,
			"see why it was not renewed: the log of the replica that holds the Lease, or cert-manager's",
			"%s ends in %lld days and should have been renewed", what, (long long)(left / DAY));
	else
		check_found(c->found, CHECK_OK, "certificate", subject, NULL, "%s lasts %lld more %s", what,
			(long long)(left < 2 * DAY ? left / HOUR : left / DAY), left < 2 * DAY ? "hours" : "days");
}

/* The name that the API server calls, and so asks the certificate for. NULL: not told (a URL). */
static const char *host_of(struct check *c, const struct webhook_entry *e)
{
	const struct value *service = raw_path(e->raw, "clientConfig", "service", NULL);

	return service ? check_text(c, "%.*s.%.*s.svc", SHOWN(raw_str(service, "name")),
				 SHOWN(raw_str(service, "namespace")))
		       : NULL;
}

static int look_at_bundle(struct check *c, const struct served *s, const struct webhook_entry *e, struct err *err)
{
	const char *subject = check_text(c, "Webhook %.*s", SHOWN(e->name));
	struct err why = {0};
	struct bundle b;
	struct str pem;

	if (decode(c, raw_str(raw_get(e->raw, "clientConfig"), "caBundle"), &pem, err) < 0)
		return -1;
	if (bundle_read(c->a, pem, &b, &why) == 0 &&
		bundle_verify(&b, s->chain, host_of(c, e), c->options->now, &why) == 0) {
		check_found(c->found, CHECK_OK, "ca-bundle", subject, NULL,
			"caBundle verifies the certificate that is served");
		return 0;
	}
	if (why.code == ERR_NOMEM)
		return err_nomem(err);
	check_found(c->found, CHECK_ERROR, "ca-bundle-mismatch", subject,
		"see that a replica holds the Lease and may patch this configuration; with cert-manager that its CA "
		"injector runs",
		"caBundle does not verify the certificate in the Secret, so the API server refuses to call: %s",
		why.what);
	return 0;
}

int check_certificates(struct check *c, struct err *err)
{
	struct served s = {.subject = ""};
	struct err bad = {0};

	if (read_secret(c, &s, err) < 0)
		return -1;
	if (!s.there)
		return 0;
	if (bundle_read(c->a, s.chain, &s.certs, &bad) < 0 && bad.code == ERR_NOMEM)
		return err_nomem(err);
	if (!s.certs.len) {
		check_found(c->found, CHECK_ERROR, "certificate-unreadable", s.subject,
			"delete the Secret: the holder of the Lease makes it anew", "tls.crt holds no certificate");
		return 0;
	}
	tell_lifetime(c, s.subject, "the serving certificate", &s.certs.cert[0]);
	for (size_t i = 0; i < c->n_entries; i++)
		if (c->entry[i].injector == INJECTOR_OURS &&
			raw_str(raw_get(c->entry[i].raw, "clientConfig"), "caBundle").len &&
			look_at_bundle(c, &s, &c->entry[i], err) < 0)
			return -1;
	return 0;
}
