/*
 * What is written about a case, as what bytes come to.
 */

#include <string.h>
#include <check.h>
#include "decode_cases.h"

static bool
has_last(const struct decode_spec *spec)
{
	return spec->kind == DECODE_DELIMITER ||
	    spec->kind == DECODE_DELIMITERS || spec->kind == DECODE_LINE;
}

typedef void taker(struct decode_result *, const void *, size_t);

/* A frame up to its bar, or what there is of it up to the end. */
static const char *
take_frame(struct decode_result *result, const char *at, const char *end)
{
	taker *take = decode_data;
	const char *from;

	for (;;) {
		for (from = at; at < end && memchr("|^~", *at, 3) == NULL; at++)
			;
		if (at > from)
			take(result, from, (size_t)(at - from));
		if (at == end || *at == '|')
			return at;
		take = *at++ == '^' ? decode_extra : decode_held;
	}
}

void
decode_case_result(const struct decode_group *group,
    const struct decode_case *c, struct decode_result *result)
{
	const char *at = c->out, *end = c->out + c->out_len;

	memset(result, 0, sizeof(*result));
	for (; (at = take_frame(result, at, end)) < end; at++) {
		if (decode_declares(&group->spec))
			decode_declare(result, result->rest.len, NULL, 0);
		decode_end(result, 0);
	}
	if (c->declared != 0)
		decode_declare(result, c->declared, NULL, 0);
	if (c->cut)
		result->begun = true;
	result->is_last = has_last(&group->spec) && !c->not_last &&
	    c->error == NULL;
	result->error = c->error;
	result->bad = c->bad;
}
