/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTPS request to the API server as libcurl sees it. */
#include "webhook/cluster/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/version.h"

enum { DATE_MAX = 40 };

/* --- who we are ------------------------------------------------------------------------------------------------- */

void cluster_auth_init(struct cluster_auth *auth, const struct cluster_config *config)
{
	*auth = (struct cluster_auth){.config = config};
}

static void forget(struct cluster_auth *auth)
{
	if (auth->header)
		explicit_bzero(auth->header, strlen(auth->header));
	free(take(auth->header));
}

void cluster_auth_release(struct cluster_auth *auth)
{
	forget(auth);
}

/* A token is visible ASCII: anything else would be another header, or a file of another kind. */
static int set_token(struct cluster_auth *auth, struct str token, struct err *err)
{
	static const char before[] = "Authorization: Bearer ";
	char *header;

	for (size_t i = 0; i < token.len; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return err_set(err, ERR_CONFIG, "is no token: it must be one word of visible characters");
	if (!token.len)
		return err_set(err, ERR_CONFIG, "is no token: it is empty");
	header = malloc(sizeof(before) + token.len);
	if (!header)
		return err_nomem(err);
	memcpy(header, before, sizeof(before) - 1);
	memcpy(header + sizeof(before) - 1, token.p, token.len);
	header[sizeof(before) - 1 + token.len] = '\0';
	forget(auth);
	auth->header = header;
	return 0;
}

static int read_token(struct cluster_auth *auth, const char *path, struct err *err)
{
	struct arena a;
	struct str text;
	int status;

	arena_init(&a, 16 * LIMIT_TOKEN_BYTES);
	status = file_read(&a, path, LIMIT_TOKEN_BYTES, FILE_UTF8, &text, err);
	if (status == 0) {
		status = set_token(auth, str_trim_space(text), err);
		explicit_bzero((char *)(uintptr_t)text.p, text.len);
	}
	arena_release(&a);
	if (status < 0)
		(void)err_at(err, "%s", path);
	return status;
}

int cluster_auth_header(struct cluster_auth *auth, bool again, const char **ret, struct err *err)
{
	const struct cluster_config *c = auth->config;
	struct err problem = {0};
	struct stat st = {0};
	int status = 0;

	if (c->token_file) {
		const bool there = stat(c->token_file, &st) == 0;
		const bool same = auth->header && there && st.st_ino == auth->inode &&
				  st.st_mtim.tv_sec == auth->modified.tv_sec &&
				  st.st_mtim.tv_nsec == auth->modified.tv_nsec;

		if (!same || again)
			status = read_token(auth, c->token_file, &problem);
		if (status == 0) {
			auth->inode = st.st_ino;
			auth->modified = st.st_mtim;
		}
	} else if (c->token && !auth->header) {
		status = set_token(auth, str_of(c->token), &problem);
	}
	if (status < 0 && !auth->header) {
		if (err && !err->code)
			*err = problem;
		return err_wrap(err, "the token for the API server");
	}
	*ret = auth->header;
	return 0;
}

/* --- one request ------------------------------------------------------------------------------------------------- */

int transfer_init(struct transfer *t, const struct libcurl *curl, struct err *err)
{
	*t = (struct transfer){.curl = curl, .easy = curl->easy_init()};
	return t->easy ? 0 : err_nomem(err);
}

static void drop_lists(struct transfer *t)
{
	t->curl->slist_free_all(take(t->headers));
	t->curl->slist_free_all(take(t->connect_to));
	free(take(t->url));
}

void transfer_release(struct transfer *t)
{
	if (!t->curl)
		return;
	if (t->easy)
		t->curl->easy_cleanup(take(t->easy));
	drop_lists(t);
}

static int add(const struct transfer *t, struct curl_slist **list, const char *line, struct err *err)
{
	struct curl_slist *longer = t->curl->slist_append(*list, line);

	if (!longer)
		return err_nomem(err);
	*list = longer;
	return 0;
}

/* "https://HOST:PORT/PREFIX" in three: what stands before the host, the host with its port, the rest. */
struct server_parts {
	struct str scheme, host, rest;
};

static struct server_parts split(const char *server)
{
	const struct str s = str_of(server);
	const size_t scheme = str_find(s, STR("://")) + 3;
	const size_t host = strcspn(server + scheme, "/");

	return (struct server_parts){
		{server, scheme}, {server + scheme, host}, {server + scheme + host, s.len - scheme - host}};
}

/* With the port as text, ":443" where none is written. */
static struct str port_of(struct str host)
{
	size_t i = host.len;

	while (i && host.p[i - 1] >= '0' && host.p[i - 1] <= '9')
		i--;
	return i && i < host.len && host.p[i - 1] == ':' ? (struct str){host.p + i - 1, host.len - i + 1} : STR(":443");
}

/* The name that is asked for and checked is the URL's; the connection goes to the host all the same. */
static int redirect(struct transfer *t, const struct cluster_config *c, const char *path, struct err *err)
{
	const struct server_parts p = split(c->server);
	const struct str port = port_of(p.host);
	const size_t own_port = port.p > p.host.p && port.p < p.host.p + p.host.len ? port.len : 0;
	char *to = NULL, *host = NULL;
	int status = -1;

	if (asprintf(&t->url, "%.*s%s%.*s%.*s%s", (int)p.scheme.len, p.scheme.p, c->server_name, (int)port.len, port.p,
		    (int)p.rest.len, p.rest.p, path) < 0)
		t->url = NULL;
	if (asprintf(&to, "%s%.*s:%.*s%.*s", c->server_name, (int)port.len, port.p, (int)(p.host.len - own_port),
		    p.host.p, (int)port.len, port.p) < 0)
		to = NULL;
	if (asprintf(&host, "Host: %.*s", (int)p.host.len, p.host.p) < 0)
		host = NULL;
	if (!t->url || !to || !host)
		(void)err_nomem(err);
	else
		status = add(t, &t->connect_to, to, err) < 0 || add(t, &t->headers, host, err) < 0 ? -1 : 0;
	free(to);
	free(host);
	return status;
}

static int set_url(struct transfer *t, const struct cluster_config *c, const char *path, struct err *err)
{
	if (c->server_name)
		return redirect(t, c, path, err);
	if (asprintf(&t->url, "%s%s", c->server, path) < 0) {
		t->url = NULL;
		return err_nomem(err);
	}
	return 0;
}

static int set_headers(struct transfer *t, const struct transfer_request *r, struct err *err)
{
	char type[96], accept[128];

	(void)snprintf(accept, sizeof(accept), "Accept: %s", r->accept ? r->accept : "application/json");
	(void)snprintf(type, sizeof(type), "Content-Type: %s", r->content_type ? r->content_type : "application/json");
	if (add(t, &t->headers, accept, err) < 0 ||
		(r->body.p && add(t, &t->headers, type, err) < 0) ||
		(r->authorization && add(t, &t->headers, r->authorization, err) < 0))
		return -1;
	/* Without it libcurl asks before it sends a body, and waits. */
	return add(t, &t->headers, "Expect:", err);
}

/* The value of a header line where it has this name ("name:"); p NULL: another one. */
static struct str header_value(struct str line, const char *name)
{
	const size_t len = strlen(name);

	if (line.len <= len || strncasecmp(line.p, name, len) != 0)
		return (struct str){0};
	return str_trim_space((struct str){line.p + len, line.len - len});
}

/* As servers write it (RFC 9110, IMF-fixdate); 0: it is none. */
static int64_t read_date(struct str text)
{
	char copy[DATE_MAX];
	struct tm tm = {0};
	const char *end;

	if (text.len >= sizeof(copy))
		return 0;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	end = strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end && !*end ? (int64_t)timegm(&tm) : 0;
}

static size_t see_header(char *text, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	const struct str line = {text, size * n}, after = header_value(line, "retry-after:"),
			 date = header_value(line, "date:");
	int64_t seconds;

	if (after.p && parse_i64(after, &seconds) && seconds > 0)
		t->retry_after = seconds < 3600 ? (long)seconds : 3600;
	if (date.p)
		t->date = read_date(date);
	return line.len;
}

struct blob_option {
	CURLoption file, blob;
};

static bool set_pem(const struct transfer *t, const struct cluster_pem *pem, struct blob_option o)
{
	struct curl_blob blob = {
		.data = (void *)(uintptr_t)pem->text.p, .len = pem->text.len, .flags = CURL_BLOB_NOCOPY};

	if (pem->file)
		return t->curl->easy_setopt(t->easy, o.file, pem->file) == CURLE_OK;
	return !pem->text.p || t->curl->easy_setopt(t->easy, o.blob, &blob) == CURLE_OK;
}

struct number_option {
	CURLoption option;
	long value;
};

static bool set_numbers(const struct transfer *t, const struct number_option *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t->curl->easy_setopt(t->easy, o[i].option, o[i].value) != CURLE_OK)
			return false;
	return true;
}

static bool set_tls(const struct transfer *t, const struct cluster_config *c)
{
	const struct number_option numbers[] = {
		{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2}, {CURLOPT_SSL_VERIFYPEER, c->insecure ? 0 : 1},
		{CURLOPT_SSL_VERIFYHOST, c->insecure ? 0 : 2},
		{CURLOPT_CA_CACHE_TIMEOUT, 0}, /* a CA that is replaced counts for the next connection */
	};

	return set_numbers(t, numbers, ARRAY_LEN(numbers)) &&
	       set_pem(t, &c->ca, (struct blob_option){CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB}) &&
	       set_pem(t, &c->cert, (struct blob_option){CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB}) &&
	       set_pem(t, &c->key, (struct blob_option){CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB});
}

/* Nothing but HTTP to that one server: no redirects, no other protocol. */
static bool set_rules(struct transfer *t, const struct cluster_config *c)
{
	static const struct number_option numbers[] = {
		{CURLOPT_NOSIGNAL, 1},
		{CURLOPT_FOLLOWLOCATION, 0},
		{CURLOPT_PATH_AS_IS, 1},
		{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS},
		{CURLOPT_CONNECTTIMEOUT_MS, TRANSFER_CONNECT_MS},
	};
	const struct libcurl *curl = t->curl;

	return set_numbers(t, numbers, ARRAY_LEN(numbers)) &&
	       curl->easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->problem) == CURLE_OK &&
	       curl->easy_setopt(t->easy, CURLOPT_USERAGENT, "outrigger/" OUTRIGGER_VERSION) == CURLE_OK &&
	       curl->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, see_header) == CURLE_OK &&
	       curl->easy_setopt(t->easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	       (!c->proxy || curl->easy_setopt(t->easy, CURLOPT_PROXY, c->proxy) == CURLE_OK);
}

static bool set_request(const struct transfer *t, const struct transfer_request *r)
{
	const struct libcurl *curl = t->curl;

	if (r->body.p &&
		(curl->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len) != CURLE_OK ||
			curl->easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body.p) != CURLE_OK))
		return false;
	return curl->easy_setopt(t->easy, CURLOPT_URL, t->url) == CURLE_OK &&
	       curl->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
	       (!t->connect_to || curl->easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to) == CURLE_OK) &&
	       curl->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method) == CURLE_OK;
}

int transfer_prepare(
	struct transfer *t, const struct cluster_config *config, const struct transfer_request *r, struct err *err)
{
	t->curl->easy_reset(t->easy);
	drop_lists(t);
	t->problem[0] = '\0';
	t->retry_after = 0;
	t->date = 0;
	if (set_url(t, config, r->path, err) < 0 || set_headers(t, r, err) < 0)
		return -1;
	if (!set_rules(t, config) || !set_tls(t, config) || !set_request(t, r))
		return err_set(err, ERR_CONFIG,
			"this libcurl lacks something that is needed: version 7.87 or later, built with OpenSSL");
	return 0;
}

int transfer_status(const struct transfer *t)
{
	long status = 0;

	(void)t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

int transfer_path_len(const char *path)
{
	return (int)strcspn(path, "?");
}

static const char *remedy(CURLcode code)
{
	switch ((unsigned)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return "; its certificate must be of the certificate authority that is configured, and for this name";
	case CURLE_SSL_CERTPROBLEM:
		return "; look at client-certificate and client-key";
	case CURLE_SSL_CACERT_BADFILE:
		return "; look at certificate-authority, or ca.crt of the service account";
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return "; is the address right, and does a NetworkPolicy or firewall let us through?";
	default:
		return "";
	}
}

int transfer_failed(const struct transfer *t, const struct cluster_config *config, const struct transfer_request *r,
	CURLcode code, struct err *err)
{
	if (code == CURLE_OUT_OF_MEMORY)
		return err_nomem(err);
	return err_set(err, ERR_IO, "%s %.*s: no answer from %.200s: %.256s%s", r->method, transfer_path_len(r->path),
		r->path, config->server, t->problem[0] ? t->problem : t->curl->easy_strerror(code), remedy(code));
}
