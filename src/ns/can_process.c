/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about a process itself: kill(2), ptrace(2), its cgroup. Pure. */
#include <linux/capability.h>
#include <stdlib.h>

#include "ns/deciding.h"

static bool same_user_kill(const struct nk_can_facts *f)
{
	const uid_t *who = f->who.status.uid, *to = f->status.uid;

	/* kill(2): real or effective against real or saved */
	for (int i = 0; i < 4; i++)
		if (nk_can_same_id(&f->who, who[i & 1], to[i & 2]))
			return true;
	return false;
}

void nk_can_kill(struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;
	const struct nk_userns_chain *chain = &f->owner[NK_NS_USER];
	enum nk_can_how how = nk_can_cap(chain, &f->who, CAP_KILL);

	if (!f->below_pid && !f->hidden)
		nk_deciding_end(d, false, NULL, -1, NULL,
				nk_fmt(d->a, "It has no number in the PID namespace that %s in",
				       nk_deciding_says(d, "are", "is")));
	else if (same_user_kill(f))
		nk_deciding_end(
			d, true, NULL, -1, NULL,
			nk_fmt(d->a,
			       "It is a process of the same user (uid %u); no capability is needed",
			       f->status.uid[0]));
	else
		nk_deciding_end(d, nk_can_had(how), chain, CAP_KILL, "CAP_KILL",
				nk_fmt(d->a, "It is a process of uid %u, not of uid %u. %s",
				       f->status.uid[0], f->who.status.uid[1],
				       nk_deciding_cap(d, chain, how, "CAP_KILL")));
}

static bool same_ids(const struct nk_can_facts *f)
{
	for (int i = 0; i < 3; i++)
		if (!nk_can_same_id(&f->who, f->status.uid[i], f->who.status.uid[0]) ||
		    !nk_can_same_id(&f->who, f->status.gid[i], f->who.status.gid[0]))
			return false;
	return true;
}

/* Why CAP_SYS_PTRACE is needed; NULL: it is not. */
static const char *ptrace_obstacle(const struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;

	if (!same_ids(f))
		return "It runs with other ids";
	if (!nk_can_member(f, NK_NS_USER))
		return f->ns[NK_NS_USER] ? "It is in another user namespace"
					 : "It may not be looked at";
	if (f->status.permitted & ~f->who.status.permitted)
		return "It has capabilities that are not there to trace it with";
	if (!f->dumpable)
		return "It has made itself untraceable (prctl PR_SET_DUMPABLE)";
	if (f->yama == 1 && !f->ancestor)
		return "kernel.yama.ptrace_scope is 1: only descendants may be traced";
	if (f->yama >= 2)
		return "kernel.yama.ptrace_scope is 2: tracing is for administrators";
	return NULL;
}

void nk_can_trace(struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;
	const struct nk_userns_chain *chain = &f->owner[NK_NS_USER];
	enum nk_can_how how = nk_can_cap(chain, &f->who, CAP_SYS_PTRACE);
	const char *obstacle = ptrace_obstacle(d);

	if (f->pid == f->who.pid)
		nk_deciding_end(d, false, NULL, -1, NULL, "A process cannot trace itself");
	else if (!f->below_pid && !f->hidden)
		nk_deciding_end(d, false, NULL, -1, NULL,
				nk_fmt(d->a, "It has no number in the PID namespace that %s in",
				       nk_deciding_says(d, "are", "is")));
	else if (f->yama >= 3)
		nk_deciding_end(d, false, NULL, -1, NULL,
				"kernel.yama.ptrace_scope is 3: nobody may trace anything");
	else if (!obstacle)
		nk_deciding_end(
			d, true, NULL, -1, NULL,
			"It has the same ids and is in the same user namespace; no capability is "
			"needed");
	else
		nk_deciding_end(d, nk_can_had(how), chain, CAP_SYS_PTRACE, "CAP_SYS_PTRACE",
				nk_fmt(d->a, "%s. %s", obstacle,
				       nk_deciding_cap(d, chain, how, "CAP_SYS_PTRACE")));
}

/* Is gid one of who's: its effective or an additional one? */
static bool in_group(const struct nk_can_who *who, gid_t gid)
{
	const char *at = who->groups ? who->groups : "";
	char *end;

	if (who->status.gid[1] == gid)
		return true;
	for (;; at = end) {
		unsigned long n = strtoul(at, &end, 10);
		if (end == at)
			return false;
		if (n == gid)
			return true;
	}
}

void nk_can_cgroup(struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;
	struct nk_userns_level level = {.inode = NK_USERNS_FIRST};
	struct nk_userns_chain chain = {.v = &level, .n = 1, .whole = true};
	enum nk_can_how how = nk_can_cap(&chain, &f->who, CAP_DAC_OVERRIDE);
	unsigned bit;

	if (!f->cgroup) {
		nk_deciding_end(d, false, NULL, -1, NULL,
				"Its cgroup is not in a hierarchy that is mounted here");
		return;
	}
	bit = nk_can_same_id(&f->who, f->cgroup_uid, f->who.status.uid[1]) ? 0200
	      : in_group(&f->who, f->cgroup_gid)			   ? 0020
									   : 0002;
	if (f->cgroup_mode & bit)
		nk_deciding_end(d, true, NULL, -1, NULL,
				nk_fmt(d->a, "The mode of %s allows it; no capability is needed",
				       f->cgroup));
	else
		nk_deciding_end(d, nk_can_had(how), &chain, CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE",
				nk_fmt(d->a, "%s is uid %u's, mode %03o. %s", f->cgroup,
				       f->cgroup_uid, f->cgroup_mode,
				       nk_deciding_cap(d, &chain, how, "CAP_DAC_OVERRIDE")));
}
