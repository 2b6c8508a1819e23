/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values.
 *
 * A function that can fail returns an int: >= 0, or -errno. Its last parameter
 * is a struct nk_err that the caller owns; the function that notices the fault
 * fills it with nk_fail(), callers add what they know with nk_ctx() on the way
 * up, and only src/cli prints it. Nothing in it needs freeing.
 */
#ifndef NK_BASE_ERR_H
#define NK_BASE_ERR_H

/* Exit codes that Docker's and Podman's users know. */
enum {
	NK_EXIT_FAULT = 125,	   /* nook's own fault, or bad input */
	NK_EXIT_CANNOT_EXEC = 126, /* found, but cannot be executed */
	NK_EXIT_NOT_FOUND = 127,   /* no such command */
	NK_EXIT_SIGNAL = 128,	   /* 128 + N: ended by signal N */
};

struct nk_err {
	int err;	/* errno, 0 where none fits */
	int exit;	/* exit code for the shell; 0 means NK_EXIT_FAULT */
	int step;	/* number of the failed step of a plan, 0 if none */
	char msg[512];	/* one line, no newline at the end */
	char hint[320]; /* what the person can do; may be empty */
};

/*
 * Fill *e with "MESSAGE: strerror(err)" (no suffix when err is 0).
 * Returns -err, or -EINVAL when err is 0, so that callers write
 * `return nk_fail(e, errno, "mount %s", dst);`.
 */
int nk_fail(struct nk_err *e, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Put "CONTEXT: " in front of the message. Returns -e->err (or -EINVAL). */
int nk_ctx(struct nk_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Set the hint, replacing an earlier one. Returns -e->err (or -EINVAL). */
int nk_hint(struct nk_err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
