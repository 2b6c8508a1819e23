/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "host/text.h"
#include "ns/idmap.h"
#include "ns/reading.h"
#include "ns/userns.h"

static const struct {
	const char *name;
	enum nk_ns_kind kind;
} parts[NK_INSIDE_COUNT] = {
	[NK_INSIDE_NAMES] = {"names", NK_NS_UTS},
	[NK_INSIDE_MAPS] = {"maps", NK_NS_USER},
	[NK_INSIDE_CAPS] = {"capabilities", NK_NS_USER},
	[NK_INSIDE_OFFSETS] = {"offsets", NK_NS_TIME},
	[NK_INSIDE_CGROUPS] = {"cgroups", NK_NS_CGROUP},
	[NK_INSIDE_MOUNTS] = {"mounts", NK_NS_MOUNT},
	[NK_INSIDE_CARDS] = {"cards", NK_NS_NET},
	[NK_INSIDE_ROUTES] = {"routes", NK_NS_NET},
	[NK_INSIDE_SOCKETS] = {"sockets", NK_NS_NET},
	[NK_INSIDE_IPC] = {"ipc", NK_NS_IPC},
};

enum nk_ns_kind nk_inside_kind(enum nk_inside_part p)
{
	return parts[p].kind;
}
const char *nk_inside_name(enum nk_inside_part p)
{
	return parts[p].name;
}

/* Why a part of a visit is not there. */
const char *nk_reading_refusal(struct nk_reading *r, enum nk_visit_part p)
{
	enum nk_ns_kind k = nk_visit_kind(p);
	const char *hidden = nk_ns_subject_hidden(r->a, r->s, k);
	uint64_t owner = r->in->owner[k].inode;
	int err = r->visit.part[p].err;

	if (hidden)
		return hidden;
	if (err == EPERM || err == EACCES)
		return owner ? nk_fmt(r->a,
				      "needs CAP_SYS_ADMIN in user:[%llu], which owns %s:[%llu]",
				      (unsigned long long)owner, nk_ns_name(k),
				      (unsigned long long)r->s->inode[k])
			     : nk_fmt(r->a,
				      "needs CAP_SYS_ADMIN in the user namespace that owns "
				      "%s:[%llu]",
				      nk_ns_name(k), (unsigned long long)r->s->inode[k]);
	if (err == EFBIG)
		return "more than 8 MiB of it";
	if (err == ETIMEDOUT)
		return "no answer within 5 seconds";
	return nk_strdup(r->a, strerror(err));
}

/* The data of a part, or NULL and the reason in hidden. */
const char *nk_reading_visited(struct nk_reading *r, enum nk_visit_part p, enum nk_inside_part part)
{
	if (!r->visit.part[p].err)
		return r->visit.part[p].data;
	r->in->hidden[part] = nk_reading_refusal(r, p);
	return NULL;
}

/* A text of /proc/PID where there is a process, otherwise the visit's. */
const char *nk_reading_text(struct nk_reading *r, const char *file, enum nk_visit_part p,
			    enum nk_inside_part part)
{
	const char *found;

	if (!r->s->pid)
		return nk_reading_visited(r, p, part);
	found = nk_ns_subject_text(r->a, r->s, file, NULL);
	if (!found)
		r->in->hidden[part] = errno == EACCES || errno == EPERM
					      ? nk_fmt(r->a, "this user may not read /proc/%d/%s",
						       (int)r->s->pid, file)
					      : nk_strdup(r->a, strerror(errno));
	return found;
}

static void owners(struct nk_reading *r)
{
	for (int k = 0; k < NK_NS_COUNT; k++) {
		struct nk_userns_chain chain;
		nk_userns_owner(r->a, r->s->fd[k], k == NK_NS_USER, &chain);
		if (!chain.n)
			continue;
		r->in->owner[k].inode = chain.v[0].inode;
		r->in->owner[k].ruled = nk_userns_within(&chain, r->s->inode[NK_NS_USER]);
	}
}

static void names(struct nk_reading *r)
{
	struct utsname u;
	const char *data = nk_reading_visited(r, NK_VISIT_UTS, NK_INSIDE_NAMES);

	if (!data || r->visit.part[NK_VISIT_UTS].n != sizeof(u))
		return;
	memcpy(&u, data, sizeof(u));
	r->in->hostname = nk_strndup(r->a, u.nodename, sizeof(u.nodename));
	r->in->domainname = nk_strndup(r->a, u.domainname, sizeof(u.domainname));
}

static void maps(struct nk_reading *r)
{
	const char *uids = nk_reading_text(r, "uid_map", NK_VISIT_UID_MAP, NK_INSIDE_MAPS);
	const char *gids = nk_reading_text(r, "gid_map", NK_VISIT_GID_MAP, NK_INSIDE_MAPS), *groups;

	if (!uids || !gids)
		return;
	if (nk_ns_idmap_parse(r->a, uids, &r->in->uids) < 0 ||
	    nk_ns_idmap_parse(r->a, gids, &r->in->gids) < 0)
		r->in->hidden[NK_INSIDE_MAPS] = "it is no map";
	groups = nk_reading_text(r, "setgroups", NK_VISIT_SETGROUPS, NK_INSIDE_MAPS);
	r->in->setgroups = groups ? nk_strndup(r->a, groups, strcspn(groups, "\n")) : "";
}

void nk_inside_parse_offsets(const char *lines, int64_t *monotonic, int64_t *boottime)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&lines, &n))) {
		char clock[16];
		long long sec, nsec;
		int64_t ns;
		/* The kernel takes what fits into 2^63 ns, less a margin. */
		if (sscanf(line, "%15s %lld %lld", clock, &sec, &nsec) != 3 ||
		    __builtin_mul_overflow(sec, 1000000000, &ns) ||
		    __builtin_add_overflow(ns, nsec, &ns))
			continue;
		if (!strcmp(clock, "monotonic"))
			*monotonic = ns;
		else if (!strcmp(clock, "boottime"))
			*boottime = ns;
	}
}

static void offsets(struct nk_reading *r)
{
	const char *lines =
		nk_reading_text(r, "timens_offsets", NK_VISIT_OFFSETS, NK_INSIDE_OFFSETS);

	if (lines)
		nk_inside_parse_offsets(lines, &r->in->monotonic, &r->in->boottime);
	r->in->offsets_of_children = r->s->for_children[1] != 0;
}

/* The line of a hierarchy: its path, NULL when it is not there. */
static const char *cgroup_path(struct nk_arena *a, const char *lines, const char *id)
{
	const char *line;
	size_t n;

	while (lines && (line = nk_text_line(&lines, &n))) {
		struct nk_field f[3];
		const char *path;
		/* the path may hold colons */
		if (nk_text_split(line, n, ':', f, 3) < 3 || !nk_field_is(f[0], id))
			continue;
		path = f[2].s;
		return nk_strndup(a, path, n - (size_t)(path - line));
	}
	return NULL;
}

void nk_inside_parse_cgroups(struct nk_arena *a, const char *outside, const char *inside,
			     struct nk_inside *in)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&outside, &n))) {
		struct nk_inside_cgroup *c;
		struct nk_field f[3];
		if (nk_text_split(line, n, ':', f, 3) < 3)
			continue;
		c = NK_PUSH(a, &in->cgroups);
		if (!c)
			return;
		c->id = nk_strndup(a, f[0].s, f[0].n);
		c->controllers = nk_strndup(a, f[1].s, f[1].n);
		c->outside = nk_strndup(a, f[2].s, n - (size_t)(f[2].s - line));
		c->inside = cgroup_path(a, inside, c->id);
	}
}

/* Without a process there is no group: of a cgroup namespace alone nothing can be told. */
static void cgroups(struct nk_reading *r)
{
	const char *outside = nk_ns_subject_text(r->a, r->s, "cgroup", NULL);
	int err = r->visit.part[NK_VISIT_CGROUP].err;

	if (!outside) {
		r->in->hidden[NK_INSIDE_CGROUPS] = "this user may not read it";
		return;
	}
	nk_inside_parse_cgroups(r->a, outside, err ? NULL : r->visit.part[NK_VISIT_CGROUP].data,
				r->in);
	if (err)
		r->in->less[NK_INSIDE_CGROUPS] =
			nk_fmt(r->a, "its own view: %s", nk_reading_refusal(r, NK_VISIT_CGROUP));
}

/* File of a process; pid 0: of ours. */
static const char *proc_file(struct nk_reading *r, pid_t pid, const char *file)
{
	return pid ? nk_fmt(r->a, "/proc/%d/%s", (int)pid, file)
		   : nk_fmt(r->a, "/proc/self/%s", file);
}

/* Is it in the subject's mount namespace? -1: that may not be known. */
static int shares_mounts(struct nk_reading *r, pid_t pid)
{
	uint64_t inode = r->s->inode[NK_NS_MOUNT];
	struct stat st;

	if (!inode || stat(proc_file(r, pid, "ns/mnt"), &st))
		return -1;
	return st.st_ino == inode;
}

/*
 * A shell that was started in a new namespace and starts a command has the same mounts as that:
 * what is meant are those of the process that both came from. Above the last ancestor that our
 * /proc shows stands this nook; one whose namespace is hidden counts only as the parent itself.
 */
static void find_parent(struct nk_reading *r)
{
	struct nk_inside *in = r->in;
	struct nk_ns_status st = r->s->status;
	struct nk_err ignored;
	int shares;

	do {
		in->parent = st.ppid;
		shares = shares_mounts(r, in->parent);
		in->parent_shares = shares > 0 || (shares < 0 && st.pid != r->s->pid);
	} while (shares > 0 && in->parent && nk_ns_status_read(&st, in->parent, &ignored) == 0);
}

static void parent_mounts(struct nk_reading *r)
{
	struct nk_inside *in = r->in;

	in->parent = -1;
	if (!r->s->named)
		return;
	find_parent(r);
	if (in->parent_shares)
		return;
	_free_ char *lines = nk_text_read(proc_file(r, in->parent, "mountinfo"), (size_t)8 << 20);
	if (!lines) {
		in->less[NK_INSIDE_MOUNTS] =
			nk_fmt(r->a, "those of process %d, which it came from: %s", (int)in->parent,
			       strerror(errno));
		in->parent = -1;
		return;
	}
	nk_ns_mounts_parse(r->a, lines, &in->parent_mounts);
	nk_ns_mounts_compare(r->a, &in->mounts, &in->parent_mounts, &in->mount_diffs);
}

static void mounts(struct nk_reading *r)
{
	const char *lines = nk_reading_text(r, "mountinfo", NK_VISIT_MOUNTS, NK_INSIDE_MOUNTS);

	if (!lines)
		return;
	nk_ns_mounts_parse(r->a, lines, &r->in->mounts);
	parent_mounts(r);
}

/* What only a visit can tell; of namespaces without a process that is everything. */
static unsigned to_visit(const struct nk_ns_subject *s)
{
	unsigned always = 1u << NK_VISIT_UTS | 1u << NK_VISIT_LINKS | 1u << NK_VISIT_ADDRESSES |
			  1u << NK_VISIT_ROUTES | 1u << NK_VISIT_MSG | 1u << NK_VISIT_SEM |
			  1u << NK_VISIT_SHM | 1u << NK_VISIT_MQUEUE | 1u << NK_VISIT_CGROUP;
	unsigned wanted = 0;

	for (unsigned p = 0; p < NK_VISIT_COUNT; p++)
		if ((!s->pid || always >> p & 1) && p != NK_VISIT_LOW_PORT &&
		    s->inode[nk_visit_kind((enum nk_visit_part)p)])
			wanted |= 1u << p;
	return s->pid ? wanted : wanted & ~(1u << NK_VISIT_CGROUP);
}

int nk_inside_read(struct nk_arena *a, const struct nk_ns_subject *s, struct nk_inside *in,
		   struct nk_err *e)
{
	static void (*const readers[NK_INSIDE_COUNT])(struct nk_reading *) = {
		[NK_INSIDE_NAMES] = names,
		[NK_INSIDE_MAPS] = maps,
		[NK_INSIDE_OFFSETS] = offsets,
		[NK_INSIDE_CGROUPS] = cgroups,
		[NK_INSIDE_MOUNTS] = mounts,
		[NK_INSIDE_CARDS] = nk_reading_net,
		[NK_INSIDE_SOCKETS] = nk_reading_sockets,
		[NK_INSIDE_IPC] = nk_reading_ipc,
	};
	struct nk_reading r = {.a = a, .s = s, .in = in};
	int rc;

	*in = (struct nk_inside){.s = s, .hostname = "", .domainname = "", .setgroups = ""};
	owners(&r);
	rc = nk_visit(a, s, to_visit(s), &r.visit, e);
	if (rc < 0)
		return rc;
	for (int p = 0; p < NK_INSIDE_COUNT; p++) {
		bool process_only = p == NK_INSIDE_CAPS || p == NK_INSIDE_CGROUPS;
		in->there[p] = s->err[parts[p].kind] != ENOENT && (s->named || !process_only);
		if (in->there[p] && readers[p])
			readers[p](&r);
	}
	if (!nk_ns_target_lives(s->target))
		return nk_ns_target_ended(s->target, e);
	return nk_arena_ok(a, e);
}
