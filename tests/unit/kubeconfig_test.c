/* SPDX-License-Identifier: Apache-2.0 */
/* Does a kubeconfig say what kubectl reads in it, and is what is wrong with it named with file, entry and remedy? */
#include "webhook/cluster/config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH = 128, LONG = 4096 };

struct place {
	char folder[64], first[PATH], second[PATH];
	struct arena a;
};

static void put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void put_in(const struct place *p, const char *name, const char *text)
{
	char path[PATH];

	assert_true(snprintf(path, sizeof(path), "%s/%s", p->folder, name) < PATH);
	put(path, text);
}

static int set_up(void **state)
{
	static struct place p;

	(void)snprintf(p.folder, sizeof(p.folder), "/tmp/kubeconfig-test-XXXXXX");
	assert_non_null(mkdtemp(p.folder));
	(void)snprintf(p.first, sizeof(p.first), "%s/config", p.folder);
	(void)snprintf(p.second, sizeof(p.second), "%s/more", p.folder);
	arena_init(&p.a, 0);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"config", "more", "ca.crt", "token", "namespace", "c.crt", "c.key"};
	struct place *p = *state;
	char path[PATH];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", p->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(p->folder);
	arena_release(&p->a);
	return 0;
}

#define CONTEXT         "contexts: [{name: a, context: {cluster: c, user: u, namespace: shop}}]\ncurrent-context: a\n"
#define CLUSTER(fields) "clusters: [{name: c, cluster: {" fields "}}]\n"
#define USER(fields)    "users: [{name: u, user: {" fields "}}]\n"
#define SERVER          "server: 'https://10.0.0.1:6443'"

static void reads_all_fields(void **state)
{
	struct place *p = *state;
	struct cluster_config c;
	struct err err = {0};

	put_in(p, "c.crt", "CERT");
	put_in(p, "token", "t");
	put(p->first, CONTEXT CLUSTER("server: 'https://api.example:6443/prefix/', tls-server-name: kubernetes, "
				      "proxy-url: 'http://p:1', "
				      "certificate-authority-data: Q0EK")
			      USER("client-certificate: c.crt, client-key-data: S0VZ, token: abc, tokenFile: token"));
	assert_int_equal(cluster_config_kubeconfig(&p->a, p->first, NULL, &c, &err), 0);
	assert_string_equal(c.server, "https://api.example:6443/prefix");
	assert_string_equal(c.server_name, "kubernetes");
	assert_string_equal(c.proxy, "http://p:1");
	assert_true(str_is(c.ca.text, "CA\n"));
	assert_null(c.ca.file);
	assert_non_null(strstr(c.cert.file, "/c.crt"));
	assert_int_equal(c.cert.file[0], '/');
	assert_true(str_is(c.key.text, "KEY"));
	assert_string_equal(c.token, "abc");
	assert_non_null(strstr(c.token_file, p->folder));
	assert_string_equal(c.namespace, "shop");
	assert_false(c.insecure);
	assert_non_null(strstr(c.origin, "config, context 'a'"));
}

static void context_is_chosen(void **state)
{
	struct place *p = *state;
	struct cluster_config c;
	struct err err = {0};

	put(p->first,
		"contexts: [{name: a, context: {cluster: c}}, {name: b, context: {cluster: d}}]\ncurrent-context: a\n"
		"clusters: [{name: c, cluster: {server: 'https://c'}}, {name: d, cluster: {server: 'https://d', "
		"insecure-skip-tls-verify: true}}]\n");
	assert_int_equal(cluster_config_kubeconfig(&p->a, p->first, "b", &c, &err), 0);
	assert_string_equal(c.server, "https://d");
	assert_true(c.insecure);
	assert_null(c.token);
}

/* Of several files the first that defines a name wins; one that is missing is passed over. */
static void files_are_merged(void **state)
{
	struct place *p = *state;
	char paths[3 * PATH];
	struct cluster_config c;
	struct err err = {0};

	put(p->first, "current-context: a\nclusters: [{name: c, cluster: {server: 'https://first'}}]\n");
	put(p->second, "current-context: z\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n"
		       "clusters: [{name: c, cluster: {server: 'https://second'}}]\n" USER("token: abc"));
	(void)snprintf(paths, sizeof(paths), "%s/none:%s:%s", p->folder, p->first, p->second);
	assert_int_equal(cluster_config_kubeconfig(&p->a, paths, NULL, &c, &err), 0);
	assert_string_equal(c.server, "https://first");
	assert_string_equal(c.token, "abc");
}

static const struct {
	const char *text, *context, *error;
} bad[] = {
	{"[]", NULL, "no kubeconfig: it must be a map with clusters, users and contexts"},
	{"a: [", NULL, "the kubeconfig cannot be read as YAML: yaml: "},
	{"", NULL, "no kubeconfig: it must be a map with clusters, users and contexts"},
	{"kind: Config", NULL,
		"no current-context is set; give --context NAME or run `kubectl config use-context NAME`"},
	{CONTEXT, "zz",
		"the context 'zz' is not in the kubeconfig; `kubectl config get-contexts` lists those that are"},
	{"contexts: [{name: a, context: {}}]\ncurrent-context: a\n", NULL, "contexts 'a': cluster: is missing"},
	{"contexts: [{name: a}]\ncurrent-context: a\n", NULL, "contexts 'a': cluster: is missing"},
	{CONTEXT, NULL,
		"contexts 'a': cluster 'c' is not in the kubeconfig; `kubectl config get-contexts` shows what is "
		"there"},
	{CONTEXT CLUSTER(SERVER), NULL,
		"contexts 'a': user 'u' is not in the kubeconfig; `kubectl config get-contexts` shows what is there"},
	{CONTEXT CLUSTER(""), NULL,
		"clusters 'c': server: is missing: give the URL of the API server, https://HOST:PORT"},
	{CONTEXT CLUSTER("server: 1"), NULL, "clusters 'c': server: must be text"},
	{CONTEXT CLUSTER("server: '10.0.0.1:6443'"), NULL,
		"clusters 'c': server: must be a URL like https://HOST:PORT, got '10.0.0.1:6443'"},
	{CONTEXT CLUSTER("server: 'https://u:p@h'"), NULL,
		"clusters 'c': server: must be a URL without user, query or fragment"},
	{CONTEXT CLUSTER("server: \"https://h\\nX: y\""), NULL, "clusters 'c': server: must be one line"},
	{CONTEXT CLUSTER(SERVER ", certificate-authority-data: '%'"), NULL,
		"clusters 'c': certificate-authority-data: must be base 64 of a PEM text"},
	{CONTEXT CLUSTER(SERVER ", certificate-authority: /nowhere/ca.crt"), NULL,
		"clusters 'c': certificate-authority: the file /nowhere/ca.crt cannot be read"},
	{CONTEXT CLUSTER(SERVER ", insecure-skip-tls-verify: true, certificate-authority-data: Q0EK"), NULL,
		"clusters 'c': insecure-skip-tls-verify: and certificate-authority exclude each other; remove one"},
	{CONTEXT CLUSTER(SERVER ", insecure-skip-tls-verify: maybe"), NULL,
		"clusters 'c': insecure-skip-tls-verify: must be true or false"},
	{CONTEXT CLUSTER(SERVER) USER("exec: {command: aws}"), NULL,
		"users 'u': exec: plug-ins are not run; use a token, or make one with `kubectl create token`"},
	{CONTEXT CLUSTER(SERVER) USER("auth-provider: {name: gcp}"), NULL,
		"users 'u': auth-provider: plug-ins are not run; use a token, or make one with `kubectl create token`"},
	{CONTEXT CLUSTER(SERVER) USER("username: me, password: secret"), NULL,
		"users 'u': username: passwords are not supported, nor by Kubernetes since 1.19; use a token or a "
		"client certificate"},
	{CONTEXT CLUSTER(SERVER) USER("as: root"), NULL,
		"users 'u': as: impersonation is not supported; use the credentials of that user"},
	{CONTEXT CLUSTER(SERVER) USER("client-certificate-data: Q0EK"), NULL,
		"users 'u': client-certificate and client-key belong together; one is missing"},
	{CONTEXT CLUSTER(SERVER) USER("tokenFile: none"), NULL, "users 'u': tokenFile: the file "},
	{CONTEXT CLUSTER("server: 'http://h'") USER("token: abc"), NULL,
		"users 'u': credentials are not sent over http://; the server's URL must begin with https://"},
};

static void mistakes_are_named(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct cluster_config c = {.server = "untouched"};
		struct err err = {0};

		put(p->first, bad[i].text);
		assert_int_equal(cluster_config_kubeconfig(&p->a, p->first, bad[i].context, &c, &err), -1);
		if (strncmp(err.what, bad[i].error, strlen(bad[i].error)) != 0)
			fail_msg("row %zu: got \"%s\"", i, err.what);
		if (strncmp(err.where, p->first, strlen(p->first)) != 0)
			fail_msg("row %zu: at \"%s\"", i, err.where);
		assert_null(strstr(err.what, "secret"));
		assert_string_equal(c.server, "untouched");
	}
}

static void missing_files_are_named(void **state)
{
	struct place *p = *state;
	struct cluster_config c;
	struct err err = {0};

	assert_int_equal(cluster_config_kubeconfig(&p->a, "/nowhere/config", NULL, &c, &err), -1);
	assert_non_null(strstr(err.where, "/nowhere/config"));
	err_clear(&err);
	assert_int_equal(cluster_config_kubeconfig(&p->a, "/nowhere/a:/nowhere/b", NULL, &c, &err), -1);
	assert_non_null(strstr(
		err.what, "none of the kubeconfig files /nowhere/a:/nowhere/b is there; give --kubeconfig FILE"));
}

static void default_paths(void **state)
{
	struct place *p = *state;

	assert_string_equal(cluster_config_default_paths(&p->a, "/a:/b", "/home/x"), "/a:/b");
	assert_string_equal(cluster_config_default_paths(&p->a, "", "/home/x"), "/home/x/.kube/config");
	assert_string_equal(cluster_config_default_paths(&p->a, NULL, NULL), "/.kube/config");
}

static void a_pod_finds_its_account(void **state)
{
	struct place *p = *state;
	struct cluster_config c = {0};
	struct err err = {0};

	assert_int_equal(cluster_config_in_cluster(&p->a, p->folder, "10.0.0.1", "443", &c, &err), -1);
	assert_string_equal(err.what, "the pod has no service account's token; set automountServiceAccountToken: true "
				      "in its spec, or give --kubeconfig");
	assert_string_equal(err.where, p->folder);
	err_clear(&err);
	assert_int_equal(cluster_config_in_cluster(&p->a, p->folder, NULL, "443", &c, &err), -1);
	assert_non_null(strstr(err.what, "this is no pod of a cluster"));
	put_in(p, "token", "t");
	put_in(p, "ca.crt", "CA");
	put_in(p, "namespace", " mesh\n");
	err_clear(&err);
	assert_int_equal(cluster_config_in_cluster(&p->a, p->folder, "fd00::1", "6443", &c, &err), 0);
	assert_string_equal(c.server, "https://[fd00::1]:6443");
	assert_string_equal(c.namespace, "mesh");
	assert_non_null(strstr(c.token_file, "/token"));
	assert_non_null(strstr(c.ca.file, "/ca.crt"));
	assert_false(c.insecure);
}

/* Each prefix of a file is another broken file: all are answered. */
static void cut_files_are_answered(void **state)
{
	static const char whole[] = CONTEXT CLUSTER(SERVER ", certificate-authority-data: Q0EK") USER("token: abc");
	struct place *p = *state;
	size_t read = 0;

	for (size_t len = 0; len < sizeof(whole); len++) {
		struct cluster_config c;
		struct err err = {0};
		char text[LONG];

		(void)snprintf(text, sizeof(text), "%.*s", (int)len, whole);
		put(p->first, text);
		if (cluster_config_kubeconfig(&p->a, p->first, NULL, &c, &err) == 0)
			read++;
		else
			assert_true(err.what[0]);
	}
	assert_true(read >= 1 && read <= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_all_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(context_is_chosen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_are_merged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_files_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(default_paths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pod_finds_its_account, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_files_are_answered, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
