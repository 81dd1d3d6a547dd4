/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the API: one object, or a collection page by page. */
#include "webhook/check/ask.h"

#include <stdarg.h>
#include <stdio.h>

#include "patches/value/json.h"

enum {
	PAGE_ITEMS = 250,
	PAGES_MAX = 2000,
	PAGE_ARENA_MAX = 256 << 20,
	STATUS_OK = 200,
	STATUS_CREATED = 201,
	STATUS_FORBIDDEN = 403,
	STATUS_NOT_FOUND = 404,
	TEXT_MAX = 1024
};

const char *check_text(struct check *c, const char *fmt, ...)
{
	char text[TEXT_MAX];
	const char *kept;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	kept = arena_strndup(c->a, text, str_of(text).len);
	c->found->failed = c->found->failed || !kept;
	return kept ? kept : "";
}

/* The API server's own words for what it refused, else nothing. */
static struct str message_of(const struct value *status)
{
	const struct str message = raw_str(status, "message");

	return message.len < CHECK_MESSAGE_MAX ? message : (struct str){message.p, CHECK_MESSAGE_MAX};
}

const char *check_said(struct check *c, const struct check_reply *reply)
{
	struct err ignored = {0};
	const struct value *status = json_parse(
		c->a, reply->text.p, reply->text.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, &ignored);
	const struct str text = status ? message_of(status) : reply->text;

	return check_text(
		c, "%.*s", (int)(text.len < CHECK_MESSAGE_MAX ? text.len : CHECK_MESSAGE_MAX), text.len ? text.p : "");
}

static void tell(struct check *c, const char *what, const char *right, int status, const struct value *body)
{
	const struct str message = message_of(body);

	if (status == STATUS_FORBIDDEN)
		check_found(c->found, CHECK_WARNING, "not-allowed", "",
			check_text(c, "allow this user to %s; what depends on it was not checked", right),
			"%s cannot be read: %.*s", what, (int)message.len, message.len ? message.p : "");
	else
		check_found(c->found, CHECK_ERROR, "cannot-read", "",
			"look at the API server's log; what depends on it was not checked",
			"%s cannot be read: the API server answers %d %.*s", what, status, (int)message.len,
			message.len ? message.p : "");
}

/* The body as JSON; NULL where it is none, as a proxy's error page. */
static int call(struct check *c, struct arena *a, const char *path, struct str body, int *ret_status,
	const struct value **ret, struct err *err)
{
	struct check_reply reply = {0};
	struct err ignored = {0};

	if (c->source->call(c->source->context, a, path, body, &reply, err) < 0)
		return -1;
	*ret_status = reply.status;
	*ret = json_parse(a, reply.text.p, reply.text.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, &ignored);
	return !*ret && ignored.code == ERR_NOMEM ? err_nomem(err) : 0;
}

int check_ask(struct check *c, const char *path, struct str body, const char *what, const char *right, int *ret_status,
	const struct value **ret, struct err *err)
{
	const struct value *answer = NULL;

	*ret = NULL;
	if (call(c, c->a, path, body, ret_status, &answer, err) < 0)
		return -1;
	if (*ret_status == STATUS_OK || *ret_status == STATUS_CREATED)
		*ret = answer;
	if (!*ret && *ret_status != STATUS_NOT_FOUND)
		tell(c, what, right, *ret_status, answer);
	return 0;
}

/* --- collections
 * ------------------------------------------------------------------------------------------------------- */

static const char *page_path(struct arena *a, const char *path, struct str token)
{
	struct text t;

	text_init(&t, a, 64 << 10);
	text_addf(&t, "%s%climit=%d", path, str_find(str_of(path), STR("?")) == SIZE_MAX ? '?' : '&', PAGE_ITEMS);
	text_adds(&t, token.len ? "&continue=" : "");
	for (size_t i = 0; i < token.len; i++)
		text_addf(&t, "%%%02X", (unsigned char)token.p[i]);
	return text_cstr(&t);
}

struct page {
	struct arena *a;
	const char *path, *what, *right;
	struct str token; /* of the next; len 0: there is none */
	bool missing;     /* the kind is not served, or the answer is an error */
	const struct value *items;
};

static int read_page(struct check *c, struct page *p, struct err *err)
{
	const char *path = page_path(p->a, p->path, p->token);
	const struct value *answer = NULL;
	int status = 0;

	p->items = NULL;
	if (!path)
		return err_nomem(err);
	if (call(c, p->a, path, (struct str){0}, &status, &answer, err) < 0)
		return -1;
	p->missing = status != STATUS_OK || !answer;
	if (p->missing && status != STATUS_NOT_FOUND)
		tell(c, p->what, p->right, status, answer);
	if (p->missing)
		return 0;
	p->items = raw_get(answer, "items");
	p->token = raw_str(raw_get(answer, "metadata"), "continue");
	return 0;
}

static int visit_items(struct check *c, const struct value *items,
	int (*visit)(struct check *c, void *context, const struct value *item, struct err *err), void *context,
	struct err *err)
{
	for (size_t i = 0; items && items->kind == K_LIST && i < items->u.list.len; i++)
		if (visit(c, context, items->u.list.item[i], err) < 0)
			return -1;
	return 0;
}

/* The token of the next page outlives the page in a buffer of its own. */
static bool keep_token(struct page *p, char *to, size_t size)
{
	if (p->token.len >= size)
		return false;
	for (size_t i = 0; i < p->token.len; i++)
		to[i] = p->token.p[i];
	p->token.p = to;
	return true;
}

int check_each(struct check *c, const char *path, const char *what, const char *right,
	int (*visit)(struct check *c, void *context, const struct value *item, struct err *err), void *context,
	bool *ret_complete, struct err *err)
{
	char token[8192];
	struct arena a;
	struct page p = {.a = &a, .path = path, .what = what, .right = right};
	int status = 0;

	*ret_complete = false;
	arena_init(&a, PAGE_ARENA_MAX);
	for (int i = 0; i < PAGES_MAX && status == 0; i++) {
		status = read_page(c, &p, err);
		if (status < 0 || p.missing)
			break;
		status = visit_items(c, p.items, visit, context, err);
		*ret_complete = p.token.len == 0;
		if (*ret_complete || !keep_token(&p, token, sizeof(token)))
			break;
		arena_clear(&a);
	}
	arena_release(&a);
	return status;
}

struct kept {
	const struct value **item;
	size_t len, cap;
};

static int keep_item(struct check *c, void *context, const struct value *item, struct err *err)
{
	struct kept *k = context;

	if (k->len == k->cap) {
		const size_t cap = k->cap ? k->cap * 2 : 64;
		void *grown = arena_grow(c->a, k->item, k->len * sizeof(*k->item), cap * sizeof(*k->item));

		if (!grown)
			return err_nomem(err);
		k->item = grown;
		k->cap = cap;
	}
	k->item[k->len++] = item;
	return 0;
}

int check_list(struct check *c, const char *path, const char *what, const char *right, const struct value **ret,
	struct err *err)
{
	struct page p = {.a = c->a, .path = path, .what = what, .right = right};
	struct kept kept = {0};

	*ret = NULL;
	for (int i = 0; i < PAGES_MAX; i++) {
		if (read_page(c, &p, err) < 0 || visit_items(c, p.items, keep_item, &kept, err) < 0)
			return -1;
		if (p.missing)
			return 0;
		if (p.token.len == 0)
			break;
	}
	*ret = value_list(c->a, kept.item, kept.len);
	return *ret ? 0 : err_nomem(err);
}

/* --- labels
 * ------------------------------------------------------------------------------------------------------------- */

const struct map *check_labels_of(const struct check *c, struct str namespace)
{
	for (size_t i = 0; c->namespaces && i < c->namespaces->u.list.len; i++)
		if (str_eq(raw_str(raw_get(c->namespaces->u.list.item[i], "metadata"), "name"), namespace))
			return object_labels(c->namespaces->u.list.item[i]);
	return NULL;
}
