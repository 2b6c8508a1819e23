/* SPDX-License-Identifier: Apache-2.0 */
#include "base/weaken.h"
#include "cli-runtime/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SELF "/proc/self/exe"
enum { OUT_OF_THE_WAY = 60 }; /* behind 64 the table of descriptors grows */
enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* Those of which a process goes into a container. */
static bool goes_inside(int argc, char **argv)
{
	static const char *const commands[] = {"create", "run", "exec", "restore"};

	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < NK_COUNT(commands); k++)
			if (!strcmp(argv[i], commands[k]))
				return true;
	return false;
}

static bool sealed(void)
{
	struct statfs fs;

	if (!statfs(SELF, &fs) && (fs.f_flags & ST_RDONLY))
		return true;
	_close_ int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	return seals >= 0 && (seals & SEALS) == SEALS;
}

/*
 * Nobody in a container of an ordinary user is who the file belongs to: root of the machine is
 * not mapped in its namespace. Then it cannot be written, and nothing has to be done.
 */
static bool others_own(void)
{
	struct stat st;

	return geteuid() != 0 && !stat(SELF, &st) && st.st_uid == 0 && st.st_gid == 0 &&
	       !(st.st_mode & 0022);
}

/* The file by a mount of its own, which is in no namespace and read-only. */
static int from_mount(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	_close_ int fd = (int)syscall(SYS_open_tree, AT_FDCWD, SELF, OPEN_TREE_CLONE);

	if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return nk_take_fd(&fd);
}

/* Where vm.memfd_noexec is set, what is to be executed has to be asked for (Linux 6.3). */
static int executable_memory(void)
{
	int fd = memfd_create("nook-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("nook-runtime", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static int from_memory(void)
{
	_close_ int from = open(SELF, O_RDONLY | O_CLOEXEC);
	_close_ int to = executable_memory();
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return -errno;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	if (fchmod(to, 0500) < 0 || fcntl(to, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return nk_take_fd(&to);
}

/*
 * The kernel calls what execveat() executes by descriptor /dev/fd/N (AT_EXECFN). One that is no
 * O_PATH is not ours.
 */
int nk_sealed_fd(void)
{
	static const char prefix[] = "/dev/fd/";
	const char *name = (const char *)getauxval(AT_EXECFN);
	char *end;

	if (!name || strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return 0;

	int fd = (int)strtol(name + sizeof(prefix) - 1, &end, 10);
	int flags = *end ? -1 : fcntl(fd, F_GETFL);

	if (flags < 0 || !(flags & O_PATH))
		return 0;

	int away = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);

	close(fd);
	return away < 0 ? 0 : away;
}

int nk_sealed_self(int argc, char **argv, struct nk_err *e)
{
	return goes_inside(argc, argv) ? nk_sealed_now(argv, e) : 0;
}

int nk_sealed_now(char **argv, struct nk_err *e)
{
	if (nk_weak("CVE-2019-5736") || others_own() || sealed())
		return 0;

	_close_ int fd = from_mount();

	if (fd < 0)
		fd = from_memory();
	if (fd < 0)
		return nk_fail(e, -fd, "make a copy of this program that containers cannot write");
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return nk_fail(e, errno, "execute the copy of this program");
}
