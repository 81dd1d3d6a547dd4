/* SPDX-License-Identifier: Apache-2.0 */
/* Every outcome of a request by one code. */
#include "patches/reason.h"

static const struct reason_row rows[REASON_COUNT] = {
	[REASON_NONE] = {"none", RESULT_REFUSED, "no decision was taken"},
	[REASON_POLICY_ENABLED] = {"policy-enabled", RESULT_INJECTED, "the injection policy is 'enabled'"},
	[REASON_LABEL_TRUE] = {"label-true", RESULT_INJECTED, "the pod's label sidecar.istio.io/inject is 'true'"},
	[REASON_ANNOTATION_TRUE] = {"annotation-true", RESULT_INJECTED, "the pod's annotation sidecar.istio.io/inject asks for it"},
	[REASON_ALWAYS_SELECTOR] = {"always-selector", RESULT_INJECTED, "the pod's labels match alwaysInjectSelector"},
	[REASON_HOST_NETWORK] = {"host-network", RESULT_SKIPPED, "the pod uses the host's network, which a sidecar would redirect"},
	[REASON_SYSTEM_NAMESPACE] = {"system-namespace", RESULT_SKIPPED, "pods of this system namespace are never injected"},
	[REASON_LABEL_FALSE] = {"label-false", RESULT_SKIPPED, "the pod's label sidecar.istio.io/inject is 'false'"},
	[REASON_ANNOTATION_FALSE] = {"annotation-false", RESULT_SKIPPED, "the pod's annotation sidecar.istio.io/inject forbids it"},
	[REASON_NEVER_SELECTOR] = {"never-selector", RESULT_SKIPPED, "the pod's labels match neverInjectSelector"},
	[REASON_POLICY_DISABLED] = {"policy-disabled", RESULT_SKIPPED,
		"the injection policy is 'disabled' and the pod does not ask for injection"},
	[REASON_ALREADY_INJECTED] = {"already-injected", RESULT_SKIPPED, "the pod has an istio-proxy container already"},
	[REASON_NOT_A_POD] = {"not-a-pod", RESULT_SKIPPED, "the object is no Pod of the core API group"},
	[REASON_SUBRESOURCE] = {"subresource", RESULT_SKIPPED, "the request is for a subresource"},
	[REASON_NOT_CREATE] = {"not-create", RESULT_SKIPPED, "the operation is not CREATE"},
	[REASON_BAD_REVIEW] = {"bad-review", RESULT_REFUSED, "the AdmissionReview cannot be read"},
	[REASON_BAD_POD] = {"bad-pod", RESULT_REFUSED, "the pod cannot be read"},
	[REASON_BAD_ANNOTATION] = {"bad-annotation", RESULT_REFUSED, "an annotation has an invalid value"},
	[REASON_UNKNOWN_TEMPLATE] = {"unknown-template", RESULT_REFUSED, "the pod asks for a template that the configuration does not have"},
	[REASON_TEMPLATE_FAILED] = {"template-failed", RESULT_REFUSED, "the injection template failed"},
	[REASON_OVERLAY_FAILED] = {"overlay-failed", RESULT_REFUSED, "what the template rendered cannot be merged into the pod"},
	[REASON_OVERRIDES_FAILED] = {"overrides-failed", RESULT_REFUSED, "the pod's own proxy container cannot be applied"},
	[REASON_PASS_FAILED] = {"pass-failed", RESULT_REFUSED, "the injected pod cannot be completed"},
	[REASON_TOKEN_MODE] = {"token-mode", RESULT_REFUSED, "the service-account token that is allowed is not possible here"},
	[REASON_LIMIT] = {"limit", RESULT_REFUSED, "a limit was reached"},
	[REASON_PROOF_FAILED] = {"proof-failed", RESULT_REFUSED, "the patch could not be proven"},
	[REASON_NOT_AUDITED] = {"not-audited", RESULT_REFUSED, "the decision could not be written to the audit log"},
	[REASON_GUARD_DENIED] = {"guard-denied", RESULT_REFUSED, "a rule of the guard forbids the pod"},
	[REASON_INTERNAL] = {"internal", RESULT_REFUSED, "an internal error"},
	[REASON_SIDECAR_PRESENT] = {"sidecar-present", RESULT_SKIPPED, "the pod has its sidecar"},
	[REASON_SIDECAR_NOT_REQUIRED] = {"sidecar-not-required", RESULT_SKIPPED, "the pod needs no sidecar"},
	[REASON_SIDECAR_TOLERATED] = {"sidecar-tolerated", RESULT_SKIPPED, "the pod lacks its sidecar, which is not refused"},
	[REASON_SIDECAR_MISSING] = {"sidecar-missing", RESULT_REFUSED, "the pod lacks the sidecar that its namespace demands"},
};

const char *reason_result_name(enum reason_result result)
{
	static const char *const names[] = {
		[RESULT_INJECTED] = "injected", [RESULT_SKIPPED] = "skipped", [RESULT_REFUSED] = "refused"};

	return names[result];
}

const struct reason_row *reason_row(enum reason r)
{
	return &rows[(unsigned)r < REASON_COUNT ? r : REASON_NONE];
}
