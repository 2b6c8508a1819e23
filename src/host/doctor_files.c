/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: overlays, idmapped mounts, and what covers /proc and /sys. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "host/doctor_parts.h"
#include "host/text.h"
#include "host/visible.h"

struct file_try {
	bool root;
	const char *path; /* NULL: on a fresh tmpfs */
};

/* Into a mount namespace of our own, with a small tmpfs at /tmp to play in. */
static int own_tmpfs(const struct file_try *t)
{
	int err = 0;

	if (!t->root)
		err = nk_doctor_enter(CLONE_NEWNS);
	else if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		err = errno;
	if (err)
		return err;
	return mount("nook", "/tmp", "tmpfs", 0, "size=64k,mode=755") ? errno : 0;
}

/* Answer of the probe: all is well but for `rm -r` of a directory below. */
enum { NO_MARKS = 250 };

static int make_file(const char *path)
{
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? errno : 0;
}

static int probe_overlay(void *arg)
{
	const struct file_try *t = arg;
	static const char *const dirs[] = {"/tmp/l", "/tmp/l/d", "/tmp/u", "/tmp/w", "/tmp/m"};
	int err = own_tmpfs(t);

	for (size_t i = 0; !err && i < NK_COUNT(dirs); i++)
		err = mkdir(dirs[i], 0755) ? errno : 0;
	if (!err)
		err = make_file("/tmp/l/d/file");
	if (err)
		return err;
	/* In a user namespace overlayfs keeps its notes in user.* attributes. */
	const char *options = t->root ? "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w"
				      : "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr";
	if (mount("overlay", "/tmp/m", "overlay", 0, options))
		return errno;
	err = make_file("/tmp/m/file");
	/* rm -r: the directory has to be marked, as what is below would be seen again. */
	if (!err && (unlink("/tmp/m/d/file") || rmdir("/tmp/m/d")))
		err = errno == EIO ? NO_MARKS : errno;
	return err;
}

static void tell_overlay(struct nk_doctor *d, const char *name, int err, const char *good,
			 const char *bad, const char *mend)
{
	if (err == NO_MARKS)
		nk_doctor_add(
			d, name, NK_CHECK_WARN,
			"Linux 6.6, or as root a --rootfs DIR:O with the host's users",
			"%s; but rm -r of a directory that was there before answers EIO: tmpfs has "
			"no user xattrs here",
			good);
	else if (err)
		nk_doctor_add(d, name, NK_CHECK_WARN, mend, "%s: %s", bad, strerror(err));
	else
		nk_doctor_add(d, name, NK_CHECK_OK, mend, "%s", good);
}

static void overlay(struct nk_doctor *d)
{
	struct file_try t = {.root = nk_doctor_is_root(d)};
	int err = nk_doctor_try(probe_overlay, &t);

	tell_overlay(d, "overlay", err, "changes are thrown away",
		     "throw-away changes over a directory",
		     err == ENODEV ? "modprobe overlay (as root; a line in "
				     "/etc/modules-load.d keeps it)"
				   : "nook run binds read-only where it cannot overlay; inside "
				     "another container give that one --privileged or a "
				     "volume to work on");
	if (!t.root)
		return;
	t.root = false;
	err = nk_doctor_try(probe_overlay, &t);
	tell_overlay(d, "overlay, users", err, "in a user namespace, with userxattr",
		     "in a user namespace", "needs Linux 5.11 and user namespaces");
}

/* A user namespace to map by: of a child that waits in it until we are done. */
static int userns_fd(pid_t *child)
{
	int ready[2];
	char path[64], c = 0;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	*child = fork();
	if (*child == 0) {
		c = (char)nk_doctor_enter(0);
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	_close_ int in = ready[0];
	if (*child < 0)
		return -errno;
	if (read(in, &c, 1) != 1 || c)
		return c ? -c : -EIO;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", *child);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int probe_idmap(void *arg)
{
	const struct file_try *t = arg;
	pid_t child = -1;
	int err = own_tmpfs(t);

	if (err)
		return err;
	_close_ int tree = (int)syscall(SYS_open_tree, AT_FDCWD, t->path ? t->path : "/tmp",
					OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return errno;
	_close_ int userns = userns_fd(&child);
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
	if (userns < 0)
		err = -userns;
	else if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		err = errno;
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return err;
}

static void idmaps(struct nk_doctor *d)
{
	bool root = nk_doctor_is_root(d);
	/* Root of a user namespace is no root to a file system mounted outside of it. */
	bool disk_too = root && d->facts->initial_userns;
	struct file_try tmp = {.root = root}, disk = {.root = root, .path = "/usr"};
	struct nk_arena *a = d->arena;
	int on_tmp = nk_doctor_try(probe_idmap, &tmp), on_disk = nk_doctor_try(probe_idmap, &disk);
	bool good = !on_tmp && (!on_disk || !disk_too);

	nk_doctor_add(d, "idmapped mounts", good ? NK_CHECK_OK : NK_CHECK_WARN,
		      !disk_too ? "as an ordinary user only tmpfs can be, from Linux 6.3 on"
		      : on_tmp && !on_disk
			      ? "tmpfs can be from Linux 6.3 on"
			      : "the file system has to know them: ext4, xfs, btrfs do",
		      "the file system of /usr: %s; tmpfs: %s",
		      on_disk ? nk_fmt(a, "no (%s)", strerror(on_disk)) : "yes",
		      on_tmp ? nk_fmt(a, "no (%s)", strerror(on_tmp)) : "yes");
}

static void covered(struct nk_doctor *d, const char *mountinfo, const char *type, const char *name)
{
	const char *by = NULL;
	bool hidden = !mountinfo || nk_mounts_cover(d->arena, mountinfo, type, &by);
	/* Root of the machine's own user namespace may mount a new one all the same. */
	bool matters = hidden && !(d->facts->initial_userns && d->facts->sys_admin);

	nk_doctor_add(
		d, name, hidden ? NK_CHECK_WARN : NK_CHECK_OK,
		matters ? "the outer container masks it: start that one with --security-opt "
			  "unmask=ALL (Podman) or --security-opt systempaths=unconfined (Docker)"
			: "ordinary users' containers get the outer one; umount what covers it",
		"%s",
		hidden ? (by ? by : "cannot read /proc/self/mountinfo")
		       : "fully visible, so user namespaces may have a new one");
}

void nk_doctor_files(struct nk_doctor *d)
{
	_free_ char *mountinfo = nk_text_read("/proc/self/mountinfo", (size_t)64 << 20);

	d->group = "files";
	overlay(d);
	idmaps(d);
	covered(d, mountinfo, "proc", "/proc");
	covered(d, mountinfo, "sysfs", "/sys");
}
