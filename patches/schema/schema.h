/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's types as data: the Pod, the mesh configuration and what templates hold. The rows are generated (schema_table.c) from
 * k8s.io/api, github.com/openshift/api and istio.io/api; see `make schema`.
 */
#ifndef PATCHES_SCHEMA_SCHEMA_H
#define PATCHES_SCHEMA_SCHEMA_H

#include "patches/value/value.h"

/* reflect.Kind, as far as it occurs. */
enum go_kind {
	GO_INVALID, GO_BOOL, GO_INT, GO_INT8, GO_INT16, GO_INT32, GO_INT64, GO_UINT, GO_UINT8, GO_UINT16, GO_UINT32, GO_UINT64,
	GO_FLOAT32, GO_FLOAT64, GO_STRING, GO_SLICE, GO_MAP, GO_STRUCT, GO_PTR, GO_INTERFACE, GO_FUNC,
};

/* Types whose JSON is not what their Go kind says. */
enum go_special {
	GO_PLAIN,
	GO_QUANTITY,       /* resource.Quantity: struct in Go, string or number in JSON, canonical when written */
	GO_INT_OR_STRING,  /* intstr.IntOrString */
	GO_TIME,           /* metav1.Time, MicroTime: RFC 3339 or null */
	GO_META_DURATION,  /* metav1.Duration */
	GO_RAW_EXTENSION,  /* any JSON, kept */
	GO_FIELDS_V1,      /* any JSON, kept */
	GO_PB_MESSAGE,     /* a protobuf message: protojson names (camelCase, proto_name accepted too), presence rules of proto3 */
	GO_PB_ENUM,        /* int32 with String(); JSON by name or number */
	GO_PB_DURATION,    /* durationpb.Duration: "45s" */
	GO_PB_TIMESTAMP,
	GO_PB_WRAPPER,     /* wrapperspb.XValue: the bare value in JSON */
	GO_PB_STRUCT, GO_PB_VALUE, GO_PB_LIST_VALUE, GO_PB_ANY,
	GO_PB_ONEOF,       /* the interface type of a oneof; its members are fields of the message, flagged F_ONEOF */
};

enum go_field_flag {
	F_OMITEMPTY = 1,
	F_INLINE = 2,        /* embedded struct: its members stand in the same JSON object (json_name is "") */
	F_MERGE = 4,         /* patchStrategy merge, with merge_key for lists of maps (no merge_key: list of scalars) */
	F_REPLACE = 8,       /* patchStrategy replace */
	F_RETAIN_KEYS = 16,  /* patchStrategy retainKeys */
	F_ONEOF = 32,        /* member of a oneof: no field in Go, reached by Get<Name> only */
	F_EMBEDDED = 64,     /* embedded in Go: its fields can be named as the outer struct's own; inline in JSON only with F_INLINE */
	F_OMITZERO = 128,    /* left out of JSON when the whole value is zero */
	F_CAMEL = 256,       /* of a message: encoding/json's tag is json_name (Istio 1.6 to 1.8), not proto_name */
};

struct go_field {
	const char *go_name;
	const char *json_name;
	const char *proto_name; /* snake_case, or NULL */
	const struct go_type *type;
	const char *merge_key;  /* or NULL */
	const char *oneof;      /* Go name of the oneof that it belongs to, or NULL */
	uint16_t flags;         /* go_field_flag */
	uint16_t since;         /* k8s.io/api minor that first has it among 17, 18, 19, and 20 for all later; 0: not tracked */
};

enum go_method_kind {
	M_GETTER, /* Get<Field>(): nil-safe, returns the field's value or its zero value (enum: by default value) */
	M_STRING, /* String() */
	M_OTHER,  /* named so that `can't evaluate` is not said of it; calling it is an error of ours, clearly said */
};

struct go_method {
	const char *name;
	const struct go_type *result;
	const struct go_field *field; /* M_GETTER: which; NULL otherwise */
	uint8_t kind;                 /* go_method_kind */
	bool on_pointer;              /* in the method set of *T only */
};

struct go_enum {
	const char *name;
	int32_t number;
};

struct go_type {
	const char *name;     /* as %T prints it: "v1.PodSpec", "*v1.Probe", "map[string]string", "[]interface {}" */
	const char *bare;     /* for the String() texts of gogo: "PodSpec"; or NULL */
	uint8_t kind;         /* go_kind */
	uint8_t special;      /* go_special */
	uint16_t n_fields, n_methods, n_enums;
	const struct go_type *elem;      /* slice, map, pointer */
	const struct go_type *key;       /* map: a string type */
	/* In order of declaration; each oneof's interface field stands before its members (F_ONEOF). Of a GO_PB_ONEOF: the members, their type
	 * the pointer to the wrapper struct that Go keeps in the interface. */
	const struct go_field *field;
	const struct go_method *method;  /* sorted by name */
	const struct go_enum *enums;     /* in order of declaration */
};

/* Go's own types and the common composites, always there. */
extern const struct go_type go_bool, go_int, go_int32, go_int64, go_uint32, go_uint64, go_float32, go_float64, go_string,
	go_any, /* interface {} */
	go_list_any, go_list_string, go_map_any, go_map_string, /* []interface {}, []string, map[string]interface {}, map[string]string */
	go_list_int, go_list_uint8, go_list_list_any, go_time /* time.Time */, go_time_duration /* time.Duration */;

/* Roots (rows of the generated table). */
extern const struct go_type go_replication_controller, go_daemon_set, go_deployment, go_replica_set, go_stateful_set, go_job, go_cron_job,
	go_deployment_config;
extern const struct go_type go_pod, go_pod_spec, go_object_meta, go_type_meta, go_container, go_list_container, go_volume, go_probe, go_lifecycle,
	go_lifecycle_handler, go_env_var, go_label_selector, go_security_context, go_pod_security_context, go_local_object_reference,
	go_http_get_action, go_tcp_socket_action, go_grpc_action, go_quantity, go_resource_requirements, go_pod_dns_config,
	go_mesh_config, go_proxy_config, go_ptr_mesh_config, go_ptr_proxy_config, go_duration, go_proxy_config_resource /* networking.istio.io ProxyConfig spec */,
	go_namespaced_name /* types.NamespacedName */, go_template_data /* inject.SidecarTemplateData */, go_ptr_template_data,
	go_list_volume, go_list_local_object_reference, go_int_or_string, go_ptr_duration /* *durationpb.Duration */;

/* The same Go names as of the old releases: their fields, and template data whose fields are pointers. */
#define GO_RELEASE_ROOTS(suffix)                                                                                                    \
	extern const struct go_type go_mesh_config_##suffix, go_ptr_mesh_config_##suffix, go_proxy_config_##suffix,                  \
		go_ptr_proxy_config_##suffix, go_template_data_##suffix, go_ptr_template_data_##suffix
GO_RELEASE_ROOTS(1_5);
GO_RELEASE_ROOTS(1_6);
GO_RELEASE_ROOTS(1_7);
GO_RELEASE_ROOTS(1_8);

/* Exact Go name; NULL. Embedded structs' fields are found through them (ret_via gets the embedding field, or NULL). */
const struct go_field *go_field_find(const struct go_type *t, struct str go_name, const struct go_field **ret_via);
/* By JSON name, then without case (as encoding/json), then by proto name for messages; looks through inline fields. */
const struct go_field *go_field_by_json(const struct go_type *t, struct str json_name);
const struct go_method *go_method_find(const struct go_type *t, struct str name);
/* Name of an enum's number, or NULL. */
const char *go_enum_name(const struct go_type *t, int64_t number);
/* The type that a value's dynamic type is: v->type, or the kind's own. Never NULL but for K_NIL without type. */
const struct go_type *go_type_of(const struct value *v);

/* --- views: raw nodes as Go values ------------------------------------------------------------------------- */

/*
 * `raw` as a value of type `type`; NULL or null raw is the type's zero value (nil pointer, nil map, "", 0, zero struct). A raw that
 * has a type already is returned as it is. The raw tree must have passed schema_check(); what does not fit gives the zero value.
 * NULL only when out of memory. V_POD is inherited by strings.
 */
const struct value *schema_view(struct arena *a, const struct value *raw, const struct go_type *type) MUST_CHECK;
const struct value *schema_view_field(struct arena *a, const struct value *structure, const struct go_field *f) MUST_CHECK;
const struct value *schema_view_item(struct arena *a, const struct value *list, size_t i) MUST_CHECK;
/* An entry's value of a typed map, found by map_get() or map_sorted(). */
const struct value *schema_view_entry(struct arena *a, const struct value *map, const struct value *raw_entry) MUST_CHECK;
/* What a method of row M_GETTER or M_STRING answers; the receiver may be a struct, a pointer or a nil pointer. */
const struct value *schema_call_method(struct arena *a, const struct value *receiver, const struct go_method *m, struct err *err) MUST_CHECK;

/* --- documents against types ------------------------------------------------------------------------------- */

/*
 * Whether json.Unmarshal of this tree into `type` would succeed: kinds, ranges, quantities, times. Unknown fields are fine.
 * Error: ERR_INPUT, where = JSON Pointer, "cannot read a string as v1.ContainerPort.containerPort (int32)"-like text.
 */
int schema_check(const struct value *raw, const struct go_type *type, struct err *err) MUST_CHECK;

/*
 * The canonical form: what decoding into Go's type and encoding again makes of the tree. Field names match without case, unknown
 * keys vanish, members come in order of declaration, quantities become canonical, structs without omitempty appear as {}, empty
 * values with omitempty vanish. What Go would write as null (nil slices and maps without omitempty, zero times) is left out. A node
 * flagged V_ASIS is returned as it is, with its unknown members; unknown members flagged so are kept, behind the others. Of members
 * whose names differ in case alone the last wins. Protobuf messages are returned as they are: proto_canon() is theirs.
 * Errors are worded as encoding/json words them, with the JSON Pointer in `where`.
 */
const struct value *schema_canon(struct arena *a, const struct value *raw, const struct go_type *type, struct err *err) MUST_CHECK;

/*
 * json.Marshal of any value, typed or dynamic (HTML escaped, maps sorted, structs by declaration); JSON_* flags of json.h: without
 * JSON_ESCAPE_HTML nothing is escaped beyond need. Protobuf messages go by encoding/json's rules for their Go structs.
 */
int go_json_marshal(struct arena *a, struct text *out, const struct value *v, unsigned flags, struct err *err) MUST_CHECK;
/* The same as a raw tree: what json.Unmarshal(json.Marshal(v)) into interface{} holds, members in encoding order. */
const struct value *go_json_tree(struct arena *a, const struct value *v, struct err *err) MUST_CHECK;

/*
 * resource.Quantity's grammar and canonical text ("0.5" is "500m", "1024Mi" is "1Gi"): k8s.io/apimachinery/pkg/api/resource.
 * Error text as Go's. ret_milli: value in thousandths rounded up (as MilliValue), saturated.
 */
int quantity_canonical(struct arena *a, struct str text, struct str *ret, int64_t *ret_milli, struct err *err) MUST_CHECK;

#endif
