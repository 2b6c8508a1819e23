/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netd_ask STATE/net NETWORK REQUEST [tcp:ADDRESS:PORT | udp:ADDRESS:PORT | nft]…: ask nook-netd,
 * with those sockets of this network namespace. netd_ask STATE/net NETWORK [answers]: does it run
 * (and answer)? 0 or 1.
 * netd_ask owner PID: that owner's words.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/lease.h"
#include "net/netd.h"
#include "state/process.h"

static int bad(const char *what)
{
	perror(what);
	exit(2);
}

static int open_socket(char *word)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	int on = 1;

	if (strcmp(word, "nft") == 0)
		return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	bool tcp = strncmp(word, "tcp:", 4) == 0;
	char *address = word + 4, *port = strrchr(word, ':');
	*port++ = '\0';
	bool is_six = strchr(address, ':');
	six.sin6_port = four.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(is_six ? AF_INET6 : AF_INET, address,
		      is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr) != 1)
		bad(address);
	int fd = socket(is_six ? AF_INET6 : AF_INET,
			(tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		 is_six ? sizeof(six) : sizeof(four)) < 0 ||
	    (tcp && listen(fd, 64) < 0))
		bad("socket");
	return fd;
}

int main(int argc, char **argv)
{
	_arena_ struct nk_arena a = {0};
	struct nk_err e = {0};
	int fds[3], n = 0;

	if (argc == 3 && strcmp(argv[1], "owner") == 0) {
		pid_t pid = atoi(argv[2]);
		puts(nk_net_owner_process(&a, pid, nk_process_start(pid)));
		return 0;
	}
	if (argc < 3 || argc > 7)
		return 2;
	struct nk_net_store s = {.state = argv[1],
				 .fd = -1,
				 .state_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (argc == 3)
		return nk_netd_runs(&s, argv[2]) == 1 ? 0 : 1;
	if (argc == 4 && strcmp(argv[3], "answers") == 0)
		return nk_netd_answers(&s, argv[2]) == 1 ? 0 : 1;
	for (int i = 4; i < argc; i++)
		fds[n++] = open_socket(argv[i]);
	if (nk_netd_ask(&s, argv[2], argv[3], fds, n, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	return 0;
}
