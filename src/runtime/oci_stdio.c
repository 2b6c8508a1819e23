/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who standard input, output and error belong to: the user of the container, who may want to open
 * /dev/stdout anew. As runc, the owner only (and root's group where groups have other numbers
 * inside), and not of devices: those are the host's own.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/oci.h"

static bool outside(const struct nk_idmaps *maps, uint32_t *id)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct nk_idmap *m = &maps->v[i];
		if (*id >= m->inside && *id - m->inside < m->count) {
			*id = m->outside + (*id - m->inside);
			return true;
		}
	}
	return false;
}

void nk_oci_own_stdio(const struct nk_spec *s)
{
	bool same = s->ns[NK_NS_USER].mode == NK_NS_HOST;
	uint32_t uid = s->uid, gid = same ? (uint32_t)-1 : 0;
	struct stat st;

	if (s->terminal ||
	    (!same && (!outside(&s->uid_maps, &uid) || !outside(&s->gid_maps, &gid))))
		return;
	/* Where it is not allowed (another's file, a read-only mount), it stays as it is. */
	for (int fd = 0; fd < 3; fd++)
		if (!fstat(fd, &st) && st.st_uid != uid && !S_ISCHR(st.st_mode) &&
		    fchown(fd, uid, gid) < 0)
			continue;
}
