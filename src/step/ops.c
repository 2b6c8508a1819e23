/* SPDX-License-Identifier: Apache-2.0 */
/* The table of ops, and the names of slots, actors, topics and messages. */
/* clang-format off: the tables are read in columns */
#include "step/ops.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define FD(nm, at)                                       \
	{                                                \
		.name = (nm), .kind = NK_A_FD, .i = (at) \
	}
#define STR(nm, at)                                       \
	{                                                 \
		.name = (nm), .kind = NK_A_STR, .i = (at) \
	}
#define FLAGS(nm, at, tab)                                                  \
	{                                                                   \
		.name = (nm), .kind = NK_A_FLAGS, .i = (at), .table = (tab) \
	}
#define ENUM(nm, at, tab)                                                  \
	{                                                                  \
		.name = (nm), .kind = NK_A_ENUM, .i = (at), .table = (tab) \
	}
#define NUM(nm, at)                                          \
	{                                                    \
		.name = (nm), .kind = NK_A_NUMBER, .i = (at) \
	}
#define OCTAL(nm, at)                                       \
	{                                                   \
		.name = (nm), .kind = NK_A_OCTAL, .i = (at) \
	}
#define ARG(nm, what, at)                               \
	{                                               \
		.name = (nm), .kind = (what), .i = (at) \
	}
#define CONST(nm, words)                                          \
	{                                                         \
		.name = (nm), .kind = NK_A_CONST, .text = (words) \
	}
/* members of a struct that the call takes by pointer */
#define SFLAGS(nm, at, tab)                                                                    \
	{                                                                                      \
		.name = (nm), .kind = NK_A_FLAGS, .i = (at), .table = (tab), .in_struct = true \
	}
#define SARG(nm, what, at)                                                 \
	{                                                                  \
		.name = (nm), .kind = (what), .i = (at), .in_struct = true \
	}
#define OPT .in_struct = true, .optional = true

static const struct nk_op_info ops[NK_OP_COUNT] = {
	[NK_OP_OPENAT2] =
		{"openat2",
		 "openat2",
		 {FD("dirfd", 0),
		  ARG("path", NK_A_FORMAT, 0),
		  SFLAGS("flags", 0, nk_flags_open),
		  {.name = "mode", .kind = NK_A_OCTAL, .i = 1, OPT},
		  {.name = "resolve", .kind = NK_A_FLAGS, .i = 2, .table = nk_flags_resolve, OPT}}},
	[NK_OP_MKDIRAT] = {"mkdirat",
			   "mkdirat",
			   {FD("dirfd", 0), STR("path", 0), OCTAL("mode", 0)}},
	[NK_OP_MKNODAT] = {"mknodat",
			   "mknodat",
			   {FD("dirfd", 0), STR("path", 0), FLAGS("mode", 0, nk_flags_mode),
			    ARG("dev", NK_A_DEV, 1)}},
	[NK_OP_SYMLINKAT] = {"symlinkat",
			     "symlinkat",
			     {STR("target", 0), FD("dirfd", 0), STR("path", 1)}},
	[NK_OP_FCHOWNAT] = {"fchownat",
			    "fchownat",
			    {FD("dirfd", 0), STR("path", 0), NUM("uid", 0), NUM("gid", 1),
			     FLAGS("flags", 2, nk_flags_at)}},
	[NK_OP_UNLINKAT] = {"unlinkat",
			    "unlinkat",
			    {FD("dirfd", 0), STR("path", 0), FLAGS("flags", 0, nk_flags_at)}},
	[NK_OP_WRITE] = {"write", "write", {FD("fd", 0), ARG("data", NK_A_TEXT, 0)}},
	[NK_OP_CLOSE] = {"close", "close", {FD("fd", 0)}},
	[NK_OP_OPEN_TREE] = {"open_tree",
			     "open_tree",
			     {FD("dirfd", 0), STR("path", 0),
			      FLAGS("flags", 0, nk_flags_open_tree)}},
	[NK_OP_FSOPEN] = {"fsopen", "fsopen", {STR("fsname", 0), CONST("flags", "FSOPEN_CLOEXEC")}},
	[NK_OP_FSCONFIG] = {"fsconfig",
			    "fsconfig",
			    {FD("fd", 0), ENUM("cmd", 0, nk_names_fsconfig), STR("key", 0),
			     ARG("value", NK_A_FORMAT, 1)}},
	[NK_OP_FSMOUNT] = {"fsmount",
			   "fsmount",
			   {FD("fd", 0), CONST("flags", "FSMOUNT_CLOEXEC"),
			    FLAGS("attr", 0, nk_flags_mount_attr)}},
	[NK_OP_MOVE_MOUNT] = {"move_mount",
			      "move_mount",
			      {FD("from_dirfd", 0), CONST("from_path", "\"\""), FD("to_dirfd", 1),
			       STR("to_path", 0), FLAGS("flags", 0, nk_flags_move_mount)}},
	[NK_OP_MOUNT_SETATTR] =
		{"mount_setattr",
		 "mount_setattr",
		 {FD("dirfd", 0),
		  STR("path", 0),
		  FLAGS("flags", 0, nk_flags_at),
		  {.name = "attr_set",
		   .kind = NK_A_FLAGS,
		   .i = 1,
		   .table = nk_flags_mount_attr,
		   OPT},
		  {.name = "attr_clr",
		   .kind = NK_A_FLAGS,
		   .i = 2,
		   .table = nk_flags_mount_attr,
		   OPT},
		  {.name = "propagation", .kind = NK_A_FLAGS, .i = 3, .table = nk_flags_ms, OPT},
		  {.name = "userns_fd", .kind = NK_A_FD, .i = 1, OPT}}},
	[NK_OP_UMOUNT2] = {"umount2",
			   "umount2",
			   {STR("path", 0), FLAGS("flags", 0, nk_flags_umount)}},
	[NK_OP_PIVOT_ROOT] = {"pivot_root", "pivot_root", {STR("new_root", 0), STR("put_old", 1)}},
	[NK_OP_FCHDIR] = {"fchdir", "fchdir", {FD("fd", 0)}},
	[NK_OP_CHDIR] = {"chdir", "chdir", {STR("path", 0)}},
	[NK_OP_CHROOT] = {"chroot", "chroot", {STR("path", 0)}},
	[NK_OP_UNSHARE] = {"unshare", "unshare", {FLAGS("flags", 0, nk_flags_clone)}},
	[NK_OP_SETNS] = {"setns", "setns", {FD("fd", 0), FLAGS("flags", 0, nk_flags_clone)}},
	[NK_OP_CLONE3] = {"clone3",
			  "clone3",
			  {SFLAGS("flags", 0, nk_flags_clone),
			   {.name = "cgroup", .kind = NK_A_FD, .i = 0, OPT},
			   {.name = "pidfd", .kind = NK_A_FD, .i = 1, OPT}}},
	[NK_OP_SETHOSTNAME] = {"sethostname", "sethostname", {STR("name", 0)}},
	[NK_OP_SETDOMAINNAME] = {"setdomainname", "setdomainname", {STR("name", 0)}},
	[NK_OP_SOCKET] = {"socket",
			  "socket",
			  {ENUM("family", 0, nk_names_family),
			   FLAGS("type", 1, nk_flags_socket_type), NUM("protocol", 2)}},
	[NK_OP_LINK_UP] =
		{"link_up",
		 "ioctl",
		 {FD("fd", 0),
		  CONST("request", "SIOCSIFFLAGS"),
		  SARG("name", NK_A_STR, 0),
		  {.name = "flags", .kind = NK_A_CONST, .text = "IFF_UP", .in_struct = true}}},
	[NK_OP_SETSID] = {"setsid", "setsid", {{0}}},
	[NK_OP_CTTY] = {"ctty",
			"ioctl",
			{FD("fd", 0), CONST("request", "TIOCSCTTY"), CONST("steal", "0")}},
	[NK_OP_PTY_UNLOCK] = {"pty_unlock",
			      "ioctl",
			      {FD("fd", 0), CONST("request", "TIOCSPTLCK"), CONST("lock", "[0]")}},
	[NK_OP_PTY_PEER] = {"pty_peer",
			    "ioctl",
			    {FD("fd", 0), CONST("request", "TIOCGPTPEER"),
			     CONST("flags", "O_RDWR|O_NOCTTY|O_CLOEXEC")}},
	[NK_OP_DUP3] = {"dup3",
			"dup3",
			{FD("oldfd", 0), NUM("newfd", 0), FLAGS("flags", 1, nk_flags_open)}},
	[NK_OP_TELL] = {"tell",
			"sendmsg",
			{FD("fd", 0),
			 ENUM("message", 0, nk_names_msg),
			 {.name = "carries", .kind = NK_A_FD, .i = 1, .optional = true}}},
	[NK_OP_AWAIT] = {"await", "recvmsg", {FD("fd", 0), ENUM("message", 0, nk_names_msg)}},
	[NK_OP_PRLIMIT] = {"prlimit",
			   "prlimit64",
			   {CONST("pid", "0"), ENUM("resource", 0, nk_names_rlimit),
			    SARG("soft", NK_A_LIMIT, 1), SARG("hard", NK_A_LIMIT, 2)}},
	[NK_OP_SETRESUID] = {"setresuid",
			     "setresuid",
			     {NUM("ruid", 0), NUM("euid", 0), NUM("suid", 0)}},
	[NK_OP_SETRESGID] = {"setresgid",
			     "setresgid",
			     {NUM("rgid", 0), NUM("egid", 0), NUM("sgid", 0)}},
	[NK_OP_SETGROUPS] = {"setgroups", "setgroups", {NUM("size", 0), ARG("list", NK_A_GIDS, 0)}},
	[NK_OP_PRCTL] = {"prctl",
			 "prctl",
			 {ENUM("option", 0, nk_names_prctl),
			  ARG("arg2", NK_A_PRCTL, 1),
			  {.name = "arg3", .kind = NK_A_PRCTL, .i = 2, .optional = true},
			  {.name = "arg4", .kind = NK_A_PRCTL, .i = 3, .optional = true}}},
	[NK_OP_CAPSET] = {"capset",
			  "capset",
			  {SARG("effective", NK_A_CAPS, 0), SARG("permitted", NK_A_CAPS, 1),
			   SARG("inheritable", NK_A_CAPS, 2)}},
	[NK_OP_SECCOMP] = {"seccomp",
			   "seccomp",
			   {CONST("operation", "SECCOMP_SET_MODE_FILTER"),
			    FLAGS("flags", 0, nk_flags_seccomp), ARG("filter", NK_A_FILTER, 0)}},
	[NK_OP_KEYRING] = {"keyring",
			   "keyctl",
			   {CONST("operation", "KEYCTL_JOIN_SESSION_KEYRING"), STR("name", 0)}},
	[NK_OP_CLOSE_RANGE] = {"close_range",
			       "close_range",
			       {NUM("first", 0),
				{.name = "last", .kind = NK_A_LIMIT, .i = 1},
				FLAGS("flags", 2, nk_flags_close_range)}},
	[NK_OP_UMASK] = {"umask", "umask", {OCTAL("mask", 0)}},
	[NK_OP_SIGMASK] = {"sigmask",
			   "rt_sigprocmask",
			   {CONST("how", "SIG_SETMASK"), ARG("set", NK_A_SIGSET, 0)}},
	[NK_OP_SIGDFL] = {"sigdfl", "rt_sigaction", {NUM("signal", 0), CONST("action", "SIG_DFL")}},
	[NK_OP_EXECVE] = {"execve",
			  "execve",
			  {STR("path", 0), ARG("argv", NK_A_ARGV, 0), ARG("envp", NK_A_ENVP, 1)}},
	[NK_OP_EXIT] = {"exit", "exit_group", {NUM("code", 0)}},
	[NK_OP_HELPER] = {"helper",
			  "execve",
			  {STR("path", 0),
			   ARG("argv", NK_A_ARGV, 0),
			   {.name = "number", .kind = NK_A_FD, .i = 0, .optional = true}}},
	[NK_OP_SOCKETPAIR] = {"socketpair",
			      "socketpair",
			      {ENUM("family", 0, nk_names_family),
			       FLAGS("type", 1, nk_flags_socket_type), CONST("protocol", "0"),
			       ARG("sv", NK_A_PAIR, 0)}},
	[NK_OP_PIDFD_OPEN] = {"pidfd_open",
			      "pidfd_open",
			      {{.name = "pid", .kind = NK_A_FD, .i = 0, .optional = true},
			       {.name = "number", .kind = NK_A_NUMBER, .i = 0, .optional = true},
			       CONST("flags", "0")}},
	[NK_OP_BPF_LOAD] = {"bpf_load",
			    "bpf",
			    {CONST("cmd", "BPF_PROG_LOAD"),
			     {.name = "prog_type",
			      .kind = NK_A_ENUM,
			      .i = 1,
			      .table = nk_names_bpf_prog,
			      .in_struct = true},
			     SARG("insns", NK_A_INSNS, 0),
			     SARG("license", NK_A_STR, 0)}},
	[NK_OP_BPF_ATTACH] = {"bpf_attach",
			      "bpf",
			      {CONST("cmd", "BPF_PROG_ATTACH"),
			       SARG("target_fd", NK_A_FD, 1),
			       SARG("attach_bpf_fd", NK_A_FD, 0),
			       {.name = "attach_type",
				.kind = NK_A_ENUM,
				.i = 0,
				.table = nk_names_bpf_attach,
				.in_struct = true},
			       SFLAGS("attach_flags", 1, nk_flags_bpf_attach)}},
	[NK_OP_FCHMODAT] = {"fchmodat",
			    "fchmodat",
			    {FD("dirfd", 0),
			     STR("path", 0),
			     OCTAL("mode", 0),
			     {.name = "mode_of", .kind = NK_A_FD, .i = 1, .optional = true}}},
	[NK_OP_MODE] = {"mode", "statx", {FD("fd", 0), CONST("mask", "STATX_MODE")}},
	[NK_OP_IS_DEVICE] = {"is_device",
			     "statx",
			     {FD("fd", 0), FLAGS("type", 0, nk_flags_mode),
			      ARG("rdev", NK_A_DEV, 1)}},
	[NK_OP_IS_FS] = {"is_fs", "fstatfs", {FD("fd", 0), ENUM("type", 0, nk_names_magic)}},
	[NK_OP_FACCESSAT] = {"faccessat",
			     "faccessat2",
			     {STR("path", 0),
			      CONST("mode", "X_OK"),
			      CONST("flags", "AT_EACCESS"),
			      {.name = "unless", .kind = NK_A_FD, .i = 1, .optional = true}}},
	[NK_OP_WAIT_START] = {"wait_start",
			      "accept4",
			      {FD("fd", 0), CONST("flags", "SOCK_CLOEXEC"),
			       ENUM("message", 0, nk_names_msg)}},
	[NK_OP_COPY_TREE] = {"copy_tree", "sendfile", {FD("from", 0), FD("to", 1)}},
	[NK_OP_PLACE] = {"place",
			 "openat2",
			 {FD("root", 0), STR("path", 0), FLAGS("flags", 0, nk_flags_place)}},
	[NK_OP_USERNS] = {"userns", "clone3", {STR("uid_map", 0), STR("gid_map", 1)}},
	[NK_OP_PRLIMIT_OF] = {"prlimit_of",
			      "prlimit64",
			      {FD("pid", 0), ENUM("resource", 0, nk_names_rlimit),
			       SARG("soft", NK_A_LIMIT, 1), SARG("hard", NK_A_LIMIT, 2)}},
	[NK_OP_PTY_SIZE] = {"pty_size",
			    "ioctl",
			    {FD("fd", 0), CONST("request", "TIOCSWINSZ"),
			     SARG("rows", NK_A_NUMBER, 0), SARG("columns", NK_A_NUMBER, 1)}},
	[NK_OP_SCHED_SETATTR] = {"sched_setattr",
				 "sched_setattr",
				 {CONST("pid", "0"), ARG("attr", NK_A_WORDS, 0)}},
	[NK_OP_SCHED_AFFINITY] = {"sched_setaffinity",
				  "sched_setaffinity",
				  {CONST("pid", "0"), ARG("mask", NK_A_WORDS, 0)}},
	[NK_OP_IOPRIO] = {"ioprio_set",
			  "ioprio_set",
			  {CONST("which", "IOPRIO_WHO_PROCESS"), CONST("who", "0"),
			   ARG("ioprio", NK_A_HEX, 0)}},
	[NK_OP_PERSONALITY] = {"personality", "personality", {ARG("persona", NK_A_HEX, 0)}},
	[NK_OP_NETLINK] = {"netlink",
			   "sendto",
			   {FD("fd", 0),
			    ARG("messages", NK_A_BATCH, 0),
			    {.name = "number", .kind = NK_A_FD, .i = 1, .optional = true}}},
	[NK_OP_BIND] = {"bind", "bind", {FD("fd", 0), ARG("address", NK_A_SOCKADDR, 0)}},
	[NK_OP_LISTEN] = {"listen", "listen", {FD("fd", 0), NUM("backlog", 0)}},
	[NK_OP_SETSOCKOPT] = {"setsockopt",
			      "setsockopt",
			      {FD("fd", 0), ENUM("level", 0, nk_names_sol), NUM("option", 1),
			       SARG("value", NK_A_NUMBER, 2)}},
	[NK_OP_COMPANION] = {"companion",
			     "execve",
			     {STR("path", 0),
			      ARG("argv", NK_A_ARGV, 0),
			      {.name = "number", .kind = NK_A_FD, .i = 0, .optional = true},
			      NUM("ready", 0)}},
	[NK_OP_READY] = {"ready", "read", {FD("companion", 0)}},
	[NK_OP_ASK] = {"ask", "sendto", {FD("dirfd", 0), STR("path", 0), STR("request", 1)}},
	[NK_OP_DISMISS] = {"dismiss",
			   "pidfd_send_signal",
			   {FD("pidfd", 0), CONST("signal", "SIGKILL")}},
	[NK_OP_MEMPOLICY] = {"set_mempolicy",
			     "set_mempolicy",
			     {ARG("mode", NK_A_HEX, 0), ARG("nodes", NK_A_WORDS, 0)}},
};

const struct nk_op_info *nk_op_info(unsigned op)
{
	static const struct nk_op_info unknown = {"unknown", "unknown", {{0}}};

	return op < NK_OP_COUNT && ops[op].name ? &ops[op] : &unknown;
}

const char *nk_op_syscall(enum nk_op op)
{
	return nk_op_info(op)->syscall;
}

const char *nk_actor_name(enum nk_actor a)
{
	const char *name = nk_enum_name(nk_names_actor, a);

	return name ? name : "unknown";
}

const char *nk_topic_name(enum nk_topic t)
{
	static const char *const names[NK_T_COUNT] = {
		[NK_T_CGROUP] = "cgroup",
		[NK_T_IDS] = "ids",
		[NK_T_NAMESPACES] = "namespaces",
		[NK_T_MOUNTS] = "mounts",
		[NK_T_ROOTFS] = "rootfs",
		[NK_T_PROC] = "proc",
		[NK_T_SYS] = "sys",
		[NK_T_DEV] = "dev",
		[NK_T_TMPFS] = "tmpfs",
		[NK_T_ETC] = "etc",
		[NK_T_VOLUME] = "volume",
		[NK_T_MASK] = "mask",
		[NK_T_PIVOT] = "pivot",
		[NK_T_NETWORK] = "network",
		[NK_T_HOSTNAME] = "hostname",
		[NK_T_TIME] = "time",
		[NK_T_TERMINAL] = "terminal",
		[NK_T_LIMITS] = "limits",
		[NK_T_SYSCTL] = "sysctl",
		[NK_T_USER] = "user",
		[NK_T_CAPABILITIES] = "capabilities",
		[NK_T_SECCOMP] = "seccomp",
		[NK_T_LABEL] = "label",
		[NK_T_DESCRIPTORS] = "descriptors",
		[NK_T_SESSION] = "session",
		[NK_T_SYNC] = "sync",
		[NK_T_EXEC] = "exec",
	};

	return (unsigned)t < NK_T_COUNT && names[t] ? names[t] : "unknown";
}

const char *nk_msg_name(enum nk_msg m)
{
	const char *name = nk_enum_name(nk_names_msg, m);

	return name ? name : "unknown";
}

/* A slot's own name with every character that C does not take in a name made "_". */
static void base_label(const struct nk_plan *p, int slot, char buf[NK_LABEL_MAX])
{
	const char *name = p->slot_name[slot];
	size_t n = 0;

	if (!name || !*name)
		name = "slot";
	if (isdigit((unsigned char)*name))
		buf[n++] = '_';
	for (; *name && n < NK_LABEL_MAX - 8; name++)
		buf[n++] =
			isalnum((unsigned char)*name) && (unsigned char)*name < 0x80 ? *name : '_';
	buf[n] = '\0';
}

const char *nk_slot_label(const struct nk_plan *p, int slot, char buf[NK_LABEL_MAX])
{
	char other[NK_LABEL_MAX];
	int same = 1;

	if (slot == NK_CWD)
		return strcpy(buf, "AT_FDCWD");
	if (slot < 0 || slot >= p->n_slots)
		return strcpy(buf, "-1");
	base_label(p, slot, buf);
	for (int i = 0; i < slot; i++) {
		base_label(p, i, other);
		same += strcmp(buf, other) == 0;
	}
	/* A name that ends as a counted one does could meet it: count it by its slot. */
	size_t end = strlen(buf);
	while (end && isdigit((unsigned char)buf[end - 1]))
		end--;
	if (end && end < strlen(buf) && buf[end - 1] == '_')
		same = slot;
	else if (same == 1)
		return buf;
	snprintf(buf + strlen(buf), 8, "_%d", same % NK_SLOT_MAX);
	return buf;
}

/*
 * The k-th TELL of a message answers the k-th AWAIT of it. "Of it" is by kind of
 * message and by side: nook on one, middle and init on the other.
 */
long nk_step_partner(const struct nk_plan *p, size_t index)
{
	const struct nk_step *s = &p->steps.v[index];
	uint8_t wanted = s->op == NK_OP_TELL ? NK_OP_AWAIT : NK_OP_TELL;
	size_t nth = 0;

	if (s->op != NK_OP_TELL && s->op != NK_OP_AWAIT)
		return -1;
	for (size_t i = 0; i < index; i++) {
		const struct nk_step *o = &p->steps.v[i];

		nth += o->op == s->op && o->n[0] == s->n[0] &&
		       (o->actor == NK_PARENT) == (s->actor == NK_PARENT);
	}
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *o = &p->steps.v[i];

		if (o->op == wanted && o->n[0] == s->n[0] &&
		    (o->actor == NK_PARENT) != (s->actor == NK_PARENT) && nth-- == 0)
			return (long)i;
	}
	return -1;
}
