/*
 * What a trace is shown: all that is delivered, and all that is pushed, in
 * order.
 */

#include <stdio.h>
#include <string.h>
#include "harness.h"

struct seen {
	char text[1024];
};

static void
on_trace(struct evchat *chat, enum evchat_trace what,
    const struct evbuffer_iovec *vec, int n, void *arg)
{
	static const char *const names[] = {
		[EVCHAT_TRACE_COLLECT] = "collect",
		[EVCHAT_TRACE_FOUND] = "found",
		[EVCHAT_TRACE_FRAME] = "frame",
		[EVCHAT_TRACE_PUSH_FRAME] = "push frame",
		[EVCHAT_TRACE_PUSH] = "push"
	};
	struct seen *seen = arg;
	size_t at = strlen(seen->text);
	int i;

	ck_assert_ptr_nonnull(chat);
	at += (size_t)snprintf(seen->text + at, sizeof(seen->text) - at,
	    "%s%s:", at > 0 ? "|" : "", names[what]);
	for (i = 0; i < n; i++)
		at += (size_t)snprintf(seen->text + at,
		    sizeof(seen->text) - at, "%.*s", (int)vec[i].iov_len,
		    (const char *)vec[i].iov_base);
}

static struct harness *
start(const struct evchat_hooks *hooks, struct seen *seen)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, hooks);

	seen->text[0] = '\0';
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_trace(h->chat, on_trace, seen), 0);
	return h;
}

START_TEST(trace_sees_frames_that_come_whole)
{
	struct seen seen;
	struct harness *h = start(&harness_frames, &seen);

	harness_feed(h, "ab\r\n\r\ncd");
	ck_assert_str_eq(seen.text, "frame:ab|frame:");
	harness_end(h, "frame:ab|frame:");
}
END_TEST

START_TEST(trace_sees_pieces_and_the_end_of_a_frame)
{
	struct seen seen;
	struct harness *h = start(&harness_streaming, &seen);

	harness_feed(h, "ab\r\n\r\ncd");
	ck_assert_str_eq(seen.text, "collect:ab|found:|found:|collect:cd");
	harness_end(h, "collect:ab|found|found|collect:cd");
}
END_TEST

START_TEST(trace_sees_what_no_hook_is_there_for)
{
	struct evchat_hooks closed = { .closed = harness_frames.closed };
	struct seen seen;
	struct harness *h = start(&closed, &seen);

	harness_feed(h, "ab\r\ncd");
	ck_assert_str_eq(seen.text, "collect:ab|found:|collect:cd");
	harness_end(h, "");
}
END_TEST

START_TEST(trace_sees_all_that_is_pushed_and_nothing_that_is_refused)
{
	struct seen seen;
	struct harness *h = start(&harness_streaming, &seen);
	struct evbuffer *buf = evbuffer_new(), *more = evbuffer_new();
	struct evbuffer_iovec vec[2] = { { "f", 1 }, { "g", 1 } };

	ck_assert_int_eq(evchat_push(h->chat, "ab", 2), 0);
	ck_assert_int_eq(evchat_push(h->chat, "", 0), 0);
	ck_assert_int_eq(evchat_push_printf(h->chat, "%d", 7), 0);
	evbuffer_add(buf, "c", 1);
	evbuffer_add_reference(buf, "d", 1, NULL, NULL);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	ck_assert_int_eq(evchat_push_reference(h->chat, "e", 1, NULL, NULL),
	    0);
	ck_assert_int_eq(evchat_push_framev(h->chat, vec, 2), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "x\r\ny", 4), -1);
	evbuffer_add(more, "zz", 2);
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_evbuffer(more)), 0);
	ck_assert_str_eq(seen.text,
	    "push:ab|push:7|push:cd|push:e|push frame:fg|push:");
	evbuffer_free(buf);
	harness_expect_received(h, "ab7cdefg\r\nzz");
	harness_end(h, "");
}
END_TEST

START_TEST(trace_can_be_taken_away)
{
	struct seen seen;
	struct harness *h = start(&harness_frames, &seen);

	harness_feed(h, "ab\r\n");
	ck_assert_int_eq(evchat_set_trace(h->chat, NULL, NULL), 0);
	harness_feed(h, "cd\r\n");
	ck_assert_int_eq(evchat_push(h->chat, "x", 1), 0);
	ck_assert_str_eq(seen.text, "frame:ab");
	harness_end(h, "frame:ab|frame:cd");
}
END_TEST

static Suite *
trace_suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *tc = harness_case(suite, "trace");

	tcase_add_test(tc, trace_sees_frames_that_come_whole);
	tcase_add_test(tc, trace_sees_pieces_and_the_end_of_a_frame);
	tcase_add_test(tc, trace_sees_what_no_hook_is_there_for);
	tcase_add_test(tc,
	    trace_sees_all_that_is_pushed_and_nothing_that_is_refused);
	tcase_add_test(tc, trace_can_be_taken_away);
	return suite;
}

int
main(void)
{
	return harness_main(trace_suite());
}
