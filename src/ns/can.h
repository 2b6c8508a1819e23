/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May a process do something to a process or a namespace, and which capability in which user
 * namespace decides (user_namespaces(7), capabilities(7), setns(2), kill(2), ptrace(2))?
 *
 * Facts are collected first; the rules are a pure function of them. What the calling process may
 * is tried as well where trying is harmless: a child that joins and ends, a signal 0.
 */
#ifndef NK_NS_CAN_H
#define NK_NS_CAN_H

#include "ns/subject.h"
#include "ns/userns.h"

enum nk_can_rule {
	NK_CAN_ENTER,  /* join namespaces */
	NK_CAN_KILL,   /* send signals */
	NK_CAN_PTRACE, /* trace, read memory */
	NK_CAN_THERE,  /* be in the namespace, with the capability in its owner */
	NK_CAN_USER,   /* be in the user namespace, with the capability in it */
	NK_CAN_FIRST,  /* the capability in the machine's first user namespace */
	NK_CAN_CGROUP, /* write to the files of its cgroup */
};

struct nk_can_action {
	const char *name; /* as it is typed */
	enum nk_can_rule rule;
	enum nk_ns_kind kind; /* whose owner decides */
	int cap;	      /* CAP_…, -1: none */
	const char *cap_name;
	const char *what; /* "set the host name" */
	const char *more; /* a further sentence for people, or NULL */
};
extern const struct nk_can_action nk_can_actions[]; /* ended by {0} */
const struct nk_can_action *nk_can_find(const char *name);

/* Who would do it. */
struct nk_can_who {
	bool caller; /* this process */
	pid_t pid;
	const char *what; /* "process 12 (sh)"; of the caller: "you" */
	uint64_t ns[NK_NS_COUNT];
	struct nk_ns_status status;
	const char *groups; /* its additional groups, as /proc/PID/status has them */
	uid_t nobody;	    /* what all ids look like that our user namespace does not map: two that
			     * look so need not be the same. (uid_t)-1 where every id is mapped */
};

struct nk_can_facts {
	struct nk_can_who who;
	bool process; /* the target is a process, not only namespaces */
	pid_t pid;
	const char *what;
	struct nk_ns_status status;		   /* of the target */
	uint64_t ns[NK_NS_COUNT];		   /* of the target; 0: not visible, or none */
	unsigned has;				   /* bits: kinds that the target has */
	unsigned wanted;			   /* ENTER: bits of the kinds asked for */
	struct nk_userns_chain owner[NK_NS_COUNT]; /* of each, from itself upwards */
	const char *hidden;			   /* why its namespaces are not visible, or NULL */
	bool below_pid;	    /* the target's PID namespace is the one of who, or lies in it */
	bool dumpable;	    /* the target may be traced by its own user */
	int yama;	    /* kernel.yama.ptrace_scope, 0 without Yama */
	bool ancestor;	    /* who is an ancestor process of the target */
	int low_port;	    /* the first port for everybody in its network namespace; -1 unknown */
	const char *cgroup; /* cgroup.procs of its cgroup; NULL: not found */
	uid_t cgroup_uid;
	gid_t cgroup_gid;
	unsigned cgroup_mode;
};

/* How a capability is had, or why not. */
enum nk_can_how {
	NK_CAN_HAS,	/* in its effective set; the namespace is its own or lies in its own */
	NK_CAN_CREATOR, /* its user made the user namespace, from its own */
	NK_CAN_LACKS,	/* it is in the right place and has not the capability */
	NK_CAN_OUTSIDE, /* its user namespace does not lie around that one */
	NK_CAN_UNKNOWN, /* that one may not be looked at */
};

/* The kernel's rule: cap in the user namespace that the chain begins with. */
enum nk_can_how nk_can_cap(const struct nk_userns_chain *chain, const struct nk_can_who *who,
			   int cap);

/* Two ids of the same user, as far as our user namespace can tell. */
bool nk_can_same_id(const struct nk_can_who *who, uid_t a, uid_t b);

struct nk_can_kind {
	enum nk_ns_kind kind;
	bool may, there; /* there: it is in it already */
	int tried;	 /* errno of the try, 0: it worked; -1: not tried */
};

struct nk_can_verdict {
	bool may;
	int cap;			  /* that decided, -1: none */
	const char *cap_name;		  /* NULL: none */
	uint64_t userns;		  /* in which it decided; 0: none */
	const char *why;		  /* one or two plain sentences */
	int tried;			  /* errno of the try, 0: it worked; -1: not tried */
	NK_VEC(struct nk_can_kind) kinds; /* ENTER: each */
};

int nk_can_collect(struct nk_arena *a, const struct nk_can_action *action,
		   const struct nk_ns_subject *target, const struct nk_ns_subject *who, bool caller,
		   struct nk_can_facts *f, struct nk_err *e);

/* Pure. */
void nk_can_decide(struct nk_arena *a, const struct nk_can_action *action,
		   const struct nk_can_facts *f, struct nk_can_verdict *v);

/* The caller's try; the kernel's word goes before the rule's. */
int nk_can_try(struct nk_arena *a, const struct nk_can_action *action,
	       const struct nk_ns_subject *target, const struct nk_can_facts *f,
	       struct nk_can_verdict *v, struct nk_err *e);

#endif
