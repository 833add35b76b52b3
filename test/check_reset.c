/*
 * A peer that goes away at every moment of a conversation: the channel ends
 * once, with the reason that the moment allows, and each thing that was pushed
 * is told its end once.
 *
 * Over TCP that is a reset. Over AF_UNIX it looks like the end of the input,
 * or a reset if the peer has left bytes unread.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "feeder.h"
#include "sink.h"

#define MUCH ((size_t)4 << 20) /* more than sockets hold */
#define FILE_SIZE ((size_t)8 << 20)

static const enum harness_carrier carriers[] = { HARNESS_TCP,
    HARNESS_TCP_DEFER, HARNESS_TCP_THREADSAFE, HARNESS_SOCKET,
    HARNESS_SOCKET_THREADSAFE, HARNESS_BEV, HARNESS_BEV_DEFER,
    HARNESS_BEV_UNLOCK, HARNESS_RATED, HARNESS_FILTER, HARNESS_FILTER_DEFER };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))
#define TCP_CARRIERS 3    /* the first ones */
#define FILTER_CARRIERS 2 /* the last ones */

static char much[MUCH];
static struct feeder later; /* one that waits to be resumed */

/* Up to the moment */

static void
get_half_a_frame(struct harness *h)
{
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd");
}

static void
get_half_of_a_count(struct harness *h)
{
	harness_count_five(h);
	harness_feed(h, "abc");
}

static void
queue_much(struct harness *h)
{
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	harness_push_reference(h, "r", "bytes");
	harness_push_mark(h, "m");
	harness_turn(h);
	ck_assert_uint_gt(evchat_get_output_length(h->chat), MUCH / 2);
}

static void
queue_a_file(struct harness *h)
{
	FILE *file = tmpfile();

	ck_assert_int_eq(ftruncate(fileno(file), (off_t)FILE_SIZE), 0);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(fileno(file)), 0, -1),
	    0);
	(void)fclose(file);
	harness_push_mark(h, "m");
	harness_turn(h);
}

static void
wait_for_a_producer(struct harness *h)
{
	feeder_push(&later, h, "p", "ab~cd.");
	harness_push_mark(h, "m");
	harness_expect_received(h, "ab");
	harness_turn(h);
}

static void
linger(struct harness *h)
{
	h->rude = true;
	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_turn(h);
}

static void
close_with_much(struct harness *h)
{
	queue_much(h);
	evchat_close_when_done(h->chat);
	harness_turn(h);
}

static void
pause_it(struct harness *h)
{
	evchat_pause(h->chat);
	harness_turn(h);
}

static void
pause_with_much(struct harness *h)
{
	evchat_pause(h->chat);
	queue_much(h);
}

static void
push_much(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	harness_push_mark(h, "m");
}

/* Its hook has filled the queue, so it does not read. */
static void
stop_by_itself(struct harness *h)
{
	struct evchat_stats stats;

	harness_peer_read(h, false);
	h->script.collect = push_much;
	harness_feed(h, "a");
	harness_feed(h, "b");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.bytes_in, 1);
}

static void
shut_the_write_side(struct harness *h)
{
	h->rude = true;
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_peer_eof(h);
	harness_turn(h);
}

static void
shut_behind_much(struct harness *h)
{
	queue_much(h);
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_turn(h);
}

static void
get_the_end(struct harness *h)
{
	harness_feed_eof(h);
	harness_run_until_noted(h, "event:eof");
}

static void
get_the_end_with_much(struct harness *h)
{
	queue_much(h);
	get_the_end(h);
}

/* And behind it */

static void
push_a_byte(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "a", 1), 0);
	harness_push_mark(h, "n");
}

static void
resume_the_producer(struct harness *h)
{
	if (h->chat != NULL)
		feeder_resume(&later);
}

static const struct moment {
	const char *name;
	void (*prepare)(struct harness *h);
	unsigned options;
	void (*after)(struct harness *h); /* without which it may live on */
	const char *reset;  /* what is told then */
	const char *gone;   /* over AF_UNIX */
} moments[] = {
	{ "before the first byte", NULL, 0, NULL, "closed:io",
	    "event:eof|closed:eof" },
	{ "in mid-frame", get_half_a_frame, 0, NULL,
	    "collect:ab|found|collect:cd|closed:io",
	    "collect:ab|found|collect:cd|event:eof|closed:truncated" },
	{ "in mid-count", get_half_of_a_count, 0, NULL,
	    "collect:abc|closed:io", "collect:abc|event:eof|closed:truncated" },
	{ "while output is queued", queue_much, 0, NULL,
	    "cleanup:r|mark:m:failed|closed:io",
	    "cleanup:r|mark:m:failed|closed:io" },
	{ "while a file is queued", queue_a_file, 0, NULL,
	    "mark:m:failed|closed:io", "mark:m:failed|closed:io" },
	{ "while a producer is LATER", wait_for_a_producer, 0,
	    resume_the_producer, "done:p:failed:2|mark:m:failed|closed:io",
	    "event:eof|done:p:failed:4|mark:m:failed|closed:io" },
	{ "while lingering", linger, 0, NULL, "mark:m:sent|closed:done",
	    "mark:m:sent|closed:done" },
	{ "while closing with output queued", close_with_much, 0, NULL,
	    "cleanup:r|mark:m:failed|closed:io",
	    "cleanup:r|mark:m:failed|closed:io" },
	{ "while paused", pause_it, 0, harness_resume, "closed:io",
	    "event:eof|closed:eof" },
	{ "while paused with output queued", pause_with_much, 0, NULL,
	    "cleanup:r|mark:m:failed|closed:io",
	    "cleanup:r|mark:m:failed|closed:io" },
	{ "while stopped by itself", stop_by_itself, 0, NULL,
	    "collect:a|mark:m:failed|closed:io",
	    "collect:a|mark:m:failed|closed:io" },
	{ "when the write side is shut", shut_the_write_side, 0, NULL,
	    "closed:io", "event:eof|closed:eof" },
	{ "while the write side is to be shut", shut_behind_much, 0, NULL,
	    "cleanup:r|mark:m:failed|closed:io",
	    "cleanup:r|mark:m:failed|closed:io" },
	{ "behind its own end", get_the_end, EVCHAT_OPT_HALF_OPEN, push_a_byte,
	    "event:eof|mark:n:failed|closed:io",
	    "event:eof|mark:n:failed|closed:io" },
	{ "behind its own end, with output queued", get_the_end_with_much, 0,
	    NULL, "event:eof|cleanup:r|mark:m:failed|closed:io",
	    "event:eof|cleanup:r|mark:m:failed|closed:io" },
};

#define MOMENTS ((int)(sizeof(moments) / sizeof(moments[0])))

/* A copy that has room for other words. */
static char *
longer(const char *text)
{
	char *copy = malloc(2 * strlen(text) + 1);

	ck_assert_ptr_nonnull(copy);
	return strcpy(copy, text);
}

/*
 * Compare the transcript, then free. What a filter has taken has left the
 * bufferevent and is SENT, so there that is as good as failed.
 */
static void
expect(struct harness *h, int carrier, const char *transcript)
{
	char *told = longer(harness_transcript(h)), *at;

	if (carrier >= CARRIERS - FILTER_CARRIERS)
		while ((at = strstr(told, ":sent")) != NULL &&
		    strstr(transcript, ":sent") == NULL) {
			memmove(at + 7, at + 5, strlen(at + 5) + 1);
			memcpy(at, ":failed", 7);
		}
	ck_assert_str_eq(told, transcript);
	free(told);
	harness_free(h);
}

/* An error of the system's is there with IO, and with nothing else. */
static void
expect_errno(struct harness *h, enum evchat_reason why)
{
	int error = evchat_get_errno(h->chat);

	if (why == EVCHAT_REASON_IO)
		ck_assert(error == ECONNRESET || error == EPIPE);
	else
		ck_assert_int_eq(error, 0);
}

START_TEST(peer_that_goes_ends_the_channel_once_at_any_moment)
{
	const struct moment *moment = &moments[_i / CARRIERS];
	struct harness *h = harness_new(carriers[_i % CARRIERS]);
	bool by_reset = _i % CARRIERS < TCP_CARRIERS;

	h->script.closed = expect_errno;
	harness_start(h, &harness_streaming, moment->options);
	if (moment->prepare != NULL)
		moment->prepare(h);
	ck_assert_msg(h->closed == 0, "%s: ended before", moment->name);
	harness_reset(h);
	harness_turn(h);
	if (moment->after != NULL && h->closed == 0)
		moment->after(h);
	harness_run_until_closed(h);
	expect(h, _i % CARRIERS, by_reset ? moment->reset : moment->gone);
}
END_TEST

static void
reset_in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->peer_fd != -1)
		harness_reset(h);
}

static void
reset_in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	if (h->peer_fd != -1)
		harness_reset(h);
}

static void
reset_in_more(struct feeder *feeder)
{
	harness_reset(feeder->h);
}

START_TEST(peer_that_goes_in_a_hook_ends_the_channel_behind_it)
{
	struct harness *h = harness_streaming_on((int)carriers[_i]);

	h->script.collect = reset_in_collect;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd\r\n");
	harness_run_until_closed(h);
	harness_end(h, _i < TCP_CARRIERS ?
	    "collect:ab|found|collect:cd|found|closed:io" :
	    "collect:ab|found|collect:cd|found|event:eof|closed:eof");
}
END_TEST

START_TEST(peer_that_goes_in_eof_fails_what_is_pushed_there)
{
	struct harness *h = harness_streaming_on((int)carriers[_i]);
	struct feeder p;

	h->script.event = reset_in_event;
	feeder_push(&p, h, "p", "~ab.");
	harness_feed_eof(h);
	harness_run_until_noted(h, "event:eof");
	if (h->closed == 0)
		feeder_resume(&p);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_IO);
	expect(h, _i, "event:eof|done:p:failed:2|closed:io");
}
END_TEST

START_TEST(peer_that_goes_in_more_fails_the_producer)
{
	struct harness *h = harness_streaming_on((int)carriers[_i]);
	struct feeder p;

	harness_feed(h, "");
	feeder_init(&p, h, "p", "ab.");
	p.in_more = reset_in_more;
	ck_assert_int_eq(feeder_push_made(&p), 0);
	harness_push_mark(h, "m");
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_IO);
	expect(h, _i, _i < TCP_CARRIERS ?
	    "done:p:failed:2|mark:m:failed|closed:io" :
	    _i < CARRIERS - FILTER_CARRIERS ?
	    "event:eof|done:p:failed:2|mark:m:failed|closed:io" :
	    "done:p:failed:2|mark:m:failed|event:eof|closed:io");
}
END_TEST

static Suite *
reset_suite(void)
{
	Suite *suite = suite_create("reset");
	TCase *tc = harness_case(suite, "moments");

	tcase_add_loop_test(tc,
	    peer_that_goes_ends_the_channel_once_at_any_moment, 0,
	    MOMENTS * CARRIERS);

	tc = harness_case(suite, "hooks");
	tcase_add_loop_test(tc,
	    peer_that_goes_in_a_hook_ends_the_channel_behind_it, 0, CARRIERS);
	tcase_add_loop_test(tc, peer_that_goes_in_eof_fails_what_is_pushed_there,
	    0, CARRIERS);
	tcase_add_loop_test(tc, peer_that_goes_in_more_fails_the_producer, 0,
	    CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(reset_suite());
}
