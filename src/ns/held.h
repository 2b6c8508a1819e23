/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that nook ns hold has given: STATE/ns/NAME/
 *
 *   hold.json   what is held, by whom: written whole before the directory gets its name
 *   KIND        a file; the namespace is bound over it where its maker may mount
 *
 * STATE/ns is a private mount of itself where there are bind mounts: the file of a mount
 * namespace can be bound only where it does not spread. A directory is made as .new-ID and
 * renamed to NAME, and renamed to .dead-ID before it is taken apart, all under the lock of
 * STATE/ns/.lock; so .new- and .dead- that are seen with the lock in hand are of the dead.
 */
#ifndef NK_NS_HELD_H
#define NK_NS_HELD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "oci/spec.h"

#define NK_NS_HELD_VERSION 1
#define NK_NS_NAME_MAX 128
#define NK_NETNS_DIR "/run/netns"

struct nk_ns_held {
	const char *name;
	unsigned kinds; /* asked for */
	bool mounts;	/* by bind mounts; else only the holder keeps them */
	uint64_t place; /* mounts: inode of the mount namespace in which they are */
	pid_t pid;	/* the holder process, or 0 */
	uint64_t start;
	const char *boot_id;
	uint64_t inodes[NK_NS_COUNT];

	/* What is true now. */
	int pidfd;			/* of the holder, or -EBADF */
	unsigned alive;			/* kinds that can be entered from here */
	bool elsewhere;			/* its mounts are in another mount namespace */
	const char *paths[NK_NS_COUNT]; /* of those alive */
};
#define NK_NS_HELD_INIT         \
	{                       \
		.pidfd = -EBADF \
	}
void nk_ns_held_done(struct nk_ns_held *h);
#define _held_ __attribute__((cleanup(nk_ns_held_done)))

/* Letters, digits, "_.-", a letter or digit first; 0, or -EINVAL with the rule as hint. */
int nk_ns_check_name(const char *name, struct nk_err *e);

/* The name NAME. -ENOENT (with *e) when nothing holds it, or nothing of it lives any more. */
int nk_ns_held_find(struct nk_arena *a, const char *state, const char *name, struct nk_ns_held *h,
		    struct nk_err *e);

/* Names of ip netns add: those of /run/netns that are network namespaces, in order. */
int nk_netns_names(struct nk_arena *a, struct nk_strv *names, struct nk_err *e);
/* "/run/netns/NAME" when there is such a file; NULL otherwise. No name leads out of it. */
const char *nk_netns_path(struct nk_arena *a, const char *name);

/* The record as text, and back (a directory of STATE/ns). For src/ns/hold*.c. */
int nk_ns_held_write(int dir_fd, const struct nk_ns_held *h, struct nk_err *e);
int nk_ns_held_read(struct nk_arena *a, int dir_fd, struct nk_ns_held *h, struct nk_err *e);
/* STATE/ns, made with 0700 when `make`; -ENOENT without. */
int nk_ns_held_dir(const char *state, bool make, struct nk_err *e);
/* Fill alive, paths, pidfd, elsewhere. dir: its absolute path. */
void nk_ns_held_look(struct nk_arena *a, const char *dir, struct nk_ns_held *h);

#endif
