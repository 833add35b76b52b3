/*
 * What libevent tells of failures, and which reason a channel makes of it.
 * Some come about as they do in life; what takes a failing allocation inside
 * libevent is told in its place.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness.h"

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	int error = evchat_get_errno(h->chat);

	(void)why;
	/* In words it is what the system says, if it said anything. */
	if (error != 0)
		ck_assert_str_eq(evchat_get_error(h->chat), strerror(error));
	harness_note(h, "errno:%d", error);
}

static void
expect_end(struct harness *h, const char *before, enum evchat_reason why,
    int error)
{
	char expect[128];

	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "%sclosed:%s|errno:%d", before,
	    harness_reason_name(why), error);
	harness_end(h, expect);
}

/* What libevent would tell when reading has failed. */
static void
fail_reading(struct harness *h, int error)
{
	errno = error;
	bufferevent_trigger_event(h->bev, BEV_EVENT_ERROR | BEV_EVENT_READING,
	    0);
}

/* Memory: no error of the system's, or one of before. */
START_TEST(reading_that_failed_without_an_error_is_for_want_of_memory)
{
	static const int errors[] = { 0, EAGAIN, ENOMEM };
	struct harness *h;
	size_t i;

	for (i = 0; i < 3; i++) {
		h = harness_start_new((enum harness_carrier)_i,
		    &harness_frames);
		h->script.closed = note_errno;
		fail_reading(h, errors[i]);
		/* A layer may fail by itself, and has no error then. */
		expect_end(h, "", errors[i] == 0 && _i >= HARNESS_FILTER ?
		    EVCHAT_REASON_IO : EVCHAT_REASON_NO_MEMORY, 0);
	}
}
END_TEST

/* Where callbacks are not deferred: else libevent itself keeps the last error. */
START_TEST(failure_that_came_first_is_the_reason)
{
	struct harness *h = harness_start_new(
	    (enum harness_carrier)(HARNESS_SOCKET + _i),
	    &harness_frames);

	h->script.closed = note_errno;
	fail_reading(h, ECONNRESET);
	fail_reading(h, EPIPE);
	expect_end(h, "", EVCHAT_REASON_IO, ECONNRESET);
}
END_TEST

/* And let a turn be over after each frame. */
static void
fail_once(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ > 0)
		return;
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 1), 0);
	fail_reading(h, ECONNRESET);
}

START_TEST(all_that_was_received_is_delivered_before_a_failure)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	h->script.frame = fail_once;
	h->script.closed = note_errno;
	harness_crlf(h);
	harness_send(h, "a\r\nb\r\nc\r\n", 9);
	expect_end(h, "frame:a|frame:b|frame:c|", EVCHAT_REASON_IO,
	    ECONNRESET);
}
END_TEST

START_TEST(failure_of_reading_waits_for_resume)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	h->script.closed = note_errno;
	harness_crlf(h);
	harness_send(h, "a\r\n", 3);
	evchat_pause(h->chat);
	fail_reading(h, ECONNRESET);
	harness_turn(h);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_IO);
	harness_free(h);
}
END_TEST

/* Connecting */

START_TEST(connection_that_is_not_made_in_time_is_the_reason_connect)
{
	const struct timeval short_time = { 0, 20000 };
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_frames);

	h->script.closed = note_errno;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_CONNECT,
	    &short_time), 0);
	harness_push_mark(h, "m");
	expect_end(h, "mark:m:failed|", EVCHAT_REASON_CONNECT, ETIMEDOUT);
}
END_TEST

/* Writing */

/* Where sendfile finds nothing to send any more, libevent speaks of an end. */
START_TEST(file_that_shrinks_behind_libevent_is_the_reason_io)
{
	struct harness *h = harness_start_new(
	    (enum harness_carrier)(HARNESS_SOCKET + _i),
	    &harness_frames);
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(ftruncate(fileno(file), 100), 0);
	h->script.closed = note_errno;
	harness_push_stuck(h, "p");
	ck_assert_int_eq(evbuffer_add_file(bufferevent_get_output(h->bev),
	    dup(fileno(file)), 0, 100), 0);
	ck_assert_int_eq(ftruncate(fileno(file), 0), 0);
	fclose(file);
	expect_end(h, "done:p:failed:0|", EVCHAT_REASON_IO, EPIPE);
}
END_TEST

static Suite *
notice_suite(void)
{
	Suite *suite = suite_create("notice");
	TCase *tc = harness_case(suite, "reading");

	tcase_add_loop_test(tc,
	    reading_that_failed_without_an_error_is_for_want_of_memory, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, failure_that_came_first_is_the_reason, 0, 3);
	tcase_add_loop_test(tc,
	    all_that_was_received_is_delivered_before_a_failure, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, failure_of_reading_waits_for_resume, 0,
	    HARNESS_WAITING);

	tc = harness_case(suite, "connecting");
	tcase_add_test(tc,
	    connection_that_is_not_made_in_time_is_the_reason_connect);

	tc = harness_case(suite, "writing");
	tcase_add_loop_test(tc,
	    file_that_shrinks_behind_libevent_is_the_reason_io, 0,
	    HARNESS_RATED);
	return suite;
}

int
main(void)
{
	return harness_main(notice_suite());
}
