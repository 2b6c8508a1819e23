/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turns ROUNDS RUNS FILE: contenders that take turns, so that what the machine does meanwhile falls
 * on all alike. FILE has one block a contender:
 *
 *	= NAME
 *	B WORD…		before its turn, once
 *	U WORD…		before each run, not timed
 *	T WORD…		timed; up to four of these, whose times are also told one by one
 *	R		wait until every orphan that was left here has ended (not timed)
 *	S MS		rest so long (not timed)
 *	E WORD…		after its turn, once
 *
 * T100 does it a hundred times, T100*8 eight of them at a time; @N is the number of the run, @K
 *that of the repetition. Prints for each contender: name, median of the sum of all T in
 *microseconds, largest resident set of a T in KiB, then the median of each T.
 *
 * A small static program, because the resident set of what forks counts for what it executes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 24, WORDS = 48, TIMED = 4, CONTENDERS = 16, SAMPLES = 1024, FLIGHT = 64 };

struct line {
	char kind;
	int count, parallel, timed;
	char *words[WORDS + 1];
};
struct contender {
	char *name;
	struct line lines[LINES];
	int n_lines, n_timed, n_samples;
	double total[SAMPLES], part[TIMED][SAMPLES], cpu[TIMED][SAMPLES];
	long kib[TIMED];
	double spent;
};
static struct contender all[CONTENDERS];
static int n_all, run_number;
extern char **environ;
static posix_spawn_file_actions_t quiet;

static void die(const char *what, const char *which)
{
	fprintf(stderr, "turns: %s: %s\n", what, which);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void read_line(char *text)
{
	struct contender *c = &all[n_all ? n_all - 1 : 0];
	struct line *l;
	char *save, *word = strtok_r(text, " \n", &save), *end;
	int n = 0;

	if (!word || word[0] == '#')
		return;
	if (word[0] == '=') {
		if (n_all == CONTENDERS)
			die("too many contenders", text);
		all[n_all++].name = strdup(save);
		all[n_all - 1].name[strcspn(all[n_all - 1].name, "\n")] = '\0';
		return;
	}
	if (!n_all || c->n_lines == LINES)
		die("no room for this line", word);
	l = &c->lines[c->n_lines++];
	l->kind = word[0];
	l->count = (int)strtol(word + 1, &end, 10);
	l->parallel = *end == '*' ? atoi(end + 1) : 1;
	if (l->count < 1)
		l->count = 1;
	l->timed = c->n_timed;
	if (l->kind == 'T' && ++c->n_timed > TIMED)
		die("too many timed lines", c->name);
	while ((word = strtok_r(NULL, " \n", &save)) && n < WORDS)
		l->words[n++] = strdup(word);
}

/* Every "@N" and "@K" of a word becomes its number. */
static void expand(char *to, size_t size, const char *from, int k)
{
	size_t n = 0;

	for (; *from && n + 12 < size; from++) {
		if (*from == '@' && (from[1] == 'N' || from[1] == 'K'))
			n += (size_t)sprintf(to + n, "%d", *++from == 'N' ? run_number : k);
		else
			to[n++] = *from;
	}
	to[n] = '\0';
}

/* They live until the next command. */
static char **words_of(const struct line *l, int k)
{
	static char text[WORDS][512], *words[WORDS + 1];
	int n = 0;

	for (; l->words[n]; n++) {
		expand(text[n], sizeof(text[n]), l->words[n], k);
		words[n] = text[n];
	}
	words[n] = NULL;
	return words;
}

static double micros(const struct timeval *t)
{
	return (double)t->tv_sec * 1e6 + (double)t->tv_usec;
}

static void wait_one(pid_t *flight, int *flying, struct contender *c, const struct line *l)
{
	struct rusage usage;
	int status;
	pid_t pid = wait4(-1, &status, 0, &usage);

	for (int i = 0; i < *flying; i++) {
		if (flight[i] != pid)
			continue;
		flight[i] = flight[--*flying];
		if (status)
			die("failed (see turns.err)", l->words[0]);
		c->spent += micros(&usage.ru_utime) + micros(&usage.ru_stime);
		if (l->kind == 'T' && usage.ru_maxrss > c->kib[l->timed])
			c->kib[l->timed] = usage.ru_maxrss;
		return;
	}
}

static void run_line(struct contender *c, const struct line *l)
{
	pid_t flight[FLIGHT];
	int flying = 0, err;

	for (int k = 0; k < l->count; k++) {
		err = posix_spawn(&flight[flying], l->words[0], &quiet, NULL, words_of(l, k),
				  environ);
		if (err)
			die(strerror(err), l->words[0]);
		flying++;
		while (flying >= l->parallel)
			wait_one(flight, &flying, c, l);
	}
	while (flying)
		wait_one(flight, &flying, c, l);
}

static void one_run(struct contender *c, int keep)
{
	double total = 0;

	run_number++;
	for (int i = 0; i < c->n_lines; i++) {
		struct line *l = &c->lines[i];

		if (l->kind == 'U')
			run_line(c, l);
		if (l->kind == 'R')
			while (wait(NULL) > 0 || errno == EINTR)
				;
		if (l->kind == 'S')
			usleep((unsigned)atoi(l->words[0]) * 1000);
		if (l->kind == 'T') {
			double start = now_us();

			c->spent = 0;

			run_line(c, l);
			start = now_us() - start;
			total += start;
			if (keep && c->n_samples < SAMPLES) {
				c->part[l->timed][c->n_samples] = start;
				c->cpu[l->timed][c->n_samples] = c->spent;
			}
		}
	}
	if (keep && c->n_samples < SAMPLES)
		c->total[c->n_samples++] = total;
}

static void once(struct contender *c, char kind)
{
	for (int i = 0; i < c->n_lines; i++)
		if (c->lines[i].kind == kind)
			run_line(c, &c->lines[i]);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), ascending);
	return n ? v[n / 2] : 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[1]) : 0, runs = argc > 3 ? atoi(argv[2]) : 0;
	FILE *f = argc > 3 ? fopen(argv[3], "re") : NULL;
	char text[4096];

	if (!f)
		die("usage", "turns ROUNDS RUNS FILE");
	while (fgets(text, sizeof(text), f))
		read_line(text);
	fclose(f);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "turns.err", O_WRONLY | O_CREAT | O_APPEND,
					 0600);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n_all; i++) {
			once(&all[i], 'B');
			one_run(&all[i], 0);
			for (int run = 0; run < runs; run++)
				one_run(&all[i], 1);
			once(&all[i], 'E');
		}
	for (int i = 0; i < n_all; i++) {
		struct contender *c = &all[i];

		printf("%s\t%.0f", c->name, median(c->total, c->n_samples));
		for (int t = 0; t < c->n_timed; t++)
			printf("\t%.0f\t%ld\t%.0f", median(c->part[t], c->n_samples), c->kib[t],
			       median(c->cpu[t], c->n_samples));
		putchar('\n');
	}
	return 0;
}
