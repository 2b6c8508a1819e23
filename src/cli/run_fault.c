/* SPDX-License-Identifier: Apache-2.0 */
/* --fault STEP:before|after:fail|kill: what happens when a step goes wrong. Only in builds
 * with -Dfault=true; the tests go through all steps with it. */
#include <stdlib.h>
#include <string.h>

#include "cli/run_set.h"

#ifdef NOOK_FAULT
NK_SETTER(fault)
{
	struct nk_run_request *r = use->target;
	char *end;
	long step = strtol(value, &end, 10);

	r->fault_after = !strncmp(end, ":after:", 7);
	if (step < 1 || step > 10000 || (!r->fault_after && strncmp(end, ":before:", 8)))
		return nk_fail(e, 0, "not STEP:before|after:fail|kill");
	end += r->fault_after ? 7 : 8;
	r->fault_step = (int)step;
	r->fault_action = !strcmp(end, "kill") ? NK_FAULT_KILL : NK_FAULT_FAIL;
	return 0;
}
#endif
