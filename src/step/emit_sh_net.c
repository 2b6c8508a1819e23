/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=sh: netlink messages as commands of ip and nft, ports that are held. */
#include <linux/netlink.h>
#include <string.h>

#include "step/emit_sh.h"
#include "step/text.h"
#include "sys/batch.h"

/* The network namespace of the container is another one than ours as soon as unshare is there. */
static const char until_born[] =
	"until [ -n \"$(readlink \"/proc/$pid/ns/net\")\" ] &&\n"
	"\t[ \"$(readlink \"/proc/$pid/ns/net\")\" != \"$(readlink /proc/self/ns/net)\" ]; do\n"
	"\tkill -0 \"$pid\"\n"
	"\tsleep 0.01\n"
	"done\n";

/* Lines for the standard input of a command, which `behind` follows; the delimiter is none of them.
 */
static void lines(struct nk_sh *sh, const struct nk_batch *b, const char *behind, FILE *out)
{
	const char *text = nk_strndup(sh->a, b->words.v, b->words.n);
	char delimiter[32] = "END";

	for (unsigned i = 2; strstr(text, delimiter); i++)
		snprintf(delimiter, sizeof(delimiter), "END_%u", i);
	fprintf(out, " <<'%s'%s\n", delimiter, behind);
	fputs(text, out);
	fprintf(out, "%s\n", delimiter);
}

static void messages(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	const struct nk_batch *b = s->p[0];
	const char *quiet = s->soft[0] ? " 2>/dev/null || :" : "";
	bool route = b && b->protocol == NETLINK_ROUTE;

	if (!b || !b->words.n)
		return;
	/* ip ends with the first refusal unless it is told to go on, which the kernel does. */
	const char *command =
		nk_fmt(sh->a, "%s%s -", nk_sh_tool(sh), route ? "ip -force -batch" : "nft -f");
	if (!b->patch) {
		fputs(command, out);
	} else if (s->fd[1] == NK_SLOT_PID) {
		fputs(until_born, out);
		fprintf(out, "{ sed \"s,[$]pid,$pid,\" | %s; }", command);
	} else {
		const char *word = s->fd[1] >= 0 ? sh->slots[s->fd[1]].word : NULL;
		fprintf(out, "{ sed \"s,[$]ns,%s,\" | %s; }", word ? word : "$ns", command);
	}
	lines(sh, b, quiet, out);
}

bool nk_sh_net_step(struct nk_sh *sh, const struct nk_step *s, FILE *out)
{
	switch ((enum nk_op)s->op) {
	case NK_OP_NETLINK:
		messages(sh, s, out);
		return true;
	case NK_OP_BIND:
		nk_sh_cannot(out, "no command holds a port without answering there");
		return true;
	case NK_OP_LISTEN:
	case NK_OP_SETSOCKOPT:
		fputs("# belongs to the port\n", out);
		return true;
	case NK_OP_TELL:
		if (s->n[0] == NK_MSG_CARDS)
			fputs("echo there >\"$stage\"/cards\n", out);
		return s->n[0] == NK_MSG_CARDS;
	case NK_OP_AWAIT:
		if (s->n[0] == NK_MSG_CARDS)
			fputs("read -r cards <&9\n", out);
		return s->n[0] == NK_MSG_CARDS;
	default:
		return false;
	}
}
