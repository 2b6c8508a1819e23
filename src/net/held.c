/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a lock of the networks: not without a word, and not for ever. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "net/file.h"

/* Longer than a start that waits for a DHCP server, or than a gateway that does not answer. */
enum { TELL_MS = 2000, GIVE_UP_MS = 60000, TRY_MS = 2 };

/* The process that has the lock, or 0: /proc/locks shows those of this pid namespace. */
static int holder_of(int fd)
{
	_fclose_ FILE *f = fopen("/proc/locks", "re");
	unsigned major, minor;
	unsigned long inode;
	struct stat st;
	char line[256];
	int pid;

	if (!f || fstat(fd, &st) < 0)
		return 0;
	/* Who waits, too, stands behind "->". */
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major, &minor, &inode) ==
			    4 &&
		    inode == st.st_ino && major == major(st.st_dev) && minor == minor(st.st_dev))
			return pid;
	return 0;
}

/* "nook, process 4711, which is stopped" */
static void describe(int fd, char *out, size_t size)
{
	char path[64], comm[32] = "", state = 0;
	int pid = holder_of(fd);

	snprintf(out, size, "a process that cannot be seen from here");
	if (pid <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	_fclose_ FILE *f = fopen(path, "re");
	if (!f || fscanf(f, "%*d (%31[^)]) %c", comm, &state) != 2)
		snprintf(out, size, "process %d, which has ended; a child of its has it", pid);
	else
		snprintf(out, size, "%s, process %d%s", comm, pid,
			 state == 'T' || state == 't' ? ", which is stopped" : "");
}

static long since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

int nk_net_flock(int fd, bool alone, struct nk_err *e)
{
	const struct timespec pause = {.tv_nsec = TRY_MS * 1000000L};
	struct timespec begin;
	char who[128];
	bool told = false;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return nk_fail(e, errno, "lock the networks");
		long ms = since(&begin);

		if (ms >= GIVE_UP_MS) {
			describe(fd, who, sizeof(who));
			nk_fail(e, ETIMEDOUT, "the networks are held by %s", who);
			return nk_hint(e, "end it, or let it go on (kill -CONT), and try again");
		}
		if (ms >= TELL_MS && !told) {
			told = true;
			describe(fd, who, sizeof(who));
			nk_log(NK_LOG_WARN, "waiting for the networks, which are held by %s", who);
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}
