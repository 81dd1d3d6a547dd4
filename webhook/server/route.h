/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths there are, and what the head of a request must look like before its body is read. */
#ifndef WEBHOOK_SERVER_ROUTE_H
#define WEBHOOK_SERVER_ROUTE_H

#include "webhook/server/state.h"

/* What an answer gives that is not there yet: it is asked for again once the connection is resumed. */
enum { ANSWER_LATER = 0 };

enum { HEAD_BYTES_MAX = 16 << 10, TARGET_BYTES_MAX = 4 << 10 };

struct route {
	const char *path;
	bool below;        /* PATH/... too */
	bool plain;        /* on the plain port too */
	bool only_plain;   /* there, and not on the webhook's */
	const char *allow; /* methods, as the header Allow has them */
	bool takes_body;   /* JSON */
	/* Fills r->out, gives the HTTP status or ANSWER_LATER; *ret_type is the Content-Type. Static text where there is no memory. Where it
	 * sets r->status, r->problem is the answer. */
	unsigned (*answer)(struct server *s, struct request *r, const char **ret_type);
};

/*
 * Sets r->route where the path is one of ours and, where the request must not be served, r->status and r->problem.
 * Returns whether the answer must go out before the body is read, and the connection end with it: what follows could be
 * read in two ways.
 */
bool route_check_head(const struct endpoint *e, struct request *r, struct MHD_Connection *c, const char *method);

unsigned answer_inject(struct server *s, struct request *r, const char **ret_type);
unsigned answer_require(struct server *s, struct request *r, const char **ret_type);
unsigned answer_healthz(struct server *s, struct request *r, const char **ret_type);
unsigned answer_readyz(struct server *s, struct request *r, const char **ret_type);
unsigned answer_metrics(struct server *s, struct request *r, const char **ret_type);

#endif
