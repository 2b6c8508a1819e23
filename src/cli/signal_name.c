/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signal_name.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "cli/value.h"

static const struct {
	const char *name;
	int number;
} others[] = {{"IOT", SIGABRT}, {"CLD", SIGCHLD}, {"POLL", SIGIO}};

/* "RTMIN", "RTMIN+3", "RTMAX-1" */
static int realtime(const char *name)
{
	int base = strncasecmp(name, "RTMIN", 5) == 0	? SIGRTMIN
		   : strncasecmp(name, "RTMAX", 5) == 0 ? SIGRTMAX
							: 0;
	uint64_t n = 0;

	if (!base)
		return 0;
	if (name[5] && (name[5] != (base == SIGRTMIN ? '+' : '-') ||
			nk_value_number(name + 6, strlen(name + 6), 64, &n) < 0))
		return 0;
	base += base == SIGRTMIN ? (int)n : -(int)n;
	return base >= SIGRTMIN && base <= SIGRTMAX ? base : 0;
}

int nk_signal_by_name(const char *name, struct nk_err *e)
{
	const char *bare = strncasecmp(name, "SIG", 3) == 0 ? name + 3 : name;
	uint64_t n;

	if (isdigit((unsigned char)*name) &&
	    nk_value_number(name, strlen(name), (uint64_t)SIGRTMAX, &n) == 0 && n > 0)
		return (int)n;
	for (int i = 1; i < SIGRTMIN; i++)
		if (sigabbrev_np(i) && strcasecmp(sigabbrev_np(i), bare) == 0)
			return i;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(others[i].name, bare) == 0)
			return others[i].number;
	if (realtime(bare))
		return realtime(bare);
	nk_fail(e, 0, "no such signal: %.60s", name);
	return nk_hint(e, "a name as TERM, HUP, USR1, RTMIN+1, or a number from 1 to %d", SIGRTMAX);
}
