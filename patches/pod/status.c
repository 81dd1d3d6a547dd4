/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what injection added: sidecar.istio.io/status. */
#include "patches/pod/status.h"

#include "base/limits.h"
#include "patches/value/json.h"

void status_add_names(struct text *t, const char *prefix, const struct value *const *item, size_t len)
{
	text_adds(t, prefix);
	if (!len)
		text_adds(t, "null");
	for (size_t i = 0; i < len; i++) {
		const struct str name = raw_str(item[i], "name");

		text_addc(t, i ? ',' : '[');
		json_write_string(t, name.p ? name : STR(""), JSON_ESCAPE_HTML);
	}
	if (len)
		text_addc(t, ']');
}

static void add_list(struct text *t, const struct value *overlay, const char *key)
{
	const struct value *l = raw_get(raw_get(overlay, "spec"), key);
	const bool is_list = l && l->kind == K_LIST;

	text_addf(t, "\"%s\":", key);
	status_add_names(t, "", is_list ? l->u.list.item : NULL, is_list ? l->u.list.len : 0);
}

struct str injection_status(struct arena *a, const struct value *overlay, struct str revision)
{
	static const char *const lists[] = {"initContainers", "containers", "volumes", "imagePullSecrets"};
	struct text t;

	text_init(&t, a, LIMIT_BODY_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		text_addc(&t, i ? ',' : '{');
		add_list(&t, overlay, lists[i]);
	}
	text_adds(&t, ",\"revision\":");
	json_write_string(&t, revision.len ? revision : STR("default"), JSON_ESCAPE_HTML);
	text_addc(&t, '}');
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}
