/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --explain=c: one C program that makes the calls of the plan, in its order,
 * with its actors. It is there to be read, and it is the floor of the
 * benchmark: what it does besides the calls of the plan is waiting for the end
 * of the container and forwarding a few signals.
 *
 * The program's outline: head and includes, slots as variables, support
 * (emit_c_parts.c), arrays (argv, environment, filters), then one function an
 * actor: after(), container(), middle() and main().
 */
#include "step/emit_c.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "step/text.h"

const char *nk_c_var(const struct nk_plan *p, int slot, char buf[NK_LABEL_MAX + 4])
{
	bool number = slot == NK_SLOT_PID || slot == NK_SLOT_PIDFD || slot == NK_SLOT_MIDDLE_PID ||
		      slot == NK_SLOT_MIDDLE_PIDFD;

	nk_slot_label(p, slot, buf);
	if (slot >= 0 && !number)
		strcat(buf, "_fd");
	return buf;
}

size_t nk_c_block_owner(const struct nk_plan *p, const void *block)
{
	for (size_t i = 0; i < p->steps.n; i++)
		if (p->steps.v[i].p[0] == block || p->steps.v[i].p[1] == block)
			return i;
	return 0;
}

static void slots(FILE *out, const struct nk_plan *p)
{
	char buf[NK_LABEL_MAX + 4];

	bool clones = nk_c_has_op(p, NK_OP_CLONE3, -1);

	fputs("/* What one step makes and a later one uses: descriptors and process numbers. */\n",
	      out);
	for (int i = 0; i < p->n_slots; i++) {
		/* These two the support code uses too. */
		bool used = i == NK_SLOT_PID || i == NK_SLOT_MIDDLE_PID || i == NK_SLOT_SOCKET ||
			    (i == NK_SLOT_PEER && clones);

		for (size_t k = 0; k < p->steps.n; k++) {
			const struct nk_step *s = &p->steps.v[k];

			used |= s->out == i || s->fd[0] == i || s->fd[1] == i;
		}
		if (used && (i == NK_SLOT_START || i == NK_SLOT_WAITING))
			fprintf(out, "static int %s = %d; /* given by who starts this: %s */\n",
				nk_c_var(p, i, buf), i == NK_SLOT_START ? 3 : 4,
				i == NK_SLOT_START ? "a listening SOCK_SEQPACKET socket"
						   : "a file with a lock");
		else if (used)
			fprintf(out, "static int %s = -1;\n", nk_c_var(p, i, buf));
	}
	fputc('\n', out);
}

static void comment(FILE *out, const struct nk_plan *p, size_t index)
{
	const struct nk_step *s = &p->steps.v[index];
	long partner = nk_step_partner(p, index);

	fprintf(out, "\t/* %zu %s: ", index + 1, nk_topic_name(s->topic));
	nk_text_comment(out, s->why ? s->why : "");
	if (partner >= 0)
		fprintf(out, s->op == NK_OP_TELL ? " (to step %ld)" : " (from step %ld)",
			partner + 1);
	fputs(" */\n", out);
}

static void tolerated(FILE *out, const struct nk_step *s)
{
	for (size_t i = 0; i < NK_COUNT(s->soft); i++) {
		const char *name = nk_flag_errno(s->soft[i]);

		if (name)
			fprintf(out, ", %s", name);
		else if (s->soft[i])
			fprintf(out, ", %d", s->soft[i]);
	}
}

static void exec_step(FILE *out, const struct nk_plan *p, size_t index)
{
	const struct nk_step *s = &p->steps.v[index];

	fprintf(out, "\trun(%zu, ", index + 1);
	nk_text_c(out, s->s[0], strlen(s->s[0]));
	for (int i = 0; i < 2; i++) {
		if (s->p[i])
			fprintf(out, ", strings_%zu_%d", nk_c_block_owner(p, s->p[i]) + 1, i);
		else
			fputs(", (char *const[]){NULL}", out);
	}
	tolerated(out, s);
	fputs(");\n", out);
}

static int step(FILE *out, const struct nk_plan *p, size_t index)
{
	const struct nk_step *s = &p->steps.v[index];
	char buf[NK_LABEL_MAX + 4];
	int ret;

	comment(out, p, index);
	if (s->op == NK_OP_EXECVE) {
		exec_step(out, p, index);
		return 0;
	}
	fputc('\t', out);
	if (s->undo_of >= 0)
		fprintf(out, "if (done[%d])\n\t\t", s->undo_of + 1);
	if (s->out >= 0)
		fprintf(out, "%s = ", nk_c_var(p, s->out, buf));
	fprintf(out, "%s(%zu, ", s->actor == NK_AFTER ? "try" : "must", index + 1);
	ret = nk_c_call(out, p, index);
	tolerated(out, s);
	fputs(");\n", out);
	return ret;
}

static int actor(FILE *out, const struct nk_plan *p, enum nk_actor who, const char *begin,
		 const char *end, struct nk_err *e)
{
	fputs(begin, out);
	for (size_t i = 0; i < p->steps.n; i++) {
		if (p->steps.v[i].actor != who)
			continue;
		if (step(out, p, i) < 0)
			return nk_fail(e, ENOSYS, "step %zu of the plan (%s) as C", i + 1,
				       nk_op_info(p->steps.v[i].op)->name);
	}
	fputs(end, out);
	return 0;
}

int nk_explain_c(const struct nk_plan *p, FILE *out, struct nk_err *e)
{
	int ret = 0;

	nk_c_head(out, p);
	slots(out, p);
	nk_c_support(out, p);
	nk_c_arrays(out, p);
	ret = actor(out, p, NK_AFTER,
		    "/* The container has ended, or never came up: take away what was made. */\n"
		    "static void after(void)\n{\n",
		    "}\n\n", e);
	/* Without a clone main() becomes the command. */
	if (ret == 0 && nk_c_has_op(p, NK_OP_CLONE3, -1))
		ret = actor(out, p, NK_INIT,
			    "/* The process that becomes the container's command. */\n"
			    "static void container(void)\n{\n",
			    "}\n\n", e);
	if (ret == 0 && nk_c_has_op(p, NK_OP_CLONE3, NK_MIDDLE))
		ret = actor(out, p, NK_MIDDLE,
			    "/* A process in between, where one clone cannot do everything. */\n"
			    "static void middle(void)\n{\n",
			    "}\n\n", e);
	if (ret == 0)
		ret = actor(out, p, NK_PARENT, "int main(void)\n{\n\tforward_signals();\n\n",
			    nk_c_has_op(p, NK_OP_WAIT_START, -1)
				    ? "\n\treturn 0; /* it waits for start */\n}\n"
			    : nk_c_has_terminal(p) ? "\n\trelay();\n\treturn finish(-1);\n}\n"
						   : "\n\treturn finish(-1);\n}\n",
			    e);
	return ret;
}
