/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of exec make of the container's process. */
#ifndef NK_CLI_RUNTIME_EXEC_H
#define NK_CLI_RUNTIME_EXEC_H

#include "cli/option.h"
#include "oci/config.h"

struct nk_rt_user {
	bool set, has_gid;
	uint32_t uid, gid;
};

struct nk_rt_exec_options {
	const char *process, *console_socket, *pidfd_socket, *cwd, *pid_file, *selinux, *apparmor;
	const char *explain;
	struct nk_strv env, caps, cgroups;
	struct nk_rt_user user;
	NK_VEC(gid_t) gids;
	unsigned preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused, no_subreaper;
};

/* "UID[:GID]", "GID": digits and nothing else, below 2^32 - 1 (CVE-2026-30892). */
int nk_rt_set_user(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_rt_set_gid(const struct nk_option_use *use, const char *value, struct nk_err *e);

/* The container's process in *c -> the one that is asked for. */
int nk_rt_exec_process(struct nk_arena *a, const struct nk_rt_exec_options *o, int argc,
		       char **argv, struct nk_config *c, struct nk_err *e);

/* The container's groups -> those below them that --cgroup names. */
int nk_rt_exec_cgroups(struct nk_arena *a, const struct nk_rt_exec_options *o,
		       struct nk_strv *groups, struct nk_err *e);

#endif
