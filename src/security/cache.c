/* SPDX-License-Identifier: Apache-2.0 */
#include "security/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "security/rules.h"

/* In the machine's byte order: a cache is not carried to another one. */
struct header {
	char magic[8];
	uint32_t n;	/* instructions that follow */
	uint32_t flags; /* of seccomp(2) */
	uint8_t key[NK_SHA256_SIZE];
	uint64_t sum; /* of all of the above and the instructions */
};
static const char magic[8] = "nkbpf\0\0\2";

/*
 * Against a file that was cut short or spoilt, not against an attacker: who could write the file is
 * its owner. A digest of the instructions would cost every start as much as reading them.
 */
static uint64_t mix(uint64_t sum, const void *data, size_t n)
{
	const char *bytes = data;
	uint64_t word;

	for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3 + (sum >> 47);
	}
	return sum;
}

static uint64_t checksum(const struct header *h, const struct sock_filter *insns)
{
	uint64_t sum = mix(0xcbf29ce484222325, h, offsetof(struct header, sum));

	return mix(sum, insns, h->n * sizeof(*insns));
}

static bool only_mine(const struct stat *st)
{
	return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* The cache directory, if nobody else can write there; -1 if not. */
static int open_dir(const char *dir)
{
	_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !only_mine(&st))
		return -1;
	return nk_take_fd(&fd);
}

static void file_name(const uint8_t key[NK_SHA256_SIZE], char out[NK_SHA256_HEX + 16])
{
	char hex[NK_SHA256_HEX];

	nk_sha256_hex(key, hex);
	snprintf(out, NK_SHA256_HEX + 16, "seccomp-%s.bpf", hex);
}

static bool sound(const struct header *h, const struct stat *st, const uint8_t *key)
{
	return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->n > 0 && h->n <= NK_BPF_MAX &&
	       (uint64_t)st->st_size == sizeof(*h) + h->n * sizeof(struct sock_filter) &&
	       memcmp(h->key, key, NK_SHA256_SIZE) == 0;
}

bool nk_filter_cache_load(struct nk_arena *a, const char *dir, const uint8_t key[NK_SHA256_SIZE],
			  struct nk_bpf *out)
{
	_close_ int dir_fd = open_dir(dir);
	char name[NK_SHA256_HEX + 16];
	struct header h;
	struct stat st;

	if (dir_fd < 0)
		return false;
	file_name(key, name);
	/* O_NONBLOCK: somebody may have put a FIFO there. */
	_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !only_mine(&st))
		return false;
	if (read(fd, &h, sizeof(h)) != (ssize_t)sizeof(h) || !sound(&h, &st, key))
		return false;
	size_t size = h.n * sizeof(struct sock_filter);
	struct sock_filter *insns = nk_alloc(a, size);
	if (!insns || read(fd, insns, size) != (ssize_t)size)
		return false;
	if (checksum(&h, insns) != h.sum)
		return false;
	*out = (struct nk_bpf){.insns = insns, .n = h.n, .flags = h.flags};
	return true;
}

/* With its parents: 0700 is also what the XDG rules ask for in a home. */
static void make_dirs(const char *dir)
{
	char path[PATH_MAX];

	if (mkdir(dir, 0700) == 0 || errno != ENOENT || strlen(dir) >= sizeof(path))
		return;
	strcpy(path, dir);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

static bool write_file(int fd, const struct header *h, const struct nk_bpf *bpf)
{
	struct iovec part[2] = {
		{.iov_base = (void *)(uintptr_t)h, .iov_len = sizeof(*h)},
		{.iov_base = (void *)(uintptr_t)bpf->insns,
		 .iov_len = bpf->n * sizeof(*bpf->insns)},
	};

	return writev(fd, part, 2) == (ssize_t)(part[0].iov_len + part[1].iov_len);
}

struct kept {
	int64_t when; /* it was written, in ns */
	char name[NK_SHA256_HEX + 16];
};

static int by_age(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return (x->when > y->when) - (x->when < y->when);
}

/* Ours, or what a writer that was killed has left; anything else stays. */
static bool is_filter(const char *name)
{
	return strncmp(name, "seccomp-", 8) == 0 || strncmp(name, ".seccomp-", 9) == 0;
}

/* Who makes another filter for each container would fill the disk. A few too many are no harm, so
 * nobody waits for a lock: those that go at the same time go once. */
static void drop_oldest(int dir_fd)
{
	struct kept list[2 * NK_FILTER_CACHE_MAX];
	size_t n = 0;
	int again = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);

	if (!d && again >= 0)
		close(again);
	for (struct dirent *ent; d && n < NK_COUNT(list) && (ent = readdir(d));) {
		struct stat st;

		if (!is_filter(ent->d_name) || strlen(ent->d_name) >= sizeof(list[n].name) ||
		    fstatat(dir_fd, ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		list[n].when = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
		strcpy(list[n++].name, ent->d_name);
	}
	if (n <= NK_FILTER_CACHE_MAX)
		return;
	qsort(list, n, sizeof(*list), by_age);
	for (size_t i = 0; i < n - NK_FILTER_CACHE_MAX; i++)
		unlinkat(dir_fd, list[i].name, 0);
}

void nk_filter_cache_store(const char *dir, const uint8_t key[NK_SHA256_SIZE],
			   const struct nk_bpf *bpf)
{
	struct header h = {.n = (uint32_t)bpf->n, .flags = bpf->flags};
	char name[NK_SHA256_HEX + 16], temp[64];

	make_dirs(dir);
	_close_ int dir_fd = open_dir(dir);
	if (dir_fd < 0)
		return;
	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.key, key, NK_SHA256_SIZE);
	h.sum = checksum(&h, bpf->insns);
	file_name(key, name);
	snprintf(temp, sizeof(temp), ".seccomp-%d", (int)getpid());

	unlinkat(dir_fd, temp, 0);
	_close_ int fd =
		openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (!write_file(fd, &h, bpf) || renameat(dir_fd, temp, dir_fd, name) < 0)
		unlinkat(dir_fd, temp, 0);
	else
		drop_oldest(dir_fd);
}
