/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept on disk about containers of nook-runtime: ROOT/ID/
 *
 *   lock         flock'ed by whoever works on the container: create, start, delete …
 *   state.json   struct nk_oci_record, replaced as a whole by rename
 *   config.json  the bundle's, as it was at `create`
 *   waiting      flock'ed by init until it executes the command: "created"
 *   start        the socket on which init waits for `start`
 *   criu-root    where restore mounts the root for criu
 *
 * There is no lock over all containers, and nobody reads the directories of others: what a
 * command costs does not depend on how many there are.
 *
 * A directory comes by mkdir and is then locked; without state.json in it, it belongs to nobody
 * yet (or no more), and whoever gets its lock may have it. One that holds other things and no
 * lock is not a container's: nothing in it is touched. `lock` goes last, so that two who
 * work on the same id notice each other: after locking, one looks whether the directory still
 * has its name (nk_oci_lock does). What is in state.json says what delete has to take away, and
 * it is written before the thing is made.
 */
#ifndef NK_STATE_OCI_STATE_H
#define NK_STATE_OCI_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/json_out.h"
#include "oci/config.h"

#define NK_OCI_STATE_VERSION 1
#define NK_OCI_ID_MAX 1024

enum nk_oci_status {
	NK_OCI_CREATING,
	NK_OCI_CREATED,
	NK_OCI_RUNNING,
	NK_OCI_PAUSED,
	NK_OCI_STOPPED,
};
const char *nk_oci_status_name(enum nk_oci_status s);

/* Words of a step that init runs after `start`, by its index: a failure there is told to
 * `start`, which has no plan. */
struct nk_oci_last_step {
	int index;
	const char *words;
	bool is_exec;
};

struct nk_oci_record {
	const char *id, *bundle, *rootfs; /* absolute paths */
	const char *version;		  /* ociVersion of config.json */
	bool creating;			  /* create is not through */
	bool unclaimed; /* and its groups may still be made, or turn out to be another's */
	pid_t pid;	/* init; 0: none yet */
	uint64_t pid_start;
	const char *boot_id;	 /* the run of the kernel in which these mean something */
	struct timespec created; /* CLOCK_REALTIME */
	uint32_t owner;		 /* uid of who made it */
	struct nk_strv cgroups;	 /* absolute directories; removed with it but for: */
	struct nk_strv freezers; /* files that tell whether it is paused */
	struct nk_strv kept;	 /* those of them that were there before */
	const char *scope;	 /* systemd: "libpod-ID.scope", or NULL */
	bool user_bus;
	const char *rdt; /* directory below /sys/fs/resctrl to be removed, or NULL */
	const char *rdt_class, *rdt_mon; /* those that its processes are in, or NULL */
	/* Without a mount namespace of its own: the one of create, and the id of what was mounted
	 * where the rootfs is before; 0: it has one */
	uint64_t mount_namespace, mount_below;
	bool own_pids;	   /* a PID namespace of its own: all end with init */
	bool wants_config; /* start has to read config.json: hooks, an agent */
	unsigned hooks;	   /* bit p: there are hooks of enum nk_hook_point p in config.json */
	NK_VEC(struct nk_keyval) annotations;
	NK_VEC(struct nk_oci_last_step) last_steps;
	const char *command; /* args[0] */
};

/* A container's directory, open. */
struct nk_oci_dir {
	int root_fd, fd, lock_fd;
	const char *id;
};
#define NK_OCI_DIR_CLOSED                                          \
	{                                                          \
		.root_fd = -EBADF, .fd = -EBADF, .lock_fd = -EBADF \
	}
void nk_oci_dir_close(struct nk_oci_dir *d);
#define _oci_dir_ __attribute__((cleanup(nk_oci_dir_close)))

/* 0, or -EINVAL: [A-Za-z0-9_+.-], neither "." nor "..". */
int nk_oci_check_id(const char *id, struct nk_err *e);

/*
 * A directory of its own for a new container, locked. -EEXIST when there is a container of that
 * id, or a directory that is not ours. Nothing is written yet; after an error *d is closed.
 */
int nk_oci_new(struct nk_oci_dir *d, const char *root, const char *id, struct nk_err *e);

/* The directory of a container that is there; -ENOENT "container does not exist". */
int nk_oci_open(struct nk_oci_dir *d, const char *root, const char *id, struct nk_err *e);

/*
 * Take its lock, waiting for at most ms milliseconds. -EAGAIN: somebody works on it.
 * -ENOENT: it is gone meanwhile, or is no container's directory.
 */
int nk_oci_lock(struct nk_oci_dir *d, int ms, struct nk_err *e);

/* state.json -> *r. -ENOENT "container does not exist" when there is none. */
int nk_oci_load(struct nk_oci_dir *d, struct nk_arena *a, struct nk_oci_record *r,
		struct nk_err *e);

/* *r -> state.json, whole or not at all. */
int nk_oci_save(struct nk_oci_dir *d, const struct nk_oci_record *r, struct nk_err *e);
/* The same in two: what takes time while there is some, and what makes it true. */
int nk_oci_save_begin(struct nk_oci_dir *d, const struct nk_oci_record *r, struct nk_err *e);
int nk_oci_save_end(struct nk_oci_dir *d, struct nk_err *e);

/* A file of it: text -> name; and name -> text in the arena. */
int nk_oci_write_file(struct nk_oci_dir *d, const char *name, const char *text, size_t n,
		      struct nk_err *e);
int nk_oci_read_file(struct nk_oci_dir *d, struct nk_arena *a, const char *name, char **text,
		     size_t *n, struct nk_err *e);

/* The directory and all that is in it. We hold its lock. */
int nk_oci_remove(struct nk_oci_dir *d, struct nk_err *e);

/* The same, with files that other versions may have made there. */
int nk_oci_remove_all(struct nk_oci_dir *d, struct nk_err *e);

/* Does somebody hold the lock of this file? False also when there is no such file. */
bool nk_oci_held(const struct nk_oci_dir *d, const char *name);

/* Pidfd of init, or -ESRCH when it has ended (or has never been). */
int nk_oci_pidfd(const struct nk_oci_record *r);

/* Load *r and find out what it is now, but for NK_OCI_PAUSED, which the cgroups know. */
int nk_oci_look(struct nk_oci_dir *d, struct nk_arena *a, struct nk_oci_record *r,
		enum nk_oci_status *status, struct nk_err *e);

/* Ids of all containers below root, sorted. None where there is no such directory. */
int nk_oci_ids(struct nk_arena *a, const char *root, struct nk_strv *ids, struct nk_err *e);

#endif
