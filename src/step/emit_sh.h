/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of --explain=sh. emit_sh.c is the outline, read it first. */
#ifndef NK_STEP_EMIT_SH_H
#define NK_STEP_EMIT_SH_H

#include "step/ops.h"

/* What a slot stands for, where commands know only paths. Words are shell syntax, quoted. */
enum nk_sh_kind {
	NK_SH_NOTHING,
	NK_SH_PLACE, /* a path */
	NK_SH_FS,    /* a file system being configured: fsopen … */
	NK_SH_MOUNT, /* a mount, detached (word is NULL) or in its place */
};

enum { NK_SH_CHANGES_MAX = 4 };
struct nk_sh_change {
	const char *options;	 /* "ro,nodev" or NULL */
	const char *propagation; /* "slave" or NULL */
	bool recursive;
};

struct nk_sh_value {
	enum nk_sh_kind kind;
	const char *word;    /* where it is */
	const char *fs_type; /* FS, MOUNT; NULL: a bind mount of source */
	const char *options; /* options of the file system, a word */
	const char *source;  /* bind: a word */
	bool recursive;
	bool may_miss;	 /* what is bound may not be there */
	bool process;	 /* PLACE: a process' directory in /proc */
	bool of_process; /* PLACE: a directory of a process */
	struct nk_sh_change changes[NK_SH_CHANGES_MAX];
	int n_changes;
};

/* Which text a step's commands go to. */
enum nk_sh_part {
	NK_SH_OUTER,  /* nook, before the clone */
	NK_SH_LATER,  /* and after it */
	NK_SH_TREES,  /* mounts that nook makes, in a mount namespace between */
	NK_SH_INSIDE, /* the container */
	NK_SH_AFTER,
	NK_SH_PARTS,
};

struct nk_sh {
	const struct nk_plan *p;
	struct nk_arena *a; /* for words */
	FILE *part[NK_SH_PARTS];
	struct nk_sh_value slots[NK_SLOT_MAX];

	/* what the command that starts the inside has to be told */
	uint64_t new_ns;
	const char *join;      /* nsenter's options */
	const char *clocks;    /* unshare's options for time offsets */
	const char *own_ids;   /* unshare's options for a single id, mapped by itself */
	bool own_root;	       /* and that is root inside */
	const char *procs[16]; /* words: cgroup.procs files to be in */
	size_t n_procs;
	bool parent_maps; /* nook writes id maps */
	bool become_root; /* setpriv once they are written */
	bool session;	  /* its own */
	bool in_place;	  /* no clone: the script itself becomes the command */

	/* the last command */
	const char *setpriv; /* its options */
	bool regid;	     /* setpriv wants to know about groups then */
	bool groups;
	const char *cwd; /* word */
	const struct nk_step *exec;
	unsigned keep_fds;
	bool pivoted;
	bool pivots;	       /* some step of the plan does */
	const char *directory; /* of a process, where the inside begins: a word */
	bool unmounted;	       /* the old root */
	bool cloned;
	bool tools;	  /* this step's commands need "tool": the host's are out of sight */
	const char *mark; /* "done_3=yes" where a later step undoes this one */

	const char *staged[NK_SLOT_MAX]; /* words below $stage that must be directories */
	size_t n_staged;
	bool has_trees; /* mounts that nook makes before the clone */
	bool remounts_all;
};

/* emit_sh_mounts.c, emit_sh_process.c and emit_sh_steps.c: add the commands of a step. */
bool nk_sh_mount_step(struct nk_sh *sh, const struct nk_step *s, FILE *out);
void nk_sh_process_step(struct nk_sh *sh, const struct nk_step *s, FILE *out);
/* emit_sh_net.c */
bool nk_sh_net_step(struct nk_sh *sh, const struct nk_step *s, FILE *out);
void nk_sh_step(struct nk_sh *sh, size_t index);
/* Mounts that exist only as an intention: now, at their staging places. */
void nk_sh_stage_trees(struct nk_sh *sh);

bool nk_sh_has_op(const struct nk_plan *p, enum nk_op op);

/* "tool " where only packed programs answer to their names: see tools in emit_sh.c. */
const char *nk_sh_tool(const struct nk_sh *sh);
/* A comment instead of a command. */
void nk_sh_cannot(FILE *out, const char *why);

/* A word for any string; a path below a place. */
const char *nk_sh_quote(struct nk_sh *sh, const char *s);
const char *nk_sh_below(struct nk_sh *sh, int slot, const char *path);
/* The directory that a slot means, made real where it has to be. */
const char *nk_sh_place(struct nk_sh *sh, int slot, FILE *out);

#endif
