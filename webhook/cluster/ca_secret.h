/* SPDX-License-Identifier: Apache-2.0 */
/* The Secret of our own CA, as the API has it and as rotation sees it. Keys never leave it but for the API and the
 * server. */
#ifndef WEBHOOK_CLUSTER_CA_SECRET_H
#define WEBHOOK_CLUSTER_CA_SECRET_H

#include "certs/rotation.h"
#include "patches/value/value.h"

/* Without this label a Secret is not ours, and is left alone. */
#define CA_SECRET_LABEL       "app.kubernetes.io/managed-by"
#define CA_SECRET_LABEL_VALUE "outrigger"
/* The newest end of what the CA in force, and the CAs before it, have issued; and writes on the day of the last one. */
#define CA_SECRET_ISSUED "outrigger.sh/issued-until"
#define CA_SECRET_OLD    "outrigger.sh/old-ca-until"
#define CA_SECRET_WRITES "outrigger.sh/writes"

/* object: a Secret. Entries that are no base 64 are read as rubbish, annotations that cannot be read as unknown.
 * ERR_NOMEM only. */
int ca_secret_read(struct arena *a, const struct value *object, bool *ret_ours, struct rotation_secret *ret,
	struct err *err) MUST_CHECK;

/*
 * The body that creates the Secret, or replaces `old`: labels, annotations, owners, finalizers and entries of others
 * stay, and its resourceVersion makes the write conditional. old: NULL to create.
 */
int ca_secret_write(struct arena *a, const char *namespace, const char *name, const struct rotation_secret *s,
	const struct value *old, struct text *out, struct err *err) MUST_CHECK;

#endif
