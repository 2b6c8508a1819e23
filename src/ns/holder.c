/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   nook                child                     its child (for PID and time)
 *     │ fork ─────────────▶│ unshare or setns         │
 *     │                    │ maps, mounts, lo         │
 *     │                    │ fork ───────────────────▶│
 *     │◀─── who it is ─────│ ends                     │
 *     │ bind mounts, record                           │
 *     │──── go ───────────────────────────────────────▶ execve nook-init as "nook-hold: NAME"
 *     │◀─── end of file ──────────────────────────────│
 *
 * Without a go it ends with nook, whatever ends that one.
 *
 * The memory of a program that is executed belongs to the users that it is among: where these are
 * others', root among them may trace the holder, and see through it what lies outside. So root's
 * holder executes nothing there (what nook is forked from belongs to our users), and an ordinary
 * user's, at which that user could not look any more either, joins the mounts as well.
 */
#include "ns/holder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

enum what { W_READY, W_UNSHARE, W_JOIN, W_IDS, W_MAP, W_PRIVATE, W_FORK, W_INIT, W_EXEC };

/* Words of what failed, in the order of enum what. */
static const struct {
	const char *what, *hint;
} words[] = {
	[W_READY] = {"", ""},
	[W_UNSHARE] = {"make the namespaces",
		       "an ordinary user makes others only inside a user namespace: add user"},
	[W_JOIN] = {"join the namespaces of the process",
		    "that needs CAP_SYS_ADMIN in the user namespaces that own them: add user, or "
		    "be root"},
	[W_IDS] = {"take an id of the user namespace",
		   "none is mapped in it yet: its maker writes /proc/PID/uid_map and gid_map"},
	[W_MAP] = {"write the id map of the user namespace",
		   "nook doctor says what this user may map"},
	[W_PRIVATE] = {"make the mounts private", "nook doctor says what this user may"},
	[W_FORK] = {"start a process in the namespaces",
		    "\"Cannot allocate memory\" means: the first process of the PID namespace has "
		    "ended, and nothing can start in it any more"},
	[W_INIT] = {"open nook-init, which is the holder", "it is installed beside nook"},
	[W_EXEC] = {"execute nook-init, which is the holder", "it is installed beside nook"},
};

struct report {
	int32_t what, err, pid;
};

static void report(int fd, enum what what, int err, pid_t pid)
{
	const struct report r = {what, err, pid};

	/* Nobody is there to hear that this fails. */
	if (write(fd, &r, sizeof(r)) != (ssize_t)sizeof(r))
		_exit(1);
}

static __attribute__((noreturn)) void give_up(int fd, enum what what)
{
	report(fd, what, errno, 0);
	_exit(1);
}

static bool put(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Root of the new user namespace is who asked for it, and nobody else is there. */
static bool map_self(uid_t uid, gid_t gid)
{
	char line[32];

	/* A user namespace around this one may have denied it for good. */
	if (!put("/proc/self/setgroups", "deny") && errno != EPERM && errno != EACCES)
		return false;
	snprintf(line, sizeof(line), "0 %u 1\n", uid);
	if (!put("/proc/self/uid_map", line))
		return false;
	snprintf(line, sizeof(line), "0 %u 1\n", gid);
	return put("/proc/self/gid_map", line);
}

/* Root of the process' user namespace; without one there, the first id that is mapped. */
static bool id_of(pid_t pid, const char *map, unsigned *id)
{
	unsigned inside, outside, count;
	char path[32];
	bool any = false;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, map);

	_fclose_ FILE *f = fopen(path, "re");

	while (f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3) {
		if (!any || !inside)
			*id = inside;
		any = true;
	}
	return any;
}

static bool other_mounts(pid_t pid)
{
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return !stat("/proc/self/ns/mnt", &ours) && !stat(path, &theirs) &&
	       ours.st_ino != theirs.st_ino;
}

static void join(const struct nk_ns_keep *h, unsigned kinds, int ready)
{
	bool user = kinds >> NK_NS_USER & 1;
	unsigned uid, gid;

	/* It has what nook has: nobody inside may trace it (CVE-2016-9962). */
	prctl(PR_SET_DUMPABLE, 0);
	/* As long as this /proc is not one of inside. */
	if (user && (!id_of(h->pid, "uid_map", &uid) || !id_of(h->pid, "gid_map", &gid)))
		give_up(ready, W_IDS);
	/* Not later, where the users may forbid it; who has no right to it has no others either. */
	if (user && setgroups(0, NULL) < 0 && errno != EPERM)
		give_up(ready, W_IDS);
	if (kinds && syscall(SYS_setns, h->pidfd, nk_ns_clone_flags(kinds)) < 0)
		give_up(ready, W_JOIN);
	/* Nothing with the ids of nook is to be among the joined users. */
	if (user && (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0))
		give_up(ready, W_IDS);
	prctl(PR_SET_DUMPABLE, 0);
}

/* Nobody is there to do it later, and without it not even 127.0.0.1 answers. */
static void lo_up(void)
{
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		ioctl(fd, SIOCSIFFLAGS, &req);
}

static void make(const struct nk_ns_keep *h, int ready)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare((int)nk_ns_clone_flags(h->kinds)) < 0)
		give_up(ready, W_UNSHARE);
	if ((h->kinds >> NK_NS_USER & 1) && !map_self(uid, gid))
		give_up(ready, W_MAP);
	if ((h->kinds >> NK_NS_MOUNT & 1) && mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		give_up(ready, W_PRIVATE);
	if (h->kinds >> NK_NS_NET & 1)
		lo_up();
}

/* All but two: what the caller had open would stay so for as long as the name lives. */
static void close_others(int low, int high)
{
	if (low > 0)
		close_range(0, (unsigned)low - 1, 0);
	if (high - low > 1)
		close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	close_range((unsigned)high + 1, ~0U, 0);
}

/* Without a child there is nothing to reap. */
static __attribute__((noreturn)) void stay(int ready)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
	prctl(PR_SET_NAME, "nook-hold");
	close_others(ready, ready);
	close(ready); /* nook hears the end of file */
	for (;;)
		pause();
}

/* Wait for a word from nook; then nothing is left of what this process was. */
static __attribute__((noreturn)) void wait_and_hold(const char *name, bool foreign, int init,
						    int ready, int go)
{
	char title[sizeof("nook-hold: ") + NK_NS_NAME_MAX], word = 0;
	char *const argv[] = {title, NULL}, *const env[] = {NULL};
	sigset_t none;

	if (read(go, &word, 1) != 1 || word != 'h')
		_exit(0);
	snprintf(title, sizeof(title), "nook-hold: %s", name);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (chdir("/") < 0)
		give_up(ready, W_EXEC);
	if (foreign)
		stay(ready);
	close_others(init < ready ? init : ready, init < ready ? ready : init);
	syscall(SYS_execveat, init, "", argv, env, AT_EMPTY_PATH);
	give_up(ready, W_EXEC);
}

static __attribute__((noreturn)) void child(const struct nk_ns_keep *h, int ready, int go)
{
	const unsigned by_children = 1u << NK_NS_PID | 1u << NK_NS_TIME;
	unsigned joined = h->kinds & ~h->shared;
	bool foreign = h->pid && (joined >> NK_NS_USER & 1), root = geteuid() == 0;
	/* Before the mounts may be others. */
	int init = h->init_path ? open(h->init_path, O_PATH | O_CLOEXEC) : -1;

	if (h->init_path && init < 0)
		give_up(ready, W_INIT);
	if (foreign && !root && other_mounts(h->pid))
		joined |= 1u << NK_NS_MOUNT;
	if (!h->pid)
		make(h, ready);
	else
		join(h, joined, ready);
	if (joined & by_children) {
		pid_t pid = fork();

		if (pid < 0)
			give_up(ready, W_FORK);
		if (pid > 0) {
			report(ready, W_READY, 0, pid);
			_exit(0);
		}
	} else {
		report(ready, W_READY, 0, getpid());
	}
	wait_and_hold(h->name, foreign && root, init, ready, go);
}

static int heard(int fd, struct report *r)
{
	ssize_t n;

	while ((n = read(fd, r, sizeof(*r))) < 0 && errno == EINTR)
		;
	return n == (ssize_t)sizeof(*r) ? 1 : n == 0 ? 0 : -EIO;
}

static int told(const struct report *r, struct nk_err *e)
{
	size_t what = r->what >= 0 && (size_t)r->what < NK_COUNT(words) ? (size_t)r->what : 0;

	nk_fail(e, r->err, "%s", words[what].what);
	return nk_hint(e, "%s", words[what].hint);
}

int nk_ns_maker_start(struct nk_ns_maker *m, const struct nk_ns_keep *h, struct nk_err *e)
{
	int ready[2], go[2];
	struct report r;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return nk_fail(e, errno, "a pipe");
	if (pipe2(go, O_CLOEXEC) < 0) {
		int err = errno;

		close(ready[0]);
		close(ready[1]);
		return nk_fail(e, err, "a pipe");
	}
	m->ready = ready[0];
	m->go = go[1];
	m->child = fork();
	if (m->child == 0) {
		close(ready[0]);
		close(go[1]);
		child(h, ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	if (m->child < 0)
		return nk_fail(e, errno, "start a process");

	int rc = heard(m->ready, &r);

	if (rc <= 0)
		return nk_fail(e, 0, "the process that makes the namespaces ended without a word");
	if (r.what != W_READY)
		return told(&r, e);
	m->pid = r.pid;
	return 0;
}

int nk_ns_maker_hold(struct nk_ns_maker *m, struct nk_err *e)
{
	struct report r;

	if (write(m->go, "h", 1) != 1)
		return nk_fail(e, errno, "the holder has ended");

	int rc = heard(m->ready, &r);

	if (rc > 0)
		return told(&r, e);
	if (m->child == m->pid)
		m->child = 0; /* it stays */
	return rc;
}

void nk_ns_maker_done(struct nk_ns_maker *m)
{
	nk_cleanup_close(&m->go);
	nk_cleanup_close(&m->ready);
	if (m->child > 0)
		while (waitpid(m->child, NULL, 0) < 0 && errno == EINTR)
			;
	*m = (struct nk_ns_maker)NK_NS_MAKER_INIT;
}
