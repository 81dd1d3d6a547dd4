/* SPDX-License-Identifier: Apache-2.0 */
/* The values: what injection itself reads of them, and whether they and the templates are of one release. */
#include "patches/config/checking.h"

static struct place path_place(struct checking *c, const char *path)
{
	return source_path_place(&c->values, c->a, path);
}

static const struct value *value_at(const struct checking *c, const char *path)
{
	const struct value *v = c->values.value;
	struct str rest = str_of(path);

	while (rest.p && v) {
		const struct str key = str_cut(&rest, '.');

		v = v->kind == K_MAP ? map_get(v->u.map, key) : NULL;
	}
	return v && v->kind != K_NIL ? v : NULL;
}

/* --- kinds
 * --------------------------------------------------------------------------------------------------------------- */

static bool check_sections(struct checking *c)
{
	static const char *const sections[] = {"global", "sidecarInjectorWebhook"};
	const struct place top = source_place(&c->values, c->a, 1, 0);
	bool ok = c->values.value->kind == K_MAP;

	if (!ok)
		findings_add(c->f, FINDING_ERROR, &top, "give the key 'values' of the ConfigMap istio-sidecar-injector",
			"the values must be a map");
	for (size_t i = 0; i < ARRAY_LEN(sections) && ok; i++) {
		const struct value *v = value_at(c, sections[i]);
		const struct place place = path_place(c, sections[i]);

		if (v && v->kind != K_MAP)
			findings_add(c->f, FINDING_ERROR, &place, "write a map", "%s is of another kind", sections[i]);
	}
	return ok;
}

/* From 1.8 on a wrong kind is refused. */
static void check_kinds(struct checking *c)
{
	for (size_t i = 0; c->release_known && i < value_types(c->release); i++) {
		const char *want;
		struct str path;

		if (value_type_mistake(c->values.value, i, &path, &want)) {
			const char *shown = findings_text(c->f, "%.*s", (int)path.len, path.p);
			const struct place place = path_place(c, shown);

			findings_add(c->f, FINDING_ERROR, &place, findings_text(c->f, "write %s", want),
				"%s is of another kind", shown);
		}
	}
}

/*
 * Up to 1.7 templates take text as they take a boolean: the probes' switch is what they print. One switch of 1.7 is
 * read past them too, and text counts as false there.
 */
static void check_hold(struct checking *c)
{
	static const char path[] = "global.proxy.holdApplicationUntilProxyStarts";
	const struct value *v = value_at(c, path);
	const struct place place = path_place(c, path);

	if (c->release_known && c->release == RELEASE_1_7 && v && v->kind != K_BOOL)
		findings_add(c->f, FINDING_WARNING, &place, "write true or false, without quotes",
			"%s is no boolean and counts as false in the order of containers", path);
}

static void check_jwt_policy(struct checking *c)
{
	static const char path[] = "global.jwtPolicy";
	const struct value *v = value_at(c, path);
	const struct place place = path_place(c, path);
	const struct str text = v && v->kind == K_STRING ? v->u.s : STR("");

	if (v && v->kind == K_STRING && !str_is(text, "third-party-jwt") && !str_is(text, "first-party-jwt"))
		findings_add(c->f, FINDING_WARNING, &place, "write third-party-jwt or first-party-jwt",
			"%s is '%.*s', which is no token mode", path, check_shown(text), text.p);
}

/* --- one release
 * --------------------------------------------------------------------------------------------------------- */

/* Words of the charts' sidecar template and the release that brought them; none is likely to be added by hand. */
static const struct {
	const char *text;
	int minor;
} marks[] = {
	{".ProxyInitImage", 31},
	{"otelResourceAttributes", 30},
	{"crlConfigMapName", 29},
	{".NativeSidecars", 27},
	{"ENABLE_CLUSTER_TRUST_BUNDLE_API", 26},
	{"reroute-virtual-interfaces", 25},
	{"sidecar.istio.io/nativeSidecar", 24},
	{"outlierLogPath", 23},
	{".InboundTrafficPolicyMode", 22},
	{".ProxyUID", 20},
	{"GOMEMLIMIT", 19},
	{".MeshConfig.ProxyInboundListenPort", 18},
	{"workload-socket", 14},
	{".ProxyImage", 13},
	{".MeshConfig.ProxyListenPort", 12},
};

enum { MARKS_NEEDED = 2 }; /* one may be somebody's own */

static void check_marks(struct checking *c, int minor)
{
	const struct str text = raw_str(raw_get(c->config.value, "templates"), "sidecar");
	const struct place place = path_place(c, "global.tag");
	const char *found[ARRAY_LEN(marks)];
	int newest = 0;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(marks) && text.p; i++) {
		if (marks[i].minor <= minor || str_find(text, str_of(marks[i].text)) == SIZE_MAX)
			continue;
		newest = newest ? newest : marks[i].minor;
		found[n++] = marks[i].text;
	}
	if (n >= MARKS_NEEDED)
		findings_add(c->f, FINDING_WARNING, &place, "take 'config' and 'values' from the same ConfigMap",
			"global.tag is of Istio 1.%d, but template 'sidecar' is of 1.%d or later: it has '%s' and '%s'",
			minor, newest, found[0], found[1]);
}

static void check_tag(struct checking *c)
{
	const struct value *tag = value_at(c, "global.tag");
	const struct place place = path_place(c, "global.tag");
	const int minor = tag && (tag->kind == K_STRING || tag->kind == K_NUMBER) ? istio_minor(tag->u.s) : -1;
	const bool overlays = c->release == RELEASE_HEAD;

	if (minor < 0 || !c->release_known || !c->config.value || c->config.value->kind != K_MAP)
		return;
	if ((minor >= 9) == overlays) {
		if (overlays)
			check_marks(c, minor);
		return;
	}
	findings_add(c->f, FINDING_WARNING, &place, "take 'config' and 'values' from the same ConfigMap",
		"global.tag is of Istio 1.%d, but the configuration has '%s' of %s", minor,
		overlays ? "templates:" : "template:", overlays ? "1.9 and later" : "1.8 and earlier");
}

void check_values(struct checking *c)
{
	if (!check_sections(c))
		return;
	check_kinds(c);
	check_hold(c);
	check_jwt_policy(c);
	check_tag(c);
}
