/*
 * Constructors of framings; see makers.h.
 */

#include <limits.h>
#include "makers.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define LONGEST EVCHAT_FRAMING_MATCH_LONGEST
#define NO_LF EVCHAT_FRAMING_REJECT_BARE_LF
#define NO_CR EVCHAT_FRAMING_REJECT_BARE_CR
#define TRAILERS EVCHAT_FRAMING_DELIVER_TRAILERS

static struct evbuffer_iovec two[] = { { "\n", 1 }, { "\r\n", 2 } };
static const struct evchat_length_field plain = { .width = 2, .strip = 2 };

static enum evchat_split_result
split(const void *data, size_t len, struct evchat_split *found, void *state,
    void *arg)
{
	(void)data;
	(void)state;
	(void)arg;
	found->data = len;
	return EVCHAT_SPLIT_MORE;
}

int makers_frees;

static void
count_free(void *arg)
{
	(void)arg;
	makers_frees++;
}

const struct evchat_framing_ops makers_custom = { .split = split,
    .state_size = 100, .free = count_free };

static struct evchat_framing *
make_delimiter(unsigned flags)
{
	return evchat_framing_delimiter("ab", 2, flags);
}

static struct evchat_framing *
make_delimiters(unsigned flags)
{
	return evchat_framing_delimiters(two, 2, flags);
}

static struct evchat_framing *
make_lf(unsigned flags)
{
	return evchat_framing_line(EVBUFFER_EOL_LF, flags);
}

static struct evchat_framing *
make_nul(unsigned flags)
{
	return evchat_framing_line(EVBUFFER_EOL_NUL, flags);
}

static struct evchat_framing *
make_any(unsigned flags)
{
	return evchat_framing_line(EVBUFFER_EOL_ANY, flags);
}

static struct evchat_framing *
make_crlf(unsigned flags)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF, flags);
}

static struct evchat_framing *
make_crlf_strict(unsigned flags)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF_STRICT, flags);
}

static struct evchat_framing *
make_length(unsigned flags)
{
	struct evchat_length_field field = plain;

	field.flags = flags;
	return evchat_framing_length(&field);
}

static struct evchat_framing *
make_fixed(unsigned flags)
{
	(void)flags;
	return evchat_framing_fixed(7);
}

static struct evchat_framing *
make_custom(unsigned flags)
{
	(void)flags;
	return evchat_framing_custom(&makers_custom, two);
}

const struct maker makers[MAKERS] = {
	{ make_delimiter, KEEP }, { make_delimiters, KEEP | LONGEST },
	{ make_lf, KEEP }, { make_nul, KEEP }, { make_any, KEEP },
	{ make_crlf, KEEP | NO_LF | NO_CR },
	{ make_crlf_strict, KEEP | NO_LF | NO_CR }, { make_length, 0 },
	{ evchat_framing_varint, 0 }, { evchat_framing_netstring, 0 },
	{ evchat_framing_octet_count, 0 },
	{ evchat_framing_dot, NO_LF | NO_CR },
	{ evchat_framing_chunked, TRAILERS },
	{ make_fixed, UINT_MAX }, { make_custom, UINT_MAX }
};

