/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept on disk about containers that run now: STATE/containers/NAME/
 *
 *   lock        flock'ed by the nook that runs the container, as long as it lives;
 *               empty until the exit code is written into it at the end
 *   state.json  struct nk_state_record, replaced as a whole by rename
 *
 * A directory appears under its name complete and locked (it is made as .new-ID
 * and renamed) and disappears under its name at once (it is renamed to .dead-ID
 * and then emptied). So a name that is there and whose lock is free belonged to
 * a nook that died: whoever finds it cleans it. README.md tells the protocol.
 */
#ifndef NK_STATE_STATE_H
#define NK_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/spec.h"

#define NK_STATE_VERSION 1
#define NK_STATE_ID_LEN 64
#define NK_STATE_NAME_MAX 128

enum nk_state_status { NK_STATE_CREATING, NK_STATE_RUNNING };

struct nk_state_record {
	const char *id, *name;
	enum nk_state_status status;
	pid_t pid;	    /* init, in our PID namespace; 0 while creating */
	uint64_t pid_start; /* its nk_process_start() */
	pid_t owner;	    /* the nook that runs it */
	uint64_t owner_start;
	const char *boot_id;	 /* the run of the kernel in which these numbers mean something;
				  * NULL: not known (an older nook) */
	struct timespec created; /* CLOCK_REALTIME */
	const char *reference;	 /* as it was named: "host", a directory */
	struct nk_strv cgroups;	 /* absolute directories */
	struct nk_idmap lease;	 /* host ids of --userns auto; count 0 = none */
	struct nk_spec *spec;
	const char *spec_json; /* spec as text; made by nk_state_create() when NULL */
};

/* What a dead nook left outside of the state directory is taken away by this (src/runtime);
 * its init has been killed already. */
typedef int nk_state_reap_fn(const struct nk_state_record *r, struct nk_err *e);

struct nk_state {
	int fd; /* STATE/containers */
	nk_state_reap_fn *reap;
};

/* A container that this process runs. */
struct nk_state_handle {
	struct nk_state *st;
	int dir_fd, lock_fd;
	char name[NK_STATE_NAME_MAX + 1];
	char id[NK_STATE_ID_LEN + 1];
};

/* Open (and make, 0700) a state directory. It has to be ours, and only ours to write. */
int nk_state_open(struct nk_state *st, const char *dir, nk_state_reap_fn *reap, struct nk_err *e);
void nk_state_close(struct nk_state *st);
#define _state_ __attribute__((cleanup(nk_state_close)))

/* A new random id: 64 hex digits in the arena. */
const char *nk_state_new_id(struct nk_arena *a);
/* 0, or -EINVAL with the rule in the hint. */
int nk_state_check_name(const char *name, struct nk_err *e);

/*
 * Reserve r->name, take its lock and write r (status creating) in one go. To be
 * done before anything is made that a dead nook would leave behind, so r->cgroups
 * is filled already. Fills r->owner, r->boot_id, r->created (when zero) and
 * r->spec_json.
 * -EEXIST with a hint when a running container has the name.
 */
int nk_state_create(struct nk_state *st, struct nk_arena *a, struct nk_state_record *r,
		    struct nk_state_handle *h, struct nk_err *e);

/* Init is there: fill pid, pid_start, status running and replace the file. Before init
 * is let go on, so that a nook killed later leaves a known process. */
int nk_state_started(struct nk_state_handle *h, struct nk_state_record *r, pid_t pid,
		     struct nk_err *e);

/* Replace state.json by r. */
int nk_state_save(struct nk_state_handle *h, const struct nk_state_record *r, struct nk_err *e);

/* The container has ended: leave its exit code to those who wait, take the
 * directory away, unlock. exit_code < 0: not known. */
int nk_state_remove(struct nk_state_handle *h, int exit_code, struct nk_err *e);

/*
 * A running container by name, full id or unique beginning of an id (of at
 * least one digit). Strings live in the arena. Stale ones found on the way are
 * cleaned. -ENOENT with a hint, -EEXIST when several ids begin so.
 */
int nk_state_find(struct nk_state *st, struct nk_arena *a, const char *what,
		  struct nk_state_record *r, struct nk_err *e);

/*
 * Every running container, oldest first; stale ones are cleaned and not shown.
 * Directories that cannot be read (a newer version) are told in *skipped, a
 * list of messages.
 */
struct nk_state_list {
	NK_VEC(struct nk_state_record);
	struct nk_strv skipped;
};
int nk_state_list(struct nk_state *st, struct nk_arena *a, struct nk_state_list *list,
		  struct nk_err *e);

/* Clean away what dead nooks have left; the running ones are not looked at. */
void nk_state_clean(struct nk_state *st);

/* Pidfd of init, checked against its start. -ESRCH with *e when it has ended. */
int nk_state_pidfd(const struct nk_state_record *r, struct nk_err *e);

/* "/proc/PID/ns/net" of init, for `container:NAME`. */
const char *nk_state_ns_path(struct nk_arena *a, const struct nk_state_record *r,
			     enum nk_ns_kind kind);

/* The command that was asked for: without the words that --init puts in front. A view. */
struct nk_strv nk_state_command(const struct nk_state_record *r);

/*
 * Wait for the end of a container, as many waiters as there may be.
 * Two parts, so that a caller can begin before it sends a signal.
 * _begin: -ENOENT when it is gone. _end: waits until the nook that ran it is through (ms -1:
 * for ever; -ETIMEDOUT) and fills the exit code, 137 where that nook was killed itself.
 */
struct nk_state_wait {
	int lock_fd;
};
int nk_state_wait_begin(struct nk_state *st, const struct nk_state_record *r,
			struct nk_state_wait *w, struct nk_err *e);
int nk_state_wait_end(struct nk_state *st, const struct nk_state_record *r, struct nk_state_wait *w,
		      int ms, int *exit_code, struct nk_err *e);

#endif
