/* SPDX-License-Identifier: Apache-2.0 */
/* An error that carries its cause, its context and its place to the caller. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/own.h"

enum err_code {
	ERR_NONE,
	ERR_INPUT,  /* what the request, the pod or a file says is wrong */
	ERR_LIMIT,  /* a limit of base/limits.h was reached */
	ERR_CONFIG, /* the configuration is wrong */
	ERR_IO,     /* the system refused: file, socket, time-out */
	ERR_NOMEM,
	ERR_BUG,    /* our own mistake: a failed proof, an impossible state */
};

/*
 * Lives on the caller's stack and never allocates, so it can report exhaustion.
 * One owner, one thread. A zeroed struct means "no error".
 */
struct err {
	enum err_code code;   /* decides HTTP status and exit code */
	char where[192];      /* place in the user's input: "policy.yaml:12:3", "/spec/containers/0" */
	char what[1024];      /* outermost context first, cause last */
	const char *src_file; /* where in our source it began: for the log, never for the client */
	int src_line;
};

/*
 * Each returns -1, so that a failing function can end in `return err_set(...)`. A NULL e is allowed.
 * err_set: the first failure is the cause; a later err_set on the same struct changes nothing.
 * err_wrap: puts "context: " before the cause; when space runs out the context is cut, never the cause.
 * err_at: names the place; the innermost place wins.
 * Texts that hold input bytes must pass them through %.*s with a bound; control characters are escaped when printed.
 */
#define err_set(e, code, ...) err_set_from((e), __FILE__, __LINE__, (code), __VA_ARGS__)
int err_set_from(struct err *e, const char *file, int line, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
int err_at(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "out of memory", ERR_NOMEM. */
#define err_nomem(e) err_set((e), ERR_NOMEM, "out of memory")

void err_clear(struct err *e);

#endif
