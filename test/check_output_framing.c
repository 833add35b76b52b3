/*
 * What evchat_push_frame() writes with: the framing set for the output, or
 * else the one that was set last for the input.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "harness_trouble.h"
#include "sink.h"

static struct evchat_framing *
netstring(void)
{
	struct evchat_framing *framing = evchat_framing_netstring(0);

	ck_assert_ptr_nonnull(framing);
	return framing;
}

static struct evchat_framing *
byte(void)
{
	struct evchat_length_field field = { .width = 1, .strip = 1 };
	struct evchat_framing *framing = evchat_framing_length(&field);

	ck_assert_ptr_nonnull(framing);
	return framing;
}

static struct evchat_framing *
dot(void)
{
	struct evchat_framing *framing = evchat_framing_dot(0);

	ck_assert_ptr_nonnull(framing);
	return framing;
}

/* Set one, for the input or the output; the channel has the only reference. */
static void
set_input(struct harness *h, struct evchat_framing *framing)
{
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
}

static void
set_output(struct harness *h, struct evchat_framing *framing)
{
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
}

static void
push(struct harness *h, const char *payload)
{
	ck_assert_int_eq(evchat_push_frame(h->chat, payload, strlen(payload)),
	    0);
}

static void
expect_none(struct harness *h)
{
	struct evbuffer_iovec piece = { "a", 1 };

	errno = 0;
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_int_eq(evchat_push_framev(h->chat, &piece, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
}

START_TEST(at_first_there_is_none)
{
	struct harness *h = harness_streaming_on(HARNESS_PAIR);

	expect_none(h);
	harness_count_three(h);
	expect_none(h);
	evchat_set_terminator_none(h->chat);
	expect_none(h);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	expect_none(h);
	set_output(h, dot());
	push(h, "");
	harness_expect_received(h, ".\r\n");
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	harness_turn(h);
	expect_none(h);
	harness_end(h, "");
}
END_TEST

START_TEST(it_follows_the_input)
{
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_streaming);

	set_input(h, netstring());
	push(h, "a");
	set_input(h, byte());
	push(h, "b");
	harness_crlf(h);
	push(h, "c");
	set_input(h, netstring());
	push(h, "d");
	harness_expect_received(h, "1:a,\001bc\r\n1:d,");
	harness_end(h, "");
}
END_TEST

START_TEST(counts_and_none_do_not_change_it)
{
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_streaming);

	set_input(h, netstring());
	harness_count_three(h);
	push(h, "a");
	evchat_set_terminator_none(h->chat);
	push(h, "b");
	harness_count_five(h);
	harness_feed(h, "12345");
	push(h, "c");
	harness_feed(h, "more");
	push(h, "d");
	set_output(h, byte());
	harness_count_three(h);
	push(h, "e");
	evchat_set_terminator_none(h->chat);
	push(h, "f");
	harness_expect_received(h, "1:a,1:b,1:c,1:d,\001e\001f");
	harness_end(h, "collect:12345|found|collect:more");
}
END_TEST

START_TEST(one_of_its_own_does_not_follow_the_input)
{
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_streaming);

	set_output(h, byte());
	push(h, "a");
	set_input(h, netstring());
	push(h, "b");
	harness_crlf(h);
	push(h, "c");
	harness_feed(h, "xy\r\n");
	push(h, "d");
	harness_expect_received(h, "\001a\001b\001c\001d");
	harness_end(h, "collect:xy|found");
}
END_TEST

/* Also if that was set while another one was in force. */
START_TEST(taken_back_it_is_the_last_of_the_input)
{
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_streaming);

	harness_crlf(h);
	set_output(h, byte());
	set_input(h, netstring());
	evchat_set_terminator_none(h->chat);
	push(h, "a");
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	push(h, "b");
	set_output(h, dot());
	push(h, "c\r\n");
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	push(h, "d");
	harness_expect_received(h, "\001a1:b,c\r\n.\r\n1:d,");
	harness_end(h, "");
}
END_TEST

/* What is queued has been encoded; what comes next is by the new one. */
START_TEST(change_does_not_touch_what_is_queued)
{
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_streaming);
	char expected[200] = "";
	int i;

	for (i = 0; i < 20; i++) {
		set_output(h, i % 2 == 0 ? netstring() : byte());
		push(h, "x");
		strcat(expected, i % 2 == 0 ? "1:x," : "\001x");
	}
	harness_expect_received(h, expected);
	harness_end(h, "");
}
END_TEST

START_TEST(output_framing_does_not_cut_the_input)
{
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_frames);
	struct evchat_framing *input;

	harness_crlf(h);
	input = evchat_get_framing(h->chat);
	harness_feed(h, "1:a");
	set_output(h, netstring());
	ck_assert_ptr_eq(evchat_get_framing(h->chat), input);
	harness_feed(h, ",\r\n1:b,");
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	harness_feed(h, "\r\n");
	harness_end(h, "frame:1:a,|frame:1:b,");
}
END_TEST

/* In hooks: what is answered is by the framing of the moment. */

static void
answer(struct harness *h, const void *data, size_t len)
{
	struct evchat_framing *framing;
	int set;

	harness_ok(h, evchat_push_frame(h->chat, data, len));
	harness_spare();
	framing = h->count++ == 0 ? netstring() : byte();
	harness_spare_end();
	set = h->count == 1 ? evchat_set_framing(h->chat, framing) :
	    evchat_set_output_framing(h->chat, framing);
	evchat_framing_free(framing);
	harness_ok(h, set);
	harness_ok(h, evchat_push_frame(h->chat, data, len));
}

static void
start_lines(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, "\n", 1));
}

START_TEST(change_in_a_hook_is_for_what_is_pushed_behind_it)
{
	static const struct harness_scenario s = {
		.input = "a\n1:b,1:c,", .hooks = &harness_frames,
		.start = start_lines, .script.frame = answer,
		.expect = "frame:a|frame:b|frame:c",
		.output = "a\n1:a," "1:b,\001b" "\001c\001c"
	};

	harness_prove_on(&s, sink_kinds[_i]);
}
END_TEST

START_TEST(it_is_for_one_channel_only)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct harness *other = harness_new_beside(h, HARNESS_PAIR);
	struct evchat_framing *framing = netstring();

	harness_start(other, &harness_streaming, 0);
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	ck_assert_int_eq(evchat_set_framing(other->chat, framing), 0);
	evchat_framing_free(framing);
	set_output(other, byte());
	push(h, "a");
	push(other, "b");
	harness_expect_received(h, "1:a,");
	harness_expect_received(other, "\001b");
	harness_free(other);
	push(h, "c");
	harness_expect_received(h, "1:a,1:c,");
	harness_end(h, "");
}
END_TEST

START_TEST(while_closing_there_is_nothing_to_set)
{
	struct harness *h = harness_streaming_on(HARNESS_PAIR);
	struct evchat_framing *framing = netstring();

	harness_push_stuck(h, "s");
	evchat_close_when_done(h->chat);
	errno = 0;
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_int_eq(evchat_push_framev(h->chat, NULL, -1), -1);
	ck_assert_int_eq(errno, EPIPE);
	evchat_framing_free(framing);
	harness_end(h, "");
}
END_TEST

static Suite *
output_framing_suite(void)
{
	Suite *suite = suite_create("output_framing");
	TCase *tc = harness_case(suite, "output framing");

	tcase_add_test(tc, at_first_there_is_none);
	tcase_add_loop_test(tc, it_follows_the_input, 0, SINK_KINDS);
	tcase_add_loop_test(tc, counts_and_none_do_not_change_it, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, one_of_its_own_does_not_follow_the_input, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, taken_back_it_is_the_last_of_the_input, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, change_does_not_touch_what_is_queued, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, output_framing_does_not_cut_the_input, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    change_in_a_hook_is_for_what_is_pushed_behind_it, 0, SINK_KINDS);
	tcase_add_test(tc, it_is_for_one_channel_only);
	tcase_add_test(tc, while_closing_there_is_nothing_to_set);
	return suite;
}

int
main(void)
{
	return harness_main(output_framing_suite());
}
