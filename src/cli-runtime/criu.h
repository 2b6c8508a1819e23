/* SPDX-License-Identifier: Apache-2.0 */
/* The options that checkpoint and restore have in common. */
#ifndef NK_CLI_RUNTIME_CRIU_H
#define NK_CLI_RUNTIME_CRIU_H

#include "cli-runtime/create.h"
#include "runtime/oci_criu.h"

struct nk_rt_criu {
	struct nk_oci_criu criu;
	struct nk_rt_create create; /* restore */
};

int nk_rt_set_cgroups_mode(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_rt_set_empty_ns(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_rt_refuse_lazy(const struct nk_option_use *use, const char *value, struct nk_err *e);

/* Defaults, and paths that count from where the caller is. */
void nk_rt_criu_paths(struct nk_rt *rt, struct nk_rt_criu *c);

/* clang-format off */
#define NK_RT_CRIU_AT(member) .offset = offsetof(struct nk_rt_criu, member)
#define NK_RT_CRIU_OPTIONS \
	{"image-path", .metavar = "DIR", .values = "@dir", \
	 .help = "where the checkpoint's files are (default: checkpoint)", \
	 .set = nk_set_string, NK_RT_CRIU_AT(criu.image_path)}, \
	{"work-path", .metavar = "DIR", .values = "@dir", \
	 .help = "where criu writes its log and statistics (default: beside the files)", \
	 .set = nk_set_string, NK_RT_CRIU_AT(criu.work_path)}, \
	{"tcp-established", .help = "with open TCP connections", \
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.tcp_established)}, \
	{"ext-unix-sk", .help = "with Unix sockets whose other end is outside", \
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.ext_unix_sk)}, \
	{"shell-job", .help = "with a terminal of the caller's", \
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.shell_job)}, \
	{"file-locks", .help = "with file locks, for this container is the only one that has them", \
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.file_locks)}, \
	{"auto-dedup", .help = "give back what a later file of pages replaces", \
	 .set = nk_set_flag, NK_RT_CRIU_AT(criu.auto_dedup)}, \
	{"manage-cgroups-mode", .metavar = "MODE", .values = "soft full strict ignore", \
	 .help = "what criu does with cgroups: soft, full, strict or ignore", \
	 .set = nk_rt_set_cgroups_mode, NK_RT_CRIU_AT(criu.cgroups)}, \
	{"empty-ns", .metavar = "NAMESPACE", .values = "network", \
	 .help = "network: without its links and addresses", \
	 .set = nk_rt_set_empty_ns, NK_RT_CRIU_AT(criu.empty_network)}, \
	{"lazy-pages", .hidden = true, .help = "refused", .set = nk_rt_refuse_lazy},
/* clang-format on */

#endif
