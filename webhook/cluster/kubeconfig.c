/* SPDX-License-Identifier: Apache-2.0 */
/* Kubeconfig files: which cluster, which user, which credentials. */
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/limits.h"
#include "patches/yaml/yaml.h"
#include "webhook/cluster/config.h"

enum { FILES_MAX = 16, NAME_SHOWN = 128 };

struct source {
	const char *path;
	const struct value *root; /* a map */
};

/* The files in order, and one entry under examination. */
struct reading {
	struct arena *a;
	struct source file[FILES_MAX];
	size_t n_files;
	struct err *err;
};

/* A named entry of `clusters`, `users` or `contexts`. */
struct entry {
	const struct source *file;
	const char *list, *member; /* "users", "user" */
	struct str name;
	const struct value *body; /* NULL: empty */
};

static int shown(struct str s)
{
	return (int)(s.len < NAME_SHOWN ? s.len : NAME_SHOWN);
}

/* "PATH: users 'NAME': FIELD: what" */
#define refuse(r, e, field, ...) (err_set((r)->err, ERR_CONFIG, __VA_ARGS__), blame((r), (e), (field)))

static int blame(struct reading *r, const struct entry *e, const char *field)
{
	(void)err_at(r->err, "%s", e->file->path);
	return err_wrap(
		r->err, "%s '%.*s'%s%s", e->list, shown(e->name), e->name.p, field ? ": " : "", field ? field : "");
}

static int read_file(struct reading *r, const char *path)
{
	struct source *s = &r->file[r->n_files];
	struct str text;

	if (file_read(r->a, path, LIMIT_CONFIG_BYTES, FILE_UTF8, &text, r->err) < 0)
		return err_wrap(r->err, "kubeconfig");
	*s = (struct source){path, yaml_parse(r->a, text, 0, r->err)};
	if (!s->root) {
		char where[sizeof(r->err->where)];

		memcpy(where, r->err->where, sizeof(where));
		r->err->where[0] = '\0';
		(void)err_at(r->err, "%s%s%s", path, where[0] ? ": " : "", where);
		return err_wrap(r->err, "the kubeconfig cannot be read as YAML");
	}
	if (s->root->kind != K_MAP) {
		(void)err_set(r->err, ERR_CONFIG, "no kubeconfig: it must be a map with clusters, users and contexts");
		return err_at(r->err, "%s", path);
	}
	r->n_files++;
	return 0;
}

static int read_files(struct reading *r, const char *paths)
{
	struct str rest = str_of(paths);
	const bool several = strchr(paths, ':') != NULL;

	while (rest.p) {
		const struct str piece = str_cut(&rest, ':');
		const char *path = piece.len ? arena_strndup(r->a, piece.p, piece.len) : NULL;

		if (!piece.len || (several && path && access(path, F_OK) < 0))
			continue;
		if (!path)
			return err_nomem(r->err);
		if (r->n_files == FILES_MAX)
			return err_set(r->err, ERR_CONFIG, "more than %d kubeconfig files", FILES_MAX);
		if (read_file(r, path) < 0)
			return -1;
	}
	if (!r->n_files)
		return err_set(r->err, ERR_CONFIG,
			"none of the kubeconfig files %.200s is there; give --kubeconfig FILE", paths);
	return 0;
}

/* The first file that has the name wins, and the first entry in it. */
static bool find(const struct reading *r, const char *list, const char *member, struct str name, struct entry *ret)
{
	for (size_t i = 0; i < r->n_files; i++) {
		const struct value *v = raw_get(r->file[i].root, list);

		for (size_t k = 0; v && v->kind == K_LIST && k < v->u.list.len; k++) {
			if (!str_eq(raw_str(v->u.list.item[k], "name"), name))
				continue;
			*ret = (struct entry){&r->file[i], list, member, name, raw_get(v->u.list.item[k], member)};
			return true;
		}
	}
	return false;
}

/* A text field; *ret stays NULL where it is missing or empty. */
static int field(struct reading *r, const struct entry *e, const char *key, const char **ret)
{
	const struct value *v = raw_get(e->body, key);

	if (!v || (v->kind == K_STRING && !v->u.s.len))
		return 0;
	if (v->kind != K_STRING)
		return refuse(r, e, key, "must be text");
	if (memchr(v->u.s.p, '\0', v->u.s.len) || memchr(v->u.s.p, '\n', v->u.s.len))
		return refuse(r, e, key, "must be one line");
	*ret = arena_strndup(r->a, v->u.s.p, v->u.s.len);
	return *ret ? 0 : err_nomem(r->err);
}

/* A path in a kubeconfig is relative to the kubeconfig. */
static int file_field(struct reading *r, const struct entry *e, const char *key, const char **ret)
{
	const char *path = NULL, *slash = strrchr(e->file->path, '/');

	if (field(r, e, key, &path) < 0)
		return -1;
	if (!path)
		return 0;
	if (path[0] != '/' && slash)
		path = arena_printf(r->a, "%.*s/%s", (int)(slash - e->file->path), e->file->path, path);
	if (!path)
		return err_nomem(r->err);
	if (access(path, R_OK) < 0)
		return refuse(r, e, key, "the file %.256s cannot be read", path);
	*ret = path;
	return 0;
}

/* KEY-data goes before KEY, as with kubectl. */
static int pem_field(struct reading *r, const struct entry *e, const char *key, struct cluster_pem *ret)
{
	const char *name = arena_printf(r->a, "%s-data", key), *data = NULL;
	struct text t;

	if (!name)
		return err_nomem(r->err);
	if (field(r, e, name, &data) < 0)
		return -1;
	if (!data)
		return file_field(r, e, key, &ret->file);
	text_init(&t, r->a, LIMIT_CONFIG_BYTES);
	if (!base64_decode(str_of(data), &t) || !t.len)
		return refuse(r, e, name, "must be base 64 of a PEM text");
	if (t.failed)
		return err_nomem(r->err);
	ret->text = (struct str){t.data, t.len};
	return 0;
}

static int check_server(struct reading *r, const struct entry *e, struct cluster_config *c)
{
	size_t len;

	if (!c->server)
		return refuse(r, e, "server", "is missing: give the URL of the API server, https://HOST:PORT");
	if (strncmp(c->server, "https://", 8) != 0 && strncmp(c->server, "http://", 7) != 0)
		return refuse(r, e, "server", "must be a URL like https://HOST:PORT, got '%.*s'",
			shown(str_of(c->server)), c->server);
	if (strpbrk(c->server, "?#@ \t"))
		return refuse(r, e, "server", "must be a URL without user, query or fragment");
	len = strlen(c->server);
	while (len && c->server[len - 1] == '/')
		len--;
	c->server = arena_strndup(r->a, c->server, len);
	return c->server ? 0 : err_nomem(r->err);
}

static int read_cluster(struct reading *r, const struct entry *e, struct cluster_config *c)
{
	const struct value *insecure = raw_get(e->body, "insecure-skip-tls-verify");

	if (field(r, e, "server", &c->server) < 0 || check_server(r, e, c) < 0 ||
		field(r, e, "tls-server-name", &c->server_name) < 0 || field(r, e, "proxy-url", &c->proxy) < 0 ||
		pem_field(r, e, "certificate-authority", &c->ca) < 0)
		return -1;
	if (insecure && insecure->kind != K_BOOL)
		return refuse(r, e, "insecure-skip-tls-verify", "must be true or false");
	c->insecure = insecure && insecure->u.b;
	if (c->insecure && (c->ca.file || c->ca.text.p))
		return refuse(
			r, e, "insecure-skip-tls-verify", "and certificate-authority exclude each other; remove one");
	return 0;
}

/* What kubectl has and we do not: each with what to do instead. */
static const struct {
	const char *key, *remedy;
} unsupported[] = {
	{"exec", "plug-ins are not run; use a token, or make one with `kubectl create token`"},
	{"auth-provider", "plug-ins are not run; use a token, or make one with `kubectl create token`"},
	{"username", "passwords are not supported, nor by Kubernetes since 1.19; use a token or a client certificate"},
	{"as", "impersonation is not supported; use the credentials of that user"},
};

static int read_user(struct reading *r, const struct entry *e, struct cluster_config *c)
{
	if (pem_field(r, e, "client-certificate", &c->cert) < 0 || pem_field(r, e, "client-key", &c->key) < 0 ||
		field(r, e, "token", &c->token) < 0 || file_field(r, e, "tokenFile", &c->token_file) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(unsupported); i++)
		if (raw_get(e->body, unsupported[i].key))
			return refuse(r, e, unsupported[i].key, "%s", unsupported[i].remedy);
	if ((c->cert.file || c->cert.text.p) != (c->key.file || c->key.text.p))
		return refuse(r, e, NULL, "client-certificate and client-key belong together; one is missing");
	return 0;
}

static struct str current_context(const struct reading *r)
{
	for (size_t i = 0; i < r->n_files; i++) {
		const struct str name = raw_str(r->file[i].root, "current-context");

		if (name.len)
			return name;
	}
	return (struct str){NULL, 0};
}

static int unknown(struct reading *r, const struct source *file, const char *what, struct str name, const char *remedy)
{
	(void)err_set(r->err, ERR_CONFIG, "%s '%.*s' is not in the kubeconfig; %s", what, shown(name), name.p, remedy);
	return err_at(r->err, "%s", file->path);
}

/* The entry that a context names; a context without a user is one. */
static int follow(
	struct reading *r, const struct entry *context, const char *list, const char *member, struct entry *ret)
{
	const struct str name = raw_str(context->body, member);

	if (!name.len)
		return refuse(r, context, member, "is missing");
	if (!find(r, list, member, name, ret)) {
		(void)unknown(r, context->file, member, name, "`kubectl config get-contexts` shows what is there");
		return err_wrap(r->err, "contexts '%.*s'", shown(context->name), context->name.p);
	}
	return 0;
}

/* Over plain HTTP whoever listens would have them. */
static int check_credentials(struct reading *r, const struct entry *e, const struct cluster_config *c)
{
	if (strncmp(c->server, "http://", 7) == 0 && (c->token || c->token_file || c->cert.file || c->cert.text.p))
		return refuse(
			r, e, NULL, "credentials are not sent over http://; the server's URL must begin with https://");
	return 0;
}

static int read_context(struct reading *r, const struct entry *context, struct cluster_config *c)
{
	struct entry cluster, user;

	if (follow(r, context, "clusters", "cluster", &cluster) < 0 || read_cluster(r, &cluster, c) < 0 ||
		field(r, context, "namespace", &c->namespace) < 0)
		return -1;
	if (!raw_str(context->body, "user").len)
		return 0;
	if (follow(r, context, "users", "user", &user) < 0 || read_user(r, &user, c) < 0)
		return -1;
	return check_credentials(r, &user, c);
}

int cluster_config_kubeconfig(
	struct arena *a, const char *paths, const char *context, struct cluster_config *ret, struct err *err)
{
	struct err own_err = {0};
	struct reading r = {.a = a, .err = err ? err : &own_err};
	struct cluster_config c = {0};
	struct entry e;
	struct str name;

	if (read_files(&r, paths) < 0)
		return -1;
	name = context ? str_of(context) : current_context(&r);
	if (!name.len) {
		(void)err_set(r.err, ERR_CONFIG,
			"no current-context is set; give --context NAME or run `kubectl config use-context NAME`");
		return err_at(r.err, "%s", r.file[0].path);
	}
	if (!find(&r, "contexts", "context", name, &e))
		return unknown(
			&r, &r.file[0], "the context", name, "`kubectl config get-contexts` lists those that are");
	if (read_context(&r, &e, &c) < 0)
		return -1;
	c.origin = arena_printf(a, "%s, context '%.*s'", e.file->path, shown(name), name.p);
	if (!c.origin)
		return err_nomem(err);
	*ret = c;
	return 0;
}
