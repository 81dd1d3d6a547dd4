/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: a cleanup attribute and the hand-over that disarms it. */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#define UNUSED __attribute__((unused))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

/* Runs fn(&variable) when the variable leaves scope. Initialise it where it is declared. */
#define own(fn) __attribute__((cleanup(fn)))

/* Hands a pointer on and leaves NULL behind, so that its cleanup becomes a no-op. */
#define take(slot)                                                                                                     \
	__extension__({                                                                                                \
		__typeof__(slot) taken_ = (slot);                                                                      \
		(slot) = NULL;                                                                                         \
		taken_;                                                                                                \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
