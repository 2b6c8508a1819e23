/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nook-systemd start [--user] UNIT SLICE PID [PROPERTY=VALUE…]
 *              set   [--user] UNIT PROPERTY=VALUE…
 *              stop  [--user] UNIT
 *
 * One thing, one line on stderr when it fails, exit code 1. `start` makes a transient scope around
 * a process (and is done when it is there), `stop` ends one, and forgets that it failed; a unit
 * that is not there is stopped. The user's bus is asked in /run/user/UID, since nook starts
 * programs without an environment.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/owner.h"
#include "systemd/properties.h"

#define DESTINATION "org.freedesktop.systemd1"
#define OBJECT "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

/* nook gives it ten seconds. */
enum { PATIENCE_US = 9000000 };

struct job {
	const char *path; /* of ours; NULL until it is known */
	char removed[256], result[64];
};

static void cleanup_bus(sd_bus **bus)
{
	sd_bus_flush_close_unref(*bus);
}
static void cleanup_message(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}
#define _bus_ __attribute__((cleanup(cleanup_bus)))
#define _message_ __attribute__((cleanup(cleanup_message)))
#define _bus_error_ __attribute__((cleanup(sd_bus_error_free)))

static int say(const char *what, const char *unit, const sd_bus_error *error, int ret)
{
	fprintf(stderr, "%s %s: %s\n", what, unit,
		error && error->message ? error->message : strerror(-ret));
	return 1;
}

/* JobRemoved(u id, o job, s unit, s result) */
static int on_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct job *j = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (j->path && strcmp(j->path, path) != 0)
		return 0;
	snprintf(j->removed, sizeof(j->removed), "%s", path);
	snprintf(j->result, sizeof(j->result), "%s", result);
	return 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Until our job is done. */
static int wait_for(sd_bus *bus, struct job *j)
{
	const uint64_t end = now_us() + PATIENCE_US;

	for (;;) {
		int ret = sd_bus_process(bus, NULL);

		if (ret < 0)
			return ret;
		if (strcmp(j->removed, j->path) == 0)
			return 0;
		if (ret > 0)
			continue;
		uint64_t now = now_us();
		if (now >= end)
			return -ETIMEDOUT;
		ret = sd_bus_wait(bus, end - now);
		if (ret < 0)
			return ret;
	}
}

/* Call with a message whose answer is a job, and wait for that. */
static int call_job(sd_bus *bus, sd_bus_message *m, struct job *j, sd_bus_error *error)
{
	_message_ sd_bus_message *answer = NULL;
	int ret = sd_bus_call(bus, m, 0, error, &answer);

	if (ret >= 0)
		ret = sd_bus_message_read(answer, "o", &j->path);
	return ret < 0 ? ret : wait_for(bus, j);
}

static int listen(sd_bus *bus, struct job *j)
{
	int ret = sd_bus_match_signal(bus, NULL, DESTINATION, OBJECT, MANAGER, "JobRemoved",
				      on_removed, j);

	if (ret >= 0)
		ret = sd_bus_call_method(bus, DESTINATION, OBJECT, MANAGER, "Subscribe", NULL, NULL,
					 "");
	return ret;
}

static int append_properties(sd_bus_message *m, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int ret = nk_property_append(m, argv[i]);

		if (ret < 0) {
			fprintf(stderr, "property %s: %s\n", argv[i],
				ret == -EINVAL ? "not one that is known, or no such value"
					       : strerror(-ret));
			return ret;
		}
	}
	return 0;
}

/* StartTransientUnit(s name, s mode, a(sv) properties, a(sa(sv)) aux) */
static int fill_start(sd_bus_message *m, const char *unit, const char *slice, uint32_t pid,
		      int argc, char **argv)
{
	int ret = sd_bus_message_append(m, "ss", unit, "fail");

	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "(sv)");
	if (ret >= 0)
		ret = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Slice", "s", slice,
					    "Delegate", "b", 1, "PIDs", "au", 1, pid,
					    "DefaultDependencies", "b", 0, "MemoryAccounting", "b",
					    1, "CPUAccounting", "b", 1, "TasksAccounting", "b", 1);
	if (ret >= 0)
		ret = append_properties(m, argc, argv);
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	return ret < 0 ? ret : sd_bus_message_append(m, "a(sa(sv))", 0);
}

static int try_start(sd_bus *bus, int argc, char **argv, struct job *j, sd_bus_error *error)
{
	_message_ sd_bus_message *m = NULL;
	uint32_t pid = (uint32_t)strtoul(argv[2], NULL, 10);

	int ret = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, MANAGER,
						 "StartTransientUnit");
	if (ret >= 0)
		ret = fill_start(m, argv[0], argv[1], pid, argc - 3, argv + 3);
	return ret < 0 ? ret : call_job(bus, m, j, error);
}

static void forget(sd_bus *bus, const char *unit)
{
	sd_bus_call_method(bus, DESTINATION, OBJECT, MANAGER, "ResetFailedUnit", NULL, NULL, "s",
			   unit);
}

static int start(sd_bus *bus, int argc, char **argv)
{
	_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct job j = {0};

	if (argc < 3)
		return say("start", "", NULL, -EINVAL);
	int ret = listen(bus, &j);
	if (ret >= 0)
		ret = try_start(bus, argc, argv, &j, &error);
	/* One of that name that has failed once stays loaded until somebody forgets it. */
	if (ret < 0 && sd_bus_error_has_name(&error, DESTINATION ".UnitExists")) {
		sd_bus_error_free(&error);
		forget(bus, argv[0]);
		ret = try_start(bus, argc, argv, &j, &error);
	}
	if (ret < 0)
		return say("start", argv[0], &error, ret);
	if (strcmp(j.result, "done") == 0)
		return 0;
	fprintf(stderr, "start %s: systemd says \"%s\"\n", argv[0], j.result);
	return 1;
}

static int stop(sd_bus *bus, int argc, char **argv)
{
	_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_message_ sd_bus_message *m = NULL;
	struct job j = {0};

	if (argc != 1)
		return say("stop", "", NULL, -EINVAL);
	int ret = listen(bus, &j);
	if (ret >= 0)
		ret = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, MANAGER,
						     "StopUnit");
	if (ret >= 0)
		ret = sd_bus_message_append(m, "ss", argv[0], "replace");
	if (ret >= 0)
		ret = call_job(bus, m, &j, &error);
	forget(bus, argv[0]);
	if (ret < 0 && !sd_bus_error_has_name(&error, DESTINATION ".NoSuchUnit"))
		return say("stop", argv[0], &error, ret);
	return 0;
}

/* SetUnitProperties(s name, b runtime, a(sv) properties) */
static int set(sd_bus *bus, int argc, char **argv)
{
	_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_message_ sd_bus_message *m = NULL;

	if (argc < 1)
		return say("set", "", NULL, -EINVAL);
	int ret = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, MANAGER,
						 "SetUnitProperties");
	if (ret >= 0)
		ret = sd_bus_message_append(m, "sb", argv[0], 1);
	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "(sv)");
	if (ret >= 0)
		ret = append_properties(m, argc - 1, argv + 1);
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	if (ret >= 0)
		ret = sd_bus_call(bus, m, 0, &error, NULL);
	return ret < 0 ? say("set", argv[0], &error, ret) : 0;
}

static int open_bus(sd_bus **bus, int user)
{
	char path[64];

	if (!user)
		return sd_bus_open_system(bus);
	if (!getenv("XDG_RUNTIME_DIR")) {
		/* Rootless Podman calls as the root of a user namespace. */
		snprintf(path, sizeof(path), "/run/user/%u", nk_outer_uid());
		setenv("XDG_RUNTIME_DIR", path, 1);
	}
	return sd_bus_open_user(bus);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(sd_bus *bus, int argc, char **argv);
	} verbs[] = {{"start", start}, {"set", set}, {"stop", stop}};
	_bus_ sd_bus *bus = NULL;
	int user = argc > 2 && strcmp(argv[2], "--user") == 0;

	for (size_t i = 0; argc > 2 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		int ret = open_bus(&bus, user);
		if (ret < 0) {
			fprintf(stderr, "no systemd answers on the %s bus: %s\n",
				user ? "user's" : "system", strerror(-ret));
			return 1;
		}
		return verbs[i].run(bus, argc - 2 - user, argv + 2 + user);
	}
	fputs("usage: nook-systemd start|set|stop [--user] UNIT …\n", stderr);
	return 1;
}
