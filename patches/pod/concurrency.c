/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads of the proxy as Istio 1.11 to 1.17 estimated them for their templates. */
#include "patches/pod/names.h"
#include "patches/pod/template_data.h"
#include "patches/schema/schema.h"

enum { DEFAULT_THREADS = 2, MILLI = 1000 };

/*
 * Whole CPUs of a quantity, rounded up in the floating point that Istio rounded in: beyond 2^53 that shows. What does not fit 64 bits
 * in thousandths was 0 there. False where it is no quantity.
 */
static bool cpus(struct arena *a, const struct value *v, int64_t *ret)
{
	struct err ignored = {0};
	struct str canonical;
	int64_t milli;
	double exact;

	if (!v || (v->kind != K_STRING && v->kind != K_NUMBER) || quantity_canonical(a, v->u.s, &canonical, &milli, &ignored) < 0)
		return false;
	if (milli == INT64_MAX)
		milli = 0;
	exact = (double)milli / MILLI;
	*ret = (int64_t)exact;
	*ret += (double)*ret < exact;
	return true;
}

/* An annotation that is there counts, also where it cannot be read; of the values the first that can be. */
static int64_t from_resources(struct arena *a, const struct value *values, const struct value *annotations)
{
	const struct value *resources = raw_path(values, "global", "proxy", "resources", NULL);
	const struct value *limit = raw_get(annotations, ANNOTATION_CPU_LIMIT), *request = raw_get(annotations, ANNOTATION_CPU);
	int64_t n = 0;

	if (limit || request)
		return cpus(a, limit ? limit : request, &n) ? n : DEFAULT_THREADS;
	if (cpus(a, raw_get(raw_get(resources, "limits"), "cpu"), &n) || cpus(a, raw_get(raw_get(resources, "requests"), "cpu"), &n))
		return n;
	return DEFAULT_THREADS;
}

int64_t estimated_concurrency(struct arena *a, const struct value *values, const struct value *proxy_config,
	const struct value *annotations)
{
	const struct value *concurrency = raw_get(proxy_config, "concurrency");
	int64_t n = 0;

	if (!concurrency)
		return DEFAULT_THREADS;
	return raw_int(concurrency, &n) && n > 0 ? n : from_resources(a, values, annotations);
}
