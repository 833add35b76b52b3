/*
 * In the middle of a frame: what can be asked about it, what becomes of it
 * when all that is unread is dropped, and where bytes go that are unread then.
 * All of it is the same however the bytes before were cut.
 */

#include "decode_custom.h"
#include "harness.h"

static struct evchat_framing *framing;

static void
begin(struct harness *h)
{
	harness_ok(h, evchat_set_framing(h->chat, framing));
}

/* "length 2, at 3, partial:ab" */
static void
note_all(struct harness *h)
{
	harness_note(h, "length %ju, at %ju",
	    (uintmax_t)evchat_get_frame_length(h->chat),
	    (uintmax_t)evchat_get_offset(h->chat));
	harness_note_partial(h);
}

static void
discard(struct harness *h)
{
	evchat_discard_buffers(h->chat);
}

static void
discard_above_two(struct harness *h)
{
	begin(h);
	harness_ok(h, evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD));
}

static void
prove(struct evchat_framing *made, struct harness_scenario s)
{
	framing = made;
	if (s.start == NULL)
		s.start = begin;
	decode_prove(&s);
	evchat_framing_free(made);
}

#define IN(text) .input = (text), .len = sizeof(text) - 1

static struct evchat_framing *
two_bytes(size_t strip)
{
	struct evchat_length_field field = { .width = 2, .strip = strip };

	return evchat_framing_length(&field);
}

static struct evchat_framing *
lines(unsigned flags)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF, flags);
}

/* Asking: whole frames, then in pieces */

static void
prove_asked(struct evchat_framing *made, const char *input, size_t len,
    const struct evchat_hooks *hooks, const char *expect)
{
	prove(made, (struct harness_scenario){ .input = input, .len = len,
	    .hooks = hooks, .act = note_all, .act_at = len,
	    .expect = expect });
}

#define ASK(made, text, expect) prove_asked((made), (text), \
	sizeof(text) - 1, &harness_frames, (expect))
#define ASK_PIECES(made, text, expect) prove_asked((made), (text), \
	sizeof(text) - 1, &harness_streaming, (expect))

START_TEST(whole_frames_tell_what_they_are_so_far)
{
	ASK(lines(0), "ab\r\ncd\r", "frame:ab|length 2, at 4|partial:cd\\r");
	ASK(lines(EVCHAT_FRAMING_KEEP_DELIMITER), "cd\r",
	    "length 2, at 0|partial:cd\\r");
	ASK(evchat_framing_fixed(5), "abc", "length 5, at 0|partial:abc");
	ASK(two_bytes(2), "\000\005he", "length 5, at 0|partial:he");
	ASK(two_bytes(0), "\000\005he", "length 7, at 0|partial:\\0\\x05he");
	ASK(two_bytes(2), "\000\001a\000", "frame:a|length 0, at 3"
	    "|partial:\\0");
	ASK(two_bytes(2), "\000\005", "length 5, at 0|partial:");
	ASK(evchat_framing_varint(0), "\254\002ab",
	    "length 300, at 0|partial:ab");
	ASK(evchat_framing_netstring(0), "2:ab", "length 2, at 0|partial:ab");
	ASK(evchat_framing_netstring(0), "12", "length 0, at 0|partial:12");
	ASK(evchat_framing_octet_count(0), "1 a5 ab",
	    "frame:a|length 5, at 3|partial:ab");
}
END_TEST

/* What was decoded of them is not unread any more. */
START_TEST(decoded_frames_tell_what_was_decoded)
{
	ASK(evchat_framing_dot(0), "..ab\r\n.", "length 5, at 7"
	    "|partial:.ab\\r\\n");
	ASK(evchat_framing_dot(0), ".\r\nab\r", "frame:|length 2, at 5"
	    "|partial:ab");
	ASK(evchat_framing_chunked(0), "2;x\r\nab\r\n3\r\nc",
	    "length 3, at 13|partial:abc");
	ASK(evchat_framing_chunked(0), "2\r\nab\r\n0\r\nA: b\r\n",
	    "length 2, at 16|partial:ab");
}
END_TEST

START_TEST(pieces_tell_what_is_held)
{
	ASK_PIECES(lines(0), "ab\r\ncd\r",
	    "collect:ab|found|collect:cd|length 2, at 6|partial:\\r");
	ASK_PIECES(two_bytes(2), "\000\005he",
	    "collect:he|length 5, at 4|partial:");
	ASK_PIECES(two_bytes(2), "\000\001a\000",
	    "collect:a|found|length 0, at 3|partial:\\0");
	ASK_PIECES(evchat_framing_netstring(0), "12",
	    "length 0, at 0|partial:12");
	ASK_PIECES(evchat_framing_netstring(0), "2:ab",
	    "collect:ab|length 2, at 4|partial:");
	ASK_PIECES(evchat_framing_dot(0), "..ab\r",
	    "collect:.ab|length 3, at 4|partial:\\r");
	ASK_PIECES(evchat_framing_chunked(0), "2;x\r\nab\r\n3\r\nc",
	    "collect:abc|length 3, at 13|partial:");
	ASK_PIECES(evchat_framing_custom(&decode_counting, NULL),
	    "\000\005he", "collect:he|length 5, at 4|partial:");
}
END_TEST

/* Discarding: what comes then begins a frame */

static void
prove_discarded(struct evchat_framing *made, const char *input, size_t len,
    size_t at, const char *expect)
{
	prove(made, (struct harness_scenario){ .input = input, .len = len,
	    .hooks = &harness_frames, .act = discard, .act_at = at,
	    .eof = true, .expect = expect });
}

/* The bytes before, and behind. */
#define DISCARD(made, before, behind, expect) prove_discarded((made), \
	before behind, sizeof(before behind) - 1, sizeof(before) - 1, (expect))

START_TEST(discarded_is_the_whole_frame)
{
	DISCARD(lines(0), "ab\r", "\ncd\r\n",
	    "frame:|frame:cd|event:eof|closed:eof");
	DISCARD(lines(EVCHAT_FRAMING_REJECT_BARE_CR), "ab\r", "cd\r\n",
	    "frame:cd|event:eof|closed:eof");
	DISCARD(evchat_framing_fixed(3), "ab", "cde",
	    "frame:cde|event:eof|closed:eof");
	DISCARD(two_bytes(2), "\000", "\000\001b",
	    "frame:b|event:eof|closed:eof");
	DISCARD(two_bytes(2), "\000\003ab", "\000\001c",
	    "frame:c|event:eof|closed:eof");
	DISCARD(evchat_framing_varint(0), "\200", "\001b",
	    "frame:b|event:eof|closed:eof");
	DISCARD(evchat_framing_netstring(0), "2:ab", "1:c,",
	    "frame:c|event:eof|closed:eof");
	DISCARD(evchat_framing_netstring(0), "12", "1:c,",
	    "frame:c|event:eof|closed:eof");
	DISCARD(evchat_framing_dot(0), "ab", ".\r\n",
	    "frame:|event:eof|closed:eof");
	DISCARD(evchat_framing_dot(0), "ab\r\n.", "\r\n.\r\n",
	    "frame:\\r\\n|event:eof|closed:eof");
	DISCARD(evchat_framing_chunked(0), "3;x\r\nab", "1\r\nc\r\n0\r\n\r\n",
	    "frame:c|event:eof|closed:eof");
	DISCARD(evchat_framing_chunked(0), "1\r\na\r\n0\r\nA:",
	    "0\r\n\r\n", "frame:|event:eof|closed:eof");
	DISCARD(evchat_framing_custom(&decode_counting, NULL),
	    "\000\003a", "\000\001b", "frame:b|event:eof|closed:eof");
	DISCARD(evchat_framing_custom(&decode_minding, NULL), "ab\r",
	    "\ncd\r\n", "frame:\\ncd|event:eof|closed:eof");
}
END_TEST

/* Of a line that has ended, what may follow its end is still of it. */
START_TEST(discarding_behind_a_line_leaves_no_empty_one)
{
	DISCARD(evchat_framing_line(EVBUFFER_EOL_ANY, 0), "ab\r", "\n\rcd\n",
	    "frame:ab|frame:cd|event:eof|closed:eof");
	DISCARD(evchat_framing_line(EVBUFFER_EOL_ANY, 0), "ab\rc", "\ncd\n",
	    "frame:ab|frame:|frame:cd|event:eof|closed:eof");
}
END_TEST

/* Also of one that is above the maximum. */
START_TEST(discarded_is_an_oversize_frame)
{
	prove(evchat_framing_dot(0), (struct harness_scenario){
	    IN("abc.\r\n.\r\n"), .hooks = &harness_frames,
	    .start = discard_above_two, .act = discard, .act_at = 3,
	    .expect = "event:oversize|frame:|frame:" });
	prove(two_bytes(2), (struct harness_scenario){
	    IN("\000\003ab\000\001c"), .hooks = &harness_frames,
	    .start = discard_above_two, .act = discard, .act_at = 4,
	    .expect = "event:oversize|frame:c" });
	prove(evchat_framing_chunked(0), (struct harness_scenario){
	    IN("3\r\nabc1\r\nd\r\n0\r\n\r\n"), .hooks = &harness_frames,
	    .start = discard_above_two, .act = discard, .act_at = 6,
	    .expect = "event:oversize|frame:d" });
}
END_TEST

/* Unreading */

static struct {
	const char *bytes;
	size_t len;
} given_back;

static void
unread(struct harness *h)
{
	if (h->count++ == 0)
		harness_ok(h, evchat_unread(h->chat, given_back.bytes,
		    given_back.len));
}

static void
prove_unread(struct evchat_framing *made, const struct evchat_hooks *hooks,
    struct harness_scenario s, const char *bytes, size_t len)
{
	given_back.bytes = bytes;
	given_back.len = len;
	s.hooks = hooks;
	s.act = unread;
	prove(made, s);
}

/* The bytes before, those that are unread, and behind. */
#define UNREAD(made, hooks, before, bytes, behind, transcript) \
	prove_unread((made), (hooks), (struct harness_scenario){ \
	    IN(before behind), .act_at = sizeof(before) - 1, \
	    .expect = (transcript) }, (bytes), sizeof(bytes) - 1)

START_TEST(unread_bytes_go_on_behind_delivered_pieces)
{
	const struct evchat_hooks *hooks = &harness_streaming;

	UNREAD(lines(0), hooks, "ab\r", "\nc", "\nd\n",
	    "collect:ab|found|collect:c|found|collect:d|found");
	UNREAD(evchat_framing_netstring(0), hooks, "7:he", "ab", "llo,1:c,",
	    "collect:heabllo|found|collect:c|found");
	UNREAD(evchat_framing_netstring(0), hooks, "1", "2:ab,", ":c,",
	    "collect:ab|found|collect:c|found");
	UNREAD(two_bytes(4), hooks, "\000\005xya", "bc", "\000\002xy",
	    "collect:abc|found|found");
	UNREAD(evchat_framing_fixed(3), hooks, "ab", "cde", "f",
	    "collect:abc|found|collect:def|found");
}
END_TEST

START_TEST(unread_bytes_go_before_a_whole_frame)
{
	const struct evchat_hooks *hooks = &harness_frames;

	UNREAD(lines(0), hooks, "ab\r", "c\r\n", "\n", "frame:c|frame:ab");
	UNREAD(evchat_framing_netstring(0), hooks, "7:hel", "1:c,", "lo,,,",
	    "frame:c|frame:hello,,");
	UNREAD(evchat_framing_netstring(0), hooks, "7:hel", "ab", "lo,,,",
	    "event:malformed|closed:malformed");
	UNREAD(two_bytes(4), hooks, "\000\005xya", "\000\003xyz", "bc",
	    "frame:z|frame:abc");
	UNREAD(evchat_framing_fixed(3), hooks, "ab", "cde", "f",
	    "frame:cde|frame:abf");
}
END_TEST

/* In both modes, since what was decoded counts as delivered. */
START_TEST(unread_bytes_go_behind_what_was_decoded)
{
	const struct evchat_hooks *frames = &harness_frames;
	const struct evchat_hooks *pieces = &harness_streaming;

	UNREAD(evchat_framing_dot(0), frames, "ab\r\n.", "x", "c\r\n.\r\n",
	    "frame:ab\\r\\nxc\\r\\n");
	UNREAD(evchat_framing_dot(0), pieces, "ab\r\n.", "x", "c\r\n.\r\n",
	    "collect:ab\\r\\nxc\\r\\n|found");
	UNREAD(evchat_framing_dot(0), frames, "ab\r\n", "..\r\n.\r\n",
	    "c\r\n.\r\n", "frame:ab\\r\\n.\\r\\n|frame:c\\r\\n");
	UNREAD(evchat_framing_chunked(0), frames, "4;x\r\nab", "cd",
	    "\r\n0\r\n\r\n", "frame:abcd");
	UNREAD(evchat_framing_chunked(0), pieces, "4;x\r\nab", "cd\r\n",
	    "0\r\n\r\n", "collect:abcd|found");
	UNREAD(evchat_framing_chunked(0), frames, "1\r\na\r", "\n1",
	    "\r\nb\r\n0\r\n\r\n", "frame:ab");
	UNREAD(evchat_framing_chunked(0), frames, "1", "0\r\n01234",
	    "56789abcdef\r\n0\r\n\r\n", "frame:0123456789abcdef");
}
END_TEST

static void
truncate_above_two(struct harness *h)
{
	begin(h);
	harness_ok(h, evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_TRUNCATE));
}

static void
unread_one(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		harness_ok(h, evchat_unread(h->chat, "b", 1));
}

/* No more is decoded than a maximum lets through. */
START_TEST(unread_bytes_go_before_what_is_above_the_maximum)
{
	prove(evchat_framing_dot(0), (struct harness_scenario){
	    IN("abcd\r\n.\r\n"), .start = truncate_above_two,
	    .script.collect = unread_one,
	    .expect = "collect:ab|event:oversize|found" });
	prove(evchat_framing_chunked(0), (struct harness_scenario){
	    IN("5\r\nabcd\r\n0\r\n\r\n"), .start = truncate_above_two,
	    .script.collect = unread_one,
	    .expect = "collect:ab|event:oversize|found" });
}
END_TEST

/* A CR of which it is not known what it is has not been decoded. */
START_TEST(unread_bytes_go_before_a_held_cr)
{
	UNREAD(evchat_framing_dot(0), &harness_frames, "ab\r", "\ncd",
	    "\n.\r\n", "frame:ab\\ncd\\r\\n");
	UNREAD(evchat_framing_dot(0), &harness_streaming, "ab\r", "\ncd",
	    "\n.\r\n", "collect:ab\\ncd\\r\\n|found");
}
END_TEST

static Suite *
decode_middle_suite(void)
{
	Suite *suite = suite_create("decode_middle");
	TCase *tc = harness_case(suite, "asked");

	tcase_add_test(tc, whole_frames_tell_what_they_are_so_far);
	tcase_add_test(tc, decoded_frames_tell_what_was_decoded);
	tcase_add_test(tc, pieces_tell_what_is_held);

	tc = harness_case(suite, "discarded");
	tcase_add_test(tc, discarded_is_the_whole_frame);
	tcase_add_test(tc, discarding_behind_a_line_leaves_no_empty_one);
	tcase_add_test(tc, discarded_is_an_oversize_frame);

	tc = harness_case(suite, "unread");
	tcase_add_test(tc, unread_bytes_go_on_behind_delivered_pieces);
	tcase_add_test(tc, unread_bytes_go_before_a_whole_frame);
	tcase_add_test(tc, unread_bytes_go_behind_what_was_decoded);
	tcase_add_test(tc, unread_bytes_go_before_what_is_above_the_maximum);
	tcase_add_test(tc, unread_bytes_go_before_a_held_cr);
	return suite;
}

int
main(void)
{
	return harness_main(decode_middle_suite());
}
