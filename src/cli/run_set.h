/* SPDX-License-Identifier: Apache-2.0 */
/* The setters of `nook run`, one for each kind of option, and what is checked
 * when all options are known. Private to src/cli/run_*.c. */
#ifndef NK_CLI_RUN_SET_H
#define NK_CLI_RUN_SET_H

#include "cli/run_options.h"

#define NK_SETTER(name) \
	int nk_run_set_##name(const struct nk_option_use *use, const char *value, struct nk_err *e)

/* run_namespaces.c */
NK_SETTER(uts);
NK_SETTER(ipc);
NK_SETTER(pid);
NK_SETTER(cgroupns);
NK_SETTER(userns);
NK_SETTER(network);
NK_SETTER(time);
NK_SETTER(uidmap);
NK_SETTER(gidmap);
NK_SETTER(time_offset);
int nk_run_finish_namespaces(struct nk_run_request *r, uid_t euid, struct nk_err *e);

/* Too many, or an id in two of them. */
int nk_run_check_maps(const struct nk_idmaps *maps, const char *option, struct nk_err *e);

/* run_network.c */
NK_SETTER(card_ip);
NK_SETTER(card_mac);
NK_SETTER(card_alias);
int nk_run_add_card(const struct nk_option_use *use, const char *value, struct nk_err *e);
int nk_run_check_ifname(const char *name, struct nk_err *e);
/* run_backend.c: 0 when the word names a back end, 1 when not; and who gets one. */
int nk_run_backend_word(struct nk_run_request *r, const char *value, struct nk_err *e);
int nk_run_finish_backend(struct nk_run_request *r, uid_t euid, struct nk_err *e);
int nk_run_default_network(struct nk_run_request *r, struct nk_arena *a,
			   const struct nk_run_world *w, struct nk_err *e);
int nk_run_finish_network(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e);

/* run_ports.c */
NK_SETTER(publish);
NK_SETTER(expose);
int nk_run_finish_ports(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e);

/* run_firewall.c */
NK_SETTER(firewall);
NK_SETTER(egress);
int nk_run_finish_firewall(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e);

/* run_sysctl.c */
NK_SETTER(sysctl);
int nk_run_finish_sysctls(struct nk_run_request *r, struct nk_err *e);

/* run_volumes.c */
NK_SETTER(rootfs);
NK_SETTER(volume);
NK_SETTER(tmpfs);
NK_SETTER(mount);
NK_SETTER(device);
NK_SETTER(storage_opt);
NK_SETTER(shm_size);
int nk_run_finish_volumes(struct nk_run_request *r, struct nk_err *e);

/* run_process.c */
NK_SETTER(name);
NK_SETTER(hostname);
NK_SETTER(workdir);
NK_SETTER(security_opt);
NK_SETTER(ulimit);
NK_SETTER(explain);
NK_SETTER(preserve_fds);
int nk_run_finish_command(struct nk_run_request *r, struct nk_arena *a,
			  const struct nk_run_world *w, int n_words, char **words,
			  struct nk_err *e);

/* run_env.c */
NK_SETTER(env);
int nk_run_finish_env(struct nk_run_request *r, struct nk_arena *a, const char *hostname,
		      const char *term, struct nk_err *e);
/* Set KEY=VALUE in a list, in the place of an earlier KEY. */
void nk_env_put(struct nk_arena *a, struct nk_strv *env, const char *pair);
/* What the command of *s, which has a terminal, is told about it; term: the caller's TERM or NULL.
 */
void nk_env_put_terminal(struct nk_arena *a, struct nk_strv *env, const struct nk_spec *s,
			 const char *term);
/* --env-file and then -e, as they were given. */
int nk_env_put_given(struct nk_arena *a, struct nk_strv *env, const struct nk_strv *files,
		     const struct nk_strv *words, struct nk_err *e);

/* run_limits.c */
NK_SETTER(bytes); /* offset: an int64_t */
NK_SETTER(memory_swap);
NK_SETTER(cpus);
NK_SETTER(cpu_time); /* --cpu-period, --cpu-quota */
NK_SETTER(cpu_shares);
NK_SETTER(cpu_list);
NK_SETTER(pids_limit);
NK_SETTER(blkio_weight);
NK_SETTER(device_bps);
NK_SETTER(cgroup_parent);
int nk_run_finish_limits(struct nk_run_request *r, struct nk_err *e);

/* run_etc.c */
NK_SETTER(add_host);
NK_SETTER(dns);
NK_SETTER(dns_word); /* --dns-search, --dns-option */

/* run_identity.c */
int nk_run_identity(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e);

#ifdef NOOK_FAULT
/* run_fault.c */
NK_SETTER(fault);
#endif

#endif
