/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: links of the host that become the container's. */
#ifndef NK_RUNTIME_OCI_NET_DEVICES_H
#define NK_RUNTIME_OCI_NET_DEVICES_H

#include <sys/types.h>

#include "oci/config.h"

/* Can they be given at all? Asked before anything is made: no network namespace of its own, or a
 * link that is not there. */
int nk_oci_net_devices_check(const struct nk_config *c, struct nk_err *e);

/*
 * Move them into the network namespace of process pid (init, in it already), with their
 * permanent addresses of global scope, and up. When one of them fails those before it come back.
 * When the namespace ends the kernel gives hardware back to the host; what is virtual ends with
 * it.
 */
int nk_oci_net_devices_move(const struct nk_config *c, pid_t pid, struct nk_err *e);

#endif
