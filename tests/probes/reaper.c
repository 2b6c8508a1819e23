/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reaper FILE CMD [ARG...]: run CMD, and catch every process that outlives its parent below it.
 *
 * As a child subreaper it becomes the parent of all orphans of CMD, whatever namespaces they are
 * in, so "did a test leave a process behind?" has an exact answer, also on a machine where others
 * work: what still hangs below this process when CMD ends. They are written to FILE, one
 * "PID COMMAND" a line, and killed. The exit code is CMD's. NOOK_REAPER tells CMD our pid.
 *
 * A process that does not end, and holds the pipe that bats reads, would hold up the suite for
 * ever. With NOOK_REAPER_WATCH=FILE and NOOK_REAPER_IDLE=SECONDS: when FILE has not grown for so
 * long, all processes below are told in it, with what they wait for, and the orphans are killed;
 * the next time everything is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
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

/* What stands in a file of /proc/PID, on one line. */
static void quote(FILE *out, pid_t pid, const char *file)
{
	char path[64], buf[2048];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf));
	if (fd >= 0)
		close(fd);
	while (n > 0 && (buf[n - 1] == '\n' || !buf[n - 1]))
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (buf[i] == '\n' || !buf[i])
			buf[i] = ' ';
	fprintf(out, "%.*s", (int)(n > 0 ? n : 0), buf);
}

struct visit {
	FILE *out;
	pid_t but; /* not this one */
	int depth, found;
};

/* Call fn for each child of top that lives. */
static void each_child(pid_t top, struct visit *v, void (*fn)(pid_t pid, struct visit *v))
{
	DIR *proc = v->depth < 32 ? opendir("/proc") : NULL;
	struct dirent *d;

	while (proc && (d = readdir(proc))) {
		pid_t pid = (pid_t)atoi(d->d_name);
		if (pid > 0 && pid != v->but && parent_of(pid) == top)
			fn(pid, v);
	}
	if (proc)
		closedir(proc);
}

static void write_down_and_kill(pid_t pid, struct visit *v)
{
	fprintf(v->out, "%d ", pid);
	quote(v->out, pid, "cmdline");
	fputc('\n', v->out);
	kill(pid, SIGKILL);
	v->found++;
}

/* Our children; their children become ours and come next. */
static int sweep(FILE *out)
{
	struct visit v = {.out = out};

	each_child(getpid(), &v, write_down_and_kill);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return v.found;
}

static void tell_tree(pid_t pid, struct visit *v)
{
	static const char *const files[] = {"cmdline", "wchan", "syscall", "stack"};
	struct visit below = {.out = v->out, .depth = v->depth + 1};

	fprintf(v->out, "# %*s%d", v->depth * 2, "", pid);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		fputs(i ? " | " : " ", v->out);
		quote(v->out, pid, files[i]);
	}
	fputc('\n', v->out);
	each_child(pid, &below, tell_tree);
}

static void kill_tree(pid_t pid, struct visit *v)
{
	struct visit below = {.depth = v->depth + 1};

	each_child(pid, &below, kill_tree);
	kill(pid, SIGKILL);
}

struct watch {
	const char *path;
	long idle; /* seconds; 0: no watch */
	off_t size;
	time_t since;
	int times;
};

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void look(struct watch *w, pid_t child, FILE *orphans)
{
	struct stat st;

	if (!w->idle || stat(w->path, &st))
		return;
	if (st.st_size != w->size) {
		w->size = st.st_size;
		w->since = now();
		return;
	}
	if (now() - w->since < w->idle)
		return;
	w->since = now();
	FILE *out = fopen(w->path, "ae");
	if (out) {
		fprintf(out,
			"# hung: nothing was told for %ld s; what runs, waits for, and where:\n",
			w->idle);
		each_child(getpid(), &(struct visit){.out = out}, tell_tree);
		fclose(out);
	}
	fprintf(orphans, "%d the suite hung here, see above\n", child);
	each_child(getpid(), &(struct visit){.but = w->times++ ? 0 : child}, kill_tree);
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
		/* A shell's background jobs ignore SIGINT, systemd's services SIGPIPE, some agents
		 * 32 and 33, which libc hides. */
		const unsigned long long action[4] = {0};
		for (int sig = 1; sig <= 64; sig++)
			syscall(SYS_rt_sigaction, sig, action, NULL, 8);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	/* ^C goes to the whole group: let CMD tidy up, then report as usual. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	struct watch w = {.path = getenv("NOOK_REAPER_WATCH"), .since = now()};
	w.idle = w.path && getenv("NOOK_REAPER_IDLE") ? atol(getenv("NOOK_REAPER_IDLE")) : 0;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) >= 0;) {
		if (pid != child) {
			look(&w, child, out);
			usleep(pid ? 0 : 20000);
			continue;
		}
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
