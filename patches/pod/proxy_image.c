/* SPDX-License-Identifier: Apache-2.0 */
/* The image of the proxy, put together from values, proxy configuration and annotation. */
#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/pod/names.h"
#include "patches/pod/template_data.h"

static bool is_known_type(struct str tag, struct str *ret_without)
{
	static const char *const suffixes[] = {"-distroless", "-debug"};

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (str_has_suffix(tag, suffixes[i])) {
			*ret_without = (struct str){tag.p, tag.len - str_of(suffixes[i]).len};
			return true;
		}
	}
	return false;
}

/* A tag that is a number in the values prints as Go prints a float64. */
static struct str tag_text(struct arena *a, const struct value *tag)
{
	struct text t;

	if (!tag || tag->kind != K_NUMBER)
		return tag && tag->kind == K_STRING ? tag->u.s : STR("");
	text_init(&t, a, 64);
	go_format_float(&t, raw_float(tag), 'g', -1, 64);
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}

static void add_tag(struct text *t, struct str tag, struct str type)
{
	if (type.len)
		(void)is_known_type(tag, &tag);
	text_add(t, tag.p, tag.len);
	if (type.len && !str_is(type, "default")) {
		text_addc(t, '-');
		text_add(t, type.p, type.len);
	}
}

struct str proxy_image(struct arena *a, const struct value *values, const char *image_key, struct str image_type,
	const struct value *annotations)
{
	const struct value *global = raw_get(values, "global");
	const struct str hub = raw_str(global, "hub"), image = raw_str(raw_get(global, image_key), "image");
	const struct str tag = tag_text(a, raw_get(global, "tag"));
	struct text t;

	if (!tag.p)
		return tag;
	if (!image_type.len)
		image_type = raw_str(global, "variant");
	if (raw_get(annotations, ANNOTATION_IMAGE_TYPE))
		image_type = raw_str(annotations, ANNOTATION_IMAGE_TYPE);
	text_init(&t, a, LIMIT_BODY_BYTES);
	text_add(&t, hub.p, hub.len);
	text_addc(&t, '/');
	if (image.len)
		text_add(&t, image.p, image.len);
	else
		text_adds(&t, "proxyv2");
	text_addc(&t, ':');
	add_tag(&t, tag, image_type);
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}
