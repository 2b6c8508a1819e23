/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of an IPC namespace: System V's (/proc/sysvipc) and POSIX message queues. */
#ifndef NK_NS_IPC_H
#define NK_NS_IPC_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"

enum nk_ipc_kind { NK_IPC_MSG, NK_IPC_SEM, NK_IPC_SHM, NK_IPC_MQUEUE };

struct nk_ipc_object {
	enum nk_ipc_kind kind;
	int32_t key;	  /* System V's */
	int id;		  /* System V's */
	const char *name; /* MQUEUE: "/name", any byte may be in it; else NULL */
	unsigned mode;	  /* permission bits */
	uid_t uid;	  /* its owner, as our user namespace sees it */
	uint64_t bytes;	  /* MSG, MQUEUE: waiting in it; SHM: its size */
	uint64_t count;	  /* MSG: messages; SEM: semaphores; SHM: how often attached */
};
struct nk_ipc_objects {
	NK_VEC(struct nk_ipc_object);
};

/* The text of /proc/sysvipc/msg, sem or shm. Wrong lines are left out. */
void nk_ipc_parse_sysv(struct nk_arena *a, enum nk_ipc_kind kind, const char *text,
		       struct nk_ipc_objects *out);

/* Records "MODE UID BYTES NAME\0" of the visit (src/ns/visit.c). */
void nk_ipc_parse_mqueue(struct nk_arena *a, const char *data, size_t n,
			 struct nk_ipc_objects *out);

const char *nk_ipc_kind_name(enum nk_ipc_kind k); /* "msg", "sem", "shm", "mqueue" */

/* "0x0000002a id 3" or the name; "1 message, 12 bytes, uid 0, mode 644". */
const char *nk_ipc_name(struct nk_arena *a, const struct nk_ipc_object *o);
const char *nk_ipc_words(struct nk_arena *a, const struct nk_ipc_object *o);

#endif
