/* SPDX-License-Identifier: Apache-2.0 */
/* The first document of a YAML text as a tree of nodes. */
#include "patches/yaml/node.h"

#include <string.h>

#include "patches/value/value.h"
#include "patches/yaml/events.h"

struct builder {
	struct yaml_events events;
	struct arena *arena;
	struct map *anchors;         /* name to K_INT: place in anchored */
	struct yaml_node **anchored;
	size_t n_anchored, cap_anchored;
	struct yaml_document *document;
	struct yaml_node *last_scalar;
};

static int next(struct builder *b, struct err *err)
{
	return yaml_events_next(&b->events, err);
}

static int copy(struct builder *b, const unsigned char *text, size_t len, struct str *ret, struct err *err)
{
	char *p;

	if (!text)
		return 0;
	p = arena_strndup(b->arena, (const char *)text, len);
	if (!p)
		return err_nomem(err);
	*ret = (struct str){p, len};
	return 0;
}

static int copy_name(struct builder *b, const unsigned char *name, struct str *ret, struct err *err)
{
	return copy(b, name, name ? strlen((const char *)name) : 0, ret, err);
}

static struct yaml_node *add_node(struct builder *b, enum yaml_node_kind kind, struct err *err)
{
	struct yaml_node *n = arena_zalloc(b->arena, sizeof(*n));

	if (!n) {
		(void)err_nomem(err);
		return NULL;
	}
	n->kind = (uint8_t)kind;
	n->line = (uint32_t)b->events.event.start_mark.line;
	return n;
}

/* A name may be given anew: aliases behind it mean the later node. */
static int set_anchor(struct builder *b, const unsigned char *name, struct yaml_node *n, struct err *err)
{
	const struct value *place;
	struct str key;

	if (!name)
		return 0;
	if (b->n_anchored == b->cap_anchored) {
		const size_t cap = b->cap_anchored ? b->cap_anchored * 2 : 8;

		b->anchored = arena_grow(b->arena, b->anchored, b->n_anchored * sizeof(n), cap * sizeof(n));
		if (!b->anchored)
			return err_nomem(err);
		b->cap_anchored = cap;
	}
	if (copy_name(b, name, &key, err) < 0)
		return -1;
	place = value_int(b->arena, (int64_t)b->n_anchored);
	if (!place || map_set(b->arena, b->anchors, key, place) < 0)
		return err_nomem(err);
	b->anchored[b->n_anchored++] = n;
	return 0;
}

static struct yaml_node *read_alias(struct builder *b, struct err *err)
{
	struct yaml_node *n = add_node(b, YAML_NODE_ALIAS, err);
	const struct value *place;

	if (!n || copy_name(b, b->events.event.data.alias.anchor, &n->text, err) < 0)
		return NULL;
	place = map_get(b->anchors, n->text);
	if (!place) {
		(void)err_set(err, ERR_INPUT, "yaml: unknown anchor '%.100s' referenced", n->text.p);
		(void)err_at(err, "line %u", n->line + 1);
		return NULL;
	}
	n->target = b->anchored[place->u.i];
	return n;
}

static void chain_scalar(struct builder *b, struct yaml_node *n)
{
	if (b->last_scalar)
		b->last_scalar->scalar = n;
	else
		b->document->first_scalar = n;
	b->last_scalar = n;
}

static struct yaml_node *read_scalar(struct builder *b, struct err *err)
{
	const yaml_event_t *e = &b->events.event;
	struct yaml_node *n = add_node(b, YAML_NODE_SCALAR, err);

	if (!n || copy_name(b, e->data.scalar.tag, &n->tag, err) < 0 ||
	    copy(b, e->data.scalar.value, e->data.scalar.length, &n->text, err) < 0 ||
	    set_anchor(b, e->data.scalar.anchor, n, err) < 0)
		return NULL;
	n->implicit = e->data.scalar.plain_implicit;
	n->style = (uint8_t)e->data.scalar.style;
	n->begin = e->start_mark.index;
	n->end = e->end_mark.index;
	chain_scalar(b, n);
	return n;
}

static struct yaml_node *read_node(struct builder *b, struct err *err);

/* Up to the end event. Recursion is bounded: the events count their own nesting. */
static int read_children(struct builder *b, struct yaml_node *n, yaml_event_type_t end, struct err *err)
{
	struct yaml_node **tail = &n->child;

	for (;;) {
		if (next(b, err) < 0)
			return -1;
		if (b->events.event.type == end)
			return 0;
		*tail = read_node(b, err);
		if (!*tail)
			return -1;
		(*tail)->is_key = n->kind == YAML_NODE_MAP && n->len % 2 == 0;
		tail = &(*tail)->next;
		n->len++;
	}
}

static struct yaml_node *read_list(struct builder *b, struct err *err)
{
	struct yaml_node *n = add_node(b, YAML_NODE_LIST, err);

	if (!n || set_anchor(b, b->events.event.data.sequence_start.anchor, n, err) < 0 ||
	    read_children(b, n, YAML_SEQUENCE_END_EVENT, err) < 0)
		return NULL;
	return n;
}

static struct yaml_node *read_map(struct builder *b, struct err *err)
{
	struct yaml_node *n = add_node(b, YAML_NODE_MAP, err);

	if (!n || set_anchor(b, b->events.event.data.mapping_start.anchor, n, err) < 0 ||
	    read_children(b, n, YAML_MAPPING_END_EVENT, err) < 0)
		return NULL;
	return n;
}

/* The node whose first event is the latest. */
static struct yaml_node *read_node(struct builder *b, struct err *err)
{
	switch (b->events.event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(b, err);
	case YAML_ALIAS_EVENT:
		return read_alias(b, err);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(b, err);
	case YAML_MAPPING_START_EVENT:
		return read_map(b, err);
	default:
		(void)err_set(err, ERR_BUG, "yaml: unexpected event %d", (int)b->events.event.type);
		return NULL;
	}
}

static int read_document(struct builder *b, struct err *err)
{
	if (next(b, err) < 0 || next(b, err) < 0) /* the stream's start, the document's */
		return -1;
	if (b->events.event.type == YAML_STREAM_END_EVENT)
		return 0;
	if (next(b, err) < 0)
		return -1;
	b->document->root = read_node(b, err);
	if (!b->document->root)
		return -1;
	return next(b, err); /* the document's end: what stands wrongly behind the root shows here */
}

static void release(struct builder *b)
{
	yaml_events_release(&b->events);
}

int yaml_document_read(struct arena *a, struct str text, struct yaml_document *ret, struct err *err)
{
	own(release) struct builder b = {.arena = a, .document = ret, .anchors = map_new(a, 0)};

	memset(ret, 0, sizeof(*ret));
	if (!b.anchors)
		return err_nomem(err);
	if (yaml_events_init(&b.events, text, err) < 0)
		return -1;
	return read_document(&b, err);
}
