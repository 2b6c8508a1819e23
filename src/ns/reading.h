/* SPDX-License-Identifier: Apache-2.0 */
/* Between inside.c and inside_net.c: a reading under way. */
#ifndef NK_NS_READING_H
#define NK_NS_READING_H

#include "ns/inside.h"
#include "ns/visit.h"

struct nk_reading {
	struct nk_arena *a;
	const struct nk_ns_subject *s;
	struct nk_inside *in;
	struct nk_visit visit;
};

/* Why a part of a visit is not there. */
const char *nk_reading_refusal(struct nk_reading *r, enum nk_visit_part p);

/* The data of a part, or NULL and the reason in hidden. */
const char *nk_reading_visited(struct nk_reading *r, enum nk_visit_part p,
			       enum nk_inside_part part);

/* A text of /proc/PID where there is a process, otherwise the visit's. */
const char *nk_reading_text(struct nk_reading *r, const char *file, enum nk_visit_part p,
			    enum nk_inside_part part);

void nk_reading_net(struct nk_reading *r);
void nk_reading_sockets(struct nk_reading *r);
void nk_reading_ipc(struct nk_reading *r);

#endif
