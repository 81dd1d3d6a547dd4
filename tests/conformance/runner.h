/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance runner: groups of recorded cases, each run against this tree's own code. */
#ifndef TESTS_CONFORMANCE_RUNNER_H
#define TESTS_CONFORMANCE_RUNNER_H

#include "patches/inject.h"
#include "patches/value/value.h"

enum { MAX_GROUPS = 64 };

struct group {
	char name[320];
	size_t passed, failed, excepted;
	size_t undecidable; /* properties: another original calls for the other answer, and was shown to */
};

struct runner {
	const char *root;       /* of the data */
	const char *only_group, *only_case;
	size_t every;           /* of the random pods are subject to properties */
	size_t differences;     /* to print per case */
	struct group group[MAX_GROUPS];
	size_t n_groups;
	struct str exceptions;  /* text of exceptions.txt */
};

struct group *runner_group(struct runner *r, const char *name);
bool runner_wants(const struct runner *r, const char *group, const char *id);
/* Counts the case, and says so on standard output where it failed; why may be NULL. */
void runner_passed(struct runner *r, struct group *g);
/* Returns whether differences should be printed: false for a listed exception. */
bool runner_failed(struct runner *r, struct group *g, const char *id, const char *why);

/* A whole file, NUL-terminated, in the arena; p NULL where it cannot be read. */
struct str read_file(struct arena *a, const char *path);

/* --- settings.c: configurations are loaded once for each combination -------------------------------------------- */

/* env: raw map as in case.json, or NULL; objects: manifests of nodes and namespaces. NULL with a line on standard output. */
const struct inject_config *settings_config(struct runner *r, const char *folder, struct str id, const struct value *env,
	struct str objects, struct str revision, const char *release);
void settings_release(void);

/* --- groups ------------------------------------------------------------------------------------------------------ */

void run_cases(struct runner *r, const char *folder);      /* FOLDER/cases */
void run_offline(struct runner *r, const char *folder);    /* the same, whole files */
/* release: as --istio-version; "": as the configuration says. */
void run_pods(struct runner *r, const char *folder, const char *file, const char *group, const char *release);
void run_templates(struct runner *r);
void run_properties(struct runner *r, const char *folder); /* of FOLDER/random/pods.jsonl */
void run_uninject(struct runner *r, const char *folder);   /* the same */

/* The one node of the cluster in which the random pods were recorded. */
#define RANDOM_NODES "kind: Node\nmetadata: {name: node-1}\nstatus: {nodeInfo: {kubeletVersion: v1.34.0}}\n"

/* One webhook request and what is expected of it: {"code","allowed","message","object"}. */
void check_request(struct runner *r, struct group *g, const char *id, struct arena *a, const struct inject_config *c,
	const struct value *review, struct str url_path, const struct value *expect);

/* "[{kind: Node...}]" as YAML for a list of {name, kubeletVersion}, with the namespaces that the OpenShift cases need. */
struct str cluster_manifests(struct arena *a, const struct value *nodes, bool openshift);

#endif
