/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of `nook ns enter`: a command in namespaces that are there. */
#ifndef NK_PLAN_NS_ENTER_H
#define NK_PLAN_NS_ENTER_H

#include "plan/plan.h"

enum nk_enter_ids {
	NK_IDS_KEEP,
	NK_IDS_ROOT,  /* of the joined user namespace, where uid 0 is mapped in it */
	NK_IDS_GIVEN, /* spec->uid, gid, groups */
};

struct nk_etc_file {
	const char *source, *target; /* /etc/netns/red/resolv.conf over /etc/resolv.conf */
};

struct nk_ns_enter_input {
	/* The command: args, env, terminal, preserve_fds, cwd (NULL: as it comes), and ids where
	 * they are given. The rest is not looked at. */
	const struct nk_spec *spec;
	const struct nk_facts *facts;
	const char *what; /* the target in words */
	/*
	 * A process, or 0. Whoever runs the plan makes sure that it lives (`started` of
	 * nk_spawn), so that the number cannot mean another one: the command waits for that.
	 */
	pid_t pid;
	unsigned kinds;			/* bit k: to be joined */
	const char *paths[NK_NS_COUNT]; /* without pid: the files of these */
	bool root, cwd;			/* of the process */
	struct nk_strv cgroups;		/* groups to be in, absolute directories */
	enum nk_enter_ids ids;
	bool stays;	       /* ids: where root is not mapped, who it was is: it stays that */
	bool setgroups_denied; /* in the user namespace where the command will be */
	bool netns_files;      /* a private mount namespace, with /sys of this network */
	bool sysfs;	       /* a new /sys can be mounted there */
	NK_VEC(struct nk_etc_file) etc;
};

int nk_plan_ns_enter(struct nk_plan *p, const struct nk_ns_enter_input *in, struct nk_err *e);

#endif
