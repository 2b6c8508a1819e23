/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of CPUs and memory nodes as the kernel writes them: "0-3,8". */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "cgroup/settings.h"

enum { CPUS = 8192 }; /* NR_CPUS of the largest kernels */

static int number(const char **s)
{
	int v = 0;

	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		v = v * 10 + (**s - '0');
		if (v >= CPUS)
			return -EINVAL;
	}
	return v;
}

static int parse(const char *s, uint8_t set[CPUS / 8])
{
	memset(set, 0, CPUS / 8);
	for (;;) {
		int first = number(&s), last = first;

		if (first >= 0 && *s == '-') {
			s++;
			last = number(&s);
		}
		if (first < 0 || last < first)
			return -EINVAL;
		for (int i = first; i <= last; i++)
			set[i / 8] |= (uint8_t)(1u << (i % 8));
		if (!*s)
			return 0;
		if (*s++ != ',')
			return -EINVAL;
	}
}

int nk_cpulist_within(const char *asked, const char *have)
{
	uint8_t want[CPUS / 8], there[CPUS / 8];

	if (parse(asked, want) < 0)
		return -EINVAL;
	if (parse(have, there) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(want); i++)
		if (want[i] & ~there[i])
			return 0;
	return 1;
}
