/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpcopyup: what a directory holds, copied into another. The one step that is more than a call,
 * since no call does it; still without memory of its own, and by descriptors only: no link is
 * followed, and nothing but directories, files, links and fifos is copied (a device of the rootfs
 * is none of the container's).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include "child/child.h"
#include "child/raw.h"

enum { DEPTH_MAX = 64, BLOCK = 1 << 16 };

struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static long look(int dir, const char *name, struct statx *st)
{
	return nk_raw5(SYS_statx, dir, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		       STATX_BASIC_STATS, st);
}

static long open_below(int dir, const char *name, uint64_t flags, uint64_t mode)
{
	const struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};

	return nk_raw4(SYS_openat2, dir, name, &how, sizeof(how));
}

static long copy_data(int from, int to)
{
	for (;;) {
		long n = nk_raw4(SYS_sendfile, to, from, NULL, BLOCK);

		if (n <= 0)
			return n;
	}
}

static long copy_file(int from, int to, const char *name, const struct statx *st)
{
	struct statx now;
	long in = open_below(from, name, O_RDONLY | O_NONBLOCK, 0), ret;

	if (in < 0)
		return in;
	ret = look((int)in, "", &now);
	if (ret >= 0 && !S_ISREG(now.stx_mode))
		ret = -EBUSY; /* swapped meanwhile */
	if (ret < 0) {
		nk_raw1(SYS_close, in);
		return ret;
	}
	long out = open_below(to, name, O_WRONLY | O_CREAT | O_EXCL, st->stx_mode & 07777);
	if (out < 0) {
		nk_raw1(SYS_close, in);
		return out;
	}
	ret = copy_data((int)in, (int)out);
	nk_raw1(SYS_close, in);
	nk_raw1(SYS_close, out);
	return ret;
}

static long copy_link(int from, int to, const char *name)
{
	char target[4096];
	long n = nk_raw4(SYS_readlinkat, from, name, target, sizeof(target) - 1);

	if (n < 0)
		return n;
	target[n] = '\0';
	return nk_raw3(SYS_symlinkat, target, to, name);
}

/* Owner first: a change of it clears the setuid bit. */
static long give(int to, const char *name, const struct statx *st)
{
	struct timespec times[2] = {{st->stx_atime.tv_sec, st->stx_atime.tv_nsec},
				    {st->stx_mtime.tv_sec, st->stx_mtime.tv_nsec}};
	bool root = !*name;
	long ret = nk_raw5(SYS_fchownat, to, root ? "." : name, st->stx_uid, st->stx_gid,
			   AT_SYMLINK_NOFOLLOW);

	/* An owner that is not mapped here cannot be given. */
	if (ret < 0 && ret != -EPERM && ret != -EINVAL)
		return ret;
	if (!S_ISLNK(st->stx_mode))
		ret = nk_raw3(SYS_fchmodat, to, root ? "." : name, st->stx_mode & 07777);
	nk_raw4(SYS_utimensat, to, root ? "." : name, times, AT_SYMLINK_NOFOLLOW);
	return ret < 0 && ret != -EPERM && ret != -EINVAL ? ret : 0;
}

static long copy_dir(int from, int to, int depth);

static long copy_below(int from, int to, const char *name, int depth)
{
	long ret = nk_raw3(SYS_mkdirat, to, name, 0700);

	if (ret < 0)
		return ret;
	long in = open_below(from, name, O_RDONLY | O_DIRECTORY, 0);
	if (in < 0)
		return in == -EXDEV ? 0 : in; /* something is mounted there: only its place */
	long out = open_below(to, name, O_RDONLY | O_DIRECTORY, 0);
	ret = out < 0 ? out : copy_dir((int)in, (int)out, depth + 1);
	nk_raw1(SYS_close, in);
	if (out >= 0)
		nk_raw1(SYS_close, out);
	return ret;
}

static long copy_entry(int from, int to, const char *name, int depth)
{
	struct statx st;
	long ret = look(from, name, &st);

	if (ret < 0)
		return ret;
	if (S_ISDIR(st.stx_mode))
		ret = copy_below(from, to, name, depth);
	else if (S_ISREG(st.stx_mode))
		ret = copy_file(from, to, name, &st);
	else if (S_ISLNK(st.stx_mode))
		ret = copy_link(from, to, name);
	else if (S_ISFIFO(st.stx_mode))
		ret = nk_raw4(SYS_mknodat, to, name, S_IFIFO | 0600, 0);
	else
		return 0;
	return ret < 0 ? ret : give(to, name, &st);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static long copy_dir(int from, int to, int depth)
{
	_Alignas(8) char buf[2048];
	long n, ret = 0;

	if (depth > DEPTH_MAX)
		return -ELOOP;
	while (ret >= 0 && (n = nk_raw3(SYS_getdents64, from, buf, sizeof(buf))) != 0) {
		if (n < 0)
			return n;
		for (long at = 0; at < n && ret >= 0;) {
			const struct entry *e = (const void *)(buf + at);

			if (!is_dots(e->name))
				ret = copy_entry(from, to, e->name, depth);
			at += e->reclen;
		}
	}
	return ret;
}

long nk_copy_tree(int from, int to)
{
	struct statx st;
	long ret = look(from, "", &st);
	/* Both are O_PATH; to read them they are opened once more. */
	long in = ret < 0 ? ret
			  : nk_raw4(SYS_openat, from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long out =
		in < 0 ? in : nk_raw4(SYS_openat, to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	ret = out < 0 ? out : copy_dir((int)in, (int)out, 0);
	if (ret >= 0)
		ret = give((int)out, "", &st);
	if (in >= 0)
		nk_raw1(SYS_close, in);
	if (out >= 0)
		nk_raw1(SYS_close, out);
	return ret < 0 ? ret : 0;
}
