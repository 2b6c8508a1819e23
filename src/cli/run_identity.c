/* SPDX-License-Identifier: Apache-2.0 */
/* Who the container is: an id that no other has, and a name to say aloud. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "cli/run_set.h"

static const char *const manners[] = {
	"amber",  "brisk",  "calm",   "cosy",	 "crisp",  "dapper", "eager",  "fair",
	"fleet",  "fond",   "gentle", "glad",	 "golden", "hardy",  "humble", "jolly",
	"keen",	  "kind",   "light",  "lively",	 "lucky",  "mellow", "merry",  "mild",
	"mossy",  "neat",   "nimble", "patient", "plucky", "polite", "proud",  "quick",
	"quiet",  "rapid",  "ready",  "rosy",	 "rustic", "sandy",  "shiny",  "silent",
	"silver", "simple", "sleepy", "smooth",	 "snug",   "solid",  "spry",   "steady",
	"sturdy", "sunny",  "swift",  "tidy",	 "tiny",   "true",   "upbeat", "velvet",
	"vivid",  "warm",   "wily",   "windy",	 "wise",   "witty",  "young",  "zesty",
};

static const char *const things[] = {
	"acorn",   "alcove", "anchor",	"badger", "beacon",  "birch",  "bonsai",  "brook",
	"burrow",  "cabin",  "cedar",	"clover", "cobble",  "comet",  "cove",	  "cricket",
	"den",	   "dune",   "ember",	"fern",	  "finch",   "fjord",  "garden",  "glade",
	"grotto",  "harbor", "hearth",	"heron",  "hollow",  "inlet",  "ivy",	  "juniper",
	"kettle",  "lagoon", "lantern", "larch",  "ledge",   "loft",   "maple",	  "marten",
	"meadow",  "nest",   "niche",	"oak",	  "orchard", "otter",  "pebble",  "pine",
	"pocket",  "porch",  "quartz",	"reed",	  "ridge",   "robin",  "shelter", "spruce",
	"thicket", "thyme",  "tunnel",	"valley", "violet",  "willow", "wren",	  "yew",
};

int nk_run_identity(struct nk_run_request *r, struct nk_arena *a, struct nk_err *e)
{
	unsigned char random[34];
	char id[65];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return nk_fail(e, errno ? errno : EIO, "get random numbers for the id");
	for (size_t i = 0; i < 32; i++) {
		id[2 * i] = "0123456789abcdef"[random[i] >> 4];
		id[2 * i + 1] = "0123456789abcdef"[random[i] & 15];
	}
	r->spec.id = nk_strndup(a, id, 64);
	if (!r->spec.name)
		r->spec.name = nk_fmt(a, "%s_%s", manners[random[32] % NK_COUNT(manners)],
				      things[random[33] % NK_COUNT(things)]);
	return 0;
}
