/*
 * Many small things in a queue take no more memory than few large ones of as
 * many bytes: what a peer has a channel push, and then does not read, is
 * bounded however it is cut.
 */

#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "ledger.h"
#include "sink.h"

#define KIBI ((size_t)1 << 10)
#define LOW 100
#define HIGH (16 * KIBI)
#define CONSTANT (64 * KIBI)
#define TURNS 100000 /* more than the queue and a socket hold */

/* Over TCP it would take long until the system's memory is full of them. */
/* What a filter makes of what it takes is its own affair. */
static const enum harness_carrier kinds[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_PAIR };

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static int
push_copy(struct evchat *chat)
{
	return evchat_push(chat, "OK\r\n", 4);
}

static void
clean_up(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
}

static int
push_reference(struct evchat *chat)
{
	return evchat_push_reference(chat, "OK\r\n", 4, clean_up, NULL);
}

static int
push_buffer(struct evchat *chat)
{
	struct evbuffer *buf = evbuffer_new();
	int done;

	ck_assert_ptr_nonnull(buf);
	ck_assert_int_eq(evbuffer_add(buf, "OK\r\n", 4), 0);
	done = evchat_push_buffer(chat, buf);
	evbuffer_free(buf);
	return done;
}

static int
push_frame(struct evchat *chat)
{
	return evchat_push_frame(chat, "OK", 2);
}

static int
push_producer(struct evchat *chat)
{
	struct evbuffer *buf = evbuffer_new();

	ck_assert_ptr_nonnull(buf);
	ck_assert_int_eq(evbuffer_add(buf, "OK\r\n", 4), 0);
	return evchat_push_with_producer(chat,
	    evchat_producer_new_evbuffer(buf));
}

static int (*const ways[])(struct evchat *) = { push_copy, push_reference,
    push_buffer, push_frame, push_producer };

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static void
answer(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;

	(void)data;
	for (; len > 0; len--)
		ck_assert_int_eq(ways[h->count](chat), 0);
}

static struct harness *
start(enum harness_carrier carrier, const struct evchat_hooks *hooks)
{
	struct harness *h;

	ledger_open();
	h = harness_new(carrier);
	harness_start(h, hooks, 0);
	harness_crlf(h);
	harness_none(h);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, LOW, HIGH), 0);
	sink_narrow(h);
	harness_peer_read(h, false);
	harness_turn(h);
	return h;
}

static void
expect_bounded(size_t before)
{
	size_t most = ledger_most() - before;

	ck_assert_msg(most <= 4 * HIGH + CONSTANT,
	    "%zu bytes of memory for a queue of %zu", most, HIGH);
}

static void
end(struct harness *h)
{
	evchat_free(h->chat);
	harness_free(h);
	ledger_close();
}

/* Each turn one byte comes and is answered, until it is taken no more. */
START_TEST(answers_to_single_bytes_are_bounded)
{
	static struct evchat_hooks hooks;
	struct harness *h;
	uint64_t taken;
	size_t before;
	int turns = 0;

	hooks = harness_streaming;
	hooks.collect = answer;
	h = start(kinds[_i % KINDS], &hooks);
	h->count = _i / KINDS;
	before = ledger_now();
	do {
		taken = evchat_get_offset(h->chat);
		ck_assert_uint_eq(harness_send_some(h, "x", 1), 1);
		harness_turn(h);
		expect_bounded(before);
	} while (evchat_get_offset(h->chat) > taken && ++turns < TURNS);
	ck_assert_int_lt(turns, TURNS);
	ck_assert_uint_gt(evchat_get_output_length(h->chat), HIGH);
	end(h);
}
END_TEST

/* libevent likes a chain to be as large as the one before. */
START_TEST(one_behind_something_large_takes_little)
{
	static const char large[64 * KIBI];
	struct harness *h = start(kinds[_i % KINDS], &harness_streaming);

	ck_assert_int_eq(evchat_push_reference(h->chat, large, sizeof(large),
	    clean_up, NULL), 0);
	(void)ledger_largest();
	ck_assert_int_eq(ways[_i / KINDS](h->chat), 0);
	ck_assert_uint_le(ledger_largest(), 4 * KIBI);
	end(h);
}
END_TEST

/* A producer gives them, as long as there is room. */
START_TEST(pieces_of_a_producer_are_bounded)
{
	struct harness *h = start(kinds[_i], &harness_streaming);
	size_t before = ledger_now();
	struct flood flood;
	uint64_t given;

	flood_push(&flood, h, (uint64_t)1 << 30, 4);
	do {
		given = flood.given;
		harness_turn(h);
		expect_bounded(before);
	} while (flood.given > given);
	ck_assert_uint_gt(flood.given, HIGH / 2);
	end(h);
}
END_TEST

static Suite *
small_suite(void)
{
	Suite *suite = suite_create("small");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_loop_test(tc, answers_to_single_bytes_are_bounded, 0,
	    WAYS * KINDS);
	tcase_add_loop_test(tc, one_behind_something_large_takes_little, 0,
	    WAYS * KINDS);
	tcase_add_loop_test(tc, pieces_of_a_producer_are_bounded, 0,
	    KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(small_suite());
}
