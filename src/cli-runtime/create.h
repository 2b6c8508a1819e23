/* SPDX-License-Identifier: Apache-2.0 */
/* What create and run have in common. */
#ifndef NK_CLI_RUNTIME_CREATE_H
#define NK_CLI_RUNTIME_CREATE_H

#include "cli-runtime/runtime_cli.h"
#include "runtime/oci.h"

struct nk_rt_create {
	struct nk_oci_request request;
	const char *bundle;
	bool no_subreaper;
	const char *explain; /* hidden: words, json, c or sh; NULL: no */
};

#ifdef NOOK_FAULT
/* --fault STEP:before|after:fail|kill, in test builds: what happens when a step goes wrong. */
int nk_rt_set_fault(const struct nk_option_use *use, const char *value, struct nk_err *e);
#define NK_RT_FAULT_OPTION                         \
	{"fault",                                  \
	 .metavar = "STEP:before|after:fail|kill", \
	 .hidden = true,                           \
	 .help = "break a step",                   \
	 .set = nk_rt_set_fault,                   \
	 .offset = 0},
#else
#define NK_RT_FAULT_OPTION
#endif

/* clang-format off */
#define NK_RT_CREATE_AT(member) .offset = offsetof(struct nk_rt_create, member)
#define NK_RT_CREATE_OPTIONS \
	{"bundle", .letter = 'b', .metavar = "DIR", .values = "@dir", \
	 .help = "the bundle: a directory with config.json (default: the current one)", \
	 .set = nk_set_string, NK_RT_CREATE_AT(bundle)}, \
	{"config", .letter = 'f', .metavar = "FILE", .values = "@file", \
	 .help = "its configuration, counted from the bundle (default: config.json)", \
	 .set = nk_set_string, NK_RT_CREATE_AT(request.config_file)}, \
	{"pid-file", .metavar = "FILE", .values = "@file", .help = "write the number of its first process there", \
	 .set = nk_set_string, NK_RT_CREATE_AT(request.pid_file)}, \
	{"console-socket", .metavar = "FILE", .values = "@file", \
	 .help = "send the master of its terminal to this Unix socket", \
	 .set = nk_set_string, NK_RT_CREATE_AT(request.console_socket)}, \
	{"pidfd-socket", .metavar = "FILE", .values = "@file", \
	 .help = "send a descriptor of its first process to this Unix socket", \
	 .set = nk_set_string, NK_RT_CREATE_AT(request.pidfd_socket)}, \
	{"preserve-fds", .metavar = "N", .help = "hand on N descriptors, from 3 up", \
	 .set = nk_set_unsigned, NK_RT_CREATE_AT(request.preserve_fds)}, \
	{"no-pivot", .help = "do not use pivot_root (a root on a ramdisk)", \
	 .set = nk_set_flag, NK_RT_CREATE_AT(request.no_pivot)}, \
	{"no-new-keyring", .help = "keep the caller's session keyring", \
	 .set = nk_set_flag, NK_RT_CREATE_AT(request.no_new_keyring)}, \
	{"explain", .metavar = "FORM", .optional = true, .hidden = true, .values = "words json c sh", \
	 .help = "print each step and run nothing", .set = nk_rt_set_explain, NK_RT_CREATE_AT(explain)}, \
	NK_RT_FAULT_OPTION
/* clang-format on */

int nk_rt_set_explain(const struct nk_option_use *use, const char *value, struct nk_err *e);

/* Fill in what the global options say; create, or explain. The exit code. */
int nk_rt_create(struct nk_rt *rt, struct nk_rt_create *c, const char *id);

/* A path that counts from where the caller is, whatever directory this process goes to. */
const char *nk_rt_absolute(struct nk_rt *rt, const char *path);

/* The bundle, in which this process is from here on; c's other paths are absolute then. */
int nk_rt_find_bundle(struct nk_rt *rt, struct nk_rt_create *c, struct nk_err *e);

/* --explain: the plan in one of the four forms. */
int nk_rt_explain(const struct nk_plan *p, const char *form, struct nk_err *e);

/* --debug: a line for a step that has been done. */
void nk_rt_debug_step(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t);

/* Where compiled filters are kept, below the state directory. */
const char *nk_rt_cache_dir(struct nk_rt *rt);

#endif
