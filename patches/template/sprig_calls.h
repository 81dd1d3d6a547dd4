/* SPDX-License-Identifier: Apache-2.0 */
/* Every function of the tables, declared. Internal to patches/template. */
#ifndef PATCHES_TEMPLATE_SPRIG_CALLS_H
#define PATCHES_TEMPLATE_SPRIG_CALLS_H

#include "patches/template/function.h"

function_call sprig_abbrev, sprig_abbrevboth, sprig_add, sprig_add1, sprig_add1f, sprig_addf, sprig_adler32sum,
	sprig_ago, sprig_all, sprig_any, sprig_append, sprig_atoi, sprig_b32dec, sprig_b32enc, sprig_b64dec,
	sprig_b64enc, sprig_base, sprig_camelcase, sprig_cat, sprig_ceil, sprig_chunk, sprig_clean, sprig_coalesce,
	sprig_compact, sprig_concat, sprig_contains, sprig_date, sprig_date_in_zone, sprig_date_modify,
	sprig_deep_copy, sprig_deep_equal, sprig_default, sprig_dict, sprig_dig, sprig_dir, sprig_div, sprig_divf,
	sprig_duration, sprig_duration_round, sprig_empty, sprig_ext, sprig_fail, sprig_first, sprig_floor,
	sprig_from_json, sprig_get, sprig_has, sprig_has_key, sprig_has_prefix, sprig_has_suffix, sprig_hello,
	sprig_html_date, sprig_html_date_in_zone, sprig_indent, sprig_initial, sprig_initials, sprig_is_abs,
	sprig_join, sprig_kebabcase, sprig_keys, sprig_kind_is, sprig_kind_of, sprig_last, sprig_list, sprig_lower,
	sprig_max, sprig_maxf, sprig_merge, sprig_merge_overwrite, sprig_min, sprig_minf, sprig_mod, sprig_mul,
	sprig_mulf, sprig_must_date_modify, sprig_must_from_json, sprig_must_regex_find, sprig_must_regex_find_all,
	sprig_must_regex_match, sprig_must_regex_replace_all, sprig_must_regex_replace_all_literal,
	sprig_must_regex_split, sprig_must_to_date, sprig_must_to_json, sprig_must_to_pretty_json, sprig_nindent,
	sprig_nospace, sprig_now, sprig_omit, sprig_pick, sprig_pluck, sprig_plural, sprig_prepend, sprig_quote,
	sprig_rand_alpha, sprig_rand_alpha_num, sprig_rand_ascii, sprig_rand_bytes, sprig_rand_int,
	sprig_rand_numeric, sprig_refused, sprig_regex_find, sprig_regex_find_all, sprig_regex_match,
	sprig_regex_quote_meta, sprig_regex_replace_all, sprig_regex_replace_all_literal, sprig_regex_split,
	sprig_repeat, sprig_replace, sprig_rest, sprig_reverse, sprig_round, sprig_semver, sprig_semver_compare,
	sprig_seq, sprig_set, sprig_sha1sum, sprig_sha256sum, sprig_sha512sum, sprig_shuffle, sprig_slice,
	sprig_snakecase, sprig_sort_alpha, sprig_split, sprig_split_list, sprig_splitn, sprig_squote, sprig_sub,
	sprig_subf, sprig_substr, sprig_swapcase, sprig_ternary, sprig_title, sprig_to_date, sprig_to_decimal,
	sprig_to_float64, sprig_to_int, sprig_to_int64, sprig_to_json, sprig_to_pretty_json, sprig_to_raw_json,
	sprig_to_string, sprig_to_strings, sprig_trim, sprig_trim_all, sprig_trim_prefix, sprig_trim_suffix,
	sprig_trunc, sprig_type_is, sprig_type_is_like, sprig_type_of, sprig_uniq, sprig_unix_epoch, sprig_unset,
	sprig_until, sprig_until_step, sprig_untitle, sprig_upper, sprig_url_join, sprig_url_parse, sprig_uuidv4,
	sprig_values, sprig_without, sprig_wrap, sprig_wrap_with;

function_call injector_directory, injector_format_duration, injector_format_duration_old, injector_isset,
	injector_exclude_inbound_port, injector_include_inbound_ports, injector_application_ports, injector_same,
	injector_annotation, injector_value_or_default, injector_to_json, injector_from_json, injector_struct_to_json,
	injector_proto_to_json_head, injector_proto_to_json_v1_8, injector_proto_to_json_v1_5, injector_to_yaml,
	injector_indent, injector_append_multus_network, injector_append_multus_network_v1_8, injector_env,
	injector_strdict, injector_to_json_map, injector_merge_maps, injector_omit_nil,
	injector_otel_resource_attributes, injector_render;

/* What fromJson and fromJSON make of a text (sprig_defaults.c). */
const struct value *json_decode(struct run *r, const struct value *text, struct err *err) MUST_CHECK;

#endif
