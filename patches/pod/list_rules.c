/* SPDX-License-Identifier: Apache-2.0 */
/* Istio 1.5 to 1.8, column by column. */
#include "patches/pod/list_rules.h"

static const struct list_rules table[] = {
	[RELEASE_1_5] = {
		.data = &go_ptr_template_data_1_5, .kubernetes = 17, .empty_hash = true, .probe_port_in_args = true,
		.empty_probers = true, .fs_group_by_mesh = true, .own_offline = true,
	},
	[RELEASE_1_6] = {
		.data = &go_ptr_template_data_1_6, .kubernetes = 18, .cron_jobs = true, .cron_jobs_since = 10, .proxy_config_since = 1, .empty_hash = true, .proxy_config = true,
		.validation_first = true, .empty_probers = true, .prometheus = true, .revision_label = true,
		.fs_group_by_mesh = true, .own_offline = true, .offline_secrets = true,
	},
	[RELEASE_1_7] = {
		.data = &go_ptr_template_data_1_7, .kubernetes = 18, .cron_jobs = true, .cron_jobs_since = 2, .empty_hash = true, .proxy_config = true,
		.validation_first = true, .hold_by_values = true, .startup_probes = true, .empty_probers = true,
		.prometheus = true, .revision_label = true, .fs_group_by_mesh = true, .own_offline = true,
		.offline_secrets = true, .offline_prometheus = true,
	},
	[RELEASE_1_8] = {
		.data = &go_ptr_template_data_1_8, .kubernetes = 19, .cron_jobs = true, .owner_in_pod_namespace = true,
		.proxy_config = true, .validation_first = true, .hold_by_values = true, .hold_by_proxy_config = true,
		.startup_probes = true, .prometheus = true, .revision_label = true, .cluster_by_values = true,
	},
};

const struct list_rules *list_rules(enum release release)
{
	return &table[release];
}
