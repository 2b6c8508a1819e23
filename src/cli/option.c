/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int nk_set_flag(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	(void)e;
	*NK_MEMBER(use, bool) = value[0] == 't';
	return 0;
}

int nk_set_string(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	(void)e;
	*NK_MEMBER(use, const char *) = value;
	return 0;
}

int nk_set_list(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	(void)e;
	nk_strv_push(use->arena, NK_MEMBER(use, struct nk_strv), value);
	return 0;
}

int nk_set_unsigned(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || n > 0x7fffffff) {
		nk_fail(e, 0, "not a whole number");
		return nk_hint(e, "give a number from 0 on, like 10");
	}
	*NK_MEMBER(use, unsigned) = (unsigned)n;
	return 0;
}

int nk_set_json(const struct nk_option_use *use, const char *value, struct nk_err *e)
{
	const char *other = use->option->values;
	int len = (int)strcspn(other, " ");
	bool json = !strcmp(value, "json");

	if (!json && (strncmp(value, other, (size_t)len) != 0 || value[len])) {
		nk_fail(e, 0, "no such format");
		return nk_hint(e, "%.*s or json", len, other);
	}
	*NK_MEMBER(use, bool) = json;
	return 0;
}

const struct nk_option *nk_option_find(const struct nk_option *table, const char *name, size_t len)
{
	for (const struct nk_option *o = table; o && o->name; o++)
		if (!strncmp(o->name, name, len) && !o->name[len])
			return o;
	return NULL;
}

const struct nk_option *nk_option_letter(const struct nk_option *table, char letter)
{
	for (const struct nk_option *o = table; o && o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

/* A parse under way. */
struct parse {
	const struct nk_option *table;
	struct nk_option_use use;
	char **argv;
	int argc, at;
	struct nk_err *e;
};

static int help_wanted(struct parse *p)
{
	memset(p->e, 0, sizeof(*p->e));
	return -ECANCELED;
}

/* Longer values are cut in a message: the person knows what was typed. */
static int apply(struct parse *p, const struct nk_option *o, const char *value)
{
	p->use.option = o;
	int r = o->set(&p->use, value, p->e);
	if (r >= 0)
		return 0;
	if (value && o->metavar)
		nk_ctx(p->e, "--%s %.80s", o->name, value);
	else
		nk_ctx(p->e, "--%s", o->name);
	return r;
}

static int unknown(struct parse *p, const char *word, size_t len, bool is_long)
{
	struct nk_nearest near;

	nk_fail(p->e, 0, "there is no option %.*s", (int)(len > 80 ? 80 : len), word);
	if (is_long) {
		nk_nearest_init(&near, word + 2, len - 2);
		for (const struct nk_option *o = p->table; o && o->name; o++)
			nk_nearest_offer(&near, o->name);
		nk_nearest_offer(&near, "help");
		if (near.best)
			nk_hint(p->e, "did you mean --%s?", near.best);
	}
	return -ENOENT;
}

static int missing(struct parse *p, const struct nk_option *o)
{
	nk_fail(p->e, 0, "--%s needs a value", o->name);
	return nk_hint(p->e, "--%s %s: %s", o->name, o->metavar, o->help);
}

static int flag(struct parse *p, const struct nk_option *o, const char *value)
{
	if (!strcmp(value, "true") || !strcmp(value, "false"))
		return apply(p, o, value);
	nk_fail(p->e, 0, "--%s %.80s: neither true nor false", o->name, value);
	return nk_hint(p->e, "--%s alone means yes", o->name);
}

static int take_long(struct parse *p, const char *word)
{
	const char *name = word + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct nk_option *o = nk_option_find(p->table, name, len);

	if (!o && !eq && !strcmp(name, "help"))
		return help_wanted(p);
	if (!o)
		return unknown(p, word, len + 2, true);
	if (!o->metavar)
		return flag(p, o, eq ? eq + 1 : "true");
	if (eq)
		return apply(p, o, eq + 1);
	if (o->optional)
		return apply(p, o, NULL);
	if (p->at + 1 >= p->argc)
		return missing(p, o);
	return apply(p, o, p->argv[++p->at]);
}

/* "-it", "-t=false", "-eX=1", "-e X=1", "-e=X" (as pflag has it: the '=' is not of the value). */
static int take_letters(struct parse *p, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		const struct nk_option *o = nk_option_letter(p->table, *c);
		int r;
		if (!o && *c == 'h')
			return help_wanted(p);
		if (!o) {
			char text[3] = {'-', *c, 0};
			return unknown(p, text, 2, false);
		}
		if (o->metavar) {
			if (c[1])
				return apply(p, o, c + 1 + (c[1] == '='));
			if (o->optional)
				return apply(p, o, NULL);
			if (p->at + 1 >= p->argc)
				return missing(p, o);
			return apply(p, o, p->argv[++p->at]);
		}
		if (c[1] == '=')
			return flag(p, o, c + 2);
		r = apply(p, o, "true");
		if (r < 0)
			return r;
	}
	return 0;
}

int nk_options_parse(const struct nk_option *table, struct nk_arena *arena, int argc, char **argv,
		     void *target, struct nk_err *e)
{
	struct parse p = {
		.table = table,
		.use = {.target = target, .arena = arena},
		.argv = argv,
		.argc = argc,
		.e = e,
	};

	for (p.at = 1; p.at < argc; p.at++) {
		const char *word = argv[p.at];
		if (word[0] != '-' || !word[1])
			break;
		if (!strcmp(word, "--"))
			return p.at + 1;
		int r = word[1] == '-' ? take_long(&p, word) : take_letters(&p, word);
		if (r < 0)
			return r;
	}
	return p.at;
}

int nk_options_parse_mixed(const struct nk_option *table, struct nk_arena *a, int argc, char **argv,
			   void *target, struct nk_err *e)
{
	char **words = nk_alloc(a, (size_t)argc * sizeof(*words));
	int at = 1, n = 0;

	if (!words)
		return nk_fail(e, ENOMEM, "read the command line");
	for (;;) {
		int r = nk_options_parse(table, a, argc - at + 1, argv + at - 1, target, e);
		if (r < 0)
			return r;
		at += r - 1;
		if (at >= argc || !strcmp(argv[at - 1], "--"))
			break;
		words[n++] = argv[at++];
	}
	/* argv[0], the options, and all words behind them: what follows "--" is there already. */
	memmove(argv + at - n, words, (size_t)n * sizeof(*words));
	return at - n;
}
