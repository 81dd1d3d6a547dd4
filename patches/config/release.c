/* SPDX-License-Identifier: Apache-2.0 */
/* Which release a ConfigMap was made for, told by its own content (found by reading the charts of every release). */
#include "patches/config/config.h"

#include <stdio.h>
#include <string.h>

int istio_minor(struct str version)
{
	int minor = 0;
	size_t i;

	if (version.len && version.p[0] == 'v') {
		version.p++;
		version.len--;
	}
	if (!str_has_prefix(version, "1.") || version.len < 3 || version.p[2] < '0' || version.p[2] > '9')
		return -1;
	for (i = 2; i < version.len && i < 5 && version.p[i] >= '0' && version.p[i] <= '9'; i++)
		minor = minor * 10 + (version.p[i] - '0');
	return minor;
}

static enum release release_of_minor(int minor)
{
	if (minor <= 5)
		return RELEASE_1_5;
	return minor >= 9 ? RELEASE_HEAD : (enum release)(RELEASE_1_5 + (minor - 5));
}

/* What only templates of that release and later ones say. The first row that is found wins. */
static const struct {
	const char *evidence;
	enum release release;
} markers[] = {
	{"appendMultusNetwork", RELEASE_1_8},
	{".MeshConfig.TrustDomain", RELEASE_1_8},
	{"HoldApplicationUntilProxyStarts.GetValue", RELEASE_1_8},
	{"Concurrency.GetValue", RELEASE_1_7},
	{"holdApplicationUntilProxyStarts", RELEASE_1_7},
	{"includeOutboundPorts", RELEASE_1_7},
	{"PROXY_CONFIG", RELEASE_1_6},
};

static enum release release_of_text(struct str text, struct release_evidence *ret_evidence)
{
	for (size_t i = 0; i < ARRAY_LEN(markers); i++)
		if (str_find(text, str_of(markers[i].evidence)) != SIZE_MAX) {
			*ret_evidence = (struct release_evidence){TOLD_BY_MARKER, str_of(markers[i].evidence)};
			return markers[i].release;
		}
	*ret_evidence = (struct release_evidence){TOLD_BY_NOTHING, {NULL, 0}};
	return RELEASE_1_5;
}

/* values.global.tag may be a number in hand-written files. */
static struct str tag_of(const struct value *values)
{
	const struct value *tag = raw_path(values, "global", "tag", NULL);

	return tag && (tag->kind == K_STRING || tag->kind == K_NUMBER) ? tag->u.s : STR("");
}

int release_detect(const struct value *config, const struct value *values, struct str override, enum release *ret,
	struct release_evidence *ret_evidence, struct err *err)
{
	const struct value *templates = raw_get(config, "templates"), *old = raw_get(config, "template");
	const bool has_templates = templates && templates->kind == K_MAP && templates->u.map && templates->u.map->len;
	int minor = istio_minor(override);

	if (override.len && minor < 5)
		return err_set(err, ERR_CONFIG, "'%.*s' is no Istio release that is served, use 1.5 to 1.32",
			(int)(override.len < 32 ? override.len : 32), override.p);
	if (!has_templates && !(old && old->kind == K_STRING))
		return err_set(err, ERR_CONFIG,
			"neither 'templates:' (Istio 1.9 and later) nor 'template:' (Istio 1.5 to 1.8) is there: "
			"is this the key 'config' of the ConfigMap istio-sidecar-injector?");
	if (has_templates) {
		if (minor >= 0 && minor < 9)
			return err_set(err, ERR_CONFIG, "release 1.%d reads 'template:', but the file has 'templates:' of 1.9 and later", minor);
		*ret = RELEASE_HEAD;
		*ret_evidence = (struct release_evidence){TOLD_BY_TEMPLATES, tag_of(values)};
		return 0;
	}
	if (minor >= 9)
		return err_set(err, ERR_CONFIG, "release 1.%d reads 'templates:', but the file has only 'template:' of 1.8 and earlier", minor);
	*ret_evidence = (struct release_evidence){TOLD_BY_OPTION, override};
	if (minor < 0) {
		*ret_evidence = (struct release_evidence){TOLD_BY_TAG, tag_of(values)};
		minor = istio_minor(tag_of(values));
	}
	*ret = minor >= 5 && minor < 9 ? release_of_minor(minor) : release_of_text(old->u.s, ret_evidence);
	return 0;
}

/* The number behind the second point of "1.8.6-distroless"; -1 where there is none. */
static int patch_of(struct str version)
{
	int patch = 0;

	(void)str_cut(&version, '.');
	if (version.p)
		(void)str_cut(&version, '.');
	if (!version.p || !version.len || version.p[0] < '0' || version.p[0] > '9')
		return -1;
	for (size_t i = 0; i < version.len && i < 4 && version.p[i] >= '0' && version.p[i] <= '9'; i++)
		patch = patch * 10 + (version.p[i] - '0');
	return patch;
}

bool release_is_before(const struct release_evidence *told, int patch)
{
	const int own = (told->by == TOLD_BY_OPTION || told->by == TOLD_BY_TAG) && istio_minor(told->text) >= 0 ? patch_of(told->text) : -1;

	return own >= 0 && own < patch;
}
