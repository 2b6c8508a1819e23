/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an OCI container: one file per verb. */
#ifndef NK_RUNTIME_OCI_H
#define NK_RUNTIME_OCI_H

#include "plan/exec.h"
#include "plan/oci.h"
#include "runtime/oci_rdt.h"
#include "security/lsm.h"
#include "spawn/spawn.h"
#include "state/oci_state.h"

/* How long a command waits for another one that works on the same container. */
enum { NK_OCI_LOCK_MS = 10000 };

/* ---- create and run: oci_prepare.c, oci_create.c ---- */

struct nk_oci_request {
	const char *root; /* state directory */
	const char *id;
	const char *bundle;	 /* absolute */
	const char *config_file; /* NULL: config.json; relative to the bundle */
	enum nk_cg_manager manager;
	bool rootless;
	const char *cache_dir;				      /* compiled filters, or NULL */
	const char *pid_file, *console_socket, *pidfd_socket; /* or NULL */
	unsigned preserve_fds;
	bool no_pivot, no_new_keyring;
	bool waits;  /* create: for `start` */
	bool detach; /* create, run -d: init lives on */
	bool keep;   /* run: the container is not deleted at its end */
	int slow_fd; /* run: closed while the command runs; 0: none */

	void (*step)(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t);
	int fault_step;
	bool fault_after;
	enum nk_fault_action fault_action;
};

struct nk_oci_create {
	struct nk_arena *a;
	const struct nk_oci_request *request;
	char *text; /* of config.json */
	size_t text_len;
	struct nk_config config;
	struct nk_facts facts;
	struct nk_cg_groups groups;
	struct nk_cg_unit unit;
	struct nk_lsm lsm;
	struct nk_rdt rdt;
	struct nk_oci_input in;
	struct nk_plan plan;

	struct nk_oci_record record;
	struct nk_oci_dir dir;
	int start_fd, waiting_fd;
	bool saved; /* state.json.new says "created" already */
};

/* config.json, facts, groups, filter, plan. Changes nothing. */
int nk_oci_prepare(struct nk_oci_create *c, struct nk_arena *a, const struct nk_oci_request *r,
		   struct nk_err *e);

/*
 * Make the container, and with !waits run it to its end or (detach) until it has executed its
 * command. What fails is taken away again. *result: with !detach how it ended.
 */
int nk_oci_create(struct nk_oci_create *c, struct nk_result *result, struct nk_err *e);

/* Of it, for restore as well: its directory with config.json and its first state. After an error
 * c->dir.fd >= 0 tells that there is something to take away; -EEXIST: the id is another's. */
int nk_oci_enter(struct nk_oci_create *c, struct nk_err *e);

/* Of it, for restore as well: take away what there is of it, with the lock, which is taken where we
 * do not hold it. What cannot be taken away is told as a warning. */
void nk_oci_take_away(struct nk_oci_create *c);

/* Of it, for exec as well: the pid to --pid-file and --pidfd-socket (NULL: not wanted); the master
 * of a terminal to --console-socket (1: there is none); words for a command that is not there. */
int nk_oci_announce(const char *pid_file, const char *pidfd_socket, pid_t pid, struct nk_err *e);
int nk_oci_give_terminal(const struct nk_config *c, const char *socket, int master,
			 struct nk_err *e);
void nk_oci_exec_words(const char *command, struct nk_err *e);

/* ---- state: oci_look.c ---- */

/* nk_oci_look() with NK_OCI_PAUSED. */
int nk_oci_find(struct nk_oci_dir *d, struct nk_arena *a, const char *root, const char *id,
		struct nk_oci_record *r, enum nk_oci_status *status, struct nk_err *e);

/* The specification's state, for hooks (full: with rootfs, created and owner, for `state`). */
void nk_oci_state_json(struct nk_json_out *j, const struct nk_oci_record *r,
		       enum nk_oci_status status, bool full);

/* The name of who made it, in buf. */
const char *nk_oci_owner(const struct nk_oci_record *r, char *buf, size_t size);

/* Are its groups frozen? */
bool nk_oci_frozen(const struct nk_oci_record *r);

/* ---- hooks: oci_hooks.c ---- */

/*
 * Run the hooks of one point, in order, each with the state on its standard input. The first that
 * fails is an error; warn: it is told (nk_log) and the next one is run. join: pid of a process
 * whose namespaces they run in, or 0.
 */
int nk_oci_hooks(const struct nk_config *c, enum nk_hook_point point, const struct nk_oci_record *r,
		 enum nk_oci_status status, pid_t join, bool warn, struct nk_err *e);

/* Those of the container's config.json as it was at create. */
int nk_oci_saved_config(struct nk_oci_dir *d, struct nk_arena *a, const struct nk_oci_record *r,
			struct nk_config *c, struct nk_err *e);

/* The startContainer hooks: programs of the container, run with its own rights. */
int nk_oci_start_hooks(struct nk_arena *a, const struct nk_config *c, const struct nk_oci_record *r,
		       const char *cache_dir, struct nk_err *e);

/* ---- sockets: oci_socket.c ---- */

/* Connect to a Unix socket at a path of any length: SOCK_STREAM, SOCK_SEQPACKET; and send a
 * descriptor with n bytes of text. A descriptor, 0, or -errno: -ETIMEDOUT after ten seconds in
 * which nobody accepts or reads. */
int nk_oci_connect(const char *path, int type);
int nk_oci_send(int sock, const char *text, size_t n, int fd);

/* Connect to a stream socket and send the descriptor with this text. */
int nk_oci_send_fd(const char *socket_path, const char *text, int fd, struct nk_err *e);

/* The socket `start` in the container's directory: init listens, start connects. */
int nk_oci_start_listen(struct nk_oci_dir *d, struct nk_err *e);
int nk_oci_start_connect(struct nk_oci_dir *d, struct nk_err *e);

/* The descriptor of SCMP_ACT_NOTIFY to the agent at listenerPath; fd stays the caller's. */
int nk_oci_tell_agent(const struct nk_config *c, const struct nk_oci_record *r,
		      enum nk_oci_status status, pid_t pid, int fd, struct nk_err *e);

/* ---- start, kill, delete ---- */

/* seal: called with arg before a process of ours goes into the container (startContainer hooks). */
int nk_oci_start(const char *root, const char *id, const char *cache_dir,
		 int (*seal)(void *arg, struct nk_err *e), void *arg, struct nk_err *e);

/* all: every process of its groups. signal 0 asks whether it runs. -ESRCH "container not running",
 * -ENOENT "container does not exist". */
int nk_oci_kill(const char *root, const char *id, int signal, bool all, struct nk_err *e);

/* Without force only what is stopped or not started yet. -ENOENT (with force: 0) when there is
 * none, -EAGAIN when another command works on it for longer than NK_OCI_LOCK_MS. */
int nk_oci_delete(const char *root, const char *id, bool force, struct nk_err *e);

/*
 * Take away what there is of a container whose state cannot be read (oci_unread.c); why: what
 * reading has said, for the warning of what may be left. We hold its lock.
 */
int nk_oci_destroy_unread(struct nk_oci_dir *d, const struct nk_err *why, struct nk_err *e);

/*
 * Take away everything that a container is: processes, groups, scope, directories; poststop hooks;
 * its state. We hold its lock. config: NULL where there is none to read.
 */
int nk_oci_destroy(struct nk_oci_dir *d, const struct nk_oci_record *r,
		   const struct nk_config *config, struct nk_err *e);

/* ---- groups: oci_claim.c, oci_groups.c ---- */

/* A plan has failed: if it was at a group that somebody else made meanwhile, *e says so, and that
 * one is not in the record any more. */
void nk_oci_lost_group(struct nk_oci_create *c, const struct nk_plan *p, struct nk_err *e);
/* This process is in its groups: is it alone in those that were there before? Else as above. */
int nk_oci_alone(struct nk_oci_create *c, pid_t pid, struct nk_err *e);
/* Was this group there before? */
bool nk_oci_keeps(const struct nk_oci_record *r, const char *dir);

/* A signal to every process in them, or below. 0 also when there is none. */
int nk_oci_signal_all(const struct nk_oci_record *r, int signal, struct nk_err *e);
void nk_oci_thaw(const struct nk_oci_record *r);

/* Of version 2, where a process of the container can be: dir, or the group of its init below it
 * (oci_own_group.c). */
const char *nk_oci_own_group(struct nk_arena *a, const struct nk_oci_record *r, const char *dir);

/* ---- joining: oci_join.c, oci_exec.c ---- */

/* CLONE_NEW* of the namespaces of this process that are not ours. */
int nk_oci_join_flags(pid_t pid, uint64_t *flags, struct nk_err *e);

/* One more process in a container. In this order: _open, changes to x->config.spec and
 * x->config.process, _plan, and nk_spawn with nk_oci_exec_started. */
struct nk_oci_exec {
	struct nk_arena *a;
	const struct nk_oci_record *record;
	struct nk_config config; /* begins as the container's */
	struct nk_facts facts;
	struct nk_lsm lsm;
	struct nk_oci_input oci;
	struct nk_exec_input in;
	struct nk_plan plan;
	int pidfd; /* init, checked */
};
int nk_oci_exec_open(struct nk_oci_exec *x, struct nk_arena *a, const struct nk_oci_record *r,
		     const struct nk_config *c, struct nk_err *e);
/* cache_dir: of compiled filters, or NULL. Where x->in.cgroups is not the container's any more
 * (exec --cgroup), the process goes where that says. */
int nk_oci_exec_plan(struct nk_oci_exec *x, const char *cache_dir, struct nk_err *e);
/* HOME from the passwd of the root file system, or of the running container, where env has none. */
void nk_oci_home(struct nk_arena *a, struct nk_config *c);
void nk_oci_home_of(struct nk_arena *a, struct nk_config *c, pid_t pid);
/* Gives standard input, output and error to the container's user, where there is no terminal. */
void nk_oci_own_stdio(const struct nk_spec *s);
void nk_oci_exec_close(struct nk_oci_exec *x);
#define _oci_exec_ __attribute__((cleanup(nk_oci_exec_close)))
/* nk_spawn_options.started: init lives, so its number has meant it all the time. */
int nk_oci_exec_started(const struct nk_oci_exec *x, pid_t pid, struct nk_err *e);
/* nk_spawn has failed: where the container has ended meanwhile, that is why. */
void nk_oci_exec_failed(const struct nk_oci_exec *x, struct nk_err *e);

/* runtime/oci_host_mounts.c: those of a container without a mount namespace of its own. */
void nk_oci_note_host_mounts(struct nk_oci_record *r, const struct nk_config *c);
void nk_oci_remove_host_mounts(const struct nk_oci_record *r);

#endif
