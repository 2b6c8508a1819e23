/* SPDX-License-Identifier: Apache-2.0 */
/* The space of lan.h: users and network, and the process that keeps them. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/facts.h"
#include "host/idrange.h"
#include "runtime/lan_space.h"

static void lo_up(void)
{
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		ioctl(fd, SIOCSIFFLAGS, &req);
}

static void set(const char *sysctl)
{
	_close_ int fd = open(sysctl, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, "1", 1);
}

/* The child: a word on `made` when the namespaces are there, one from `mapped` when it is root. */
static __attribute__((noreturn)) void keep(int made, int mapped, pid_t keeper)
{
	char word = 'm';
	int err;

	prctl(PR_SET_NAME, "nook-lan-space");
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
		err = errno;
		(void)!write(made, &err, sizeof(err));
		_exit(1);
	}
	if (write(made, "m", 1) != 1 || read(mapped, &word, 1) != 1)
		_exit(1);
	lo_up();
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		_exit(1);
	/* Nobody else's network: it forwards from the beginning. */
	set("/proc/sys/net/ipv4/ip_forward");
	set("/proc/sys/net/ipv6/conf/all/forwarding");
	/* A change of users clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper || write(made, "r", 1) != 1)
		_exit(1);
	close_range(0, ~0U, 0);
	for (;;)
		pause();
}

static int put(pid_t pid, const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);
	return fd < 0 || write(fd, text, n) != (ssize_t)n ? -errno : 0;
}

/* newuidmap PID INSIDE OUTSIDE COUNT … */
static int by_helper(struct nk_arena *a, const char *program, pid_t pid,
		     const struct nk_idmaps *maps, struct nk_err *e)
{
	static char *const env[] = {(char *)"LC_ALL=C", NULL};
	struct nk_strv argv = {0};
	int status = -1;
	pid_t child;

	nk_strv_push(a, &argv, program);
	nk_strv_push(a, &argv, nk_fmt(a, "%d", (int)pid));
	for (size_t i = 0; i < maps->n; i++) {
		nk_strv_push(a, &argv, nk_fmt(a, "%u", maps->v[i].inside));
		nk_strv_push(a, &argv, nk_fmt(a, "%u", maps->v[i].outside));
		nk_strv_push(a, &argv, nk_fmt(a, "%u", maps->v[i].count));
	}
	int ret = posix_spawn(&child, program, NULL, NULL, (char *const *)argv.v, env);
	if (ret)
		return nk_fail(e, ret, "execute %s", program);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!status)
		return 0;
	nk_fail(e, EPERM, "%s for the networks' holder", program);
	return nk_hint(e, "newuidmap and newgidmap allow what /etc/subuid and /etc/subgid list for "
			  "this user");
}

static int write_maps(struct nk_arena *a, pid_t pid, struct nk_err *e)
{
	struct nk_idmaps uids = {0}, gids = {0};
	struct nk_facts f = {0};
	int ret;

	nk_facts_self(&f);
	nk_facts_ids(a, &f);
	nk_idmap_rootless(a, &f, &uids, &gids);
	if (!f.single_id) {
		ret = by_helper(a, f.newuidmap_path, pid, &uids, e);
		return ret < 0 ? ret : by_helper(a, f.newgidmap_path, pid, &gids, e);
	}
	put(pid, "setgroups", "deny"); /* the users around may have denied it for good */
	if ((ret = put(pid, "uid_map", nk_fmt(a, "0 %u 1\n", geteuid()))) < 0 ||
	    (ret = put(pid, "gid_map", nk_fmt(a, "0 %u 1\n", getegid()))) < 0)
		return nk_fail(e, -ret, "write the id map of the networks' holder");
	return 0;
}

int nk_lan_space_start(struct nk_arena *a, pid_t *pid, struct nk_err *e)
{
	int made[2], mapped[2], err = 0, ret = 0;
	pid_t keeper = getpid();
	char word[sizeof(int)] = "";

	if (pipe2(made, O_CLOEXEC) || pipe2(mapped, O_CLOEXEC))
		return nk_fail(e, errno, "a pipe");
	*pid = fork();
	if (*pid == 0) {
		close(made[0]);
		close(mapped[1]);
		keep(made[1], mapped[0], keeper);
	}
	close(made[1]);
	close(mapped[0]);
	ssize_t n = *pid < 0 ? -1 : read(made[0], word, sizeof(word));
	if (n == (ssize_t)sizeof(err))
		memcpy(&err, word, sizeof(err));
	if (n != 1) {
		nk_fail(e, err, "make the user namespace that holds networks");
		ret = nk_hint(e, "nook doctor says what this user may");
	}
	if (ret == 0)
		ret = write_maps(a, *pid, e);
	if (ret == 0 && (write(mapped[1], "m", 1) != 1 || read(made[0], word, 1) != 1))
		ret = nk_fail(e, 0, "the process that holds networks ended without a word");
	close(made[0]);
	close(mapped[1]);
	return ret;
}
