/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: what pods may ask of injection, by namespace and by who asks. guard.yaml is a list of rules; a rule fits a
 * pod that is in one of its namespaces and does everything that its match says.
 *
 * How rules work together:
 * - Every rule that fits is recorded. The strongest action is what happens: deny, then strip, then warn, then audit.
 * - deny: the pod is refused. strip: what the rule found is taken out of the pod (annotation, label, key of
 * proxy.istio.io/config, container), and the pod is then decided on and injected as if it had never been there. warn: a
 * warning is shown. audit: nothing but the record. A rule with strip may only match what can be taken out; loading
 * refuses the others.
 * - An exception that has not expired lets its rules pass for the pods it names, and is recorded in their place.
 * - The pod is judged as it asks: one that was injected before, as it was before; a forged record of an earlier
 * injection is looked behind (see guarded.h). Namespaces that are never injected (kube-system and its like) are never
 * judged: no rule may keep a cluster from starting.
 * - Where a rule selects namespaces by label and the namespace's labels are not known, the rule does not fit; that is
 * recorded.
 * - What cannot be read (a proxy.istio.io/config that is no YAML) fits every rule that is about its content.
 *
 * A guard never changes but for its counters: shared by any number of threads, and counted itself. No I/O and no clock
 * here.
 */
#ifndef WEBHOOK_ADMISSION_GUARD_H
#define WEBHOOK_ADMISSION_GUARD_H

#include <stdatomic.h>

#include "patches/config/config.h"

/* In rising order of strength. */
enum guard_action { GUARD_NONE, GUARD_AUDIT, GUARD_WARN, GUARD_STRIP, GUARD_DENY, GUARD_ACTIONS };

/* "audit", ...; "none". */
const char *guard_action_name(enum guard_action action);

/* What a pod can ask for. The table in guard_kinds.c has a row for each. */
enum guard_kind {
	GUARD_INJECTION,
	GUARD_NEVER_SELECTOR,
	GUARD_PROXY_IMAGE,
	GUARD_PROXY_IMAGE_TYPE,
	GUARD_EXCLUDED_INBOUND_PORTS,
	GUARD_EXCLUDED_OUTBOUND_PORTS,
	GUARD_EXCLUDED_OUTBOUND_RANGES,
	GUARD_EXCLUDED_INTERFACES,
	GUARD_REROUTED_INTERFACES,
	GUARD_NARROWED_INBOUND_PORTS,
	GUARD_NARROWED_OUTBOUND_PORTS,
	GUARD_NARROWED_OUTBOUND_RANGES,
	GUARD_INTERCEPTION_MODE,
	GUARD_USER_VOLUMES,
	GUARD_BOOTSTRAP_OVERRIDE,
	GUARD_LOG_LEVEL,
	GUARD_CPU,
	GUARD_MEMORY,
	GUARD_RUN_AS_IDS,
	GUARD_CAPABILITIES,
	GUARD_TEMPLATES,
	GUARD_PROXY_CONFIG,
	GUARD_OWN_CONTAINERS,
	GUARD_HOST_NETWORK,
	GUARD_ANNOTATIONS,
	GUARD_USERS,
	GUARD_GROUPS,
	GUARD_KINDS,
};

struct globs {
	const struct str *glob;
	size_t len;
};

/* Which values of a kind a condition is about. */
struct guard_values {
	enum { VALUES_ANY, VALUES_ONE_OF, VALUES_ALL_BUT } mode;
	struct globs globs;
	bool digest;           /* proxyImage: one without a digest too */
	bool has_min, has_max; /* cpu, memory: what is below or above */
	int64_t min, max;      /* thousandths */
};

struct guard_condition {
	enum guard_kind kind;
	struct guard_values values;
};

/* Namespaces by name and by label: where both are given, both must hold. Empty globs: every name. */
struct guard_scope {
	struct globs namespaces, except;
	struct selectors selector; /* one, or none */
};

struct guard_rule {
	struct str name, message;
	enum guard_action action;
	struct guard_scope scope;
	const struct guard_condition *condition;
	size_t n_conditions;
	uint32_t kinds; /* bits of the conditions' kinds */
	size_t line;
	size_t number; /* from 0, over rules and requirements: for counters */
};

/* Lets rules pass for some pods until a day has ended, UTC. */
struct guard_exception {
	struct str name, reason;
	struct globs rules, namespaces, pods, users;
	int64_t until; /* seconds since 1970: the first at which it no longer counts */
	size_t line;
};

struct guard {
	atomic_size_t refs;
	struct arena arena; /* everything below */
	const struct guard_rule *rule;
	size_t n_rules;
	const struct guard_rule *requirement; /* for /require: in their namespaces a pod must have its sidecar;
						 proxyImage is their only kind */
	size_t n_requirements;
	const struct guard_exception *exception;
	size_t n_exceptions;
	enum guard_action strongest; /* of all rules */
	uint32_t kinds;              /* bits of all rules' kinds */
	atomic_ullong *counted; /* by rule->number, twice: pods that it fitted, and those that an exception let pass */
	const char **warning;   /* what loading found odd, with FILE:LINE */
	size_t n_warnings;
	char digest[SHA256_HEX + 1];
};

/* What is known when a guard is loaded: for warnings only. */
struct guard_known {
	const struct namespace_facts *namespaces; /* none: not known, globs are not checked */
	size_t n_namespaces;
	int64_t now; /* seconds since 1970; 0: expiry is not checked */
};

/*
 * text->text.p NULL: the embedded default, which audits everything dangerous and denies nothing. One reference, the
 * caller's. NULL with err: ERR_CONFIG, where = "FILE:LINE", with the remedy; ERR_NOMEM. Owns nothing of its arguments
 * afterwards.
 */
struct guard *guard_load(const struct named_text *text, const struct guard_known *known, struct err *err) MUST_CHECK;
struct guard *guard_ref(struct guard *g);
void guard_unref(struct guard *g); /* NULL is fine */
void guard_unrefp(struct guard **slot);

/* The embedded default (embedded_guard.c). */
extern const char embedded_guard[];

/* --- a pod before the guard --- */

/* Borrowed. */
struct guard_request {
	const struct inject_config *config;
	const struct value *pod;             /* raw, has passed schema_check() */
	struct str namespace;                /* the pod's own or the request's */
	const struct namespace_facts *facts; /* of that namespace; NULL: not known */
	const struct value
		*user_info; /* raw userInfo of the request; NULL: nobody is named, rules about users do not fit */
	int64_t now;        /* seconds since 1970 */
};

enum guard_place {
	GUARD_AT_LABEL,
	GUARD_AT_ANNOTATION,
	GUARD_AT_PROXY_CONFIG,
	GUARD_AT_CONTAINER,
	GUARD_AT_INIT_CONTAINER,
	GUARD_AT_SPEC,
	GUARD_AT_USER
};

/* One thing that a pod asks for. Texts are borrowed from the pod, and as hostile. */
struct guard_ask {
	enum guard_kind kind;
	enum guard_place place;
	struct str at; /* key of the label or annotation, path in proxy.istio.io/config, name of the container, field of
			  the spec */
	struct str value;
	int64_t amount;  /* cpu, memory: thousandths */
	bool unreadable; /* its content is not known: fits whatever is asked of it */
	bool strip;      /* a rule takes it out */
};

struct guard_hit {
	const struct guard_rule *rule;
	const struct guard_exception *exception; /* NULL; else the rule was let pass */
	const struct guard_ask *ask;             /* the first thing found; NULL for a requirement */
};

struct guard_verdict {
	enum guard_action action; /* the strongest of the hits that no exception let pass */
	const struct guard_hit *hit;
	size_t n_hits;
	const struct value *
		stripped; /* raw: the pod without what rules took out; NULL where nothing was, and where it is denied */
	size_t n_unknown; /* rules that could not be told to fit, for want of the namespace's labels */
};

/* Everything in `a`. -1: ERR_LIMIT where a pod asks for more than LIMIT_GUARD_ASKS things and a rule may strip or deny;
 * where none may, the first are judged; ERR_NOMEM. */
int guard_judge(const struct guard *g, struct arena *a, const struct guard_request *r, struct guard_verdict *ret,
	struct err *err) MUST_CHECK;

/*
 * r->pod without the annotations that the hits of v are about, whatever their action: injected, it tells which of them
 * injection itself would write. r->pod itself where there are none; NULL with err set.
 */
const struct value *guard_without_annotations(const struct guard_verdict *v, struct arena *a,
	const struct guard_request *r, uint32_t kinds, struct err *err) MUST_CHECK;

/* Counts what came of a request, once. */
void guard_count(const struct guard *g, const struct guard_verdict *v);
unsigned long long guard_counted(const struct guard *g, const struct guard_rule *rule, bool excepted);

/* The hit that decided; NULL where the action is NONE. */
const struct guard_hit *guard_deciding(const struct guard_verdict *v);
/* "annotation sidecar.istio.io/logLevel is 'debug'"; cut and safe to print. NULL without memory. */
const char *guard_ask_text(struct arena *a, const struct guard_ask *ask) MUST_CHECK;
/* "guard rule 'x' forbids this: MESSAGE (annotation ... is '...')". NULL without memory. */
const char *guard_denial(struct arena *a, const struct guard_hit *hit) MUST_CHECK;
/* "deny: a; strip: b, c; audit: d; excepted: e (name)": rules by action, strongest first; "none". p NULL without
 * memory. */
struct str guard_summary(struct arena *a, const struct guard_verdict *v) MUST_CHECK;

#endif
