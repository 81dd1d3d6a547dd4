/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, loaded when the API is first spoken to. */
#include "webhook/cluster/libcurl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* Debian's build with OpenSSL; its soname has been the same since 2006. */
#define LIBRARY "libcurl.so.4"

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define LIBCURL_ROW(name) {"curl_" #name, offsetof(struct libcurl, name)},
	LIBCURL_FUNCTIONS(LIBCURL_ROW)
#undef LIBCURL_ROW
};

static int missing(const char *what, struct err *err)
{
	return err_set(
		err, ERR_CONFIG, "the Kubernetes API needs %s (Debian's package libcurl4): %.200s", LIBRARY, what);
}

int libcurl_load(struct libcurl *ret, struct err *err)
{
	/* Never closed: threads and exit handlers of what it brings along stay valid. Each call gives the same library.
	 */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!library)
		return missing(dlerror(), err);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(library, functions[i].name);

		if (!f)
			return missing(dlerror(), err);
		memcpy((char *)ret + functions[i].offset, &f, sizeof(f));
	}
	if (ret->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return missing("it cannot be initialised", err);
	return 0;
}
