/* SPDX-License-Identifier: Apache-2.0 */
#include "host/idrange.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/*
 * The house range. systemd-nspawn picks from 0x00080000…0x6fffffff, login.defs
 * gives subordinate ids from 100000 to 600100000, and from 2^31 on programs that
 * keep an id in a signed int go wrong: between them nobody lives.
 */
#define HOUSE_FIRST 0x70000000U
#define HOUSE_END 0x7fff0000U
#define BLOCK 65536U

/*
 * A stretch of ids to lease from: blocks of count each, from first on. up: what turns an id
 * into that of the namespace above. The locks are of those, because namespaces beside each
 * other can have the same ids above, and different ones of the same number.
 */
struct stretch {
	uint32_t first;
	uint64_t length;
	int64_t up;
};

static struct stretch longest(struct stretch best, uint64_t from, uint64_t end, int64_t up)
{
	if (end > from && end - from > best.length)
		return (struct stretch){(uint32_t)from, end - from, up};
	return best;
}

/* The longest run of numbers that stand in both lists, as ids of this namespace. */
static struct stretch in_both(const struct nk_idmaps *u, const struct nk_idmaps *g, bool inside)
{
	struct stretch best = {0};

	for (size_t i = 0; i < u->n; i++) {
		for (size_t j = 0; j < g->n; j++) {
			uint64_t a = inside ? u->v[i].inside : u->v[i].outside;
			uint64_t b = inside ? g->v[j].inside : g->v[j].outside;
			uint64_t a_end = a + u->v[i].count, b_end = b + g->v[j].count;
			int64_t up = inside ? (int64_t)u->v[i].outside - (int64_t)a : 0;
			best = longest(best, a > b ? a : b, a_end < b_end ? a_end : b_end, up);
		}
	}
	return best;
}

/*
 * What our own namespace can give on. Its root must not be the container's, for its secrets
 * would be open, and its other users' files should not be either; those are below 65536. So:
 * the house range when all of it is ours (a full map), else what lies above 65535 if a block
 * fits there. The usual map of 65536 ids has no such room: then the upper half, and the
 * container has 32767 ids instead of 65536 (nk_idmap_leased() gives one of them to nobody).
 */
static struct stretch own_part(const struct nk_facts *f)
{
	struct stretch s = in_both(&f->own_uids, &f->own_gids, true);
	uint64_t end = s.first + s.length;

	if (s.first <= HOUSE_FIRST && end >= HOUSE_END)
		return (struct stretch){HOUSE_FIRST, HOUSE_END - HOUSE_FIRST, s.up};
	if (s.length && s.first == 0)
		s.first = 1;
	if (end >= 2 * (uint64_t)BLOCK)
		s.first = s.first > BLOCK ? s.first : BLOCK;
	else if (s.first < BLOCK)
		s.first += (uint32_t)((end - s.first) / 2);
	s.length = end - s.first;
	return s;
}

static struct stretch choose(const struct nk_facts *f, uint32_t count)
{
	if (!f->initial_userns && f->own_uids.n)
		return own_part(f);
	struct stretch s = in_both(&f->subuids, &f->subgids, false);
	if (s.length >= count)
		return s;
	return (struct stretch){HOUSE_FIRST, HOUSE_END - HOUSE_FIRST, 0};
}

uint32_t nk_idrange_max(const struct nk_facts *f)
{
	struct stretch s = choose(f, BLOCK);

	return s.length < BLOCK ? (uint32_t)s.length : BLOCK;
}

static uint64_t hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return h ^ h >> 32;
}

/* DIR/ids. Whoever else could write there could keep every id locked, or lead us elsewhere. */
static int open_ids(const char *dir, struct nk_err *e)
{
	struct stat st;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return nk_fail(e, errno, "make %s, where ids are leased", dir);
	_close_ int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (top < 0 || fstat(top, &st))
		return nk_fail(e, errno, "open %s, where ids are leased", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 022)) {
		nk_fail(e, 0, "%s, where ids are leased, can be written by others", dir);
		return nk_hint(e, "remove it, or: chown %u %s; chmod go-w %s", geteuid(), dir, dir);
	}
	int fd = openat(top, "ids", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? nk_fail(e, errno, "open %s/ids", dir) : fd;
}

/* The first block from `at` on (and around) that nobody has; blocks when there is none. */
static int64_t lock_block(int fd, const struct stretch *s, uint32_t count, uint64_t at)
{
	uint64_t blocks = s->length / count;

	for (uint64_t tried = 0; tried < blocks; tried++, at = (at + 1) % blocks) {
		/* A lock of the open file, not of the process: threads, and a fork
		 * that closes, must not lose it. */
		struct flock lock = {.l_type = F_WRLCK,
				     .l_whence = SEEK_SET,
				     .l_start = (off_t)(s->first + at * count) + s->up,
				     .l_len = count};
		if (!fcntl(fd, F_OFD_SETLK, &lock))
			return (int64_t)at;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
	}
	return (int64_t)blocks;
}

int nk_idrange_lease(const char *dir, const char *id, const struct nk_facts *f, uint32_t count,
		     uint32_t *first, int *lock_fd, struct nk_err *e)
{
	struct stretch s = choose(f, count);

	if (!count || s.length < count) {
		nk_fail(e, 0, "no range of %u ids for the container's users: at most %llu here",
			count, (unsigned long long)s.length);
		nk_hint(e, "inside another container only its own ids can be given on: "
			   "use --userns host, or give the outer one more ids");
		return -ERANGE;
	}
	_close_ int fd = open_ids(dir, e);
	if (fd < 0)
		return fd;
	uint64_t blocks = s.length / count;
	int64_t at = lock_block(fd, &s, count, hash(id) % blocks);
	if (at < 0)
		return nk_fail(e, (int)-at, "lock ids in %s/ids", dir);
	if ((uint64_t)at < blocks) {
		*first = (uint32_t)(s.first + (uint64_t)at * count);
		*lock_fd = nk_take_fd(&fd);
		return 0;
	}
	nk_fail(e, 0, "all %llu ranges of %u ids are used by running containers",
		(unsigned long long)blocks, count);
	nk_hint(e,
		"end a container, or give the user nook more ids in /etc/subuid and /etc/subgid");
	return -EAGAIN;
}

void nk_idmap_leased(struct nk_arena *a, uint32_t first, uint32_t count, struct nk_idmaps *out)
{
	const uint32_t nobody = BLOCK - 2;
	bool apart = count > 1 && count <= nobody;
	struct nk_idmap *m = NK_PUSH(a, out);

	if (m)
		*m = (struct nk_idmap){0, first, apart ? count - 1 : count};
	if (apart && (m = NK_PUSH(a, out)))
		*m = (struct nk_idmap){nobody, first + count - 1, 1};
}

static void fill(struct nk_arena *a, struct nk_idmaps *out, uint32_t self,
		 const struct nk_idmaps *ranges)
{
	uint64_t inside = 1;
	struct nk_idmap *m = NK_PUSH(a, out);

	if (m)
		*m = (struct nk_idmap){0, self, 1};
	for (size_t i = 0; ranges && i < ranges->n && inside < UINT32_MAX; i++) {
		uint64_t count = ranges->v[i].count;
		if (inside + count > UINT32_MAX)
			count = UINT32_MAX - inside;
		m = NK_PUSH(a, out);
		if (m)
			*m = (struct nk_idmap){(uint32_t)inside, ranges->v[i].outside,
					       (uint32_t)count};
		inside += count;
	}
}

void nk_idmap_rootless(struct nk_arena *a, const struct nk_facts *f, struct nk_idmaps *uids,
		       struct nk_idmaps *gids)
{
	fill(a, uids, f->euid, f->single_id ? NULL : &f->subuids);
	fill(a, gids, f->egid, f->single_id ? NULL : &f->subgids);
}

void nk_idmap_same(struct nk_arena *a, const struct nk_idmaps *own, struct nk_idmaps *out)
{
	static const struct nk_idmap all = {0, 0, UINT32_MAX};
	const struct nk_idmap *v = own->n ? own->v : &all;

	for (size_t i = 0; i < (own->n ? own->n : 1); i++) {
		struct nk_idmap *m = NK_PUSH(a, out);
		if (m)
			*m = (struct nk_idmap){v[i].inside, v[i].inside, v[i].count};
	}
}
