/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container's groups, all at once. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/live.h"
#include "runtime/oci.h"

/* One group and those below it. The first number of each line is a pid. */
static void signal_tree(int dir, int signal, int depth)
{
	_close_ int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	_fclose_ FILE *f = fd < 0 ? NULL : fdopen(nk_take_fd(&fd), "r");
	_closedir_ DIR *d = NULL;
	int pid;

	while (f && fscanf(f, "%d", &pid) == 1)
		if (pid > 0)
			kill(pid, signal);
	int again = depth < 32 ? openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (again >= 0 && !(d = fdopendir(again)))
		close(again);
	for (struct dirent *ent; d && (ent = readdir(d));) {
		if (ent->d_type != DT_DIR || ent->d_name[0] == '.')
			continue;
		_close_ int sub =
			openat(dir, ent->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			signal_tree(sub, signal, depth + 1);
	}
}

/* All of the processes are in each of the groups: so in the first that is there. */
static void signal_first(const struct nk_oci_record *r, int signal)
{
	for (size_t i = 0; i < r->cgroups.n; i++) {
		_close_ int dir =
			open(r->cgroups.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir >= 0) {
			signal_tree(dir, signal, 0);
			return;
		}
	}
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
