/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that look before something is trusted, and the wait for `start`. */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "child/child.h"
#include "child/protocol.h"
#include "child/raw.h"

static int slot(const struct nk_run *run, int index)
{
	return index >= 0 ? run->slots[index] : index == NK_CWD ? AT_FDCWD : -1;
}

/* The kernel's struct statx, of which glibc's <sys/stat.h> has the same layout. */
static long look(int fd, struct statx *st)
{
	return nk_raw5(SYS_statx, fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MODE | STATX_TYPE,
		       st);
}

static long mode_of(int fd)
{
	struct statx st;
	long ret = look(fd, &st);

	return ret < 0 ? ret : st.stx_mode & 07777;
}

static long is_device(int fd, const struct nk_step *s)
{
	struct statx st;
	long ret = look(fd, &st);

	if (ret < 0)
		return ret;
	return (st.stx_mode & S_IFMT) == (s->n[0] & S_IFMT) &&
			       st.stx_rdev_major == major(s->n[1]) &&
			       st.stx_rdev_minor == minor(s->n[1])
		       ? 0
		       : -ENODEV;
}

static long is_fs(int fd, const struct nk_step *s)
{
	struct statfs fs;
	long ret = nk_raw2(SYS_fstatfs, fd, &fs);

	return ret < 0 ? ret : (uint64_t)fs.f_type == s->n[0] ? 0 : -EXDEV;
}

/* What execve() will say, but for the format: a directory is executable, too, and no program. */
static long is_program(const char *path)
{
	struct statx st;
	long ret = nk_raw4(SYS_faccessat2, AT_FDCWD, path, 1 /* X_OK */, AT_EACCESS);

	if (ret == 0)
		ret = nk_raw5(SYS_statx, AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &st);
	return ret < 0 ? ret : (st.stx_mode & S_IFMT) == S_IFREG ? 0 : -EACCES;
}

/* A `start` that was killed before it spoke has changed nothing: wait for the next one. */
static long wait_start(int fd, const struct nk_step *s)
{
	struct nk_message m;

	for (;;) {
		long line = nk_raw4(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC);

		if (line == -EINTR || line == -ECONNABORTED)
			continue;
		if (line < 0)
			return line;
		long n = nk_raw(SYS_recvfrom, line, NK_ARG(&m), sizeof(m), 0, 0, 0);
		if (n == sizeof(m) && m.type == s->n[0])
			return line;
		nk_raw1(SYS_close, line);
	}
}

long nk_step_look(struct nk_run *run, const struct nk_step *s)
{
	int fd0 = slot(run, s->fd[0]);

	switch ((enum nk_op)s->op) {
	case NK_OP_FCHMODAT:
		if (s->fd[1] >= 0 && slot(run, s->fd[1]) < 0)
			return -EBADF;
		return nk_raw3(SYS_fchmodat, fd0, s->s[0],
			       s->fd[1] >= 0 ? (uint64_t)slot(run, s->fd[1]) : s->n[0]);
	case NK_OP_MODE:
		return mode_of(fd0);
	case NK_OP_IS_DEVICE:
		return is_device(fd0, s);
	case NK_OP_IS_FS:
		return is_fs(fd0, s);
	case NK_OP_FACCESSAT:
		if (s->fd[1] >= 0 && slot(run, s->fd[1]) >= 0)
			return slot(run, s->fd[1]);
		return is_program(s->s[0]);
	case NK_OP_COPY_TREE:
		return nk_copy_tree(fd0, slot(run, s->fd[1]));
	case NK_OP_PLACE:
#ifdef NK_WEAKEN
		nk_place_weak = s->n[1];
#endif
		return nk_place(fd0, s->s[0], s->n[0] & O_DIRECTORY, s->n[0] & O_NOFOLLOW);
	case NK_OP_USERNS:
		return nk_userns(s->s[0], s->s[1]);
	case NK_OP_WAIT_START:
		return wait_start(fd0, s);
	default:
		return nk_step_net(run, s);
	}
}
