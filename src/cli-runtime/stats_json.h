/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NK_CLI_RUNTIME_STATS_JSON_H
#define NK_CLI_RUNTIME_STATS_JSON_H

#include "base/json_out.h"
#include "cgroup/oci_stats.h"

/* {"type":"stats","id":…,"data":{…}} */
void nk_rt_stats_json(struct nk_json_out *j, const char *id, const struct nk_cg_stats *s);

#endif
