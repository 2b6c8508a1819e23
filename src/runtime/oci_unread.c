/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete --force of a container whose state.json is damaged, or another version's. Its directory
 * goes in any case. Its first process ends where the file still says which one that is: a number,
 * a start and a boot that fit a process that lives. Everything else is named as what may be left.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/oci.h"
#include "state/process.h"

enum { END_MS = 10000 };

/* What follows the first "KEY": in the text; a key inside of a string has its quotes escaped. */
static const char *after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? at + strlen(key) + strspn(at + strlen(key), " ") : NULL;
}

/* From a text that no reader of JSON understands, or of fields that mean something else by now:
 * only what nk_oci_pidfd() can check. */
static void salvage(struct nk_arena *a, const char *text, struct nk_oci_record *r)
{
	const char *pid = after(text, "\"pid\":"), *start = after(text, "\"pidStart\":"),
		   *boot = after(text, "\"bootID\":");

	*r = (struct nk_oci_record){0};
	if (!pid || !start || !boot || *boot != '"' || strcspn(boot + 1, "\"") != NK_BOOT_ID_LEN)
		return;
	r->pid = (pid_t)strtol(pid, NULL, 10);
	r->pid_start = strtoull(start, NULL, 10);
	r->boot_id = nk_strndup(a, boot + 1, NK_BOOT_ID_LEN);
}

/* True: there is none that could be known any more, or it has ended. */
static bool end_init(const struct nk_oci_record *r)
{
	_close_ int pidfd = r->boot_id ? nk_oci_pidfd(r) : -ESRCH;

	if (pidfd < 0)
		return false;
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	return nk_process_wait(pidfd, END_MS) == 0;
}

int nk_oci_destroy_unread(struct nk_oci_dir *d, const struct nk_err *why, struct nk_err *e)
{
	_arena_ struct nk_arena a = {0};
	struct nk_oci_record r = {0};
	struct nk_err ignored = {0};
	char *text;
	size_t n;

	if (nk_oci_read_file(d, &a, "state.json", &text, &n, &ignored) == 0)
		salvage(&a, text, &r);
	bool ended = end_init(&r);
	int ret = nk_oci_remove_all(d, e);

	if (ret == 0)
		nk_log(NK_LOG_WARN,
		       "%s: its directory is removed%s; %s its cgroups and what was mounted "
		       "without a mount namespace may be left, and no poststop hook has run",
		       why->msg, ended ? " and its first process has ended" : "",
		       ended ? "other processes," : "processes,");
	return ret;
}
