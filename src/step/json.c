/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --explain=json: every argument of every call, whole. Numbers that have names
 * come as {"value": 8192, "names": ["O_PATH"]}, slots as {"slot": "rootfs"}.
 * JSON knows no bytes beyond UTF-8: a string that is none is {"hex": "2f66ff"}.
 */
#include "step/ops.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <linux/bpf.h>
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

static struct json_object *hex(const void *data, size_t n)
{
	_free_ char *text = malloc(2 * n + 1);
	struct json_object *o;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", ((const unsigned char *)data)[i]);
	text[2 * n] = '\0';
	o = json_object_new_object();
	json_object_object_add(o, "hex", json_object_new_string(text));
	return o;
}

static struct json_object *string(const char *s)
{
	if (!s)
		return NULL;
	return nk_text_is_utf8(s, strlen(s)) ? json_object_new_string(s) : hex(s, strlen(s));
}

static struct json_object *slot(const struct nk_plan *p, int index)
{
	char label[NK_LABEL_MAX];
	struct json_object *o;

	if (index == NK_NOFD)
		return NULL;
	if (index == NK_CWD)
		return json_object_new_string("AT_FDCWD");
	o = json_object_new_object();
	json_object_object_add(o, "slot", json_object_new_string(nk_slot_label(p, index, label)));
	return o;
}

/* {"value": n, "names": [...]}; bits that have no name stand in "rest". */
static struct json_object *flags(const struct nk_flag *table, uint64_t value)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();
	const char *name;
	size_t at = 0;

	json_object_object_add(o, "value", json_object_new_uint64(value));
	while ((name = nk_flag_next(table, &at, &value)))
		json_object_array_add(names, json_object_new_string(name));
	json_object_object_add(o, "names", names);
	if (value)
		json_object_object_add(o, "rest", json_object_new_uint64(value));
	return o;
}

static struct json_object *named(uint64_t value, const char *name)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "value", json_object_new_uint64(value));
	if (name)
		json_object_object_add(o, "name", json_object_new_string(name));
	return o;
}

static struct json_object *bits(uint64_t mask, const char *(*name_of)(unsigned), unsigned base)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();

	json_object_object_add(o, "value", json_object_new_uint64(mask));
	for (unsigned i = 0; i < 64; i++)
		if ((mask >> i & 1) && name_of(i + base))
			json_object_array_add(names, json_object_new_string(name_of(i + base)));
	json_object_object_add(o, "names", names);
	return o;
}

static struct json_object *prctl_arg(const struct nk_step *s, unsigned i)
{
	uint64_t v = s->n[i];

	if (s->n[0] == PR_CAPBSET_DROP && i == 1)
		return named(v, nk_flag_cap((unsigned)v));
	if (s->n[0] == PR_CAP_AMBIENT && i == 1)
		return named(v, nk_enum_name(nk_names_ambient, v));
	if (s->n[0] == PR_CAP_AMBIENT && i == 2)
		return named(v, nk_flag_cap((unsigned)v));
	if (s->n[0] == PR_SET_SECUREBITS && i == 1)
		return flags(nk_flags_securebits, v);
	return json_object_new_uint64(v);
}

static struct json_object *strings(const char *const *v)
{
	struct json_object *o = json_object_new_array();

	for (; v && *v; v++)
		json_object_array_add(o, string(*v));
	return o;
}

static struct json_object *gids(const gid_t *v, uint64_t n)
{
	struct json_object *o = json_object_new_array();

	for (uint64_t i = 0; v && i < n; i++)
		json_object_array_add(o, json_object_new_uint64(v[i]));
	return o;
}

/* "%d" in a string of this kind is the number in a slot, which goes along. */
static struct json_object *format(const struct nk_plan *p, const struct nk_step *s, unsigned i)
{
	struct json_object *o;

	if (!s->s[i] || s->fd[1] < 0 || !strstr(s->s[i], "%d"))
		return string(s->s[i]);
	o = json_object_new_object();
	json_object_object_add(o, "format", string(s->s[i]));
	json_object_object_add(o, "number", slot(p, s->fd[1]));
	return o;
}

static struct json_object *program(const void *insns, size_t n, size_t size)
{
	struct json_object *o = insns ? hex(insns, n * size) : json_object_new_object();

	json_object_object_add(o, "len", json_object_new_uint64(n));
	return o;
}

/* Its messages, and what they say one by one as `ip` and `nft` take it. */
static struct json_object *batch(const struct nk_batch *b)
{
	struct json_object *o, *commands;

	if (!b)
		return NULL;
	o = hex(b->bytes.v, b->bytes.n);
	commands = json_object_new_array();
	json_object_object_add(o, "len", json_object_new_uint64(b->bytes.n));
	json_object_object_add(o, "messages", json_object_new_uint64(b->n));
	if (b->patch)
		json_object_object_add(o, "number_at", json_object_new_uint64(b->patch));
	for (size_t at = 0, n; at < b->words.n; at += n + 1) {
		const char *end = memchr(b->words.v + at, '\n', b->words.n - at);
		n = end ? (size_t)(end - b->words.v) - at : b->words.n - at;
		json_object_array_add(commands,
				      json_object_new_string_len(b->words.v + at, (int)n));
	}
	json_object_object_add(o, "commands", commands);
	return o;
}

static struct json_object *address(const struct sockaddr *to)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned port = 0;
	struct json_object *o;

	if (to && to->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)to;
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		port = ntohs(in->sin_port);
	} else if (to && to->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const void *)to;
		inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
		port = ntohs(in->sin6_port);
	}
	o = named(port, NULL);
	json_object_object_add(o, "address", json_object_new_string(text));
	return o;
}

static struct json_object *pair(const struct nk_plan *p, const struct nk_step *s)
{
	struct json_object *o = json_object_new_array();

	json_object_array_add(o, slot(p, s->out));
	json_object_array_add(o, slot(p, s->fd[1]));
	return o;
}

static struct json_object *words(const uint64_t *v, uint64_t n)
{
	struct json_object *o = json_object_new_array();

	for (uint64_t i = 0; v && i < n; i++)
		json_object_array_add(o, json_object_new_uint64(v[i]));
	return o;
}

static struct json_object *device(uint64_t dev)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "value", json_object_new_uint64(dev));
	json_object_object_add(o, "major", json_object_new_uint64(major(dev)));
	json_object_object_add(o, "minor", json_object_new_uint64(minor(dev)));
	return o;
}

static struct json_object *constant(const char *text)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (strcmp(text, "\"\"") == 0)
		return json_object_new_string("");
	return *end ? json_object_new_string(text) : json_object_new_int64(v);
}

static struct json_object *argument(const struct nk_plan *p, const struct nk_step *s,
				    const struct nk_arg *a)
{
	uint64_t v = s->n[a->i < 4 ? a->i : 0];
	const struct sock_fprog *filter;

	switch (a->kind) {
	case NK_A_FD:
		return slot(p, s->fd[a->i]);
	case NK_A_STR:
		return string(s->s[a->i]);
	case NK_A_FORMAT:
		return format(p, s, a->i);
	case NK_A_TEXT:
		return s->s[0] ? string(s->s[0]) : slot(p, s->fd[1]);
	case NK_A_FLAGS:
		return flags(a->table, v);
	case NK_A_ENUM:
		return named(v, nk_enum_name(a->table, v));
	case NK_A_OCTAL:
		return json_object_new_uint64(v);
	case NK_A_NUMBER:
		return json_object_new_int64((int64_t)v);
	case NK_A_DEV:
		return device(v);
	case NK_A_LIMIT:
		return named(v, v == UINT64_MAX ? "RLIM_INFINITY" : NULL);
	case NK_A_CAPS:
		return bits(v, nk_flag_cap, 0);
	case NK_A_SIGSET:
		return bits(v, nk_flag_signal, 1);
	case NK_A_PRCTL:
		return prctl_arg(s, a->i);
	case NK_A_ARGV:
	case NK_A_ENVP:
		return strings(s->p[a->i]);
	case NK_A_GIDS:
		return gids(s->p[a->i], s->n[0]);
	case NK_A_FILTER:
		filter = s->p[a->i];
		return program(filter ? filter->filter : NULL, filter ? filter->len : 0,
			       sizeof(struct sock_filter));
	case NK_A_INSNS:
		return program(s->p[a->i], s->n[0], sizeof(struct bpf_insn));
	case NK_A_BATCH:
		return batch(s->p[a->i]);
	case NK_A_SOCKADDR:
		return address(s->p[a->i]);
	case NK_A_WORDS:
		return words(s->p[a->i], s->n[3]);
	case NK_A_HEX:
		return json_object_new_uint64(v);
	case NK_A_PAIR:
		return pair(p, s);
	case NK_A_CONST:
		return constant(a->text);
	case NK_A_NONE:
		break;
	}
	return NULL;
}

static struct json_object *tolerates(const struct nk_step *s)
{
	struct json_object *o = json_object_new_array();

	for (size_t i = 0; i < NK_COUNT(s->soft); i++) {
		const char *name = nk_flag_errno(s->soft[i]);

		if (s->soft[i])
			json_object_array_add(o, name ? json_object_new_string(name)
						      : json_object_new_int(s->soft[i]));
	}
	return o;
}

static struct json_object *step(const struct nk_plan *p, size_t index)
{
	const struct nk_step *s = &p->steps.v[index];
	const struct nk_op_info *op = nk_op_info(s->op);
	struct json_object *o = json_object_new_object(), *args = json_object_new_object();
	long partner = nk_step_partner(p, index);
	char label[NK_LABEL_MAX];

	json_object_object_add(o, "n", json_object_new_uint64(index + 1));
	json_object_object_add(o, "actor", json_object_new_string(nk_actor_name(s->actor)));
	json_object_object_add(o, "topic", json_object_new_string(nk_topic_name(s->topic)));
	json_object_object_add(o, "op", json_object_new_string(op->name));
	json_object_object_add(o, "syscall", json_object_new_string(op->syscall));
	for (size_t i = 0; i < NK_ARGS_MAX && op->args[i].kind != NK_A_NONE; i++)
		json_object_object_add(args, op->args[i].name, argument(p, s, &op->args[i]));
	json_object_object_add(o, "args", args);
	if (s->op == NK_OP_CLONE3)
		json_object_object_add(o, "starts", json_object_new_string(nk_actor_name(s->n[1])));
	if (s->out >= 0)
		json_object_object_add(o, "out",
				       json_object_new_string(nk_slot_label(p, s->out, label)));
	json_object_object_add(o, "tolerates", tolerates(s));
	if (partner >= 0)
		json_object_object_add(o, s->op == NK_OP_TELL ? "to" : "from",
				       json_object_new_int64(partner + 1));
	if (s->undo_of >= 0)
		json_object_object_add(o, "undoes", json_object_new_int(s->undo_of + 1));
	json_object_object_add(o, "why", string(s->why));
	if (s->hint)
		json_object_object_add(o, "hint", string(s->hint));
	return o;
}

int nk_explain_json(const struct nk_plan *p, FILE *out, struct nk_err *e)
{
	struct json_object *root = json_object_new_object();
	struct json_object *slots = json_object_new_array(), *steps = json_object_new_array();
	char label[NK_LABEL_MAX];
	const char *text;

	json_object_object_add(root, "version", json_object_new_int(1));
	for (int i = 0; i < p->n_slots; i++)
		json_object_array_add(slots, json_object_new_string(nk_slot_label(p, i, label)));
	json_object_object_add(root, "slots", slots);
	for (size_t i = 0; i < p->steps.n; i++)
		json_object_array_add(steps, step(p, i));
	json_object_object_add(root, "steps", steps);
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(root);
	return text ? 0 : nk_fail(e, ENOMEM, "print the plan as JSON");
}
