/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container's groups, all at once. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/live.h"
#include "runtime/oci.h"

/* All of the processes are in each of the groups: so in the first that is there. */
static void signal_first(const struct nk_oci_record *r, int signal)
{
	for (size_t i = 0; i < r->cgroups.n; i++)
		if (nk_cgroup_signal(r->cgroups.v[i], signal) != -ENOENT)
			return;
}

int nk_oci_signal_all(const struct nk_oci_record *r, int signal, struct nk_err *e)
{
	if (!r->cgroups.n)
		return nk_fail(e, 0, "container %s has no cgroup whose processes could be found",
			       r->id);
	if (signal == SIGKILL) {
		/* In version 1 what is frozen ends when it thaws: at once then, before another
		   instruction of its own. */
		if (nk_oci_frozen(r)) {
			signal_first(r, SIGKILL);
			nk_oci_thaw(r);
		}
		for (size_t i = 0; i < r->cgroups.n; i++) {
			int ret = nk_cgroup_kill(r->cgroups.v[i], e);
			if (ret < 0)
				return ret;
		}
		return 0;
	}
	signal_first(r, signal);
	return 0;
}

void nk_oci_thaw(const struct nk_oci_record *r)
{
	for (size_t i = 0; i < r->freezers.n; i++) {
		_close_ int fd = open(r->freezers.v[i], O_WRONLY | O_CLOEXEC);
		bool v2 = strstr(r->freezers.v[i], "cgroup.freeze") != NULL;

		if (fd >= 0 && write(fd, v2 ? "0" : "THAWED", v2 ? 1 : 6) < 0)
			continue; /* gone meanwhile */
	}
}
