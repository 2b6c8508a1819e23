/* SPDX-License-Identifier: Apache-2.0 */
/* oci_probe: files, mounts, and system calls that are tried. */
#include "oci_probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void file_line(const char *key, const char *path)
{
	char text[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0) {
		out_errno(key, errno);
	} else {
		text[n] = '\0';
		if (n > 0 && text[n - 1] == '\n')
			text[n - 1] = '\0';
		out_text(key, text);
	}
	if (fd >= 0)
		close(fd);
}

/* One line of mountinfo; numbers of mounts and devices are new each time. */
static void mount_line(char *line)
{
	char *word[64], *save, *p = strtok_r(line, " \n", &save);
	int n = 0, dash = 6;
	char text[256] = "";

	for (; p && n < 64; p = strtok_r(NULL, " \n", &save))
		word[n++] = p;
	while (dash < n && strcmp(word[dash], "-"))
		dash++;
	if (dash + 3 >= n)
		return;
	for (int i = 6; i < dash; i++) {
		word[i][strcspn(word[i], ":")] = '\0';
		strcat(strcat(text, i > 6 ? " " : ""), word[i]);
	}
	out_open(NULL, '{');
	out_text("target", word[4]);
	out_text("root", word[3]);
	out_text("options", word[5]);
	out_text("propagation", text);
	out_text("type", word[dash + 1]);
	out_text("source", word[dash + 2]);
	out_text("super", word[dash + 3]);
	out_close('}');
}

void report_mounts(void)
{
	static const char *const files[] = {"uid_map",	      "gid_map",       "setgroups",
					    "cgroup",	      "oom_score_adj", "loginuid",
					    "timens_offsets", "attr/current"};
	static char line[16384];
	struct if_nameindex *links;
	FILE *f;

	out_open("mounts", '[');
	f = fopen("/proc/self/mountinfo", "re");
	while (f && fgets(line, sizeof(line), f))
		mount_line(line);
	if (f)
		fclose(f);
	out_close(']');
	out_open("files", '{');
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		file_line(files[i], path);
	}
	out_close('}');
	out_open("links", '[');
	links = if_nameindex();
	for (int i = 0; links && links[i].if_index; i++)
		out_text(NULL, links[i].if_name);
	if (links)
		if_freenameindex(links);
	out_close(']');
}

static void describe(const char *key, int dir, const char *name, struct stat *st)
{
	char text[700], link[512] = "";

	if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW)) {
		out_errno(key, errno);
		st->st_mode = 0;
		return;
	}
	if (S_ISLNK(st->st_mode) && readlinkat(dir, name, link, sizeof(link) - 1) < 0)
		snprintf(link, sizeof(link), "?");
	snprintf(text, sizeof(text), "%06o %u:%u %u,%u %s", st->st_mode, st->st_uid, st->st_gid,
		 S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? major(st->st_rdev) : 0,
		 S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode) ? minor(st->st_rdev) : 0, link);
	out_text(key, text);
}

/* Names are sorted by the reader of the report. Not into pts, proc, sys: their content is alive. */
static void walk(const char *path, int depth)
{
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(path);

	if (!d) {
		out_errno(path, errno);
		return;
	}
	while ((e = readdir(d))) {
		char full[2048];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(full, sizeof(full), "%s/%s", strcmp(path, "/") ? path : "", e->d_name);
		if (!strcmp(full, "/dev/pts/0"))
			continue;
		describe(full, dirfd(d), e->d_name, &st);
		if (S_ISDIR(st.st_mode) && depth < 5 && strcmp(full, "/proc") &&
		    strcmp(full, "/sys"))
			walk(full, depth + 1);
	}
	closedir(d);
}

void report_tree(const char *path)
{
	struct stat st;

	describe(".", AT_FDCWD, path, &st);
	walk(path, 0);
}

void report_look(const char *path)
{
	struct stat st;
	char byte;
	int fd;

	describe("is", AT_FDCWD, path, &st);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	out_errno("open", fd < 0 ? errno : 0);
	if (fd >= 0 && S_ISDIR(st.st_mode)) {
		DIR *d = fdopendir(fd);
		int n = 0;

		while (d && readdir(d))
			n++;
		out_bool("empty", n <= 2);
		closedir(d);
		return;
	}
	if (fd >= 0) {
		ssize_t n = read(fd, &byte, 1);

		out_text("read", n < 0 ? strerrorname_np(errno) : n ? "bytes" : "end");
		close(fd);
	}
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	out_errno("write", fd < 0 ? errno : 0);
	if (fd >= 0)
		close(fd);
}

void report_file(const char *path)
{
	file_line("text", path);
}

void report_write(const char *path)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0777);

	out_errno("create", fd < 0 ? errno : 0);
	if (fd < 0)
		return;
	fstat(fd, &st);
	out_number("mode", st.st_mode & 07777);
	close(fd);
	unlink(path);
}

/* Calls that do no harm where they are allowed. */
static const struct {
	const char *name;
	long number;
} calls[] = {
	{"mkdir", SYS_mkdir},
	{"mkdirat", SYS_mkdirat},
	{"chmod", SYS_chmod},
	{"personality", SYS_personality},
	{"socket", SYS_socket},
	{"unshare", SYS_unshare},
	{"ptrace", SYS_ptrace},
	{"keyctl", SYS_keyctl},
	{"uname", SYS_uname},
	{"getpriority", SYS_getpriority},
	{"mount", SYS_mount},
	{"umount2", SYS_umount2},
	{"sethostname", SYS_sethostname},
	{"setdomainname", SYS_setdomainname},
	{"kcmp", SYS_kcmp},
	{"bpf", SYS_bpf},
	{"clock_settime", SYS_clock_settime},
	{"getcwd", SYS_getcwd},
	{"dup", SYS_dup},
	{"dup3", SYS_dup3},
	{"fchmodat", SYS_fchmodat},
	{"sync", SYS_sync},
	{"getsid", SYS_getsid},
	{"setuid", SYS_setuid},
	{"setgid", SYS_setgid},
	{"setgroups", SYS_setgroups},
	{"chroot", SYS_chroot},
	{"openat2", SYS_openat2},
	{"clone3", SYS_clone3},
	{"sched_setscheduler", SYS_sched_setscheduler},
	{"iopl", SYS_iopl},
	{"alarm", SYS_alarm},
	{"prctl", SYS_prctl},
	{"syslog", SYS_syslog},
};

static long number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, name))
			return calls[i].number;
	return -1;
}

void report_call(const char *words)
{
	char text[256], *save, *p;
	long arg[6] = {0}, number;
	int n = 0, status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", words);
	p = strtok_r(text, ":", &save);
	number = number_of(p ? p : "");
	while (n < 6 && (p = strtok_r(NULL, ":", &save)))
		arg[n++] = strtol(p, NULL, 0);
	if (number < 0) {
		out_text("says", "no such call in oci_files.c");
		return;
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		long r = syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);

		_exit(r < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		out_errno("fork", errno);
	else if (WIFSIGNALED(status))
		out_text("signal", sigabbrev_np(WTERMSIG(status)));
	else
		out_text("says",
			 WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) ?: "?" : "ok");
}
