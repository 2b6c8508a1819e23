/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a nook-dhcp that listens to a LAN: the sockets that it has, its record below
 * STATE/net, and the right to change addresses and routes of one network namespace.
 */
#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dhcp/dhcp.h"
#include "sys/landlock.h"

int nk_dhcp_drop_rights(struct nk_err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct c[2] = {0};

	c[0].effective = c[0].permitted = 1U << CAP_NET_ADMIN;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &h, c) < 0)
		return nk_fail(e, errno, "give rights up");
	return 0;
}

/* No socket(2): an AF_PACKET or netlink socket more is what NET_ADMIN would be good for. */
static const int allowed[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(fcntl),
	SCMP_SYS(flock),
	SCMP_SYS(fstat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mkdirat),
	SCMP_SYS(mmap),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(openat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(read),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendto),
	SCMP_SYS(setsockopt),
	SCMP_SYS(stat),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
};

static void release(scmp_filter_ctx *f)
{
	if (*f)
		seccomp_release(*f);
}

/* What is not in the list fails, and nothing is killed for it. */
static int filter(struct nk_err *e)
{
	__attribute__((cleanup(release))) scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = f ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < NK_COUNT(allowed); i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	/* Does the owner live? Nothing more than that. */
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
				      SCMP_A1(SCMP_CMP_EQ, 0));
	if (rc == 0)
		rc = seccomp_load(f);
	return rc < 0 ? nk_fail(e, -rc, "load a filter of system calls") : 0;
}

/* Root without capabilities still owns the machine's files: what reads a LAN may not write them. */
static int confine_files(const struct nk_dhcp *d, struct nk_err *e)
{
	const struct nk_landlock_place places[] = {
		{.path = "/proc"},
		{.fd = d->store.state_fd, .write = true},
	};

	return nk_landlock_files(places, NK_COUNT(places), e);
}

int nk_dhcp_confine(const struct nk_dhcp *d, struct nk_err *e)
{
	/* Nobody of the same user looks into it, nor is a core of it written. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#ifdef __SANITIZE_ADDRESS__
	/* The sanitizers have calls and files of their own. */
	(void)filter, (void)confine_files, (void)d, (void)e;
	return 0;
#else
	int rc = confine_files(d, e);
	int filtered = filter(e);

	return rc < 0 ? rc : filtered;
#endif
}
