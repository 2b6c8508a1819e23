/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns can: may a process do this there, and which capability decides. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_out.h"
#include "cli/ns.h"
#include "cli/ns_graph.h"
#include "cli/ns_rows.h"
#include "cli/ns_target.h"
#include "cli/ns_words.h"
#include "cli/plain.h"
#include "ns/can.h"

enum { MAY = 0, MAY_NOT = 1 };

struct can_request {
	const char *pid;
	unsigned kinds;
	bool json;
};

#define AT(member) .offset = offsetof(struct can_request, member)
static const struct nk_option options[] = {
	{"pid", .metavar = "P", .values = "@container",
	 .help = "whether process or container P may; without it: you", .set = nk_set_string,
	 AT(pid)},
	{"type", 't', .metavar = "TYPE,...", .values = "user mnt uts ipc pid net cgroup time",
	 .help = "enter: only these namespaces", .set = nk_set_ns_kinds, AT(kinds)},
	{"format", .metavar = "FORMAT", .values = "text json",
	 .help = "printed as text (default) or json", .set = nk_set_json, AT(json)},
	{0},
};

static int unknown_action(const char *word, struct nk_err *e)
{
	struct nk_nearest near;
	char names[300] = "";

	nk_nearest_init(&near, word, strlen(word));
	for (const struct nk_can_action *a = nk_can_actions; a->name; a++) {
		nk_nearest_offer(&near, a->name);
		strncat(names, *names ? ", " : "", sizeof(names) - strlen(names) - 1);
		strncat(names, a->name, sizeof(names) - strlen(names) - 1);
	}
	nk_fail(e, 0, "there is no action \"%.80s\"", word);
	if (near.best)
		return nk_hint(e, "did you mean %s? There are %s", near.best, names);
	return nk_hint(e, "%s", names);
}

/* "you may set the host name there: process 12 (sh)" */
static void text(struct nk_cli *cli, const struct nk_can_action *action,
		 const struct nk_can_facts *f, const struct nk_can_verdict *v)
{
	bool colour = nk_cli_colour(cli, STDOUT_FILENO);
	struct nk_ns_rows r;

	nk_ns_rows_init(&r, cli);
	r.colour = false;
	nk_ns_row(&r, "action", nk_fmt(r.a, "%s: %s", action->name, action->what));
	nk_ns_row(&r, "target", f->what);
	nk_ns_row(&r, "who",
		  nk_fmt(r.a, "%s, uid %u in user:[%" PRIu64 "]", f->who.what, f->who.status.uid[1],
			 f->who.ns[NK_NS_USER]));
	if (v->cap_name && v->userns)
		nk_ns_row(&r, "decides",
			  nk_fmt(r.a, "%s in user:[%" PRIu64 "]", v->cap_name, v->userns));
	nk_ns_row(&r, "because", v->why);
	if (action->more)
		nk_ns_row(&r, "but", action->more);
	for (size_t i = 0; i < v->kinds.n; i++) {
		const struct nk_can_kind *k = &v->kinds.v[i];
		nk_ns_row(&r, nk_ns_name(k->kind),
			  k->there ? "is in it already"
			  : k->may ? "yes"
				   : "no");
	}
	if (v->tried >= 0)
		nk_ns_row(&r, "tried", v->tried ? strerror(v->tried) : "it works");
	nk_ns_rows_print(&r, colour   ? v->may ? "\033[1;32myes\033[0m" : "\033[1;31mno\033[0m"
			     : v->may ? "yes"
				      : "no");
}

static bool json(const struct nk_can_action *action, const struct nk_can_facts *f,
		 const struct nk_can_verdict *v)
{
	_json_ struct nk_json_out j = {.indent = 4, .utf8_only = true};

	nk_json_open(&j, NULL, '{');
	nk_json_bool(&j, "may", v->may);
	nk_json_str(&j, "action", action->name);
	nk_json_str(&j, "target", f->what);
	nk_json_int(&j, "pid", f->who.pid);
	nk_json_str(&j, "capability", v->cap_name);
	if (v->userns)
		nk_json_uint(&j, "namespace", v->userns);
	else
		nk_json_null(&j, "namespace");
	nk_json_str(&j, "why", v->why);
	if (v->tried >= 0)
		nk_json_bool(&j, "tried", v->tried == 0);
	else
		nk_json_null(&j, "tried");
	if (v->kinds.n) {
		nk_json_open(&j, "types", '[');
		for (size_t i = 0; i < v->kinds.n; i++) {
			nk_json_open(&j, NULL, '{');
			nk_json_str(&j, "type", nk_ns_name(v->kinds.v[i].kind));
			nk_json_bool(&j, "may", v->kinds.v[i].may);
			nk_json_bool(&j, "there", v->kinds.v[i].there);
			nk_json_close(&j);
		}
		nk_json_close(&j);
	}
	nk_json_close(&j);
	if (!j.failed)
		puts(j.buf);
	return !j.failed;
}

static int open_who(struct nk_cli *cli, const char *word, struct nk_ns_target *t,
		    struct nk_ns_subject *s, struct nk_err *e)
{
	int rc = word ? nk_cli_ns_target(cli, word, t, e)
		      : nk_ns_target_pid(t, &cli->arena, getpid(), e);

	if (rc >= 0)
		rc = nk_ns_subject_open(s, &cli->arena, t, e);
	if (rc < 0)
		return rc;
	if (!s->named) {
		nk_fail(e, 0, "--pid %.80s: it is no process", word);
		return nk_hint(e, "a number as ps shows it, or a container");
	}
	const char *hidden = nk_ns_subject_hidden(&cli->arena, s, NK_NS_USER);
	if (hidden) {
		nk_fail(e, 0, "%.200s: its user namespace is not visible", s->what);
		return nk_hint(e, "%s", hidden);
	}
	return 0;
}

static int can(struct nk_cli *cli, const char *const words[2], const struct can_request *q,
	       struct nk_can_verdict *v, struct nk_err *e)
{
	_target_ struct nk_ns_target t = NK_NS_TARGET_INIT, w = NK_NS_TARGET_INIT;
	_subject_ struct nk_ns_subject target = NK_NS_SUBJECT_INIT, who = NK_NS_SUBJECT_INIT;
	const struct nk_can_action *action = nk_can_find(words[0]);
	struct nk_can_facts f = {.wanted = q->kinds};
	int rc;

	if (!action)
		return unknown_action(words[0], e);
	rc = nk_cli_ns_target(cli, words[1], &t, e);
	if (rc >= 0)
		rc = nk_ns_subject_open(&target, &cli->arena, &t, e);
	if (rc >= 0)
		rc = open_who(cli, q->pid, &w, &who, e);
	if (rc >= 0)
		rc = nk_can_collect(&cli->arena, action, &target, &who, !q->pid, &f, e);
	if (rc < 0)
		return rc;
	nk_can_decide(&cli->arena, action, &f, v);
	if (!q->pid)
		rc = nk_can_try(&cli->arena, action, &target, &f, v, e);
	if (rc >= 0)
		rc = nk_arena_ok(&cli->arena, e);
	if (rc < 0)
		return rc;
	if (!nk_ns_target_lives(&t))
		return nk_ns_target_ended(&t, e);
	if (q->json && !json(action, &f, v))
		return nk_fail(e, ENOMEM, "write the answer");
	if (!q->json)
		text(cli, action, &f, v);
	if (fflush(stdout) || ferror(stdout))
		return nk_fail(e, errno, "write the answer");
	return 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct can_request q = {0};
	struct nk_can_verdict v = {0};
	struct nk_err e = {0};
	const char *words[2];
	int exit_code;

	if (nk_cli_ns_words(cli, &nk_command_ns_can, argc, argv, &q, words, 2,
			    "nook ns can takes an action and what it is done to",
			    "nook ns can enter PID; nook ns can --help lists the actions",
			    &exit_code) < 0)
		return exit_code;
	if (can(cli, words, &q, &v, &e) < 0)
		return nk_cli_error(cli, &e);
	return v.may ? MAY : MAY_NOT;
}

const struct nk_command nk_command_ns_can = {
	.name = "ns can",
	.usage = "[OPTIONS] ACTION PID|CONTAINER|NAME|TYPE:[INODE]",
	.summary = "tell whether a process may do something there, and what decides it",
	.about =
		"Tells whether you, or process P, may do something to a process or in its "
		"namespaces, which capability in which user namespace decides, and why: the one "
		"that owns the namespace in question. What can be tried without harm is tried: a "
		"child that joins and ends, a signal 0. Actions: enter, kill, ptrace, mount, "
		"hostname, network, bind-low-port, raw-socket, ipc, reboot, setuid, setgid, chown, "
		"chroot, mknod, set-clock, load-module, cgroup. The exit code is 0 for yes, 1 for "
		"no, 125 when it could not be found out.",
	.examples = "nook ns can enter 4711\tevery namespace of process 4711\n"
		    "nook ns can enter --type net 4711\tonly its network\n"
		    "nook ns can set-clock web --pid web\tmay the container set the clock?\n"
		    "nook ns can kill 4711 && kill 4711\tin a script\n",
	.options = options,
	.words = "enter kill ptrace mount hostname network bind-low-port raw-socket ipc reboot "
		 "setuid "
		 "setgid chown chroot mknod set-clock load-module cgroup",
	.mixed = true,
	.run = run,
};
