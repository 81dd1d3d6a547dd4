/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when the API is first spoken to: it brings some twenty libraries, 4 MiB resident and 3 ms, which
 * files mode and the offline commands do without.
 */
#ifndef WEBHOOK_CLUSTER_LIBCURL_H
#define WEBHOOK_CLUSTER_LIBCURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

/* The functions that are used, by their names without "curl_". */
#define LIBCURL_FUNCTIONS(X)                                                                                           \
	X(global_init)                                                                                                 \
	X(easy_init)                                                                                                   \
	X(easy_setopt)                                                                                                 \
	X(easy_getinfo)                                                                                                \
	X(easy_perform)                                                                                                \
	X(easy_reset)                                                                                                  \
	X(easy_cleanup)                                                                                                \
	X(easy_strerror)                                                                                               \
	X(slist_append)                                                                                                \
	X(slist_free_all)                                                                                              \
	X(multi_init)                                                                                                  \
	X(multi_setopt)                                                                                                \
	X(multi_add_handle)                                                                                            \
	X(multi_remove_handle)                                                                                         \
	X(multi_perform)                                                                                               \
	X(multi_poll)                                                                                                  \
	X(multi_wakeup)                                                                                                \
	X(multi_info_read)                                                                                             \
	X(multi_cleanup)                                                                                               \
	X(multi_strerror)

/* Pointers to them; good as long as the process lives. */
struct libcurl {
#define LIBCURL_MEMBER(name) __typeof__(&curl_##name) name;
	LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
};

/* Any thread, any number of times: it stays loaded. ERR_CONFIG where it is not installed, with the package to install.
 */
int libcurl_load(struct libcurl *ret, struct err *err) MUST_CHECK;

#endif
