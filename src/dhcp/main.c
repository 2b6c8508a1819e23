/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-dhcp --in FILE|--in-fd N --ifname CARD --state STATE/net --network NAME --id ID --owner
 * OWNER
 *           [--hostname NAME] [--no-default]
 * nook-dhcp --end --ifname CARD --state STATE/net --network NAME --id ID
 *
 * FILE is a network namespace, or the number of a process of which it is; N a descriptor of
 * the parent. Ends with 0 when the card has its address (dhcp.h), or with one
 * line on stderr and nothing made.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dhcp/dhcp.h"

/* A helper step has ten seconds (src/spawn/helper.c). */
enum { PATIENCE_MS = 8000 };

struct words {
	struct nk_arena arena;
	const char *in;
	bool end;
};

static int say(const struct nk_err *e)
{
	fprintf(stderr, "%s%s%s%s\n", e->msg, *e->hint ? " (" : "", e->hint, *e->hint ? ")" : "");
	return 1;
}

static int arguments(int argc, char **argv, struct words *w, struct nk_dhcp *d, struct nk_err *e)
{
	static const struct option options[] = {{"in", required_argument, NULL, 0},
						{"ifname", required_argument, NULL, 1},
						{"state", required_argument, NULL, 2},
						{"network", required_argument, NULL, 3},
						{"id", required_argument, NULL, 4},
						{"owner", required_argument, NULL, 5},
						{"hostname", required_argument, NULL, 6},
						{"no-default", no_argument, NULL, 7},
						{"end", no_argument, NULL, 8},
						{"in-fd", required_argument, NULL, 9},
						{0}};
	const char **to[] = {&w->in, &d->ifname, &d->state,   &d->network,
			     &d->id, &d->owner,	 &d->hostname};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0 && option <= 9) {
		if (option == 9)
			w->in = nk_fmt(&w->arena, "fd:%s", optarg);
		d->no_default |= option == 7;
		w->end |= option == 8;
		if (option < 7)
			*to[option] = optarg;
	}
	if (option >= 0 || optind < argc || !d->ifname || !d->state || !d->network || !d->id ||
	    (!w->end && (!w->in || !d->owner)) || strchr(d->network, '/') || strchr(d->id, '/') ||
	    strchr(d->ifname, '/'))
		return nk_fail(e, EINVAL, "arguments of nook-dhcp");
	return 0;
}

static int open_namespace(const char *word)
{
	char path[64];

	if (!strncmp(word, "fd:", 3))
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getppid(), atoi(word + 3));
	else if (strspn(word, "0123456789") == strlen(word))
		snprintf(path, sizeof(path), "/proc/%s/ns/net", word);
	else
		return open(word, O_RDONLY | O_CLOEXEC);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Root goes where it likes; others need the rights of the users that the network belongs to. */
static int enter(const char *word, struct nk_err *e)
{
	_close_ int net = open_namespace(word);

	if (net < 0)
		return nk_fail(e, errno, "the network namespace %s", word);
	if (setns(net, CLONE_NEWNET) == 0)
		return 0;
	_close_ int users = ioctl(net, NS_GET_USERNS);
	if (users < 0 || setns(users, CLONE_NEWUSER) < 0 || setns(net, CLONE_NEWNET) < 0)
		return nk_fail(e, errno, "go into the network namespace %s", word);
	return 0;
}

/* From here on it listens to a LAN: addresses and routes are all that it may change. */
static int confine(struct nk_err *e)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct c[2] = {0};

	c[0].effective = c[0].permitted = 1U << CAP_NET_ADMIN;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &h, c) < 0)
		return nk_fail(e, errno, "give rights up");
	return 0;
}

static void forget_caller(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (chdir("/") < 0)
		_exit(1);
}

/* The parent ends when the child has noted the lease, with its exit code. */
static int go_on(struct nk_dhcp *d, struct nk_err *e)
{
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return nk_fail(e, errno, "make a pipe");
	pid_t pid = fork();
	if (pid < 0)
		return nk_fail(e, errno, "go on in the background");
	if (pid > 0) {
		close(ready[1]);
		return read(ready[0], &byte, 1) == 1 ? 0 : -ECHILD;
	}
	if (nk_dhcp_note(d, e) < 0)
		_exit(say(e));
	forget_caller();
	if (write(ready[1], "", 1) != 1)
		_exit(1);
	close(ready[0]);
	close(ready[1]);
	nk_dhcp_keep(d);
	_exit(0);
}

static int lease(struct nk_dhcp *d, const char *in, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	int rc;

	if (nk_dhcp_claim(d, e) < 0)
		return -e->err;
	if ((rc = enter(in, e)) >= 0 && (rc = nk_dhcp_open(d, e)) >= 0 && (rc = confine(e)) >= 0 &&
	    (rc = nk_dhcp_lease(d, NULL, PATIENCE_MS, e)) >= 0) {
		rc = nk_dhcp_put(d, NULL, e);
		if (rc >= 0)
			rc = go_on(d, e);
		if (rc < 0) {
			nk_dhcp_take_off(d, &d->lease);
			nk_dhcp_release(d);
		}
	}
	if (rc < 0)
		unlinkat(d->store.state_fd,
			 nk_fmt(&a, "%s/dhcp-%s-%s", d->network, d->id, d->ifname), 0);
	return rc;
}

int main(int argc, char **argv)
{
	struct nk_dhcp d = {.packet_fd = -1, .route_fd = -1, .file_fd = -1};
	struct words w = {0};
	struct nk_err e = {0};

	if (arguments(argc, argv, &w, &d, &e) < 0)
		return say(&e);
	umask(0077);
	/* Nothing of the caller's stays open. */
	syscall(SYS_close_range, 3, ~0U, 0);
	d.store = (struct nk_net_store){.state = d.state, .fd = -1};
	d.store.state_fd = open(d.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d.store.state_fd < 0) {
		nk_fail(&e, errno, "%s", d.state);
		return say(&e);
	}
	return (w.end ? nk_dhcp_end(&d, &e) : lease(&d, w.in, &e)) < 0 ? say(&e) : 0;
}
