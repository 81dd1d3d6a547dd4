/* SPDX-License-Identifier: Apache-2.0 */
/* Do new files replace the configuration and the certificate in force, bad ones never, and no connection notices? */
#include "webhook/cli/reload.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/server/fixture.h"
#include "webhook/server/connection.h"

#define JSON "Content-Type: application/json\r\n"
#define GOOD "accessLogFile: /dev/stdout\n"
#define BETTER "accessLogFile: /dev/stderr\n"
#define BAD "accessLogFile: /dev/stdout\ndefaultConfig: [\n"

enum { WAIT_MS = 10000, PATH = 256 };

/* A mounted volume: files are links to ..data/FILE, and ..data is a link to the folder in force. */
struct volume {
	char folder[PATH];
	int generation;
};

struct place {
	struct fixture f;
	char root[64], log_path[PATH], mesh[PATH], cert[PATH], key[PATH], nodes[PATH];
	struct volume config, tls;
	struct options options;
	struct log log;
	struct reload reload;
	struct response response;
};

static void path_of(char out[PATH], const char *folder, const char *name)
{
	assert_true(snprintf(out, PATH, "%s/%s", folder, name) < PATH);
}

static void put(const char *path, struct str text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.len), text.len);
	assert_int_equal(close(fd), 0);
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[PATH];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		path_of(path, folder, entry->d_name);
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_folder(path);
		else
			(void)unlink(path);
	}
	(void)closedir(dir);
	(void)rmdir(folder);
}

/* As kubelet's atomic writer: a new folder, a new link, one rename, the old folder goes. */
static void publish(struct volume *v, const char *name_a, struct str a, const char *name_b, struct str b)
{
	char folder[PATH], path[PATH], data[PATH], old[PATH] = "";
	char target[32], link[64];

	if (v->generation)
		(void)snprintf(old, sizeof(old), "%.200s/..%d", v->folder, v->generation);
	(void)snprintf(target, sizeof(target), "..%d", ++v->generation);
	path_of(folder, v->folder, target);
	assert_int_equal(mkdir(folder, 0700), 0);
	path_of(path, folder, name_a);
	put(path, a);
	path_of(path, folder, name_b);
	put(path, b);
	path_of(path, v->folder, "..data_tmp");
	path_of(data, v->folder, "..data");
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(rename(path, data), 0);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(link, sizeof(link), "..data/%s", i ? name_b : name_a);
		path_of(path, v->folder, i ? name_b : name_a);
		if (v->generation == 1)
			assert_int_equal(symlink(link, path), 0);
	}
	remove_folder(old[0] ? old : "");
}

static void publish_config(struct place *p, const char *mesh, const char *nodes)
{
	publish(&p->config, "mesh", str_of(mesh), "nodes", str_of(nodes));
}

static void publish_pair(struct place *p, const struct cert_pair *pair)
{
	publish(&p->tls, "tls.crt", pair->cert, "tls.key", pair->key);
}

static void start_reload(struct place *p)
{
	char *argv[] = {(char[]){"--mesh-config"}, p->mesh, (char[]){"--cluster-objects"}, p->nodes,
		(char[]){"--tls-cert"}, p->cert, (char[]){"--tls-key"}, p->key};
	struct err err = {0};
	const int fd = open(p->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(log_init(&p->log, fd, "text", "info", &err), 0);
	assert_int_equal(options_parse(VERB_SERVE, ARRAY_LEN(argv), argv, &p->options, &err), 0);
	reload_init(&p->reload, &p->options, (struct watch_timing){.quiet_ms = 20, .most_ms = 200, .poll_ms = 60000}, clock_ms());
	reload_start(&p->reload, &p->f.config, &p->f.serving, p->f.server, &p->log);
}

static uint64_t generation(struct place *p)
{
	own(snapshot_unrefp) struct snapshot *s = snapshot_get(&p->f.config);

	return s->generation;
}

/* Runs the loop of `serve` until the answer is yes; each wait is bounded. */
static bool comes_true(struct place *p, bool (*holds)(struct place *p, const char *arg), const char *arg)
{
	const int64_t until = clock_ms() + WAIT_MS;

	while (clock_ms() < until) {
		struct pollfd fd = {.fd = p->reload.watch.fd, .events = POLLIN};
		const int wait = watch_wait_ms(&p->reload.watch, clock_ms());

		reload_step(&p->reload, clock_ms());
		if (holds(p, arg))
			return true;
		(void)poll(&fd, 1, wait < 50 ? wait : 50);
	}
	return false;
}

static const char *readyz(struct place *p)
{
	static const char request[] = "GET /readyz?verbose HTTP/1.1\r\nHost: x\r\n\r\n";
	struct client *c = test_malloc(sizeof(*c));

	client_connect(c, p->f.plain);
	client_send(c, request, sizeof(request) - 1);
	client_read(c, &p->response, false);
	client_close(c);
	test_free(c);
	assert_int_equal(p->response.status, 200); /* ready whatever is refused */
	return p->response.body;
}

static bool ready_says(struct place *p, const char *text)
{
	return strstr(readyz(p), text) != NULL;
}

static bool ready_says_no_more(struct place *p, const char *text)
{
	return !ready_says(p, text);
}

static int times_logged(struct place *p, const char *text)
{
	struct arena a;
	struct str log = {0};
	struct err err = {0};
	int n = 0;

	arena_init(&a, 0);
	assert_int_equal(file_read(&a, p->log_path, 1 << 20, 0, &log, &err), 0);
	for (const char *at = log.p; (at = strstr(at, text)); at++)
		n++;
	arena_release(&a);
	return n;
}

static bool logged(struct place *p, const char *text)
{
	return times_logged(p, text) > 0;
}

static bool quiet(struct place *p, const char *arg UNUSED)
{
	return !p->reload.watch.changed;
}

static int set_up(void **state)
{
	struct place *p = test_calloc(1, sizeof(*p));

	fixture_start(&p->f, 20000, 20000);
	(void)snprintf(p->root, sizeof(p->root), "/tmp/reload-test-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	path_of(p->config.folder, p->root, "config");
	path_of(p->tls.folder, p->root, "tls");
	path_of(p->log_path, p->root, "log");
	path_of(p->mesh, p->config.folder, "mesh");
	path_of(p->nodes, p->config.folder, "nodes");
	path_of(p->cert, p->tls.folder, "tls.crt");
	path_of(p->key, p->tls.folder, "tls.key");
	assert_int_equal(mkdir(p->config.folder, 0700), 0);
	assert_int_equal(mkdir(p->tls.folder, 0700), 0);
	publish_config(p, GOOD, "");
	publish_pair(p, &p->f.serving);
	start_reload(p);
	reload_ask(&p->reload, clock_ms());
	assert_true(comes_true(p, logged, "configuration replaced"));
	assert_int_equal(generation(p), 2); /* 1 was the embedded one */
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	reload_release(&p->reload);
	fixture_stop(&p->f);
	(void)close(p->log.fd);
	remove_folder(p->root);
	test_free(p);
	return 0;
}

static void a_swapped_link_brings_the_new_configuration(void **state)
{
	struct place *p = *state;

	publish_config(p, BETTER, "");
	assert_true(comes_true(p, ready_says, "[+]configuration ok: generation 3, digest "));
	publish_config(p, BETTER, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n");
	assert_true(comes_true(p, ready_says, "[+]configuration ok: generation 4, digest "));
	assert_int_equal(times_logged(p, "configuration replaced"), 3);
	assert_int_equal(times_logged(p, "refused"), 0);
}

static void the_same_content_replaces_nothing(void **state)
{
	struct place *p = *state;

	publish_config(p, GOOD, "");
	publish_pair(p, &p->f.serving);
	reload_ask(&p->reload, clock_ms());
	assert_true(comes_true(p, quiet, NULL));
	assert_int_equal(generation(p), 2);
	assert_int_equal(times_logged(p, "certificate replaced"), 0);
}

static void a_bad_configuration_is_refused_and_said(void **state)
{
	struct place *p = *state;
	char since[64];
	const char *at;

	publish_config(p, BAD, "");
	assert_true(comes_true(p, ready_says, "; a newer one is refused since "));
	assert_int_equal(generation(p), 2);
	at = strstr(p->response.body, "refused since ");
	(void)snprintf(since, sizeof(since), "%.34s", at);
	assert_non_null(strstr(at, p->mesh));
	assert_non_null(strstr(p->response.body, "readyz check passed\n"));
	publish_config(p, BAD, ""); /* the same mistake again: no second line, the same time */
	assert_true(comes_true(p, quiet, NULL));
	assert_true(ready_says(p, since));
	assert_int_equal(times_logged(p, "the last good one stays in force"), 1);
	assert_int_equal(times_logged(p, "refused"), 1);
	publish_config(p, BETTER, "");
	assert_true(comes_true(p, ready_says_no_more, "refused"));
	assert_true(ready_says(p, "generation 3,"));
}

static void back_to_what_is_in_force_is_said_too(void **state)
{
	struct place *p = *state;

	publish_config(p, BAD, "");
	assert_true(comes_true(p, ready_says, "refused"));
	publish_config(p, GOOD, "");
	assert_true(comes_true(p, ready_says_no_more, "refused"));
	assert_int_equal(generation(p), 2);
	assert_true(times_logged(p, "the files hold what is in force") >= 1);
}

/* Written in place, with a pause longer than we wait for a writer. */
static void half_a_file_is_refused_until_it_is_whole(void **state)
{
	static const char whole[] = "defaultConfig: {\"concurrency\": 2}\n";
	struct place *p = *state;
	int fd;

	assert_int_equal(unlink(p->mesh), 0);
	put(p->mesh, STR(GOOD));
	assert_true(comes_true(p, quiet, NULL));
	fd = open(p->mesh, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(comes_true(p, ready_says, "the file has become empty"));
	assert_int_equal(write(fd, whole, 20), 20);
	assert_true(comes_true(p, ready_says_no_more, "the file has become empty"));
	assert_true(ready_says(p, "; a newer one is refused since "));
	assert_int_equal(generation(p), 2);
	assert_int_equal(write(fd, whole + 20, strlen(whole + 20)), strlen(whole + 20));
	assert_int_equal(close(fd), 0);
	assert_true(comes_true(p, ready_says_no_more, "refused"));
	assert_int_equal(generation(p), 3);
}

static void a_missing_file_is_refused_until_it_is_back(void **state)
{
	struct place *p = *state;

	assert_int_equal(unlink(p->mesh), 0);
	assert_true(comes_true(p, ready_says, "mesh: --mesh-config: cannot open the file: No such file or directory"));
	put(p->mesh, STR(BETTER));
	assert_true(comes_true(p, ready_says_no_more, "refused"));
	assert_int_equal(generation(p), 3);
}

static void without_inotify_the_poll_finds_it(void **state)
{
	struct place *p = *state;

	watch_release(&p->reload.watch);
	p->reload.watch.timing.poll_ms = 20;
	p->reload.watch.next_poll = 0;
	publish_config(p, BETTER, "");
	assert_true(comes_true(p, ready_says, "generation 3,"));
}

static void a_storm_of_signals_is_one_reload(void **state)
{
	struct place *p = *state;
	const int before = times_logged(p, "reading the files again");

	for (int i = 0; i < 100; i++)
		reload_ask(&p->reload, clock_ms());
	assert_true(comes_true(p, logged, "the files hold what is in force part=\"configuration\""));
	assert_true(comes_true(p, quiet, NULL));
	assert_int_equal(times_logged(p, "reading the files again"), before + 1);
	assert_int_equal(times_logged(p, "the files hold what is in force part=\"configuration\""), 1);
	assert_int_equal(generation(p), 2);
}

static void serial_of(struct place *p, char out[64])
{
	struct client *c = test_malloc(sizeof(*c));

	client_open(c, p->f.address);
	client_serial(c, out);
	client_close(c);
	test_free(c);
}

static void keys_of_another_pair_are_refused(void **state)
{
	struct place *p = *state;
	struct cert_pair next, mixed;
	char before[64], after[64];

	serial_of(p, before);
	fixture_issue(&p->f, &next);
	mixed = (struct cert_pair){.cert = next.cert, .key = p->f.serving.key};
	publish_pair(p, &mixed);
	assert_true(comes_true(p, ready_says, "tls.key: the key does not belong to the certificate: they are of two pairs"));
	serial_of(p, after);
	assert_string_equal(before, after);
	publish_pair(p, &next);
	assert_true(comes_true(p, ready_says_no_more, "refused"));
	serial_of(p, after);
	assert_string_not_equal(before, after);
}

enum { CLIENTS = 3, PAIRS = 4 };

struct load {
	const struct fixture *f;
	atomic_bool stop;
	atomic_size_t sent, served;
};

/* One connection from the first pair to the last. No assertion may leave a thread by longjmp(): it counts instead. */
static void *send_on_and_on(void *arg)
{
	struct load *load = arg;
	struct client *c = calloc(1, sizeof(*c));
	struct response *r = calloc(1, sizeof(*r));
	char request[4096];
	const size_t len = post(request, sizeof(request), "/inject", JSON, POD_REVIEW);

	client_open(c, load->f->address);
	do {
		(void)atomic_fetch_add(&load->sent, 1);
		if (!client_try_send(c, request, len))
			break;
		client_read(c, r, false);
		if (r->status == 200)
			(void)atomic_fetch_add(&load->served, 1);
	} while (!atomic_load(&load->stop));
	client_close(c);
	free(c);
	free(r);
	return NULL;
}

static bool serial_is_not(struct place *p, const char *old)
{
	char now[64];

	serial_of(p, now);
	return strcmp(now, old) != 0;
}

static void pairs_are_swapped_under_load_and_nobody_notices(void **state)
{
	struct place *p = *state;
	struct load load = {.f = &p->f};
	pthread_t thread[CLIENTS];
	char serial[64];

	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, send_on_and_on, &load), 0);
	for (int i = 0; i < PAIRS; i++) {
		struct cert_pair next;

		serial_of(p, serial);
		fixture_issue(&p->f, &next);
		publish_pair(p, &next);
		publish_config(p, i % 2 ? GOOD : BETTER, "");
		assert_true(comes_true(p, serial_is_not, serial));
	}
	atomic_store(&load.stop, true);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_true(atomic_load(&load.sent) >= CLIENTS);
	assert_int_equal(atomic_load(&load.served), atomic_load(&load.sent));
	assert_int_equal(times_logged(p, "certificate replaced"), PAIRS);
	assert_int_equal(times_logged(p, "refused"), 0);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_swapped_link_brings_the_new_configuration),
		ROW(the_same_content_replaces_nothing),
		ROW(a_bad_configuration_is_refused_and_said),
		ROW(back_to_what_is_in_force_is_said_too),
		ROW(half_a_file_is_refused_until_it_is_whole),
		ROW(a_missing_file_is_refused_until_it_is_back),
		ROW(without_inotify_the_poll_finds_it),
		ROW(a_storm_of_signals_is_one_reload),
		ROW(keys_of_another_pair_are_refused),
		ROW(pairs_are_swapped_under_load_and_nobody_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
