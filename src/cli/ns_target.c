/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ns_target.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/value.h"
#include "ns/graph.h"
#include "ns/held.h"
#include "ns/hold.h"
#include "runtime/runtime.h"

static int process(struct nk_cli *cli, const char *word, struct nk_ns_target *t, struct nk_err *e)
{
	uint64_t pid;

	if (nk_value_number(word, strlen(word), INT_MAX, &pid) < 0 || pid == 0) {
		nk_fail(e, 0, "\"%.80s\" is not the number of a process", word);
		return nk_hint(e, "a number from 1 on, as ps shows it");
	}
	return nk_ns_target_pid(t, &cli->arena, (pid_t)pid, e);
}

static int container(struct nk_cli *cli, const char *name, struct nk_ns_target *t, struct nk_err *e)
{
	_state_ struct nk_state st = {.fd = -EBADF};
	struct nk_state_record r;
	int rc = nk_runtime_open(&st, cli->state, e);

	if (rc >= 0)
		rc = nk_state_find(&st, &cli->arena, name, &r, e);
	if (rc < 0)
		return rc;

	int pidfd = nk_state_pidfd(&r, e);

	if (pidfd < 0)
		return pidfd;
	rc = nk_ns_target_pidfd(t, &cli->arena, r.pid, pidfd, e);
	t->from = NK_TARGET_CONTAINER;
	t->name = r.name;
	t->what = nk_fmt(&cli->arena, "container \"%s\"", r.name);
	return rc;
}

static int held(struct nk_cli *cli, const char *name, struct nk_ns_target *t, struct nk_err *e)
{
	_held_ struct nk_ns_held h = NK_NS_HELD_INIT;

	nk_ns_tidy(&cli->arena, cli->state);

	int rc = nk_ns_held_find(&cli->arena, cli->state, name, &h, e);

	if (rc < 0)
		return rc;
	if (h.pidfd >= 0)
		rc = nk_ns_target_pidfd(t, &cli->arena, h.pid, nk_take_fd(&h.pidfd), e);
	if (rc < 0)
		return rc;
	t->from = NK_TARGET_HELD;
	t->name = h.name;
	t->what = nk_fmt(&cli->arena, "namespaces held as \"%s\"", h.name);
	t->kinds = h.alive;
	/* A holder that was killed: what it kept must not silently be ours instead. */
	if (h.kinds & ~h.alive)
		nk_log(NK_LOG_WARN, "\"%s\": gone with what kept it: %s", h.name,
		       nk_ns_kinds_words(&cli->arena, h.kinds & ~h.alive));
	for (int k = 0; k < NK_NS_COUNT; k++)
		t->paths[k] = h.paths[k];
	return 0;
}

static int netns(struct nk_cli *cli, const char *name, struct nk_ns_target *t, struct nk_err *e)
{
	const char *path = nk_netns_path(&cli->arena, name);

	if (!path) {
		nk_fail(e, 0, "there is no network namespace named \"%.80s\"", name);
		nk_hint(e, "ip netns list shows those in " NK_NETNS_DIR);
		e->err = ENOENT;
		return -ENOENT;
	}

	int rc = nk_ns_target_file(t, &cli->arena, path, e);

	if (rc < 0)
		return rc;
	if (t->kinds != 1u << NK_NS_NET) {
		nk_fail(e, 0, "%s is not a network namespace", path);
		return nk_hint(e, "ip netns delete %s takes it away", name);
	}
	t->from = NK_TARGET_NETNS;
	t->name = nk_strdup(&cli->arena, name);
	t->what = nk_fmt(&cli->arena, "network namespace \"%s\"", name);
	return 0;
}

/* By a process that is in it, or a file that it is bound over. */
static int by_node(struct nk_cli *cli, const struct nk_ns_node *n, struct nk_ns_target *t,
		   struct nk_err *e)
{
	for (size_t i = 0; i < n->holders.n; i++) {
		const struct nk_ns_holder *h = &n->holders.v[i];
		struct nk_err ignored;
		int rc = -ENOENT;

		nk_ns_target_done(t);
		if (h->what == NK_HOLD_PROCESS)
			rc = nk_ns_target_pid(t, &cli->arena, h->pid, &ignored);
		else if (h->what == NK_HOLD_MOUNT && h->pid == getpid())
			rc = nk_ns_target_file(t, &cli->arena, h->path, &ignored);
		else if (h->what == NK_HOLD_MOUNT)
			rc = nk_ns_target_file(
				t, &cli->arena,
				nk_fmt(&cli->arena, "/proc/%d/root%s", (int)h->pid, h->path),
				&ignored);
		else if (h->what == NK_HOLD_FD)
			rc = nk_ns_target_file(
				t, &cli->arena,
				nk_fmt(&cli->arena, "/proc/%d/fd/%d", (int)h->pid, h->fd),
				&ignored);
		else if (h->what == NK_HOLD_THREAD || h->what == NK_HOLD_CHILDREN)
			rc = nk_ns_target_file(
				t, &cli->arena,
				nk_fmt(&cli->arena, "/proc/%d/ns/%s%s", (int)h->pid,
				       nk_ns_name(n->kind),
				       h->what == NK_HOLD_THREAD ? "" : "_for_children"),
				&ignored);
		if (rc < 0 || !nk_ns_target_is(t, n->kind, n->inode))
			continue;
		t->kinds = 1u << n->kind;
		return 0;
	}
	nk_fail(e, 0, "nothing of what keeps it alive can be opened from here");
	return nk_hint(e, "a process in it ended, or its bind mount is in a mount namespace that "
			  "cannot be entered");
}

static int inode(struct nk_cli *cli, const char *word, enum nk_ns_kind kind, uint64_t number,
		 struct nk_ns_target *t, struct nk_err *e)
{
	struct nk_ns_look look = {.kinds = 1u << kind, .state = cli->state};
	struct nk_ns_graph g;
	int at = NK_NS_NOBODY;

	for (int fds = 0; fds < 2 && at == NK_NS_NOBODY; fds++) {
		look.fds = fds;

		int rc = nk_ns_collect(&cli->arena, &look, &g, e);

		if (rc < 0)
			return rc;
		at = nk_ns_by_inode(&g, 0, number);
	}
	if (at == NK_NS_NOBODY || g.nodes.v[at].kind != kind) {
		nk_fail(e, 0, "there is no namespace %s", word);
		nk_hint(e,
			g.unreadable ? "nook ns ls lists those that live; %u processes may not "
				       "be looked at by this user"
				     : "nook ns ls lists those that live",
			g.unreadable);
		e->err = ENOENT;
		return -ENOENT;
	}

	int rc = by_node(cli, &g.nodes.v[at], t, e);

	if (rc < 0) {
		nk_ctx(e, "%s", word);
		return rc;
	}
	t->from = NK_TARGET_INODE;
	t->what = nk_strdup(&cli->arena, word);
	return 0;
}

static int nothing(const char *word, struct nk_err *e)
{
	nk_fail(e, 0, "\"%.80s\" is no process, container or name of namespaces", word);
	for (char *c = e->msg; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	nk_hint(e, "a number as ps shows it, a name of nook ps or nook ns ls, a path with \"/\", "
		   "or net:[INODE]");
	e->err = ENOENT;
	return -ENOENT;
}

/* A bare name: containers, held ones, those of ip netns; two meanings are one too many. */
static int by_name(struct nk_cli *cli, const char *word, struct nk_ns_target *t, struct nk_err *e)
{
	struct nk_ns_target other = NK_NS_TARGET_INIT;
	struct nk_err unheld = {0};
	int rc = container(cli, word, t, e);

	if (rc < 0 && rc != -ENOENT && rc != -EINVAL)
		return rc;

	bool is_container = rc == 0;
	int held_rc = held(cli, word, is_container ? &other : t, &unheld);

	if (is_container && held_rc < 0)
		held_rc = netns(cli, word, &other, &unheld);
	nk_ns_target_done(&other);
	if (is_container && held_rc == 0) {
		nk_fail(e, 0, "\"%s\" is a container and a name of namespaces", word);
		return nk_hint(e, "say which: container:%.80s or %s:%.80s", word,
			       other.from == NK_TARGET_NETNS ? "netns" : "held", word);
	}
	if (is_container || held_rc == 0)
		return 0;
	if (held_rc != -ENOENT) {
		*e = unheld;
		return held_rc;
	}
	if (nk_netns_path(&cli->arena, word))
		return netns(cli, word, t, e);
	/* Held, but in another mount namespace: that says more than "nothing". */
	if (strstr(unheld.msg, "another mount namespace")) {
		*e = unheld;
		return held_rc;
	}
	return nothing(word, e);
}

int nk_cli_ns_target(struct nk_cli *cli, const char *word, struct nk_ns_target *t, struct nk_err *e)
{
	static const struct {
		const char *prefix;
		int (*find)(struct nk_cli *cli, const char *word, struct nk_ns_target *t,
			    struct nk_err *e);
	} spelled[] = {
		{"pid:", process}, {"container:", container}, {"held:", held}, {"netns:", netns}};
	enum nk_ns_kind kind;
	uint64_t number;

	*t = (struct nk_ns_target)NK_NS_TARGET_INIT;
	if (nk_ns_parse(word, &kind, &number) >= 0)
		return inode(cli, word, kind, number, t, e);
	for (size_t i = 0; i < NK_COUNT(spelled); i++) {
		size_t n = strlen(spelled[i].prefix);

		/* "pid:[4026531836]" was above. */
		if (!strncmp(word, spelled[i].prefix, n))
			return spelled[i].find(cli, word + n, t, e);
	}
	if (strchr(word, '/'))
		return nk_ns_target_file(t, &cli->arena, word, e);
	if (*word && strspn(word, "0123456789") == strlen(word))
		return process(cli, word, t, e);

	int rc = by_name(cli, word, t, e);

	if (rc != -ENOENT)
		return rc;
	if (!strcmp(word, "host"))
		return nk_ns_target_pid(t, &cli->arena, 1, e);
	if (!strcmp(word, "self"))
		return nk_ns_target_pid(t, &cli->arena, getpid(), e);
	return rc;
}
