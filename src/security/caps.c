/* SPDX-License-Identifier: Apache-2.0 */
#include "security/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define BIT(cap) (UINT64_C(1) << (cap))

const uint64_t NK_CAPS_DEFAULT = BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) |
				 BIT(CAP_FOWNER) | BIT(CAP_MKNOD) | BIT(CAP_NET_RAW) |
				 BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETFCAP) |
				 BIT(CAP_SETPCAP) | BIT(CAP_NET_BIND_SERVICE) |
				 BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

static const char *without_prefix(const char *name)
{
	return strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;
	return ab < c ? ab : c;
}

/* Edit distance, letters compared without case; UINT32_MAX for absurd lengths. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32];
	size_t n = strlen(b);

	if (n >= NK_COUNT(row))
		return UINT32_MAX;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 0; a[i] && i < NK_COUNT(row); i++) {
		unsigned corner = row[0];
		row[0] = i + 1;
		for (unsigned j = 0; j < n; j++) {
			bool same = strncasecmp(a + i, b + j, 1) == 0;
			unsigned next = min3(row[j] + 1, row[j + 1] + 1, corner + !same);
			corner = row[j + 1];
			row[j + 1] = next;
		}
	}
	return row[n];
}

static int unknown(const char *option, const char *name, struct nk_err *e)
{
	const char *bare = without_prefix(name), *best = NULL;
	/* Up to three wrong letters, and fewer in a short word. */
	size_t allowed = strlen(bare) / 2 < 3 ? strlen(bare) / 2 : 3;
	unsigned best_distance = (unsigned)allowed + 1;

	nk_fail(e, 0, "%s: there is no capability \"%s\"", option, name);
	for (unsigned i = 0; nk_cap_name(i) && strlen(bare) < 32; i++) {
		unsigned d = distance(bare, nk_cap_name(i) + 4);
		if (d < best_distance) {
			best_distance = d;
			best = nk_cap_name(i) + 4;
		}
	}
	if (best)
		return nk_hint(e, "did you mean %s?", best);
	return nk_hint(e, "names are those of capabilities(7), such as NET_ADMIN, or ALL");
}

/* One option's list as a mask; *all is set by the word ALL. */
static int read_list(const struct nk_strv *list, const char *option, unsigned last_cap,
		     uint64_t *mask, bool *all, struct nk_err *e)
{
	*mask = 0;
	*all = false;
	for (size_t i = 0; list && i < list->n; i++) {
		if (strcasecmp(without_prefix(list->v[i]), "ALL") == 0) {
			*all = true;
			continue;
		}
		int cap = nk_cap_by_name(list->v[i]);
		if (cap < 0)
			return unknown(option, list->v[i], e);
		if ((unsigned)cap > last_cap)
			return nk_fail(e, 0, "%s: this kernel does not know %s yet", option,
				       nk_cap_name((unsigned)cap));
		*mask |= BIT(cap);
	}
	return 0;
}

/* What is added and dropped at the same time is a contradiction, not an order. */
static int check_contradiction(uint64_t add, uint64_t drop, bool add_all, bool drop_all,
			       struct nk_err *e)
{
	uint64_t both = add & drop;

	if (add_all && drop_all)
		nk_fail(e, 0, "all capabilities are both added and dropped");
	else if (both)
		nk_fail(e, 0, "%s is both added and dropped",
			nk_cap_name((unsigned)__builtin_ctzll(both)));
	else
		return 0;
	return nk_hint(e, "name it in --cap-add or in --cap-drop, not in both");
}

int nk_caps_build(struct nk_caps *out, const struct nk_strv *add, const struct nk_strv *drop,
		  bool privileged, uint32_t uid, unsigned last_cap, struct nk_err *e)
{
	uint64_t known = last_cap >= 63 ? UINT64_MAX : BIT(last_cap + 1) - 1;
	uint64_t plus, minus, set;
	bool add_all, drop_all;
	int r;

	if ((r = read_list(add, "--cap-add", last_cap, &plus, &add_all, e)) < 0 ||
	    (r = read_list(drop, "--cap-drop", last_cap, &minus, &drop_all, e)) < 0)
		return r;
	r = check_contradiction(plus, minus, add_all, drop_all, e);
	if (r < 0)
		return r;
	if (drop_all)
		set = plus;
	else
		set = (privileged || add_all ? known : NK_CAPS_DEFAULT | plus) & ~minus & known;

	*out = (struct nk_caps){.bounding = set};
	if (uid == 0)
		out->effective = out->permitted = set;
	return 0;
}
