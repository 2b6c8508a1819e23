/* SPDX-License-Identifier: Apache-2.0 */
/* From facts to a verdict and its reason. Pure. */
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>

#include "ns/deciding.h"

const char *nk_deciding_says(const struct nk_deciding *d, const char *you, const char *others)
{
	return nk_fmt(d->a, "%s %s", d->f->who.what, d->f->who.caller ? you : others);
}

static const char *user(const struct nk_deciding *d, uint64_t inode)
{
	return nk_fmt(d->a, "user:[%" PRIu64 "]", inode);
}

bool nk_can_had(enum nk_can_how how)
{
	return how == NK_CAN_HAS || how == NK_CAN_CREATOR;
}

/* The one of the chain that was made in who's own. */
static uint64_t made_by(const struct nk_deciding *d, const struct nk_userns_chain *chain)
{
	for (size_t i = 0; i + 1 < chain->n; i++)
		if (chain->v[i + 1].inode == d->f->who.ns[NK_NS_USER])
			return chain->v[i].inode;
	return 0;
}

const char *nk_deciding_cap(const struct nk_deciding *d, const struct nk_userns_chain *chain,
			    enum nk_can_how how, const char *cap)
{
	uint64_t own = d->f->who.ns[NK_NS_USER], there = chain->n ? chain->v[0].inode : 0;
	const char *in = user(d, own), *at = user(d, there);

	switch (how) {
	case NK_CAN_HAS:
		return own == there ? nk_fmt(d->a, "%s %s in %s",
					     nk_deciding_says(d, "have", "has"), cap, in)
				    : nk_fmt(d->a, "%s %s in %s, and so in %s, which lies in it",
					     nk_deciding_says(d, "have", "has"), cap, in, at);
	case NK_CAN_CREATOR:
		return nk_fmt(d->a,
			      "%s in %s and made %s (as uid %u), and so %s every capability there",
			      nk_deciding_says(d, "are", "is"), in, user(d, made_by(d, chain)),
			      d->f->who.status.uid[1], d->f->who.caller ? "have" : "has");
	case NK_CAN_LACKS:
		return own == there ? nk_fmt(d->a, "%s %s in %s",
					     nk_deciding_says(d, "lack", "lacks"), cap, in)
				    : nk_fmt(d->a, "%s %s in %s, which lies around %s",
					     nk_deciding_says(d, "lack", "lacks"), cap, in, at);
	case NK_CAN_OUTSIDE:
		return nk_fmt(d->a,
			      "%s in %s, which does not lie around %s: capabilities from there do "
			      "not count here",
			      nk_deciding_says(d, "are", "is"), in, at);
	case NK_CAN_UNKNOWN:
		break;
	}
	return d->f->hidden ? nk_fmt(d->a, "its namespaces are not visible: %s", d->f->hidden)
			    : "the user namespace that decides is outside of what we may see";
}

/* Reasons are put together of clauses: sentences begin with a capital and end with a stop. */
static const char *sentences(struct nk_arena *a, const char *why)
{
	static const char *const subjects[] = {"you ", "process ", "container ", "its ", "the "};
	char *text = nk_fmt(a, "%s.", why);

	for (char *at = text; at;) {
		for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++)
			if (!strncmp(at, subjects[i], strlen(subjects[i])))
				*at = (char)(*at - 'a' + 'A');
		at = strstr(at, ". ");
		at = at ? at + 2 : NULL;
	}
	return text;
}

void nk_deciding_end(struct nk_deciding *d, bool may, const struct nk_userns_chain *chain, int cap,
		     const char *cap_name, const char *why)
{
	d->v->may = may;
	d->v->cap = cap;
	d->v->cap_name = cap_name;
	d->v->userns = chain && chain->n ? chain->v[0].inode : 0;
	d->v->why = sentences(d->a, why);
}

bool nk_can_member(const struct nk_can_facts *f, enum nk_ns_kind k)
{
	return f->ns[k] && f->ns[k] == f->who.ns[k];
}

static bool has_in_own(const struct nk_can_facts *f, int cap)
{
	return f->who.status.effective >> cap & 1;
}

/* setns(2), with the user namespace that one is in. */
static bool enters_directly(const struct nk_can_facts *f, enum nk_ns_kind k)
{
	if (nk_can_member(f, k))
		return true;
	if (!nk_can_had(nk_can_cap(&f->owner[k], &f->who, CAP_SYS_ADMIN)))
		return false;
	if (k == NK_NS_USER)
		return true;
	if (k == NK_NS_MOUNT && !has_in_own(f, CAP_SYS_CHROOT))
		return false;
	if (k == NK_NS_PID && !f->below_pid)
		return false;
	return has_in_own(f, CAP_SYS_ADMIN);
}

/* Who joins a user namespace has every capability in it and in all below it. */
static bool joins_user(const struct nk_can_facts *f)
{
	return f->has >> NK_NS_USER & 1 && !nk_can_member(f, NK_NS_USER) &&
	       nk_can_had(nk_can_cap(&f->owner[NK_NS_USER], &f->who, CAP_SYS_ADMIN));
}

static bool behind_user(const struct nk_can_facts *f, enum nk_ns_kind k)
{
	return joins_user(f) && (k != NK_NS_PID || f->below_pid) &&
	       nk_userns_within(&f->owner[k], f->ns[NK_NS_USER]);
}

static const char *joined_words(const struct nk_deciding *d, const char *then)
{
	const struct nk_userns_chain *chain = &d->f->owner[NK_NS_USER];
	enum nk_can_how how = nk_can_cap(chain, &d->f->who, CAP_SYS_ADMIN);

	return nk_fmt(
		d->a,
		"%s. With that %s may be joined, and whoever joins it has every capability in it%s",
		nk_deciding_cap(d, chain, how, "CAP_SYS_ADMIN"), user(d, chain->v[0].inode), then);
}

static const char *place(const struct nk_deciding *d, enum nk_ns_kind k)
{
	return nk_fmt(d->a, "%s:[%" PRIu64 "]", nk_ns_name(k), d->f->ns[k]);
}

/* Why the namespace cannot be joined. */
static const char *barred(const struct nk_deciding *d, enum nk_ns_kind k)
{
	const struct nk_can_facts *f = d->f;
	enum nk_can_how how = nk_can_cap(&f->owner[k], &f->who, CAP_SYS_ADMIN);

	if (!f->ns[k])
		return nk_deciding_cap(d, &f->owner[k], NK_CAN_UNKNOWN, "");
	if (!nk_can_had(how))
		return nk_fmt(d->a, "To join %s, %s", place(d, k),
			      nk_deciding_cap(d, &f->owner[k], how, "CAP_SYS_ADMIN"));
	if (k == NK_NS_PID && !f->below_pid)
		return nk_fmt(d->a, "%s is not below the PID namespace that %s in", place(d, k),
			      nk_deciding_says(d, "are", "is"));
	return nk_fmt(d->a, "To join %s, %s %s in %s", place(d, k),
		      nk_deciding_says(d, "lack", "lacks"),
		      k == NK_NS_MOUNT && has_in_own(f, CAP_SYS_ADMIN) ? "CAP_SYS_CHROOT"
								       : "CAP_SYS_ADMIN",
		      user(d, f->who.ns[NK_NS_USER]));
}

static void enter(struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;
	const struct nk_userns_chain *chain = NULL;
	const char *why = NULL;
	bool all = true, other = false;

	for (int i = 0; i < NK_NS_COUNT; i++) {
		enum nk_ns_kind k = (enum nk_ns_kind)i;
		bool direct = enters_directly(f, k), may = direct || behind_user(f, k);
		struct nk_can_kind *new;

		if (!(f->wanted >> k & 1))
			continue;
		new = NK_PUSH(d->a, &d->v->kinds);
		if (new)
			*new = (struct nk_can_kind){k, may, nk_can_member(f, k), -1};
		if (!nk_can_member(f, k) && (!other || !may)) {
			/* The first that is refused is told, otherwise the first. */
			if (all)
				chain = direct || !may ? &f->owner[k] : &f->owner[NK_NS_USER];
			if (all && !may)
				why = barred(d, k);
			else if (all)
				why = direct ? nk_deciding_cap(
						       d, chain,
						       nk_can_cap(chain, &f->who, CAP_SYS_ADMIN),
						       "CAP_SYS_ADMIN")
					     : joined_words(d, "");
			other = true;
		}
		all &= may;
	}
	if (!other)
		nk_deciding_end(d, true, NULL, -1, NULL,
				nk_fmt(d->a, "%s in all of them already",
				       nk_deciding_says(d, "are", "is")));
	else
		nk_deciding_end(d, all, chain, CAP_SYS_ADMIN, "CAP_SYS_ADMIN", why);
}

/* Be in a namespace, with a capability in its owner. */
static void there(struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;
	const struct nk_can_action *act = d->action;
	enum nk_ns_kind k = act->kind;
	const struct nk_userns_chain *chain = &f->owner[k];
	enum nk_can_how how = nk_can_cap(chain, &f->who, act->cap);
	bool free = !strcmp(act->name, "bind-low-port") && f->low_port >= 0 && f->low_port <= 1;

	if (enters_directly(f, k) && free)
		nk_deciding_end(
			d, true, chain, -1, NULL,
			nk_fmt(d->a,
			       "No port is reserved in %s (net.ipv4.ip_unprivileged_port_start is "
			       "%d)",
			       place(d, k), f->low_port));
	else if (enters_directly(f, k) && nk_can_had(how))
		nk_deciding_end(d, true, chain, act->cap, act->cap_name,
				nk_fmt(d->a, "%s owns %s. %s", user(d, chain->v[0].inode),
				       place(d, k), nk_deciding_cap(d, chain, how, act->cap_name)));
	else if (behind_user(f, k))
		nk_deciding_end(d, true, &f->owner[NK_NS_USER], CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
				joined_words(d, nk_fmt(d->a, ", %s for %s too", act->cap_name,
						       place(d, k))));
	else if (!nk_can_had(how))
		nk_deciding_end(d, false, chain, act->cap, act->cap_name,
				chain->n && f->ns[k]
					? nk_fmt(d->a, "%s owns %s. %s", user(d, chain->v[0].inode),
						 place(d, k),
						 nk_deciding_cap(d, chain, how, act->cap_name))
					: nk_deciding_cap(d, chain, how, act->cap_name));
	else
		nk_deciding_end(d, false, chain, CAP_SYS_ADMIN, "CAP_SYS_ADMIN", barred(d, k));
}

static void in_user(struct nk_deciding *d)
{
	const struct nk_userns_chain *chain = &d->f->owner[NK_NS_USER];
	enum nk_can_how how = nk_can_cap(chain, &d->f->who, d->action->cap);

	if (joins_user(d->f))
		nk_deciding_end(d, true, chain, CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
				joined_words(d, ""));
	else if (nk_can_member(d->f, NK_NS_USER))
		nk_deciding_end(d, nk_can_had(how), chain, d->action->cap, d->action->cap_name,
				nk_deciding_cap(d, chain, how, d->action->cap_name));
	else
		nk_deciding_end(d, false, chain, CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
				barred(d, NK_NS_USER));
}

/* Never namespaced: who has joined a user namespace has lost it. */
static void first(struct nk_deciding *d)
{
	const struct nk_can_facts *f = d->f;
	struct nk_userns_level level = {.inode = NK_USERNS_FIRST};
	struct nk_userns_chain chain = {.v = &level, .n = 1, .whole = true};
	enum nk_can_how how = nk_can_cap(&chain, &f->who, d->action->cap);
	bool reaches = d->action->kind != NK_NS_MOUNT || enters_directly(f, NK_NS_MOUNT);

	if (nk_can_had(how) && !reaches)
		nk_deciding_end(d, false, &f->owner[NK_NS_MOUNT], CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
				barred(d, NK_NS_MOUNT));
	else
		nk_deciding_end(
			d, nk_can_had(how), &chain, d->action->cap, d->action->cap_name,
			nk_fmt(d->a,
			       "The kernel asks for %s in the machine's first user namespace, "
			       "wherever one is. %s",
			       d->action->cap_name,
			       nk_deciding_cap(d, &chain, how, d->action->cap_name)));
}

void nk_can_decide(struct nk_arena *a, const struct nk_can_action *action,
		   const struct nk_can_facts *f, struct nk_can_verdict *v)
{
	static void (*const rules[])(struct nk_deciding *) = {
		[NK_CAN_ENTER] = enter,		 [NK_CAN_KILL] = nk_can_kill,
		[NK_CAN_PTRACE] = nk_can_trace,	 [NK_CAN_THERE] = there,
		[NK_CAN_USER] = in_user,	 [NK_CAN_FIRST] = first,
		[NK_CAN_CGROUP] = nk_can_cgroup,
	};
	struct nk_deciding d = {a, action, f, v};

	*v = (struct nk_can_verdict){.tried = -1};
	rules[action->rule](&d);
}
