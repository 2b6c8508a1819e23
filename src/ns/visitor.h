/* SPDX-License-Identifier: Apache-2.0 */
/* The child's side of a visit: between visit.c, visitor.c and visit_net.c. */
#ifndef NK_NS_VISITOR_H
#define NK_NS_VISITOR_H

#include "ns/visit.h"

/* What goes through the pipe before each part. */
struct nk_visit_head {
	uint32_t part;
	int32_t err;
	uint64_t n;
};

struct nk_visitor {
	const struct nk_ns_subject *s;
	int out;		 /* pipe to the parent */
	int proc;		 /* /proc, opened before anything was joined */
	int joined[NK_NS_COUNT]; /* 0: is in it, or was before; else errno */
};

/* Join what is not ours: directly, and what is refused then behind the user namespace. */
void nk_visitor_join(struct nk_visitor *v, unsigned kinds, bool with_user);

/* Read the parts and send them. */
void nk_visitor_read(struct nk_visitor *v, unsigned wanted);

/* visit_net.c: ask rtnetlink for a dump. Bytes in *data (to be freed), or -errno. */
ssize_t nk_visitor_dump(int type, char **data);

/* Parts that are longer are refused: EFBIG. */
enum { NK_VISIT_MAX = 8 << 20 };

#endif
