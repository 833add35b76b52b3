/*
 * Making a channel: of bufferevents with a past, and constructors that fail.
 */

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"

#define NO_FD 9999 /* not open */

/* Bufferevents with a past */

static void
never(struct bufferevent *bev, void *arg)
{
	(void)bev;
	(void)arg;
	ck_abort_msg("a callback that the channel should have replaced");
}

static void
never_event(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	never(bev, arg);
}

START_TEST(channel_takes_over_a_bufferevent_that_was_used)
{
	const struct timeval soon = { 0, 1000 };
	struct harness *h = harness_new((enum harness_carrier)_i);

	if (h->bev != NULL) {
		bufferevent_setcb(h->bev, never, never, never_event, NULL);
		bufferevent_setwatermark(h->bev, EV_READ, 100, 200);
		bufferevent_setwatermark(h->bev, EV_WRITE, 100, 200);
		bufferevent_set_timeouts(h->bev, &soon, &soon);
	}
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_wait(h, 10);
	harness_feed(h, "ab\r\n");
	harness_expect_received(h, "hello");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:eof|closed:eof");
}
END_TEST

START_TEST(bufferevent_may_have_any_priority)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	ck_assert_int_eq(event_base_priority_init(h->base, 3), 0);
	harness_start(h, &harness_streaming, 0);
	bufferevent_priority_set(h->bev, 2);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 0), 0);
	harness_turn(h);
	harness_expect(h, "found");
	harness_feed(h, "ab");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "hello");
	harness_end(h, "found|collect:ab|closed:done");
}
END_TEST

/* Constructors that fail */

START_TEST(failing_constructor_frees_what_it_was_given)
{
	static const unsigned wrong[] = { EVCHAT_OPT_THREADSAFE, 1u << 31,
	    EVCHAT_OPT_HALF_OPEN | 1u << 20 };
	struct harness *h;
	size_t i;

	for (i = 0; i < 3; i++) {
		h = harness_new((enum harness_carrier)_i);
		if (h->bev != NULL) {
			errno = 0;
			ck_assert_ptr_null(evchat_new(h->bev,
			    &harness_streaming, h, wrong[i]));
			ck_assert_int_eq(errno, EINVAL);
			harness_disown(h);
		}
		harness_free(h);
	}
}
END_TEST

START_TEST(failing_constructor_closes_the_socket)
{
	struct event_base *base = event_base_new();
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(base, fds[0], NULL, NULL,
	    1u << 31));
	ck_assert_int_eq(errno, EINVAL);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(send(fds[1], "a", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[1]);
	event_base_free(base);
}
END_TEST

/* Closing what is no descriptor fails, too, which is not the reason. */
START_TEST(failing_constructor_says_why)
{
	struct event_base *base = event_base_new();

	ck_assert_ptr_nonnull(base);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(NULL, -1, NULL, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(NULL, NO_FD, NULL, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	harness_fail_allocation(1);
	ck_assert_ptr_null(evchat_socket_new(base, NO_FD, NULL, NULL, 0));
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
	event_base_free(base);
}
END_TEST

static Suite *
made_suite(void)
{
	Suite *suite = suite_create("made");
	TCase *tc = harness_case(suite, "used");

	tcase_add_loop_test(tc, channel_takes_over_a_bufferevent_that_was_used,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, bufferevent_may_have_any_priority, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "failing");
	tcase_add_loop_test(tc, failing_constructor_frees_what_it_was_given, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, failing_constructor_closes_the_socket);
	tcase_add_test(tc, failing_constructor_says_why);
	return suite;
}

int
main(void)
{
	return harness_main(made_suite());
}
