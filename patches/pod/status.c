/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what injection added: sidecar.istio.io/status. */
#include "patches/pod/status.h"

#include "base/limits.h"
#include "patches/value/json.h"

static void add_names(struct text *t, const struct value *overlay, const char *key)
{
	const struct value *l = raw_get(raw_get(overlay, "spec"), key);
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;

	text_addf(t, "\"%s\":", key);
	if (!len) {
		text_adds(t, "null");
		return;
	}
	for (size_t i = 0; i < len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		text_addc(t, i ? ',' : '[');
		json_write_string(t, name.p ? name : STR(""), JSON_ESCAPE_HTML);
	}
	text_addc(t, ']');
}

struct str injection_status(struct arena *a, const struct value *overlay, struct str revision)
{
	static const char *const lists[] = {"initContainers", "containers", "volumes", "imagePullSecrets"};
	struct text t;

	text_init(&t, a, LIMIT_BODY_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		text_addc(&t, i ? ',' : '{');
		add_names(&t, overlay, lists[i]);
	}
	text_adds(&t, ",\"revision\":");
	json_write_string(&t, revision.len ? revision : STR("default"), JSON_ESCAPE_HTML);
	text_addc(&t, '}');
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}
