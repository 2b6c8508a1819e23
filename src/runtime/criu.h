/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU (criu.org) by its RPC: `criu swrk FD`, one message for the request, one for the answer, and
 * notifications in between that wait for a word of ours (criu/rpc.proto). A process at a time, and
 * nothing of it is linked.
 */
#ifndef NK_RUNTIME_CRIU_H
#define NK_RUNTIME_CRIU_H

#include <sys/types.h>

#include "data/pb.h"

/* enum criu_req_type */
enum nk_criu_type {
	NK_CRIU_DUMP = 1,
	NK_CRIU_RESTORE = 2,
	NK_CRIU_PRE_DUMP = 4,
	NK_CRIU_NOTIFY = 6,
};

/* Fields of criu_opts. */
enum nk_criu_option {
	NK_CRIU_IMAGES_DIR_FD = 1,
	NK_CRIU_PID = 2,
	NK_CRIU_LEAVE_RUNNING = 3,
	NK_CRIU_EXT_UNIX_SK = 4,
	NK_CRIU_TCP_ESTABLISHED = 5,
	NK_CRIU_EVASIVE_DEVICES = 6,
	NK_CRIU_SHELL_JOB = 7,
	NK_CRIU_FILE_LOCKS = 8,
	NK_CRIU_LOG_LEVEL = 9,
	NK_CRIU_LOG_FILE = 10,
	NK_CRIU_PAGE_SERVER = 11,
	NK_CRIU_NOTIFY_SCRIPTS = 12,
	NK_CRIU_ROOT = 13,
	NK_CRIU_PARENT_IMG = 14,
	NK_CRIU_TRACK_MEM = 15,
	NK_CRIU_AUTO_DEDUP = 16,
	NK_CRIU_WORK_DIR_FD = 17,
	NK_CRIU_LINK_REMAP = 18,
	NK_CRIU_MANAGE_CGROUPS = 24,
	NK_CRIU_CG_ROOT = 25,
	NK_CRIU_RST_SIBLING = 26,
	NK_CRIU_INHERIT_FD = 27,
	NK_CRIU_MANAGE_CGROUPS_MODE = 34,
	NK_CRIU_EXTERNAL = 37,
	NK_CRIU_EMPTY_NS = 38,
	NK_CRIU_TCP_SKIP_IN_FLIGHT = 46,
	NK_CRIU_ORPHAN_PTS_MASTER = 50,
	NK_CRIU_TCP_CLOSE = 52,
	NK_CRIU_LSM_PROFILE = 53,
	NK_CRIU_LSM_MOUNT_CONTEXT = 63,
};

/* enum criu_cg_mode */
enum nk_criu_cgroups {
	NK_CRIU_CG_IGNORE = 0,
	NK_CRIU_CG_SOFT = 3,
	NK_CRIU_CG_FULL = 4,
	NK_CRIU_CG_STRICT = 5,
};

/* criu_resp, what there is of it. */
struct nk_criu_answer {
	int type;
	bool success;
	int pid; /* of the restored process, or in a notification */
	int err; /* cr_errno */
	char script[64], message[256];
};
/* -EINVAL: no such message. */
int nk_criu_read(const uint8_t *data, size_t n, struct nk_criu_answer *r);

struct nk_criu {
	const char *program; /* path or name */
	enum nk_criu_type type;
	struct nk_pb options; /* criu_opts */
	const char *log;      /* its log file, for the reason of a failure */
	/* Called for each notification ("post-restore", "orphan-pts-master", …); fd: what came
	 * along, or -1; it stays the driver's. An error ends the call. May be NULL. */
	int (*notify)(void *arg, const struct nk_criu_answer *r, int fd, struct nk_err *e);
	/* Called with criu's own pid before it is told anything. May be NULL. */
	int (*started)(void *arg, pid_t pid, struct nk_err *e);
	void *arg;
};

/* Descriptors that options name by their numbers must be open without close-on-exec. *pid: of the
 * restored process. 0 or -errno, with the last error in criu's log. */
int nk_criu_call(struct nk_criu *c, pid_t *pid, struct nk_err *e);

#endif
