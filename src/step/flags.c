/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the numbers that system calls take. */
/* clang-format off: the tables are read in columns */
#include "step/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define BIT(name)                                         \
	{                                                 \
		(uint64_t)(name), (uint64_t)(name), #name \
	}
#define IS(value)                                       \
	{                                               \
		~(uint64_t)0, (uint64_t)(value), #value \
	}
#define END                \
	{                  \
		0, 0, NULL \
	}

const struct nk_flag nk_flags_open[] = {
	{O_PATH | O_ACCMODE, O_RDONLY, "O_RDONLY"},
	{O_ACCMODE, O_WRONLY, "O_WRONLY"},
	{O_ACCMODE, O_RDWR, "O_RDWR"},
	BIT(O_PATH),
	BIT(O_TMPFILE),
	BIT(O_DIRECTORY),
	BIT(O_NOFOLLOW),
	BIT(O_CREAT),
	BIT(O_EXCL),
	BIT(O_TRUNC),
	BIT(O_APPEND),
	BIT(O_NONBLOCK),
	BIT(O_NOCTTY),
	BIT(O_CLOEXEC),
	END,
};
const struct nk_flag nk_flags_place[] = {
	BIT(O_DIRECTORY),
	BIT(O_NOFOLLOW),
	END,
};
const struct nk_flag nk_flags_resolve[] = {
	BIT(RESOLVE_NO_XDEV),
	BIT(RESOLVE_NO_MAGICLINKS),
	BIT(RESOLVE_NO_SYMLINKS),
	BIT(RESOLVE_BENEATH),
	BIT(RESOLVE_IN_ROOT),
	BIT(RESOLVE_CACHED),
	END,
};
const struct nk_flag nk_flags_at[] = {
	BIT(AT_EMPTY_PATH),
	BIT(AT_SYMLINK_NOFOLLOW),
	BIT(AT_SYMLINK_FOLLOW),
	BIT(AT_RECURSIVE),
	BIT(AT_REMOVEDIR),
	BIT(AT_NO_AUTOMOUNT),
	END,
};
const struct nk_flag nk_flags_open_tree[] = {
	BIT(OPEN_TREE_CLONE),
	BIT(AT_RECURSIVE),
	BIT(AT_EMPTY_PATH),
	BIT(AT_SYMLINK_NOFOLLOW),
	BIT(AT_NO_AUTOMOUNT),
	BIT(OPEN_TREE_CLOEXEC),
	END,
};
const struct nk_flag nk_flags_mount_attr[] = {
	BIT(MOUNT_ATTR_RDONLY),
	BIT(MOUNT_ATTR_NOSUID),
	BIT(MOUNT_ATTR_NODEV),
	BIT(MOUNT_ATTR_NOEXEC),
	BIT(MOUNT_ATTR_NODIRATIME),
	BIT(MOUNT_ATTR_NOSYMFOLLOW),
	BIT(MOUNT_ATTR_IDMAP),
	{MOUNT_ATTR__ATIME, MOUNT_ATTR__ATIME, "MOUNT_ATTR__ATIME"}, /* what attr_clr takes */
	BIT(MOUNT_ATTR_NOATIME),
	BIT(MOUNT_ATTR_STRICTATIME),
	END,
};
const struct nk_flag nk_flags_move_mount[] = {
	BIT(MOVE_MOUNT_F_SYMLINKS),
	BIT(MOVE_MOUNT_F_AUTOMOUNTS),
	BIT(MOVE_MOUNT_F_EMPTY_PATH),
	BIT(MOVE_MOUNT_T_SYMLINKS),
	BIT(MOVE_MOUNT_T_AUTOMOUNTS),
	BIT(MOVE_MOUNT_T_EMPTY_PATH),
	BIT(MOVE_MOUNT_SET_GROUP),
	{0x200, 0x200, "MOVE_MOUNT_BENEATH"},
	END,
};
const struct nk_flag nk_flags_ms[] = {
	BIT(MS_PRIVATE), BIT(MS_SLAVE), BIT(MS_SHARED),	 BIT(MS_UNBINDABLE),
	BIT(MS_REC),	 BIT(MS_BIND),	BIT(MS_REMOUNT), BIT(MS_RDONLY),
	BIT(MS_NOSUID),	 BIT(MS_NODEV), BIT(MS_NOEXEC),	 END,
};
const struct nk_flag nk_flags_umount[] = {
	BIT(MNT_FORCE), BIT(MNT_DETACH), BIT(MNT_EXPIRE), BIT(UMOUNT_NOFOLLOW), END,
};
const struct nk_flag nk_flags_clone[] = {
	BIT(CLONE_NEWUSER),
	BIT(CLONE_NEWPID),
	BIT(CLONE_NEWNS),
	BIT(CLONE_NEWUTS),
	BIT(CLONE_NEWIPC),
	BIT(CLONE_NEWNET),
	BIT(CLONE_NEWCGROUP),
	{0x80, 0x80, "CLONE_NEWTIME"},
	{0x1000, 0x1000, "CLONE_PIDFD"},
	{0x200000000, 0x200000000, "CLONE_INTO_CGROUP"},
	{0x100000000, 0x100000000, "CLONE_CLEAR_SIGHAND"},
	BIT(CLONE_PARENT),
	BIT(CLONE_VM),
	BIT(CLONE_VFORK),
	BIT(CLONE_FS),
	BIT(CLONE_FILES),
	BIT(CLONE_SIGHAND),
	BIT(CLONE_SYSVSEM),
	END,
};
const struct nk_flag nk_flags_close_range[] = {
	BIT(CLOSE_RANGE_UNSHARE),
	BIT(CLOSE_RANGE_CLOEXEC),
	END,
};
const struct nk_flag nk_flags_seccomp[] = {
	BIT(SECCOMP_FILTER_FLAG_TSYNC),	      BIT(SECCOMP_FILTER_FLAG_LOG),
	BIT(SECCOMP_FILTER_FLAG_SPEC_ALLOW),  BIT(SECCOMP_FILTER_FLAG_NEW_LISTENER),
	BIT(SECCOMP_FILTER_FLAG_TSYNC_ESRCH), END,
};
const struct nk_flag nk_flags_securebits[] = {
	BIT(SECBIT_NOROOT),
	BIT(SECBIT_NOROOT_LOCKED),
	BIT(SECBIT_NO_SETUID_FIXUP),
	BIT(SECBIT_NO_SETUID_FIXUP_LOCKED),
	BIT(SECBIT_KEEP_CAPS),
	BIT(SECBIT_KEEP_CAPS_LOCKED),
	BIT(SECBIT_NO_CAP_AMBIENT_RAISE),
	BIT(SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED),
	END,
};
const struct nk_flag nk_flags_mode[] = {
	{S_IFMT, S_IFREG, "S_IFREG"}, {S_IFMT, S_IFCHR, "S_IFCHR"},   {S_IFMT, S_IFBLK, "S_IFBLK"},
	{S_IFMT, S_IFIFO, "S_IFIFO"}, {S_IFMT, S_IFSOCK, "S_IFSOCK"}, END,
};
const struct nk_flag nk_flags_socket_type[] = {
	{0xf, SOCK_STREAM, "SOCK_STREAM"},
	{0xf, SOCK_DGRAM, "SOCK_DGRAM"},
	{0xf, SOCK_RAW, "SOCK_RAW"},
	{0xf, SOCK_SEQPACKET, "SOCK_SEQPACKET"},
	BIT(SOCK_CLOEXEC),
	BIT(SOCK_NONBLOCK),
	END,
};

const struct nk_flag nk_flags_bpf_attach[] = {
	BIT(BPF_F_ALLOW_OVERRIDE),
	BIT(BPF_F_ALLOW_MULTI),
	BIT(BPF_F_REPLACE),
	END,
};

const struct nk_flag nk_names_bpf_prog[] = {IS(BPF_PROG_TYPE_CGROUP_DEVICE), END};
const struct nk_flag nk_names_bpf_attach[] = {IS(BPF_CGROUP_DEVICE), END};
const struct nk_flag nk_names_fsconfig[] = {
	IS(FSCONFIG_SET_FLAG),	 IS(FSCONFIG_SET_STRING),      IS(FSCONFIG_SET_BINARY),
	IS(FSCONFIG_SET_PATH),	 IS(FSCONFIG_SET_PATH_EMPTY),  IS(FSCONFIG_SET_FD),
	IS(FSCONFIG_CMD_CREATE), IS(FSCONFIG_CMD_RECONFIGURE), END,
};
const struct nk_flag nk_names_prctl[] = {
	IS(PR_SET_PDEATHSIG),	    IS(PR_SET_DUMPABLE),
	IS(PR_SET_KEEPCAPS),	    IS(PR_SET_NAME),
	IS(PR_CAPBSET_DROP),	    IS(PR_SET_SECUREBITS),
	IS(PR_SET_NO_NEW_PRIVS),    IS(PR_CAP_AMBIENT),
	IS(PR_SET_CHILD_SUBREAPER), END,
};
const struct nk_flag nk_names_ambient[] = {
	IS(PR_CAP_AMBIENT_IS_SET),
	IS(PR_CAP_AMBIENT_RAISE),
	IS(PR_CAP_AMBIENT_LOWER),
	IS(PR_CAP_AMBIENT_CLEAR_ALL),
	END,
};
const struct nk_flag nk_names_magic[] = {
	IS(PROC_SUPER_MAGIC),
	IS(SYSFS_MAGIC),
	IS(DEVPTS_SUPER_MAGIC),
	END,
};
const struct nk_flag nk_names_rlimit[] = {
	IS(RLIMIT_CPU),
	IS(RLIMIT_FSIZE),
	IS(RLIMIT_DATA),
	IS(RLIMIT_STACK),
	IS(RLIMIT_CORE),
	IS(RLIMIT_RSS),
	IS(RLIMIT_NPROC),
	IS(RLIMIT_NOFILE),
	IS(RLIMIT_MEMLOCK),
	IS(RLIMIT_AS),
	IS(RLIMIT_LOCKS),
	IS(RLIMIT_SIGPENDING),
	IS(RLIMIT_MSGQUEUE),
	IS(RLIMIT_NICE),
	IS(RLIMIT_RTPRIO),
	IS(RLIMIT_RTTIME),
	END,
};
const struct nk_flag nk_names_family[] = {
	IS(AF_UNIX), IS(AF_INET), IS(AF_INET6), IS(AF_NETLINK), IS(AF_PACKET), IS(AF_VSOCK), END,
};
const struct nk_flag nk_names_sol[] = {
	IS(SOL_SOCKET), IS(IPPROTO_IP), IS(IPPROTO_TCP), IS(IPPROTO_IPV6), IS(SOL_NETLINK), END,
};
const struct nk_flag nk_names_actor[] = {
	{~0ULL, NK_PARENT, "parent"},
	{~0ULL, NK_MIDDLE, "middle"},
	{~0ULL, NK_INIT, "init"},
	{~0ULL, NK_AFTER, "after"},
	END,
};
const struct nk_flag nk_names_msg[] = {
	{~0ULL, NK_MSG_NONE, "NONE"},
	{~0ULL, NK_MSG_ERROR, "ERROR"},
	{~0ULL, NK_MSG_PID, "PID"},
	{~0ULL, NK_MSG_MAPPED, "MAPPED"},
	{~0ULL, NK_MSG_PLACED, "PLACED"},
	{~0ULL, NK_MSG_TERMINAL, "TERMINAL"},
	{~0ULL, NK_MSG_ALIVE, "ALIVE"},
	{~0ULL, NK_MSG_WANT_MAP, "WANT_MAP"},
	{~0ULL, NK_MSG_HOOKS, "HOOKS"},
	{~0ULL, NK_MSG_READY, "READY"},
	{~0ULL, NK_MSG_GO, "GO"},
	{~0ULL, NK_MSG_START, "START"},
	{~0ULL, NK_MSG_WALL, "WALL"},
	{~0ULL, NK_MSG_CARDS, "CARDS"},
	{~0ULL, NK_MSG_LISTENER, "LISTENER"},
	END,
};

const char *nk_flag_next(const struct nk_flag *table, size_t *at, uint64_t *value)
{
	for (; table[*at].name; (*at)++) {
		const struct nk_flag *f = &table[*at];

		if ((*value & f->mask) == f->value && (f->value || *at == 0)) {
			*value &= ~f->value;
			(*at)++;
			return f->name;
		}
	}
	return NULL;
}

const char *nk_enum_name(const struct nk_flag *table, uint64_t value)
{
	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	return NULL;
}

const char *nk_flag_cap(unsigned cap)
{
#define CAP(name) [name] = #name
	static const char *const names[] = {
		CAP(CAP_CHOWN),
		CAP(CAP_DAC_OVERRIDE),
		CAP(CAP_DAC_READ_SEARCH),
		CAP(CAP_FOWNER),
		CAP(CAP_FSETID),
		CAP(CAP_KILL),
		CAP(CAP_SETGID),
		CAP(CAP_SETUID),
		CAP(CAP_SETPCAP),
		CAP(CAP_LINUX_IMMUTABLE),
		CAP(CAP_NET_BIND_SERVICE),
		CAP(CAP_NET_BROADCAST),
		CAP(CAP_NET_ADMIN),
		CAP(CAP_NET_RAW),
		CAP(CAP_IPC_LOCK),
		CAP(CAP_IPC_OWNER),
		CAP(CAP_SYS_MODULE),
		CAP(CAP_SYS_RAWIO),
		CAP(CAP_SYS_CHROOT),
		CAP(CAP_SYS_PTRACE),
		CAP(CAP_SYS_PACCT),
		CAP(CAP_SYS_ADMIN),
		CAP(CAP_SYS_BOOT),
		CAP(CAP_SYS_NICE),
		CAP(CAP_SYS_RESOURCE),
		CAP(CAP_SYS_TIME),
		CAP(CAP_SYS_TTY_CONFIG),
		CAP(CAP_MKNOD),
		CAP(CAP_LEASE),
		CAP(CAP_AUDIT_WRITE),
		CAP(CAP_AUDIT_CONTROL),
		CAP(CAP_SETFCAP),
		CAP(CAP_MAC_OVERRIDE),
		CAP(CAP_MAC_ADMIN),
		CAP(CAP_SYSLOG),
		CAP(CAP_WAKE_ALARM),
		CAP(CAP_BLOCK_SUSPEND),
		CAP(CAP_AUDIT_READ),
		CAP(CAP_PERFMON),
		CAP(CAP_BPF),
		CAP(CAP_CHECKPOINT_RESTORE),
	};
#undef CAP
	return cap < sizeof(names) / sizeof(names[0]) ? names[cap] : NULL;
}

const char *nk_flag_signal(unsigned sig)
{
	static _Thread_local char name[16];
	const char *abbrev = sigabbrev_np((int)sig);

	if (!abbrev)
		return NULL;
	strcpy(name, "SIG");
	strncat(name, abbrev, sizeof(name) - 4);
	return name;
}

const char *nk_flag_errno(int err)
{
	return err > 0 ? strerrorname_np(err) : NULL;
}
