/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without a fuzzer: over every file of its corpus, and over
 * mutations of them from a fixed seed, so that it is a unit test like any other
 * (best in the ASan build).
 *
 *     fuzz_NAME [-n MUTATIONS] FILE|DIRECTORY...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST (4u << 20)

static unsigned long mutations, inputs;
static uint64_t seed = 0x9e3779b97f4a7c15;

/* xorshift: the same numbers on every machine */
static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

static size_t mutate(uint8_t *data, size_t size)
{
	for (uint32_t edits = 1 + chance(4); edits && size; edits--) {
		size_t at = chance((uint32_t)size), n = 1 + chance(16);
		switch (chance(5)) {
		case 0: /* another byte */
			data[at] = (uint8_t)chance(256);
			break;
		case 1: /* another bit */
			data[at] ^= (uint8_t)(1u << chance(8));
			break;
		case 2: /* cut off */
			size = at;
			break;
		case 3: /* take out */
			n = n < size - at ? n : size - at;
			memmove(data + at, data + at + n, size - at - n);
			size -= n;
			break;
		default: /* say twice */
			n = n < size - at ? n : size - at;
			memmove(data + at + n, data + at, size - at);
			size += n;
		}
	}
	return size;
}

/* The input in a block of exactly its size: a byte read beyond it is noticed. */
static void once(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		exit(2);
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	inputs++;
}

static void file(const char *path)
{
	static uint8_t data[LARGEST], work[LARGEST + 256];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(2);
	}
	size_t size = fread(data, 1, sizeof(data), f);
	fclose(f);
	once(data, size);
	for (unsigned long i = 0; i < mutations; i++) {
		memcpy(work, data, size);
		once(work, mutate(work, size));
	}
}

static void directory(const char *path)
{
	DIR *d = opendir(path);

	if (!d) {
		perror(path);
		exit(2);
	}
	for (struct dirent *entry; (entry = readdir(d));) {
		char name[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		file(name);
	}
	closedir(d);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc > 2 && !strcmp(argv[1], "-n")) {
		mutations = strtoul(argv[2], NULL, 10);
		i = 3;
	}
	for (; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) < 0) {
			perror(argv[i]);
			return 2;
		}
		if (S_ISDIR(st.st_mode))
			directory(argv[i]);
		else
			file(argv[i]);
	}
	printf("%lu inputs\n", inputs);
	return inputs ? 0 : 1; /* a corpus that is not found must not pass */
}
