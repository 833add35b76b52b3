/*
 * Whatever a peer does, a channel's memory stays below its high mark, a piece
 * and a constant: with one that sends and never reads what is echoed to it,
 * and with one that reads in small bites what a producer of 10 GiB gives.
 *
 * Memory is all that the library and libevent have allocated, to the byte; so
 * the bound has room for what libevent's chains are longer than their bytes.
 */

#include <string.h>
#include <sys/socket.h>
#include "feeder.h"
#include "harness.h"
#include "ledger.h"
#include "sink.h"

#define KIBI ((size_t)1 << 10)
#define GIBI ((uint64_t)1 << 30)
#define CONSTANT (16 * KIBI)
#define SENT 4096 /* by the peer at once */
#define LEAST 512 /* what a producer adds to the queue */

static const struct sizes {
	size_t low, high, piece;
} sizes[] = {
	{ 0, 1, 512 },
	{ 0, 1, 64 * KIBI },
	{ 100, 4 * KIBI, 4 * KIBI },
	{ 32 * KIBI, 128 * KIBI, 64 * KIBI },
	{ 0, 512 * KIBI, 1 * KIBI },
	{ 511 * KIBI, 512 * KIBI, 64 * KIBI }
};

#define SIZES ((int)(sizeof(sizes) / sizeof(sizes[0])))

struct bounded {
	struct harness *h;
	const struct sizes *sizes;
	size_t before;  /* memory, when the channel was made */
	size_t longest; /* of the queue */
	uint64_t taken; /* by collect */
};

static void
start(struct bounded *b, int i, const struct evchat_hooks *hooks)
{
	memset(b, 0, sizeof(*b));
	b->sizes = &sizes[i % SIZES];
	ledger_open();
	b->h = harness_new(sink_kinds[i / SIZES]);
	b->h->user = b;
	harness_start(b->h, hooks, 0);
	ck_assert_int_eq(evchat_set_watermarks(b->h->chat, b->sizes->low,
	    b->sizes->high), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(b->h->chat, b->sizes->piece,
	    b->sizes->piece), 0);
	sink_narrow(b->h);
	harness_turn(b->h);
	b->before = ledger_now();
	(void)ledger_most();
}

/*
 * The memory since the start was at most the high mark, so many pieces and a
 * constant; and as much once more, since libevent's chains may be half empty.
 */
static void
expect_bounded(const struct bounded *b, size_t pieces)
{
	size_t most = ledger_most();
	size_t bytes = b->sizes->high + pieces * b->sizes->piece;

	most -= most < b->before ? most : b->before;
	ck_assert_msg(most <= 2 * bytes + CONSTANT,
	    "%zu bytes of memory for %zu", most, bytes);
	/* What the peer sent at once may be one piece. */
	ck_assert_msg(b->longest <= b->sizes->high + LEAST +
	    (b->sizes->piece > SENT ? b->sizes->piece : SENT),
	    "a queue of %zu bytes", b->longest);
}

static void
end(struct bounded *b)
{
	harness_free(b->h);
	ledger_close();
}

/* A peer that sends and never reads */

static void
echo(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct bounded *b = ((struct harness *)arg)->user;

	ck_assert_int_eq(evchat_push(chat, data, len), 0);
	if (evchat_get_output_length(chat) > b->longest)
		b->longest = evchat_get_output_length(chat);
	b->taken += len;
}

/*
 * What it sends waits in the system's memory at last. A pair has none; there
 * nothing is taken any more.
 */
START_TEST(echo_to_a_peer_that_never_reads_is_bounded)
{
	static struct evchat_hooks hooks;
	static char junk[SENT];
	struct bounded b;
	uint64_t before;
	size_t sent, turns = 0;

	hooks = harness_streaming;
	hooks.collect = echo;
	start(&b, _i, &hooks);
	harness_peer_read(b.h, false);
	do {
		before = b.taken;
		sent = harness_send_some(b.h, junk, sizeof(junk));
		harness_turn(b.h);
		expect_bounded(&b, b.h->peer_bev != NULL ? 3 : 2);
		turns++;
	} while (b.h->peer_bev != NULL ? b.taken > before : sent > 0);
	ck_assert_uint_gt(b.longest, b.sizes->high);
	ck_assert_uint_gt(turns, 1);
	evchat_free(b.h->chat);
	end(&b);
}
END_TEST

/* A producer without an end */

/* It lends the bytes of one block, so that it is quick. */
struct lender {
	struct bounded *b;
	uint64_t given, len;
	enum evchat_done how;
	uint64_t told;
};

static enum evchat_more
lend(void *self, struct evbuffer *out, size_t want)
{
	static const char block[64 << 10];
	struct lender *lender = self;
	struct bounded *b = lender->b;
	uint64_t left = lender->len - lender->given;
	size_t n = want < sizeof(block) ? want : sizeof(block);

	if (n > left)
		n = (size_t)left;
	ck_assert_int_eq(evbuffer_add_reference(out, block, n, NULL, NULL), 0);
	lender->given += n;
	if (evchat_get_output_length(b->h->chat) + n > b->longest)
		b->longest = evchat_get_output_length(b->h->chat) + n;
	return n < left ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
lent(void *self, enum evchat_done how, uint64_t bytes)
{
	struct lender *lender = self;

	lender->how = how;
	lender->told = bytes;
	lender->b = NULL;
}

static void
push_lender(struct lender *lender, struct bounded *b, uint64_t len)
{
	static const struct evchat_producer_ops ops = { lend, lent };

	memset(lender, 0, sizeof(*lender));
	lender->b = b;
	lender->len = len;
	ck_assert_int_eq(evchat_push_with_producer(b->h->chat,
	    evchat_producer_new(&ops, lender)), 0);
}

#define BITES 200
#define BITE 100

/* Read a few bytes. @return how many */
static size_t
bite(struct bounded *b, char *bytes)
{
	ssize_t n;

	harness_turn(b->h);
	n = harness_peer_take(b->h, bytes, BITE);
	return n > 0 ? (size_t)n : 0;
}

START_TEST(producer_of_ten_gibibytes_to_a_slow_reader_is_bounded)
{
	struct bounded b;
	struct flood flood;
	char bytes[BITE];
	size_t i, n, got = 0;

	start(&b, _i, &harness_streaming);
	harness_peer_read(b.h, false);
	flood_push(&flood, b.h, 10 * GIBI, 0);
	for (i = 0; i < BITES; i++) {
		n = bite(&b, bytes);
		ck_assert(sink_is_pattern(bytes, got, n));
		got += n;
		b.longest = flood.most;
		expect_bounded(&b, 2);
	}
	ck_assert_uint_ge(got, BITES * BITE / 2);
	ck_assert_uint_gt(flood.given, got);
	evchat_free(b.h->chat);
	harness_expect(b.h, "flood:discarded|closed:freed");
	end(&b);
}
END_TEST

/* References cost no memory but their own. */
START_TEST(lent_bytes_to_a_slow_reader_are_bounded)
{
	struct bounded b;
	struct lender lender;
	char bytes[BITE];
	size_t i, got = 0;

	start(&b, _i, &harness_streaming);
	harness_peer_read(b.h, false);
	push_lender(&lender, &b, 10 * GIBI);
	for (i = 0; i < BITES; i++) {
		got += bite(&b, bytes);
		expect_bounded(&b, 2);
	}
	ck_assert_uint_ge(got, BITES * BITE / 2);
	ck_assert_uint_gt(lender.given, got);
	evchat_free(b.h->chat);
	ck_assert_ptr_null(lender.b);
	ck_assert_int_eq(lender.how, EVCHAT_DONE_DISCARDED);
	ck_assert_uint_eq(lender.told, lender.given);
	end(&b);
}
END_TEST

static Suite *
bounded_suite(void)
{
	Suite *suite = suite_create("bounded");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_loop_test(tc, echo_to_a_peer_that_never_reads_is_bounded, 0,
	    SINK_KINDS * SIZES);
	tcase_add_loop_test(tc,
	    producer_of_ten_gibibytes_to_a_slow_reader_is_bounded, 0,
	    SINK_KINDS * SIZES);
	tcase_add_loop_test(tc, lent_bytes_to_a_slow_reader_are_bounded, 0,
	    SINK_KINDS * SIZES);
	return suite;
}

int
main(void)
{
	return harness_main(bounded_suite());
}
