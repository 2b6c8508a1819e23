/* SPDX-License-Identifier: Apache-2.0 */
/* One step as a person reads a system call. */
#include "step/ops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "step/text.h"
#include "sys/batch.h"

enum { SHORT = 48 }; /* longer strings are shortened in words; JSON has them whole */

void nk_flags_put(FILE *f, const struct nk_flag *table, uint64_t value)
{
	const char *name, *sep = "";
	size_t at = 0;

	while ((name = nk_flag_next(table, &at, &value))) {
		fprintf(f, "%s%s", sep, name);
		sep = "|";
	}
	if (value && table == nk_flags_mode) /* permissions are read in octal */
		fprintf(f, "%s%04" PRIo64, sep, value);
	else if (value)
		fprintf(f, "%s0x%" PRIx64, sep, value);
	else if (!*sep)
		fputc('0', f);
}

static void put_caps(FILE *f, uint64_t mask)
{
	int bits = __builtin_popcountll(mask);

	if (bits == 0)
		fputs("none", f);
	else if (bits > 3)
		fprintf(f, "%d capabilities 0x%" PRIx64, bits, mask);
	for (unsigned cap = 0; bits <= 3 && cap < 64; cap++) {
		const char *name = nk_flag_cap(cap);

		if (!(mask >> cap & 1))
			continue;
		mask &= ~(1ULL << cap);
		if (name)
			fputs(name, f);
		else
			fprintf(f, "cap %u", cap);
		if (mask)
			fputc('|', f);
	}
}

static void put_sigset(FILE *f, uint64_t set)
{
	const char *sep = "";

	fputc('[', f);
	for (unsigned sig = 1; sig <= 64; sig++) {
		if (!(set >> (sig - 1) & 1))
			continue;
		if (nk_flag_signal(sig))
			fprintf(f, "%s%s", sep, nk_flag_signal(sig));
		else
			fprintf(f, "%s%u", sep, sig);
		sep = " ";
	}
	fputc(']', f);
}

static void put_prctl(FILE *f, const struct nk_step *s, unsigned i)
{
	uint64_t v = s->n[i];
	bool cap = (s->n[0] == PR_CAPBSET_DROP && i == 1) || (s->n[0] == PR_CAP_AMBIENT && i == 2);

	if (cap && v < 64 && nk_flag_cap((unsigned)v))
		fputs(nk_flag_cap((unsigned)v), f);
	else if (s->n[0] == PR_CAP_AMBIENT && i == 1 && nk_enum_name(nk_names_ambient, v))
		fputs(nk_enum_name(nk_names_ambient, v), f);
	else if (s->n[0] == PR_SET_SECUREBITS && i == 1)
		nk_flags_put(f, nk_flags_securebits, v);
	else if (s->n[0] == PR_SET_PDEATHSIG && i == 1 && nk_flag_signal((unsigned)v))
		fputs(nk_flag_signal((unsigned)v), f);
	else
		fprintf(f, "%" PRIu64, v);
}

static void put_strings(FILE *f, const char *const *v, bool count_only)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	if (count_only) {
		fprintf(f, "[%zu variable%s]", n, n == 1 ? "" : "s");
		return;
	}
	fputc('[', f);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		nk_text_quoted(f, v[i], SHORT);
	}
	fputc(']', f);
}

static void put_string(FILE *f, const char *s)
{
	if (s)
		nk_text_quoted(f, s, SHORT);
	else
		fputs("NULL", f);
}

/* "/proc/self/fd/%d/upper" with the slot's name where its number will stand. */
static void put_format(FILE *f, const struct nk_plan *p, const struct nk_step *s, const char *fmt)
{
	char label[NK_LABEL_MAX];
	const char *at = fmt && s->fd[1] >= 0 ? strstr(fmt, "%d") : NULL;
	_free_ char *whole = NULL;

	if (!at) {
		put_string(f, fmt);
		return;
	}
	if (asprintf(&whole, "%.*s{%s}%s", (int)(at - fmt), fmt, nk_slot_label(p, s->fd[1], label),
		     at + 2) < 0) {
		whole = NULL;
		return;
	}
	nk_text_quoted(f, whole, SHORT);
}

static void put_gids(FILE *f, const gid_t *v, uint64_t n)
{
	fputc('[', f);
	for (uint64_t i = 0; v && i < n; i++)
		fprintf(f, "%s%u", i ? ", " : "", v[i]);
	fputc(']', f);
}

static void put_limit(FILE *f, uint64_t v)
{
	if (v == UINT64_MAX)
		fputs("RLIM_INFINITY", f);
	else
		fprintf(f, "%" PRIu64, v);
}

static void put_enum(FILE *f, const struct nk_arg *a, uint64_t v)
{
	const char *name = nk_enum_name(a->table, v);

	if (name)
		fputs(name, f);
	else
		fprintf(f, "0x%" PRIx64, v);
}

/* An argument that is one number. */
static void put_value(FILE *f, const struct nk_arg *a, uint64_t v)
{
	switch (a->kind) {
	case NK_A_FLAGS:
		nk_flags_put(f, a->table, v);
		break;
	case NK_A_ENUM:
		put_enum(f, a, v);
		break;
	case NK_A_OCTAL:
		fprintf(f, "0%03" PRIo64, v);
		break;
	case NK_A_NUMBER:
		fprintf(f, "%" PRId64, (int64_t)v);
		break;
	case NK_A_DEV:
		fprintf(f, "makedev(%u, %u)", major(v), minor(v));
		break;
	case NK_A_LIMIT:
		put_limit(f, v);
		break;
	case NK_A_HEX:
		fprintf(f, "0x%" PRIx64, v);
		break;
	case NK_A_CAPS:
		put_caps(f, v);
		break;
	case NK_A_SIGSET:
		put_sigset(f, v);
		break;
	default:
		break;
	}
}

/* One that is a block of memory. */
static void put_words(FILE *f, const uint64_t *v, uint64_t n)
{
	for (uint64_t i = 0; v && i < n; i++)
		fprintf(f, "%s0x%" PRIx64, i ? ", " : "[", v[i]);
	fputs(v && n ? "]" : "NULL", f);
}

static void put_messages(FILE *f, const struct nk_batch *b)
{
	fprintf(f, "[%u message%s, %zu bytes]", b ? b->n : 0, b && b->n == 1 ? "" : "s",
		b ? b->bytes.n : 0);
}

static void put_address(FILE *f, const struct sockaddr *to)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned port = 0;

	if (to && to->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)to;
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		port = ntohs(in->sin_port);
	} else if (to && to->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)to;
		inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
		port = ntohs(in->sin6_port);
	}
	fprintf(f, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, port);
}

static void put_block(FILE *f, const struct nk_step *s, const struct nk_arg *a)
{
	const void *block = s->p[a->i];

	switch (a->kind) {
	case NK_A_ARGV:
	case NK_A_ENVP:
		put_strings(f, block, a->kind == NK_A_ENVP);
		break;
	case NK_A_GIDS:
		put_gids(f, block, s->n[0]);
		break;
	case NK_A_WORDS:
		put_words(f, block, s->n[3]);
		break;
	case NK_A_BATCH:
		put_messages(f, block);
		break;
	case NK_A_SOCKADDR:
		put_address(f, block);
		break;
	case NK_A_FILTER:
		fprintf(f, "[%u instructions]",
			block ? ((const struct sock_fprog *)block)->len : 0);
		break;
	default:
		fprintf(f, "[%" PRIu64 " instructions]", s->n[0]);
		break;
	}
}

static void put_arg(FILE *f, const struct nk_plan *p, const struct nk_step *s,
		    const struct nk_arg *a)
{
	char label[NK_LABEL_MAX];

	switch (a->kind) {
	case NK_A_FD:
		fputs(nk_slot_label(p, s->fd[a->i], label), f);
		break;
	case NK_A_STR:
		put_string(f, s->s[a->i]);
		break;
	case NK_A_FORMAT:
		put_format(f, p, s, s->s[a->i]);
		break;
	case NK_A_TEXT:
		if (s->s[0])
			put_string(f, s->s[0]);
		else
			fputs(nk_slot_label(p, s->fd[1], label), f);
		break;
	case NK_A_PRCTL:
		put_prctl(f, s, a->i);
		break;
	case NK_A_ARGV:
	case NK_A_ENVP:
	case NK_A_GIDS:
	case NK_A_FILTER:
	case NK_A_INSNS:
	case NK_A_WORDS:
	case NK_A_BATCH:
	case NK_A_SOCKADDR:
		put_block(f, s, a);
		break;
	case NK_A_PAIR:
		fprintf(f, "[%s, ", nk_slot_label(p, s->out, label));
		fprintf(f, "%s]", nk_slot_label(p, s->fd[1], label));
		break;
	case NK_A_CONST:
		fputs(a->text, f);
		break;
	case NK_A_NONE:
		break;
	default:
		put_value(f, a, s->n[a->i < 4 ? a->i : 0]);
		break;
	}
}

/* Nothing to read in it: left out of the words, kept in JSON. */
static bool says_nothing(const struct nk_step *s, const struct nk_arg *a)
{
	return a->optional && (a->kind == NK_A_FD ? s->fd[a->i] == NK_NOFD : s->n[a->i] == 0);
}

static void put_call(FILE *f, const struct nk_plan *p, const struct nk_step *s)
{
	const struct nk_op_info *op = nk_op_info(s->op);
	char label[NK_LABEL_MAX];
	bool in_struct = false, first = true;

	if (s->out >= 0 && s->op != NK_OP_SOCKETPAIR)
		fprintf(f, "%s = ", nk_slot_label(p, s->out, label));
	fprintf(f, "%s(", op->syscall);
	for (size_t i = 0; i < NK_ARGS_MAX && op->args[i].kind != NK_A_NONE; i++) {
		const struct nk_arg *a = &op->args[i];

		if (says_nothing(s, a))
			continue;
		if (in_struct && !a->in_struct)
			fputc('}', f);
		fputs(first ? "" : ", ", f);
		if (a->in_struct && !in_struct)
			fputc('{', f);
		in_struct = a->in_struct;
		first = false;
		if (in_struct) /* what stands in braces is named: {flags=O_PATH, resolve=…} */
			fprintf(f, "%s=", a->name);
		put_arg(f, p, s, a);
	}
	fputs(in_struct ? "})" : ")", f);
}

size_t nk_step_call(const struct nk_plan *p, const struct nk_step *s, char *buf, size_t size)
{
	_free_ char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (size == 0)
		return 0;
	buf[0] = '\0';
	f = open_memstream(&text, &n);
	if (!f)
		return 0;
	put_call(f, p, s);
	if (fclose(f) != 0 || !text)
		return 0;
	if (n >= size) /* cut, but not in the middle of a character */
		for (n = size - 1; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	memcpy(buf, text, n);
	buf[n] = '\0';
	return n;
}
