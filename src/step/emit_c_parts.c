/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=c: the head of the program, its support functions and its arrays. */
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "step/emit_c.h"
#include "step/text.h"

bool nk_c_has_op(const struct nk_plan *p, enum nk_op op, int actor)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == op && (actor < 0 || p->steps.v[i].actor == actor))
			return true;
	return false;
}

/* The container's pty comes with a message that no step of the parent awaits: it
 * may come while the parent does something else. */
bool nk_c_has_terminal(const struct nk_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].op == NK_OP_TELL && p->steps.v[i].n[0] == NK_MSG_TERMINAL)
			return true;
	return false;
}

static const char head[] =
	"/*\n"
	" * What nook does, as a program: the same system calls in the same order,\n"
	" * written by its --explain=c. Build and run it:\n"
	" *\n"
	" *     cc -O2 -Wall -Wextra -static -o start start.c && ./start\n"
	" *\n"
	" * main() is nook, %s.\n"
	" * The numbers are those of --explain. It ends with the exit code of\n"
	" * the command, 128 + N where signal N ended it, 125 where a step failed, 126\n"
	" * where the command could not be executed and 127 where it was not found.\n"
	" */\n"
	"#define _GNU_SOURCE\n";

static const char includes[] =
	"#include <errno.h>\n#include <fcntl.h>\n#include <grp.h>\n#include <linux/bpf.h>\n"
	"#include <linux/capability.h>\n#include <linux/close_range.h>\n#include <linux/filter.h>\n"
	"#include <linux/keyctl.h>\n#include <linux/netlink.h>\n#include "
	"<linux/openat2.h>\n#include <linux/sched.h>\n"
	"#include <linux/seccomp.h>\n#include <linux/securebits.h>\n#include <net/if.h>\n"
	"#include <netinet/in.h>\n#include <poll.h>\n#include <sched.h>\n#include "
	"<signal.h>\n#include <stdarg.h>\n"
	"#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
	"#include <sys/ioctl.h>\n#include <sys/mount.h>\n#include <sys/prctl.h>\n"
	"#include <sys/resource.h>\n#include <sys/socket.h>\n#include <sys/stat.h>\n"
	"#include <sys/syscall.h>\n#include <sys/sysmacros.h>\n#include <sys/un.h>\n#include "
	"<sys/vfs.h>\n#include "
	"<sys/wait.h>\n"
	"#include <termios.h>\n#include <unistd.h>\n\n"
	"#ifndef MOVE_MOUNT_BENEATH\n#define MOVE_MOUNT_BENEATH 0x200\n#endif\n\n";

void nk_c_head(FILE *out, const struct nk_plan *p)
{
	bool between = nk_c_has_op(p, NK_OP_CLONE3, NK_MIDDLE);

	fprintf(out, head,
		!nk_c_has_op(p, NK_OP_CLONE3, -1) ? "and becomes the command"
		: between ? "container() the process that becomes the command,\n"
			    " * middle() one in between that can start it"
			  : "container() the process that becomes the command");
	fprintf(out, "%senum { STEPS = %zu };\n\n", includes, p->steps.n);
	fputs("/* What the processes say to each other, over a SOCK_SEQPACKET pair. */\n"
	      "enum message { MSG_NONE, MSG_ERROR, MSG_PID, MSG_MAPPED, MSG_PLACED, MSG_TERMINAL,\n"
	      "\tMSG_ALIVE, MSG_WANT_MAP,\n"
	      "\tMSG_HOOKS, MSG_READY, MSG_GO, MSG_START, MSG_WALL, MSG_CARDS,\n"
	      "\tMSG_LISTENER };\n"
	      "struct message_body {\n\tuint32_t type;\n\tint32_t step, err, value;\n};\n\n",
	      out);
}

static const char control[] =
	"static char done[STEPS + 1]; /* which steps came off: after() undoes only these */\n"
	"static int in_child;\n"
	"static void after(void);\n\n"
	"/* A cgroup is busy for a moment while its last process goes. */\n"
	"__attribute__((unused)) static int take_away(int dir, const char *path, int flags)\n{\n"
	"\tint r;\n\n"
	"\tfor (int i = 0; (r = unlinkat(dir, path, flags)) < 0 && errno == EBUSY && i < 400; "
	"i++)\n"
	"\t\tusleep(5000);\n\treturn r;\n}\n\n"
	"static int wait_for(pid_t pid)\n{\n"
	"\tint status;\n\n"
	"\twhile (waitpid(pid, &status, __WALL) < 0)\n"
	"\t\tif (errno != EINTR)\n\t\t\treturn 125;\n"
	"\treturn WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);\n}\n\n"
	"/* Wait for the container and clean up; with a code of our own (not -1) end it first. */\n"
	"static int finish(int code)\n{\n"
	"\tint ended = 125;\n\n"
	"\tif (code >= 0) {\n"
	"\t\tclose(socket_fd);\n"
	"\t\tif (middle_pid > 0)\n\t\t\tkill(middle_pid, SIGKILL);\n"
	"\t\tif (init_pid > 0)\n\t\t\tkill(init_pid, SIGKILL);\n\t}\n"
	"\tif (middle_pid > 0)\n\t\tended = wait_for(middle_pid);\n"
	"\tif (init_pid > 0)\n\t\tended = wait_for(init_pid);\n"
	"\tafter();\n"
	"\treturn code >= 0 ? code : ended;\n}\n\n"
	"static void give_up(int code)\n{\n"
	"\tif (in_child)\n\t\t_exit(code);\n"
	"\texit(finish(code));\n}\n\n"
	"/* must(STEP, CALL, ERRNO\342\200\246): the call works, or fails in one of these ways, or "
	"we stop. */\n"
	"static int check(int step, long result, const int *tolerated, int fatal)\n{\n"
	"\tif (result >= 0) {\n\t\tdone[step] = 1;\n\t\treturn (int)result;\n\t}\n"
	"\tfor (; *tolerated; tolerated++)\n\t\tif (errno == *tolerated)\n\t\t\treturn -1;\n"
	"\tfprintf(stderr, \"step %d of %d: %s\\n\", step, STEPS, strerror(errno));\n"
	"\tif (fatal)\n\t\tgive_up(125);\n"
	"\treturn -1;\n}\n"
	"#define must(step, call, ...) \\\n"
	"\tcheck((step), (call), (const int[]){__VA_ARGS__ __VA_OPT__(,) 0}, 1)\n"
	"#define try(step, call, ...) \\\n"
	"\tcheck((step), (call), (const int[]){__VA_ARGS__ __VA_OPT__(,) 0}, 0)\n\n"
	"/* Who wants to end nook wants to end the container. */\n"
	"static void forward(int signal)\n{\n"
	"\tpid_t to = init_pid > 0 ? init_pid : middle_pid;\n\n"
	"\tif (to > 0)\n\t\tkill(to, signal);\n}\n\n"
	"static void forward_signals(void)\n{\n"
	"\tstatic const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};\n"
	"\tstruct sigaction action = {.sa_handler = forward, .sa_flags = SA_RESTART};\n\n"
	"\tfor (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)\n"
	"\t\tsigaction(signals[i], &action, NULL);\n}\n\n"
	"/* A string with a number in it that is known only now. */\n"
	"__attribute__((unused, format(printf, 1, 2)))\n"
	"static const char *line(const char *format, ...)\n{\n"
	"\tstatic char text[4][4096];\n\tstatic unsigned next;\n\tva_list ap;\n\n"
	"\tva_start(ap, format);\n"
	"\tvsnprintf(text[++next % 4], sizeof(text[0]), format, ap);\n"
	"\tva_end(ap);\n\treturn text[next % 4];\n}\n\n";

static const struct {
	enum nk_op op;
	const char *text;
} support[] = {
	{NK_OP_OPENAT2, "static int open_at(int dir, const char *path, int flags, unsigned mode, "
			"unsigned resolve)\n{\n"
			"\tstruct open_how how = {(unsigned)flags, mode, resolve};\n\n"
			"\treturn (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));\n}\n\n"},
	{NK_OP_WRITE, "/* Files of the kernel take a text whole or not at all. */\n"
		      "static int put(int fd, const char *text)\n{\n"
		      "\tsize_t length = strlen(text);\n"
		      "\tssize_t n = write(fd, text, length);\n\n"
		      "\tif (n >= 0 && (size_t)n < length)\n\t\terrno = ENOSPC;\n"
		      "\treturn n >= 0 && (size_t)n == length ? 0 : -1;\n}\n\n"},
	{NK_OP_SOCKETPAIR, "static int make_pair(int family, int type, int *other)\n{\n"
			   "\tint pair[2];\n\n"
			   "\tif (socketpair(family, type, 0, pair) < 0)\n\t\treturn -1;\n"
			   "\t*other = pair[1];\n\treturn pair[0];\n}\n\n"},
	{NK_OP_CLONE3,
	 "/* fork() with more to say: which namespaces are new, which cgroup to be born in. */\n"
	 "static int start(void (*actor)(void), unsigned long long flags, int cgroup, int "
	 "*pidfd)\n{\n"
	 "\tstruct clone_args args = {\n\t\t.flags = flags,\n"
	 "\t\t.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,\n"
	 "\t\t.pidfd = flags & CLONE_PIDFD ? (uintptr_t)pidfd : 0,\n"
	 "\t\t.cgroup = flags & CLONE_INTO_CGROUP ? (unsigned)cgroup : 0,\n\t};\n"
	 "\tlong pid = syscall(SYS_clone3, &args, sizeof(args));\n\n"
	 "\tif (pid != 0)\n\t\treturn (int)pid;\n"
	 "\tif (!in_child) { /* the child's end of the pair is the other one */\n"
	 "\t\tint own = peer_fd;\n\n\t\tpeer_fd = socket_fd;\n\t\tsocket_fd = own;\n\t}\n"
	 "\tin_child = 1;\n\tactor();\n\t_exit(125);\n}\n\n"},
	{NK_OP_TELL,
	 "static int tell(int fd, enum message type, int carried)\n{\n"
	 "\tstruct message_body body = {.type = type, .value = type == MSG_PID ? carried : 0};\n"
	 "\tstruct iovec iov = {&body, sizeof(body)};\n"
	 "\tunion {\n\t\tstruct cmsghdr header;\n\t\tchar space[CMSG_SPACE(sizeof(int))];\n"
	 "\t} rights = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};\n"
	 "\tstruct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};\n\n"
	 "\tif (type != MSG_PID && carried >= 0) { /* a descriptor goes along */\n"
	 "\t\tmessage.msg_control = &rights;\n\t\tmessage.msg_controllen = sizeof(rights.space);\n"
	 "\t\tmemcpy(CMSG_DATA(&rights.header), &carried, sizeof(int));\n\t}\n"
	 "\treturn sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;\n}\n\n"},
	{NK_OP_AWAIT,
	 "/* The number or the descriptor that the message brings. */\n"
	 "static int await(int fd, enum message type)\n{\n"
	 "\tstatic int terminal = -1; /* it may come while something else is awaited */\n"
	 "\tstruct message_body body = {0};\n"
	 "\tstruct iovec iov = {&body, sizeof(body)};\n"
	 "\tunion {\n\t\tstruct cmsghdr header;\n\t\tchar space[CMSG_SPACE(sizeof(int))];\n"
	 "\t} rights = {0};\n"
	 "\tstruct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1,\n"
	 "\t\t.msg_control = in_child ? NULL : &rights,\n"
	 "\t\t.msg_controllen = in_child ? 0 : sizeof(rights.space)};\n"
	 "\tssize_t n;\n\n"
	 "\tif (type == MSG_TERMINAL && terminal >= 0)\n\t\treturn terminal;\n"
	 "\twhile ((n = recvmsg(fd, &message, in_child ? 0 : MSG_CMSG_CLOEXEC)) == sizeof(body) "
	 "&&\n"
	 "\t       body.type == MSG_TERMINAL && type != MSG_TERMINAL)\n"
	 "\t\tmemcpy(&terminal, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));\n"
	 "\tif (n == 0) { /* the other side is gone, and has said why */\n"
	 "\t\tif (in_child)\n\t\t\t_exit(125);\n\t\texit(finish(-1));\n\t}\n"
	 "\tif (n != sizeof(body) || body.type != type) {\n"
	 "\t\terrno = n < 0 ? errno : EPROTO;\n\t\treturn -1;\n\t}\n"
	 "\tif (CMSG_FIRSTHDR(&message))\n"
	 "\t\tmemcpy(&body.value, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));\n"
	 "\treturn body.value;\n}\n\n"},
	{NK_OP_LINK_UP, "static int link_up(int fd, const char *name, short flags)\n{\n"
			"\tstruct ifreq request = {.ifr_flags = flags};\n\n"
			"\tstrncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);\n"
			"\treturn ioctl(fd, SIOCSIFFLAGS, &request);\n}\n\n"},
	{NK_OP_CAPSET,
	 "static int set_capabilities(uint64_t effective, uint64_t permitted, uint64_t "
	 "inheritable)\n{\n"
	 "\tstruct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};\n"
	 "\tstruct __user_cap_data_struct data[2] = {\n"
	 "\t\t{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},\n"
	 "\t\t{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),\n"
	 "\t\t (uint32_t)(inheritable >> 32)}};\n\n"
	 "\treturn (int)syscall(SYS_capset, &header, data);\n}\n\n"},
	{NK_OP_HELPER,
	 "/* A small setuid program that may write what we may not: newuidmap, newgidmap. */\n"
	 "static int run_helper(const char *path, const char *const argv[])\n{\n"
	 "\tpid_t pid = fork();\n\n"
	 "\tif (pid == 0) {\n\t\texecv(path, (char *const "
	 "*)(uintptr_t)argv);\n\t\t_exit(127);\n\t}\n"
	 "\terrno = EPERM;\n"
	 "\treturn pid > 0 && wait_for(pid) == 0 ? 0 : -1;\n}\n\n"},
	{NK_OP_COMPANION,
	 "static int ready_fd = -1;\n\n"
	 "/* A program that works beside the container, and ends with us. */\n"
	 "static int companion(int ready, const char *path, const char *const argv[])\n{\n"
	 "\tint tell[2], fd;\n\tpid_t pid, parent = getpid();\n\n"
	 "\tif (pipe(tell) < 0)\n\t\treturn -1;\n"
	 "\tpid = fork();\n"
	 "\tif (pid == 0) {\n"
	 "\t\tprctl(PR_SET_PDEATHSIG, SIGKILL);\n"
	 "\t\tif (getppid() != parent)\n\t\t\t_exit(1);\n"
	 "\t\tsetsid();\n"
	 "\t\tfd = open(\"/dev/null\", O_RDWR);\n"
	 "\t\tdup2(fd, 0);\n\t\tdup2(fd, 1);\n\t\tdup2(tell[1], ready);\n"
	 "\t\tclose_range((unsigned)ready < 3 ? 3 : (unsigned)ready + 1, ~0U, 0);\n"
	 "\t\texecv(path, (char *const *)(uintptr_t)argv);\n\t\t_exit(127);\n\t}\n"
	 "\tclose(tell[1]);\n\tready_fd = tell[0];\n"
	 "\tfcntl(ready_fd, F_SETFD, FD_CLOEXEC);\n"
	 "\treturn pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);\n}\n\n"},
	{NK_OP_READY, "static int companion_ready(void)\n{\n"
		      "\tchar word[64];\n"
		      "\tssize_t n = read(ready_fd, word, sizeof(word));\n\n"
		      "\tclose(ready_fd);\n\terrno = EPIPE;\n\treturn n > 0 ? 0 : -1;\n}\n\n"},
	{NK_OP_ASK, "/* It may be ready before its socket is. */\n"
		    "static int ask(int dir, const char *path, const char *request)\n{\n"
		    "\tstruct sockaddr_un to = {.sun_family = AF_UNIX};\n"
		    "\tint fd = socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0), tries = 200;\n"
		    "\tchar answer[1024];\n\tssize_t n = -1;\n\n"
		    "\tif (dir >= 0)\n\t\tpath = line(\"/proc/self/fd/%d/%s\", dir, path);\n"
		    "\tstrncpy(to.sun_path, path, sizeof(to.sun_path) - 1);\n"
		    "\twhile (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)\n"
		    "\t\tif (--tries < 0 || (errno != ENOENT && errno != ECONNREFUSED) || "
		    "usleep(10000))\n"
		    "\t\t\treturn -1;\n"
		    "\tif (write(fd, request, strlen(request)) > 0 && shutdown(fd, SHUT_WR) == 0)\n"
		    "\t\tn = read(fd, answer, sizeof(answer) - 1);\n"
		    "\tclose(fd);\n\terrno = EADDRINUSE;\n"
		    "\tanswer[n < 0 ? 0 : n] = 0;\n"
		    "\treturn n > 0 && !strstr(answer, \"\\\"error\\\"\") ? 0 : -1;\n}\n\n"},
	{NK_OP_DISMISS, "static int dismiss(int pidfd)\n{\n"
			"\tsiginfo_t info;\n\n"
			"\tsyscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);\n"
			"\treturn waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);\n}\n\n"},
	{NK_OP_EXIT, "static int leave(int code)\n{\n\t_exit(code);\n}\n\n"},
	{NK_OP_BPF_LOAD,
	 "static int bpf_load(unsigned type, const void *insns, unsigned count, const char "
	 "*license)\n{\n"
	 "\tunion bpf_attr attr;\n\n\tmemset(&attr, 0, sizeof(attr));\n"
	 "\tattr.prog_type = type;\n\tattr.insns = (uintptr_t)insns;\n\tattr.insn_cnt = count;\n"
	 "\tattr.license = (uintptr_t)license;\n"
	 "\treturn (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));\n}\n\n"},
	{NK_OP_BPF_ATTACH,
	 "static int bpf_attach(int program, int target, unsigned type, unsigned flags)\n{\n"
	 "\tunion bpf_attr attr;\n\n\tmemset(&attr, 0, sizeof(attr));\n"
	 "\tattr.target_fd = (unsigned)target;\n\tattr.attach_bpf_fd = (unsigned)program;\n"
	 "\tattr.attach_type = type;\n\tattr.attach_flags = flags;\n"
	 "\treturn (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr));\n}\n\n"},
	{NK_OP_MODE,
	 "/* Permission bits of what a descriptor stands for. */\n"
	 "static int mode_of(int fd)\n{\n"
	 "\tstruct stat st;\n\n"
	 "\treturn fstatat(fd, \"\", &st, AT_EMPTY_PATH) < 0 ? -1 : (int)(st.st_mode & 07777);\n"
	 "}\n\n"},
	{NK_OP_IS_DEVICE,
	 "/* Is it the device that it should be, and not what somebody has put there? */\n"
	 "static int is_device(int fd, mode_t type, dev_t dev)\n{\n"
	 "\tstruct stat st;\n\n"
	 "\tif (fstatat(fd, \"\", &st, AT_EMPTY_PATH) < 0)\n\t\treturn -1;\n"
	 "\terrno = ENODEV;\n"
	 "\treturn (st.st_mode & S_IFMT) == type && st.st_rdev == dev ? 0 : -1;\n}\n\n"},
	{NK_OP_IS_FS, "static int is_fs(int fd, unsigned long type)\n{\n"
		      "\tstruct statfs fs;\n\n"
		      "\tif (fstatfs(fd, &fs) < 0)\n\t\treturn -1;\n"
		      "\terrno = EXDEV;\n"
		      "\treturn (unsigned long)fs.f_type == type ? 0 : -1;\n}\n\n"},
	{NK_OP_FACCESSAT,
	 "/* The places of PATH, until one of them has the command. */\n"
	 "static int look_for(int found, const char *path)\n{\n"
	 "\treturn found >= 0 ? found\n"
	 "\t\t: (int)syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS);\n}\n\n"},
	{NK_OP_COPY_TREE,
	 "/* What one directory holds into another: cp does what nook does without it. */\n"
	 "static int copy_tree(int from, int to)\n{\n"
	 "\tpid_t pid = fork();\n\tint status = -1;\n\n"
	 "\tif (pid == 0) {\n"
	 "\t\tchar place[32];\n\n"
	 "\t\tsnprintf(place, sizeof(place), \"/proc/self/fd/%d/.\", dup(to));\n"
	 "\t\tif (fchdir(from) == 0)\n"
	 "\t\t\texeclp(\"cp\", \"cp\", \"-a\", \"-x\", \".\", place, (char *)NULL);\n"
	 "\t\t_exit(127);\n\t}\n"
	 "\twaitpid(pid, &status, 0);\n"
	 "\terrno = EIO;\n"
	 "\treturn status == 0 ? 0 : -1;\n}\n\n"},
	{NK_OP_PLACE,
	 "/* A place for a mount inside; what is missing of it is made. (nook also makes what a "
	 "link\n"
	 " * leads to that leads nowhere.) */\n"
	 "static int place(int root, const char *path, int flags)\n{\n"
	 "\tstruct open_how how = {O_PATH|O_CLOEXEC, 0, RESOLVE_IN_ROOT};\n"
	 "\tchar part[4096];\n\n"
	 "\tfor (const char *end = path; end; ) {\n"
	 "\t\thow.flags = (unsigned)(O_PATH|O_CLOEXEC|flags);\n"
	 "\t\tint fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));\n\n"
	 "\t\tif (fd >= 0 || errno != ENOENT)\n\t\t\treturn fd;\n"
	 "\t\thow.flags = O_PATH|O_CLOEXEC|O_DIRECTORY;\n"
	 "\t\tfd = root;\n"
	 "\t\tif (end > path) {\n"
	 "\t\t\tsnprintf(part, sizeof(part), \"%.*s\", (int)(end - path), path);\n"
	 "\t\t\tfd = (int)syscall(SYS_openat2, root, part, &how, sizeof(how));\n\t\t}\n"
	 "\t\tconst char *name = end > path ? end + 1 : end;\n\n"
	 "\t\tend = strchr(name, '/');\n"
	 "\t\tsnprintf(part, sizeof(part), \"%.*s\", end ? (int)(end - name) : (int)strlen(name), "
	 "name);\n"
	 "\t\tif ((end || (flags & O_DIRECTORY) ? mkdirat(fd, part, 0755)\n"
	 "\t\t\t\t\t\t      : mknodat(fd, part, S_IFREG|0644, 0)) < 0 &&\n"
	 "\t\t    errno != EEXIST)\n\t\t\treturn -1;\n"
	 "\t\tif (fd != root)\n\t\t\tclose(fd);\n"
	 "\t\tif (!end) {\n"
	 "\t\t\thow.flags = (unsigned)(O_PATH|O_CLOEXEC|flags);\n"
	 "\t\t\treturn (int)syscall(SYS_openat2, root, path, &how, sizeof(how));\n\t\t}\n"
	 "\t}\n\treturn -1;\n}\n\n"},
	{NK_OP_USERNS,
	 "static int write_map(pid_t pid, const char *name, const char *text)\n{\n"
	 "\tint fd = open(line(\"/proc/%d/%s\", pid, name), O_WRONLY|O_CLOEXEC);\n"
	 "\tint ret = fd < 0 ? -1 : (int)write(fd, text, strlen(text));\n\n"
	 "\tif (fd >= 0)\n\t\tclose(fd);\n\treturn ret < 0 ? -1 : 0;\n}\n\n"
	 "/* A user namespace for the maps of a mount: nobody lives in it. */\n"
	 "static int userns(const char *uids, const char *gids)\n{\n"
	 "\tstruct clone_args args = {.flags = CLONE_NEWUSER};\n"
	 "\tpid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));\n"
	 "\tint fd = -1;\n\n"
	 "\tif (pid == 0)\n\t\tfor (;;)\n\t\t\tpause();\n"
	 "\tif (pid > 0 && write_map(pid, \"uid_map\", uids) == 0 &&\n"
	 "\t    write_map(pid, \"gid_map\", gids) == 0)\n"
	 "\t\tfd = open(line(\"/proc/%d/ns/user\", pid), O_RDONLY|O_CLOEXEC);\n"
	 "\tint error = errno;\n\n"
	 "\tif (pid > 0) {\n\t\tkill(pid, SIGKILL);\n\t\twaitpid(pid, NULL, __WALL);\n\t}\n"
	 "\terrno = error;\n\treturn fd;\n}\n\n"},
	{NK_OP_WAIT_START,
	 "/* Who connects to the socket and says so lets the command begin. */\n"
	 "static int wait_start(int fd, enum message type)\n{\n"
	 "\tstruct message_body body;\n\n"
	 "\tfor (;;) {\n"
	 "\t\tint line = accept4(fd, NULL, NULL, SOCK_CLOEXEC);\n\n"
	 "\t\tif (line < 0 || (recv(line, &body, sizeof(body), 0) == sizeof(body) &&\n"
	 "\t\t\t\t body.type == type))\n\t\t\treturn line;\n"
	 "\t\tclose(line);\n\t}\n}\n\n"},
	{NK_OP_EXECVE,
	 "/* Become the command. The places of PATH are tried one after the other. */\n"
	 "static void run_(int step, const char *path, char *const *argv, char *const *env,\n"
	 "\t\t const int *tolerated)\n{\n"
	 "\tstatic int telling = ENOENT; /* found, but not executable, says more than not found "
	 "*/\n\n"
	 "\texecve(path, argv, env);\n"
	 "\tif (errno != ENOENT && errno != ENOTDIR)\n\t\ttelling = errno;\n"
	 "\tfor (; *tolerated; tolerated++)\n\t\tif (errno == *tolerated)\n\t\t\treturn;\n"
	 "\tfprintf(stderr, \"step %d of %d: %s: %s\\n\", step, STEPS, argv[0], "
	 "strerror(telling));\n"
	 "\tgive_up(telling == ENOENT ? 127 : 126);\n}\n"
	 "#define run(step, path, argv, env, ...) \\\n"
	 "\trun_((step), (path), (argv), (env), (const int[]){__VA_ARGS__ __VA_OPT__(,) 0})\n\n"},
};

static const char relay[] =
	"static int pty; /* the master of the container's terminal */\n\n"
	"static void resize(int signal)\n{\n"
	"\tstruct winsize size;\n\n\t(void)signal;\n"
	"\tif (ioctl(0, TIOCGWINSZ, &size) == 0)\n\t\tioctl(pty, TIOCSWINSZ, &size);\n}\n\n"
	"/* Keys go in, what the container writes comes out, until it has ended. */\n"
	"static void relay(void)\n{\n"
	"\tpty = must(0, await(socket_fd, MSG_TERMINAL));\n\n"
	"\tstruct pollfd on[] = {{0, POLLIN, 0}, {pty, POLLIN, 0},\n"
	"\t\t{(int)syscall(SYS_pidfd_open, init_pid, 0), POLLIN, 0}};\n"
	"\tstruct sigaction action = {.sa_handler = resize, .sa_flags = SA_RESTART};\n"
	"\tstruct termios before, raw;\n\tint tty = tcgetattr(0, &before) == 0;\n"
	"\tchar data[4096];\n\tssize_t n;\n\n"
	"\tresize(0);\n\tsigaction(SIGWINCH, &action, NULL);\n"
	"\tif (tty) {\n\t\traw = before;\n\t\tcfmakeraw(&raw);\n\t\ttcsetattr(0, TCSANOW, "
	"&raw);\n\t}\n"
	"\twhile (poll(on, 3, -1) >= 0 || errno == EINTR) {\n"
	"\t\tif (on[1].revents) {\n\t\t\tn = read(pty, data, sizeof(data));\n"
	"\t\t\tif (n <= 0 || write(1, data, (size_t)n) < 0)\n\t\t\t\tbreak;\n"
	"\t\t} else if (on[2].revents) {\n\t\t\tbreak;\n\t\t}\n"
	"\t\tif (on[0].revents) {\n\t\t\tn = read(0, data, sizeof(data));\n"
	"\t\t\tif (n <= 0 || write(pty, data, (size_t)n) < 0)\n\t\t\t\ton[0].fd = -1;\n\t\t}\n"
	"\t}\n"
	"\tif (tty)\n\t\ttcsetattr(0, TCSANOW, &before);\n}\n\n";

void nk_c_support(FILE *out, const struct nk_plan *p)
{
	bool pty = nk_c_has_terminal(p);

	fputs(control, out);
	for (size_t i = 0; i < NK_COUNT(support); i++)
		if (nk_c_has_op(p, support[i].op, -1) || (pty && support[i].op == NK_OP_AWAIT))
			fputs(support[i].text, out);
	if (nk_c_has_op(p, NK_OP_NETLINK, -1))
		fputs(nk_c_netlink_text, out);
	if (pty)
		fputs(relay, out);
}

static void strings(FILE *out, size_t index, int which, const char *const *v)
{
	fprintf(out, "static char *const strings_%zu_%d[] = { /* %s */\n", index + 1, which,
		which ? "environment" : "command");
	for (; v && *v; v++) {
		fputc('\t', out);
		nk_text_c(out, *v, strlen(*v));
		fputs(",\n", out);
	}
	fputs("\tNULL\n};\n", out);
}

static void filter(FILE *out, size_t index, const struct sock_fprog *prog)
{
	fprintf(out,
		"static struct sock_filter code_%zu[] = { /* which system calls may be made */",
		index + 1);
	for (unsigned i = 0; i < prog->len; i++)
		fprintf(out, "%s{0x%02x, %u, %u, 0x%x},", i % 4 ? " " : "\n\t",
			prog->filter[i].code, prog->filter[i].jt, prog->filter[i].jf,
			prog->filter[i].k);
	fprintf(out, "\n};\nstatic const struct sock_fprog filter_%zu = {%u, code_%zu};\n",
		index + 1, prog->len, index + 1);
}

static void insns(FILE *out, size_t index, const struct bpf_insn *v, uint64_t n)
{
	fprintf(out,
		"static const struct bpf_insn insns_%zu[] = { /* which devices may be used */\n",
		index + 1);
	for (uint64_t i = 0; i < n; i++)
		fprintf(out, "\t{0x%02x, %u, %u, %d, %d},\n", v[i].code, v[i].dst_reg, v[i].src_reg,
			v[i].off, v[i].imm);
	fputs("};\n", out);
}

static void groups(FILE *out, size_t index, const gid_t *v, uint64_t n)
{
	fprintf(out, "static const gid_t groups_%zu[] = {", index + 1);
	for (uint64_t i = 0; i < n; i++)
		fprintf(out, "%s%uU", i ? ", " : "", v[i]);
	fputs("};\n", out);
}

static void words(FILE *out, size_t index, const uint64_t *v, uint64_t n)
{
	fprintf(out, "static const uint64_t words_%zu[] = {", index + 1);
	for (uint64_t i = 0; i < n; i++)
		fprintf(out, "%s0x%" PRIx64 "U", i ? ", " : "", v[i]);
	fputs("};\n", out);
}

void nk_c_arrays(FILE *out, const struct nk_plan *p)
{
	for (size_t i = 0; i < p->steps.n; i++) {
		const struct nk_step *s = &p->steps.v[i];

		if (s->p[0] && nk_c_block_owner(p, s->p[0]) == i) {
			if (s->op == NK_OP_EXECVE || s->op == NK_OP_FACCESSAT)
				strings(out, i, 0, s->p[0]);
			else if (s->op == NK_OP_SECCOMP)
				filter(out, i, s->p[0]);
			else if (s->op == NK_OP_SCHED_SETATTR || s->op == NK_OP_SCHED_AFFINITY ||
				 s->op == NK_OP_MEMPOLICY)
				words(out, i, s->p[0], s->n[3]);
			else if (s->op == NK_OP_NETLINK || s->op == NK_OP_BIND)
				nk_c_bytes(out, i, s);
			else if (s->op == NK_OP_BPF_LOAD)
				insns(out, i, s->p[0], s->n[0]);
			else if (s->op == NK_OP_SETGROUPS && s->n[0])
				groups(out, i, s->p[0], s->n[0]);
		}
		if (s->op == NK_OP_EXECVE && s->p[1] && nk_c_block_owner(p, s->p[1]) == i)
			strings(out, i, 1, s->p[1]);
	}
	fputc('\n', out);
}
