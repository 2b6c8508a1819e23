/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/net_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/net.h"

/* Its answer comes at once; one that hangs is not to hold a start up. */
enum { SAYS_MS = 2000, SOCKET_PATH_MAX = 107 };

#define DNS_PASTA "169.254.1.1"
#define DNS_PASTA6 "fd6e:6f6f:6b::1"
#define DNS_SLIRP "10.0.2.3"

/* ---- the programs ---- */

/* In PATH, as a shell would find it. NULL: nowhere. */
static const char *find(struct nk_arena *a, const char *name)
{
	const char *path = getenv("PATH");

	for (const char *at = path ? path : "/usr/bin:/bin"; at;) {
		size_t n = strcspn(at, ":");
		const char *file = nk_fmt(a, "%.*s/%s", (int)n, at, name);
		struct stat st;

		/* What lies in a directory that is named from here may be anybody's. */
		if (at[0] == '/' && !stat(file, &st) && S_ISREG(st.st_mode) &&
		    access(file, X_OK) == 0)
			return file;
		at = at[n] ? at + n + 1 : NULL;
	}
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int nk_net_program_says(const char *path, const char *option, char *buf, size_t size)
{
	static char *const env[] = {(char *)"LC_ALL=C", NULL};
	char *const argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)option, NULL};
	const int64_t end = now_ms() + SAYS_MS;
	posix_spawn_file_actions_t actions;
	size_t n = 0;
	int pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	int ret = posix_spawn(&pid, path, &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	for (struct pollfd fd = {.fd = pipes[0], .events = POLLIN}; !ret && n < size - 1;) {
		int64_t left = end - now_ms();
		ssize_t got = left > 0 && poll(&fd, 1, (int)left) > 0
				      ? read(pipes[0], buf + n, size - 1 - n)
				      : 0;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	buf[n] = '\0';
	close(pipes[0]);
	if (ret)
		return -ret;
	if (now_ms() >= end)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

enum { KNOWS_CONFIG = 1, KNOWS_GUEST_MAPS = 2 };

static unsigned ask_pasta(const char *path)
{
	char *text = malloc(65536);
	unsigned knows = 0;

	if (text && nk_net_program_says(path, "--help", text, 65536) == 0) {
		if (strstr(text, "--config-net") && strstr(text, "--no-map-gw") &&
		    strstr(text, "--dns-forward"))
			knows |= KNOWS_CONFIG;
		if (strstr(text, "--map-guest-addr") && strstr(text, "--map-host-loopback"))
			knows |= KNOWS_GUEST_MAPS;
	}
	free(text);
	return knows;
}

/* Asked once for each pasta that is installed: STATE/net/pasta keeps what it said. */
static unsigned pasta_knows(struct nk_arena *a, const char *state, const char *path)
{
	const char *kept = nk_fmt(a, "%s/pasta", state), *new = nk_fmt(a, "%s.%d", kept, getpid());
	char line[512] = "", want[512];
	unsigned knows = 0;
	struct stat st = {0};

	stat(path, &st);
	snprintf(want, sizeof(want), "%" PRIu64 " %" PRId64 ".%09ld %" PRId64 " ",
		 (uint64_t)st.st_ino, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		 (int64_t)st.st_size);
	_fclose_ FILE *old = fopen(kept, "re");
	if (old && fgets(line, sizeof(line), old) && !strncmp(line, want, strlen(want)) &&
	    sscanf(line + strlen(want), "%u", &knows) == 1)
		return knows;
	knows = ask_pasta(path);
	/* Only a copy: where it cannot be written, pasta is asked again. */
	FILE *f = fopen(new, "wxe");
	bool whole = f && fprintf(f, "%s%u %s\n", want, knows, path) > 0;
	if (f && fclose(f) == 0 && whole)
		(void)rename(new, kept);
	else if (f)
		unlink(new);
	return knows;
}

/* ---- the machine ---- */

const char *nk_net_tun_fault(const char **mend)
{
	_close_ int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	*mend = "as root: modprobe tun";
	if (fd >= 0)
		return NULL;
	if (errno == ENOENT)
		return "there is no /dev/net/tun";
	if (errno == ENODEV || errno == ENXIO)
		return "this kernel has no tun driver behind /dev/net/tun";
	*mend = "as root: chmod 0666 /dev/net/tun (in a container: --device /dev/net/tun)";
	return "/dev/net/tun may not be opened by you";
}

struct ways {
	bool four, six;
};

/* Does a default route of either family stand? */
static struct ways ways_out(void)
{
	_fclose_ FILE *four = fopen("/proc/net/route", "re");
	_fclose_ FILE *six = fopen("/proc/net/ipv6_route", "re");
	struct ways w = {0};
	char line[512], card[64];
	unsigned to, via, flags, mask, length;

	while (four && fgets(line, sizeof(line), four))
		if (sscanf(line, "%63s %x %x %x %*s %*s %*s %x", card, &to, &via, &flags, &mask) ==
			    5 &&
		    !to && !mask && (flags & 1))
			w.four = true;
	while (six && fgets(line, sizeof(line), six))
		/* Of lo there is one in every namespace: what is not reached. */
		if (sscanf(line, "%*32s %x %*s %*s %*s %*s %*s %*s %*s %63s", &length, card) == 2 &&
		    !length && strcmp(card, "lo") != 0)
			w.six = true;
	return w;
}

/* The address inside that leads to the host's resolver, whatever that one's own is. */
static const char *pasta_dns(struct ways w)
{
	_fclose_ FILE *f = fopen("/etc/resolv.conf", "re");
	bool four = false, six = false;
	char line[512], address[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "nameserver %127s", address) == 1)
			*(strchr(address, ':') ? &six : &four) = true;
	if (four && w.four)
		return DNS_PASTA;
	return six && w.six ? DNS_PASTA6 : four || six ? DNS_PASTA : NULL;
}

/* ---- the choice ---- */

static int refuse(enum nk_net_backend want, const char *why, const char *mend, struct nk_err *e)
{
	nk_fail(e, 0, "--network %s: %s", nk_net_backend_name(want), why);
	return nk_hint(e, "%s", mend);
}

static int set_pasta(struct nk_net_spec *net, const char *path, unsigned knows, struct ways w)
{
	net->backend = NK_NET_BACKEND_PASTA;
	net->backend_path = path;
	net->backend_guest_maps = knows & KNOWS_GUEST_MAPS;
	net->backend_dns = pasta_dns(w);
	return 0;
}

static int set_slirp(struct nk_arena *a, const char *state, struct nk_spec *spec, const char *path,
		     struct ways w, struct nk_err *e)
{
	struct nk_net_spec *net = &spec->net;

	net->backend = NK_NET_BACKEND_SLIRP;
	net->backend_path = path;
	net->backend_ip6 = w.six;
	net->backend_dns = DNS_SLIRP;
	if (!net->ports.n)
		return 0;
	for (size_t i = 0; i < net->ports.n; i++)
		if (net->ports.v[i].host.family == AF_INET6) {
			nk_fail(e, 0, "-p: slirp4netns publishes no port at an IPv6 address");
			return nk_hint(e, "install pasta (package passt), or name an IPv4 address");
		}
	net->backend_socket = nk_fmt(a, "%s/slirp-%.12s", state, spec->id ? spec->id : "new");
	if (strlen(net->backend_socket) <= SOCKET_PATH_MAX)
		return 0;
	nk_fail(e, ENAMETOOLONG, "a socket of slirp4netns in %s", state);
	return nk_hint(e, "choose a shorter --state, or leave it away");
}

/* What there is, and why it does not do. */
struct choice {
	const char *pasta, *slirp; /* paths; NULL: not there, or not wanted */
	unsigned knows;		   /* of pasta */
	struct ways w;
	const char *why, *mend; /* why none of them works */
};

/* Not pasta, where that does not work and slirp4netns may. */
static void pass_over_pasta(struct choice *c)
{
	bool old = !(c->knows & KNOWS_CONFIG);

	if (!c->pasta || (!old && (c->w.four || c->w.six)))
		return;
	c->pasta = NULL;
	if (c->slirp)
		return;
	c->why = old ? "this pasta is too old (it has no --config-net)"
		     : "this machine has no default route for pasta to use";
	c->mend = "install slirp4netns, which does without";
}

static int look(struct nk_arena *a, const char *state, enum nk_net_backend want, struct choice *c,
		struct nk_err *e)
{
	c->pasta = want == NK_NET_BACKEND_SLIRP ? NULL : find(a, "pasta");
	c->slirp = want == NK_NET_BACKEND_PASTA ? NULL : find(a, "slirp4netns");
	c->mend = "install pasta (package passt) or slirp4netns";
	c->w = ways_out();
	if (want == NK_NET_BACKEND_PASTA && !c->pasta) {
		c->why = "pasta is not installed";
		c->mend = "it is in the package passt";
	} else if (want == NK_NET_BACKEND_SLIRP && !c->slirp) {
		c->why = "slirp4netns is not installed";
		c->mend = "it is in the package slirp4netns";
	} else if (!c->pasta && !c->slirp) {
		c->why = "neither pasta nor slirp4netns is installed";
	} else {
		c->why = nk_net_tun_fault(&c->mend);
	}
	if (c->why)
		return 0;
	if (mkdir(state, 0700) && errno != EEXIST)
		return nk_fail(e, errno, "make %s", state);
	if (c->pasta)
		c->knows = pasta_knows(a, state, c->pasta);
	pass_over_pasta(c);
	return 0;
}

int nk_net_backend_choose(struct nk_state *st, struct nk_arena *a, const char *state,
			  struct nk_spec *spec, enum nk_net_backend want, struct nk_strv *notices,
			  struct nk_err *e)
{
	struct choice c = {0};
	int ret = look(a, state, want, &c, e);
	bool ip6 = c.pasta && c.w.six;

	if (ret < 0)
		return ret;
	if (c.why && want == NK_NET_BACKEND_NONE && !spec->net.ports.n) {
		nk_strv_push(a, notices,
			     nk_fmt(a,
				    "no network inside: %s (%s; --network none: without this "
				    "notice)",
				    c.why, c.mend));
		return 0;
	}
	if (c.why && want == NK_NET_BACKEND_NONE) {
		nk_fail(e, 0, "publish ports (-p): %s", c.why);
		return nk_hint(e, "%s", c.mend);
	}
	if (c.why)
		return refuse(want, c.why, c.mend, e);
	if ((ret = nk_net_choose_ports(&spec->net.ports, ip6, e)) < 0 ||
	    (ret = nk_net_bind_ports(st, a, &spec->net.ports, ip6, NULL, e)) < 0)
		return ret;
	return c.pasta ? set_pasta(&spec->net, c.pasta, c.knows, c.w)
		       : set_slirp(a, state, spec, c.slirp, c.w, e);
}
