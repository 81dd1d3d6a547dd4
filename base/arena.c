/* SPDX-License-Identifier: Apache-2.0 */
/* A request's memory: many small allocations, freed at once. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum { ALIGN = 16, FIRST_BLOCK = 32 << 10, LARGEST_BLOCK = 1 << 20 };

struct arena_block {
	struct arena_block *older;
	size_t size; /* of data */
	_Alignas(ALIGN) char data[];
};

void arena_init(struct arena *a, size_t max)
{
	memset(a, 0, sizeof(*a));
	a->max = max ? max : LIMIT_ARENA_BYTES;
}

static void free_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *older = b->older;

		free(b);
		b = older;
	}
}

void arena_release(struct arena *a)
{
	free_blocks(a->blocks);
	arena_init(a, a->max);
}

void arena_clear(struct arena *a)
{
	struct arena_block *keep = a->blocks;

	if (!keep)
		return;
	free_blocks(keep->older);
	if (keep->size > LARGEST_BLOCK) {
		free(keep);
		arena_init(a, a->max);
		return;
	}
	keep->older = NULL;
	a->next = keep->data;
	a->end = keep->data + keep->size;
	a->total = keep->size;
}

/* Blocks double up to a bound, so that small requests stay small and large ones do not go to malloc often. */
static int add_block(struct arena *a, size_t need)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < need)
		size = need;
	if (size > a->max - a->total || size > SIZE_MAX - sizeof(*b))
		return -1;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return -1;
	b->older = a->blocks;
	b->size = size;
	a->blocks = b;
	a->next = b->data;
	a->end = b->data + size;
	a->total += size;
	return 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded;
	void *p;

	if (__builtin_add_overflow(size, (size_t)ALIGN - 1, &rounded))
		return NULL;
	rounded &= ~(size_t)(ALIGN - 1);
	if ((!a->next || rounded > (size_t)(a->end - a->next)) && add_block(a, rounded ? rounded : ALIGN) < 0)
		return NULL;
	p = a->next;
	a->next += rounded;
	return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	return p ? memset(p, 0, size) : NULL;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_zalloc(a, total);
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	char *p = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

	if (!p)
		return NULL;
	if (len)
		memcpy(p, text, len);
	p[len] = '\0';
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	p = arena_alloc(a, (size_t)len + 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return p;
}

void *arena_grow(struct arena *a, const void *old, size_t old_size, size_t new_size)
{
	const size_t held = (old_size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	void *p;

	if (old && (const char *)old + held == a->next && new_size >= old_size &&
	    new_size - old_size <= (size_t)(a->end - a->next)) {
		p = a->next - held;
		a->next = (char *)p + ((new_size + ALIGN - 1) & ~(size_t)(ALIGN - 1));
		if (a->next > a->end)
			a->next = a->end;
		return p;
	}
	p = arena_alloc(a, new_size);
	if (p && old && old_size)
		memcpy(p, old, old_size);
	return p;
}
