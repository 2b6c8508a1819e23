/* SPDX-License-Identifier: Apache-2.0 */
/* nook-runtime(1) in scdoc, from the tables of its commands. */
#include "cli-runtime/runtime_cli.h"
#include "cli/scdoc.h"

/* Lines of --help's own width run together; an empty one parts paragraphs. */
static void paragraphs(FILE *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		char letter[2] = {*c, 0};

		if (*c != '\n')
			nk_scdoc_plain(out, letter);
		else
			fputs(c[1] == '\n' ? "\n" : c[-1] == '\n' ? "\n" : " ", out);
	}
	fputs("\n\n", out);
}

static void command(FILE *out, const struct nk_rt_command *cmd)
{
	fprintf(out, "# NOOK-RUNTIME %s\n\n*nook-runtime* [OPTIONS] *%s* ", cmd->name, cmd->name);
	nk_scdoc_plain(out, cmd->usage);
	fputs("\n\n", out);
	nk_scdoc_sentence(out, cmd->summary);
	fputs(".\n\n", out);
	if (cmd->about)
		paragraphs(out, cmd->about);
	if (cmd->options)
		nk_scdoc_options(out, cmd->options, NULL);
}

void nk_rt_manual(FILE *out)
{
	fputs("nook-runtime(1)\n\n# NAME\n\nnook-runtime - OCI runtime: containers from bundles\n\n"
	      "# SYNOPSIS\n\n*nook-runtime* [OPTIONS] COMMAND [ARG...]\n\n# DESCRIPTION\n\n"
	      "Makes and runs the containers that config.json of a bundle describes (OCI runtime "
	      "specification 1.3), for containerd, CRI-O, Podman, Docker and whoever else calls a "
	      "runtime. Commands, options, messages and exit codes are runc's where the "
	      "specification is silent.\n\n",
	      out);
	nk_scdoc_options(out, nk_rt_global_options, "OPTIONS");
	for (size_t i = 0; nk_rt_commands[i]; i++)
		command(out, nk_rt_commands[i]);
	fputs("# EXIT STATUS\n\n*1*\n\tThe runtime failed, or refused; one line on standard error, "
	      "and "
	      "in the file of *--log*, says why.\n\n"
	      "*run* and *exec* end as the command did: its exit status, or 128 and the number of "
	      "the signal that ended it.\n\n"
	      "# SEE ALSO\n\n*nook*(1)\n",
	      out);
}
