/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks that are programs of the host: prestart, createRuntime, createContainer, poststart and
 * poststop. Each gets exactly its own environment (the runtime's where none is given), the
 * container's state on standard input, and a process group of its own, which ends as a whole when
 * the time is over.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/weaken.h"
#include "runtime/oci.h"
#include "state/process.h"

struct hook_run {
	const struct nk_hook *hook;
	const char *bundle, *rootfs;
	int in, out;	/* files in memory */
	uint64_t flags; /* namespaces to join, by pidfd */
	int pidfd, root;
};

static int memory(const char *name, const char *text, size_t n)
{
	_close_ int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || (n && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0)))
		return -errno;
	return nk_take_fd(&fd);
}

/* Why a child could not go on: the parent reads it behind what the hook has said. */
__attribute__((noreturn)) static void give_up(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s", what, strerror(errno));
	_exit(127);
}

/*
 * Into the namespaces of init, before its pivot_root: its root directory is still the host's tree,
 * in its own mount namespace, so hooks and their interpreters are found. The PID namespace holds
 * for children only, hence one more process.
 */
static void join(const struct hook_run *h)
{
	int status;

	prctl(PR_SET_DUMPABLE, 0); /* CVE-2016-9962 */
	if (syscall(SYS_setns, h->pidfd, h->flags))
		give_up("join the container's namespaces");
	if ((h->flags & CLONE_NEWUSER) && (setresgid(0, 0, 0) || setresuid(0, 0, 0)))
		give_up("become root of the container");
	if (fchdir(h->root) || chroot("."))
		give_up("the root of the container's first process");
	if (!(h->flags & CLONE_NEWPID))
		return;
	pid_t pid = fork();
	if (pid < 0)
		give_up("a process in the container");
	if (pid == 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

__attribute__((noreturn)) static void be_hook(const struct hook_run *h)
{
	struct nk_hook k = *h->hook;
	sigset_t none;

	setpgid(0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(h->in, 0) < 0 || dup2(h->out, 1) < 0 || dup2(h->out, 2) < 0)
		_exit(127);
	if (h->flags)
		join(h);
	/* As runc has it: a hook in the container's namespaces begins in its root directory. */
	if (chdir(h->flags ? h->rootfs : h->bundle))
		chdir("/") ? give_up("/") : (void)0;
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(k.path, k.args.n ? k.args.v : (char *[]){(char *)k.path, NULL},
	       k.env.n ? k.env.v : environ); /* not given: the runtime's, as runc and crun */
	give_up(k.path);
}

/* "exit status 1, stderr: …", or nothing when it went well. */
static int outcome(const struct hook_run *h, const siginfo_t *info, bool late, struct nk_err *e)
{
	char said[200];

	if (!late && info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;

	ssize_t n = pread(h->out, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	for (char *c = said; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : '\0';
	if (late)
		return nk_fail(e, 0, "hook ran past specified timeout of %us", h->hook->timeout_s);
	return nk_fail(e, 0, "%s %d%s%s",
		       info->si_code == CLD_EXITED ? "exit status" : "ended by signal",
		       info->si_status, *said ? ", output: " : "", said);
}

/* A descriptor that tells of signals which shall end this process: create keeps them blocked. */
static int enders(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* 0: it has ended; -ETIMEDOUT; -EINTR: somebody wants us to end. */
static int wait_for(int pidfd, unsigned seconds)
{
	_close_ int signals = enders();
	struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	struct signalfd_siginfo taken; /* or it would end us before all is taken away */
	struct timespec begun, now;
	int64_t left = seconds ? (int64_t)seconds * 1000 : -1;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (;;) {
		int n = poll(fds, 2, left > INT_MAX ? INT_MAX : (int)left);
		if (fds[0].revents)
			return 0;
		if (n > 0 && read(signals, &taken, sizeof(taken)) == sizeof(taken))
			return -EINTR;
		if (n < 0 && errno != EINTR)
			return 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
		int64_t gone = (now.tv_sec - begun.tv_sec) * INT64_C(1000) +
			       (now.tv_nsec - begun.tv_nsec) / 1000000;
		if (seconds && gone >= (int64_t)seconds * 1000)
			return -ETIMEDOUT;
		left = seconds ? (int64_t)seconds * 1000 - gone : -1;
	}
}

static int run_hook(struct hook_run *h, struct nk_err *e)
{
	siginfo_t info = {0};
	int ret = 0;
	pid_t pid = fork();

	if (pid < 0)
		return nk_fail(e, errno, "a process for it");
	if (pid == 0)
		be_hook(h);
	setpgid(pid, pid);

	_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	/* Without it there is no end to its time. */
	if (pidfd < 0)
		ret = nk_fail(e, errno, "a hold on its process");
	else
		ret = wait_for(pidfd, h->hook->timeout_s);
	if (ret < 0)
		kill(-pid, SIGKILL);
	while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	if (pidfd < 0)
		return ret;
	if (ret == -EINTR)
		return nk_fail(e, EINTR, "a signal has ended it");
	return outcome(h, &info, ret == -ETIMEDOUT, e);
}

static int open_join(struct hook_run *h, pid_t pid, const char *rootfs, struct nk_err *e)
{
	char path[32];
	int ret = nk_oci_join_flags(pid, &h->flags, e);

	if (ret < 0)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	h->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* never the container's root: a hook is a program of the host */
	h->root = open(nk_weak("Docker-2026-41567") ? rootfs : path,
		       O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (h->pidfd < 0 || h->root < 0)
		return nk_fail(e, errno, "a hold on process %d", (int)pid);
	return 0;
}

static int run_all(const struct nk_config *c, enum nk_hook_point point, struct hook_run *h,
		   const struct nk_json_out *state, bool warn, struct nk_err *e)
{
	for (size_t i = 0; i < c->hooks[point].n; i++) {
		_close_ int in = memory("state", state->buf, state->n);
		_close_ int out = memory("output", NULL, 0);
		struct nk_err why = {0};
		int ret = in < 0 || out < 0 ? nk_fail(&why, ENOMEM, "a file for its state") : 0;

		h->hook = &c->hooks[point].v[i];
		h->in = in;
		h->out = out;
		if (ret == 0)
			ret = run_hook(h, &why);
		if (ret == 0)
			continue;
		nk_ctx(&why, "error running %s hook #%zu", nk_hook_point_name(point), i);
		if (!warn) {
			*e = why;
			return ret;
		}
		nk_log(NK_LOG_WARN, "%s", why.msg);
	}
	return 0;
}

int nk_oci_hooks(const struct nk_config *c, enum nk_hook_point point, const struct nk_oci_record *r,
		 enum nk_oci_status status, pid_t join_pid, bool warn, struct nk_err *e)
{
	struct hook_run h = {
		.bundle = r->bundle, .rootfs = r->rootfs, .pidfd = -EBADF, .root = -EBADF};
	_json_ struct nk_json_out state = {0};
	int ret = 0;

	if (!c->hooks[point].n)
		return 0;
	nk_oci_state_json(&state, r, status, false);
	if (state.failed)
		return nk_fail(e, ENOMEM, "the state for hooks");
	if (join_pid)
		ret = open_join(&h, join_pid, r->rootfs, e);
	if (ret == 0)
		ret = run_all(c, point, &h, &state, warn, e);
	nk_cleanup_close(&h.pidfd);
	nk_cleanup_close(&h.root);
	return ret;
}
