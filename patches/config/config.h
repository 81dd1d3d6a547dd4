/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The injector's configuration: what the ConfigMaps istio-sidecar-injector and istio hold, compiled once and never changed afterwards.
 * Source: Istio's pkg/kube/inject Config, and the chart's templates/configmap.yaml.
 */
#ifndef PATCHES_CONFIG_CONFIG_H
#define PATCHES_CONFIG_CONFIG_H

#include "patches/config/token_mode.h"
#include "patches/digest.h"
#include "patches/mesh/mesh.h"
#include "patches/template/template.h"
#include "patches/value/value.h"

enum native_mode {
	NATIVE_AUTO,  /* by the kubelet versions of the nodes */
	NATIVE_TRUE,
	NATIVE_FALSE,
};

/* Settings that are in no ConfigMap: in Istio they are istiod's environment. Texts are borrowed for the time of the load. */
struct inject_options {
	struct str revision;          /* "default" where empty in answers */
	struct str istio_version;     /* "1.8": overrides what the ConfigMap tells of itself; empty: told by content */
	enum native_mode native;
	bool openshift;               /* PLATFORM=openshift: proxy ids from the namespace */
	struct str compliance_policy; /* COMPLIANCE_POLICY */
	struct str cluster_id;        /* name of the cluster whose nodes are known; "Kubernetes" where empty */
	enum token_policy token_policy;
	enum token_discovery token_discovery;
	const struct map *variables;  /* what `env` may answer: K_STRING by name; NULL: nothing */
};

/* A text and the name that errors give it (a path, a ConfigMap's key). */
struct named_text {
	const char *name;
	struct str text; /* p NULL: not given */
};

/*
 * Each of the first three is either the key's own text or the manifest of its ConfigMap; a ConfigMap manifest of
 * istio-sidecar-injector given as inject_config brings `values` with it.
 */
struct config_texts {
	struct named_text inject_config, values, mesh;
	struct named_text cluster_objects; /* manifests of Nodes, Namespaces, ProxyConfigs, names of ConfigMaps and Secrets; the rest is ignored */
	struct named_text api_objects; /* in place of them: one List of such objects in JSON, as the API sends it */
	struct str api_digested;       /* what of it is configuration, and part of the digest; the rest only surrounds it */
	bool nodes_unknown;            /* that there are no Nodes in it says nothing */
};

struct label_requirement {
	struct str key;
	enum { LABEL_IN, LABEL_NOT_IN, LABEL_EXISTS, LABEL_NOT_EXISTS } op;
	const struct str *value;
	size_t n_values;
};

/* One label selector: all its requirements must hold. An empty selector matches nothing here, as in Istio's injector. */
struct selector {
	const struct label_requirement *requirement;
	size_t len;
};

struct selectors {
	const struct selector *selector;
	size_t len;
};

struct named_template {
	struct str name;
	struct template *template;
	char digest[SHA256_HEX + 1]; /* SHA-256 of its text */
};

struct node {
	struct str name;
	int64_t minor; /* of its kubelet; -1 where the version cannot be read */
};

struct namespace_facts {
	struct str name;
	const struct map *labels, *annotations; /* NULL where none */
};

/* A ConfigMap or a Secret, of which nothing but its place is kept. */
struct named_object {
	struct str namespace, name;
};

/* By what the release was told. */
struct release_evidence {
	enum { TOLD_BY_OPTION, TOLD_BY_TEMPLATES, TOLD_BY_TAG, TOLD_BY_MARKER, TOLD_BY_NOTHING } by;
	struct str text; /* the option, values.global.tag, or the words of the template; p NULL where there is none */
};

/* Immutable after inject_config_load(): shared by any number of threads. */
struct inject_config {
	struct arena arena; /* everything below lives here, but the templates */

	bool policy_enabled;
	struct selectors never, always;
	const struct map *injected_annotations; /* NULL or strings */
	const struct str *default_templates;
	size_t n_default_templates;
	struct named_template *templates; /* in order of the ConfigMap */
	size_t n_templates;
	struct str template_text;      /* of 1.5 to 1.8: its digest is the version in the status annotation */
	const struct map *aliases; /* name to list of names, raw; NULL */

	const struct value *values;     /* dynamic: what .Values is; frozen */
	const struct value *raw_values; /* raw tree of the same */
	const struct value *mesh;       /* raw, canonical */
	enum release release;
	struct release_evidence release_told;

	struct str revision, compliance_policy, cluster_id;
	enum native_mode native;
	bool openshift;
	struct template_env env;

	struct token_question token_asked;   /* what the token mode was decided by */
	struct token_decision token;         /* values.global.jwtPolicy above is as it says */

	bool nodes_known;          /* false: no source of nodes; auto-detection says no */
	const struct node *nodes;
	size_t n_nodes;
	const struct namespace_facts *namespaces;
	size_t n_namespaces;
	bool namespaces_sorted;    /* by name, each once: as the API server lists them */
	const struct proxy_config_resource *proxy_configs;
	size_t n_proxy_configs;

	const struct named_object *config_maps, *secrets; /* none: not known */
	size_t n_config_maps, n_secrets;
	const struct named_object *unmounted_accounts; /* service accounts whose pods get no token mounted */
	size_t n_unmounted_accounts;

	struct mesh_warnings warnings; /* what loading found odd; for the log and `config check` */
	char digest[SHA256_HEX + 1];              /* SHA-256 of all texts, hexadecimal: names this configuration */
	char objects_digest[SHA256_HEX + 1];      /* of api_objects, and whether nodes are known; "": none were given */
};

/*
 * Owns nothing of its arguments afterwards. NULL with err: ERR_CONFIG, where = "NAME:LINE" or "NAME key KEY", text with the remedy.
 * Without inject_config the embedded default is compiled.
 */
struct inject_config *inject_config_load(const struct config_texts *texts, const struct inject_options *options,
	struct err *err) MUST_CHECK;
void inject_config_free(struct inject_config *c);
void inject_config_freep(struct inject_config **slot);

/* Whether a pod of this service account ("" is default) gets no token mounted unless it says otherwise; false where it is not known. */
bool inject_config_account_is_unmounted(const struct inject_config *c, struct str namespace, struct str account);
/* NULL where the configuration has no such template. */
const struct named_template *inject_config_template(const struct inject_config *c, struct str name);
const struct namespace_facts *inject_config_namespace(const struct inject_config *c, struct str name);

/* --- parts, for the loader and its tests --------------------------------------------------------------------- */

/* labels: raw map of strings or NULL. */
bool selectors_match(const struct selectors *s, const struct map *labels);
/* Which selector is the first to match; SIZE_MAX: none. */
size_t selectors_find(const struct selectors *s, const struct map *labels);
/* One raw label selector. */
int selector_compile(struct arena *a, const struct value *raw, struct selector *ret, struct err *err) MUST_CHECK;
/* A raw list of label selectors (metav1.LabelSelector). ERR_CONFIG names the entry. */
int selectors_compile(struct arena *a, const struct value *raw, struct selectors *ret, struct err *err) MUST_CHECK;

/* The minor number of "1.8.6-distroless", "v1.5", "1.32-dev"; -1 where the text is no version of Istio 1. */
int istio_minor(struct str version);

/* Reads Nodes, Namespaces and ProxyConfigs, and the names of ConfigMaps and Secrets, from cluster_objects or api_objects into c. */
int cluster_objects_load(struct inject_config *c, const struct config_texts *texts, struct err *err) MUST_CHECK;

/*
 * Adds the ProxyConfigs of a stream of manifests that is about to be injected, as if they were created now: after all that are known, but for
 * one of the same namespace and name, whose place they take. namespace: of those that name none. What cannot be read is left to those
 * who read the manifests. Only before c is shared.
 */
int proxy_configs_add(struct inject_config *c, const struct named_text *text, struct str namespace, struct err *err) MUST_CHECK;

/* The release that a ConfigMap was made for, told by its content (injector-facts.md, section C), and by what it was told. */
int release_detect(const struct value *config, const struct value *values, struct str override, enum release *ret,
	struct release_evidence *ret_evidence, struct err *err) MUST_CHECK;

/* Whether what told the release names a patch of it before that one ("1.7.1" is before 2, "1.7" and "latest" are the last). */
bool release_is_before(const struct release_evidence *told, int patch);

/* From 1.8 on values have types: raw values of a wrong kind are ERR_CONFIG, with the key and what it must be. */
int check_value_types(const struct value *values, enum release release, struct err *err) MUST_CHECK;
/* One by one: how many such values the release knows, and whether number i is wrong: where, and what it must be. */
size_t value_types(enum release release);
bool value_type_mistake(const struct value *values, size_t i, struct str *ret_path, const char **ret_want);

/* The embedded default (embedded.c): our own templates, values and mesh. */
extern const char embedded_inject_config[], embedded_values[], embedded_mesh[];

#endif
