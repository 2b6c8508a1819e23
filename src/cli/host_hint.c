/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person at a terminal should know about `host`: it looks like the machine, but nothing
 * lasts, and files of the host's root are nobody's there. Only on a terminal: programs that read
 * standard error find there what the command said, and no more.
 */
#include "cli/host_hint.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/report.h"

static bool wanted(const struct nk_cli *cli, const struct nk_spec *spec)
{
	return spec->rootfs_host && !cli->json_errors && !cli->json_log &&
	       cli->log_level >= NK_LOG_WARN && isatty(STDERR_FILENO);
}

/* " /etc /opt", those that are read-only because no overlay can be laid over them. */
static const char *without_overlay(struct nk_cli *cli, const struct nk_spec *spec,
				   const struct nk_facts *f)
{
	const char *names = "";

	for (size_t i = 0; i < f->host_dirs.n && !spec->read_only; i++)
		if (!f->host_dirs.v[i].link && (f->host_dirs.v[i].covered || !f->overlay))
			names = nk_fmt(&cli->arena, "%s /%s", names, f->host_dirs.v[i].name);
	return names;
}

void nk_host_hint_begin(struct nk_cli *cli, const struct nk_spec *spec, const struct nk_facts *f)
{
	if (!spec->rootfs_host)
		return;
	const char *names = without_overlay(cli, spec, f);

	if (*names)
		nk_log(NK_LOG_INFO, "read-only inside:%s (%s)", names,
		       f->overlay ? "something is mounted below, and the kernel allows no overlay "
				    "there"
				  : "this kernel has no overlayfs");
	if (!spec->terminal || !wanted(cli, spec))
		return;
	nk_cli_hint(cli, "what you change here is gone at the end; files of the host's root can be "
			 "copied, not edited");
	if (*names)
		nk_cli_hint(cli, "read-only altogether:%s (something is mounted below)", names);
}

void nk_host_hint_end(struct nk_cli *cli, const struct nk_spec *spec, int exit_code)
{
	/*
	 * Who had a terminal inside was told at the start. 1 and 2 are what cp, rm, sh and most
	 * others say when they were refused; a command that ends with 7 means something of its own.
	 */
	if (!exit_code || exit_code > 2 || spec->terminal || !wanted(cli, spec))
		return;
	nk_cli_hint(cli,
		    "in `host` files of its root cannot be edited: copy them to /tmp, or show your "
		    "own with -v");
}
