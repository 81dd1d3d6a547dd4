/* SPDX-License-Identifier: Apache-2.0 */
/* Which decisions become an Event on the pod's owner, in which words, and does nothing of what the pod holds get into them? */
#include "webhook/admission/pod_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "webhook/admission/require.h"

#define OWNER(kind)                                                                                                    \
	"\"generateName\":\"web-\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"c\","  \
	"\"uid\":\"u-0\"},{\"apiVersion\":\"apps/v1\",\"kind\":\"" kind                                                \
	"\",\"name\":\"web-5d4f\",\"uid\":\"u-9\",\"controller\":true}]"
#define REVIEW(members, metadata, spec)                                                                                \
	"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u-1\","           \
	"\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},\"resource\":{\"group\":\"\",\"version\":"      \
	"\"v1\",\"resource\":\"pods\"},\"namespace\":\"shop\",\"operation\":\"CREATE\"," members                       \
	"\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{" metadata "},\"spec\":" spec "}}}"
#define SPEC      "{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}"
#define LABEL(l)  ",\"labels\":{\"sidecar.istio.io/inject\":\"" l "\"}"
#define ANNOTATION(k, v) ",\"annotations\":{\"" k "\":\"" v "\"}"
#define NO_LABEL_BUT_YES LABEL("false") ANNOTATION("sidecar.istio.io/inject", "true")
#define SECRET    "s3cr3t"

static const char rules[] =
	"rules:\n"
	"- name: no-debug\n"
	"  action: deny\n"
	"  message: debug logs hold tokens; take the annotation out\n"
	"  match:\n"
	"    logLevel: any\n"
	"require:\n"
	"- name: all-in\n"
	"  namespaces: [shop]\n"
	"  action: deny\n"
	"  message: every pod of shop is in the mesh\n";

static struct admission_policy policy;
static struct inject_config *config;
static struct guard *guard;

static int set_up(void **state UNUSED)
{
	const struct guard_known known = {0};
	const struct named_text text = {"guard.yaml", str_of(rules)};
	const struct config_texts texts = {0};
	const struct inject_options options = {.revision = STR("default")};
	struct err err = {0};

	config = inject_config_load(&texts, &options, &err);
	if (!config)
		fail_msg("%s: %s", err.where, err.what);
	policy.config = config;
	policy.guard = guard = guard_load(&text, &known, &err);
	if (!guard)
		fail_msg("%s: %s", err.where, err.what);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	inject_config_free(config);
	guard_unref(guard);
	return 0;
}

static const struct {
	const char *name, *body;
	bool require;
	const char *reason, *message; /* NULL: no Event */
} rows[] = {
	{"injected", REVIEW("", OWNER("ReplicaSet"), SPEC), false, NULL, NULL},
	{"left alone on purpose", REVIEW("", OWNER("ReplicaSet") LABEL("false"), SPEC), false, NULL, NULL},
	{"a mistake", REVIEW("", OWNER("ReplicaSet") NO_LABEL_BUT_YES, SPEC), false, "SidecarNotInjected",
		"not injected: label sidecar.istio.io/inject=false wins over the annotation 'true'; take one out"},
	{"a mistake on dry run", REVIEW("\"dryRun\":true,", OWNER("ReplicaSet") NO_LABEL_BUT_YES, SPEC), false, NULL,
		NULL},
	{"a mistake made by hand", REVIEW("", "\"name\":\"p\"" NO_LABEL_BUT_YES, SPEC), false, NULL, NULL},
	{"a mirror pod", REVIEW("", OWNER("Node") NO_LABEL_BUT_YES, SPEC), false, NULL, NULL},
	{"denied", REVIEW("", OWNER("ReplicaSet") ANNOTATION("sidecar.istio.io/logLevel", SECRET), SPEC), false,
		"GuardDenied",
		"pod refused by guard rule 'no-debug': debug logs hold tokens; take the annotation out"},
	{"denied on dry run",
		REVIEW("\"dryRun\":true,", OWNER("ReplicaSet") ANNOTATION("sidecar.istio.io/logLevel", "debug"), SPEC),
		false, NULL, NULL},
	{"a bad annotation", REVIEW("", OWNER("Job") ANNOTATION("status.sidecar.istio.io/port", SECRET), SPEC), false,
		"InjectionRefused",
		"pod refused: an annotation has an invalid value "
		"(/metadata/annotations/status.sidecar.istio.io~1port); correct it in the pod template"},
	{"an unknown template", REVIEW("", OWNER("Job") ANNOTATION("inject.istio.io/templates", SECRET), SPEC), false,
		"InjectionRefused",
		"pod refused: the pod asks for a template that the configuration does not have "
		"(/metadata/annotations/inject.istio.io~1templates); correct it in the pod template"},
	{"required", REVIEW("", OWNER("ReplicaSet"), SPEC), true, "SidecarMissing",
		"pod refused: requirement 'all-in': every pod of shop is in the mesh (it has no container "
		"istio-proxy: the injection webhook was not called for it: look at its selectors and failurePolicy)"},
	{"required on dry run", REVIEW("\"dryRun\":true,", OWNER("ReplicaSet"), SPEC), true, NULL, NULL},
	{"no pod", "{}", false, NULL, NULL},
};

static void check(size_t i)
{
	struct event_note n = {0};
	struct admission_outcome o;
	struct arena a;
	struct text out;

	arena_init(&a, 0);
	text_init(&out, &a, 1 << 20);
	if (rows[i].require)
		admission_require(&policy, &a, str_of(rows[i].body), &out, &o);
	else
		admission_handle(&policy, &a, str_of(rows[i].body), STR("/inject"), &out, &o);
	if (pod_event(&a, &o, &n) != (rows[i].reason != NULL))
		fail_msg("%s: %s", rows[i].name, rows[i].reason ? "no Event" : n.message.p);
	if (rows[i].reason) {
		char *message = arena_strndup(&a, n.message.p, n.message.len);

		assert_string_equal(message, rows[i].message);
		assert_string_equal(n.reason, rows[i].reason);
		assert_true(str_is(n.namespace, "shop"));
		assert_true(str_is(n.api_version, "apps/v1"));
		assert_true(str_is(n.name, "web-5d4f"));
		assert_true(str_is(n.uid, "u-9"));
	}
	arena_release(&a);
}

static void decisions_become_events(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(i);
}

/* The audit log is full: the answer is taken back, and that is what the owner is told. */
static void what_is_taken_back(void **state UNUSED)
{
	struct event_note n;
	struct admission_outcome o;
	struct arena a;
	struct text out;

	arena_init(&a, 0);
	text_init(&out, &a, 1 << 20);
	admission_handle(&policy, &a, str_of(rows[0].body), STR("/inject"), &out, &o);
	admission_unaudited(&a, "no space left on device", &out, &o);
	assert_true(pod_event(&a, &o, &n));
	assert_true(str_is(n.message, "pod refused: the decision could not be written to the audit log"));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_become_events),
		cmocka_unit_test(what_is_taken_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
