/*
 * Files that the system sends by itself: whatever becomes of sendfile, all
 * bytes arrive once and in order, between those pushed around them; or the
 * channel ends with the very error. It is called where it can be, and nowhere
 * else.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <evchat.h>
#include "ledger.h"
#include "load.h"

#define KIBI ((size_t)1 << 10)
#define WORTH (32 * KIBI) /* a file above this is sent so */
#define SEEDS 6

/* What becomes of one call */

static const struct way {
	struct nasty_bend bend;
	bool ends; /* the channel */
} ways[] = {
	{ { "one byte", NASTY_SENDFILE, 0, 1, true }, false },
	{ { "half", NASTY_SENDFILE, 0, 0, true }, false },
	{ { "EINTR", NASTY_SENDFILE, EINTR, 0, true }, false },
	{ { "EAGAIN", NASTY_SENDFILE, EAGAIN, 0, true }, false },
	{ { "EINVAL", NASTY_SENDFILE, EINVAL, 0, true }, false },
	{ { "ENOSYS", NASTY_SENDFILE, ENOSYS, 0, true }, false },
	{ { "EOVERFLOW", NASTY_SENDFILE, EOVERFLOW, 0, true }, false },
	{ { "EIO", NASTY_SENDFILE, EIO, 0, true }, false },
	{ { "ENOMEM", NASTY_SENDFILE, ENOMEM, 0, true }, false },
	{ { "ECONNRESET", NASTY_SENDFILE, ECONNRESET, 0, false }, true },
	{ { "EPIPE", NASTY_SENDFILE, EPIPE, 0, false }, true },
	{ { "ENOBUFS", NASTY_SENDFILE, ENOBUFS, 0, false }, true },
	{ { "ETIMEDOUT", NASTY_SENDFILE, ETIMEDOUT, 0, false }, true }
};

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

/* What has arrived was right; whose call it was has not been sent. */
static void
expect_broken(struct load *load, const struct way *way)
{
	bool first;

	sink_run(load->h, load_has_ended, load);
	ck_assert_uint_lt(load->sink.got, load->pushed);
	ck_assert_int_eq(load->error, way->bend.error);
	first = strstr(harness_transcript(load->h), "mark:a:failed") != NULL;
	load_end(load, first ? "mark:a:failed|mark:b:failed|closed:io" :
	    "mark:a:sent|mark:b:failed|closed:io");
}

/* Have the n-th call, or each from there on, be bent. @return was there one? */
static bool
bend_nth(const struct way *way, enum harness_carrier carrier, long n)
{
	struct load load;

	load_start(&load, carrier);
	nasty_bend_at(&way->bend, n);
	load_push_all(&load);
	evchat_close_when_done(load.h->chat);
	sink_run(load.h, load_has_ended, &load);
	if (way->ends && nasty_struck() > 0)
		expect_broken(&load, way);
	else
		load_expect_all(&load);
	return nasty_struck() > 0;
}

START_TEST(file_arrives_or_the_error_is_told_whatever_call_is_bent)
{
	static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
	    HARNESS_TCP };
	long n;
	int i;

	for (i = 0; i < 2; i++) {
		for (n = 1; n < 30 && bend_nth(&ways[_i], carriers[i], n);)
			n++;
		ck_assert_int_gt(n, 4);
	}
}
END_TEST

/* Not one of them does what it was asked for. */
START_TEST(file_arrives_though_no_call_does_all)
{
	struct nasty_bend bend = { "some", NASTY_SENDFILE, 0, 5000, true };
	struct load load;

	load_start(&load, sink_kinds[_i]);
	nasty_bend_often(&bend, 1, 0);
	load_push_all(&load);
	load_expect_all(&load);
	if (sink_kinds[_i] < HARNESS_PAIR)
		ck_assert_int_ge(nasty_struck(), (long)(LOAD_LONG / 5000));
}
END_TEST

START_TEST(file_is_read_where_sendfile_is_always_refused)
{
	struct load load;

	load_start(&load, HARNESS_SOCKET);
	nasty_bend_often(&ways[_i].bend, 1, 0);
	load_push_all(&load);
	if (ways[_i].ends) {
		expect_broken(&load, &ways[_i]);
		return;
	}
	load_expect_all(&load);
	ck_assert_int_eq(nasty_struck(), 2); /* each file is tried once */
}
END_TEST

START_TEST(file_arrives_whatever_befalls_all_calls)
{
	const char *value = getenv("EVCHAT_TEST_SEED");
	uint64_t seed = value != NULL ? strtoull(value, NULL, 0) : 1;
	struct load load;
	unsigned i;

	for (i = 0; i < SEEDS; i++) {
		load_start(&load, sink_kinds[_i]);
		nasty_bend_often(NULL, 2 + i, seed + i);
		load_push_all(&load);
		load_expect_all(&load);
	}
}
END_TEST

/* Where it is used */

/* @return how often it is called for one push, which must arrive */
static long
calls_for(enum harness_carrier carrier, void (*push)(struct load *load))
{
	struct load load;
	long calls;

	load_start(&load, carrier);
	nasty_bend_often(&load_counting, 0, 0);
	push(&load);
	evchat_close_when_done(load.h->chat);
	sink_run(load.h, load_has_ended, &load);
	calls = nasty_counted();
	ck_assert_int_eq(load.h->why, EVCHAT_REASON_DONE);
	ck_assert_uint_ge(load.sink.got, load.pushed);
	load_end(&load, harness_transcript(load.h));
	return calls;
}

static void
push_long(struct load *load)
{
	load_push_file(load, LOAD_LONG);
}

static void
push_short(struct load *load)
{
	load_push_file(load, WORTH);
}

static void
push_just_long(struct load *load)
{
	load_push_file(load, WORTH + 1);
}

START_TEST(sendfile_is_used_on_plain_sockets_alone)
{
	enum harness_carrier carrier = (enum harness_carrier)_i;
	bool plain = carrier < HARNESS_PAIR && carrier != HARNESS_RATED;

	ck_assert_int_eq(calls_for(carrier, push_long) > 0, plain);
	ck_assert_int_eq(calls_for(carrier, push_just_long) > 0, plain);
	ck_assert_int_eq(calls_for(carrier, push_short), 0);
}
END_TEST

static void
push_producer(struct load *load, struct evchat_producer *producer)
{
	ck_assert_ptr_nonnull(producer);
	load->sink.known = false; /* and here a wrapper may change them */
	load->pushed = 0;
	ck_assert_int_eq(evchat_push_with_producer(load->h->chat, producer),
	    0);
}

static void
push_chain(struct load *load)
{
	struct evchat_producer *part = load_file_part(load, LOAD_LONG);

	push_producer(load, evchat_producer_new_chain(&part, 1));
}

static void
push_chunked(struct load *load)
{
	push_producer(load, evchat_producer_new_chunked(
	    load_file_part(load, LOAD_LONG), NULL, NULL));
}

static void
push_dot(struct load *load)
{
	push_producer(load, evchat_producer_new_dot(
	    load_file_part(load, LOAD_LONG)));
}

static void
push_deflate(struct load *load)
{
	if (evchat_has_deflate())
		push_producer(load, evchat_producer_new_deflate(
		    load_file_part(load, LOAD_LONG), EVCHAT_DEFLATE_GZIP, 1));
}

static void
push_frame(struct load *load)
{
	struct evchat_framing *framing = evchat_framing_chunked(0);

	ck_assert_ptr_nonnull(framing);
	load->sink.known = false;
	ck_assert_int_eq(evchat_set_output_framing(load->h->chat, framing), 0);
	evchat_framing_free(framing);
	ck_assert_int_eq(evchat_push_frame_with_producer(load->h->chat,
	    load_file_part(load, LOAD_LONG)), 0);
}

START_TEST(sendfile_is_not_used_where_something_is_around_the_file)
{
	ck_assert_int_eq(calls_for(HARNESS_SOCKET, push_chain), 0);
	ck_assert_int_eq(calls_for(HARNESS_SOCKET, push_chunked), 0);
	ck_assert_int_eq(calls_for(HARNESS_SOCKET, push_dot), 0);
	ck_assert_int_eq(calls_for(HARNESS_SOCKET, push_deflate), 0);
	ck_assert_int_eq(calls_for(HARNESS_SOCKET, push_frame), 0);
}
END_TEST

/* Nothing of it is in memory, neither libevent's nor the library's. */
START_TEST(file_is_not_read_into_memory)
{
	struct evchat_stats stats;
	struct load load;
	size_t before;

	ledger_open();
	load_start(&load, _i == 0 ? HARNESS_SOCKET : HARNESS_TCP);
	harness_turn(load.h);
	before = ledger_now();
	(void)ledger_most();
	load_push_file(&load, LOAD_LONG);
	while (load.sink.got < LOAD_LONG) {
		harness_turn(load.h);
		evchat_get_stats(load.h->chat, &stats, sizeof(stats));
		ck_assert_uint_eq(stats.held_out, 0);
	}
	ck_assert_uint_le(ledger_most(), before + 2 * KIBI);
	load_end(&load, "");
	ledger_end();
}
END_TEST

static Suite *
sendfile_suite(void)
{
	Suite *suite = suite_create("sendfile");
	TCase *tc = harness_case(suite, "sendfile");

	tcase_add_loop_test(tc,
	    file_arrives_or_the_error_is_told_whatever_call_is_bent, 0, WAYS);
	tcase_add_loop_test(tc, file_arrives_though_no_call_does_all, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, file_is_read_where_sendfile_is_always_refused,
	    4, WAYS);
	tcase_add_loop_test(tc, file_arrives_whatever_befalls_all_calls, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, sendfile_is_used_on_plain_sockets_alone, 0,
	    SINK_CARRIERS);
	tcase_add_test(tc,
	    sendfile_is_not_used_where_something_is_around_the_file);
	tcase_add_loop_test(tc, file_is_not_read_into_memory, 0, 2);
	return suite;
}

int
main(void)
{
	return harness_main(sendfile_suite());
}
