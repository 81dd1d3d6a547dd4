/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths there are, and what the head of a request must look like before its body is read. */
#include "webhook/server/route.h"

#include <string.h>
#include <strings.h>

enum {
	DRAIN_TIMES = 4
}; /* a body of so many times the limit is read and forgotten, so that the client gets to read the answer */

static const struct route routes[] = {
	{.path = "/inject", .below = true, .allow = "POST", .takes_body = true, .answer = answer_inject},
	{.path = "/require", .allow = "POST", .takes_body = true, .answer = answer_require},
	{.path = "/healthz", .plain = true, .allow = "GET, HEAD", .answer = answer_healthz},
	{.path = "/readyz", .plain = true, .allow = "GET, HEAD", .answer = answer_readyz},
	{.path = "/metrics", .plain = true, .only_plain = true, .allow = "GET, HEAD", .answer = answer_metrics},
};

static const struct route *find(const struct endpoint *e, struct str path)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const size_t len = strlen(routes[i].path);

		if (e->only_health ? !routes[i].plain : routes[i].only_plain)
			continue;
		if (str_is(path, routes[i].path))
			return &routes[i];
		if (routes[i].below && path.len > len && path.p[len] == '/' && str_has_prefix(path, routes[i].path))
			return &routes[i];
	}
	return NULL;
}

static bool allows(const struct route *route, const char *method)
{
	struct str rest = str_of(route->allow);

	while (rest.p)
		if (str_is(str_trim_space(str_cut(&rest, ',')), method))
			return true;
	return false;
}

/* What matters of the headers; names are compared without case. */
struct head {
	unsigned hosts, lengths, encodings;
	const char *content_type, *content_encoding, *expect;
	struct str length;
};

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind UNUSED, const char *key, const char *value)
{
	struct head *h = cls;

	if (!value)
		value = "";
	if (strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0) {
		h->hosts++;
	} else if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
		h->lengths++;
		h->length = str_of(value);
	} else if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		h->encodings += strcasecmp(value, "chunked") == 0 ? 1 : 2; /* 2: one that is not ours counts as wrong */
	} else if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_TYPE) == 0) {
		h->content_type = value;
	} else if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_ENCODING) == 0) {
		h->content_encoding = value;
	} else if (strcasecmp(key, MHD_HTTP_HEADER_EXPECT) == 0) {
		h->expect = value;
	}
	return MHD_YES;
}

/* "application/json", with or without parameters. */
static bool is_json(const char *type)
{
	struct str rest = str_of(type);
	const struct str name = str_trim_space(str_cut(&rest, ';'));

	return name.len == strlen("application/json") && strncasecmp(name.p, "application/json", name.len) == 0;
}

static void refuse(struct request *r, int status, const char *problem)
{
	if (r->status)
		return; /* the first thing that is wrong counts */
	r->status = status;
	r->problem = problem;
}

/* What two readers could read differently: request smuggling lives there (RFC 9112, sections 3.2 and 6.3). */
static bool check_framing(struct request *r, const struct head *h, size_t head_bytes)
{
	if (head_bytes > HEAD_BYTES_MAX)
		refuse(r, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are larger than 16 KiB");
	else if (h->hosts != 1)
		refuse(r, MHD_HTTP_BAD_REQUEST, h->hosts ? "more than one Host header" : "no Host header");
	else if (h->lengths > 1)
		refuse(r, MHD_HTTP_BAD_REQUEST, "more than one Content-Length header");
	else if (h->encodings > 1)
		refuse(r, MHD_HTTP_BAD_REQUEST, "the only Transfer-Encoding served is one chunked");
	else if (h->encodings && h->lengths)
		refuse(r, MHD_HTTP_BAD_REQUEST, "both Content-Length and Transfer-Encoding");
	return r->status != 0;
}

static void check_body_headers(struct request *r, const struct head *h, uint64_t length)
{
	if (!h->content_type || !is_json(h->content_type))
		refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "invalid Content-Type, want `application/json`");
	if (h->content_encoding && strcasecmp(h->content_encoding, "identity") != 0)
		refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "no Content-Encoding is served");
	if (length > r->body.max)
		refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is larger than the limit (--max-body)");
}

static size_t head_bytes(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return info ? info->header_size : 0;
}

bool route_check_head(const struct endpoint *e, struct request *r, struct MHD_Connection *c, const char *method)
{
	struct head h = {0};
	uint64_t length = 0;

	(void)MHD_get_connection_values(c, MHD_HEADER_KIND, look_at_header, &h);
	if (r->status || check_framing(r, &h, head_bytes(c)))
		return true;
	if (h.lengths && !parse_u64(h.length, &length))
		refuse(r, MHD_HTTP_BAD_REQUEST, "Content-Length is no number");
	r->route = find(e, r->path);
	if (!r->route)
		refuse(r, MHD_HTTP_NOT_FOUND,
			e->only_health ? "nothing is here but /healthz, /readyz and /metrics" : "nothing is here but /inject and /require");
	else if (!allows(r->route, method))
		refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "the method is not allowed here");
	else if (r->route->takes_body)
		check_body_headers(r, &h, length);
	return r->status && (h.expect || length > r->body.max * DRAIN_TIMES);
}
