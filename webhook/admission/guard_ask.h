/* SPDX-License-Identifier: Apache-2.0 */
/* A pod being asked what it asks for. For the files guard_ask*.c alone. */
#ifndef WEBHOOK_ADMISSION_GUARD_ASK_H
#define WEBHOOK_ADMISSION_GUARD_ASK_H

#include "webhook/admission/guard_parts.h"

struct asking {
	struct guard_asks *asks;
	const struct guard_request *r;
	uint32_t kinds;         /* what is wanted */
	struct map *host_paths; /* NULL until it is asked for */
};

bool guard_wants(const struct asking *q, enum guard_kind kind);
/* Nothing where the kind is not wanted. Out of memory and out of room are kept in q->asks. */
void guard_ask_add(struct asking *q, struct guard_ask ask);

/* found: kind, place and at are set. */
void guard_read_image(struct asking *q, struct guard_ask found, struct str text);
void guard_read_amount(struct asking *q, struct guard_ask found, struct str text);
/* The text of a string or a number; empty otherwise. */
struct str guard_scalar(const struct value *v);

void guard_ask_annotations(struct asking *q);
void guard_ask_spec(struct asking *q);

#endif
