/* SPDX-License-Identifier: Apache-2.0 */
/* The workload that a pod belongs to, as far as the pod itself tells. */
#include "patches/pod/owner.h"

enum { CRON_DIGITS_MIN = 8, CRON_DIGITS_MAX = 10, OLD_CRON_SUFFIX = 11 };

const struct value *owner_reference(const struct value *pod)
{
	const struct value *refs = raw_get(raw_get(pod, "metadata"), "ownerReferences");

	for (size_t i = 0; refs && refs->kind == K_LIST && i < refs->u.list.len; i++)
		if (raw_bool(refs->u.list.item[i], "controller"))
			return refs->u.list.item[i];
	return NULL;
}

static bool ends_with(struct str s, struct str suffix)
{
	return suffix.len && s.len >= suffix.len && str_eq((struct str){s.p + s.len - suffix.len, suffix.len}, suffix);
}

/* NAME-HASH without its "-HASH"; NAME as it is where there is no dash before the hash. */
static struct str without_hash(struct str name, struct str hash)
{
	if (name.len > hash.len && name.p[name.len - hash.len - 1] == '-')
		name.len -= hash.len + 1;
	return name;
}

/* (.+)-\d{8,10}$ : the part before the dash, or {NULL, 0}. */
static struct str cron_job_name(struct str job)
{
	size_t digits = 0;

	while (digits < job.len && job.p[job.len - 1 - digits] >= '0' && job.p[job.len - 1 - digits] <= '9')
		digits++;
	if (digits < CRON_DIGITS_MIN || digits > CRON_DIGITS_MAX || job.len < digits + 2 || job.p[job.len - digits - 1] != '-')
		return (struct str){NULL, 0};
	return (struct str){job.p, job.len - digits - 1};
}

static void from_controller(struct workload *w, const struct value *ref, const struct value *labels)
{
	const struct str name = raw_str(ref, "name"), hash = raw_str(labels, "pod-template-hash"),
			 rollout = raw_str(labels, "rollouts-pod-template-hash"), config = raw_str(labels, "deploymentconfig");

	w->name = name;
	w->kind = raw_str(ref, "kind");
	w->api_version = raw_str(ref, "apiVersion");
	if (str_is(w->kind, "ReplicaSet") && ends_with(name, hash)) {
		w->name = without_hash(name, hash);
		w->kind = STR("Deployment");
	} else if (str_is(w->kind, "ReplicaSet") && ends_with(name, rollout)) {
		w->name = without_hash(name, rollout);
		w->kind = STR("Rollout");
		w->api_version = STR("v1alpha1");
	} else if (str_is(w->kind, "ReplicationController") && config.len) {
		w->name = config;
		w->kind = STR("DeploymentConfig");
	} else if (str_is(w->kind, "Job") && cron_job_name(name).p) {
		w->name = cron_job_name(name);
		w->kind = STR("CronJob");
		w->api_version = STR("batch/v1");
	}
}

struct workload owner_of_pod(const struct value *pod, struct str namespace)
{
	const struct value *meta = raw_get(pod, "metadata"), *ref = owner_reference(pod);
	struct workload w = {.name = raw_str(meta, "name"), .namespace = namespace, .kind = STR("Pod"), .api_version = STR("v1")};

	if (raw_str(meta, "generateName").len && ref)
		from_controller(&w, ref, raw_get(meta, "labels"));
	if (!w.name.len)
		w.name = raw_str(meta, "name");
	return w;
}

/* NAME-TEN_CHARACTERS that read as a number (a sign is one, too). */
static bool is_old_cron_job(struct str job)
{
	int64_t n;

	return job.len > OLD_CRON_SUFFIX && job.p[job.len - OLD_CRON_SUFFIX] == '-' &&
	       parse_i64((struct str){job.p + job.len - OLD_CRON_SUFFIX + 1, OLD_CRON_SUFFIX - 1}, &n);
}

struct workload owner_up_to_1_8(const struct value *pod, struct str namespace, bool cron_jobs, bool empty_hash)
{
	const struct value *meta = raw_get(pod, "metadata"), *ref = owner_reference(pod);
	const struct str hash = raw_str(raw_get(meta, "labels"), "pod-template-hash");
	struct workload w = {.name = raw_str(meta, "name"), .namespace = namespace, .kind = STR("Pod"), .api_version = STR("v1")};

	if (!raw_str(meta, "generateName").len || !ref)
		return w;
	w.name = raw_str(ref, "name");
	w.kind = raw_str(ref, "kind");
	w.api_version = raw_str(ref, "apiVersion");
	if (str_is(w.kind, "ReplicaSet") && (hash.len ? ends_with(w.name, hash) : empty_hash)) {
		w.name = without_hash(w.name, hash);
		w.kind = STR("Deployment");
	} else if (cron_jobs && str_is(w.kind, "Job") && is_old_cron_job(w.name)) {
		w.name.len -= OLD_CRON_SUFFIX;
		w.kind = STR("CronJob");
		w.api_version = STR("batch/v1beta1");
	}
	if (!w.name.len)
		w.name = raw_str(meta, "name");
	return w;
}
