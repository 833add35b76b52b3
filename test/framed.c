/*
 * Frames of producers; see framed.h.
 */

#include <string.h>
#include "framed.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER

struct evchat_framing *
framed_crlf(void)
{
	return evchat_framing_delimiter("\r\n", 2, 0);
}

struct evchat_framing *
framed_aab(void)
{
	return evchat_framing_delimiter("aab", 3, 0);
}

struct evchat_framing *
framed_kept(void)
{
	return evchat_framing_delimiter("\r\n", 2, KEEP);
}

struct evchat_framing *
framed_several(void)
{
	struct evbuffer_iovec set[] = { { "\n", 1 }, { "\r\n", 2 },
	    { ";", 1 } };

	return evchat_framing_delimiters(set, 3, 0);
}

struct evchat_framing *
framed_several_kept(void)
{
	struct evbuffer_iovec set[] = { { "\r", 1 }, { "\r\n", 2 } };

	return evchat_framing_delimiters(set, 2,
	    KEEP | EVCHAT_FRAMING_MATCH_LONGEST);
}

struct evchat_framing *
framed_line(void)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF, 0);
}

struct evchat_framing *
framed_line_strict(void)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF_STRICT,
	    EVCHAT_FRAMING_REJECT_BARE_CR | EVCHAT_FRAMING_REJECT_BARE_LF);
}

struct evchat_framing *
framed_line_any(void)
{
	return evchat_framing_line(EVBUFFER_EOL_ANY, 0);
}

struct evchat_framing *
framed_dot(void)
{
	return evchat_framing_dot(0);
}

struct evchat_framing *
framed_dot_strict(void)
{
	return evchat_framing_dot(EVCHAT_FRAMING_REJECT_BARE_CR |
	    EVCHAT_FRAMING_REJECT_BARE_LF);
}

struct evchat_framing *
framed_chunked(void)
{
	return evchat_framing_chunked(EVCHAT_FRAMING_DELIVER_TRAILERS);
}

/* What the script of a feeder cannot say. */
static void
append_piece(struct feeder *feeder)
{
	const char *const **next = feeder->user;

	ck_assert_int_eq(evbuffer_add(feeder->out, **next, strlen(**next)), 0);
	(*next)++;
}

void
framed_push_sample(struct feeder *feeder, struct harness *h,
    const struct framed_sample *sample, const char *const **next)
{
	*next = sample->pieces;
	feeder_init(feeder, h, "p", sample->how);
	feeder->in_more = append_piece;
	feeder->user = next;
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat,
	    feeder->producer), 0);
	feeder->pushed = true;
}

void
framed_push(struct feeder *feeder, struct harness *h, const char *name,
    const char *script)
{
	feeder_init(feeder, h, name, script);
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat,
	    feeder->producer), 0);
	feeder->pushed = true;
}

struct harness *
framed_start(enum harness_carrier carrier, struct evchat_framing *(*make)(void))
{
	struct harness *h = harness_start_new(carrier, &harness_streaming);
	struct evchat_framing *framing = make();

	ck_assert_ptr_nonnull(framing);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	return h;
}

void
framed_expect(struct harness *h, const char *wire)
{
	size_t len = strlen(wire), i;
	const char *got;

	harness_run_until_received(h, len);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), len);
	got = (const char *)evbuffer_pullup(h->received, -1);
	for (i = 0; i < len; i++)
		if (got[i] != wire[i] && (got[i] != 'A' || wire[i] != 'a'))
			ck_abort_msg("%.*s\nand not\n%s", (int)len, got, wire);
}

const struct framed_half framed_halves[FRAMED_HALVES] = {
	{ framed_crlf, "ab", "abcd\r\n" }, { framed_several, "ab", "abcd\n" },
	{ framed_line, "ab", "abcd\r\n" },
	{ framed_chunked, "2\r\nab\r\n", "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n" }
};
