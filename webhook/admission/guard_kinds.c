/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod can ask for: one row a kind. Loading, README and `guard test` read it. */
#include "base/glob.h"
#include "webhook/admission/guard_parts.h"

const struct guard_kind_row guard_kinds[GUARD_KINDS] = {
	[GUARD_INJECTION] = {.name = "injection", .syntax = GUARD_SYNTAX_OFF, .strips = true},
	[GUARD_NEVER_SELECTOR] = {.name = "neverSelector", .syntax = GUARD_SYNTAX_ON},
	[GUARD_PROXY_IMAGE] = {.name = "proxyImage", .syntax = GUARD_SYNTAX_IMAGE, .strips = true},
	[GUARD_PROXY_IMAGE_TYPE] = {.name = "proxyImageType", .strips = true},
	[GUARD_EXCLUDED_INBOUND_PORTS] = {.name = "excludedInboundPorts", .strips = true},
	[GUARD_EXCLUDED_OUTBOUND_PORTS] = {.name = "excludedOutboundPorts", .strips = true},
	[GUARD_EXCLUDED_OUTBOUND_RANGES] = {.name = "excludedOutboundRanges", .strips = true},
	[GUARD_EXCLUDED_INTERFACES] = {.name = "excludedInterfaces", .strips = true},
	[GUARD_REROUTED_INTERFACES] = {.name = "reroutedInterfaces", .strips = true},
	[GUARD_NARROWED_INBOUND_PORTS] = {.name = "narrowedInboundPorts", .strips = true},
	[GUARD_NARROWED_OUTBOUND_PORTS] = {.name = "narrowedOutboundPorts", .strips = true},
	[GUARD_NARROWED_OUTBOUND_RANGES] = {.name = "narrowedOutboundRanges", .strips = true},
	[GUARD_INTERCEPTION_MODE] = {.name = "interceptionMode", .strips = true, .no_case = true},
	[GUARD_USER_VOLUMES] = {.name = "userVolumes", .strips = true, .no_case = true},
	[GUARD_BOOTSTRAP_OVERRIDE] = {.name = "bootstrapOverride", .syntax = GUARD_SYNTAX_ON, .strips = true},
	[GUARD_LOG_LEVEL] = {.name = "logLevel", .strips = true, .no_case = true},
	[GUARD_CPU] = {.name = "proxyCPU", .syntax = GUARD_SYNTAX_BOUND, .strips = true},
	[GUARD_MEMORY] = {.name = "proxyMemory", .syntax = GUARD_SYNTAX_BOUND, .strips = true},
	[GUARD_RUN_AS_IDS] = {.name = "runAsIds"},
	[GUARD_CAPABILITIES] = {.name = "capabilities", .no_case = true},
	[GUARD_TEMPLATES] = {.name = "templates", .strips = true},
	[GUARD_PROXY_CONFIG] = {.name = "proxyConfig", .strips = true},
	[GUARD_OWN_CONTAINERS] = {.name = "ownContainers", .strips = true},
	[GUARD_HOST_NETWORK] = {.name = "hostNetwork", .syntax = GUARD_SYNTAX_ON},
	[GUARD_ANNOTATIONS] = {.name = "annotations", .strips = true},
	[GUARD_USERS] = {.name = "users", .of_request = true},
	[GUARD_GROUPS] = {.name = "groups", .of_request = true},
};

const char *guard_action_name(enum guard_action action)
{
	static const char *const names[GUARD_ACTIONS] = {
		[GUARD_NONE] = "none",
		[GUARD_AUDIT] = "audit",
		[GUARD_WARN] = "warn",
		[GUARD_STRIP] = "strip",
		[GUARD_DENY] = "deny",
	};

	return names[action];
}

bool globs_match(const struct globs *g, struct str text, unsigned flags)
{
	for (size_t i = 0; i < g->len; i++)
		if (glob_match(g->glob[i], text, flags))
			return true;
	return false;
}

/* "IMAGE@sha256:" and 64 hexadecimal digits: nothing else pins an image. */
static bool has_digest(struct str image)
{
	const size_t at = str_find(image, STR("@sha256:"));
	struct str hex;

	if (at == SIZE_MAX)
		return false;
	hex = (struct str){image.p + at + 8, image.len - at - 8};
	for (size_t i = 0; i < hex.len; i++)
		if (!((hex.p[i] >= '0' && hex.p[i] <= '9') || (hex.p[i] >= 'a' && hex.p[i] <= 'f')))
			return false;
	return hex.len == SHA256_HEX;
}

/* All capabilities at once: whoever lists one means this too. */
static bool is_every_capability(const struct guard_ask *ask)
{
	return ask->kind == GUARD_CAPABILITIES && str_is(ask->value, "ALL");
}

bool guard_values_fit(const struct guard_condition *c, const struct guard_ask *ask)
{
	const struct guard_values *v = &c->values;
	const unsigned flags = guard_kinds[c->kind].no_case ? GLOB_NO_CASE : 0;

	if (ask->unreadable || v->mode == VALUES_ANY)
		return ask->unreadable || !(v->has_min || v->has_max) || (v->has_min && ask->amount < v->min) ||
		       (v->has_max && ask->amount > v->max);
	if (v->digest && !has_digest(ask->value))
		return true;
	if (v->mode == VALUES_ALL_BUT)
		return !globs_match(&v->globs, ask->value, flags);
	return is_every_capability(ask) || globs_match(&v->globs, ask->value, flags);
}
