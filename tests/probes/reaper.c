/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reaper FILE CMD [ARG...]: run CMD, and catch every process that outlives its parent below it.
 *
 * As a child subreaper it becomes the parent of all orphans of CMD, whatever namespaces they are
 * in, so "did a test leave a process behind?" has an exact answer, also on a machine where others
 * work: what still hangs below this process when CMD ends. They are written to FILE, one
 * "PID COMMAND" a line, and killed. The exit code is CMD's. NOOK_REAPER tells CMD our pid.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent of a process, or -1 when it has gone (or is a zombie: nothing of it runs). */
static pid_t parent_of(pid_t pid)
{
	char path[64], buf[1024], state;
	int ppid;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	buf[n] = 0;
	/* The name in brackets may hold brackets itself: take the last one. */
	char *p = strrchr(buf, ')');
	if (!p || sscanf(p + 1, " %c %d", &state, &ppid) != 2 || state == 'Z')
		return -1;
	return ppid;
}

static void describe(pid_t pid, FILE *out)
{
	char path[64], buf[512];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);
	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i + 1 < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	buf[n > 0 ? n : 0] = 0;
	fprintf(out, "%d %s\n", pid, buf);
}

/* Write down and kill our children; their children become ours and come next. */
static int sweep(FILE *out)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;
	int found = 0;

	if (!proc)
		return 0;
	while ((d = readdir(proc))) {
		pid_t pid = (pid_t)atoi(d->d_name);
		if (pid > 0 && parent_of(pid) == getpid()) {
			describe(pid, out);
			kill(pid, SIGKILL);
			found++;
		}
	}
	closedir(proc);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return found;
}

int main(int argc, char **argv)
{
	char self[16];
	int status, code = 125;

	if (argc < 3) {
		fprintf(stderr, "usage: reaper FILE CMD [ARG...]\n");
		return 125;
	}
	FILE *out = fopen(argv[1], "we");
	if (!out || prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		perror("reaper");
		return 125;
	}
	snprintf(self, sizeof(self), "%d", getpid());
	setenv("NOOK_REAPER", self, 1);
	pid_t child = fork();
	if (child == 0) {
		/* What is ours and is no orphan. */
		snprintf(self, sizeof(self), "%d", getpid());
		setenv("NOOK_REAPER_CHILD", self, 1);
		/* A shell's background jobs ignore SIGINT, systemd's services SIGPIPE. */
		for (int sig = 1; sig < 32; sig++)
			signal(sig, SIG_DFL);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	/* ^C goes to the whole group: let CMD tidy up, then report as usual. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (pid_t pid; (pid = wait(&status)) > 0;) {
		if (pid != child)
			continue;
		code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		break;
	}
	/* What is about to end by itself gets a moment: 20 looks, 50 ms apart. */
	for (int i = 0; i < 20 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		usleep(50000);
	while (sweep(out) > 0)
		usleep(20000);
	fclose(out);
	return code;
}
