/* SPDX-License-Identifier: Apache-2.0 */
/* oci_probe: the process itself. */
#include "oci_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static void descriptors(void)
{
	out_open("fds", '{');
	for (int fd = 0; fd < 256; fd++) {
		char key[16], path[32], target[512];
		struct stat st;
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(key, sizeof(key), "%d", fd);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		out_open(key, '{');
		if (!fstat(fd, &st)) {
			char type[16];

			snprintf(type, sizeof(type), "%o", st.st_mode & S_IFMT);
			out_text("type", type);
			out_number("uid", st.st_uid);
			out_number("gid", st.st_gid);
		}
		/* A pipe's number is new each time. */
		if (n > 0 && target[0] == '/')
			out_text("target", target);
		/* Not O_CLOEXEC and O_LARGEFILE: only how it was opened. */
		out_number("flags", fcntl(fd, F_GETFL) & ~02100000);
		out_bool("terminal", isatty(fd));
		out_close('}');
	}
	out_close('}');
}

static void ids(void)
{
	uid_t r, e, s;
	gid_t groups[256];
	int n;

	out_open("ids", '{');
	getresuid(&r, &e, &s);
	out_number("ruid", r);
	out_number("euid", e);
	out_number("suid", s);
	getresgid(&r, &e, &s);
	out_number("rgid", r);
	out_number("egid", e);
	out_number("sgid", s);
	out_open("groups", '[');
	n = getgroups(256, groups);
	for (int i = 0; i < n; i++)
		out_number(NULL, groups[i]);
	out_close(']');
	out_close('}');
}

static void capabilities(void)
{
	static const char *const sets[] = {"Inh", "Prm", "Eff", "Bnd", "Amb"};
	struct {
		unsigned version;
		int pid;
	} head = {0x20080522, 0};
	struct {
		unsigned eff, prm, inh;
	} d[2] = {{0}};
	unsigned long long v[5] = {0};
	char hex[32];

	syscall(SYS_capget, &head, d);
	v[0] = d[0].inh | (unsigned long long)d[1].inh << 32;
	v[1] = d[0].prm | (unsigned long long)d[1].prm << 32;
	v[2] = d[0].eff | (unsigned long long)d[1].eff << 32;
	for (int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i) == 1)
			v[3] |= 1ULL << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			v[4] |= 1ULL << i;
	}
	out_open("caps", '{');
	for (int i = 0; i < 5; i++) {
		snprintf(hex, sizeof(hex), "%016llx", v[i]);
		out_text(sets[i], hex);
	}
	out_number("securebits", prctl(PR_GET_SECUREBITS));
	out_close('}');
}

static void limits(void)
{
	static const char *const names[] = {
		"CPU",	   "FSIZE", "DATA",  "STACK",	   "CORE",     "RSS",  "NPROC",	 "NOFILE",
		"MEMLOCK", "AS",    "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};

	out_open("limits", '{');
	for (int i = 0; i < 16; i++) {
		struct rlimit l;
		char text[64];

		getrlimit(i, &l);
		snprintf(text, sizeof(text), "%lld %lld", (long long)l.rlim_cur,
			 (long long)l.rlim_max);
		out_text(names[i], text);
	}
	out_close('}');
}

static void namespaces(void)
{
	static const char *const kinds[] = {
		"user", "mnt", "uts", "ipc", "pid", "net", "cgroup", "time", "pid_for_children"};

	out_open("namespaces", '{');
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[64], link[64];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		n = readlink(path, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = '\0';
		out_text(kinds[i], link);
	}
	out_close('}');
}

/* A line of /proc/self/status */
static void status(void)
{
	static const char *const keys[] = {"Seccomp:",
					   "Seccomp_filters:",
					   "SigBlk:",
					   "SigIgn:",
					   "SigCgt:",
					   "Cpus_allowed_list:",
					   "Mems_allowed_list:",
					   "NoNewPrivs:",
					   "Umask:",
					   "NSpid:",
					   "Threads:"};
	FILE *f = fopen("/proc/self/status", "re");
	char line[1024];

	out_open("status", '{');
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			size_t n = strlen(keys[i]);

			if (strncmp(line, keys[i], n))
				continue;
			line[n - 1] = '\0';
			out_text(line, line + n + 1);
		}
	}
	if (f)
		fclose(f);
	out_close('}');
}

static void terminal(void)
{
	struct winsize w = {0};
	struct termios t;

	if (!isatty(0))
		return;
	out_open("terminal", '{');
	ioctl(0, TIOCGWINSZ, &w);
	out_number("rows", w.ws_row);
	out_number("columns", w.ws_col);
	out_number("session", tcgetsid(0) == getsid(0));
	if (!tcgetattr(0, &t)) {
		out_number("iflag", t.c_iflag);
		out_number("oflag", t.c_oflag);
		out_number("lflag", t.c_lflag);
	}
	out_close('}');
}

static void keyring(void)
{
	char text[256] = "";

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)) < 0)
		out_errno("keyring", errno);
	else
		out_text("keyring", text);
}

static void scheduling(void)
{
	struct sched_param param = {0};

	out_open("scheduling", '{');
	out_number("nice", getpriority(PRIO_PROCESS, 0));
	out_number("policy", sched_getscheduler(0));
	sched_getparam(0, &param);
	out_number("priority", param.sched_priority);
	out_number("ioprio", syscall(SYS_ioprio_get, 1, 0));
	out_number("timerslack", prctl(PR_GET_TIMERSLACK));
	out_close('}');
}

static void names(void)
{
	struct utsname u;
	char cwd[4096];
	char comm[17] = "";

	uname(&u);
	out_text("hostname", u.nodename);
	out_text("domainname", u.domainname);
	out_text("machine", u.machine);
	out_text("cwd", getcwd(cwd, sizeof(cwd)) ? cwd : strerrorname_np(errno));
	prctl(PR_GET_NAME, comm);
	out_text("comm", comm);
	out_text("execfn", (const char *)getauxval(AT_EXECFN));
	out_number("secure", (long)getauxval(AT_SECURE));
}

void report_process(void)
{
	int signal = -1, subreaper = -1;

	descriptors();
	out_number("pid", getpid());
	out_bool("leader", getsid(0) == getpid());
	out_bool("group", getpgrp() == getpid());
	ids();
	capabilities();
	limits();
	namespaces();
	status();
	terminal();
	scheduling();
	names();
	keyring();
	out_number("personality", personality(0xffffffff));
	out_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	out_number("dumpable", prctl(PR_GET_DUMPABLE));
	prctl(PR_GET_PDEATHSIG, &signal);
	out_number("deathsig", signal);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	out_number("subreaper", subreaper);
	out_open("env", '[');
	for (char **p = environ; *p; p++)
		out_text(NULL, *p);
	out_close(']');
}
