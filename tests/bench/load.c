/* SPDX-License-Identifier: Apache-2.0 */
/* A load on the running webhook over TLS with keep-alive: latency, rate, and what it costs the server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BODY = 8 << 20, MAX_ANSWER = 1 << 20, MAX_CONNECTIONS = 256 };

struct load {
	struct sockaddr_in address;
	char *request;
	size_t request_len, total;
	_Atomic size_t started, failed;
	double *took;
	SSL_CTX *ctx;
};

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static SSL *dial(const struct load *l, int *ret_fd)
{
	SSL *ssl = SSL_new(l->ctx);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!ssl || *ret_fd < 0 || connect(*ret_fd, (const struct sockaddr *)&l->address, sizeof(l->address)) < 0 ||
	    SSL_set_fd(ssl, *ret_fd) != 1 || SSL_connect(ssl) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

/* Reads one answer with a Content-Length; whether it is a 200 that allows. */
static int read_answer(SSL *ssl, char *buf)
{
	size_t have = 0, want = 0;

	while (!want || have < want) {
		const int n = SSL_read(ssl, buf + have, (int)(MAX_ANSWER - 1 - have));
		const char *end, *length;

		if (n <= 0)
			return -1;
		have += (size_t)n;
		buf[have] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (want || !end)
			continue;
		length = strcasestr(buf, "\r\nContent-Length:");
		if (!length || length > end)
			return -1;
		want = (size_t)(end + 4 - buf) + strtoul(length + 17, NULL, 10);
		if (want >= MAX_ANSWER)
			return -1;
	}
	return strncmp(buf, "HTTP/1.1 200", 12) == 0 && strstr(buf, "\"allowed\":true") ? 0 : -1;
}

static void *client(void *arg)
{
	struct load *l = arg;
	char *buf = malloc(MAX_ANSWER);
	int fd = -1;
	SSL *ssl = buf ? dial(l, &fd) : NULL;
	size_t i;

	while (ssl && (i = atomic_fetch_add(&l->started, 1)) < l->total) {
		const double start = now();

		if (SSL_write(ssl, l->request, (int)l->request_len) <= 0 || read_answer(ssl, buf) < 0) {
			(void)atomic_fetch_add(&l->failed, 1);
			break;
		}
		l->took[i] = now() - start;
	}
	if (!ssl)
		(void)atomic_fetch_add(&l->failed, 1);
	SSL_free(ssl);
	if (fd >= 0)
		(void)close(fd);
	free(buf);
	return NULL;
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "rb");
	char *data = f ? malloc(MAX_BODY) : NULL;

	*ret_len = data ? fread(data, 1, MAX_BODY, f) : 0;
	if (f)
		(void)fclose(f);
	return data;
}

static int build_request(struct load *l, const char *path)
{
	size_t len;
	char *body = read_file(path, &len);
	int head;

	l->request = body ? malloc(len + 512) : NULL;
	if (!l->request)
		return -1;
	head = snprintf(l->request, 512,
		"POST /inject HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", len);
	memcpy(l->request + head, body, len);
	l->request_len = (size_t)head + len;
	free(body);
	return 0;
}

/* Clock ticks and pages of the server, from /proc. */
static double server_cpu(long pid)
{
	char path[64], line[1024];
	unsigned long user = 0, system = 0;
	char *rest;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f) && (rest = strrchr(line, ')'))) {
		for (int field = 2; rest && field < 14; field++)
			rest = strchr(rest + 1, ' ');
		if (rest) {
			user = strtoul(rest, &rest, 10);
			system = strtoul(rest, NULL, 10);
		}
	}
	if (f)
		(void)fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double server_memory(long pid)
{
	char path[64], line[256];
	double mib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmRSS:", 6) == 0)
			mib = strtod(line + 6, NULL) / 1024;
	if (f)
		(void)fclose(f);
	return mib;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run(struct load *l, size_t connections, long pid)
{
	pthread_t thread[MAX_CONNECTIONS];
	const double cpu = server_cpu(pid), start = now();
	double took;

	for (size_t i = 0; i < connections; i++)
		if (pthread_create(&thread[i], NULL, client, l) != 0)
			return EXIT_FAILURE;
	for (size_t i = 0; i < connections; i++)
		(void)pthread_join(thread[i], NULL);
	took = now() - start;
	if (l->failed) {
		(void)fprintf(stderr, "%zu connections failed\n", l->failed);
		return EXIT_FAILURE;
	}
	qsort(l->took, l->total, sizeof(*l->took), by_size);
	printf("%3zu connections: %8.0f a second; p50 %.3f ms, p99 %.3f ms, max %.3f ms; server %.0f us CPU each, %.1f MiB resident\n",
		connections, (double)l->total / took, l->took[l->total / 2] * 1e3, l->took[l->total * 99 / 100] * 1e3,
		l->took[l->total - 1] * 1e3, (server_cpu(pid) - cpu) * 1e6 / (double)l->total, server_memory(pid));
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const size_t connections = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	struct load l = {.total = argc > 5 ? strtoul(argv[5], NULL, 10) : 2000};
	int rc = EXIT_FAILURE;

	if (argc < 5 || !connections || connections > MAX_CONNECTIONS || !l.total) {
		(void)fprintf(stderr, "usage: load PORT SERVER-PID REVIEW.json CONNECTIONS [REQUESTS]\n");
		return 2;
	}
	l.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10))};
	l.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l.ctx = SSL_CTX_new(TLS_client_method());
	l.took = calloc(l.total, sizeof(*l.took));
	if (l.ctx && l.took && build_request(&l, argv[3]) == 0)
		rc = run(&l, connections, strtol(argv[2], NULL, 10));
	free(l.request);
	free(l.took);
	SSL_CTX_free(l.ctx);
	return rc;
}
