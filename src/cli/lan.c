/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/lan.h"
#include "runtime/net.h"
#include "runtime/net_backend.h"
#include "runtime/runtime.h"

/* A socket that was handed to us, closed by the next execve; -1: it is none. */
static int own_socket(const char *word)
{
	char *end;
	long fd = strtol(word, &end, 10);
	int type;
	socklen_t size = sizeof(type);

	if (end == word || fd < 3 || fd > INT_MAX ||
	    getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC))
		return -1;
	return (int)fd;
}

static uid_t uid_outside(void)
{
	_fclose_ FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside;

	return map && fscanf(map, "%u %u", &inside, &outside) == 2 ? outside : geteuid();
}

void nk_cli_lan_adopt(struct nk_cli *cli)
{
	const char *word = getenv("NOOK_LAN"), *ports = getenv("NOOK_LAN_PORTS");
	const char *notice = getenv("NOOK_LAN_NOTICE");
	int fd = word && geteuid() == 0 ? own_socket(word) : -1;
	struct nk_cli_lan *l = fd < 0 ? NULL : NK_NEW(&cli->arena, struct nk_cli_lan);

	if (l) {
		*l = (struct nk_cli_lan){.fd = fd};
		l->uid = uid_outside();
		l->notice = notice ? nk_strdup(&cli->arena, notice) : NULL;
		while (ports && *ports && l->n_ports < NK_CLI_LAN_PORTS) {
			const char *colon = strchr(ports, ':'), *comma = strchr(ports, ',');

			l->of[l->n_ports] = (unsigned)strtoul(ports, NULL, 10);
			l->ports[l->n_ports] = colon ? own_socket(colon + 1) : -1;
			if (l->ports[l->n_ports] >= 0)
				l->n_ports++;
			ports = comma ? comma + 1 : NULL;
		}
		cli->lan = l;
	}
	unsetenv("NOOK_LAN");
	unsetenv("NOOK_LAN_PORTS");
	unsetenv("NOOK_LAN_NOTICE");
}

void nk_cli_lan_ports(const struct nk_cli *cli, struct nk_ports *ports)
{
	for (size_t i = 0; cli->lan && i < cli->lan->n_ports; i++) {
		struct nk_port *p = cli->lan->of[i] < ports->n ? &ports->v[cli->lan->of[i]] : NULL;
		struct sockaddr_in6 at; /* the port is at the same place in both families */
		socklen_t size = sizeof(at);

		if (p && !p->host_port && !getsockname(cli->lan->ports[i], (void *)&at, &size))
			p->host_port = ntohs(at.sin6_port);
	}
}

/* Sockets in the host's network, which go along; their words for the environment. */
static int hold_ports(struct nk_cli *cli, struct nk_ports *ports, struct nk_err *e)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	bool ip6 = access("/proc/net/if_inet6", F_OK) == 0;
	const char *words = "";
	size_t total = 0;
	int ret;

	if ((ret = nk_runtime_open(&st, cli->state, e)) < 0 ||
	    (ret = nk_net_choose_ports(ports, ip6, e)) < 0)
		return ret;
	for (size_t i = 0; i < ports->n; i++) {
		const struct nk_ports one = {.v = &ports->v[i], .n = 1};
		size_t n = nk_net_ports_sockets(&one, ip6);
		int *fds = nk_alloc(&cli->arena, n * sizeof(*fds));

		if ((total += n) > NK_CLI_LAN_PORTS) {
			nk_fail(e, E2BIG, "more than %d published ports", NK_CLI_LAN_PORTS / 2);
			return nk_hint(e, "each takes a socket that holds it: publish fewer");
		}
		if (!fds)
			return nk_arena_ok(&cli->arena, e);
		if ((ret = nk_net_bind_ports(&st, &cli->arena, &one, ip6, fds, e)) < 0)
			return ret;
		for (size_t k = 0; k < n; k++) {
			if (fcntl(fds[k], F_SETFD, 0))
				return nk_fail(e, errno, "take a published port along");
			words = nk_fmt(&cli->arena, "%s%s%zu:%d", words, *words ? "," : "", i,
				       fds[k]);
		}
	}
	return setenv("NOOK_LAN_PORTS", words, 1) ? nk_fail(e, errno, "set NOOK_LAN_PORTS") : 0;
}

/* As it was called. */
static char **own_words(struct nk_arena *a)
{
	_fclose_ FILE *f = fopen("/proc/self/cmdline", "re");
	struct nk_strv argv = {0};
	char *word = NULL;
	size_t size = 0;

	while (f && getdelim(&word, &size, '\0', f) > 0)
		nk_strv_push(a, &argv, nk_strdup(a, word));
	free(word);
	return argv.n ? (char **)(uintptr_t)argv.v : NULL;
}

static int again(struct nk_cli *cli, const struct nk_lan *l, struct nk_err *e)
{
	char self[PATH_MAX], **argv = own_words(&cli->arena);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (!argv || n <= 0)
		return nk_fail(e, errno, "find out how nook was called");
	self[n] = '\0';
	if (fcntl(l->fd, F_SETFD, 0) || setenv("NOOK_ROOT", cli->root, 1) ||
	    setenv("NOOK_STATE", cli->state, 1) ||
	    setenv("NOOK_LAN", nk_fmt(&cli->arena, "%d", l->fd), 1) ||
	    (l->hello.notice[0] && setenv("NOOK_LAN_NOTICE", l->hello.notice, 1)))
		return nk_fail(e, errno, "prepare nook for your networks");
	execv(self, argv);
	execv("/proc/self/exe", argv);
	return nk_fail(e, errno, "execute %s once more", self);
}

int nk_cli_lan_enter(struct nk_cli *cli, bool make, struct nk_ports *ports, struct nk_err *e)
{
	_lan_ struct nk_lan l = NK_LAN_INIT;
	int ret;

	if (geteuid() == 0 || cli->lan)
		return 0;
	if (ports && ports->n && (ret = hold_ports(cli, ports, e)) < 0)
		return ret;
	ret = nk_lan_connect(&cli->arena, cli->state, make, &l, e);
	if (ret)
		return ret < 0 ? ret : 0;
	ret = nk_lan_join(&l, e);
	return ret < 0 ? ret : again(cli, &l, e);
}
