/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks that libmicrohttpd calls, for each listener. */
#ifndef WEBHOOK_SERVER_HTTP_H
#define WEBHOOK_SERVER_HTTP_H

#include "webhook/server/state.h"

/* cls of each is a struct endpoint. */
void *http_begin(void *cls, const char *target, struct MHD_Connection *c);
enum MHD_Result http_handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *data, size_t *data_len, void **slot);
void http_end(void *cls, struct MHD_Connection *c, void **slot, enum MHD_RequestTerminationCode how);
void http_connection(void *cls, struct MHD_Connection *c, void **slot, enum MHD_ConnectionNotificationCode what);
int http_certificate(gnutls_session_t session, const gnutls_datum_t *ca_names, int n_ca_names,
	const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **ret_chain, unsigned int *ret_len,
	gnutls_privkey_t *ret_key);

/* The context of a connection; NULL where there was no memory for one. */
struct connection *http_connection_of(struct MHD_Connection *c);

#endif
