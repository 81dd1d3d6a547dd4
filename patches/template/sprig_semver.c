/* SPDX-License-Identifier: Apache-2.0 */
/* semver and semverCompare, and the Go type that a template sees of a version. */
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/template/semver.h"

/* The fields hold what the methods of the same meaning return; their names are not exported, as in Go. */
static const struct go_field fields[] = {
	{.go_name = "major", .json_name = "major", .type = &go_uint64},
	{.go_name = "minor", .json_name = "minor", .type = &go_uint64},
	{.go_name = "patch", .json_name = "patch", .type = &go_uint64},
	{.go_name = "pre", .json_name = "pre", .type = &go_string},
	{.go_name = "metadata", .json_name = "metadata", .type = &go_string},
	{.go_name = "original", .json_name = "original", .type = &go_string},
	{.go_name = "text", .json_name = "Raw", .type = &go_string},
};

static const struct go_method methods[] = {
	{.name = "Compare", .kind = M_OTHER, .on_pointer = true},
	{.name = "Equal", .kind = M_OTHER, .on_pointer = true},
	{.name = "GreaterThan", .kind = M_OTHER, .on_pointer = true},
	{.name = "GreaterThanEqual", .kind = M_OTHER, .on_pointer = true},
	{.name = "IncMajor", .kind = M_OTHER},
	{.name = "IncMinor", .kind = M_OTHER},
	{.name = "IncPatch", .kind = M_OTHER},
	{.name = "LessThan", .kind = M_OTHER, .on_pointer = true},
	{.name = "LessThanEqual", .kind = M_OTHER, .on_pointer = true},
	{.name = "Major", .kind = M_GETTER, .result = &go_uint64, .field = &fields[0]},
	{.name = "Metadata", .kind = M_GETTER, .result = &go_string, .field = &fields[4]},
	{.name = "Minor", .kind = M_GETTER, .result = &go_uint64, .field = &fields[1]},
	{.name = "Original", .kind = M_GETTER, .result = &go_string, .field = &fields[5], .on_pointer = true},
	{.name = "Patch", .kind = M_GETTER, .result = &go_uint64, .field = &fields[2]},
	{.name = "Prerelease", .kind = M_GETTER, .result = &go_string, .field = &fields[3]},
	{.name = "SetMetadata", .kind = M_OTHER},
	{.name = "SetPrerelease", .kind = M_OTHER},
	{.name = "String", .kind = M_STRING, .result = &go_string, .field = &fields[6]},
};

const struct go_type go_semver = {
	/* In JSON a version is its text, which the member Raw holds. */
	.name = "semver.Version", .kind = GO_STRUCT, .special = GO_RAW_EXTENSION, .field = fields, .n_fields = ARRAY_LEN(fields), .method = methods,
	.n_methods = ARRAY_LEN(methods),
};
const struct go_type go_ptr_semver = {
	.name = "*semver.Version", .kind = GO_PTR, .elem = &go_semver, .method = methods, .n_methods = ARRAY_LEN(methods),
};

static int put_number(struct run *r, struct map *m, const char *name, uint64_t n, struct err *err)
{
	return dict_set(r, m, str_of(name), false, give_int(r, (int64_t)n, &go_uint64, err), err);
}

static int put_text(struct run *r, struct map *m, const char *name, struct str s, unsigned flags, struct err *err)
{
	struct value *v = value_new(r->arena, K_STRING, NULL);

	if (v) {
		v->u.s = s;
		v->flags = (uint8_t)flags;
	}
	return dict_set(r, m, str_of(name), false, v, err);
}

static struct str canonical(struct run *r, const struct semver *v)
{
	struct text t;

	out_init(r, &t);
	text_addu(&t, v->major);
	text_addc(&t, '.');
	text_addu(&t, v->minor);
	text_addc(&t, '.');
	text_addu(&t, v->patch);
	if (v->pre.len) {
		text_addc(&t, '-');
		text_add(&t, v->pre.p, v->pre.len);
	}
	if (v->metadata.len) {
		text_addc(&t, '+');
		text_add(&t, v->metadata.p, v->metadata.len);
	}
	return t.failed ? STR("") : (struct str){t.data, t.len};
}

CALL(sprig_semver)
{
	const unsigned pod = pod_flag(argc, argv);
	struct semver v;
	struct map *m;
	struct value *structure, *pointer;

	if (charge_bytes(r, argv[0]->u.s.len, err) < 0 || semver_parse(argv[0]->u.s, &v, err) < 0)
		return NULL;
	m = map_new(r->arena, ARRAY_LEN(fields));
	structure = value_new(r->arena, K_STRUCT, &go_semver);
	pointer = value_new(r->arena, K_PTR, &go_ptr_semver);
	if (!m || !structure || !pointer) {
		err_nomem(err);
		return NULL;
	}
	if (put_number(r, m, "major", v.major, err) < 0 || put_number(r, m, "minor", v.minor, err) < 0 ||
	    put_number(r, m, "patch", v.patch, err) < 0 || put_text(r, m, "pre", v.pre, pod, err) < 0 ||
	    put_text(r, m, "metadata", v.metadata, pod, err) < 0 || put_text(r, m, "original", argv[0]->u.s, pod, err) < 0 ||
	    put_text(r, m, "Raw", canonical(r, &v), pod, err) < 0)
		return NULL;
	structure->u.map = m;
	pointer->u.ptr = structure;
	return pointer;
}

CALL(sprig_semver_compare)
{
	static const struct semver zero = {.pre = {"", 0}, .metadata = {"", 0}};
	struct semver v = zero;
	bool good;

	/* The constraint's errors come before the version's. */
	if (charge_bytes(r, (argv[0]->u.s.len + argv[1]->u.s.len) * 4, err) < 0 ||
	    semver_check(r->arena, argv[0]->u.s, &zero, &good, err) < 0 || semver_parse(argv[1]->u.s, &v, err) < 0 ||
	    semver_check(r->arena, argv[0]->u.s, &v, &good, err) < 0)
		return NULL;
	return value_bool(good);
}
