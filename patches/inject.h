/* SPDX-License-Identifier: Apache-2.0 */
/* One pod in, one JSON Patch and its reason out: the whole of injection, without any I/O. */
#ifndef PATCHES_INJECT_H
#define PATCHES_INJECT_H

#include "patches/config/config.h"
#include "patches/reason.h"
#include "patches/value/value.h"

/* What the offline commands know of the workload whose pod template they inject. */
struct workload {
	struct str name, namespace, kind, api_version; /* of the workload itself */
};

struct decide_trace; /* patches/decide.h */

struct inject_request {
	const struct value *pod;        /* raw, from json_parse(JSON_FROM_POD) or yaml_parse(YAML_FROM_POD) */
	const struct value *original;   /* the pod as it came, where `pod` is what a guard has left of it; NULL: the same */
	struct str pod_json;            /* the original's JSON text, byte for byte; p NULL: written anew for the proof */
	struct str namespace;           /* of the request; used where the pod names none */
	struct str url_path;            /* "/inject/cluster/c1/net/n1" */
	const struct workload *workload; /* offline: the owner; NULL in the webhook */
	struct decide_trace *trace;      /* filled with what each rule found; NULL where nobody asks */
	struct time_check time;          /* of the templates' runs */
};

enum { INJECT_MAX_WARNINGS = 8 };

struct inject_result {
	enum reason reason;
	bool injected;                   /* a patch is there (it may be empty: "[]") */
	struct str patch;                /* JSON bytes of the JSON Patch from the original; proven. p NULL: none, the pod is left as it came */
	const struct value *pod;         /* raw: the pod as the patch makes it */
	struct str pod_json;             /* the same as JSON text, where a patch was proven with it; p NULL: none was */
	const struct value *asked_pod;   /* raw: what was injected: the pod, or what it was before it was injected already */
	struct str templates;            /* names of the templates used, joined by "," */
	struct str asked;                /* the same before aliases are resolved */
	bool asked_by_pod;               /* by its annotation inject.istio.io/templates */
	bool native;                     /* the proxy is to be a native sidecar, unless the pod says otherwise */
	const char *warning[INJECT_MAX_WARNINGS]; /* for people, at most 120 characters each */
	size_t n_warnings;
};

/*
 * Everything returned lives in `a` or in the configuration. 0: decided, injected or left alone, see ret->reason. -1: refused;
 * ret->reason says why by code, err in words (Istio's words where Istio has some). The reason is set in both cases.
 */
int inject_pod(const struct inject_config *c, struct arena *a, const struct inject_request *req, struct inject_result *ret,
	struct err *err) MUST_CHECK;

/*
 * Whether the pod is to be injected, and why. namespace: the pod's own or the request's. selectors and policy of the
 * configuration count only in the webhook (offline: everything that does not say no is injected, as kube-inject does).
 */
enum reason decide(const struct inject_config *c, const struct value *pod, struct str namespace, bool offline);

#endif
