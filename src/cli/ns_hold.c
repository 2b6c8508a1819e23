/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns hold: namespaces that live without a process that uses them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/ns.h"
#include "cli/ns_graph.h"
#include "cli/ns_target.h"
#include "cli/run_options.h"
#include "host/facts.h"
#include "host/owner.h"
#include "ns/hold.h"
#include "runtime/runtime.h"

struct request {
	const char *name, *pid;
};

#define AT(member) .offset = offsetof(struct request, member)

/* clang-format off: the table is read in columns */
static const struct nk_option options[] = {
	{"name", .metavar = "NAME", .help = "what they are called from now on",
	 .set = nk_set_string, AT(name)},
	{"pid", .metavar = "PID", .help = "those of this process or container (default: new ones)",
	 .values = "@container", .set = nk_set_string, AT(pid)},
	{0},
};
/* clang-format on */

static int kinds_of(struct nk_cli *cli, int n, char **words, unsigned *kinds, struct nk_err *e)
{
	const struct nk_option option = {.offset = 0};
	const struct nk_option_use use = {&option, kinds, &cli->arena};

	int rc;

	*kinds = 0;
	for (int i = 0; i < n; i++) {
		if (!strcmp(words[i], "all"))
			*kinds |= (1u << NK_NS_COUNT) - 1;
		else if ((rc = nk_set_ns_kinds(&use, words[i], e)) < 0)
			return rc;
	}
	if (*kinds)
		return 0;
	nk_fail(e, 0, "which namespaces are to be held?");
	return nk_hint(e, "nook ns hold net uts --name blue; kinds: user, mount, uts, ipc, pid, "
			  "net, cgroup, time, all");
}

/* Whose namespaces: a process, held until all is done. */
static int source(struct nk_cli *cli, const char *word, struct nk_ns_target *t,
		  struct nk_ns_keep *h, struct nk_err *e)
{
	struct nk_ns_target asked;
	unsigned differing;
	int rc = nk_cli_ns_target(cli, word, t, e);

	if (rc < 0)
		return rc;
	if (!t->pid) {
		nk_fail(e, 0, "--pid %.80s is no process", word);
		return nk_hint(e, "a number as ps shows it, or a container");
	}
	asked = *t;
	asked.kinds = h->kinds;
	rc = nk_ns_target_differing(&asked, &differing, e);
	h->shared = h->kinds & ~differing;
	h->pid = t->pid;
	h->pidfd = t->pidfd;
	return rc;
}

static int check(const struct nk_ns_keep *h, const struct nk_facts *f, struct nk_err *e)
{
	bool user = h->kinds >> NK_NS_USER & 1;

	if (f->sys_admin || user)
		return 0;
	if (h->pid) {
		if (!(h->kinds & ~h->shared))
			return 0;
		nk_fail(e, EPERM, "an ordinary user joins the others through their user namespace");
		return nk_hint(e, "hold it too: add user");
	}
	nk_fail(e, EPERM, "an ordinary user makes namespaces only inside a user namespace");
	return nk_hint(e, "add user, as in nook ns hold user net --name NAME");
}

static void tell(struct nk_cli *cli, const struct nk_ns_keep *h, pid_t holder)
{
	bool pid = h->kinds >> NK_NS_PID & 1;
	const char *why = !h->mounts && geteuid() ? "an ordinary user cannot mount"
			  : !h->mounts ? "/run/netns or other places for mounts are not ours here"
			  : pid && !h->pid
				  ? "a PID namespace ends with its process 1"
				  : "the kernel does not let this mount namespace be bound here";

	printf("%s: %s, kept by %s", h->name, nk_ns_kinds_words(&cli->arena, h->kinds),
	       h->mounts ? "bind mounts" : "");
	if (holder)
		printf("%sprocess %d (%s)", h->mounts ? " and " : "", (int)holder, why);
	putchar('\n');
	if (pid && h->pid)
		nk_log(NK_LOG_WARN, "the PID namespace is of use only while its own process 1 "
				    "lives: nothing can start in it after that");
}

static int hold(struct nk_cli *cli, const struct request *r, int n, char **words, struct nk_err *e)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT;
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_ns_keep h = {.state = cli->state, .name = r->name, .pidfd = -EBADF};
	struct nk_run_world w;
	struct nk_facts f;
	pid_t holder;
	int rc;

	/* The state directory is made, and known to be ours. */
	if ((rc = kinds_of(cli, n, words, &h.kinds, e)) < 0 ||
	    (rc = nk_ns_check_name(r->name, e)) < 0 ||
	    (rc = nk_runtime_open(&st, cli->state, e)) < 0 ||
	    (r->pid && (rc = source(cli, r->pid, &t, &h, e)) < 0) ||
	    (rc = nk_run_world_read(&w, &cli->arena, e)) < 0)
		return rc;
	nk_facts_self(&f);
	h.init_path = w.init_path;
	h.mounts = f.sys_admin && nk_ns_own_mounts() &&
		   (!(h.kinds >> NK_NS_NET & 1) || access(NK_NETNS_DIR, W_OK) == 0 ||
		    access("/run", W_OK) == 0);
	if ((rc = check(&h, &f, e)) < 0 || (rc = nk_ns_hold(&cli->arena, &h, &holder, e)) < 0)
		return rc;
	tell(cli, &h, holder);
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct request r = {0};
	struct nk_err e = {0};
	int code;
	int first = nk_cli_options(cli, &nk_command_ns_hold, argc, argv, &r, &code);
	struct nk_strv words = {0};

	if (first < 0)
		return code;
	/* "hold net --name blue": options may stand behind the kinds. */
	while (first < argc) {
		if (argv[first][0] != '-') {
			nk_strv_push(&cli->arena, &words, argv[first++]);
			continue;
		}
		argc -= first - 1;
		argv += first - 1;
		first = nk_cli_options(cli, &nk_command_ns_hold, argc, argv, &r, &code);
		if (first < 0)
			return code;
	}
	if (!r.name) {
		nk_fail(&e, 0, "nook ns hold needs a name for them");
		nk_hint(&e, "nook ns hold net --name blue");
		return nk_cli_error(cli, &e);
	}
	return hold(cli, &r, (int)words.n, words.v, &e) < 0 ? nk_cli_error(cli, &e) : 0;
}

const struct nk_command nk_command_ns_hold = {
	.name = "ns hold",
	.usage = "[--pid PID] --name NAME KIND...",
	.summary = "keep namespaces alive under a name",
	.about = "New namespaces, or those of a process, live on when nobody is in them and nook "
		 "has ended, until nook ns rm. KIND: user, mount, uts, ipc, pid, net, cgroup, time "
		 "or all. A new user namespace has the caller as its root and owns the others.\n"
		 "They are bound over files in nook's state directory, a network also over "
		 "/run/netns/NAME, where ip netns sees it. A small process holds what that cannot "
		 "keep: a PID namespace, in which nothing can start once its process 1 has ended; "
		 "and everything of an ordinary user, who cannot mount.",
	.examples = "nook ns hold net --name blue\tas ip netns add blue, and lo is up\n"
		    "nook ns hold user net uts --name lab\tas an ordinary user\n"
		    "nook ns hold net --pid web --name webnet\tthe network of a container\n"
		    "nook ns enter blue ip link\tgo in\n"
		    "nook ns rm blue\tlet it go\n",
	.options = options,
	.words = "user mount uts ipc pid net cgroup time all",
	.mixed = true,
	.run = run,
};
