/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a CA of our own as a state machine: from what the Secret holds, what the webhook configurations were seen
 * to trust and the time, the one next step. It has no clock, no memory and no I/O: whoever asks with the same facts
 * gets the same step (but for keys, which are random), so that a crash, a second leader or a write that was lost
 * changes nothing but the time at which a step is taken.
 *
 * A rotation goes: the next CA is written beside the one in force, and into the trust bundle (one write of the Secret);
 * the bundle is put into every configuration; once all of them were seen with it, and a while has passed, the next CA
 * comes into force and a serving certificate of it is written (one write); when the last certificate of the old CA has
 * ended, that CA leaves the bundle and then the configurations. A first CA takes the same way, with nothing served
 * meanwhile.
 */
#ifndef CERTS_ROTATION_H
#define CERTS_ROTATION_H

#include "certs/bundle.h"
#include "certs/ca.h"

enum {
	/* CAs in a trust bundle of ours, and thus rotations within the life of a certificate. */
	ROTATION_CAS_MAX = 16,
	/* Writes of the Secret a day that need no explanation, beyond what the lifetimes ask for. */
	ROTATION_SPARE_WRITES = 24,
	/* The longest wait until the next look, in seconds. */
	ROTATION_WAKE_MAX = 3600,
};

struct rotation_params {
	const char *ca_name;      /* common name of our CAs, at most 64 bytes: they are known by it in a caBundle */
	const char *const *hosts; /* of the serving certificate */
	size_t n_hosts;           /* at least one */
	int64_t cert_seconds;     /* lifetimes */
	int64_t ca_seconds;       /* at least three times cert_seconds */
	int64_t settle_seconds;   /* how long a CA must have been seen in every configuration before anything is served
				     with it */
	uint64_t seed;            /* of the jitter: differs between installations */
};

/* What the Secret holds, PEM. A text without bytes is a key that it lacks. */
struct rotation_secret {
	struct str trust;               /* ca.crt: what the configurations are to trust, the CA in force first */
	struct str ca_key;              /* ca.key: of the one certificate in `trust` that it belongs to */
	struct str next_cert, next_key; /* next-ca.crt, next-ca.key: during a rotation */
	struct str tls_cert, tls_key;   /* tls.crt, tls.key: what is served */
	int64_t issued_until; /* seconds since 1970: newest end of what the CA in force has issued; 0: not known */
	int64_t old_until;    /* the same of the CAs before it */
	int64_t writes_day;   /* days since 1970, and writes of the Secret on that day */
	int64_t writes;
};

/* One webhook of one configuration, as last observed. Those that do not exist are left out. */
struct rotation_entry {
	struct str bundle; /* its caBundle, PEM, decoded */
	int64_t since;     /* seconds since 1970: when it was first seen to be this one */
};

struct rotation_seen {
	bool secret_exists;
	bool secret_ours; /* it carries our label */
	struct rotation_secret secret;
	const struct rotation_entry *entry;
	size_t n_entries;
	bool clock_known;                 /* whether the API server's clock was seen: */
	int64_t clock_ahead;              /* seconds by which ours is ahead of it */
	int64_t published_day, published; /* as writes_day and writes, of the configurations */
};

enum rotation_action {
	ROTATION_WAIT,    /* nothing to do until `wake`, or until something is observed */
	ROTATION_WRITE,   /* the Secret is to hold `secret`, in one write that fails if it has changed meanwhile */
	ROTATION_PUBLISH, /* the entries for which changed[i] are to get bundle[i] */
	ROTATION_REFUSE,  /* the Secret is somebody else's: nothing is done until that changes */
};

struct rotation_step {
	enum rotation_action action;
	const char *reason; /* one line for the log, what and why */
	bool trouble;       /* the reason is worth a warning */
	int64_t wake;       /* seconds since 1970: look again then at the latest, whatever the action */
	struct rotation_secret secret;
	const struct str *bundle; /* one an entry of the ones seen, PEM */
	const bool *changed;
};

/* ERR_CONFIG where the lifetimes do not fit each other, or a host or name is none. */
int rotation_check(const struct rotation_params *p, struct err *err) MUST_CHECK;

/* The next step; it lives in `a`, and shares texts with `seen`. Fails for want of memory or of randomness only. */
int rotation_next(struct arena *a, const struct rotation_params *p, const struct rotation_seen *seen, int64_t now,
	struct rotation_step *ret, struct err *err) MUST_CHECK;

/* Writes of the Secret on one day after which something must be wrong: then no more are made on that day. */
int64_t rotation_writes_max(const struct rotation_params *p);

#endif
