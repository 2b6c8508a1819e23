/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of OCI containers: what runc's commands can be told, and CRIU with it. */
#ifndef NK_RUNTIME_OCI_CRIU_H
#define NK_RUNTIME_OCI_CRIU_H

#include "runtime/criu.h"
#include "runtime/oci.h"

struct nk_oci_criu {
	const char *program;	/* --criu, or "criu" */
	const char *image_path; /* a directory, made where it is missing */
	const char *work_path;	/* for log and statistics; NULL: image_path */
	const char *parent_path;
	const char *page_server; /* "ADDRESS:PORT" */
	const char *lsm_profile, *lsm_mount_context;
	int cgroups; /* enum nk_criu_cgroups, -1: CRIU's choice */
	bool leave_running, pre_dump;
	bool tcp_established, tcp_skip_in_flight, tcp_close, ext_unix_sk, shell_job, file_locks;
	bool link_remap, auto_dedup;
	bool empty_network; /* --empty-ns network: without its links and addresses */
};

/* Dump a running container. Where it does not go on running it is deleted. */
int nk_oci_checkpoint(struct nk_arena *a, const char *root, const char *id,
		      const struct nk_oci_criu *o, struct nk_err *e);

/*
 * A new container from a dump. request: as for `run`, with detach; *result: how it ended, without
 * detach.
 */
int nk_oci_restore(struct nk_arena *a, const struct nk_oci_request *request,
		   const struct nk_oci_criu *o, struct nk_result *result, struct nk_err *e);

/* ---- oci_criu.c: what both say ---- */

/* Directories as descriptors that criu inherits, and what is the same for dump and restore. */
struct nk_oci_criu_call {
	struct nk_criu criu;
	int images, work;
};
int nk_oci_criu_begin(struct nk_oci_criu_call *c, struct nk_arena *a, const struct nk_oci_criu *o,
		      enum nk_criu_type type, struct nk_err *e);
void nk_oci_criu_end(struct nk_oci_criu_call *c);
#define _criu_call_ __attribute__((cleanup(nk_oci_criu_end)))

/* "mnt[DESTINATION]:NAME" of every mount that is the host's, for restore the name is its source. */
void nk_oci_criu_mounts(struct nk_oci_criu_call *c, const struct nk_config *config, bool restore);

/* "net[INODE]:NAME" of a namespace that the configuration has by its path; restore: a descriptor
 * of it. */
int nk_oci_criu_namespaces(struct nk_oci_criu_call *c, const struct nk_config *config, bool restore,
			   struct nk_err *e);

#endif
