/* SPDX-License-Identifier: Apache-2.0 */
/* The two ConfigMaps: whether they are there and can be used. */
#include "patches/config/check.h"
#include "webhook/check/ask.h"

/* "istio", or "istio-REV" for a revision other than the default one. */
static const char *name_with_revision(struct check *c, const char *name)
{
	const struct str revision = c->options->revision;

	return str_is(revision, "default") || !revision.len ? name : check_text(c, "%s-%.*s", name, SHOWN(revision));
}

/* Whether they are files of our pods: those are ConfigMaps of our namespace, perhaps under other names. */
static bool is_mounted(const struct check *c)
{
	struct str value;

	return check_flag(c, "--inject-config", &value) && !check_flag(c, "--cluster", &value);
}

/* Whether our command line names no configuration: then we inject by the program's own. */
static bool is_embedded(const struct check *c)
{
	struct str value;

	return c->ours && !check_flag(c, "--cluster", &value) && !check_flag(c, "--inject-config", &value);
}

static void tell_embedded(struct check *c, const char *injector, bool has_configmap)
{
	const char *what = check_text(
		c, "Deployment %.*s/%.*s", SHOWN(c->options->namespace), SHOWN(c->options->service));

	if (has_configmap)
		check_found(c->found, CHECK_WARNING, "configuration-unused", what,
			"helm upgrade with --set configuration.source=cluster",
			"injects by the program's own configuration, not by ConfigMap %.*s/%s of this cluster",
			SHOWN(c->options->istio_namespace), injector);
	else
		check_found(c->found, CHECK_INFO, "configuration-embedded", what,
			"configuration.source=cluster once Istio's ConfigMaps are there",
			"injects by the program's own configuration; the cluster has no ConfigMap %s", injector);
}

static int read_data(struct check *c, const char *name, const struct value **ret, struct err *err)
{
	const struct str namespace = is_mounted(c) ? c->options->namespace : c->options->istio_namespace;
	const char *path = check_text(c, "/api/v1/namespaces/%.*s/configmaps/%s", SHOWN(namespace), name);
	const char *what = check_text(c, "ConfigMap %.*s/%s", SHOWN(namespace), name);
	const struct value *object = NULL;
	int status = 0;

	if (check_ask(c, path, (struct str){0}, what, check_text(c, "get configmaps in %.*s", SHOWN(namespace)),
		    &status, &object, err) < 0)
		return -1;
	if (status == 404 && !is_embedded(c) && !is_mounted(c))
		check_found(c->found, CHECK_ERROR, "configmap-missing", what,
			"install Istio's control plane, or name another with --revision or --istio-namespace",
			"does not exist");
	*ret = raw_get(object, "data");
	if (object && !*ret)
		check_found(c->found, CHECK_ERROR, "configmap-empty", what,
			"restore it: helm upgrade, or istioctl install, writes it anew", "holds no data");
	return 0;
}

static struct named_text text_of(struct check *c, const char *map, const char *key, const struct value *data)
{
	return (struct named_text){check_text(c, "ConfigMap %s key %s", map, key), raw_str(data, key)};
}

/* Everything that `outrigger config check` would say of the same two texts. */
static int tell_all(
	struct check *c, const struct config_texts *texts, const struct inject_options *options, struct err *err)
{
	struct findings f = {.a = c->a};

	if (config_check(texts, options, &f, err) < 0)
		return -1;
	findings_sort(&f);
	for (size_t i = 0; i < f.len; i++) {
		const struct finding *x = &f.item[i];

		if (x->severity != FINDING_INFO)
			check_found(c->found, x->severity == FINDING_ERROR ? CHECK_ERROR : CHECK_WARNING,
				x->severity == FINDING_ERROR ? "configuration-invalid" : "configuration-odd",
				check_text(c, "%s line %zu", x->place.file, x->place.line), x->remedy, "%s", x->what);
	}
	return f.nomem ? err_nomem(err) : 0;
}

static int load(struct check *c, const struct config_texts *texts, struct err *err)
{
	const struct inject_options options = {.revision = c->options->revision};
	struct err cause = {0};

	c->config = inject_config_load(texts, &options, &cause);
	if (cause.code == ERR_NOMEM)
		return err_nomem(err);
	if (c->config)
		check_found(c->found, CHECK_OK, "configuration", "", NULL, "both ConfigMaps can be used, digest %.12s",
			c->config->digest);
	return tell_all(c, texts, &options, err);
}

int check_configuration(struct check *c, struct err *err)
{
	const char *injector = name_with_revision(c, "istio-sidecar-injector"), *mesh = name_with_revision(c, "istio");
	const struct value *inject_data = NULL, *mesh_data = NULL;
	struct config_texts texts = {0};

	if (read_data(c, injector, &inject_data, err) < 0 || read_data(c, mesh, &mesh_data, err) < 0)
		return -1;
	if (is_embedded(c))
		tell_embedded(c, injector, inject_data != NULL);
	if (!inject_data || !mesh_data)
		return 0;
	texts.inject_config = text_of(c, injector, "config", inject_data);
	texts.values = text_of(c, injector, "values", inject_data);
	texts.mesh = text_of(c, mesh, "mesh", mesh_data);
	if (texts.inject_config.text.p)
		return load(c, &texts, err);
	check_found(c->found, CHECK_ERROR, "configuration-invalid", texts.inject_config.name,
		"restore it: helm upgrade, or istioctl install, writes it anew", "the key is missing");
	return 0;
}
