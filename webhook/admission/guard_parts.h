/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the guard share. Nobody else includes this. */
#ifndef WEBHOOK_ADMISSION_GUARD_PARTS_H
#define WEBHOOK_ADMISSION_GUARD_PARTS_H

#include "webhook/admission/guard.h"

/* How a kind's condition is written. */
enum guard_syntax {
	GUARD_SYNTAX_LIST,  /* any, [VALUES], {allowed: [VALUES]} */
	GUARD_SYNTAX_ON,    /* any */
	GUARD_SYNTAX_OFF,   /* off */
	GUARD_SYNTAX_IMAGE, /* as LIST, and digest: required beside allowed */
	GUARD_SYNTAX_BOUND, /* {min: QUANTITY, max: QUANTITY} */
};

struct guard_kind_row {
	const char *name; /* under match */
	unsigned char syntax;
	bool strips;     /* what it finds can be taken out */
	bool of_request; /* it is not about the pod: alone it gives strip nothing to take */
	bool no_case;    /* values are equal but for case */
};

extern const struct guard_kind_row guard_kinds[GUARD_KINDS];

static inline uint32_t guard_bit(enum guard_kind kind)
{
	return UINT32_C(1) << kind;
}

/* A growing list of what a pod asks for. */
struct guard_asks {
	struct arena *a;
	struct guard_ask *item;
	size_t len, cap;
	uint32_t kinds; /* bits of what is in it */
	bool failed;    /* without memory */
	bool full;      /* more than LIMIT_GUARD_ASKS */
};

/* Collects what the pod asks for of the given kinds. */
void guard_ask_all(struct guard_asks *asks, const struct guard_request *r, uint32_t kinds);

/* Whether a condition is about this. */
bool guard_values_fit(const struct guard_condition *c, const struct guard_ask *ask);
bool globs_match(const struct globs *g, struct str text, unsigned flags);

/* The pod without what is marked in asks; proxy.istio.io/config is written anew without the keys that go. NULL with err
 * set. */
const struct value *guard_strip(
	struct arena *a, const struct value *pod, const struct guard_asks *asks, struct err *err) MUST_CHECK;

/* Path of a key in proxy.istio.io/config by JSON's names: interception_mode is interceptionMode. parent: "" at the top.
 * p NULL without memory. */
struct str guard_config_path(struct arena *a, struct str parent, struct str key) MUST_CHECK;

enum guard_fit { GUARD_FITS_NOT, GUARD_FITS, GUARD_FITS_PERHAPS };
/* PERHAPS: it is a matter of labels that are not known. */
enum guard_fit guard_scope_fits(const struct guard_scope *s, const struct guard_request *r);
/* What lets the rule or the requirement pass for this pod; NULL. */
const struct guard_exception *guard_excepted(
	const struct guard *g, const struct guard_rule *rule, const struct guard_request *r);

void guard_free(struct guard *g);

/* "REGISTRY/PATH:TAG@DIGEST" with the registry and "library/" that Docker assumes. p NULL without memory. */
struct str image_full_name(struct arena *a, struct str image) MUST_CHECK;

#endif
