/* SPDX-License-Identifier: Apache-2.0 */
/* What the child of a visit does: join, read, send, end. */
#include "ns/visitor.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/cleanup.h"

/* The mount namespace last: what is opened by path before it is ours. */
static const enum nk_ns_kind order[] = {NK_NS_UTS, NK_NS_IPC,  NK_NS_NET,  NK_NS_CGROUP,
					NK_NS_PID, NK_NS_TIME, NK_NS_MOUNT};

static int join(struct nk_visitor *v, enum nk_ns_kind k)
{
	if (nk_ns_subject_ours(v->s, k))
		return 0;
	if (v->s->fd[k] < 0)
		return v->s->err[k];
	return setns(v->s->fd[k], (int)nk_ns_clone_flag(k)) ? errno : 0;
}

void nk_visitor_join(struct nk_visitor *v, unsigned kinds, bool with_user)
{
	bool refused = false;

	for (size_t i = 0; i < NK_COUNT(order); i++) {
		enum nk_ns_kind k = order[i];
		if (!(kinds >> k & 1))
			continue;
		v->joined[k] = join(v, k);
		refused |= v->joined[k] == EPERM;
	}
	if (!(kinds >> NK_NS_USER & 1) && !(refused && with_user))
		return;
	v->joined[NK_NS_USER] = join(v, NK_NS_USER);
	for (size_t i = 0; i < NK_COUNT(order) && with_user && !v->joined[NK_NS_USER]; i++)
		if (kinds >> order[i] & 1 && v->joined[order[i]] == EPERM)
			v->joined[order[i]] = join(v, order[i]);
}

static void send_all(struct nk_visitor *v, const void *data, size_t n)
{
	const char *at = data;

	while (n) {
		ssize_t done = write(v->out, at, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			_exit(1);
		at += done;
		n -= (size_t)done;
	}
}

static void answer(struct nk_visitor *v, enum nk_visit_part p, int err, const void *data, size_t n)
{
	struct nk_visit_head head = {p, err, err ? 0 : n};

	send_all(v, &head, sizeof(head));
	if (!err)
		send_all(v, data, n);
}

/* A file of our /proc, which answers for the namespaces of who opens it. */
static int read_file(struct nk_visitor *v, const char *path, char **out, size_t *n)
{
	_close_ int fd = openat(v->proc, path, O_RDONLY | O_CLOEXEC);
	size_t cap = 16384;
	char *buf = fd < 0 ? NULL : malloc(cap);

	*n = 0;
	if (!buf)
		return fd < 0 ? errno : ENOMEM;
	for (;;) {
		ssize_t got = read(fd, buf + *n, cap - *n);
		if (got <= 0) {
			*out = buf;
			return got < 0 ? errno : 0;
		}
		*n += (size_t)got;
		if (*n < cap)
			continue;
		cap *= 2;
		char *more = cap <= NK_VISIT_MAX ? realloc(buf, cap) : NULL;
		if (!more) {
			free(buf);
			return EFBIG;
		}
		buf = more;
	}
}

static void file(struct nk_visitor *v, enum nk_visit_part p, const char *path)
{
	char *data = NULL;
	size_t n;
	int err = read_file(v, path, &data, &n);

	answer(v, p, err, data, n);
	free(data);
}

/* A mqueue file system of this IPC namespace, mounted nowhere. -errno. */
static int mqueue(void)
{
	_close_ int fs = (int)syscall(SYS_fsopen, "mqueue", 1 /* FSOPEN_CLOEXEC */);
	_close_ int mount = -EBADF;
	int fd;

	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
		return -errno;
	mount = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
	/* What fsmount gives is O_PATH: it cannot be listed. */
	fd = mount < 0 ? -1 : openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* "QSIZE:12 NOTIFY:…": how many bytes wait in the queue. 0 where it may not be read. */
static unsigned long long waiting(int dir, const char *name)
{
	_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[64] = {0};

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 6 || strncmp(text, "QSIZE:", 6) != 0)
		return 0;
	return strtoull(text + 6, NULL, 10);
}

static void queues(struct nk_visitor *v)
{
	int root = mqueue();

	/* A mount wants CAP_SYS_ADMIN over the mount namespace: behind a joined user namespace
	 * that is a copy of our mounts that belongs to it. */
	if (root == -EPERM && !unshare(CLONE_NEWNS))
		root = mqueue();

	int err = root < 0 ? -root : 0;
	_closedir_ DIR *dir = root < 0 ? NULL : fdopendir(root);
	_free_ char *data = NULL; /* before out, whose end writes to it */
	_fclose_ FILE *out = NULL;
	struct dirent *d;
	size_t n = 0;

	if (dir)
		out = open_memstream(&data, &n);
	while (out && (d = readdir(dir)) && ftell(out) < NK_VISIT_MAX / 2) {
		struct stat st;
		if (d->d_name[0] == '.' && (!d->d_name[1] || !strcmp(d->d_name, "..")))
			continue;
		if (fstatat(root, d->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		fprintf(out, "%o %u %llu %s%c", (unsigned)st.st_mode & 0777, (unsigned)st.st_uid,
			waiting(root, d->d_name), d->d_name, 0);
	}
	if (out)
		fflush(out);
	answer(v, NK_VISIT_MQUEUE, err ? err : out ? 0 : ENOMEM, data, n);
}

static void dump(struct nk_visitor *v, enum nk_visit_part p, int type)
{
	char *data = NULL;
	ssize_t n = nk_visitor_dump(type, &data);

	answer(v, p, n < 0 ? (int)-n : 0, data, n < 0 ? 0 : (size_t)n);
	free(data);
}

static void read_part(struct nk_visitor *v, enum nk_visit_part p)
{
	static const char *const files[NK_VISIT_COUNT] = {
		[NK_VISIT_LOW_PORT] = "sys/net/ipv4/ip_unprivileged_port_start",
		[NK_VISIT_TCP] = "self/net/tcp",
		[NK_VISIT_TCP6] = "self/net/tcp6",
		[NK_VISIT_UDP] = "self/net/udp",
		[NK_VISIT_UDP6] = "self/net/udp6",
		[NK_VISIT_UNIX] = "self/net/unix",
		[NK_VISIT_MSG] = "sysvipc/msg",
		[NK_VISIT_SEM] = "sysvipc/sem",
		[NK_VISIT_SHM] = "sysvipc/shm",
		[NK_VISIT_UID_MAP] = "self/uid_map",
		[NK_VISIT_GID_MAP] = "self/gid_map",
		[NK_VISIT_SETGROUPS] = "self/setgroups",
		[NK_VISIT_OFFSETS] = "self/timens_offsets",
		[NK_VISIT_MOUNTS] = "self/mountinfo",
	};
	struct utsname names;
	char path[48];

	switch ((int)p) {
	case NK_VISIT_UTS:
		answer(v, p, uname(&names) ? errno : 0, &names, sizeof(names));
		break;
	case NK_VISIT_LINKS:
		dump(v, p, RTM_GETLINK);
		break;
	case NK_VISIT_ADDRESSES:
		dump(v, p, RTM_GETADDR);
		break;
	case NK_VISIT_ROUTES:
		dump(v, p, RTM_GETROUTE);
		break;
	case NK_VISIT_MQUEUE:
		queues(v);
		break;
	case NK_VISIT_CGROUP:
		snprintf(path, sizeof(path), "%d/cgroup", (int)v->s->pid);
		file(v, p, v->s->pid ? path : "self/cgroup");
		break;
	default:
		file(v, p, files[p]);
	}
}

void nk_visitor_read(struct nk_visitor *v, unsigned wanted)
{
	for (unsigned p = 0; p < NK_VISIT_COUNT; p++) {
		if (!(wanted >> p & 1))
			continue;
		int err = v->joined[nk_visit_kind((enum nk_visit_part)p)];
		if (err)
			answer(v, (enum nk_visit_part)p, err, NULL, 0);
		else
			read_part(v, (enum nk_visit_part)p);
	}
}
