/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `check` share: questions to the API, and what came of earlier ones. Nobody else includes this. */
#ifndef WEBHOOK_CHECK_ASK_H
#define WEBHOOK_CHECK_ASK_H

#include "webhook/check/check.h"
#include "webhook/check/sidecar.h"

enum { CHECK_ENTRIES_MAX = 256, CHECK_NAME_MAX = 253, CHECK_MESSAGE_MAX = 300 };

struct check {
	const struct check_source *source;
	const struct check_options *options;
	struct arena *a;
	struct check_findings *found;

	const struct value *ours;       /* the pods of our Deployment, raw; NULL where it cannot be read */
	const struct value *namespaces; /* raw list; NULL where it cannot be read */
	struct webhook_entry *entry;    /* those that are called for pods */
	size_t n_entries;
	struct inject_config *config; /* of the cluster's ConfigMaps; owned; NULL where they cannot be used */
	bool third_party;             /* the API issues tokens bound to an audience */
};

/* For "%.*s": what comes from the cluster, cut. */
#define SHOWN(s) (int)((s).len < CHECK_NAME_MAX ? (s).len : CHECK_NAME_MAX), (s).len ? (s).p : ""

/* A text in the arena; "" where there is no memory, which c->found->failed then says. */
const char *check_text(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * GET of one object, or POST where body.p is set. *ret is NULL where the answer is an error: *ret_status tells which. A
 * finding is made of anything but success and 404; what: what could not be read, and right: what allows it ("get
 * configmaps in istio-system").
 */
int check_ask(struct check *c, const char *path, struct str body, const char *what, const char *right, int *ret_status,
	const struct value **ret, struct err *err) MUST_CHECK;

/* What an answer that is no success says of itself: the message of its metav1.Status, else its text, cut. */
const char *check_said(struct check *c, const struct check_reply *reply);

/* Every item of a collection, page by page, each page forgotten after its items were seen. *ret_complete: all were. */
int check_each(struct check *c, const char *path, const char *what, const char *right,
	int (*visit)(struct check *c, void *context, const struct value *item, struct err *err), void *context,
	bool *ret_complete, struct err *err) MUST_CHECK;
/* The same, kept: a raw list; NULL where it cannot be read, of which a finding is made. */
int check_list(struct check *c, const char *path, const char *what, const char *right, const struct value **ret,
	struct err *err) MUST_CHECK;

/* Its labels; NULL where the namespace is not known. */
const struct map *check_labels_of(const struct check *c, struct str namespace);

/* Whether the command line of our Deployment has a flag ("--certs"). *ret: what stands behind its "=", p NULL where nothing does. */
bool check_flag(const struct check *c, const char *flag, struct str *ret);
/* The pods of a Deployment, raw; NULL where it does not exist or cannot be read. */
int check_deployment(struct check *c, struct str namespace, struct str name, const struct value **ret_pod_spec,
	struct err *err) MUST_CHECK;

/* The parts, in the order in which they run. Each returns -1 only where the rest has no sense either. */
int check_api(struct check *c, struct err *err) MUST_CHECK;
int check_installation(struct check *c, struct err *err) MUST_CHECK;
int check_rights(struct check *c, struct err *err) MUST_CHECK;
int check_configuration(struct check *c, struct err *err) MUST_CHECK;
int check_tokens(struct check *c, struct err *err) MUST_CHECK;
int check_settings(struct check *c, struct err *err) MUST_CHECK;
int check_webhooks(struct check *c, struct err *err) MUST_CHECK;
int check_certificates(struct check *c, struct err *err) MUST_CHECK;
int check_service(struct check *c, struct err *err) MUST_CHECK;
int check_namespaces(struct check *c, struct err *err) MUST_CHECK;
int check_nodes(struct check *c, struct err *err) MUST_CHECK;
int check_pods(struct check *c, struct err *err) MUST_CHECK;

#endif
