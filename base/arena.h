/* SPDX-License-Identifier: Apache-2.0 */
/* A request's memory: many small allocations, freed at once. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/own.h"

struct arena_block;

/* One thread. Zero-initialised by arena_init. Nothing allocated here is freed alone. */
struct arena {
	struct arena_block *blocks; /* newest first */
	char *next, *end;           /* room in the newest block */
	size_t total;               /* bytes taken from malloc so far */
	size_t max;                 /* total may not exceed it */
};

/* max: bytes; 0 stands for LIMIT_ARENA_BYTES. Allocates nothing yet. */
void arena_init(struct arena *a, size_t max);
void arena_release(struct arena *a);
/* Empty and reusable: keeps one block of moderate size for the next request. */
void arena_clear(struct arena *a);

/* Aligned for any type. NULL when malloc fails or `max` would be passed; size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size) MUST_CHECK __attribute__((malloc, alloc_size(2)));
void *arena_zalloc(struct arena *a, size_t size) MUST_CHECK __attribute__((malloc, alloc_size(2)));
/* n * size with the overflow checked. Zeroed. */
void *arena_calloc(struct arena *a, size_t n, size_t size) MUST_CHECK __attribute__((malloc, alloc_size(2, 3)));
/* Copies len bytes and adds a NUL behind them. */
char *arena_strndup(struct arena *a, const char *text, size_t len) MUST_CHECK;
char *arena_printf(struct arena *a, const char *fmt, ...) MUST_CHECK PRINTF_LIKE(2, 3);
/* Grows an array that was allocated here: returns a copy with room for more (or the same, when it was the newest). */
void *arena_grow(struct arena *a, const void *old, size_t old_size, size_t new_size) MUST_CHECK;

#endif
