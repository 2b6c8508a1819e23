/* SPDX-License-Identifier: Apache-2.0 */
/* By itself, since nook-systemd has it, too. */
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/owner.h"

unsigned nk_outer_uid(void)
{
	_fclose_ FILE *f = fopen("/proc/self/uid_map", "re");
	unsigned inside, outside, n, uid = geteuid();

	while (f && fscanf(f, "%u %u %u", &inside, &outside, &n) == 3)
		if (uid >= inside && uid - inside < n)
			return outside + (uid - inside);
	return uid;
}
