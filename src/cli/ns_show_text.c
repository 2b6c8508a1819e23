/* SPDX-License-Identifier: Apache-2.0 */
/* nook ns show for people: a section for each thing, keys and values under each other. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/ns_rows.h"
#include "cli/ns_show.h"
#include "cli/plain.h"
#include "security/caps.h"

const char *const nk_ns_part_titles[NK_INSIDE_COUNT] = {
	[NK_INSIDE_NAMES] = "Host name",
	[NK_INSIDE_MAPS] = "Users and groups",
	[NK_INSIDE_CAPS] = "Capabilities",
	[NK_INSIDE_OFFSETS] = "Clocks, ahead of the machine's",
	[NK_INSIDE_CGROUPS] = "Cgroups",
	[NK_INSIDE_MOUNTS] = "Mounts",
	[NK_INSIDE_CARDS] = "Network cards",
	[NK_INSIDE_ROUTES] = "Routes",
	[NK_INSIDE_SOCKETS] = "Sockets that can be reached",
	[NK_INSIDE_IPC] = "IPC objects",
};

/* Capabilities that this nook knows; the kernel may have more. */
static unsigned known_caps(void)
{
	unsigned n = 0;

	while (nk_cap_name(n))
		n++;
	return n;
}

static const char *cap_list(struct nk_arena *a, uint64_t caps)
{
	const char *text = "";

	for (unsigned c = 0; c < 64; c++) {
		const char *name = nk_cap_name(c);
		if (!(caps >> c & 1))
			continue;
		text = nk_fmt(a, "%s%s%s", text, *text ? ", " : "",
			      name ? name : nk_fmt(a, "capability %u", c));
	}
	return text;
}

const char *nk_ns_cap_words(struct nk_arena *a, uint64_t caps)
{
	unsigned known = known_caps(), count = (unsigned)__builtin_popcountll(caps);
	uint64_t all = known < 64 ? ((uint64_t)1 << known) - 1 : UINT64_MAX;

	if (!caps)
		return "none";
	if ((caps & all) == all)
		return nk_fmt(a, "all %u", count);
	if (count > known / 2)
		return nk_fmt(a, "all but %s", cap_list(a, all & ~caps));
	return cap_list(a, caps);
}

/* All eight for one reason: it is told once. */
static const char *all_hidden(struct nk_arena *a, const struct nk_ns_subject *s)
{
	for (int k = 0; k < NK_NS_COUNT; k++)
		if (s->inode[k] || (s->err[k] != EACCES && s->err[k] != EPERM))
			return NULL;
	return nk_ns_subject_hidden(a, s, NK_NS_USER);
}

static void namespaces(struct nk_ns_rows *r, const struct nk_inside *in)
{
	const struct nk_ns_subject *s = in->s;
	const char *none = all_hidden(r->a, s);

	if (none) {
		nk_ns_row(r, nk_fmt(r->a, "not visible: %s", none), "");
		nk_ns_rows_print(r, "Namespaces");
		return;
	}
	for (int k = 0; k < NK_NS_COUNT; k++) {
		enum nk_ns_kind kind = (enum nk_ns_kind)k;
		const char *hidden = nk_ns_subject_hidden(r->a, s, kind), *text;
		uint64_t children = k == NK_NS_PID    ? s->for_children[0]
				    : k == NK_NS_TIME ? s->for_children[1]
						      : 0;
		if (s->err[k] == ENOENT)
			continue;
		if (hidden) {
			nk_ns_row(r, nk_ns_name(kind), nk_fmt(r->a, "not visible: %s", hidden));
			continue;
		}
		text = nk_fmt(r->a, "%" PRIu64 "  %s", s->inode[k],
			      nk_ns_subject_ours(s, kind) ? "the same as here"
							  : "not the one here");
		if (k != NK_NS_USER && in->owner[k].inode)
			text = nk_fmt(r->a, "%s, owned by user %" PRIu64, text, in->owner[k].inode);
		if (children)
			text = nk_fmt(r->a, "%s; children will be in %" PRIu64, text, children);
		nk_ns_row(r, nk_ns_name(kind), text);
	}
	nk_ns_rows_print(r, "Namespaces");
}

static void numbers(struct nk_ns_rows *r, const struct nk_ns_pid_chain *chain)
{
	for (size_t i = 0; i < chain->n; i++) {
		const struct nk_ns_pid_level *l = &chain->v[i];
		const char *key =
			l->inode ? nk_fmt(r->a, "pid %" PRIu64, l->inode) : "pid (hidden)";
		nk_ns_row(r, key,
			  l->init ? nk_fmt(r->a, "%-7d PID 1 there is %d (%s)", (int)l->number,
					   (int)l->init, l->init_command)
				  : nk_fmt(r->a, "%d", (int)l->number));
	}
	nk_ns_rows_print(r, "Numbers of the process, from here to its own namespace");
}

/* Over which of its namespaces its capabilities count, and over which not. */
static void powers(struct nk_ns_rows *r, const struct nk_inside *in)
{
	const char *over = "", *not_over = "";

	for (int k = 0; k < NK_NS_COUNT; k++) {
		const char *name = nk_ns_name((enum nk_ns_kind)k);
		if (!in->owner[k].inode && !in->s->inode[k])
			continue;
		if (in->owner[k].ruled)
			over = nk_fmt(r->a, "%s%s%s", over, *over ? " " : "", name);
		else
			not_over = nk_fmt(r->a, "%s%s%s", not_over, *not_over ? " " : "", name);
	}
	if (*over || *not_over)
		nk_ns_row(r, "count over", *over ? over : "none of its namespaces");
	if (*not_over)
		nk_ns_row(r, "not over",
			  nk_fmt(r->a, "%s: their owner is a user namespace around its own",
				 not_over));
}

static void capabilities(struct nk_ns_rows *r, const struct nk_inside *in)
{
	const struct nk_ns_status *st = &in->s->status;
	uint64_t user = in->s->inode[NK_NS_USER];

	nk_ns_row(r, "effective", nk_ns_cap_words(r->a, st->effective));
	if (st->permitted != st->effective)
		nk_ns_row(r, "permitted", nk_ns_cap_words(r->a, st->permitted));
	nk_ns_row(r, "bounding", nk_ns_cap_words(r->a, st->bounding));
	if (st->inheritable)
		nk_ns_row(r, "inheritable", nk_ns_cap_words(r->a, st->inheritable));
	if (st->ambient)
		nk_ns_row(r, "ambient", nk_ns_cap_words(r->a, st->ambient));
	if (st->effective)
		powers(r, in);
	nk_ns_row(r, "can gain",
		  st->no_new_privs ? "none by execve (no_new_privs)"
				   : "by execve, where a file grants them");
	if (st->seccomp > 0)
		nk_ns_row(r, "seccomp", st->seccomp == 2 ? "a filter" : "strict");
	nk_ns_rows_print(r, user ? nk_fmt(r->a, "Capabilities in user %" PRIu64, user)
				 : "Capabilities in its user namespace");
}

static const char *mount_words(struct nk_arena *a, const struct nk_ns_mount *m)
{
	const char *root = strcmp(m->root, "/") != 0 ? nk_fmt(a, "%s of ", m->root) : "";
	const char *source = strcmp(m->source, m->type) != 0 && strcmp(m->source, "none") != 0
				     ? nk_fmt(a, " %s", m->source)
				     : "";

	return nk_fmt(a, "%s%s%s %s%s%s", root, m->type, source, m->options,
		      strcmp(m->propagation, "private") != 0 ? " " : "",
		      strcmp(m->propagation, "private") != 0 ? m->propagation : "");
}

static void mounts(struct nk_ns_rows *r, const struct nk_inside *in)
{
	unsigned only[NK_MOUNT_SPREADS + 1] = {0};
	const char *spreads = "";
	const char *who = !in->parent ? "this nook"
			  : in->parent == in->s->status.ppid
				  ? nk_fmt(r->a, "its parent, process %d", (int)in->parent)
				  : nk_fmt(r->a, "process %d, which it came from", (int)in->parent);

	if (in->parent < 0) {
		nk_ns_rows_print(r, nk_fmt(r->a, "Mounts: %zu", in->mounts.n));
		return;
	}
	if (in->parent_shares) {
		r->rows.n = 0;
		nk_ns_row(r, nk_fmt(r->a, "the same %zu that its parent sees", in->mounts.n), "");
		nk_ns_rows_print(r, "Mounts");
		return;
	}
	r->rows.n = 0;
	for (size_t i = 0; i < in->mount_diffs.n; i++) {
		const struct nk_ns_mount_diff *d = &in->mount_diffs.v[i];
		only[d->change]++;
		if (d->here && d->change != NK_MOUNT_SPREADS)
			nk_ns_row(r, d->here->point, mount_words(r->a, d->here));
		else if (d->here)
			spreads = d->here->propagation;
	}
	if (only[NK_MOUNT_SPREADS])
		nk_ns_row(r,
			  nk_fmt(r->a, "and %u differ in propagation only (%s here)",
				 only[NK_MOUNT_SPREADS], spreads),
			  "");
	if (only[NK_MOUNT_ONLY_THERE])
		nk_ns_row(r,
			  nk_fmt(r->a, "and %u of its mounts are not here",
				 only[NK_MOUNT_ONLY_THERE]),
			  "");
	nk_ns_rows_print(r, nk_fmt(r->a, "Mounts unlike those of %s", who));
}

/* A long reason that stands above already is not told again. */
static const char *not_visible(struct nk_ns_rows *r, const struct nk_inside *in, const char *why)
{
	const char *told = all_hidden(r->a, in->s), *at = told ? strstr(why, told) : NULL;

	return at ? nk_fmt(r->a, "not visible: %.*sas above", (int)(at - why), why)
		  : nk_fmt(r->a, "not visible: %s", why);
}

static bool section(struct nk_ns_rows *r, const struct nk_inside *in, enum nk_inside_part p)
{
	struct nk_inside_items items = {0};

	if (!in->there[p])
		return false;
	if (in->hidden[p]) {
		nk_ns_row(r, not_visible(r, in, in->hidden[p]), "");
		nk_ns_rows_print(r, nk_ns_part_titles[p]);
		return false;
	}
	nk_inside_items(r->a, in, p, &items);
	for (size_t i = 0; i < items.n; i++)
		nk_ns_row(r, items.v[i].key, items.v[i].value);
	return true;
}

void nk_ns_show_text(struct nk_cli *cli, const struct nk_inside *in,
		     const struct nk_ns_pid_chain *chain)
{
	struct nk_ns_rows r;

	nk_ns_rows_init(&r, cli);
	printf("%s%s\n", nk_cli_plain(r.a, in->s->what),
	       in->s->named && in->s->status.ppid
		       ? nk_fmt(r.a, ", child of process %d", (int)in->s->status.ppid)
		       : "");
	r.begun = true;
	namespaces(&r, in);
	if (chain->n)
		numbers(&r, chain);
	for (int p = 0; p < NK_INSIDE_COUNT; p++) {
		enum nk_inside_part part = (enum nk_inside_part)p;
		if (!section(&r, in, part))
			continue;
		if (in->less[p])
			nk_ns_row(&r, not_visible(&r, in, in->less[p]), "");
		if (part == NK_INSIDE_CAPS) {
			r.rows.n = 0;
			capabilities(&r, in);
		} else if (part == NK_INSIDE_MOUNTS) {
			mounts(&r, in);
		} else {
			nk_ns_rows_print(&r, part == NK_INSIDE_OFFSETS && in->offsets_of_children
						     ? "Clocks of its next children, ahead of the "
						       "machine's"
						     : nk_ns_part_titles[p]);
		}
	}
}
