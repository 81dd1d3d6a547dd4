/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnosis of a cluster: the parts, one after another. */
#include "webhook/check/check.h"

#include "webhook/check/ask.h"

static const struct {
	const char *name; /* for people who wait */
	int (*run)(struct check *c, struct err *err);
} parts[] = {
	{"the API server", check_api},
	{"our Deployment", check_installation},
	{"the ConfigMaps", check_configuration},
	{"service-account tokens", check_tokens},
	{"istiod's settings", check_settings},
	{"webhook configurations", check_webhooks},
	{"certificates", check_certificates},
	{"the Service", check_service},
	{"rights", check_rights},
	{"namespaces", check_namespaces},
	{"nodes", check_nodes},
	{"pods", check_pods},
};

int check_cluster(const struct check_source *source, const struct check_options *options, struct check_findings *ret,
	struct err *err)
{
	struct check c = {.source = source, .options = options, .a = ret->a, .found = ret};
	int status = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts) && status == 0; i++) {
		if (source->progress)
			source->progress(source->context, parts[i].name);
		status = parts[i].run(&c, err);
	}
	inject_config_free(c.config);
	return status < 0 ? -1 : ret->failed ? err_nomem(err) : 0;
}
