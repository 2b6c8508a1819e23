/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces: new, the caller's, or somebody else's. */
#include <stdio.h>
#include <string.h>

#include "cli/run_set.h"
#include "cli/value.h"

/* private, host, ns:PATH, container:NAME: what all kinds have. 1 when it is none of them. */
static int choose(struct nk_ns_choice *c, struct nk_arena *a, const char *value, struct nk_err *e)
{
	struct nk_ns_spec ns = {0};

	if (!strcmp(value, "host")) {
		ns.mode = NK_NS_HOST;
	} else if (!strcmp(value, "private")) {
		ns.mode = NK_NS_NEW;
	} else if (!strncmp(value, "ns:", 3)) {
		ns.mode = NK_NS_JOIN;
		ns.path = value + 3;
		if (ns.path[0] != '/') {
			nk_fail(e, 0, "the path of the namespace is not absolute");
			return nk_hint(e, "ns:/proc/PID/ns/…, ns:/run/netns/NAME");
		}
	} else if (!strncmp(value, "container:", 10)) {
		ns.mode = NK_NS_JOIN;
		ns.path = nk_strdup(a, value);
		if (!value[10]) {
			nk_fail(e, 0, "which container?");
			return nk_hint(e, "container:NAME; `nook ps` lists them");
		}
	} else {
		return 1;
	}
	*c = (struct nk_ns_choice){.given = true, .ns = ns};
	return 0;
}

static int set_kind(const struct nk_option_use *use, enum nk_ns_kind kind, const char *value,
		    struct nk_err *e)
{
	struct nk_run_request *r = use->target;
	int rc = choose(&r->ns[kind], use->arena, value, e);

	if (rc <= 0)
		return rc;
	nk_fail(e, 0, "not a way to choose a namespace");
	return nk_hint(e, "private, host, ns:PATH or container:NAME");
}

NK_SETTER(uts)
{
	return set_kind(use, NK_NS_UTS, value, e);
}

NK_SETTER(ipc)
{
	return set_kind(use, NK_NS_IPC, value, e);
}

NK_SETTER(pid)
{
	return set_kind(use, NK_NS_PID, value, e);
}

NK_SETTER(cgroupns)
{
	return set_kind(use, NK_NS_CGROUP, value, e);
}

NK_SETTER(time)
{
	return set_kind(use, NK_NS_TIME, value, e);
}

NK_SETTER(userns)
{
	struct nk_run_request *r = use->target;
	int rc = choose(&r->ns[NK_NS_USER], use->arena, value, e);

	r->userns_word = value;
	if (rc <= 0)
		return rc;
	if (!strcmp(value, "auto") || !strcmp(value, "map")) {
		r->ns[NK_NS_USER] = (struct nk_ns_choice){true, {.mode = NK_NS_NEW}};
		return 0;
	}
	nk_fail(e, 0, "not a way to choose users");
	return nk_hint(e, "private, host, auto, map (with --uidmap), ns:PATH or container:NAME");
}

NK_SETTER(network)
{
	struct nk_run_request *r = use->target;
	int rc = strcmp(value, "none") ? choose(&r->ns[NK_NS_NET], use->arena, value, e) : 0;

	if (rc > 0 && (rc = nk_run_backend_word(r, value, e)) <= 0)
		return rc;
	if (rc > 0)
		return nk_run_add_card(use, value, e);
	r->network_word = value;
	if (!strcmp(value, "none"))
		r->ns[NK_NS_NET] = (struct nk_ns_choice){true, {.mode = NK_NS_NEW}};
	return rc;
}

static int set_map(const struct nk_option_use *use, struct nk_idmaps *maps, const char *value,
		   struct nk_err *e)
{
	uint64_t n[3] = {0, 0, 1};
	const char *rest = value;
	int i = 0;

	for (char *part; i < 3 && (part = nk_value_part(use->arena, &rest, ':')); i++)
		if (nk_value_number(part, strlen(part), UINT32_MAX, &n[i]) < 0)
			i = 3;
	if (i < 2 || i > 3 || rest || !n[2]) {
		nk_fail(e, 0, "not an id map");
		return nk_hint(e, "INSIDE:OUTSIDE:LENGTH in numbers, as 0:100000:65536");
	}
	/* 4294967295 is -1, the id that means "none". */
	if (n[0] + n[2] > UINT32_MAX || n[1] + n[2] > UINT32_MAX) {
		nk_fail(e, 0, "ids end at 4294967294");
		return nk_hint(e, "make the length smaller");
	}
	struct nk_idmap *m = NK_PUSH(use->arena, maps);
	if (m)
		*m = (struct nk_idmap){(uint32_t)n[0], (uint32_t)n[1], (uint32_t)n[2]};
	return 0;
}

NK_SETTER(uidmap)
{
	return set_map(use, &((struct nk_run_request *)use->target)->spec.uid_maps, value, e);
}

NK_SETTER(gidmap)
{
	return set_map(use, &((struct nk_run_request *)use->target)->spec.gid_maps, value, e);
}

NK_SETTER(time_offset)
{
	struct nk_run_request *r = use->target;
	const char *rest = value;
	bool seen[2] = {false};

	for (char *part; (part = nk_value_part(use->arena, &rest, ','));) {
		char *eq = strchr(part, '=');
		int64_t *clock = NULL;
		if (eq && !strncmp(part, "monotonic=", 10))
			clock = &r->spec.monotonic_ns;
		else if (eq && !strncmp(part, "boottime=", 9))
			clock = &r->spec.boottime_ns;
		if (!clock || nk_value_duration(eq + 1, strlen(eq + 1), clock) < 0) {
			nk_fail(e, 0, clock ? "not a time" : "not a clock with a time");
			return nk_hint(
				e, "monotonic=TIME,boottime=TIME; TIME as 3600, -1.5, 90m, 2h, 7d");
		}
		bool *again = &seen[clock == &r->spec.boottime_ns];
		if (*again) {
			nk_fail(e, 0, "the same clock twice");
			return nk_hint(e, "monotonic and boottime, each once");
		}
		*again = true;
	}
	r->spec.has_time_offset = true;
	return 0;
}

static bool overlap(uint32_t a, uint32_t b, const struct nk_idmap *x, const struct nk_idmap *y)
{
	return (uint64_t)a < (uint64_t)b + y->count && (uint64_t)b < (uint64_t)a + x->count;
}

int nk_run_check_maps(const struct nk_idmaps *maps, const char *option, struct nk_err *e)
{
	if (maps->n > 340) { /* user_namespaces(7) */
		nk_fail(e, 0, "%zu times --%s: the kernel takes at most 340", maps->n, option);
		return nk_hint(e, "join neighbouring ranges");
	}
	size_t text = 0;
	for (size_t i = 0; i < maps->n; i++)
		text += (size_t)snprintf(NULL, 0, "%u %u %u\n", maps->v[i].inside,
					 maps->v[i].outside, maps->v[i].count);
	if (text > 4095) { /* less than a page, in one write */
		nk_fail(e, 0,
			"%zu times --%s: as text %zu bytes, and the kernel takes at most 4095",
			maps->n, option, text);
		return nk_hint(e, "join neighbouring ranges");
	}
	for (size_t i = 0; i < maps->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct nk_idmap *x = &maps->v[i], *y = &maps->v[j];
			bool inside = overlap(x->inside, y->inside, x, y);
			if (!inside && !overlap(x->outside, y->outside, x, y))
				continue;
			nk_fail(e, 0, "--%s %u:%u:%u overlaps %u:%u:%u %s", option, x->inside,
				x->outside, x->count, y->inside, y->outside, y->count,
				inside ? "inside" : "outside");
			return nk_hint(e, "each id may be in one range only, on both sides");
		}
	return 0;
}

static int finish_users(struct nk_run_request *r, uid_t euid, struct nk_err *e)
{
	struct nk_ns_choice *c = &r->ns[NK_NS_USER];
	struct nk_spec *s = &r->spec;
	bool maps = s->uid_maps.n || s->gid_maps.n;
	int rc = nk_run_check_maps(&s->uid_maps, "uidmap", e);

	if (rc == 0)
		rc = nk_run_check_maps(&s->gid_maps, "gidmap", e);
	if (rc < 0)
		return rc;
	if (maps && c->given && strcmp(r->userns_word, "map") != 0 &&
	    strcmp(r->userns_word, "private") != 0) {
		nk_fail(e, 0, "--%s does not go with --userns %.80s",
			s->uid_maps.n ? "uidmap" : "gidmap", r->userns_word);
		return nk_hint(e, "--userns map, or leave it away");
	}
	if (c->given && !strcmp(r->userns_word, "map") && !maps) {
		nk_fail(e, 0, "--userns map without a map");
		return nk_hint(e, "add --uidmap INSIDE:OUTSIDE:LENGTH, or use --userns auto");
	}
	/* As with Podman, one map given serves for both. */
	if (s->uid_maps.n && !s->gid_maps.n)
		s->gid_maps = s->uid_maps;
	if (s->gid_maps.n && !s->uid_maps.n)
		s->uid_maps = s->gid_maps;
	if (!c->given)
		c->ns.mode = maps || euid != 0 || !r->rootfs ? NK_NS_NEW : NK_NS_HOST;
	s->ns[NK_NS_USER] = c->ns;
	return 0;
}

int nk_run_finish_namespaces(struct nk_run_request *r, uid_t euid, struct nk_err *e)
{
	struct nk_spec *s = &r->spec;
	int rc = finish_users(r, euid, e);

	if (rc < 0)
		return rc;
	for (int k = 0; k < NK_NS_COUNT; k++) {
		if (r->ns[k].given)
			s->ns[k] = r->ns[k].ns;
		else if (k != NK_NS_USER && k != NK_NS_TIME)
			s->ns[k].mode = NK_NS_NEW;
	}
	if (!s->has_time_offset)
		return 0;
	if (r->ns[NK_NS_TIME].given && s->ns[NK_NS_TIME].mode != NK_NS_NEW) {
		nk_fail(e, 0, "--time-offset needs a clock of its own, and --time says otherwise");
		return nk_hint(e, "leave --time away, or --time private");
	}
	s->ns[NK_NS_TIME].mode = NK_NS_NEW;
	return 0;
}
