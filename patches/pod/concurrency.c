/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads of the proxy as Istio 1.11 to 1.17 estimated them for their templates. */
#include "patches/pod/names.h"
#include "patches/pod/template_data.h"
#include "patches/schema/schema.h"

enum { DEFAULT_THREADS = 2, MILLI = 1000 };

/* Whole CPUs of a quantity, rounded up; -1 where it is none. */
static int64_t cpus(struct arena *a, const struct value *v)
{
	struct err ignored = {0};
	struct str canonical;
	int64_t milli;

	if (!v || (v->kind != K_STRING && v->kind != K_NUMBER) || quantity_canonical(a, v->u.s, &canonical, &milli, &ignored) < 0)
		return -1;
	return milli / MILLI + (milli % MILLI > 0);
}

int64_t estimated_concurrency(struct arena *a, const struct value *values, const struct value *proxy_config,
	const struct value *annotations)
{
	const struct value *concurrency = raw_get(proxy_config, "concurrency");
	const struct value *resources = raw_path(values, "global", "proxy", "resources", NULL);
	const struct value *sources[] = {raw_get(annotations, ANNOTATION_CPU_LIMIT), raw_get(annotations, ANNOTATION_CPU),
		raw_get(raw_get(resources, "limits"), "cpu"), raw_get(raw_get(resources, "requests"), "cpu")};
	int64_t n = 0;

	if (!concurrency)
		return DEFAULT_THREADS;
	if (raw_int(concurrency, &n) && n > 0)
		return n;
	/* The first source that is there counts, also where it cannot be read. */
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (!sources[i])
			continue;
		n = cpus(a, sources[i]);
		return n >= 0 ? n : DEFAULT_THREADS;
	}
	return DEFAULT_THREADS;
}
