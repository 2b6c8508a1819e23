/* SPDX-License-Identifier: Apache-2.0 */
/* The agent that answers for SCMP_ACT_NOTIFY: linux.seccomp.listenerPath. */
#ifndef NK_RUNTIME_OCI_LISTENER_H
#define NK_RUNTIME_OCI_LISTENER_H

#include <sys/types.h>

#include "oci/config.h"

/*
 * Give the agent the descriptor that came with NK_MSG_LISTENER, together with the specification's
 * "container process state". state: the container's state document as JSON text; pid: the
 * process that has the filter (exec: not the container's init). fd stays the caller's.
 */
int nk_oci_listener_send(const struct nk_config *c, const char *state, pid_t pid, int fd,
			 struct nk_err *e);

#endif
