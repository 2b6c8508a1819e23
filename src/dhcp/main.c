/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-dhcp --in FILE|--in-fd N --ifname CARD --state STATE/net --network NAME --id ID --owner
 * OWNER
 *           [--hostname NAME] [--no-default]
 *           [--parent CARD [--macvlan MODE] [--address CIDR]... [--gateway IP]... | --bare]
 * nook-dhcp --end --ifname CARD --state STATE/net --network NAME --id ID
 *
 * FILE is a network namespace, or the number of a process of which it is; N a descriptor of
 * the parent. Ends with 0 when the card has its address (dhcp.h), or with one
 * line on stderr and nothing made. --parent: a card of the host goes there first (attach.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dhcp/attach.h"
#include "dhcp/dhcp.h"
#include "oci/ip.h"

/* A helper step has ten seconds (src/spawn/helper.c). */
enum { PATIENCE_MS = 8000 };

struct words {
	struct nk_arena arena;
	struct nk_attach attach;
	const char *in;
	bool end;
};

static int say(const struct nk_err *e)
{
	/* Both lines are what nook says (src/spawn/helper.c). */
	fprintf(stderr, "%s\nhint: %s\n", e->msg,
		*e->hint ? e->hint : "nook doctor looks at what this machine allows");
	return 1;
}

static int attach_option(struct words *w, int option, const char *value, struct nk_err *e)
{
	struct nk_attach *t = &w->attach;
	struct nk_ip *ip;

	if (option == 10)
		t->parent = value;
	if (option == 11)
		t->macvlan = value;
	if (option == 14)
		t->bare = true;
	if (option != 12 && option != 13)
		return 0;
	ip = NK_PUSH(&w->arena, option == 12 ? &t->ips : &t->gateways);
	return ip ? nk_ip_parse(value, option == 12, ip, e) : nk_arena_ok(&w->arena, e);
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
						{"parent", required_argument, NULL, 10},
						{"macvlan", required_argument, NULL, 11},
						{"address", required_argument, NULL, 12},
						{"gateway", required_argument, NULL, 13},
						{"bare", no_argument, NULL, 14},
						{0}};
	const char **to[] = {&w->in, &d->ifname, &d->state,   &d->network,
			     &d->id, &d->owner,	 &d->hostname};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0 && option <= 14) {
		if (option == 9)
			w->in = nk_fmt(&w->arena, "fd:%s", optarg);
		d->no_default |= option == 7;
		w->end |= option == 8;
		if (option < 7)
			*to[option] = optarg;
		else if (option >= 10 && attach_option(w, option, optarg, e) < 0)
			return -e->err;
	}
	if (option >= 0 || optind < argc || !d->ifname || !d->state || !d->network || !d->id ||
	    (!w->end && (!w->in || !d->owner)) || strchr(d->network, '/') || strchr(d->ifname, '/'))
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
static int enter(int net, const char *word, struct nk_err *e)
{
	if (setns(net, CLONE_NEWNET) == 0)
		return 0;
	_close_ int users = ioctl(net, NS_GET_USERNS);
	if (users < 0 || setns(users, CLONE_NEWUSER) < 0 || setns(net, CLONE_NEWNET) < 0)
		return nk_fail(e, errno, "go into the network namespace %s", word);
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
static int go_on(struct nk_dhcp *d, struct words *w, struct nk_err *e)
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
	nk_attach_out(&w->attach, &w->arena, d);
	_exit(0);
}

static int lease(struct nk_dhcp *d, struct nk_err *e)
{
	int rc = nk_dhcp_lease(d, NULL, PATIENCE_MS, e);

	if (rc < 0)
		return rc;
	rc = nk_dhcp_put(d, NULL, e);
	if (rc < 0) {
		nk_dhcp_take_off(d, &d->lease);
		nk_dhcp_release(d);
	}
	return rc;
}

/* With the card inside, up, and with an address. */
static int prepare(struct nk_dhcp *d, struct words *w, struct nk_err *e)
{
	_close_ int net = w->in ? open_namespace(w->in) : -EBADF;
	int rc;

	if (!w->in || net < 0)
		return nk_fail(e, errno, "the network namespace %s", w->in ? w->in : "");
	if (w->attach.parent && (rc = nk_attach_in(&w->attach, &w->arena, d, net, e)) < 0)
		return rc;
	if ((rc = enter(net, w->in, e)) < 0 || (rc = nk_dhcp_open(d, e)) < 0 ||
	    (rc = nk_dhcp_drop_rights(e)) < 0)
		return rc;
	if (w->attach.ips.n)
		return nk_attach_address(&w->attach, &w->arena, d, e);
	return w->attach.bare ? 0 : lease(d, e);
}

static int begin(struct nk_dhcp *d, struct words *w, struct nk_err *e)
{
	int rc = nk_dhcp_claim(d, e);

	if (rc < 0)
		return rc;
	rc = prepare(d, w, e);
	if (rc >= 0) {
		rc = go_on(d, w, e);
		if (rc < 0 && d->lease.seconds) {
			nk_dhcp_take_off(d, &d->lease);
			nk_dhcp_release(d);
		}
	}
	if (rc < 0) {
		nk_attach_out(&w->attach, &w->arena, d);
		unlinkat(d->store.state_fd, nk_dhcp_file(d, &w->arena), 0);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct nk_dhcp d = {.packet_fd = -1, .route_fd = -1, .file_fd = -1};
	static struct words w;
	struct nk_err e = {0};

	if (arguments(argc, argv, &w, &d, &e) < 0 || !d.state)
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
	return (w.end ? nk_dhcp_end(&d, &e) : begin(&d, &w, &e)) < 0 ? say(&e) : 0;
}
