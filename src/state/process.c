/* SPDX-License-Identifier: Apache-2.0 */
#include "state/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"

enum { STAT_FLAGS = 9, STAT_START = 22, FORKED_NO_EXEC = 0x40 /* PF_FORKNOEXEC of the kernel */ };

/* A number of /proc/PID/stat; 0 when there is no such process. */
static uint64_t stat_field(pid_t pid, int wanted)
{
	char path[32], buf[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;

	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	if (n <= 0)
		return 0;
	buf[n] = '\0';

	/* The name, field 2, may hold blanks and brackets: count from the last bracket. */
	char *at = strrchr(buf, ')');

	for (int field = 2; at && field < wanted; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

uint64_t nk_process_start(pid_t pid)
{
	return stat_field(pid, STAT_START);
}

bool nk_process_never_executed(pid_t pid)
{
	return stat_field(pid, STAT_FLAGS) & FORKED_NO_EXEC;
}

void nk_boot_id(char id[NK_BOOT_ID_LEN + 1])
{
	_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, id, NK_BOOT_ID_LEN);

	id[n == NK_BOOT_ID_LEN ? n : 0] = '\0';
}

int nk_process_pidfd(pid_t pid, uint64_t start)
{
	if (pid <= 0 || !start)
		return -ESRCH;

	_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	/* EINVAL, before Linux 6.15: the process is gone, but its number is still that of a group
	 * or a session of others. */
	if (fd < 0)
		return errno == EINVAL ? -ESRCH : -errno;
	/* Read after the open: when the start is right, the descriptor is too. */
	errno = 0;
	uint64_t there = nk_process_start(pid);
	if (!there && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return -errno;
	if (there != start)
		return -ESRCH;
	return nk_take_fd(&fd);
}

int nk_process_wait(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	struct timespec begun, now;
	int n, left = ms;

	/* ^Z and fg, or any handled signal, interrupt it: the rest of the time is still to go. */
	clock_gettime(CLOCK_MONOTONIC, &begun);
	while ((n = poll(&p, 1, left)) < 0 && errno == EINTR) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		long gone = (now.tv_sec - begun.tv_sec) * 1000 +
			    (now.tv_nsec - begun.tv_nsec) / 1000000;
		if (ms >= 0)
			left = gone < ms ? ms - (int)gone : 0;
	}
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}
