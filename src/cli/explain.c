/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int nk_cli_explain(struct nk_cli *cli, const struct nk_plan *p, enum nk_explain how)
{
	const struct nk_explain_style style = {
		.colour = nk_cli_colour(cli, 1),
		.width = nk_cli_width(1),
	};
	struct nk_err e = {0};
	int rc = 0;

	if (how == NK_EXPLAIN_JSON)
		rc = nk_explain_json(p, stdout, &e);
	else if (how == NK_EXPLAIN_C)
		rc = nk_explain_c(p, stdout, &e);
	else if (how == NK_EXPLAIN_SH)
		rc = nk_explain_sh(p, stdout, &e);
	else
		nk_explain_words(p, &style, stdout);
	if (rc >= 0 && (fflush(stdout) || ferror(stdout)))
		rc = nk_fail(&e, errno, "write the explanation");
	return rc < 0 ? nk_cli_error(cli, &e) : 0;
}

void nk_cli_debug_step(void *arg, const struct nk_plan *p, size_t index, const struct nk_trace *t)
{
	const struct nk_step *s = &p->steps.v[index];
	char failed[80] = "";

	(void)arg;
	if (t->result[index] < 0)
		snprintf(failed, sizeof(failed), " (%s: allowed here)",
			 strerror(-t->result[index]));
	/* A terminal that -t has put into raw mode needs the carriage return. */
	fprintf(stderr, "%4zu %-7s %-12s %8.1f us  %s%s%s\n", index + 1,
		nk_actor_name((enum nk_actor)s->actor), nk_topic_name((enum nk_topic)s->topic),
		(double)(t->end_ns[index] - t->begin_ns[index]) / 1000.0, s->why, failed,
		isatty(STDERR_FILENO) ? "\r" : "");
}
