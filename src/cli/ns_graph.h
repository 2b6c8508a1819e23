/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that look at all namespaces share: which ones, and one of them in words. */
#ifndef NK_CLI_NS_GRAPH_H
#define NK_CLI_NS_GRAPH_H

#include "base/json_out.h"
#include "cli/cli.h"
#include "ns/graph.h"

/* Setter: `--type uts,net` (may be repeated) into bits of kinds. */
int nk_set_ns_kinds(const struct nk_option_use *use, const char *value, struct nk_err *e);

/* nk_ns_collect() with nook's state and the names of its containers, where there are any. */
int nk_cli_ns_collect(struct nk_cli *cli, struct nk_ns_look *look, struct nk_ns_graph *g,
		      struct nk_err *e);

/* mine[i]: node i of g is one of what word means (ns_target.h). -ESRCH, -ENOENT, -EACCES. */
int nk_cli_ns_of(struct nk_cli *cli, const char *word, unsigned kinds, const struct nk_ns_graph *g,
		 bool *mine, struct nk_err *e);

/* Those of the graph that are of these kinds (0: all), and of what the word means (NULL: all). An
 * array by index; NULL with *e filled. */
bool *nk_cli_ns_choose(struct nk_cli *cli, const char *word, unsigned kinds,
		       const struct nk_ns_graph *g, struct nk_err *e);

/* Say on stderr what could not be seen for want of rights. */
void nk_cli_ns_unseen(const struct nk_cli *cli, const struct nk_ns_graph *g);

/* A user's name, or his number; in the arena. */
const char *nk_cli_user(struct nk_cli *cli, uid_t uid);

/* What keeps it alive, in a few words: "processes, mount /run/netns/blue". */
const char *nk_cli_ns_kept(struct nk_cli *cli, const struct nk_ns_node *node);

/* Its members of a JSON object that is open. */
void nk_cli_ns_json(struct nk_cli *cli, struct nk_json_out *j, const struct nk_ns_graph *g,
		    const struct nk_ns_node *node);

#endif
