/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

void nk_cli_debug_step(void *arg, const struct nk_plan *p, size_t index,
		       const struct nk_trace *t)
{
	const struct nk_step *s = &p->steps.v[index];
	char call[256];

	(void)arg;
	nk_step_call(p, s, call, sizeof(call));
	fprintf(stderr, "%4zu %-6s %8.1f us  %s", index + 1, nk_actor_name((enum nk_actor)s->actor),
		(double)(t->end_ns[index] - t->begin_ns[index]) / 1000.0, call);
	if (t->result[index] < 0)
		fprintf(stderr, " = -1 (%s)", strerror(-t->result[index]));
	fputc('\n', stderr);
}
