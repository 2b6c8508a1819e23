/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the actors of a start say to each other, over one SOCK_SEQPACKET pair.
 *
 *   parent (nook)            middle                     init
 *     │ clone3 ───────────────▶│ (or init at once)         │
 *     │◀──────── WANT_MAP ─────│  unshare/setns(user)      │
 *     │ newuidmap, uid_map     │                           │
 *     │───────── MAPPED ──────▶│                           │
 *     │                        │ clone3(CLONE_PARENT) ────▶│
 *     │◀──────── PID ──────────│                           │
 *     │ cgroup.procs, idmaps   │ exit                      │ mounts, pivot_root
 *     │◀──────── WALL ─────────────────────────────────────│ its firewall stands (--egress)
 *     │ links, ports, DHCP                                 │
 *     │───────── CARDS ───────────────────────────────────▶│ addresses, routes (--network)
 *     │───────── PLACED ──────────────────────────────────▶│ unshare(cgroup)
 *     │◀──────── TERMINAL + descriptor ────────────────────│ (with -t)
 *     │◀──────── ALIVE ────────────────────────────────────│ EPIPE when nook is dead
 *     │◀──────── end of file ──────────────────────────────│ execve (CLOEXEC)
 *     │◀──────── ERROR {step, errno} ── any of them, instead of the next message
 *
 * Which of these a start needs stands in its plan: every message is a step
 * (NK_OP_TELL, NK_OP_AWAIT), and a plain start as root has only ALIVE.
 */
#ifndef NK_CHILD_PROTOCOL_H
#define NK_CHILD_PROTOCOL_H

#include <stdint.h>

struct nk_message {
	uint32_t type; /* enum nk_msg */
	int32_t step;  /* NK_MSG_ERROR: index of the step that failed */
	int32_t err;   /* NK_MSG_ERROR: errno */
	int32_t value; /* NK_MSG_PID: the pid; NK_MSG_ERROR: a telling earlier errno, or 0 */
};

#endif
