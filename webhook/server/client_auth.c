/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call the webhook port. */
#include "webhook/server/client_auth.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

enum { CHAIN_MAX = 8, NAME_BYTES_MAX = 256, SAN_MAX = 64 };

struct client_auth {
	gnutls_x509_trust_list_t trust;
	const char *const *name;
	size_t n_names;
};

void client_auth_free(struct client_auth *auth)
{
	if (!auth)
		return;
	if (auth->trust)
		gnutls_x509_trust_list_deinit(auth->trust, 1);
	free(auth);
}

void client_auth_freep(struct client_auth **slot)
{
	client_auth_free(*slot);
}

struct client_auth *client_auth_new(struct str ca, const char *const *names, size_t n_names, struct err *err)
{
	own(client_auth_freep) struct client_auth *auth = calloc(1, sizeof(*auth));
	const union {
		const char *in;
		unsigned char *out;
	} p = {.in = ca.p}; /* only read, but taken as its own unsigned type */
	const gnutls_datum_t pem = {p.out, ca.len < UINT_MAX ? (unsigned)ca.len : 0};
	int added;

	if (!auth || gnutls_x509_trust_list_init(&auth->trust, 0) < 0) {
		(void)err_nomem(err);
		return NULL;
	}
	added = gnutls_x509_trust_list_add_trust_mem(auth->trust, &pem, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	if (added <= 0) {
		(void)err_set(err, ERR_CONFIG, "holds no CA certificate in PEM form (-----BEGIN CERTIFICATE-----)");
		return NULL;
	}
	auth->name = names;
	auth->n_names = n_names;
	return take(auth);
}

void client_auth_ask(gnutls_session_t session, int (*verify)(gnutls_session_t))
{
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_function(session, verify);
}

/* As the client sent it, its own certificate first. */
struct shown {
	gnutls_x509_crt_t cert[CHAIN_MAX];
	unsigned len;
};

static void shown_release(struct shown *s)
{
	for (unsigned i = 0; i < s->len; i++)
		gnutls_x509_crt_deinit(s->cert[i]);
}

static bool read_shown(gnutls_session_t session, struct shown *s)
{
	unsigned len = 0;
	const gnutls_datum_t *raw = gnutls_certificate_get_peers(session, &len);

	if (!raw || len == 0 || len > CHAIN_MAX)
		return false;
	for (; s->len < len; s->len++) {
		if (gnutls_x509_crt_init(&s->cert[s->len]) < 0)
			return false;
		if (gnutls_x509_crt_import(s->cert[s->len], &raw[s->len], GNUTLS_X509_FMT_DER) < 0) {
			gnutls_x509_crt_deinit(s->cert[s->len]);
			return false;
		}
	}
	return true;
}

static bool is_vouched_for(const struct client_auth *auth, struct shown *s)
{
	static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st asked = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose};
	unsigned problems = 0;

	return gnutls_x509_trust_list_verify_crt2(auth->trust, s->cert, s->len, &asked, 1, 0, &problems, NULL) == 0 &&
	       problems == 0;
}

/* Whole and without a NUL in it: "kube-apiserver\0.evil" is another name. */
static bool is_name(const struct client_auth *auth, struct str shown)
{
	for (size_t i = 0; i < auth->n_names; i++)
		if (str_is(shown, auth->name[i]))
			return true;
	return false;
}

static bool is_named(const struct client_auth *auth, gnutls_x509_crt_t cert)
{
	char name[NAME_BYTES_MAX];
	size_t len = sizeof(name);

	if (auth->n_names == 0)
		return true;
	if (gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) == 0 &&
		is_name(auth, (struct str){name, len}))
		return true;
	for (unsigned i = 0; i < SAN_MAX; i++) {
		int type;

		len = sizeof(name);
		type = gnutls_x509_crt_get_subject_alt_name(cert, i, name, &len, NULL);
		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return false;
		if (type == GNUTLS_SAN_DNSNAME && is_name(auth, (struct str){name, len}))
			return true;
	}
	return false;
}

bool client_auth_accepts(const struct client_auth *auth, gnutls_session_t session)
{
	own(shown_release) struct shown s = {.len = 0};

	return read_shown(session, &s) && is_vouched_for(auth, &s) && is_named(auth, s.cert[0]);
}
