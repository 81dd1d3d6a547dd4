/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injection of manifests without a cluster: every Pod and every pod template in a stream of documents. Source of the behaviour: Istio's
 * IntoResourceFile and IntoObject (pkg/kube/inject/inject.go), which `istioctl kube-inject` runs.
 */
#ifndef WEBHOOK_CLI_OFFLINE_H
#define WEBHOOK_CLI_OFFLINE_H

#include "patches/inject.h"
#include "webhook/cli/input.h"

/* A pod on its way through a stream of documents. */
struct offline_subject {
	const struct value *pod;         /* a Pod, or an object of the metadata and spec of a template */
	const struct workload *workload; /* whose it is; NULL: a Pod's own */
	struct str kind, namespace, name; /* of the object that holds it */
	const char *metadata, *spec;     /* JSON Pointers of its two parts in the document */
};

/* What is done to each pod in place of injection. */
struct offline_change {
	/* *ret: the subject's pod itself where nothing changes. */
	int (*run)(struct offline_change *change, struct arena *a, const struct offline_subject *subject, const struct value **ret,
		struct err *err);
	void *context;
	const char *file; /* set for run: where the document begins */
	size_t line;
};

struct offline_options {
	struct str namespace; /* of objects that name none; may be empty */
	bool json;            /* print objects as JSON; YAML otherwise */
	struct offline_change *change; /* NULL: injection */
	bool before;          /* what would be injected is only written as if it were: what an injected object compares with */
};

enum { OFFLINE_LIST_DEPTH = 8, OFFLINE_OUTPUT_MAX = 256 << 20 };
#define OFFLINE_ARENA_MAX ((size_t)2048 << 20)

/*
 * Appends the whole stream to `out`, behind what is there: injected objects printed anew, all other documents byte for byte (but for json: then all are printed
 * anew), "---" lines between them. notes: one line for each object that was left alone by decision. Errors name the document's line
 * (where = "NAME:LINE") and the object; what is in `out` is then of no use.
 */
int offline_inject(const struct inject_config *c, struct arena *a, const struct named_text *input, const struct offline_options *o,
	struct text *out, struct text *notes, struct err *err) MUST_CHECK;

/* One object, or a List and all in it. *ret is `object` itself where nothing changed. */
int offline_object(const struct inject_config *c, struct arena *a, const struct value *object, const struct offline_options *o,
	const struct value **ret, struct text *notes, struct err *err) MUST_CHECK;

/*
 * The pod that a workload's controller would create, from its template; a Pod itself. *ret is NULL where the object is no workload that is
 * injected. In contrast to injection offline, a CronJob's pods have the metadata of their own template.
 */
int offline_pod(struct arena *a, const struct value *object, const struct value **ret, struct err *err) MUST_CHECK;

/* Makes the ProxyConfigs that stand in the files known to their injection. namespace: of those that name none. */
int offline_proxy_configs(struct inject_config *c, const struct manifests *input, struct str namespace, struct err *err) MUST_CHECK;

/* The items of a List; NULL where it is none. */
const struct list *offline_items(const struct value *object);

#endif
