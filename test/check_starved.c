/*
 * Memory that runs out in the loop, one allocation at a time: either all that
 * was pushed arrives, or the channel ends with NO_MEMORY, or PRODUCER if one
 * of the library's was it. What arrived is then a prefix of all, and
 * everything that was pushed has ended once.
 */

#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define LONG 30000
#define STARVED_MAX 500 /* allocations, more than there are */

/* Pairs and filters would lose bytes by themselves. */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_TCP };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

struct starved {
	struct harness *h;
	uint64_t offset;      /* of what is pushed next */
	struct sink sink;
	struct feeder feeder;
	long n;               /* the allocation that fails */
	bool failed;          /* it was reached */
	char lent[LONG];
};

static struct evbuffer *
bytes(struct starved *starved, size_t len)
{
	struct evbuffer *buf = evbuffer_new();

	sink_pattern(buf, starved->offset, len);
	starved->offset += len;
	return buf;
}

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	(void)data;
	ck_assert_uint_eq(len, LONG);
	harness_note(arg, "cleanup");
}

static void
note_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	harness_note(arg, "mark:%s", harness_done_name(how));
}

static void
push_buffer(struct starved *starved)
{
	struct evbuffer *buf = bytes(starved, LONG);

	ck_assert_int_eq(evchat_push_buffer(starved->h->chat, buf), 0);
	evbuffer_free(buf);
}

static void
push_reference(struct starved *starved)
{
	struct evbuffer *buf = bytes(starved, LONG);

	ck_assert_int_eq(evbuffer_remove(buf, starved->lent, LONG), LONG);
	evbuffer_free(buf);
	ck_assert_int_eq(evchat_push_reference(starved->h->chat,
	    starved->lent, LONG, note_cleanup, starved->h), 0);
}

static void
push_producer(struct starved *starved)
{
	ck_assert_int_eq(evchat_push_with_producer(starved->h->chat,
	    evchat_producer_new_evbuffer(bytes(starved, LONG))), 0);
}

/* Producers stand between the bytes, so that these are moved in parts. */
static void
push_all(struct starved *starved)
{
	push_buffer(starved);
	push_producer(starved);
	push_buffer(starved);
	push_reference(starved);
	feeder_push(&starved->feeder, starved->h, "p", "+.");
	push_buffer(starved);
	ck_assert_int_eq(evchat_push_callback(starved->h->chat, note_mark,
	    starved->h), 0);
}

static int
times(const char *text, const char *part)
{
	int n = 0;

	while ((text = strstr(text, part)) != NULL) {
		text++;
		n++;
	}
	return n;
}

static void
expect_ends(struct starved *starved, const char *rest)
{
	const char *transcript = harness_transcript(starved->h);

	ck_assert_int_eq(times(transcript, "cleanup"), 1);
	ck_assert_int_eq(times(transcript, "done:p:"), 1);
	ck_assert_int_eq(times(transcript, "mark:"), 1);
	ck_assert_msg(strstr(transcript, rest) != NULL, "got %s", transcript);
}

static bool
has_ended(void *arg)
{
	struct starved *starved = arg;

	return starved->h->closed != 0 || (starved->sink.got ==
	    starved->offset && times(harness_transcript(starved->h), "mark:"));
}

/* The sink allocates nothing. */
static void
run(struct starved *starved, bool close)
{
	struct harness *h = starved->h;

	sink_start(&starved->sink, h, 1000, true);
	push_all(starved);
	if (close)
		evchat_close_when_done(h->chat);
	harness_fail_allocation(starved->n);
	sink_run(h, has_ended, starved);
	starved->failed = harness_allocation_failed();
	harness_fail_allocation(0);
	if (close)
		harness_run_until_closed(h);
}

/* Have the n-th allocation fail. @return whether there was one */
static bool
starve(enum harness_carrier carrier, long n, bool close)
{
	struct harness *h = harness_start_new(carrier, &harness_streaming);
	struct starved *starved = calloc(1, sizeof(*starved));
	bool failed;

	ck_assert_ptr_nonnull(starved);
	starved->h = h;
	starved->n = n;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 500, 3000), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1000, 1000), 0);
	harness_turn(h);
	run(starved, close);
	failed = starved->failed;
	if (h->closed != 0)
		harness_run_until_peer_eof(h);
	if (h->closed == 0 || h->why == EVCHAT_REASON_DONE) {
		ck_assert_uint_eq(starved->sink.got, starved->offset);
		expect_ends(starved, "cleanup|done:p:sent:0|mark:sent");
	} else {
		ck_assert(failed);
		expect_ends(starved, "|closed:");
		ck_assert(h->why == EVCHAT_REASON_NO_MEMORY ||
		    h->why == EVCHAT_REASON_PRODUCER);
	}
	sink_stop(&starved->sink);
	harness_free(h);
	free(starved);
	return failed;
}

START_TEST(channel_that_runs_out_of_memory_ends_cleanly)
{
	long n;

	for (n = 1; starve(carriers[_i], n, false); n++)
		ck_assert_int_lt(n, STARVED_MAX);
}
END_TEST

START_TEST(closing_channel_that_runs_out_of_memory_ends_cleanly)
{
	long n;

	for (n = 1; starve(carriers[_i], n, true); n++)
		ck_assert_int_lt(n, STARVED_MAX);
}
END_TEST

static Suite *
starved_suite(void)
{
	Suite *suite = suite_create("starved");
	TCase *tc = harness_case(suite, "starved");

	tcase_add_loop_test(tc, channel_that_runs_out_of_memory_ends_cleanly,
	    0, CARRIERS);
	tcase_add_loop_test(tc,
	    closing_channel_that_runs_out_of_memory_ends_cleanly, 0,
	    CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(starved_suite());
}
