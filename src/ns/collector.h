/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the files of src/ns that fill a graph. While it grows, indexes are in the order of
 * finding; the last step sorts and renumbers.
 */
#ifndef NK_NS_COLLECTOR_H
#define NK_NS_COLLECTOR_H

#include "ns/graph.h"

/* What is noted about a node beside the node itself. */
struct nk_ns_notes {
	pid_t last; /* the highest process in it: another chance when the lowest has gone */
	pid_t children_pid;
	unsigned children; /* processes whose children will be in it */
	pid_t thread_pid;
	unsigned threads; /* that are in it, while their process is not */
	pid_t fd_pid;
	int fd;
	unsigned fds;
	bool related; /* its owner and parent have been asked for */
	bool ours;    /* this process is in it */
};

struct nk_ns_collector {
	struct nk_arena *a;
	const struct nk_ns_look *look;
	struct nk_ns_graph *g;
	int proc;	  /* /proc */
	unsigned kinds;	  /* those that are read */
	uint64_t dev;	  /* of nsfs: there is one */
	pid_t self;	  /* this process, in the numbers of /proc; 0 = not in it */
	size_t way_lines; /* read so far to see what lies above mounts */
	NK_VEC(struct nk_ns_notes) notes;
	int *slots; /* index + 1 by inode, open addressing */
	size_t slot_count;
};

/* The node of a namespace, made when it is new; NK_NS_NOBODY when out of memory. */
int nk_ns_node(struct nk_ns_collector *c, enum nk_ns_kind kind, uint64_t inode);

/* The node of something found outside of /proc/PID/ns: NK_NS_NOBODY too where it is not looked for.
 * *is_new: nothing is known of its relations yet. */
int nk_ns_node_beside(struct nk_ns_collector *c, enum nk_ns_kind kind, uint64_t inode,
		      bool *is_new);

/* The namespace behind a link of /proc, "pid:[4026531836]": as nk_ns_parse. */
int nk_ns_link(int dir_fd, const char *path, enum nk_ns_kind *kind, uint64_t *inode);

/* Call fn for each process of /proc in its order, which is that of the numbers. 0 or -errno. */
typedef void nk_ns_pid_fn(struct nk_ns_collector *c, pid_t pid, const char *digits);
int nk_ns_each_pid(struct nk_ns_collector *c, nk_ns_pid_fn *fn);

/* threads.c: those that are in other namespaces than the first. ns_dir: /proc/PID/ns. */
void nk_ns_threads(struct nk_ns_collector *c, int ns_dir, const struct nk_ns_process *p);

/* relate.c: find owner, parent and creator of idx. path_fd: O_PATH, of what ought to be its file;
 * one that has become something else meanwhile is left alone. */
void nk_ns_relate(struct nk_ns_collector *c, int idx, int path_fd);
/* The same for all that have a process. */
void nk_ns_relate_all(struct nk_ns_collector *c);

/* mounts.c: bind mounts, as this process and one of each mount namespace see them. */
void nk_ns_mounts(struct nk_ns_collector *c);
/* The text of one mountinfo file, of process pid; own: of this process. */
void nk_ns_mountinfo(struct nk_ns_collector *c, const char *text, pid_t pid, bool own);

/* fds.c: descriptors of all processes. */
void nk_ns_fds(struct nk_ns_collector *c);

/* names.c: from the path of a mount of our own; from look->known. */
void nk_ns_name_by_path(struct nk_ns_collector *c, int idx, const char *path);
void nk_ns_name_known(struct nk_ns_collector *c);

/* commands.c: user and command of the first process of each. */
void nk_ns_commands(struct nk_ns_collector *c);

/* finish.c: holders, order, what was not asked for. */
void nk_ns_finish(struct nk_ns_collector *c);

#endif
