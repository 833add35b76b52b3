/*
 * Counts above 2^32: what a producer gives, what done and the statistics are
 * told, and where files are read from, is exact behind 4 GiB, too.
 *
 * Over sockets it is less than that, so that it is quick; with
 * EVCHAT_TEST_CASES of 1000 and more it is not.
 */

#define _GNU_SOURCE 1 /* mkstemp */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "feeder.h"
#include "harness.h"
#include "ledger.h"
#include "sink.h"
#include "unit.h"

#define KIBI ((size_t)1 << 10)
#define MEBI ((size_t)1 << 20)
#define GIBI ((uint64_t)1 << 30)
#define BLOCK MEBI

static char block[BLOCK];

/* A producer that lends the bytes of one block. */
struct lender {
	struct harness *h;
	uint64_t given, len;
	size_t longest; /* the queue */
	enum evchat_done how;
	uint64_t told;
	bool done;
};

static enum evchat_more
lend(void *self, struct evbuffer *out, size_t want)
{
	struct lender *lender = self;
	uint64_t left = lender->len - lender->given;
	size_t n = want < BLOCK ? want : BLOCK, length;

	if (n > left)
		n = (size_t)left;
	ck_assert_int_eq(evbuffer_add_reference(out, block, n, NULL, NULL), 0);
	lender->given += n;
	length = evchat_get_output_length(lender->h->chat) + n;
	if (length > lender->longest)
		lender->longest = length;
	return n < left ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
lent(void *self, enum evchat_done how, uint64_t bytes)
{
	struct lender *lender = self;

	ck_assert(!lender->done);
	lender->done = true;
	lender->how = how;
	lender->told = bytes;
}

static void
push_lender(struct lender *lender, struct harness *h, uint64_t len)
{
	static const struct evchat_producer_ops ops = { lend, lent };

	memset(lender, 0, sizeof(*lender));
	lender->h = h;
	lender->len = len;
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new(&ops, lender)), 0);
}

static bool
is_done(void *arg)
{
	return ((struct lender *)arg)->done;
}

static uint64_t
bytes_out(struct harness *h)
{
	struct evchat_stats stats;

	evchat_get_stats(h->chat, &stats, sizeof(stats));
	return stats.bytes_out;
}

/* A peer that counts and throws away */

static void
count_and_drop(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);

	*(uint64_t *)arg += evbuffer_get_length(input);
	ck_assert_int_eq(evbuffer_drain(input, evbuffer_get_length(input)), 0);
}

static void
expect_sent(struct lender *lender, uint64_t len)
{
	struct harness *h = lender->h;

	ck_assert_int_eq(lender->how, EVCHAT_DONE_SENT);
	ck_assert_uint_eq(lender->told, len);
	ck_assert_uint_eq(bytes_out(h), len);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
}

START_TEST(ten_gibibytes_are_counted_exactly)
{
	const uint64_t len = 10 * GIBI + 12345;
	struct harness *h;
	struct lender lender;
	uint64_t got = 0;

	ledger_open();
	h = harness_streaming_on(HARNESS_PAIR);
	bufferevent_setcb(h->peer_bev, count_and_drop, NULL, NULL, &got);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, BLOCK, 4 * BLOCK), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, BLOCK, BLOCK), 0);
	push_lender(&lender, h, len);
	sink_run(h, is_done, &lender);
	ck_assert_uint_le(lender.longest, 5 * BLOCK + 512);
	ck_assert_uint_le(ledger_most(), 64 * KIBI);
	harness_turn(h);
	ck_assert_uint_eq(got, len);
	expect_sent(&lender, len);
	harness_end(h, "");
	ledger_close();
}
END_TEST

static void
drop(evutil_socket_t fd, short what, void *arg)
{
	static char bytes[MEBI / 4];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)what;
	if (n > 0)
		*(uint64_t *)arg += (uint64_t)n;
}

static bool
has_come(void *arg)
{
	return ((uint64_t *)arg)[0] >= ((uint64_t *)arg)[1];
}

static const enum harness_carrier sockets[] = { HARNESS_SOCKET, HARNESS_TCP,
    HARNESS_FILTER };

START_TEST(much_is_counted_exactly_over_sockets)
{
	const uint64_t len = 12345 + (unit_cases(200) >= 1000 ? 4 * GIBI :
	    GIBI / 8);
	struct harness *h = harness_streaming_on((int)sockets[_i]);
	struct lender lender;
	uint64_t got[2] = { 0, len };
	struct event *reader;

	harness_peer_read(h, false);
	reader = event_new(h->base, h->peer_fd, EV_READ | EV_PERSIST, drop,
	    got);
	ck_assert_int_eq(event_add(reader, NULL), 0);
	push_lender(&lender, h, len);
	sink_run(h, has_come, got);
	sink_run(h, is_done, &lender);
	ck_assert_uint_eq(got[0], len);
	expect_sent(&lender, len);
	event_free(reader);
	harness_end(h, "");
}
END_TEST

/* Files with a hole */

/* One without a name, of so many bytes; its last ones are text. */
static int
sparse_file(uint64_t len, const char *text)
{
	char name[] = "/tmp/check_huge.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text),
	    (off_t)(len - strlen(text))), (int)strlen(text));
	return fd;
}

START_TEST(file_is_sent_from_behind_four_gibibytes)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	int fd = sparse_file(5 * GIBI, "the very last bytes");

	ck_assert_int_eq(evchat_push_file(h->chat, dup(fd),
	    (int64_t)(5 * GIBI) - 10, -1), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(fd),
	    (int64_t)(5 * GIBI) - 19, 8), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, fd, (int64_t)(5 * GIBI), -1),
	    0);
	harness_push_mark(h, "m");
	harness_run_until_noted(h, "mark");
	harness_expect_received(h, "last bytesthe very");
	harness_end(h, "mark:m:sent");
}
END_TEST

/* Long enough for sendfile, and its end is not in the same 4 GiB. */
START_TEST(file_is_sent_across_four_gibibytes)
{
	const uint64_t from = 4 * GIBI - 100000, len = 200000;
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	int fd = sparse_file(from + len, "END");
	const unsigned char *got;
	size_t i;

	ck_assert_int_eq(evchat_push_file(h->chat, fd, (int64_t)from,
	    (int64_t)len), 0);
	harness_run_until_received(h, len);
	ck_assert_uint_eq(evbuffer_get_length(h->received), len);
	got = evbuffer_pullup(h->received, -1);
	for (i = 0; i < len - 3; i++)
		harness_must(got[i] == 0, "a hole is zeros");
	ck_assert_mem_eq(got + len - 3, "END", 3);
	harness_turn(h);
	ck_assert_uint_eq(bytes_out(h), len);
	harness_end(h, "");
}
END_TEST

/* It is read piece by piece, whatever its length; the peer soon has enough. */
START_TEST(file_of_gibibytes_takes_no_memory)
{
	struct harness *h;
	size_t before;

	ledger_open();
	h = harness_streaming_on((int)sink_kinds[_i]);
	harness_peer_read(h, false);
	before = ledger_now();
	ck_assert_int_eq(evchat_push_file(h->chat, sparse_file(9 * GIBI, "."),
	    0, -1), 0);
	harness_push_mark(h, "m");
	harness_turn(h);
	harness_turn(h);
	ck_assert_uint_le(evchat_get_output_length(h->chat), 193 * KIBI);
	ck_assert_uint_le(ledger_most() - before, 400 * KIBI);
	evchat_free(h->chat);
	harness_end(h, "mark:m:discarded|closed:freed");
	ledger_close();
}
END_TEST

static Suite *
huge_suite(void)
{
	Suite *suite = suite_create("huge");
	TCase *tc = harness_case(suite, "producers");

	tcase_add_test(tc, ten_gibibytes_are_counted_exactly);
	tcase_add_loop_test(tc, much_is_counted_exactly_over_sockets, 0,
	    (int)(sizeof(sockets) / sizeof(sockets[0])));

	tc = harness_case(suite, "files");
	tcase_add_loop_test(tc, file_is_sent_from_behind_four_gibibytes, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, file_is_sent_across_four_gibibytes, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, file_of_gibibytes_takes_no_memory, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(huge_suite());
}
