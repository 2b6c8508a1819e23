/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is who in the user namespace of `nook ns run`. The kernel and newuidmap
 * say only "Operation not permitted" to a map that asks for too much, and when
 * they do a process is there already: so it is looked at before.
 */
#include <string.h>

#include "base/cleanup.h"
#include "cli/ns_run.h"

static void push(struct nk_arena *a, struct nk_idmaps *maps, uint32_t in, uint32_t out)
{
	struct nk_idmap *m = NK_PUSH(a, maps);

	if (m)
		*m = (struct nk_idmap){in, out, 1};
}

static bool only_self(const struct nk_idmaps *maps, uint32_t self)
{
	return maps->n == 1 && maps->v[0].count == 1 && maps->v[0].outside == self;
}

/* The whole line lies in one range of ours. inside: of our own namespace's map, by its inner
 * numbers. */
static bool within(const struct nk_idmap *m, const struct nk_idmaps *ours, bool inside)
{
	for (size_t i = 0; i < ours->n; i++) {
		uint32_t first = inside ? ours->v[i].inside : ours->v[i].outside;

		if (m->outside >= first &&
		    (uint64_t)m->outside + m->count <= (uint64_t)first + ours->v[i].count)
			return true;
	}
	return false;
}

static const char *list(struct nk_arena *a, const struct nk_idmaps *ours, bool inside,
			const char *text)
{
	for (size_t i = 0; i < ours->n && i < 4; i++) {
		uint32_t first = inside ? ours->v[i].inside : ours->v[i].outside;

		text = nk_fmt(a, "%s%s%u-%llu", text, *text ? ", " : "", first,
			      (unsigned long long)first + ours->v[i].count - 1);
	}
	return text;
}

/* What may be mapped: by root all that is mapped here, by others themselves and their
 * subordinate ids. */
static int check_ranges(struct nk_arena *a, const struct nk_facts *f, const char *what,
			const struct nk_idmaps *maps, uint32_t self, const struct nk_idmaps *own,
			const struct nk_idmaps *sub, struct nk_err *e)
{
	const struct nk_idmaps *ours = f->maps_ids ? own : sub;

	if (f->maps_ids && !own->n)
		return 0; /* the machine's own namespace */
	for (size_t i = 0; i < maps->n; i++) {
		const struct nk_idmap *m = &maps->v[i];
		bool self_only = m->outside == self && m->count == 1;

		if ((self_only && !f->maps_ids) || within(m, ours, f->maps_ids))
			continue;
		nk_fail(e, 0, "%s %u:%u:%u: these ids outside are not this user's to give", what,
			m->inside, m->outside, m->count);
		return nk_hint(e, "%s",
			       list(a, ours, f->maps_ids,
				    f->maps_ids ? "" : nk_fmt(a, "what it may give: %u", self)));
	}
	return 0;
}

static int check_given(struct nk_ns_request *r, struct nk_arena *a, const struct nk_facts *f,
		       struct nk_err *e)
{
	const struct nk_spec *s = &r->run.spec;
	int rc = check_ranges(a, f, r->map_ranges ? "--map" : "--uidmap", &s->uid_maps, f->euid,
			      &f->own_uids, &f->subuids, e);

	if (rc == 0)
		rc = check_ranges(a, f, "--gidmap", &s->gid_maps, f->egid, &f->own_gids,
				  &f->subgids, e);
	if (rc < 0 || f->maps_ids ||
	    (only_self(&s->uid_maps, f->euid) && only_self(&s->gid_maps, f->egid)))
		return rc;
	if (r->in_place) {
		nk_fail(e, 0,
			"--unshare with ranges of ids: nobody stays outside to write the map");
		return nk_hint(e, "leave --unshare away, or --map root");
	}
	if (!f->single_id)
		return 0;
	nk_fail(e, 0, "ranges of ids: %s", f->single_id);
	return nk_hint(e, "%s", f->single_id_mend ? f->single_id_mend : "--map root needs none");
}

static uint32_t inside_of(const struct nk_idmaps *maps, uint32_t id, bool *found)
{
	uint32_t lowest = UINT32_MAX;

	*found = true;
	for (size_t i = 0; i < maps->n; i++) {
		const struct nk_idmap *m = &maps->v[i];

		if (id >= m->outside && id - m->outside < m->count)
			return m->inside + (id - m->outside);
		if (m->inside < lowest)
			lowest = m->inside;
	}
	*found = false;
	return lowest;
}

/* Root inside where there is one, else who starts it; and if there is neither, the lowest id. */
static void who(struct nk_ns_request *r, const struct nk_facts *f)
{
	struct nk_spec *s = &r->run.spec;
	bool root, user, group;

	if (r->run.user || s->ns[NK_NS_USER].mode != NK_NS_NEW)
		return;
	root = false;
	for (size_t i = 0; i < s->uid_maps.n; i++)
		root |= s->uid_maps.v[i].inside == 0;
	s->uid = inside_of(&s->uid_maps, f->euid, &user);
	s->gid = inside_of(&s->gid_maps, f->egid, &group);
	r->changes_user = !root && (!user || !group);
}

int nk_ns_run_ids(struct nk_ns_request *r, struct nk_arena *a, struct nk_facts *f,
		  struct nk_lease *lease, struct nk_err *e)
{
	struct nk_spec *s = &r->run.spec;
	bool own = r->map_word && strcmp(r->map_word, "auto") != 0;
	bool zero = own && !strcmp(r->map_word, "root");
	int rc = 0;

	if (s->ns[NK_NS_USER].mode != NK_NS_NEW)
		return 0;
	if (own) {
		push(a, &s->uid_maps, zero ? 0 : f->euid, f->euid);
		push(a, &s->gid_maps, zero ? 0 : f->egid, f->egid);
	} else if (s->uid_maps.n) {
		rc = check_given(r, a, f, e);
	}
	if (rc == 0)
		rc = nk_prepare_ids(a, s, f, lease, e);
	if (rc < 0)
		return rc;
	/* Oneself may be mapped by oneself, without anybody's help. */
	bool self = only_self(&s->uid_maps, f->euid) && only_self(&s->gid_maps, f->egid);
	if (self && (!f->maps_ids || r->in_place))
		f->single_id = "the caller alone is mapped";
	else if (r->in_place) {
		nk_fail(e, 0,
			"--unshare with ranges of ids: nobody stays outside to write the map");
		return nk_hint(e, "leave --unshare away, or --map root");
	} else {
		f->single_id = NULL;
	}
	who(r, f);
	return 0;
}
