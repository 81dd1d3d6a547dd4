/* SPDX-License-Identifier: Apache-2.0 */
/* The pod that was injected, looked for: a candidate is injected, and changed where something else comes out than what
 * came. */
#ifndef PATCHES_UNINJECT_SEARCH_H
#define PATCHES_UNINJECT_SEARCH_H

#include "patches/inject.h"
#include "patches/pod/restore.h"

/* The lists that a pod may share with the templates, by name. */
enum { SHARED_VOLUMES, SHARED_SECRETS, SHARED_LISTS };
extern const char *const shared_list_key[SHARED_LISTS];

/* What is open in the pod that is looked for. All maps are the candidate's own. */
struct candidate {
	struct map *annotations, *labels;
	struct map *spec; /* members of spec but for containers and the shared lists */
	struct map *
		kept[SHARED_LISTS]; /* by name, what stays though the status lists it: as it was before it was merged */
	bool proxy_in_init; /* a proxy of the pod's own stays an init container, else it is put among the containers */
};

enum agreement {
	AGREES_NOT,
	AGREES_BUT_ADDED, /* but for the containers, volumes and pull secrets that injection adds */
	AGREES,
};

struct search {
	const struct inject_config *config; /* NULL: nothing to ask */
	struct arena *a;
	const struct inject_request *req; /* of the injected pod */
	const struct injection_record *record;
	const struct restored *restored;
	struct candidate candidate;
	enum agreement agreement;
	const char *differs; /* JSON Pointer of the first difference, where it agrees not */
};

/* Fills candidate, agreement and differs. The rest is the caller's. ERR_NOMEM. */
int search_run(struct search *s, struct err *err) MUST_CHECK;

/* NULL when out of memory. */
const struct value *candidate_pod(const struct search *s, const struct candidate *c, struct err *err) MUST_CHECK;

/* Whether the key of spec is containers, initContainers or a shared list. */
bool is_list_member(struct str key);

/* Whether the status annotation lists the name under that key. */
bool status_lists(const struct injection_record *record, const char *key, struct str name);

#endif
