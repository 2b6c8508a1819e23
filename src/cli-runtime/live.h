/* SPDX-License-Identifier: Apache-2.0 */
/* What pause, resume, ps, update and events begin with: the container and its groups. */
#ifndef NK_CLI_RUNTIME_LIVE_H
#define NK_CLI_RUNTIME_LIVE_H

#include "cgroup/oci_live.h"
#include "cli-runtime/runtime_cli.h"
#include "runtime/oci.h"

struct nk_rt_live {
	struct nk_oci_record record;
	enum nk_oci_status status;
	struct nk_cgroups cgroups; /* of this machine */
	struct nk_cg_groups groups;
};

/* -ENOENT: there is no such container. */
int nk_rt_live(struct nk_rt *rt, const char *id, struct nk_rt_live *l, struct nk_err *e);

/* With its lock, for whoever changes it: *d is the caller's to close. -EAGAIN: somebody else has it
 * for longer than NK_OCI_LOCK_MS. */
int nk_rt_live_locked(struct nk_rt *rt, const char *id, struct nk_oci_dir *d, struct nk_rt_live *l,
		      struct nk_err *e);

#endif
