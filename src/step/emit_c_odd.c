/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=c: words of arguments, and the calls that no line of emit_c_calls.c can describe. */
#include <inttypes.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/prctl.h>

#include "step/emit_c_call.h"
#include "step/text.h"

void nk_c_put_var(const struct nk_c_call *c, int slot)
{
	char buf[NK_LABEL_MAX + 4];

	fputs(nk_c_var(c->p, slot, buf), c->out);
}

void nk_c_put_str(const struct nk_c_call *c, const char *s)
{
	if (s)
		nk_text_c(c->out, s, strlen(s));
	else
		fputs("NULL", c->out);
}

void nk_c_put_flags(const struct nk_c_call *c, const struct nk_flag *table, uint64_t value)
{
	nk_flags_put(c->out, table, value);
}

void nk_c_put_word(const struct nk_c_call *c, const struct nk_flag *table, uint64_t value)
{
	const char *name = nk_enum_name(table, value);

	if (name)
		fputs(name, c->out);
	else
		fprintf(c->out, "%" PRIu64, value);
}

void nk_c_put_formatted(const struct nk_c_call *c, const char *fmt, int slot)
{
	unsigned n = 0;

	if (!fmt || slot < 0 || !strstr(fmt, "%d")) {
		nk_c_put_str(c, fmt);
		return;
	}
	fputs("line(\"", c->out);
	for (const char *s = fmt; *s; s++) {
		bool number = s[0] == '%' && s[1] == 'd';
		bool question = *s == '?' && s > fmt && s[-1] == '?';
		unsigned char ch = (unsigned char)*s;

		n += number;
		if (*s == '%' && !number)
			fputs("%%", c->out);
		else if (ch == '"' || ch == '\\' || question)
			fprintf(c->out, "\\%c", ch);
		else if (ch < 0x20 || ch >= 0x7f)
			fprintf(c->out, "\\%03o", ch);
		else
			fputc(ch, c->out);
	}
	fputc('"', c->out);
	while (n--) {
		fputs(", ", c->out);
		nk_c_put_var(c, slot);
	}
	fputc(')', c->out);
}

void nk_c_odd_openat2(const struct nk_c_call *c)
{
	const struct nk_step *s = c->s;

	fputs("open_at(", c->out);
	nk_c_put_var(c, s->fd[0]);
	fputs(", ", c->out);
	nk_c_put_formatted(c, s->s[0], s->fd[1]);
	fputs(", ", c->out);
	nk_c_put_flags(c, nk_flags_open, s->n[0]);
	fprintf(c->out, s->n[1] ? ", 0%" PRIo64 ", " : ", %" PRIo64 ", ", s->n[1]);
	nk_c_put_flags(c, nk_flags_resolve, s->n[2]);
}

void nk_c_odd_write(const struct nk_c_call *c)
{
	fputs("put(", c->out);
	nk_c_put_var(c, c->s->fd[0]);
	fputs(", ", c->out);
	if (c->s->s[0]) {
		nk_c_put_str(c, c->s->s[0]);
		return;
	}
	fputs("line(\"%d\", ", c->out);
	nk_c_put_var(c, c->s->fd[1]);
	fputc(')', c->out);
}

void nk_c_odd_fsconfig(const struct nk_c_call *c)
{
	const struct nk_step *s = c->s;

	fputs("fsconfig(", c->out);
	nk_c_put_var(c, s->fd[0]);
	fputs(", ", c->out);
	nk_c_put_word(c, nk_names_fsconfig, s->n[0]);
	fputs(", ", c->out);
	nk_c_put_str(c, s->s[0]);
	fputs(", ", c->out);
	if (s->n[0] == FSCONFIG_SET_FD) {
		nk_c_put_str(c, s->s[1]);
		fputs(", ", c->out);
		nk_c_put_var(c, s->fd[1]);
	} else {
		nk_c_put_formatted(c, s->s[1], s->fd[1]);
		fputs(", 0", c->out);
	}
}

void nk_c_odd_setattr(const struct nk_c_call *c)
{
	const struct nk_step *s = c->s;

	fputs("mount_setattr(", c->out);
	nk_c_put_var(c, s->fd[0]);
	fputs(", ", c->out);
	nk_c_put_str(c, s->s[0]);
	fputs(", ", c->out);
	nk_c_put_flags(c, nk_flags_at, s->n[0]);
	fputs(", &(struct mount_attr){", c->out);
	fputs(".attr_set = ", c->out);
	nk_c_put_flags(c, nk_flags_mount_attr, s->n[1]);
	if (s->n[2]) {
		fputs(", .attr_clr = ", c->out);
		nk_c_put_flags(c, nk_flags_mount_attr, s->n[2]);
	}
	if (s->n[3]) {
		fputs(", .propagation = ", c->out);
		nk_c_put_flags(c, nk_flags_ms, s->n[3]);
	}
	if (s->fd[1] >= 0) {
		fputs(", .userns_fd = (unsigned)", c->out);
		nk_c_put_var(c, s->fd[1]);
	}
	fputs("}, sizeof(struct mount_attr)", c->out);
}

void nk_c_odd_prctl(const struct nk_c_call *c)
{
	const struct nk_step *s = c->s;

	fputs("prctl(", c->out);
	nk_c_put_word(c, nk_names_prctl, s->n[0]);
	for (int i = 1; i < 4; i++) {
		const char *name = NULL;

		if (s->n[0] == PR_CAP_AMBIENT && i == 1)
			name = nk_enum_name(nk_names_ambient, s->n[1]);
		else if ((s->n[0] == PR_CAPBSET_DROP && i == 1) ||
			 (s->n[0] == PR_CAP_AMBIENT && i == 2 &&
			  s->n[1] != PR_CAP_AMBIENT_CLEAR_ALL))
			name = nk_flag_cap((unsigned)s->n[i]);
		if (name)
			fprintf(c->out, ", (unsigned long)%s", name);
		else
			fprintf(c->out, ", %" PRIu64 "UL", s->n[i]);
	}
	fputs(", 0UL", c->out);
}

void nk_c_odd_setgroups(const struct nk_c_call *c)
{
	if (c->s->n[0])
		fprintf(c->out, "setgroups(%u, groups_%zu", (unsigned)c->s->n[0],
			nk_c_block_owner(c->p, c->s->p[0]) + 1);
	else
		fputs("setgroups(0, NULL", c->out);
}

/* path, {argv} of a program. */
static void program(const struct nk_c_call *c)
{
	nk_c_put_str(c, c->s->s[0]);
	fputs(", (const char *const[]){", c->out);
	for (const char *const *v = c->s->p[0]; v && *v; v++) {
		nk_c_put_formatted(c, *v, c->s->fd[0]);
		fputs(", ", c->out);
	}
	fputs("NULL}", c->out);
}

void nk_c_odd_helper(const struct nk_c_call *c)
{
	fputs("run_helper(", c->out);
	program(c);
}

void nk_c_odd_companion(const struct nk_c_call *c)
{
	fprintf(c->out, "companion(%u, ", (unsigned)c->s->n[0]);
	program(c);
}

void nk_c_odd_clone3(const struct nk_c_call *c)
{
	const struct nk_step *s = c->s;

	fprintf(c->out, "start(%s, ", s->n[1] == NK_MIDDLE ? "middle" : "container");
	nk_c_put_flags(c, nk_flags_clone, s->n[0]);
	fputs(", ", c->out);
	nk_c_put_var(c, s->fd[0]);
	fputs(s->fd[1] >= 0 ? ", &" : ", ", c->out);
	if (s->fd[1] >= 0)
		nk_c_put_var(c, s->fd[1]);
	else
		fputs("NULL", c->out);
}

void nk_c_odd_pidfd_open(const struct nk_c_call *c)
{
	fputs("(int)syscall(SYS_pidfd_open, ", c->out);
	if (c->s->fd[0] >= 0)
		nk_c_put_var(c, c->s->fd[0]);
	else
		fprintf(c->out, "%" PRIu64, c->s->n[0]);
	fputs(", 0", c->out);
}

void nk_c_odd_fchmodat(const struct nk_c_call *c)
{
	fputs("fchmodat(", c->out);
	nk_c_put_var(c, c->s->fd[0]);
	fputs(", ", c->out);
	nk_c_put_str(c, c->s->s[0]);
	fputs(", ", c->out);
	if (c->s->fd[1] >= 0) {
		fputs("(mode_t)", c->out);
		nk_c_put_var(c, c->s->fd[1]);
	} else {
		fprintf(c->out, "0%" PRIo64, c->s->n[0]);
	}
	fputs(", 0", c->out);
}

void nk_c_odd_mempolicy(const struct nk_c_call *c)
{
	fprintf(c->out, "(int)syscall(SYS_set_mempolicy, 0x%" PRIx64 ", ", c->s->n[0]);
	if (c->s->p[0] && c->s->n[3])
		fprintf(c->out, "words_%zu, 8 * sizeof(words_%zu) + 1",
			nk_c_block_owner(c->p, c->s->p[0]) + 1,
			nk_c_block_owner(c->p, c->s->p[0]) + 1);
	else
		fputs("NULL, 0", c->out);
}
