/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the words of `nook run` to a spec.
 *
 * What is left for the caller, because it needs the machine's facts or the
 * mounted root file system: user names (nk_run_user), capabilities (cap_add and
 * cap_drop through nk_caps_build), facts about the sources of volumes and
 * devices, and namespaces with the path "container:NAME", whose process the
 * state knows.
 */
#ifndef NK_CLI_RUN_OPTIONS_H
#define NK_CLI_RUN_OPTIONS_H

#include "child/child.h"
#include "cli/option.h"
#include "oci/spec.h"
#include "state/state.h"

enum nk_explain {
	NK_EXPLAIN_NO,
	NK_EXPLAIN_WORDS,
	NK_EXPLAIN_JSON,
	NK_EXPLAIN_C,
	NK_EXPLAIN_SH,
};

/* A namespace option as it was given. */
struct nk_ns_choice {
	bool given;
	struct nk_ns_spec ns; /* path may be "container:NAME" */
};

struct nk_run_request {
	struct nk_spec spec;
	const char *reference; /* "host"; NULL with --rootfs */

	bool rm;
	enum nk_explain explain;
	bool debug;
	unsigned timeout;	  /* seconds; 0 = none */
	const char *user;	  /* "user[:group]" as given, or NULL = root */
	struct nk_strv group_add; /* names or numbers */
	struct nk_strv cap_add, cap_drop;
	struct nk_strv mask; /* paths beside the usual ones */
	bool init;

	/* Below: as given; nk_run_finish() turns it into the spec. */
	const char *rootfs;
	const char *entrypoint;
	struct nk_strv env_words, env_files;
	const char *workdir;
	struct nk_ns_choice ns[NK_NS_COUNT];
	const char *userns_word;  /* "auto", "map", … */
	const char *network_word; /* "none", "host", …; networks by name are spec.net.cards */
	enum nk_net_backend backend_want; /* --network pasta, slirp4netns */
	bool rootless_net;	 /* one of the two: nk_run_choose_backend() is to be called */
	struct nk_net_card card; /* --ip, --mac-address, …: of the only one */
	bool publish_all;
	bool no_network; /* nothing was said, and this root cannot make links: only loopback */
	struct nk_strv add_host, dns, dns_search, dns_option;
	bool no_hosts, no_hostname;
	const char *own_hostname; /* by which the inside calls itself, or NULL */
	int64_t cpus;		  /* 10^-9 CPUs, NK_UNSET */
	bool tty_given;

	/* --fault STEP:before|after:fail|kill, only in builds with -Dfault=true */
	int fault_step;
	bool fault_after;
	enum nk_fault_action fault_action;
};

/* What nk_run_finish() has to know of the world; tests make their own. */
struct nk_run_world {
	uid_t euid;
	const char *hostname; /* of the caller's UTS namespace */
	const char *etc;      /* "/etc": hosts and resolv.conf of the host */
	const char *term;     /* the caller's TERM, or NULL */
	bool stdin_is_terminal;
	bool bash;	       /* /bin/bash is there */
	const char *init_path; /* nook-init, or NULL when it is not installed */
	const char *network;   /* NOOK_NETWORK: what --network is where it is not given, or NULL */
	bool (*makes_links)(void); /* may this process? Asked only where it matters; NULL: no */
};

extern const struct nk_option nk_run_table[];

void nk_run_request_init(struct nk_run_request *r);

/* The options' words are in the request; `words` are those behind them. */
int nk_run_finish(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		  int n_words, char **words, struct nk_err *e);

/*
 * The texts of /etc/hosts and /etc/resolv.conf. nk_run_finish() leaves them to the caller where
 * there are cards on networks: first their addresses are leased (nk_net_prepare).
 */
int nk_run_finish_etc(struct nk_run_request *r, struct nk_arena *a, const struct nk_run_world *w,
		      struct nk_err *e);

/* With r->rootless_net: which program carries it (runtime/net_backend.h), and then the texts of
 * /etc. state: nook's. Else nothing. */
int nk_run_choose_backend(struct nk_run_request *r, struct nk_state *st, struct nk_arena *a,
			  const char *state, struct nk_strv *notices, struct nk_err *e);

/* A card in words: NAME[:ip=…,ip6=…,mac=…,ifname=…,alias=…]; its network has nothing but a name. */
int nk_run_card_words(struct nk_arena *a, struct nk_net_card *c, const char *value,
		      struct nk_err *e);

/* --firewall and --egress, once the capabilities are known: those that would undo them go, or are
 * refused where they were asked for. */
int nk_run_firewall_caps(struct nk_run_request *r, struct nk_err *e);

/* Where nook-NAME lies, or NULL: it is not installed. */
const char *nk_run_find_program(struct nk_arena *a, const char *name);

/* Fill *w from this process and machine. */
int nk_run_world_read(struct nk_run_world *w, struct nk_arena *a, struct nk_err *e);

/*
 * Look up user and groups in the container's passwd and group files (NULL or ""
 * when there is none) and set uid, gid, groups and HOME of the spec.
 */
int nk_run_user(struct nk_run_request *r, struct nk_arena *a, const char *passwd, size_t passwd_len,
		const char *group, size_t group_len, struct nk_err *e);

#endif
