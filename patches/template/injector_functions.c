/* SPDX-License-Identifier: Apache-2.0 */
/* The injector's own functions: texts, numbers of ports, annotations, networks. Source: Istio's pkg/kube/inject (template.go). */
#include <string.h>

#include "patches/mesh/duration.h"
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/value/json.h"

static const struct value *field(struct run *r, const struct value *structure, const char *name, struct err *err)
{
	const struct go_field *f = go_field_find(go_type_of(structure), str_of(name), NULL);
	const struct value *v = f ? schema_view_field(r->arena, structure, f) : &value_nil;

	if (!v)
		err_nomem(err);
	return v;
}

/* A protobuf duration in nanoseconds; what is too long for them stays at the end. */
static int nanoseconds(struct run *r, const struct value *duration, int64_t *ret, struct err *err)
{
	const struct value *seconds = field(r, duration, "Seconds", err), *nanos = seconds ? field(r, duration, "Nanos", err) : NULL;

	if (!nanos)
		return -1;
	if (__builtin_mul_overflow(seconds->u.i, (int64_t)1000000000, ret) || __builtin_add_overflow(*ret, nanos->u.i, ret))
		*ret = seconds->u.i < 0 ? INT64_MIN : INT64_MAX;
	return 0;
}

static const struct value *format_duration(struct run *r, const struct value *v, const char *none, struct err *err)
{
	struct text out;
	int64_t ns;

	if (is_nil(v) || v->kind != K_PTR || !v->u.ptr)
		return give_cstr(r, none, err);
	if (nanoseconds(r, v->u.ptr, &ns, err) < 0)
		return NULL;
	out_init(r, &out);
	duration_add_go(&out, ns);
	return run_str(r, &out, err);
}

CALL(injector_format_duration)
{
	return format_duration(r, argv[0], "0s", err);
}

CALL(injector_format_duration_old)
{
	return format_duration(r, argv[0], "1s", err);
}

CALL(injector_isset)
{
	return value_bool(map_find(argv[0]->u.map, argv[1]->u.s) != NULL);
}

/* A function that once did more. */
CALL(injector_same)
{
	return argv[0];
}

CALL(injector_annotation)
{
	const struct value *annotations = field(r, argv[0], "Annotations", err), *held;
	struct str text;
	struct value *v;

	if (!annotations)
		return NULL;
	held = map_get(annotations->u.map, argv[1]->u.s);
	if (held && held->kind == K_STRING)
		return value_flagged(r->arena, held, V_POD); /* what was given is the pod's, a default is the template's */
	if (is_nil(argv[2]))
		return give_cstr(r, "<nil>", err);
	if (strval(r, argv[2], &text, err) < 0 || charge_bytes(r, text.len, err) < 0)
		return NULL;
	v = value_new(r->arena, K_STRING, NULL);
	if (!v) {
		err_nomem(err);
		return NULL;
	}
	v->u.s = text;
	v->flags = (uint8_t)go_pod_flags(argv[2]);
	return v;
}

CALL(injector_value_or_default)
{
	return is_nil(argv[0]) || (is_go_string(argv[0]) && !argv[0]->u.s.len) ? argv[1] : argv[0];
}

CALL(injector_exclude_inbound_port)
{
	struct str port, rest = argv[1]->u.s;
	struct text out;

	if (is_nil(argv[0]))
		port = STR("<nil>");
	else if (strval(r, argv[0], &port, err) < 0)
		return NULL;
	port = str_trim_space(port);
	if (!port.len || str_is(port, "0"))
		return argv[1];
	if (charge_bytes(r, rest.len * 2, err) < 0)
		return NULL;
	out_init(r, &out);
	while (rest.p) {
		struct str one = str_cut(&rest, ',');

		if (str_eq(one, port))
			return argv[1];
		one = str_trim_space(one);
		if (!one.len)
			continue;
		text_add(&out, one.p, one.len);
		text_addc(&out, ',');
	}
	text_add(&out, port.p, port.len);
	return run_str(r, &out, err);
}

static int add_ports(struct run *r, struct text *out, const struct value *container, struct err *err)
{
	const struct value *ports = field(r, container, "Ports", err);

	for (size_t i = 0; ports && i < ports->u.list.len; i++) {
		const struct value *port = list_item(r, ports, i, err);
		const struct value *protocol = port ? field(r, port, "Protocol", err) : NULL;
		const struct value *number = protocol ? field(r, port, "ContainerPort", err) : NULL;

		if (!number || run_charge(r, 1, err) < 0)
			return -1;
		if (str_is(protocol->u.s, "UDP") || str_is(protocol->u.s, "SCTP"))
			continue;
		if (out->len)
			text_addc(out, ',');
		text_addi(out, number->u.i);
	}
	return ports ? 0 : -1;
}

/* The TCP ports of all containers, but of those with that name. */
static const struct value *container_ports(struct run *r, const struct value *containers, const char *but, struct err *err)
{
	struct text out;

	out_init(r, &out);
	for (size_t i = 0; i < containers->u.list.len; i++) {
		const struct value *container = list_item(r, containers, i, err);
		const struct value *name = container ? field(r, container, "Name", err) : NULL;

		if (!name || (!str_is(name->u.s, but) && add_ports(r, &out, container, err) < 0))
			return NULL;
	}
	return run_str(r, &out, err);
}

CALL(injector_include_inbound_ports)
{
	return container_ports(r, argv[0], "\n", err); /* no container is called that */
}

CALL(injector_application_ports)
{
	return container_ports(r, argv[0], "istio-proxy", err);
}

/* The first line stays where it is. */
CALL(injector_indent)
{
	const int64_t n = argv[0]->u.i;
	const uint64_t width = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	struct text out;

	out_init(r, &out);
	for (struct str rest = argv[1]->u.s; rest.p && !out.failed;) {
		const struct str line = str_cut(&rest, '\n');

		text_add(&out, line.p, line.len);
		if (!rest.p)
			break;
		text_addc(&out, '\n');
		text_fill(&out, ' ', width);
	}
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

CALL(injector_env)
{
	const struct map *variables = r->env ? r->env->variables : NULL;
	const struct value *v = map_get(variables, argv[0]->u.s);

	return v && v->kind == K_STRING && v->u.s.len ? v : argv[1];
}

/* --- networks of Multus ------------------------------------------------------------------------------------------- */

/* Behind the last bracket's place, the new network. */
static const struct value *insert_network(struct run *r, struct str list, struct str name, struct str namespace, struct err *err)
{
	const char *close = memrchr(list.p, ']', list.len);
	const size_t at = (size_t)(close - list.p);
	struct text out;

	out_init(r, &out);
	text_add(&out, list.p, at);
	text_adds(&out, ", {\"name\": \"");
	text_add(&out, name.p, name.len);
	if (namespace.len) {
		text_adds(&out, "\", \"namespace\": \"");
		text_add(&out, namespace.p, namespace.len);
	}
	text_adds(&out, "\"}");
	text_add(&out, close, list.len - at);
	return run_str(r, &out, err);
}

static const struct value *append_plain(struct run *r, struct str list, struct str network, struct err *err)
{
	struct text out;

	out_init(r, &out);
	text_add(&out, list.p, list.len);
	text_adds(&out, ", ");
	text_add(&out, network.p, network.len);
	return run_str(r, &out, err);
}

CALL(injector_append_multus_network_v1_8)
{
	const struct str list = argv[0]->u.s, network = argv[1]->u.s;

	if (!list.len)
		return argv[1];
	if (charge_bytes(r, list.len, err) < 0)
		return NULL;
	if (memchr(list.p, ']', list.len))
		return insert_network(r, list, network, STR(""), err);
	return append_plain(r, list, network, err);
}

static bool is_list_of_maps(const struct value *v)
{
	if (!v || v->kind != K_LIST)
		return false;
	for (size_t i = 0; i < v->u.list.len; i++)
		if (v->u.list.item[i]->kind != K_MAP && v->u.list.item[i]->kind != K_NIL)
			return false;
	return true;
}

static bool has_network(const struct value *networks, struct str name, struct str namespace)
{
	for (size_t i = 0; i < networks->u.list.len; i++) {
		const struct value *n = networks->u.list.item[i];
		const struct value *held = raw_get(n, "name"), *ns = raw_get(n, "namespace");

		if (!held || held->kind != K_STRING || !str_eq(held->u.s, name))
			continue;
		if (ns ? ns->kind == K_STRING && str_eq(ns->u.s, namespace) : !namespace.len)
			return true;
	}
	return false;
}

/* "namespace/name"; what is behind a second slash is dropped. */
static struct str split_name(struct str network, struct str *ret_namespace)
{
	struct str rest = network;
	const struct str first = str_cut(&rest, '/');

	*ret_namespace = rest.p ? first : STR("");
	return rest.p ? str_cut(&rest, '/') : network;
}

CALL(injector_append_multus_network)
{
	const struct str list = argv[0]->u.s, network = argv[1]->u.s;
	const struct value *networks;
	struct err failed = {0};
	struct str namespace, name, rest = list;

	if (!list.len)
		return argv[1];
	if (charge_bytes(r, list.len * 4, err) < 0)
		return NULL;
	if (!memchr(list.p, ']', list.len)) {
		while (rest.p)
			if (str_eq(str_trim_space(str_cut(&rest, ',')), network))
				return argv[0];
		return append_plain(r, list, network, err);
	}
	networks = json_parse(r->arena, list.p, list.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, &failed);
	if (!networks && failed.code == ERR_NOMEM) {
		err_nomem(err);
		return NULL;
	}
	name = split_name(network, &namespace);
	if (!is_list_of_maps(networks) || has_network(networks, name, namespace))
		return argv[0];
	return insert_network(r, list, name, namespace, err);
}
