/* SPDX-License-Identifier: Apache-2.0 */
/* Collections page by page, and what discovery says. */
#include <string.h>

#include "base/limits.h"
#include "webhook/cluster/client.h"

enum { PAGE = 250, PAGES_MAX = 10000, TOKEN_MAX = 16 << 10 };

struct pages {
	const struct cluster_list *list;
	char token[TOKEN_MAX]; /* of the next page, escaped; "": this is the first, or there is none */
};

static const char *query_of(struct arena *a, const struct pages *p)
{
	const struct cluster_list *l = p->list;

	return arena_printf(a, "%s%slimit=%u%s%s", l->query ? l->query : "", l->query ? "&" : "",
		l->page ? l->page : PAGE, p->token[0] ? "&continue=" : "", p->token);
}

static struct str token_of(const struct value *list)
{
	return raw_str(raw_get(list, "metadata"), "continue");
}

int cluster_next_page(const struct value *list, char *token, size_t size, struct err *err)
{
	struct text t;
	int status;

	text_init(&t, NULL, size - 1);
	cluster_escape(&t, token_of(list));
	status = text_check(&t, "the token of the next page", err);
	if (status == 0) {
		if (t.len)
			memcpy(token, t.data, t.len);
		token[t.len] = '\0';
	}
	text_release(&t);
	return status;
}

bool cluster_list_goes_on(const struct cluster_answer *answer, const char *token)
{
	return answer->status == CLUSTER_GONE && token[0] && token_of(answer->object).len;
}

/* The answer to one page. A list that has grown too old goes on where it was, with what is there now: the 410 brings
 * the token for that. */
static int read_page(
	struct cluster_client *c, struct arena *a, struct pages *p, struct cluster_answer *ret, struct err *err)
{
	struct cluster_call call = {.verb = CLUSTER_GET, .place = p->list->place, .query = query_of(a, p)};
	struct err expired = {0};

	if (!call.query)
		return err_nomem(err);
	if (cluster_do(c, a, &call, ret, &expired) == 0)
		return 0;
	if (cluster_list_goes_on(ret, p->token)) {
		if (cluster_next_page(ret->object, p->token, sizeof(p->token), err) < 0)
			return -1;
		call.query = query_of(a, p);
		return call.query ? cluster_do(c, a, &call, ret, err) : err_nomem(err);
	}
	if (err && !err->code)
		*err = expired;
	return -1;
}

static int visit(const struct cluster_list *l, const struct value *answer, struct err *err)
{
	const struct value *items = raw_get(answer, "items");

	if (!items)
		return 0; /* Go's nil slice */
	if (items->kind != K_LIST)
		return err_set(err, ERR_IO, "%s: the answer is no list", l->place.resource);
	for (size_t i = 0; i < items->u.list.len; i++)
		if (l->each(l->context, items->u.list.item[i], err) < 0)
			return -1;
	return 0;
}

static int read_pages(struct cluster_client *c, struct arena *a, struct pages *p, int *ret_status, struct err *err)
{
	struct cluster_answer answer;

	for (int i = 0; i < PAGES_MAX; i++) {
		int status = read_page(c, a, p, &answer, err);

		*ret_status = answer.status;
		if (status < 0 || visit(p->list, answer.object, err) < 0 ||
			cluster_next_page(answer.object, p->token, sizeof(p->token), err) < 0)
			return -1;
		if (!p->token[0])
			return 0;
		arena_clear(a);
	}
	return err_set(err, ERR_LIMIT, "%s: the list has more than %d pages", p->list->place.resource, PAGES_MAX);
}

int cluster_list(struct cluster_client *c, const struct cluster_list *list, int *ret_status, struct err *err)
{
	struct pages p = {.list = list};
	struct arena a;
	int status;

	*ret_status = 0;
	arena_init(&a, 0);
	status = read_pages(c, &a, &p, ret_status, err);
	arena_release(&a);
	return status;
}

/* --- discovery ---------------------------------------------------------------------------------------------------- */

static bool names_resource(const struct value *answer, const char *resource)
{
	const struct value *list = raw_get(answer, "resources");

	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (str_is(raw_str(list->u.list.item[i], "name"), resource))
			return true;
	return false;
}

static int get(struct cluster_client *c, struct arena *a, const char *path, struct cluster_answer *ret, struct err *err)
{
	/* A path of its own is a place whose only part is the last one. */
	const char *slash = strrchr(path, '/');
	const char *api = arena_strndup(a, path, (size_t)(slash - path));
	const struct cluster_call call = {.verb = CLUSTER_GET, .place = {.api = api, .resource = slash + 1}};

	return api ? cluster_do(c, a, &call, ret, err) : err_nomem(err);
}

int cluster_serves(struct cluster_client *c, const char *api, const char *resource, bool *ret, struct err *err)
{
	struct cluster_answer answer = {0};
	struct err problem = {0};
	struct arena a;
	int status;

	arena_init(&a, 0);
	status = get(c, &a, api, &answer, &problem);
	if (status == 0 || answer.status == CLUSTER_NOT_FOUND)
		*ret = status == 0 && names_resource(answer.object, resource);
	else if (err && !err->code)
		*err = problem;
	arena_release(&a);
	return status == 0 || answer.status == CLUSTER_NOT_FOUND ? 0 : -1;
}

int cluster_version(struct cluster_client *c, struct arena *a, struct str *ret, struct err *err)
{
	struct cluster_answer answer;

	if (get(c, a, "/version", &answer, err) < 0)
		return -1;
	*ret = raw_str(answer.object, "gitVersion");
	return ret->len ? 0 : err_set(err, ERR_IO, "GET /version: the answer has no gitVersion");
}
