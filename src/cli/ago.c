/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ago.h"

const char *nk_ago(struct nk_arena *a, int64_t seconds)
{
	static const struct {
		int64_t unit, below;
		const char *name;
	} steps[] = {
		{1, 60, "seconds"},
		{60, 3600, "minutes"},
		{3600, 2 * 86400, "hours"},
		{86400, 14 * 86400, "days"},
		{7 * 86400, 60 * 86400, "weeks"},
		{30 * 86400, 730 * 86400, "months"},
	};

	if (seconds < 1)
		return "Less than a second";
	if (seconds == 1)
		return "1 second";
	if (seconds >= 60 && seconds < 120)
		return "About a minute";
	if (seconds >= 3600 && seconds < 7200)
		return "About an hour";
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (seconds < steps[i].below)
			return nk_fmt(a, "%lld %s", (long long)(seconds / steps[i].unit),
				      steps[i].name);
	return nk_fmt(a, "%lld years", (long long)(seconds / (365 * 86400)));
}
