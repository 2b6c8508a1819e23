/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of an OCI container: everything of config.json from the first cgroup to execve.
 *
 *   parent   cgroups with their limits, copies of host mounts, the clone, id maps; or, with
 *            version 1 and no users of its own, the clone and then the cgroups, while init makes
 *            its network and mounts: ── PLACED ──▶ init enters them
 *   init     namespaces, mounts in the order of config.json, devices, masks
 *            ── HOOKS ──▶ nook runs prestart, createRuntime, createContainer hooks, moves
 *            ◀── GO ────  network devices (only where there are any)
 *            pivot_root, session, limits, ids, capabilities (as nk_part_process)
 *            ── READY ──▶ nook writes the state "created" and the pid file
 *            ◀── GO ────  (so a nook that was killed before leaves nobody waiting)
 *            create: accept4(NK_SLOT_START) ◀── START ── `nook-runtime start`; the accepted
 *            socket becomes NK_SLOT_SOCKET, and what fails from here on is told to `start`
 *            run: goes on at once
 *            filter (with no_new_privs), execve: closes the socket and the file behind
 *            NK_SLOT_WAITING, whose flock tells everybody "created, not started yet"
 *
 * There are no steps of actor `after`: what a create that fails has made is taken away by the
 * runtime, from its state directory, just as delete does it after a kill at any moment.
 */
#ifndef NK_PLAN_OCI_H
#define NK_PLAN_OCI_H

#include "cgroup/oci.h"
#include "oci/config.h"
#include "plan/plan.h"

struct nk_oci_input {
	const struct nk_config *config;
	const struct nk_facts *facts;
	struct nk_bpf filter;
	bool listener; /* the filter has SCMP_ACT_NOTIFY: NK_MSG_LISTENER with its descriptor */
	const struct nk_cg_groups *groups; /* nk_cg_place(); none with --cgroup-manager=disabled */
	const struct nk_cg_unit *unit;	   /* systemd's scope, or NULL */
	bool waits;			   /* create: for `start`; false: run */
	bool hooks;			   /* stop before pivot_root for NK_MSG_HOOKS */
	bool no_pivot, no_new_keyring;
	bool rootless; /* ordinary user, or root of a user namespace: what it cannot do is soft */
	const char *apparmor, *selinux; /* nk_lsm_check()'s answer; NULL = none */
};

int nk_plan_create(struct nk_plan *p, const struct nk_oci_input *in, struct nk_err *e);

/* Of it only the steps that make the groups with their limits, for a container whose processes
 * somebody else makes (restore). Of systemd's scopes there are none. */
int nk_plan_groups(struct nk_plan *p, const struct nk_oci_input *in, struct nk_err *e);

#endif
