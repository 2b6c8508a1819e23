/* SPDX-License-Identifier: Apache-2.0 */
/* nook run: words -> spec -> plan -> a running container, or its explanation. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/explain.h"
#include "cli/host_hint.h"
#include "cli/lan.h"
#include "cli/run_options.h"
#include "plan/plan.h"
#include "runtime/net.h"
#include "runtime/prepare.h"
#include "runtime/runtime.h"
#include "security/caps.h"
#include "security/seccomp.h"
#include "spawn/spawn.h"
#include "state/state.h"

/* Everything about one `nook run`. */
struct run {
	struct nk_cli *cli;
	struct nk_run_request *request;
	const struct nk_run_world *world;
	struct nk_spec *spec;
	struct nk_facts facts;
	struct nk_plan plan;
	struct nk_plan_cgroup groups;
	struct nk_lease lease;
	struct nk_state state;
	struct nk_state_record record;
	struct nk_state_handle handle;
	struct nk_net_store networks; /* open where there are cards on them */
};

/* container:NAME in a namespace option -> the namespace of that container. */
static int resolve_containers(struct run *r, struct nk_err *e)
{
	for (int k = 0; k < NK_NS_COUNT; k++) {
		struct nk_ns_spec *ns = &r->spec->ns[k];
		struct nk_state_record other;

		if (ns->mode != NK_NS_JOIN || strncmp(ns->path, "container:", 10))
			continue;
		int ret = nk_state_find(&r->state, &r->cli->arena, ns->path + 10, &other, e);
		if (ret < 0)
			return ret;
		ns->path = nk_state_ns_path(&r->cli->arena, &other, (enum nk_ns_kind)k);
	}
	return 0;
}

/*
 * Without a user namespace nobody can give what nook does not have: root of a
 * machine like this one may lack CAP_SYS_RESOURCE. Said where it was asked for.
 */
static void limit_caps(struct run *r)
{
	struct nk_caps *c = &r->spec->caps;
	uint64_t have = r->facts.caps, missing = c->bounding & ~have;
	const char *names = "";

	/* Without CAP_SYS_ADMIN the plan refuses the host's users, in one line. */
	if (r->spec->ns[NK_NS_USER].mode != NK_NS_HOST || !missing || !r->facts.sys_admin)
		return;
	for (unsigned cap = 0; cap <= r->facts.last_cap; cap++)
		if (missing >> cap & 1)
			names = nk_fmt(&r->cli->arena, "%s %s", names, nk_cap_name(cap));
	nk_strv_push(&r->cli->arena, &r->facts.notices,
		     nk_fmt(&r->cli->arena, "nook itself does not have and cannot give:%s", names));
	c->bounding &= have;
	c->permitted &= have;
	c->effective &= have;
	c->inheritable &= have;
	c->ambient &= have;
}

/* Who the command is: user, groups and HOME from the container's own files. */
static int resolve_user(struct run *r, struct nk_err *e)
{
	struct nk_arena *a = &r->cli->arena;
	struct nk_text passwd = nk_container_text(a, r->spec, "/etc/passwd");
	struct nk_text group = nk_container_text(a, r->spec, "/etc/group");
	int ret = nk_run_user(r->request, a, passwd.v, passwd.n, group.v, group.n, e);

	if (ret < 0)
		return ret;
	ret = nk_caps_build(&r->spec->caps, &r->request->cap_add, &r->request->cap_drop,
			    r->spec->privileged, r->spec->uid, r->facts.last_cap, e);
	if (ret == 0)
		limit_caps(r);
	return ret < 0 ? ret : nk_run_firewall_caps(r->request, e);
}

/*
 * Root of a container often has less than it takes to make another with the same
 * users: CAP_SYS_ADMIN above all. A user namespace in which every id is itself
 * gives the missing capabilities and changes nothing else.
 */
static void weak_root(struct run *r)
{
	struct nk_ns_spec *ns = r->spec->ns;
	uint64_t have = nk_own_caps(), need = 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_MKNOD;

	if (ns[NK_NS_NET].mode == NK_NS_NEW)
		need |= 1ULL << CAP_NET_ADMIN;
	if (geteuid() != 0 || r->request->ns[NK_NS_USER].given ||
	    ns[NK_NS_USER].mode != NK_NS_HOST || ((have & need) == need && !r->cli->lan))
		return;
	/* The kernel maps root into new users only for one that has this (Linux 5.12). */
	if (!(have >> CAP_SETFCAP & 1))
		return;
	ns[NK_NS_USER].mode = NK_NS_NEW;
	r->spec->users_as_outside = true;
}

/* Addresses are leased, and only now /etc/hosts can say them. */
static int prepare_networks(struct run *r, struct nk_err *e)
{
	struct nk_arena *a = &r->cli->arena;
	int ret;

	if (!r->spec->net.cards.n && !r->spec->net.egress_given)
		return 0;
	r->spec->net.netd_path = nk_run_find_program(a, "nook-netd");
	r->spec->net.dhcp_path = nk_run_find_program(a, "nook-dhcp");
	if ((ret = nk_net_store_open(&r->networks, a, r->cli->root, r->cli->state, e)) < 0 ||
	    (r->networks.dry = r->request->explain != NK_EXPLAIN_NO,
	     ret = nk_net_prepare(&r->networks, a, r->spec, &r->facts.notices, e)) < 0 ||
	    (ret = nk_net_prepare_egress(&r->networks, a, r->spec, e)) < 0 || !r->spec->net.cards.n)
		return ret;
	return nk_run_finish_etc(r->request, a, r->world, e);
}

/* What was leased is given back, however far the start has come. */
static void end_networks(struct run *r)
{
	if (r->spec->net.cards.n && r->networks.fd >= 0 && r->request->explain == NK_EXPLAIN_NO)
		nk_net_container_end(&r->networks, &r->cli->arena, r->spec);
	nk_net_store_close(&r->networks);
}

static int make_plan(struct run *r, struct nk_err *e)
{
	struct nk_arena *a = &r->cli->arena;
	struct nk_plan_input in = {.spec = r->spec, .facts = &r->facts};
	const char *cache = nk_fmt(a, "%s/seccomp", r->cli->root);
	struct nk_strv notices = {0};
	int ret;

	weak_root(r);
	if ((ret = resolve_containers(r, e)) < 0 ||
	    (ret = nk_run_choose_backend(r->request, &r->state, a, r->cli->state, &notices, e)) <
		    0 ||
	    (ret = nk_prepare(a, r->spec, &r->facts, &r->lease, e)) < 0 ||
	    (ret = prepare_networks(r, e)) < 0 || (ret = resolve_user(r, e)) < 0 ||
	    (ret = nk_seccomp_filter(a, r->spec, cache, &in.filter, e)) < 0)
		return ret;
	/* For hints about what this user may. */
	if (r->cli->lan)
		r->facts.euid = r->cli->lan->uid;
	if (r->cli->lan && r->cli->lan->notice)
		nk_strv_push(a, &notices, r->cli->lan->notice);
	for (size_t i = 0; i < notices.n; i++)
		nk_strv_push(a, &r->facts.notices, notices.v[i]);
	if (r->request->no_network)
		nk_strv_push(a, &r->facts.notices,
			     "only loopback in the network: this root may not make links here, or "
			     "keep networks (--network none does so without this line)");
	if (r->request->init) {
		struct nk_strv args = {0};
		nk_strv_push(a, &args, "/dev/nook-init");
		nk_strv_push(a, &args, "--");
		for (size_t i = 0; i < r->spec->args.n; i++)
			nk_strv_push(a, &args, r->spec->args.v[i]);
		r->spec->args = args;
	}
	nk_plan_init(&r->plan, a);
	return nk_plan_run(&r->plan, &in, &r->groups, e);
}

/* Not before the container is there: a refusal is one line and a hint. */
static void tell_notices(void *arg)
{
	const struct run *r = arg;

	for (size_t i = 0; i < r->facts.notices.n; i++)
		nk_log(NK_LOG_WARN, "%s", r->facts.notices.v[i]);
}

static int started(void *arg, pid_t pid, struct nk_err *e)
{
	struct run *r = arg;

	return nk_state_started(&r->handle, &r->record, pid, e);
}

/* Bridges and rules stand. What the kernel does not forward ([::1]) is nook-netd's, with our
 * sockets. */
static int made(void *arg, const int *slots, struct nk_err *e)
{
	struct run *r = arg;
	const struct nk_cli_lan *lan = r->cli->lan;

	nk_net_starts_done(&r->networks);
	nk_net_forget_waiting(&r->cli->arena, &r->spec->net.ports);
	if (!r->spec->net.ports.n)
		return 0;
	if (lan)
		return nk_net_hand_sockets(&r->networks, &r->cli->arena, r->spec, lan->ports,
					   lan->n_ports, e);
	return nk_net_hand_ports(&r->networks, &r->cli->arena, r->spec, &r->plan, slots, e);
}

static int register_container(struct run *r, struct nk_err *e)
{
	struct nk_arena *a = &r->cli->arena;

	r->record = (struct nk_state_record){
		.id = r->spec->id,
		.name = r->spec->name,
		.reference = r->request->reference ? r->request->reference : r->request->rootfs,
		.lease = r->lease.ids,
		.spec = r->spec,
	};
	for (int i = 0; i < r->groups.n_paths; i++)
		nk_strv_push(a, &r->record.cgroups, r->groups.paths[i]);
	return nk_state_create(&r->state, a, &r->record, &r->handle, e);
}

static int spawn(struct run *r, struct nk_result *result, struct nk_err *e)
{
	const struct nk_spawn_options o = {
		.interactive = r->spec->interactive,
		.timeout_ms = (uint64_t)r->request->timeout * 1000,
		.groups = r->groups.paths,
		.n_groups = r->groups.n_paths,
		.started = started,
		.made = r->spec->net.cards.n ? made : NULL,
		.alive = tell_notices,
		.step = r->request->debug ? nk_cli_debug_step : NULL,
		.arg = r,
		.fault_step = r->request->fault_step,
		.fault_after = r->request->fault_after,
		.fault_action = r->request->fault_action,
	};
	struct nk_err left = {0};
	int ret = register_container(r, e);

	if (ret < 0)
		return ret;
	nk_host_hint_begin(r->cli, r->spec, &r->facts);
	ret = nk_spawn(&r->plan, &o, result, e);
	if (ret < 0)
		nk_net_explain_port(&r->state, &r->cli->arena, &r->plan, e);
	end_networks(r);
	if (nk_state_remove(&r->handle,
			    ret < 0 ? (e->exit ? e->exit : NK_EXIT_FAULT) : result->exit_code,
			    &left) < 0)
		nk_log(NK_LOG_WARN, "%s", left.msg);
	if (ret == 0 && e->msg[0])
		nk_log(NK_LOG_WARN, "%s", e->msg);
	return ret;
}

/* What a person should know about an end that the exit code alone does not tell. */
static void tell_end(const struct run *r, const struct nk_result *result)
{
	int64_t limit = r->spec->resources.memory;

	if (result->out_of_memory && limit > 0)
		nk_log(NK_LOG_WARN,
		       "out of memory: the kernel ended a process that went over --memory %lldm",
		       (long long)(limit >> 20));
	else if (result->out_of_memory)
		nk_log(NK_LOG_WARN, "out of memory: the kernel ended a process of the container");
	if (result->timed_out)
		nk_log(NK_LOG_WARN, "timeout: ended after %u second%s", r->request->timeout,
		       r->request->timeout == 1 ? "" : "s");
}

static int run_container(struct nk_cli *cli, struct nk_run_request *request,
			 const struct nk_run_world *world)
{
	struct run r = {
		.cli = cli,
		.request = request,
		.world = world,
		.spec = &request->spec,
		.networks = {.fd = -EBADF, .state_fd = -EBADF, .starts_fd = -EBADF},
	};
	struct nk_result result = {0};
	struct nk_err e = {0};
	int ret;

	if (nk_runtime_open(&r.state, cli->state, &e) < 0)
		return nk_cli_error(cli, &e);
	r.lease = (struct nk_lease){.dir = cli->leases, .st = &r.state, .fd = -1};
	ret = make_plan(&r, &e);
	if (ret == 0 && request->explain != NK_EXPLAIN_NO)
		tell_notices(&r);
	if (ret == 0 && request->explain != NK_EXPLAIN_NO)
		result.exit_code = nk_cli_explain(cli, &r.plan, request->explain);
	else if (ret == 0)
		ret = spawn(&r, &result, &e);
	end_networks(&r);
	nk_state_close(&r.state);
	if (r.lease.fd >= 0)
		close(r.lease.fd);
	if (ret < 0)
		return nk_cli_error(cli, &e);
	tell_end(&r, &result);
	if (request->explain == NK_EXPLAIN_NO)
		nk_host_hint_end(cli, r.spec, result.exit_code);
	return result.exit_code;
}

/* Where nothing can be kept there is no network by default: this root of others' users keeps none.
 */
static bool keeps_networks(struct nk_cli *cli)
{
	char *path = nk_strdup(&cli->arena, cli->root);
	char *slash;

	while (access(path, F_OK) < 0 && (slash = strrchr(path, '/')) && slash > path)
		*slash = '\0';
	return access(path, W_OK) == 0;
}

static int run(struct nk_cli *cli, int argc, char **argv)
{
	struct nk_run_request r;
	struct nk_run_world w;
	struct nk_err e = {0};
	int code;

	nk_run_request_init(&r);
	int first = nk_cli_options(cli, &nk_command_run, argc, argv, &r, &code);
	if (first < 0)
		return code;
	if (nk_run_world_read(&w, &cli->arena, &e) < 0)
		return nk_cli_error(cli, &e);
	if (w.euid == 0 && !keeps_networks(cli))
		w.makes_links = NULL;
	if (nk_run_finish(&r, &cli->arena, &w, argc - first, argv + first, &e) < 0)
		return nk_cli_error(cli, &e);
	/* An ordinary user's networks are in a namespace of that user's: nook goes there. */
	if (r.spec.net.cards.n && nk_cli_lan_enter(cli, true, &r.spec.net.ports, &e) < 0)
		return nk_cli_error(cli, &e);
	nk_cli_lan_ports(cli, &r.spec.net.ports);
	return run_container(cli, &r, &w);
}

const struct nk_command nk_command_run = {
	.name = "run",
	.usage = "[OPTIONS] [REFERENCE] [COMMAND [ARG...]]",
	.summary = "run a command in a new container",
	.about = "Run COMMAND in namespaces of its own. REFERENCE is the first word after the "
		 "options: "
		 "host, the embedded default, shows this machine's own programs below throw-away "
		 "layers, with users of its own: changes are gone at the end, files of the host's "
		 "root "
		 "cannot be edited, and those that only root may read cannot be read. With "
		 "--rootfs DIR there is no REFERENCE and all words are the command. "
		 "Without a command it is a shell.\n"
		 "The exit code is the command's; 125: nook's own fault, 126: cannot be executed, "
		 "127: "
		 "not found, 128+N: ended by signal N.",
	.examples = "nook run\ta shell in a throw-away copy of this machine\n"
		    "nook run host ps ax\tone command in it\n"
		    "nook run --rootfs ./debian:O -it bash\ta tree of your own, left as it is\n"
		    "nook run -v ./src:/src:ro -w /src host ls -l\tshow a directory inside\n"
		    "nook run -m 64m --pids-limit 50 --cpus 0.5 host ps\thold it to limits\n"
		    "nook run --explain host true\tshow each step and run nothing",
	.options = nk_run_table,
	.words = "host",
	.run = run,
};
