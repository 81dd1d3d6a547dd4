/* SPDX-License-Identifier: Apache-2.0 */
/* An image by its whole name. Source: the reference grammar of github.com/distribution/reference, normalised names. */
#include <string.h>

#include "webhook/admission/guard_parts.h"

/* The part before the first slash is a host where it has a dot or a port, or is localhost. */
static bool names_host(struct str first)
{
	return memchr(first.p, '.', first.len) || memchr(first.p, ':', first.len) || str_is(first, "localhost");
}

struct str image_full_name(struct arena *a, struct str image)
{
	struct str rest = image;
	const struct str first = str_cut(&rest, '/');
	const char *prefix = !rest.p ? "docker.io/library/" : first.len && names_host(first) ? "" : "docker.io/";
	char *name;

	if (!image.len)
		return STR("");
	if (!*prefix)
		return image;
	name = arena_printf(a, "%s%.*s", prefix, (int)image.len, image.p);
	return (struct str){name, name ? strlen(name) : 0};
}
