/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of lan.h: a fork of nook that lives while somebody is connected. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/netd.h"
#include "runtime/lan.h"
#include "runtime/lan_space.h"
#include "runtime/net_backend.h"
#include "spawn/companion.h"

enum { GRACE_MS = 200, PAUSE_US = 100000, CONNECTIONS = 4096, LISTEN = 64 };

struct keeper {
	struct nk_arena a;
	const char *state; /* STATE/net */
	int dir_fd, listen_fd, lock_fd;
	int space_fd;
	struct nk_companion out;
	struct nk_lan_hello hello;
};

/* The host's file, with the one server that leads to all of its own. */
static int write_resolv(struct keeper *k, const char *server, struct nk_err *e)
{
	_fclose_ FILE *f = fopen("/etc/resolv.conf", "re");
	int fd = openat(k->dir_fd, "resolv.conf",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "we");
	char line[512];
	int ret = 0;

	if (to && server)
		fprintf(to, "nameserver %s\n", server);
	while (to && f && fgets(line, sizeof(line), f))
		if (strncmp(line, "nameserver", 10) != 0)
			fputs(line, to);
	if (!to || fflush(to) || ferror(to))
		ret = nk_fail(e, errno, "write %s/resolv.conf", k->state);
	if (to)
		fclose(to);
	else if (fd >= 0)
		close(fd);
	return ret;
}

/* The way out. Without one the networks are there all the same. */
static int lead_out(struct keeper *k, struct nk_err *e)
{
	struct nk_strv notices = {0};
	struct nk_spec spec = {0};
	struct nk_plan plan;
	char number[16], words[200];
	int ret = nk_net_backend_choose(NULL, &k->a, k->state, &spec, NK_NET_BACKEND_NONE, &notices,
					e);

	if (ret < 0)
		return ret;
	if (notices.n)
		snprintf(k->hello.notice, sizeof(k->hello.notice), "%s", notices.v[0]);
	if (spec.net.backend == NK_NET_BACKEND_NONE)
		return write_resolv(k, NULL, e);
	nk_plan_init(&plan, &k->a);
	char *const *words_of = nk_net_backend_argv(&plan, &spec.net);
	char *argv[64];
	size_t n = 0;
	snprintf(number, sizeof(number), "%d", (int)k->hello.space);
	for (; words_of[n] && n < NK_COUNT(argv) - 1; n++)
		argv[n] = strcmp(words_of[n], "%d") ? words_of[n] : number;
	argv[n] = NULL;
	ret = nk_companion_start(&k->out, spec.net.backend_path, argv,
				 nk_net_backend_ready(spec.net.backend));
	words[0] = '\0';
	if (ret == 0)
		ret = nk_companion_ready(&k->out, words, sizeof(words));
	if (ret < 0) {
		nk_fail(e, ret == -EPIPE ? 0 : -ret, "%s for your networks: %s",
			nk_net_backend_name(spec.net.backend),
			*words ? words : "it ended without a word");
		return nk_hint(e, "the same program is tried by: nook run --network %s",
			       nk_net_backend_name(spec.net.backend));
	}
	return write_resolv(k, spec.net.backend_dns, e);
}

static int open_door(struct keeper *k, struct nk_err *e)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	k->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d/holder.sock", k->dir_fd);
	unlinkat(k->dir_fd, "holder.sock", 0);
	if (k->listen_fd < 0 || bind(k->listen_fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(k->listen_fd, LISTEN) < 0)
		return nk_fail(e, errno, "the socket of your networks' holder");
	return 0;
}

static int set_up(struct keeper *k, struct nk_err *e)
{
	int ret;

	if ((ret = nk_lan_space_start(&k->a, &k->hello.space, e)) < 0)
		return ret;
	k->space_fd = pidfd_open(k->hello.space, 0);
	if (k->space_fd < 0)
		return nk_fail(e, errno, "hold the process that holds networks");
	ret = lead_out(k, e);
	return ret < 0 ? ret : open_door(k, e);
}

/* Who comes is told where the space is. */
static int welcome(struct keeper *k)
{
	union {
		struct cmsghdr h;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec io = {&k->hello, sizeof(k->hello)};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd = accept4(k->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.h), &k->space_fd, sizeof(int));
	/* The directory is ours alone; this is for who has made it wider. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid() ||
	    sendmsg(fd, &m, MSG_NOSIGNAL) < 0) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

/* A resolver of this space ends when nobody has a lease; one that is met by the next holder would
 * answer in a network that is gone. */
static bool resolvers_run(struct keeper *k)
{
	struct nk_net_store s = {.root = "", .state = k->state, .fd = -1, .state_fd = k->dir_fd};
	_close_ int copy = openat(k->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	bool any = false;

	if (!d)
		return false;
	(void)nk_take_fd(&copy);
	for (struct dirent *ent; !any && (ent = readdir(d));)
		any = ent->d_name[0] != '.' && nk_netd_runs(&s, ent->d_name) > 0;
	closedir(d);
	return any;
}

/* Nobody is here: take the lock, so that nobody comes, and go. False: somebody comes. */
static bool may_end(struct keeper *k)
{
	struct pollfd door = {.fd = k->listen_fd, .events = POLLIN};

	if (flock(k->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	if (poll(&door, 1, 0) > 0) {
		flock(k->lock_fd, LOCK_UN);
		return false;
	}
	for (int i = 0; i < 100 && resolvers_run(k); i++)
		usleep(20000);
	unlinkat(k->dir_fd, "holder.sock", 0);
	unlinkat(k->dir_fd, "resolv.conf", 0);
	return true;
}

static void serve(struct keeper *k)
{
	static struct pollfd fds[CONNECTIONS + 2];
	nfds_t n = 2;

	fds[0] = (struct pollfd){.fd = k->listen_fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = k->space_fd, .events = POLLIN};
	for (;;) {
		int ready = poll(fds, n, n == 2 ? GRACE_MS : -1);

		if (ready < 0 && errno != EINTR)
			return;
		if (ready == 0 && n == 2 && may_end(k))
			return;
		if (ready <= 0)
			continue;
		if (fds[1].revents)
			return;
		for (nfds_t i = n; i-- > 2;)
			if (fds[i].revents) { /* nobody says anything: it has ended */
				close(fds[i].fd);
				fds[i] = fds[--n];
			}
		if (fds[0].revents) {
			int fd = welcome(k);

			if (fd >= 0)
				fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
			else if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
				usleep(PAUSE_US); /* who knocks is still at the door */
		}
		/* Who finds no room waits until somebody has gone. */
		fds[0].events = n < NK_COUNT(fds) ? POLLIN : 0;
	}
}

/* ps shows what it is, and not the command that happened to start it. */
static void rename_process(void)
{
	static const char title[] = "nook-lan: networks of a user";
	unsigned long begin = 0, end = 0;
	char *text = NULL;
	size_t size = 0;
	_fclose_ FILE *f = fopen("/proc/self/stat", "re");

	if (f && getdelim(&text, &size, '\n', f) > 0) {
		const char *at = strrchr(text, ')');

		for (int field = 2; at && field < 48; field++)
			at = strchr(at + 1, ' ');
		if (at)
			sscanf(at, "%lu %lu", &begin, &end);
	}
	free(text);
	prctl(PR_SET_NAME, "nook-lan");
	if (!begin || end <= begin)
		return;
	memset((void *)begin, 0, end - begin);
	memcpy((void *)begin, title, end - begin > sizeof(title) ? sizeof(title) : end - begin - 1);
}

/* Nothing of nook's caller is kept but three descriptors. */
static void let_go(struct keeper *k, int *ready)
{
	enum { FIRST = 3 };
	int from[] = {k->dir_fd, *ready}, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < NK_COUNT(from); i++)
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 100);
	for (int i = 0; i < FIRST; i++)
		dup2(null, i);
	for (size_t i = 0; i < NK_COUNT(from); i++)
		dup3(from[i], FIRST + (int)i, O_CLOEXEC);
	close_range(FIRST + NK_COUNT(from), ~0U, 0);
	k->dir_fd = FIRST;
	*ready = FIRST + 1;
}

static __attribute__((noreturn)) void keeper(struct keeper *k, int ready)
{
	struct nk_err e = {0};
	sigset_t none;
	int ret;

	setsid();
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, sig == SIGHUP ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	let_go(k, &ready);
	rename_process();
	umask(077);
	/* Of its own: a lock belongs to whoever opened the file. */
	k->lock_fd = chdir("/") < 0 ? -1 : openat(k->dir_fd, "holder.lock", O_RDWR | O_CLOEXEC);
	ret = k->lock_fd < 0 ? nk_fail(&e, errno, "open the lock of your networks' holder")
			     : set_up(k, &e);
	if (write(ready, &e, sizeof(e)) != (ssize_t)sizeof(e))
		ret = -1;
	close(ready);
	if (ret == 0)
		serve(k);
	/* The kernel ends the space and the way out with this process. */
	_exit(ret < 0);
}

int nk_lan_keeper_start(const char *state, int dir_fd, struct nk_err *e)
{
	static struct keeper k = {.listen_fd = -1, .space_fd = -1, .out = NK_COMPANION_INIT};
	struct nk_err said = {0};
	int ready[2], status;

	k.state = state;
	k.dir_fd = dir_fd;
	if (pipe2(ready, O_CLOEXEC))
		return nk_fail(e, errno, "a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(ready[0]);
		if (fork() == 0)
			keeper(&k, ready[1]);
		_exit(0);
	}
	int err = errno;
	close(ready[1]);
	if (pid < 0) {
		close(ready[0]);
		return nk_fail(e, err, "start the holder of your networks");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ssize_t n;
	while ((n = read(ready[0], &said, sizeof(said))) < 0 && errno == EINTR)
		;
	close(ready[0]);
	if (n != (ssize_t)sizeof(said))
		return nk_fail(e, 0, "the holder of your networks ended without a word");
	if (!said.msg[0])
		return 0;
	*e = said;
	return e->err ? -e->err : -EINVAL;
}
