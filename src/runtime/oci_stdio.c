/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who standard input, output and error belong to: the user of the container, who may want to open
 * /dev/stdout anew. As runc, the owner only, and not of devices: those are the host's own.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/oci.h"

static bool outside(const struct nk_spec *s, uint32_t *uid)
{
	if (s->ns[NK_NS_USER].mode == NK_NS_HOST)
		return true;
	for (size_t i = 0; i < s->uid_maps.n; i++) {
		const struct nk_idmap *m = &s->uid_maps.v[i];
		if (*uid >= m->inside && *uid - m->inside < m->count) {
			*uid = m->outside + (*uid - m->inside);
			return true;
		}
	}
	return false;
}

void nk_oci_own_stdio(const struct nk_spec *s)
{
	uint32_t uid = s->uid;
	struct stat st;

	if (s->terminal || !outside(s, &uid))
		return;
	/* Where it is not allowed (another's file, a read-only mount), it stays as it is. */
	for (int fd = 0; fd < 3; fd++)
		if (!fstat(fd, &st) && st.st_uid != uid && !S_ISCHR(st.st_mode) &&
		    fchown(fd, uid, (gid_t)-1) < 0)
			continue;
}
