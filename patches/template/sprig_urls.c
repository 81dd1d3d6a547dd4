/* SPDX-License-Identifier: Apache-2.0 */
/* urlParse and urlJoin, as Go's net/url reads and writes URLs (RFC 3986). */
#include <string.h>
#include <strings.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

/* What stays as it is in each part, beside letters, digits and -_.~ */
static const char in_path[] = "$&+,/:;=@", in_user[] = "$&+,;=", in_host[] = "!\"$&'()*+,:;<=>[]", in_fragment[] = "!$&()*+,/:;=?@";

struct url {
	struct str scheme, opaque, user, password, host, path, query, fragment;
	bool has_user, has_password, force_query;
};

struct parsing {
	struct run *run;
	struct str whole; /* for the message */
	struct err *err;
};

static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-_.~", c));
}

static bool stays(char c, const char *also)
{
	return is_unreserved(c) || (c && strchr(also, c));
}

static void escape(struct text *out, struct str s, const char *also)
{
	for (size_t i = 0; i < s.len; i++) {
		if (stays(s.p[i], also))
			text_addc(out, s.p[i]);
		else
			text_addf(out, "%%%02X", (unsigned)(unsigned char)s.p[i]);
	}
}

static int fail(const struct parsing *p, const char *why)
{
	struct text t;

	out_init(p->run, &t);
	go_quote(&t, p->whole);
	return err_set(p->err, ERR_INPUT, "unable to parse url: parse %.600s: %s", text_cstr(&t), why);
}

static int fail_with(const struct parsing *p, const char *before, struct str what, const char *after)
{
	struct text t;

	out_init(p->run, &t);
	text_adds(&t, before);
	go_quote(&t, what);
	text_adds(&t, after);
	return fail(p, text_cstr(&t));
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent escapes as bytes. Hosts allow escapes of what is beyond ASCII only, and of the percent sign. */
static int unescape(const struct parsing *p, struct str s, bool host, struct str *ret)
{
	struct text t;

	out_init(p->run, &t);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '%') {
			if (host && (unsigned char)s.p[i] < 0x80 && !stays(s.p[i], in_host))
				return fail_with(p, "invalid character ", (struct str){s.p + i, 1}, " in host name");
			text_addc(&t, s.p[i]);
			continue;
		}
		const int high = i + 2 < s.len ? hex(s.p[i + 1]) : -1, low = i + 2 < s.len ? hex(s.p[i + 2]) : -1;

		if (high < 0 || low < 0 || (host && high < 8 && !(high == 2 && low == 5)))
			return fail_with(p, "invalid URL escape ", (struct str){s.p + i, s.len - i < 3 ? s.len - i : 3}, "");
		text_addc(&t, (char)(high << 4 | low));
		i += 2;
	}
	if (t.failed)
		return err_nomem(p->err);
	*ret = (struct str){t.data ? t.data : "", t.len};
	return 0;
}

static int parse_scheme(const struct parsing *p, struct str *rest, struct str *ret)
{
	for (size_t i = 0; i < rest->len; i++) {
		const char c = rest->p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (i && ((c >= '0' && c <= '9') || strchr("+-.", c)) && c)
			continue;
		if (c != ':')
			return 0;
		if (!i)
			return fail(p, "missing protocol scheme");
		char *lower = arena_strndup(p->run->arena, rest->p, i);

		if (!lower)
			return err_nomem(p->err);
		for (size_t k = 0; k < i; k++)
			lower[k] = (char)(lower[k] >= 'A' && lower[k] <= 'Z' ? lower[k] | 0x20 : lower[k]);
		*ret = (struct str){lower, i};
		rest->p += i + 1;
		rest->len -= i + 1;
		return 0;
	}
	return 0;
}

static bool is_port(struct str s)
{
	if (s.len && s.p[0] != ':')
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* An address in brackets: digits, colons and a zone. */
static bool is_ipv6(struct str s)
{
	const char *zone = memmem(s.p, s.len, "%", 1);
	const size_t len = zone ? (size_t)(zone - s.p) : s.len;
	size_t colons = 0;

	for (size_t i = 0; i < len; i++) {
		colons += s.p[i] == ':';
		if (hex(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
			return false;
	}
	return colons >= 2 && colons <= 8;
}

static int parse_bracketed_host(const struct parsing *p, struct str host, struct str *ret)
{
	const char *close = memrchr(host.p, ']', host.len);
	struct str port, address;

	if (!close)
		return fail(p, "missing ']' in host");
	port = (struct str){close + 1, host.len - (size_t)(close + 1 - host.p)};
	if (!is_port(port))
		return fail_with(p, "invalid port ", port, " after host");
	if (unescape(p, host, true, ret) < 0)
		return -1;
	address = (struct str){ret->p + 1, (size_t)(close - host.p) - 1};
	if (address.len > ret->len || !is_ipv6(address))
		return fail(p, "invalid IP-literal");
	return 0;
}

static int parse_host(const struct parsing *p, const struct url *u, struct str host, struct str *ret)
{
	const char *open = host.len ? memrchr(host.p, '[', host.len) : NULL;
	const char *first = host.len ? memchr(host.p, ':', host.len) : NULL;
	struct str port;

	if (open && open > host.p)
		return fail(p, "invalid IP-literal");
	if (open)
		return parse_bracketed_host(p, host, ret);
	if (first) {
		if (!str_is(u->scheme, "http") && !str_is(u->scheme, "https"))
			first = memrchr(host.p, ':', host.len);
		port = (struct str){first, host.len - (size_t)(first - host.p)};
		if (!is_port(port))
			return fail_with(p, "invalid port ", port, " after host");
	}
	return unescape(p, host, true, ret);
}

static int parse_userinfo(const struct parsing *p, struct url *u, struct str info)
{
	struct str password = info;
	const struct str user = str_cut(&password, ':');

	for (size_t i = 0; i < info.len; i++)
		if (!stays(info.p[i], ":!$&'()*+,;=%@"))
			return fail(p, "net/url: invalid userinfo");
	u->has_user = true;
	u->has_password = password.p != NULL;
	if (unescape(p, user, false, &u->user) < 0)
		return -1;
	return u->has_password ? unescape(p, password, false, &u->password) : 0;
}

static int parse_authority(const struct parsing *p, struct url *u, struct str authority)
{
	const char *at = authority.len ? memrchr(authority.p, '@', authority.len) : NULL;
	const size_t before = at ? (size_t)(at - authority.p) : 0, skip = at ? before + 1 : 0;

	if (parse_host(p, u, (struct str){authority.p + skip, authority.len - skip}, &u->host) < 0)
		return -1;
	return at ? parse_userinfo(p, u, (struct str){authority.p, before}) : 0;
}

/* What stands behind the scheme. */
static int parse_rest(const struct parsing *p, struct url *u, struct str rest)
{
	struct str query = rest, path;
	const struct str before = str_cut(&query, '?');

	u->query = query.p ? query : STR("");
	u->force_query = query.p && !query.len;
	rest = before;
	if (!str_has_prefix(rest, "/")) {
		if (u->scheme.len) {
			u->opaque = rest;
			return 0;
		}
		path = rest;
		path = str_cut(&path, '/');
		if (memchr(path.p, ':', path.len))
			return fail(p, "first path segment in URL cannot contain colon");
	}
	if (str_has_prefix(rest, "//") && (u->scheme.len || !str_has_prefix(rest, "///"))) {
		struct str authority = {rest.p + 2, rest.len - 2};
		const char *slash = memchr(authority.p, '/', authority.len);

		if (slash)
			authority.len = (size_t)(slash - authority.p);
		rest = (struct str){authority.p + authority.len, rest.len - 2 - authority.len};
		if (parse_authority(p, u, authority) < 0)
			return -1;
	}
	return unescape(p, rest, false, &u->path);
}

static int url_parse(struct run *r, struct str s, struct url *u, struct err *err)
{
	struct str fragment = s, rest = str_cut(&fragment, '#');
	struct parsing p = {r, rest, err};

	*u = (struct url){.scheme = STR(""), .opaque = STR(""), .user = STR(""), .password = STR(""), .host = STR(""),
			  .path = STR(""), .query = STR(""), .fragment = STR("")};
	for (size_t i = 0; i < rest.len; i++)
		if ((unsigned char)rest.p[i] < ' ' || rest.p[i] == 0x7f)
			return fail(&p, "net/url: invalid control character in URL");
	if (str_is(rest, "*"))
		u->path = rest;
	else if (parse_scheme(&p, &rest, &u->scheme) < 0 || parse_rest(&p, u, rest) < 0)
		return -1;
	p.whole = s;
	return fragment.p ? unescape(&p, fragment, false, &u->fragment) : 0;
}

/* Without port and brackets. */
static struct str hostname(struct str host)
{
	const char *colon = host.len ? memrchr(host.p, ':', host.len) : NULL;

	if (colon && is_port((struct str){colon, host.len - (size_t)(colon - host.p)}))
		host.len = (size_t)(colon - host.p);
	if (str_has_prefix(host, "[") && str_has_suffix(host, "]")) {
		host.p++;
		host.len -= 2;
	}
	return host;
}

static int userinfo(struct run *r, const struct url *u, struct str *ret, struct err *err)
{
	struct text t;

	out_init(r, &t);
	escape(&t, u->user, in_user);
	if (u->has_password) {
		text_addc(&t, ':');
		escape(&t, u->password, in_user);
	}
	if (t.failed)
		return err_nomem(err);
	*ret = (struct str){t.data ? t.data : "", t.len};
	return 0;
}

CALL(sprig_url_parse)
{
	struct url u;
	struct str user;
	struct map *m;

	if (charge_bytes(r, argv[0]->u.s.len * 4, err) < 0 || url_parse(r, argv[0]->u.s, &u, err) < 0 ||
	    userinfo(r, &u, &user, err) < 0)
		return NULL;
	m = map_new(r->arena, 8);
	if (!m) {
		err_nomem(err);
		return NULL;
	}
	const struct {
		const char *name;
		struct str text;
	} part[] = {
		{"scheme", u.scheme}, {"host", u.host}, {"hostname", hostname(u.host)}, {"path", u.path}, {"query", u.query},
		{"opaque", u.opaque}, {"fragment", u.fragment}, {"userinfo", user},
	};

	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		struct value *v = value_new(r->arena, K_STRING, NULL);

		if (v) {
			v->u.s = part[i].text;
			v->flags = (uint8_t)pod_flag(argc, argv);
		}
		if (dict_set(r, m, str_of(part[i].name), false, v, err) < 0)
			return NULL;
	}
	return give_map(r, m, NULL, err);
}

static int member(const struct map *m, const char *name, struct str *ret, struct err *err)
{
	const struct value *v = map_getc(m, name);

	*ret = v && v->kind == K_STRING ? v->u.s : STR("");
	if (!v || v->kind == K_STRING)
		return 0;
	if (is_nil(v))
		return err_set(err, ERR_INPUT, "runtime error: invalid memory address or nil pointer dereference");
	return err_set(err, ERR_INPUT, "unable to parse %s key, must be of type string, but %s found", name, kind_word(v));
}

/* The user part of a dict, read as that of a URL. */
static int member_user(struct run *r, const struct map *m, struct url *u, struct err *err)
{
	struct str text;
	struct parsing p = {r, STR(""), err};
	struct text t;

	if (member(m, "userinfo", &text, err) < 0)
		return -1;
	if (!text.len)
		return 0;
	out_init(r, &t);
	text_adds(&t, "proto://");
	text_add(&t, text.p, text.len);
	text_adds(&t, "@host");
	p.whole = (struct str){t.data, t.len};
	if (parse_userinfo(&p, u, text) < 0)
		return err_wrap(err, "unable to parse userinfo in dict");
	return 0;
}

static void write_authority(struct run *r, struct text *t, const struct url *u, struct err *err)
{
	struct str user;

	if (!u->scheme.len && !u->host.len && !u->has_user)
		return;
	if (u->host.len || u->path.len || u->has_user)
		text_adds(t, "//");
	if (u->has_user && userinfo(r, u, &user, err) == 0) {
		text_add(t, user.p, user.len);
		text_addc(t, '@');
	}
	escape(t, u->host, in_host);
}

static void write_path(struct text *t, const struct url *u)
{
	struct str rest = u->path;

	if (u->path.len && u->path.p[0] != '/' && u->host.len)
		text_addc(t, '/');
	if (!t->len && u->path.len) {
		const struct str segment = str_cut(&rest, '/');

		if (memchr(segment.p, ':', segment.len))
			text_adds(t, "./");
	}
	if (str_is(u->path, "*"))
		text_addc(t, '*');
	else
		escape(t, u->path, in_path);
}

static const struct value *write_url(struct run *r, const struct url *u, struct err *err)
{
	struct text t;

	out_init(r, &t);
	if (u->scheme.len) {
		text_add(&t, u->scheme.p, u->scheme.len);
		text_addc(&t, ':');
	}
	if (u->opaque.len) {
		text_add(&t, u->opaque.p, u->opaque.len);
	} else {
		write_authority(r, &t, u, err);
		write_path(&t, u);
	}
	if (u->query.len) {
		text_addc(&t, '?');
		text_add(&t, u->query.p, u->query.len);
	}
	if (u->fragment.len) {
		text_addc(&t, '#');
		escape(&t, u->fragment, in_fragment);
	}
	return run_str(r, &t, err);
}

CALL(sprig_url_join)
{
	const struct map *m = argv[0]->u.map;
	struct url u = {.user = STR(""), .password = STR("")};

	if (member(m, "scheme", &u.scheme, err) < 0 || member(m, "host", &u.host, err) < 0 || member(m, "path", &u.path, err) < 0 ||
	    member(m, "query", &u.query, err) < 0 || member(m, "opaque", &u.opaque, err) < 0 ||
	    member(m, "fragment", &u.fragment, err) < 0 || member_user(r, m, &u, err) < 0 ||
	    charge_bytes(r, u.path.len + u.query.len + u.fragment.len, err) < 0)
		return NULL;
	return write_url(r, &u, err);
}
