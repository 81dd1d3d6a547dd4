/* SPDX-License-Identifier: Apache-2.0 */
/* The Secret of our own CA, as the API has it and as rotation sees it. */
#include "webhook/cluster/ca_secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/limits.h"
#include "patches/value/json.h"

enum { DATE_MAX = 32 };

static const struct entry {
	const char *key;
	size_t offset; /* in struct rotation_secret */
} entries[] = {
	{"ca.crt", offsetof(struct rotation_secret, trust)},
	{"ca.key", offsetof(struct rotation_secret, ca_key)},
	{"next-ca.crt", offsetof(struct rotation_secret, next_cert)},
	{"next-ca.key", offsetof(struct rotation_secret, next_key)},
	{"tls.crt", offsetof(struct rotation_secret, tls_cert)},
	{"tls.key", offsetof(struct rotation_secret, tls_key)},
};

static struct str *text_of(struct rotation_secret *s, const struct entry *e)
{
	union {
		char *bytes;
		struct str *text;
	} p = {.bytes = (char *)s + e->offset};

	return p.text;
}

/* --- reading
 * ------------------------------------------------------------------------------------------------------------ */

static int64_t read_date(struct str text)
{
	char copy[DATE_MAX];
	struct tm tm = {0};
	const char *end;

	if (!text.p || text.len >= sizeof(copy))
		return 0;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return end && !*end ? (int64_t)timegm(&tm) : 0;
}

/* "DAY COUNT", days since 1970. */
static void read_writes(struct str text, struct rotation_secret *s)
{
	int64_t day, writes;

	if (!text.p || !parse_i64(str_cut(&text, ' '), &day) || !text.p || !parse_i64(text, &writes) || writes < 0)
		return;
	s->writes_day = day;
	s->writes = writes;
}

static int read_entry(
	struct arena *a, const struct value *data, const struct entry *e, struct rotation_secret *s, struct err *err)
{
	const struct str coded = raw_str(data, e->key);
	struct text out;

	text_init(&out, a, LIMIT_CONFIG_BYTES);
	if (!base64_decode(coded.p ? coded : STR(""), &out))
		text_clear(&out), text_adds(&out, "not base 64");
	if (text_check(&out, "the Secret", err) < 0)
		return -1;
	*text_of(s, e) = (struct str){out.data, out.len};
	return 0;
}

int ca_secret_read(
	struct arena *a, const struct value *object, bool *ret_ours, struct rotation_secret *ret, struct err *err)
{
	const struct value *meta = raw_get(object, "metadata"), *notes = raw_get(meta, "annotations");
	struct rotation_secret s = {.issued_until = read_date(raw_str(notes, CA_SECRET_ISSUED)),
		.old_until = read_date(raw_str(notes, CA_SECRET_OLD))};

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (read_entry(a, raw_get(object, "data"), &entries[i], &s, err) < 0)
			return -1;
	read_writes(raw_str(notes, CA_SECRET_WRITES), &s);
	*ret_ours = str_is(raw_str(raw_get(meta, "labels"), CA_SECRET_LABEL), CA_SECRET_LABEL_VALUE);
	*ret = s;
	return 0;
}

/* --- writing
 * ------------------------------------------------------------------------------------------------------------ */

static int set(struct arena *a, struct map *m, const char *key, const struct value *v)
{
	return v ? map_setc(a, m, key, v) : -1;
}

static int set_text(struct arena *a, struct map *m, const char *key, const char *text)
{
	return text ? set(a, m, key, value_cstr(a, text)) : -1;
}

/* A copy of a member that is a map, to be changed; empty where there is none. */
static struct map *member(struct arena *a, const struct value *of, const char *key, size_t more)
{
	const struct value *v = raw_get(of, key);

	return map_clone(a, v && v->kind == K_MAP ? v->u.map : NULL, more);
}

/* 0 takes it away: nothing is known. */
static int set_date(struct arena *a, struct map *m, const char *key, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	char date[DATE_MAX];
	struct tm tm;

	if (!seconds || !gmtime_r(&t, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm)) {
		(void)map_del(m, str_of(key));
		return 0;
	}
	return set_text(a, m, key, arena_printf(a, "%s", date));
}

static int set_entry(struct arena *a, struct map *m, const struct entry *e, struct rotation_secret *s)
{
	const struct str *text = text_of(s, e);
	struct text out;

	if (!text->len) {
		(void)map_del(m, str_of(e->key));
		return 0;
	}
	text_init(&out, a, LIMIT_CONFIG_BYTES);
	base64_encode(&out, *text);
	return out.failed ? -1 : set(a, m, e->key, value_str(a, (struct str){out.data, out.len}));
}

/* What others have put there, and a replacement that does not name it would take away. */
static int keep_members(struct arena *a, struct map *meta, const struct value *before)
{
	static const char *const members[] = {"ownerReferences", "finalizers"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const struct value *v = raw_get(before, members[i]);

		if (v && set(a, meta, members[i], v) < 0)
			return -1;
	}
	return 0;
}

static const struct value *metadata(struct arena *a, const char *namespace, const char *name,
	const struct rotation_secret *s, const struct value *old)
{
	const struct value *before = raw_get(old, "metadata");
	struct map *meta = map_new(a, 7), *labels = member(a, before, "labels", 1),
		   *notes = member(a, before, "annotations", 3);
	const struct str version = raw_str(before, "resourceVersion");

	if (!meta || !labels || !notes || set_text(a, meta, "name", name) < 0 ||
		set_text(a, meta, "namespace", namespace) < 0 ||
		(version.p && set(a, meta, "resourceVersion", value_str(a, version)) < 0) ||
		set_text(a, labels, CA_SECRET_LABEL, CA_SECRET_LABEL_VALUE) < 0 ||
		set_date(a, notes, CA_SECRET_ISSUED, s->issued_until) < 0 ||
		set_date(a, notes, CA_SECRET_OLD, s->old_until) < 0 ||
		set_text(a, notes, CA_SECRET_WRITES,
			arena_printf(a, "%" PRId64 " %" PRId64, s->writes_day, s->writes)) < 0 ||
		set(a, meta, "labels", value_map(a, labels)) < 0 ||
		set(a, meta, "annotations", value_map(a, notes)) < 0 || keep_members(a, meta, before) < 0)
		return NULL;
	return value_map(a, meta);
}

static const struct value *data(struct arena *a, const struct rotation_secret *s, const struct value *old)
{
	struct map *m = member(a, old, "data", ARRAY_LEN(entries));
	struct rotation_secret copy = *s;

	for (size_t i = 0; m && i < ARRAY_LEN(entries); i++)
		if (set_entry(a, m, &entries[i], &copy) < 0)
			return NULL;
	return m ? value_map(a, m) : NULL;
}

int ca_secret_write(struct arena *a, const char *namespace, const char *name, const struct rotation_secret *s,
	const struct value *old, struct text *out, struct err *err)
{
	struct map *m = map_new(a, 5);
	const struct str type = raw_str(old, "type");

	if (!m || set_text(a, m, "apiVersion", "v1") < 0 || set_text(a, m, "kind", "Secret") < 0 ||
		set(a, m, "metadata", metadata(a, namespace, name, s, old)) < 0 ||
		set(a, m, "data", data(a, s, old)) < 0 ||
		set(a, m, "type", value_str(a, type.p ? type : STR("Opaque"))) < 0)
		return err_nomem(err);
	json_write(out, value_map(a, m), 0);
	return text_check(out, "the Secret", err);
}
