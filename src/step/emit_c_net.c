/* SPDX-License-Identifier: Apache-2.0 */
/* --explain=c: netlink messages and sockets. */
#include <string.h>

#include "step/emit_c_call.h"
#include "step/text.h"
#include "sys/batch.h"

const char nk_c_netlink_text[] =
	"/* Netlink messages in one send; the kernel's answers wait behind it, the last one is\n"
	" * always there. A number that is known only now goes into them at `patch`. */\n"
	"static int netlink(int fd, unsigned char *data, size_t size, unsigned last,\n"
	"\t\t   size_t patch, int number)\n{\n"
	"\tstruct {\n\t\tstruct nlmsghdr header;\n\t\tstruct nlmsgerr error;\n\t} answer;\n"
	"\tint first = 0;\n\n"
	"\tif (patch)\n\t\tmemcpy(data + patch, &number, sizeof(number));\n"
	"\tif (send(fd, data, size, 0) < 0)\n\t\treturn -1;\n"
	"\tdo {\n"
	"\t\tif (recv(fd, &answer, sizeof(answer), MSG_DONTWAIT) < 0)\n\t\t\tbreak;\n"
	"\t\tfirst = first ? first : answer.error.error;\n"
	"\t} while (answer.header.nlmsg_seq != last);\n"
	"\terrno = -first;\n"
	"\treturn first ? -1 : 0;\n}\n\n";

void nk_c_odd_netlink(const struct nk_c_call *c)
{
	const struct nk_batch *b = c->s->p[0];
	size_t owner = nk_c_block_owner(c->p, b) + 1;

	fputs("netlink(", c->out);
	nk_c_put_var(c, c->s->fd[0]);
	fprintf(c->out, ", bytes_%zu, sizeof(bytes_%zu), %u, ", owner, owner, b ? b->ack : 0);
	if (b && b->patch && c->s->fd[1] >= 0) {
		fprintf(c->out, "%u, ", b->patch);
		nk_c_put_var(c, c->s->fd[1]);
	} else {
		fputs("0, 0", c->out);
	}
}

static void comment(FILE *out, const char *words, size_t n)
{
	char line[512];
	size_t at = 0;

	fputs("/*\n", out);
	for (size_t i = 0; i < n; i++) {
		if (words[i] != '\n') {
			if (at < sizeof(line) - 1)
				line[at++] = words[i];
			continue;
		}
		line[at] = '\0';
		fputs(" * ", out);
		nk_text_comment(out, line);
		fputc('\n', out);
		at = 0;
	}
	fputs(" */\n", out);
}

void nk_c_bytes(FILE *out, size_t index, const struct nk_step *s)
{
	const struct nk_batch *b = s->op == NK_OP_NETLINK ? s->p[0] : NULL;
	const unsigned char *v = b ? b->bytes.v : s->p[0];
	size_t n = !v ? 0 : b ? b->bytes.n : s->n[0];

	if (b && b->words.n)
		comment(out, b->words.v, b->words.n);
	fprintf(out, "static%s unsigned char bytes_%zu[] __attribute__((aligned(8))) = {",
		b ? "" : " const", index + 1);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%u,", i % 20 ? " " : "\n\t", v[i]);
	fputs("\n};\n", out);
}
