/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON Patch of add, remove and replace, applied to a tree of cJSON. */
#include "patches/diff/proof_apply.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum {
	LEVELS = 2 * LIMIT_JSON_DEPTH, /* an original and a value put at its deepest place */
	TOKEN_SHOWN = 160,
};

/* The place in an array where the last operation was: an array is a linked list. */
struct cursor {
	const cJSON *array;
	cJSON *item; /* NULL: behind the last */
	size_t index;
};

struct applier {
	cJSON **root;
	/* Cursors of the arrays on the way of the last operation, outermost first; `levels` of them are valid. What an operation frees
	 * lies below its own way, and each drops those below: so none ever dangles. */
	struct cursor cursor[LEVELS];
	size_t levels;
	const char *path;  /* of this operation, for errors */
	struct err *err;
};

/* A step of a pointer, unescaped. Long ones (a key may have megabytes) are on the heap. */
struct token {
	char few[256];
	char *text;
};

static int fail(struct applier *ap, const char *problem)
{
	err_set(ap->err, ERR_BUG, "proof of the patch: %s", problem);
	err_at(ap->err, "%.*s", TOKEN_SHOWN, ap->path);
	return -1;
}

static void release_token(struct token *t)
{
	if (t->text != t->few)
		free(t->text);
}

/* The token at *p, which is behind its '/'; *p goes to the next '/', or to the end. */
static int next_token(struct applier *ap, const char **p, struct token *ret)
{
	const size_t len = strcspn(*p, "/");
	size_t n = 0;

	ret->text = len < sizeof(ret->few) ? ret->few : malloc(len + 1);
	if (!ret->text)
		return err_nomem(ap->err);
	for (size_t i = 0; i < len; i++) {
		if ((*p)[i] != '~') {
			ret->text[n++] = (*p)[i];
			continue;
		}
		i++;
		if (i == len || ((*p)[i] != '0' && (*p)[i] != '1')) {
			release_token(ret);
			return fail(ap, "'~' in a pointer without 0 or 1 behind it");
		}
		ret->text[n++] = "~/"[(*p)[i] == '1'];
	}
	ret->text[n] = '\0';
	*p += len;
	return 0;
}

static int parse_index(struct applier *ap, const char *token, size_t *ret)
{
	size_t n = 0;

	if (!*token || (token[0] == '0' && token[1]))
		return fail(ap, "not an array index");
	for (; *token; token++) {
		if (*token < '0' || *token > '9' || n > SIZE_MAX / 16)
			return fail(ap, "not an array index");
		n = n * 10 + (size_t)(*token - '0');
	}
	*ret = n;
	return 0;
}

/* The cursor of this array at this level of the way, at its first item if the last operation did not come here. */
static struct cursor *enter_array(struct applier *ap, const cJSON *array, size_t level)
{
	struct cursor *c = &ap->cursor[level];

	if (level >= ap->levels || c->array != array)
		*c = (struct cursor){array, array->child, 0};
	return c;
}

/* 0: there, an item or (item is NULL) just behind the last. */
static int seek(struct applier *ap, struct cursor *c, size_t index)
{
	if (index < c->index && index < c->index - index) {
		c->item = c->array->child;
		c->index = 0;
	}
	while (c->index > index) {
		c->item = c->item ? c->item->prev : c->array->child->prev; /* the first item's prev is the last */
		c->index--;
	}
	while (c->index < index && c->item) {
		c->item = c->item->next;
		c->index++;
	}
	return c->index == index ? 0 : fail(ap, "array index out of range");
}

static cJSON *find_member(const cJSON *object, const char *key)
{
	for (cJSON *m = object->child; m; m = m->next)
		if (m->string && strcmp(m->string, key) == 0)
			return m;
	return NULL;
}

/* --- the linked list that cJSON's objects and arrays are: next ends in NULL, the first one's prev is the last --- */

static void link_before(cJSON *parent, cJSON *before, cJSON *item)
{
	cJSON *const first = parent->child;

	item->next = before;
	if (!first) {
		item->prev = item;
		parent->child = item;
		return;
	}
	item->prev = before ? before->prev : first->prev;
	if (before == first)
		parent->child = item;
	else
		item->prev->next = item;
	if (before)
		before->prev = item;
	else
		first->prev = item;
}

static void unlink_item(cJSON *parent, cJSON *item)
{
	cJSON *const first = parent->child;

	if (item == first)
		parent->child = item->next;
	else
		item->prev->next = item->next;
	if (item->next)
		item->next->prev = item->prev;
	else if (item != first)
		first->prev = item->prev;
	item->next = item->prev = NULL;
}

/* --- operations --- */

enum op_kind { OP_ADD, OP_REMOVE, OP_REPLACE };

struct operation {
	enum op_kind kind;
	cJSON *value; /* taken out of the patch: owned until it is in the document; NULL for remove */
};

static int change_array(struct applier *ap, cJSON *array, size_t level, const char *token, struct operation *op)
{
	struct cursor *c = enter_array(ap, array, level);
	cJSON *old;
	size_t index;

	if (op->kind == OP_ADD && strcmp(token, "-") == 0) {
		link_before(array, NULL, op->value);
		op->value = NULL;
		ap->levels = level; /* the cursor may have been behind the last: that is another place now */
		return 0;
	}
	if (parse_index(ap, token, &index) < 0 || seek(ap, c, index) < 0)
		return -1;
	ap->levels = level + 1;
	old = op->kind == OP_ADD ? NULL : c->item;
	if (op->kind != OP_ADD && !old)
		return fail(ap, "array index out of range");
	if (op->value) {
		cJSON *const new = op->value;

		op->value = NULL;
		link_before(array, c->item, new);
		c->item = new;
	} else {
		c->item = old->next;
	}
	if (old) {
		unlink_item(array, old);
		cJSON_Delete(old);
	}
	return 0;
}

/* The new value comes where the old one is, under its key: the order of keys stays, which makes comparing cheap. */
static void take_place(cJSON *object, cJSON *old, cJSON *new)
{
	cJSON_free(new->string);
	new->string = old->string;
	old->string = NULL;
	link_before(object, old, new);
}

static int change_object(struct applier *ap, cJSON *object, const char *token, struct operation *op)
{
	cJSON *old = find_member(object, token);

	if (!old && op->kind != OP_ADD)
		return fail(ap, "no such member");
	if (!old && !cJSON_AddItemToObject(object, token, op->value))
		return err_nomem(ap->err);
	if (old && op->value)
		take_place(object, old, op->value);
	op->value = NULL;
	if (old) {
		unlink_item(object, old);
		cJSON_Delete(old);
	}
	return 0;
}

static int change_root(struct applier *ap, struct operation *op)
{
	if (!op->value)
		return fail(ap, "the whole document cannot be removed");
	cJSON_Delete(*ap->root);
	*ap->root = op->value;
	op->value = NULL;
	ap->levels = 0;
	return 0;
}

/* Down one step, in an array with its cursor. */
static int step_down(struct applier *ap, cJSON **node, size_t *level, const char *token)
{
	struct cursor *c;
	size_t index;

	if (cJSON_IsObject(*node)) {
		*node = find_member(*node, token);
	} else if (cJSON_IsArray(*node) && *level < LEVELS) {
		c = enter_array(ap, *node, (*level)++);
		if (parse_index(ap, token, &index) < 0 || seek(ap, c, index) < 0)
			return -1;
		*node = c->item;
	} else {
		*node = NULL;
	}
	return *node ? 0 : fail(ap, "no such place");
}

static int change_last(struct applier *ap, cJSON *node, size_t level, const char *token, struct operation *op)
{
	if (cJSON_IsArray(node) && level < LEVELS)
		return change_array(ap, node, level, token, op);
	ap->levels = level;
	if (cJSON_IsObject(node))
		return change_object(ap, node, token, op);
	return fail(ap, "neither an object nor an array holds it");
}

static int walk(struct applier *ap, struct operation *op)
{
	const char *p = ap->path;
	cJSON *node = *ap->root;
	size_t level = 0;
	int done = 0;

	if (!*p)
		return change_root(ap, op);
	while (done == 0 && *p) {
		struct token t;

		if (*p++ != '/')
			return fail(ap, "a pointer must begin with '/'");
		if (next_token(ap, &p, &t) < 0)
			return -1;
		done = *p ? step_down(ap, &node, &level, t.text) : change_last(ap, node, level, t.text, op);
		release_token(&t);
	}
	return done;
}

static int read_operation(struct applier *ap, cJSON *item, struct operation *ret)
{
	static const char *const names[] = {"add", "remove", "replace"};
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "op"));

	ap->path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "path"));
	if (!ap->path) {
		ap->path = "";
		return fail(ap, "an operation without a path");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!name || strcmp(name, names[i]) != 0)
			continue;
		*ret = (struct operation){(enum op_kind)i, NULL};
		if (ret->kind == OP_REMOVE)
			return 0;
		ret->value = cJSON_DetachItemFromObjectCaseSensitive(item, "value");
		return ret->value ? 0 : fail(ap, "an operation without a value");
	}
	return fail(ap, "an operation that is not add, remove or replace");
}

int proof_apply(cJSON **doc, cJSON *ops, struct err *err)
{
	struct applier ap = {.root = doc, .levels = 0, .path = "", .err = err};
	int done = cJSON_IsArray(ops) ? 0 : fail(&ap, "a patch is an array");

	for (cJSON *item = ops->child; item && done == 0; item = item->next) {
		struct operation op = {OP_ADD, NULL};

		if (read_operation(&ap, item, &op) < 0)
			return -1;
		done = walk(&ap, &op);
		cJSON_Delete(op.value);
	}
	return done;
}
