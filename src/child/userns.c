/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user namespace in which nobody lives: it holds the id maps of one idmapped mount. It is made
 * by a process of its own, which does nothing and is ended as soon as its namespace is held.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "child/child.h"
#include "child/raw.h"

/* "/proc/PID/name" in buf. */
static const char *proc_path(char buf[40], long pid, const char *name)
{
	char number[20], *d = number + sizeof(number);
	size_t at = 0;

	*--d = '\0';
	for (; pid; pid /= 10)
		*--d = (char)('0' + pid % 10);
	for (const char *c = "/proc/"; *c; c++)
		buf[at++] = *c;
	while (*d)
		buf[at++] = *d++;
	for (; *name; name++)
		buf[at++] = *name;
	buf[at] = '\0';
	return buf;
}

static long write_map(long pid, const char *name, const char *text)
{
	char path[40];
	size_t n = 0;
	long fd =
		nk_raw4(SYS_openat, AT_FDCWD, proc_path(path, pid, name), O_WRONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	while (text[n])
		n++;
	long ret = nk_raw3(SYS_write, fd, text, n);
	nk_raw1(SYS_close, fd);
	return ret < 0 ? ret : ret == (long)n ? 0 : -EINVAL;
}

long nk_userns(const char *uid_map, const char *gid_map)
{
	const struct clone_args args = {.flags = CLONE_NEWUSER};
	char path[40];
	long pid = nk_raw2(SYS_clone3, &args, sizeof(args)), ret, fd = -1;

	if (pid == 0) {
		nk_raw5(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			nk_raw5(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
	if (pid < 0)
		return pid;
	ret = write_map(pid, "/uid_map", uid_map);
	if (ret == 0)
		ret = write_map(pid, "/gid_map", gid_map);
	if (ret == 0)
		ret = fd = nk_raw4(SYS_openat, AT_FDCWD, proc_path(path, pid, "/ns/user"),
				   O_RDONLY | O_CLOEXEC, 0);
	nk_raw2(SYS_kill, pid, SIGKILL);
	while (nk_raw4(SYS_wait4, pid, NULL, __WALL, NULL) == -EINTR)
		;
	return ret < 0 ? ret : fd;
}
