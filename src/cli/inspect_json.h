/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NK_CLI_INSPECT_JSON_H
#define NK_CLI_INSPECT_JSON_H

#include "base/json_out.h"
#include "runtime/net.h"
#include "state/state.h"

/* One container as an object, with the names that Docker gives to the same things, and what
 * only nook knows below "Nook". */
void nk_inspect_json(struct nk_json_out *j, struct nk_arena *a, const struct nk_state_record *r,
		     const struct nk_net_seats *seats);

#endif
