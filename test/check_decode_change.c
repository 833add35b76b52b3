/*
 * Framings that are set, set again, left and detached from while they are at
 * work: what of the stream the next one sees is where the header says.
 */

#include "decode_custom.h"
#include "harness.h"

/* Framings by name; each test uses two at most. */
static struct evchat_framing *first, *second;

static void
begin(struct harness *h)
{
	harness_ok(h, evchat_set_framing(h->chat, first));
}

static void
set_first_with(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	begin(h);
}

static void
set_second(struct harness *h)
{
	harness_ok(h, evchat_set_framing(h->chat, second));
}

static void
set_second_with(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	set_second(h);
}

/* Each in its turn. */
static void
alternate(struct harness *h)
{
	harness_ok(h, evchat_set_framing(h->chat, ++h->count % 2 == 1 ?
	    second : first));
}

static void
alternate_with(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	alternate(h);
}

static void
one_byte_and_back(struct harness *h)
{
	if (++h->count % 2 == 1)
		harness_ok(h, evchat_set_terminator_count(h->chat, 1));
	else
		begin(h);
}

static void
take(struct evchat_framing *framing, struct evchat_framing *other)
{
	first = framing;
	second = other;
}

static void
give_back(void)
{
	evchat_framing_free(first);
	evchat_framing_free(second);
	first = second = NULL;
}

static struct evchat_framing *
any(void)
{
	return evchat_framing_line(EVBUFFER_EOL_ANY, 0);
}

static struct evchat_framing *
lf(void)
{
	return evchat_framing_line(EVBUFFER_EOL_LF, 0);
}

static struct evchat_framing *
two_bytes(void)
{
	const struct evchat_length_field field = { .width = 2, .strip = 2 };

	return evchat_framing_length(&field);
}

static void
prove(struct harness_scenario s, bool whole)
{
	s.hooks = whole ? &harness_frames : &harness_streaming;
	s.start = begin;
	decode_prove(&s);
}

#define IN(text) .input = (text), .len = sizeof(text) - 1

/* Runs of CRs and LFs */

START_TEST(another_framing_sees_the_rest_of_a_run)
{
	take(any(), lf());
	prove((struct harness_scenario){ IN("ab\r\n\ncd\n"),
	    .script.found = set_second,
	    .expect = "collect:ab|found|found|found|collect:cd|found" },
	    false);
	prove((struct harness_scenario){ IN("ab\r\n\ncd\n"),
	    .script.frame = set_second_with,
	    .expect = "frame:ab|frame:|frame:|frame:cd" }, true);
	give_back();
}
END_TEST

START_TEST(the_same_framing_goes_on_with_a_run)
{
	take(any(), NULL);
	prove((struct harness_scenario){ IN("ab\r\n\r\ncd\n\n"),
	    .script.found = begin,
	    .expect = "collect:ab|found|collect:cd|found" }, false);
	prove((struct harness_scenario){ IN("ab\r\n\r\ncd\n\n"),
	    .script.frame = set_first_with,
	    .expect = "frame:ab|frame:cd" }, true);
	prove((struct harness_scenario){ IN("ab\r\n\r\ncd\n\n"),
	    .act = begin, .act_at = 4, .expect = "frame:ab|frame:cd" }, true);
	give_back();
}
END_TEST

/* Behind the byte that was another's it is at its start. */
START_TEST(a_run_ends_where_another_framing_was_in_force)
{
	take(any(), NULL);
	prove((struct harness_scenario){ IN("ab\r\n\n\ncd\n\n\n"),
	    .script.found = one_byte_and_back,
	    .expect = "collect:ab|found|collect:\\n|found|found"
	    "|collect:\\n|found|collect:cd|found|collect:\\n|found|found" },
	    false);
	give_back();
}
END_TEST

START_TEST(detaching_gives_the_rest_of_a_run_back)
{
	take(any(), NULL);
	prove((struct harness_scenario){ IN("ab\r\n\ncd\n"),
	    .script.found = harness_detach_now,
	    .expect = "collect:ab|found|closed:detached|left:\\n\\ncd\\n" },
	    false);
	give_back();
}
END_TEST

START_TEST(a_run_at_eof_is_no_frame)
{
	take(any(), NULL);
	prove((struct harness_scenario){ IN("ab\r\n\n"), .eof = true,
	    .options = EVCHAT_OPT_DELIVER_LAST,
	    .expect = "frame:ab|event:eof|closed:eof" }, true);
	give_back();
}
END_TEST

/* Frames by turns */

START_TEST(heads_and_chunked_bodies_by_turns)
{
	take(evchat_framing_line(EVBUFFER_EOL_CRLF_STRICT, 0),
	    evchat_framing_chunked(0));
	prove((struct harness_scenario){
	    IN("A\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\nB\r\n0\r\n\r\nC\r\n"),
	    .script.found = alternate, .eof = true,
	    .expect = "collect:A|found|collect:abc|found|collect:B|found"
	    "|found|collect:C|found|event:eof|closed:eof" }, false);
	prove((struct harness_scenario){
	    IN("A\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\nB\r\n0\r\n\r\nC\r\n"),
	    .script.frame = alternate_with, .eof = true,
	    .expect = "frame:A|frame:abc|frame:B|frame:|frame:C"
	    "|event:eof|closed:eof" }, true);
	give_back();
}
END_TEST

START_TEST(commands_and_dot_stuffed_blocks_by_turns)
{
	take(evchat_framing_line(EVBUFFER_EOL_CRLF, 0),
	    evchat_framing_dot(0));
	prove((struct harness_scenario){
	    IN("DATA\r\n..a\r\n.\r\nDATA\n.\r\nQUIT\r\n"),
	    .script.frame = alternate_with,
	    .expect = "frame:DATA|frame:.a\\r\\n|frame:DATA|frame:"
	    "|frame:QUIT" }, true);
	give_back();
}
END_TEST

/* A delimiter that may become a longer one is decided before the next byte is
 * anybody's. */
START_TEST(the_longest_match_is_made_before_the_change)
{
	struct evbuffer_iovec set[2] = { { (char[]){ "\r" }, 1 },
	    { (char[]){ "\r\n" }, 2 } };

	take(evchat_framing_delimiters(set, 2, EVCHAT_FRAMING_MATCH_LONGEST),
	    evchat_framing_fixed(1));
	prove((struct harness_scenario){ IN("ab\r\nc\rd\r"),
	    .script.found = alternate,
	    .expect = "collect:ab|found|collect:c|found|found|collect:d"
	    "|found" }, false);
	give_back();
}
END_TEST

/* Set in collect, it is for the next frame. */
START_TEST(a_framing_that_is_set_in_collect_waits_for_the_end)
{
	take(evchat_framing_dot(0), lf());
	prove((struct harness_scenario){ IN("a\r\n.b\r\n.\r\nc\n.\n"),
	    .script.collect = set_second_with,
	    .expect = "collect:a\\r\\nb\\r\\n|found|collect:c|found"
	    "|collect:.|found" }, false);
	give_back();
	take(evchat_framing_netstring(0), lf());
	prove((struct harness_scenario){ IN("2:ab,cd\n"),
	    .script.collect = set_second_with,
	    .expect = "collect:ab|found|collect:cd|found" }, false);
	give_back();
}
END_TEST

/* From outside: all that is unread is looked at again */

START_TEST(a_header_is_unread_until_the_frame_has_ended)
{
	take(two_bytes(), lf());
	prove((struct harness_scenario){ IN("\000\005hello\n"),
	    .act = set_second, .act_at = 4, .expect = "frame:\\0\\x05hello" },
	    true);
	prove((struct harness_scenario){ IN("\000\005hello\n"),
	    .act = set_second, .act_at = 1,
	    .expect = "collect:\\0\\x05hello|found" }, false);
	prove((struct harness_scenario){ IN("\000\005hello\n"),
	    .act = set_second, .act_at = 4, .expect = "collect:hello|found" },
	    false);
	give_back();
}
END_TEST

START_TEST(a_framing_that_is_set_again_begins_again)
{
	take(two_bytes(), NULL);
	prove((struct harness_scenario){ IN("\000\003abc\000\001d"),
	    .act = begin, .act_at = 4, .expect = "frame:abc|frame:d" }, true);
	give_back();
	take(evchat_framing_netstring(0), NULL);
	prove((struct harness_scenario){ IN("12:abcdefghijkl,"),
	    .act = begin, .act_at = 1, .expect = "collect:abcdefghijkl|found"
	    }, false);
	give_back();
	take(evchat_framing_custom(&decode_counting, NULL), NULL);
	prove((struct harness_scenario){ IN("\000\003abc\000\001d"),
	    .act = begin, .act_at = 4, .expect = "frame:abc|frame:d" }, true);
	give_back();
}
END_TEST

/* Detaching */

START_TEST(detaching_gives_headers_and_held_bytes_back)
{
	take(two_bytes(), NULL);
	prove((struct harness_scenario){ IN("\000\001a\000\003bc"),
	    .act = harness_detach_now, .act_at = 7,
	    .expect = "frame:a|closed:detached|left:\\0\\x03bc" }, true);
	prove((struct harness_scenario){ IN("\000\001a\000"),
	    .act = harness_detach_now, .act_at = 4,
	    .expect = "collect:a|found|closed:detached|left:\\0" }, false);
	give_back();
	take(evchat_framing_netstring(0), NULL);
	prove((struct harness_scenario){ IN("1:a,12"),
	    .act = harness_detach_now, .act_at = 6,
	    .expect = "collect:a|found|closed:detached|left:12" }, false);
	prove((struct harness_scenario){ IN("1:a,2:bc,d"),
	    .script.found = harness_detach_now,
	    .expect = "collect:a|found|closed:detached|left:2:bc,d" }, false);
	give_back();
}
END_TEST

/* What was decoded of a block counts as delivered. */
START_TEST(detaching_inside_a_block_gives_what_is_behind_it)
{
	take(evchat_framing_dot(0), NULL);
	prove((struct harness_scenario){ IN(".\r\nab\r\n..c\r"),
	    .act = harness_detach_now, .act_at = 11,
	    .expect = "frame:|closed:detached|left:\\r" }, true);
	prove((struct harness_scenario){ IN("ab\r\n.\r\ncd"),
	    .script.found = harness_detach_now,
	    .expect = "collect:ab\\r\\n|found|closed:detached|left:cd" },
	    false);
	give_back();
	take(evchat_framing_chunked(0), NULL);
	prove((struct harness_scenario){ IN("2\r\nab\r\n0\r\n\r\n5\r\ncd"),
	    .act = harness_detach_now, .act_at = 17,
	    .expect = "frame:ab|closed:detached|left:" }, true);
	give_back();
}
END_TEST

static Suite *
decode_change_suite(void)
{
	Suite *suite = suite_create("decode_change");
	TCase *tc = harness_case(suite, "runs");

	tcase_add_test(tc, another_framing_sees_the_rest_of_a_run);
	tcase_add_test(tc, the_same_framing_goes_on_with_a_run);
	tcase_add_test(tc, a_run_ends_where_another_framing_was_in_force);
	tcase_add_test(tc, detaching_gives_the_rest_of_a_run_back);
	tcase_add_test(tc, a_run_at_eof_is_no_frame);

	tc = harness_case(suite, "turns");
	tcase_add_test(tc, heads_and_chunked_bodies_by_turns);
	tcase_add_test(tc, commands_and_dot_stuffed_blocks_by_turns);
	tcase_add_test(tc, the_longest_match_is_made_before_the_change);
	tcase_add_test(tc, a_framing_that_is_set_in_collect_waits_for_the_end);

	tc = harness_case(suite, "outside");
	tcase_add_test(tc, a_header_is_unread_until_the_frame_has_ended);
	tcase_add_test(tc, a_framing_that_is_set_again_begins_again);
	tcase_add_test(tc, detaching_gives_headers_and_held_bytes_back);
	tcase_add_test(tc, detaching_inside_a_block_gives_what_is_behind_it);
	return suite;
}

int
main(void)
{
	return harness_main(decode_change_suite());
}
