/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci_probe [ACTION...]: what a container's process sees of itself, as one JSON object, for
 * tests/differential. What it always reports is in oci_process.c and oci_files.c; besides
 *
 *     tree=DIR      every file in DIR and below, with types, modes, owners, device numbers
 *     look=PATH     what PATH is, whether it can be read, listed, opened for writing
 *     file=PATH     the text of PATH
 *     write=PATH    can a file PATH be made?
 *     call=NAME[:ARG...]  what a system call of that name says, in a child
 *     wait          after the report: until the end of standard input
 *     exit=N        the exit code
 */
#include "oci_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool comma;

static void put(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void key_of(const char *key)
{
	if (comma)
		putchar(',');
	comma = true;
	if (key) {
		put(key);
		putchar(':');
	}
}

void out_open(const char *key, char bracket)
{
	key_of(key);
	putchar(bracket);
	comma = false;
}

void out_close(char bracket)
{
	putchar(bracket);
	comma = true;
}

void out_text(const char *key, const char *value)
{
	key_of(key);
	put(value);
}

void out_number(const char *key, long long value)
{
	key_of(key);
	printf("%lld", value);
}

void out_bool(const char *key, bool value)
{
	key_of(key);
	fputs(value ? "true" : "false", stdout);
}

void out_errno(const char *key, int err)
{
	out_text(key, err ? strerrorname_np(err) : "ok");
}

void out_done(void)
{
	putchar('\n');
	fflush(stdout);
}

static const struct {
	const char *word;
	void (*report)(const char *);
} actions[] = {
	{"tree=", report_tree},	  {"look=", report_look}, {"file=", report_file},
	{"write=", report_write}, {"call=", report_call},
};

int main(int argc, char **argv)
{
	int code = 0;
	bool wait = false;
	char byte;

	/* What is open and what the process is come first: the rest opens files. */
	out_open(NULL, '{');
	report_process();
	out_open("argv", '[');
	for (int i = 0; i < argc; i++)
		out_text(NULL, argv[i]);
	out_close(']');
	report_mounts();
	out_open("asked", '{');
	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < sizeof(actions) / sizeof(actions[0]); k++) {
			size_t n = strlen(actions[k].word);

			if (strncmp(argv[i], actions[k].word, n))
				continue;
			out_open(argv[i], '{');
			actions[k].report(argv[i] + n);
			out_close('}');
		}
		if (!strcmp(argv[i], "wait"))
			wait = true;
		if (!strncmp(argv[i], "exit=", 5))
			code = atoi(argv[i] + 5);
	}
	out_close('}');
	out_close('}');
	out_done();
	while (wait && read(0, &byte, 1) > 0)
		;
	return code;
}
