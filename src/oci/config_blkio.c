/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.blockIO */
#include "oci/config_read.h"

struct numbers {
	int64_t major, minor;
};

static struct numbers read_numbers(struct nk_json_in *in, struct json_object *o)
{
	return (struct numbers){nk_config_need_int(in, o, "major", 0, 0xfff),
				nk_config_need_int(in, o, "minor", 0, 0xfffff)};
}

struct rates {
	NK_VEC(struct nk_blkio_rate);
};

static struct rates read_rates(struct nk_json_in *in, struct json_object *o, const char *key)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, key, json_type_array);
	struct rates rates = {0};

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		struct nk_blkio_rate *to = item.o ? NK_PUSH(in->a, &rates) : NULL;

		if (!to)
			break;
		struct numbers n = read_numbers(in, item.o);

		*to = (struct nk_blkio_rate){n.major, n.minor,
					     nk_json_get_uint(in, item.o, "rate", UINT64_MAX, 0)};
	}
	return rates;
}

/* 10 to 1000, or 0 for "not given". */
static int64_t read_weight(struct nk_json_in *in, struct json_object *o, const char *key,
			   int64_t none)
{
	int64_t w = nk_json_get_int(in, o, key, 0, 1000, 0);

	if (w && w < 10)
		nk_json_bad(in, key, "out of range (10 to 1000)");
	return w ? w : none;
}

static void read_weights(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at list = nk_json_enter(in, o, "weightDevice", json_type_array);

	for (size_t i = 0; i < nk_json_count(&list); i++) {
		_json_at_ struct nk_json_at item = nk_json_item(&list, i, json_type_object);
		struct nk_blkio_weight *to = item.o ? NK_PUSH(in->a, &r->weights) : NULL;

		if (!to)
			return;
		struct numbers n = read_numbers(in, item.o);

		*to = (struct nk_blkio_weight){n.major, n.minor,
					       (uint32_t)read_weight(in, item.o, "weight", 0),
					       (uint32_t)read_weight(in, item.o, "leafWeight", 0)};
	}
}

#define MOVE(to, from) ((to).v = (from).v, (to).n = (from).n, (to).cap = (from).cap)

void nk_config_block_io(struct nk_json_in *in, struct json_object *o, struct nk_oci_resources *r)
{
	_json_at_ struct nk_json_at io = nk_json_enter(in, o, "blockIO", json_type_object);

	if (!io.o)
		return;
	r->weight = read_weight(in, io.o, "weight", NK_UNSET);
	r->leaf_weight = read_weight(in, io.o, "leafWeight", NK_UNSET);
	read_weights(in, io.o, r);

	struct rates read_bps = read_rates(in, io.o, "throttleReadBpsDevice");
	struct rates write_bps = read_rates(in, io.o, "throttleWriteBpsDevice");
	struct rates read_iops = read_rates(in, io.o, "throttleReadIOPSDevice");
	struct rates write_iops = read_rates(in, io.o, "throttleWriteIOPSDevice");

	MOVE(r->read_bps, read_bps);
	MOVE(r->write_bps, write_bps);
	MOVE(r->read_iops, read_iops);
	MOVE(r->write_iops, write_iops);
}
