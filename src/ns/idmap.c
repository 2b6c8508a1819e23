/* SPDX-License-Identifier: Apache-2.0 */
#include "ns/idmap.h"

#include <errno.h>
#include <string.h>

#include "host/text.h"

static bool number(const char **at, const char *end, uint32_t *out)
{
	while (*at < end && **at == ' ')
		(*at)++;
	const char *start = *at;
	while (*at < end && **at != ' ')
		(*at)++;
	return nk_text_u32(start, (size_t)(*at - start), out);
}

int nk_ns_idmap_parse(struct nk_arena *a, const char *text, struct nk_idmaps *out)
{
	const char *line;
	size_t n;

	while ((line = nk_text_line(&text, &n))) {
		const char *at = line, *end = line + n;
		struct nk_idmap m;

		if (!number(&at, end, &m.inside) || !number(&at, end, &m.outside) ||
		    !number(&at, end, &m.count) || at != end || !m.count)
			return -EINVAL;
		struct nk_idmap *new = NK_PUSH(a, out);
		if (!new)
			return -ENOMEM;
		*new = m;
	}
	return 0;
}

const char *nk_ns_idmap_words(struct nk_arena *a, const struct nk_idmap *m)
{
	uint32_t last = m->count - 1;

	if (!m->inside && !m->outside && m->count == UINT32_MAX)
		return "every id is the same inside and outside";
	if (m->inside == m->outside)
		return m->count == 1 ? nk_fmt(a, "%u is %u inside and outside, 1 id", m->inside,
					      m->outside)
				     : nk_fmt(a, "%u to %u are the same inside and outside, %u ids",
					      m->inside, m->inside + last, m->count);
	if (m->count == 1)
		return nk_fmt(a, "%u inside is %u outside, 1 id", m->inside, m->outside);
	return nk_fmt(a, "%u to %u inside are %u to %u outside, %u ids", m->inside,
		      m->inside + last, m->outside, m->outside + last, m->count);
}

int64_t nk_ns_idmap_out(const struct nk_idmaps *m, uint32_t inside)
{
	for (size_t i = 0; i < m->n; i++)
		if (inside >= m->v[i].inside && inside - m->v[i].inside < m->v[i].count)
			return (int64_t)m->v[i].outside + (inside - m->v[i].inside);
	return -1;
}
