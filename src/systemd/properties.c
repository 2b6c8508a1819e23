/* SPDX-License-Identifier: Apache-2.0 */
#include "systemd/properties.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum type { U64, BOOL, STRING, STRINGS, CPUS, I32 };

/* Nothing here starts, stops or executes anything: a configuration may come from strangers. */
static const struct {
	const char *name;
	enum type type;
} known[] = {
	{"After", STRINGS},
	{"AllowedCPUs", CPUS},
	{"AllowedMemoryNodes", CPUS},
	{"Before", STRINGS},
	{"BlockIOWeight", U64},
	{"CPUQuotaPerSecUSec", U64},
	{"CPUQuotaPeriodUSec", U64},
	{"CPUShares", U64},
	{"CPUWeight", U64},
	{"CollectMode", STRING},
	{"DefaultDependencies", BOOL},
	{"Description", STRING},
	{"DevicePolicy", STRING},
	{"IOWeight", U64},
	{"KillSignal", I32},
	{"MemoryHigh", U64},
	{"MemoryLimit", U64},
	{"MemoryLow", U64},
	{"MemoryMax", U64},
	{"MemoryMin", U64},
	{"MemorySwapMax", U64},
	{"SendSIGHUP", BOOL},
	{"SendSIGKILL", BOOL},
	{"TasksMax", U64},
	{"TimeoutStopUSec", U64},
};

static int number(const char *text, uint64_t *n)
{
	char *end;

	if (strcmp(text, "infinity") == 0) {
		*n = UINT64_MAX;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*n = strtoull(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

/* "0-3,7" as bits, the lowest first. */
static int append_cpus(sd_bus_message *m, const char *text)
{
	uint8_t bits[1024] = {0};
	size_t used = 0;

	for (const char *s = text;;) {
		char *end;
		unsigned long first = strtoul(s, &end, 10), last = first;

		if (end == s || *s < '0' || *s > '9')
			return -EINVAL;
		if (*end == '-') {
			s = end + 1;
			last = strtoul(s, &end, 10);
			if (end == s)
				return -EINVAL;
		}
		if (last < first || last >= sizeof(bits) * 8)
			return -EINVAL;
		for (unsigned long i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1u << i % 8);
		if (last / 8 + 1 > used)
			used = last / 8 + 1;
		if (!*end)
			break;
		if (*end != ',')
			return -EINVAL;
		s = end + 1;
	}
	int ret = sd_bus_message_open_container(m, 'v', "ay");
	if (ret >= 0)
		ret = sd_bus_message_append_array(m, 'y', bits, used);
	return ret < 0 ? ret : sd_bus_message_close_container(m);
}

/* Words between blanks. */
static int append_words(sd_bus_message *m, const char *text)
{
	int ret = sd_bus_message_open_container(m, 'v', "as");

	if (ret >= 0)
		ret = sd_bus_message_open_container(m, 'a', "s");
	for (const char *s = text; ret >= 0 && *(s += strspn(s, " "));) {
		size_t n = strcspn(s, " ");
		char *word = strndup(s, n);

		ret = word ? sd_bus_message_append(m, "s", word) : -ENOMEM;
		free(word);
		s += n;
	}
	if (ret >= 0)
		ret = sd_bus_message_close_container(m);
	return ret < 0 ? ret : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, enum type type, const char *text)
{
	uint64_t n = 0;
	int ret = 0;

	if (type == U64 || type == I32)
		ret = number(text, &n);
	if (type == BOOL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		ret = -EINVAL;
	if (ret < 0)
		return ret;
	switch (type) {
	case U64:
		return sd_bus_message_append(m, "v", "t", n);
	case I32:
		return n > INT32_MAX ? -EINVAL : sd_bus_message_append(m, "v", "i", (int32_t)n);
	case BOOL:
		return sd_bus_message_append(m, "v", "b", text[0] == 't');
	case STRING:
		return sd_bus_message_append(m, "v", "s", text);
	case STRINGS:
		return append_words(m, text);
	case CPUS:
		return append_cpus(m, text);
	}
	return -EINVAL;
}

int nk_property_append(sd_bus_message *m, const char *assignment)
{
	const char *equal = strchr(assignment, '=');

	if (!equal)
		return -EINVAL;
	size_t n = (size_t)(equal - assignment);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != n || memcmp(known[i].name, assignment, n) != 0)
			continue;
		int ret = sd_bus_message_open_container(m, 'r', "sv");
		if (ret >= 0)
			ret = sd_bus_message_append(m, "s", known[i].name);
		if (ret >= 0)
			ret = append_value(m, known[i].type, equal + 1);
		return ret < 0 ? ret : sd_bus_message_close_container(m);
	}
	return -EINVAL;
}
