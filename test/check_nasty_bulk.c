/*
 * Bulk on a nasty kernel: reads and writes are cut short, interrupted, or
 * fail. All bytes arrive once and in order, both ways; or the channel ends
 * with the very error, and those that had arrived are the first ones.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bulk.h"
#include "nasty.h"

#define LONG ((size_t)300000) /* each way */
#define SHORT ((size_t)60000)
#define TINY ((size_t)5000)   /* one byte a call */
#define SEEDS 8

static const enum harness_carrier carriers[] = { HARNESS_SOCKET, HARNESS_TCP,
    HARNESS_FILTER,
#ifdef HAVE_OPENSSL
    HARNESS_TLS, HARNESS_TLS_FILTER
#endif
};

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

/* All of it has arrived. */
static void
expect_all(struct bulk *bulk)
{
	ck_assert_uint_eq(bulk->collected, bulk->len);
	ck_assert_uint_eq(bulk->sink.got, bulk->len);
	ck_assert_uint_eq(bulk->sent, bulk->len);
	ck_assert_int_eq(bulk->error, 0);
	bulk_end(bulk, "event:eof|closed:eof");
}

/* Not all of it; what was compared as it came was right so far. */
static void
expect_error(struct bulk *bulk, const struct nasty_bend *bend,
    enum harness_carrier carrier)
{
	bool memory = bend->error == ENOMEM;

	ck_assert_msg(bulk->error == (memory ? 0 : bend->error),
	    "%s over a %s ends with %s", bend->name,
	    harness_carrier_name(carrier), strerror(bulk->error));
	ck_assert_uint_le(bulk->sent, bulk->pushed);
	/* Over TCP a reset destroys what the peer has not read, and what has
	 * left a filter may still be in the bufferevent beneath it. */
	if (carrier == HARNESS_SOCKET)
		ck_assert_uint_le(bulk->sent, bulk->sink.got);
	ck_assert_int_eq(bulk->h->why, memory ? EVCHAT_REASON_NO_MEMORY :
	    EVCHAT_REASON_IO);
	if (bulk->eof)
		bulk_end(bulk, memory ? "event:eof|closed:no memory" :
		    "event:eof|closed:io");
	else
		bulk_end(bulk, memory ? "closed:no memory" : "closed:io");
}

START_TEST(bulk_arrives_though_every_call_does_half)
{
	struct bulk bulk;

	bulk_start(&bulk, carriers[_i], LONG);
	nasty_bend_often(nasty_bend_named("half"), 1, 0);
	bulk_transfer(&bulk);
	ck_assert_int_gt(nasty_struck(), 100);
	expect_all(&bulk);
}
END_TEST

START_TEST(bulk_arrives_though_every_call_does_one_byte)
{
	struct bulk bulk;

	bulk_start(&bulk, carriers[_i], TINY);
	nasty_bend_often(nasty_bend_named("one byte"), 1, 0);
	bulk_transfer(&bulk);
	ck_assert_int_ge(nasty_struck(), (long)(2 * TINY));
	expect_all(&bulk);
}
END_TEST

/* At first every call, then less and less of them. */
START_TEST(bulk_arrives_whatever_befalls_its_calls)
{
	const char *value = getenv("EVCHAT_TEST_SEED");
	uint64_t seed = value != NULL ? strtoull(value, NULL, 0) : 1;
	struct bulk bulk;
	unsigned i;

	for (i = 0; i < SEEDS; i++) {
		bulk_start(&bulk, carriers[_i], LONG);
		nasty_bend_often(NULL, 1 + i, seed + i);
		bulk_transfer(&bulk);
		ck_assert_int_gt(nasty_struck(), 0);
		expect_all(&bulk);
	}
}
END_TEST

/* Have the n-th call be bent. @return whether there was one */
static bool
bend_nth(const struct nasty_bend *bend, long n, enum harness_carrier carrier)
{
	struct bulk bulk;

	/* TCP takes more at once. */
	bulk_start(&bulk, carrier, carrier == HARNESS_TCP ? LONG / 2 : SHORT);
	nasty_bend_at(bend, n);
	bulk_transfer(&bulk);
	if (bend->transient || nasty_struck() == 0)
		expect_all(&bulk);
	else
		expect_error(&bulk, bend, carrier);
	return nasty_struck() > 0;
}

START_TEST(bulk_arrives_or_its_end_is_told_whatever_call_is_bent)
{
	const struct nasty_bend *bend = &nasty_bends[_i];
	long n, all = 0;
	int i;

	if ((bend->calls & (NASTY_READS | NASTY_WRITES)) == 0)
		return;
	for (i = 0; i < CARRIERS; i++, all += n - 1)
		for (n = 1; bend_nth(bend, n, carriers[i]);)
			n++;
	ck_assert_int_gt(all, 20);
}
END_TEST

static Suite *
bulk_suite(void)
{
	Suite *suite = suite_create("nasty bulk");
	TCase *tc = harness_case(suite, "bulk");

	tcase_add_loop_test(tc, bulk_arrives_though_every_call_does_half, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, bulk_arrives_though_every_call_does_one_byte,
	    0, CARRIERS);
	tcase_add_loop_test(tc, bulk_arrives_whatever_befalls_its_calls, 0,
	    CARRIERS);
	tcase_add_loop_test(tc,
	    bulk_arrives_or_its_end_is_told_whatever_call_is_bent, 0,
	    (int)nasty_bend_count);
	return suite;
}

int
main(void)
{
	return harness_main(bulk_suite());
}
