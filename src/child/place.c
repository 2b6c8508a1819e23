/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place for a mount in a root file system that is not trusted. Mostly it is there, and one
 * openat2(RESOLVE_IN_ROOT) finds it. Else what is missing is made, part by part; a link that leads
 * to what is missing (/etc/resolv.conf -> ../run/resolv.conf) is followed, inside, and made too.
 *
 * Whatever somebody swaps meanwhile: each part is opened in the root again, so that what is made
 * and what is found in the end lies inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "base/weaken.h"
#include "child/child.h"
#include "child/raw.h"

enum { PATH_SIZE = 4096, LINKS_MAX = 40 };

#ifdef NK_WEAKEN /* base/weaken.h: the plan asks for it in its own way */
bool nk_place_weak;
#define CONFINED (nk_place_weak ? 0 : RESOLVE_IN_ROOT)
#else
#define CONFINED RESOLVE_IN_ROOT
#endif

struct walk {
	int root;
	bool dir, nofollow;
	size_t done_len, links;
	char done[PATH_SIZE]; /* what has been walked: no links, no dots */
	char rest[PATH_SIZE]; /* what is to come */
	char next[PATH_SIZE];
};

/* One character. The compiler would make a call of memmove() of a loop that it understands. */
static void put(char *to, char c)
{
	*to = c;
	__asm__ volatile("" : : : "memory");
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static long open_in(int root, const char *path, uint64_t flags)
{
	const struct open_how how = {.flags = flags | O_PATH | O_CLOEXEC, .resolve = CONFINED};
	long ret = -EAGAIN;

	for (int i = 0; i < NK_OPENAT2_TRIES && ret == -EAGAIN; i++)
		ret = nk_raw4(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	return ret;
}

/* "next" + "/" + "rest" becomes the rest. */
static long prepend(struct walk *w)
{
	size_t a = length(w->next), b = length(w->rest);

	if (a + b + 2 > PATH_SIZE)
		return -ENAMETOOLONG;
	for (size_t i = b + 1; i-- > 0;)
		put(&w->rest[a + 1 + i], w->rest[i]);
	w->rest[a] = '/';
	for (size_t i = 0; i < a; i++)
		put(&w->rest[i], w->next[i]);
	return 0;
}

/* The first part of the rest goes to "next"; its length, 0 when there is none. */
static size_t take(struct walk *w)
{
	size_t begin = 0, n = 0, i;

	while (w->rest[begin] == '/')
		begin++;
	while (w->rest[begin + n] && w->rest[begin + n] != '/') {
		w->next[n] = w->rest[begin + n];
		n++;
	}
	w->next[n] = '\0';
	for (i = 0; w->rest[begin + n + i]; i++)
		put(&w->rest[i], w->rest[begin + n + i]);
	w->rest[i] = '\0';
	return n;
}

static bool is_last(const struct walk *w)
{
	for (const char *c = w->rest; *c; c++)
		if (*c != '/')
			return false;
	return true;
}

static void up(struct walk *w)
{
	while (w->done_len && w->done[--w->done_len] != '/')
		;
	w->done[w->done_len] = '\0';
}

/* w->next is a link, open as fd: where it leads is walked next. */
static long follow(struct walk *w, int fd)
{
	if (w->links++ >= LINKS_MAX || (w->nofollow && is_last(w)))
		return -ELOOP;
	long n = nk_raw4(SYS_readlinkat, fd, "", w->next, PATH_SIZE - 1);
	if (n < 0)
		return n;
	w->next[n] = '\0';
	if (w->next[0] == '/')
		w->done[w->done_len = 0] = '\0';
	return prepend(w);
}

static long make(const struct walk *w)
{
	long parent = open_in(w->root, w->done, O_DIRECTORY), ret;

	if (parent < 0)
		return parent;
	if (w->dir || !is_last(w))
		ret = nk_raw3(SYS_mkdirat, parent, w->next, 0755);
	else
		ret = nk_raw4(SYS_mknodat, parent, w->next, S_IFREG | 0644, 0);
	nk_raw1(SYS_close, parent);
	return ret == -EEXIST ? 0 : ret;
}

/* One part: a link is followed, what is missing is made. */
static long part(struct walk *w, size_t n)
{
	struct stat st;
	size_t before = w->done_len;

	if (n == 1 && w->next[0] == '.')
		return 0;
	if (n == 2 && w->next[0] == '.' && w->next[1] == '.') {
		up(w);
		return 0;
	}
	if (w->done_len + n + 2 > PATH_SIZE)
		return -ENAMETOOLONG;
	if (w->done_len)
		w->done[w->done_len++] = '/';
	for (size_t i = 0; i <= n; i++)
		put(&w->done[w->done_len + i], w->next[i]);
	w->done_len += n;
	long fd = open_in(w->root, w->done, O_NOFOLLOW);
	if (fd == -ENOENT) {
		w->done[w->done_len = before] = '\0';
		long ret = make(w);
		if (ret < 0)
			return ret;
		/* Once more, to see what is there now. */
		return prepend(w);
	}
	if (fd < 0)
		return fd;
	long ret = nk_raw4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH);
	if (ret >= 0 && S_ISLNK(st.st_mode)) {
		w->done[w->done_len = before] = '\0';
		ret = follow(w, (int)fd);
	}
	nk_raw1(SYS_close, fd);
	return ret;
}

long nk_place(int root, const char *path, bool dir, bool nofollow)
{
	uint64_t last = (dir ? O_DIRECTORY : 0) | (nofollow ? O_NOFOLLOW : 0);
	long ret = open_in(root, path, last);
	struct walk w;
	size_t n, limit = 0;

	if (ret != -ENOENT)
		return ret;
	w.root = root;
	w.dir = dir;
	w.nofollow = nofollow;
	w.done_len = w.links = 0;
	w.done[0] = w.rest[0] = '\0';
	n = length(path);
	if (n >= PATH_SIZE)
		return -ENAMETOOLONG;
	for (size_t i = 0; i <= n; i++)
		put(&w.rest[i], path[i]);
	while ((n = take(&w))) {
		/* Somebody who takes away what is made could keep this going. */
		if (++limit > PATH_SIZE)
			return -ELOOP;
		ret = part(&w, n);
		if (ret < 0)
			return ret;
	}
	return open_in(root, w.done, last | O_NOFOLLOW);
}
