/* SPDX-License-Identifier: Apache-2.0 */
/* What nook ns show tells, for people and for machines. */
#ifndef NK_CLI_NS_SHOW_H
#define NK_CLI_NS_SHOW_H

#include "base/json_out.h"
#include "cli/cli.h"
#include "ns/inside.h"
#include "ns/pids.h"

/* chain is empty when no process was named. */
void nk_ns_show_text(struct nk_cli *cli, const struct nk_inside *in,
		     const struct nk_ns_pid_chain *chain);
void nk_ns_show_json(struct nk_arena *a, struct nk_json_out *j, const struct nk_inside *in,
		     const struct nk_ns_pid_chain *chain);

/* An array of levels, also for nook ns pid. */
void nk_ns_chain_json(struct nk_json_out *j, const char *key, const struct nk_ns_pid_chain *chain);

/* "Host name", "Mounts" …: by part. */
extern const char *const nk_ns_part_titles[NK_INSIDE_COUNT];

/* "all 41", "none", "CAP_CHOWN, CAP_KILL", "all but CAP_SYS_TIME" */
const char *nk_ns_cap_words(struct nk_arena *a, uint64_t caps);

#endif
