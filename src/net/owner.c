/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps a lease, and whether that still lives. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/lease.h"
#include "state/process.h"

const char *nk_net_owner_process(struct nk_arena *a, pid_t pid, uint64_t start)
{
	char boot[NK_BOOT_ID_LEN + 1];

	nk_boot_id(boot);
	return nk_fmt(a, "pid:%d:%" PRIu64 ":%s", (int)pid, start, *boot ? boot : "-");
}

const char *nk_net_owner_self(struct nk_arena *a, struct nk_err *e)
{
	uint64_t start = nk_process_start(getpid());

	if (!start)
		return nk_fail(e, errno, "/proc/%d/stat", (int)getpid()), NULL;
	return nk_net_owner_process(a, getpid(), start);
}

const char *nk_net_owner_ns(struct nk_arena *a, const char *path, struct nk_err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return nk_fail(e, errno, "%s", path), NULL;
	return nk_fmt(a, "ns:%s:%ju:%ju", path, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
}

static bool process_alive(const char *words)
{
	/* It does not change while we run. */
	static char boot[NK_BOOT_ID_LEN + 1];
	char theirs[NK_BOOT_ID_LEN + 1];
	uint64_t start;
	int pid;

	if (sscanf(words, "%d:%" SCNu64 ":%36s", &pid, &start, theirs) != 3 || pid <= 0)
		return false;
	if (!boot[0])
		nk_boot_id(boot);
	if (strcmp(theirs, "-") != 0 && *boot && strcmp(boot, theirs) != 0)
		return false;
	/* The cheap question first: there are as many as containers on a network, at each start. */
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return false;
	errno = 0;
	uint64_t there = nk_process_start(pid);
	/* It could not be read: what does live is not given up for our lack of descriptors. */
	if (!there && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		return true;
	return there == start;
}

static bool ns_alive(struct nk_arena *a, const char *words)
{
	char *path = nk_strdup(a, words), *inode = strrchr(path, ':'), *device;
	struct stat st;

	if (!inode)
		return false;
	*inode++ = '\0';
	device = strrchr(path, ':');
	if (!device)
		return false;
	*device++ = '\0';
	return stat(path, &st) == 0 && st.st_dev == strtoull(device, NULL, 10) &&
	       st.st_ino == strtoull(inode, NULL, 10);
}

bool nk_net_owner_alive(const char *owner)
{
	if (!strncmp(owner, "pid:", 4))
		return process_alive(owner + 4);
	if (!strncmp(owner, "ns:", 3)) {
		struct nk_arena a = {0};
		bool alive = ns_alive(&a, owner + 3);

		nk_arena_done(&a);
		return alive;
	}
	return !strcmp(owner, "rm");
}
