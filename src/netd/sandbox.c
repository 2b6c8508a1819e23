/* SPDX-License-Identifier: Apache-2.0 */
/* netd.h: what nook-netd does not take along, and what it gives up before it reads a packet. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "netd/netd.h"
#include "sys/landlock.h"

int nk_netd_forget_caller(struct nk_err *e)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, ignored = {.sa_handler = SIG_IGN};
	sigset_t none;

	if (close_range(3, ~0u, 0) < 0)
		return nk_fail(e, errno, "close the caller's descriptors");
	/* 0, 1, 2 have to be something, or sockets will land there. */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return nk_fail(e, errno, "open /dev/null");
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &usual, NULL);
	sigaction(SIGPIPE, &ignored, NULL);
	/* The terminal or session that it was started from is none of its business. */
	sigaction(SIGHUP, &ignored, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return 0;
}

/*
 * CAP_NET_ADMIN stays: the kernel asks for it when addresses are put into a container's firewall,
 * of the sender as well as of the socket. The filter leaves it nothing else to be used on.
 */
static int drop_capabilities(struct nk_err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	const uint32_t keep = 1u << CAP_NET_ADMIN;

	if (syscall(SYS_capget, &head, data) < 0)
		return nk_fail(e, errno, "read the capabilities");
	/* Up to the last one of this kernel; EPERM for an ordinary user. */
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0 && cap < 64;)
		cap++;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	data[0].permitted &= keep;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){0};
	if (syscall(SYS_capset, &head, data) < 0)
		return nk_fail(e, errno, "give up capabilities");
	return 0;
}

static const int allowed[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(close),
	SCMP_SYS(connect),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(access),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(futex),
	SCMP_SYS(getdents64),
	SCMP_SYS(geteuid),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(getuid),
	SCMP_SYS(bind), /* the control socket again, when a container came in the last moment */
	SCMP_SYS(inotify_add_watch),
	SCMP_SYS(listen),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mmap),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(openat),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(read),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown),
	SCMP_SYS(splice),
	SCMP_SYS(statx),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

static void release(scmp_filter_ctx *f)
{
	if (*f)
		seccomp_release(*f);
}

/* Whatever is not in the list fails, and nothing is killed for it: a C library that begins to use
 * a newer call has its fall-back. */
static int filter(struct nk_err *e)
{
	__attribute__((cleanup(release))) scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX};

	if (!f)
		return nk_fail(e, ENOMEM, "make a filter");
	for (size_t i = 0; i < NK_COUNT(allowed); i++) {
		int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
		if (r < 0)
			return nk_fail(e, -r, "make a filter");
	}
	/* Above all no netlink and no packet sockets, which NET_ADMIN would be good for. */
	for (size_t i = 0; i < NK_COUNT(families); i++) {
		int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
					 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
		if (r < 0)
			return nk_fail(e, -r, "make a filter");
	}
	/* Does an owner live? Nothing more than that. */
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A1(SCMP_CMP_EQ, 0));
	if (r == 0)
		r = seccomp_load(f);
	return r < 0 ? nk_fail(e, -r, "load the filter") : 0;
}

/*
 * Root without capabilities still owns the machine's files: what answers strangers may not write
 * them. Directories, where a file in them is replaced by renaming: resolv.conf, which may lead to
 * another one, and the network's own.
 */
static int confine_files(const struct nk_netd *d, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	char real[PATH_MAX];
	const char *path = d->upstreams.path;
	const struct nk_landlock_place places[] = {
		{.path = "/proc"},
		{.path = "/etc"},
		{.path = "/run"},
		{.path = "/sys"}, /* numbers of cards, for fe80::1%eth0 */
		{.path = nk_dir_of(&a, path)},
		{.path = realpath(path, real) ? nk_dir_of(&a, real) : "/etc"},
		{.path = "/dev/null", .write = true},
		{.fd = d->store.fd},
		{.fd = d->store.state_fd, .write = true},
	};

	return nk_landlock_files(places, NK_COUNT(places), e);
}

int nk_netd_confine(const struct nk_netd *d, struct nk_err *e)
{
	int r = drop_capabilities(e);

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return nk_fail(e, errno, "set no_new_privs");
#ifdef __SANITIZE_ADDRESS__
	/* The sanitizers have calls and files of their own. */
	(void)filter, (void)confine_files, (void)d;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return 0;
#else
	r = confine_files(d, e);
	/* Nobody of the same user looks into it, nor is a core of it written. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return r < 0 ? r : filter(e);
#endif
}
