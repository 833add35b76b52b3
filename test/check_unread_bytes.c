/*
 * Where unread bytes lie: chains are taken whole and looked at in place, only
 * what has to be is copied, what was handed out stays readable, and all memory
 * comes back.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/unread.h"
#include "harness.h"
#include "unit.h"

/* Take chains, which are separated by spaces. */
static void
take(struct unread *unread, const char *chains)
{
	struct evbuffer *buffer = evbuffer_new();
	size_t len;

	for (; *chains != '\0'; chains += len + (chains[len] == ' ')) {
		len = strcspn(chains, " ");
		unit_add_chain(buffer, chains, len);
	}
	ck_assert(unread_wants(unread));
	ck_assert_int_eq(unread_take(unread, buffer), 0);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
	evbuffer_free(buffer);
}

static void
begin(struct unread *unread, const char *chains)
{
	memset(unread, UNIT_JUNK, sizeof(*unread)); /* init owes nothing to it */
	ck_assert_int_eq(unread_init(unread), 0);
	if (*chains != '\0')
		take(unread, chains);
	/* The first chain comes into view when somebody asks for it. */
	ck_assert_int_eq(unread_advance(unread, 0), 0);
}

/* What is shown at an offset. */
static void
expect_at(const struct unread *unread, size_t at, const char *text)
{
	size_t len = 99;
	const unsigned char *bytes = unread_at(unread, at, &len);

	ck_assert_uint_eq(len, strlen(text));
	ck_assert((bytes == NULL) == (len == 0));
	if (len > 0)
		ck_assert_mem_eq(bytes, text, len);
}

/* All that is unread. */
static void
expect_all(const struct unread *unread, const char *text)
{
	struct evbuffer *out = evbuffer_new();

	ck_assert_uint_eq(unread_len(unread), strlen(text));
	ck_assert_int_eq(evbuffer_add(out, "<", 1), 0);
	ck_assert_int_eq(unread_copy(unread, out), 0);
	ck_assert_uint_eq(evbuffer_get_length(out), 1 + strlen(text));
	ck_assert_mem_eq(evbuffer_pullup(out, -1) + 1, text, strlen(text));
	evbuffer_free(out);
}

/* Order */

START_TEST(nothing_is_unread_at_first)
{
	struct unread unread;

	ck_assert_int_eq(unread_init(&unread), 0);
	ck_assert(unread_wants(&unread));
	expect_at(&unread, 0, "");
	expect_all(&unread, "");
	unread_settle(&unread);
	unread_free(&unread);
}
END_TEST

START_TEST(first_chain_is_shown_and_the_others_are_not)
{
	struct unread unread;

	begin(&unread, "abc de f");
	expect_all(&unread, "abcdef");
	expect_at(&unread, 0, "abc");
	expect_at(&unread, 2, "c");
	expect_at(&unread, 3, "");
	unread_free(&unread);
}
END_TEST

START_TEST(advancing_shows_the_next_chain_behind_what_is_kept)
{
	struct unread unread;

	begin(&unread, "abc de f");
	unread_consume(&unread, 1);
	ck_assert_int_eq(unread_advance(&unread, 2), 0);
	expect_at(&unread, 0, "bc");
	expect_at(&unread, 1, "c");
	expect_at(&unread, 2, "de");
	expect_at(&unread, 4, "");
	ck_assert_int_eq(unread_advance(&unread, 4), 0);
	expect_at(&unread, 0, "bcde");
	expect_at(&unread, 4, "f");
	expect_all(&unread, "bcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(advancing_behind_the_last_chain_shows_nothing)
{
	static const char *const chains[] = { "a", "abc" };
	size_t len = strlen(chains[_i]);
	struct unread unread;

	begin(&unread, chains[_i]);
	ck_assert_int_eq(unread_advance(&unread, len), 0);
	ck_assert_int_eq(unit_chains(), 0);
	expect_at(&unread, 0, chains[_i]);
	expect_at(&unread, len, "");
	ck_assert_int_eq(unread_advance(&unread, len), 0);
	expect_all(&unread, chains[_i]);
	unread_free(&unread);
}
END_TEST

START_TEST(bytes_are_used_up_across_front_and_chain)
{
	struct unread unread;

	begin(&unread, "abc def");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	unread_consume(&unread, 2);
	expect_all(&unread, "cdef");
	unread_consume(&unread, 2);
	expect_all(&unread, "ef");
	expect_at(&unread, 0, "ef");
	unread_consume(&unread, 2);
	expect_all(&unread, "");
	expect_at(&unread, 0, "");
	unread_free(&unread);
}
END_TEST

START_TEST(piece_is_no_longer_than_wanted_and_than_what_lies_together)
{
	struct unread unread;
	size_t len = 2;

	begin(&unread, "abc def");
	ck_assert_mem_eq(unread_piece(&unread, &len), "ab", 2);
	ck_assert_uint_eq(len, 2);
	len = 6;
	ck_assert_mem_eq(unread_piece(&unread, &len), "abc", 3);
	ck_assert_uint_eq(len, 3);
	unread_free(&unread);
}
END_TEST

START_TEST(first_bytes_in_one_piece_are_not_copied)
{
	struct unread unread;
	size_t len;
	long allocations;

	begin(&unread, "abc");
	allocations = harness_allocations();
	ck_assert_ptr_eq(unread_first(&unread, 3), unread_at(&unread, 0, &len));
	ck_assert_int_eq(harness_allocations(), allocations);
	unread_free(&unread);
}
END_TEST

START_TEST(first_bytes_in_two_pieces_are_put_together)
{
	struct unread unread;

	begin(&unread, "abc def");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	ck_assert_mem_eq(unread_first(&unread, 5), "abcde", 5);
	expect_at(&unread, 0, "abcde");
	expect_at(&unread, 5, "f");
	expect_all(&unread, "abcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(first_no_bytes_are_there_always)
{
	struct unread unread;

	begin(&unread, "");
	ck_assert_ptr_nonnull(unread_first(&unread, 0));
	unread_free(&unread);
}
END_TEST

START_TEST(more_is_wanted_when_all_chains_are_used_up_or_kept)
{
	struct unread unread;

	begin(&unread, "abc de");
	ck_assert(!unread_wants(&unread));
	unread_consume(&unread, 3);
	ck_assert(!unread_wants(&unread));
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	ck_assert_int_eq(unread_advance(&unread, 2), 0);
	ck_assert(unread_wants(&unread));
	take(&unread, "f");
	ck_assert(!unread_wants(&unread));
	expect_all(&unread, "def");
	unread_free(&unread);
}
END_TEST

START_TEST(all_bytes_may_be_dropped_before_they_are_shown)
{
	struct unread unread;

	begin(&unread, "abc de f");
	unread_consume(&unread, 6);
	expect_at(&unread, 0, "");
	expect_all(&unread, "");
	ck_assert(unread_wants(&unread));
	unread_settle(&unread);
	ck_assert_int_eq(unit_chains(), 0);
	take(&unread, "x");
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	expect_at(&unread, 0, "x");
	unread_free(&unread);
}
END_TEST

/* Putting in front */

START_TEST(bytes_put_in_front_come_first)
{
	struct unread unread;

	begin(&unread, "abc de");
	unread_consume(&unread, 1);
	ck_assert_int_eq(unread_prepend(&unread, "xy", 2), 0);
	expect_at(&unread, 0, "xy");
	expect_at(&unread, 2, "bc");
	ck_assert_int_eq(unread_prepend(&unread, "w", 1), 0);
	expect_at(&unread, 0, "wxy");
	expect_all(&unread, "wxybcde");
	unread_free(&unread);
}
END_TEST

START_TEST(front_in_use_stays_readable_when_bytes_are_put_before_it)
{
	struct unread unread;
	const unsigned char *bytes;
	long blocks;

	begin(&unread, "abc de");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	blocks = harness_blocks();
	bytes = unread_first(&unread, 3);
	unread_lend(&unread);
	unread_consume(&unread, 3);
	/* They may be those bytes themselves, more than once. */
	ck_assert_int_eq(unread_prepend(&unread, bytes + 1, 2), 0);
	ck_assert_int_eq(unread_prepend(&unread, bytes, 2), 0);
	ck_assert_mem_eq(bytes, "abc", 3);
	expect_all(&unread, "abbcde");
	unread_return(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_free(&unread);
}
END_TEST

START_TEST(front_not_in_use_is_given_back_when_bytes_are_put_before_it)
{
	struct unread unread;
	long blocks;

	begin(&unread, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	blocks = harness_blocks();
	ck_assert_int_eq(unread_prepend(&unread, "x", 1), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_lend(&unread);
	unread_return(&unread);
	ck_assert_int_eq(unread_prepend(&unread, "y", 1), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_free(&unread);
}
END_TEST

START_TEST(freeing_gives_back_what_is_lent_as_well)
{
	struct unread unread;
	long blocks = harness_blocks();

	begin(&unread, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	unread_lend(&unread);
	ck_assert_int_eq(unread_prepend(&unread, "x", 1), 0);
	unread_free(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Memory */

START_TEST(chains_are_taken_without_copying)
{
	struct evbuffer *buffer = evbuffer_new();
	static const char bytes[] = "abc";
	struct unread unread;
	size_t len;

	begin(&unread, "");
	ck_assert_int_eq(evbuffer_add_reference(buffer, bytes, 3, NULL, NULL),
	    0);
	ck_assert_int_eq(unread_take(&unread, buffer), 0);
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	ck_assert_ptr_eq(unread_at(&unread, 0, &len), bytes);
	evbuffer_free(buffer);
	unread_free(&unread);
}
END_TEST

START_TEST(used_up_chain_stays_until_all_is_settled)
{
	static const char *const chains[] = { "a", "abc" };
	size_t len = strlen(chains[_i]);
	struct unread unread;
	const unsigned char *bytes;

	begin(&unread, chains[_i]);
	bytes = unread_piece(&unread, &len);
	unread_consume(&unread, len);
	ck_assert_mem_eq(bytes, chains[_i], len);
	ck_assert_int_eq(unit_chains(), 1);
	unread_settle(&unread);
	ck_assert_int_eq(unit_chains(), 0);
	unread_free(&unread);
}
END_TEST

START_TEST(settling_keeps_what_is_unread)
{
	struct unread unread;

	begin(&unread, "abc de");
	unread_consume(&unread, 2);
	unread_settle(&unread);
	ck_assert_int_eq(unit_chains(), 2);
	expect_at(&unread, 0, "c");
	expect_all(&unread, "cde");
	unread_free(&unread);
}
END_TEST

START_TEST(settling_gives_a_large_front_back)
{
	struct unread unread;
	char large[1001] = "";
	long blocks;

	begin(&unread, "");
	blocks = harness_blocks();
	memset(large, 'x', 1000);
	take(&unread, large);
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	ck_assert_int_eq(unread_advance(&unread, 1000), 0);
	take(&unread, "ab");
	unread_lend(&unread);
	unread_consume(&unread, 1000);
	ck_assert_int_eq(unread_prepend(&unread, large, 1000), 0);
	unread_consume(&unread, 1002);
	unread_settle(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_free(&unread);
}
END_TEST

START_TEST(freeing_gives_all_chains_back)
{
	struct unread unread;
	long blocks = harness_blocks();

	begin(&unread, "abc de f");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	unread_free(&unread);
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Failure */

START_TEST(without_memory_there_is_none)
{
	struct unread unread;
	long blocks = harness_blocks();

	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(unread_init(&unread), -1);
	ck_assert_int_eq(errno, ENOMEM);
	unread_free(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(failing_calls_change_nothing_and_can_be_made_again)
{
	struct unread unread;

	begin(&unread, "abc def");
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(unread_advance(&unread, 3), -1);
	ck_assert_int_eq(errno, ENOMEM);
	expect_at(&unread, 0, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);

	/* What fits into the front's first buffer needs no memory. */
	ck_assert_int_eq(unread_prepend(&unread, "xy", 2), 0);
	harness_fail_allocation(1);
	ck_assert_ptr_null(unread_first(&unread, 8));
	expect_at(&unread, 0, "xyabc");
	expect_at(&unread, 5, "def");
	ck_assert_mem_eq(unread_first(&unread, 8), "xyabcdef", 8);

	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(unread_prepend(&unread, "z", 1), -1);
	ck_assert_int_eq(errno, ENOMEM);
	expect_all(&unread, "xyabcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(copy_without_memory_fails_and_leaves_the_bytes)
{
	struct unread unread;
	struct evbuffer *out;
	long i;

	begin(&unread, "abc def");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	for (i = 1;; i++) {
		out = evbuffer_new();
		harness_fail_allocation(i);
		if (unread_copy(&unread, out) == 0)
			break;
		ck_assert(harness_allocation_failed());
		evbuffer_free(out);
	}
	harness_fail_allocation(0);
	ck_assert_int_gt(i, 1);
	evbuffer_free(out);
	expect_all(&unread, "abcdef");
	unread_free(&unread);
}
END_TEST

static Suite *
unread_suite(void)
{
	Suite *suite = suite_create("unread_bytes");
	TCase *tc = harness_case(suite, "order");

	tcase_add_test(tc, nothing_is_unread_at_first);
	tcase_add_test(tc, first_chain_is_shown_and_the_others_are_not);
	tcase_add_test(tc, advancing_shows_the_next_chain_behind_what_is_kept);
	tcase_add_loop_test(tc, advancing_behind_the_last_chain_shows_nothing,
	    0, 2);
	tcase_add_test(tc, bytes_are_used_up_across_front_and_chain);
	tcase_add_test(tc,
	    piece_is_no_longer_than_wanted_and_than_what_lies_together);
	tcase_add_test(tc, first_bytes_in_one_piece_are_not_copied);
	tcase_add_test(tc, first_bytes_in_two_pieces_are_put_together);
	tcase_add_test(tc, first_no_bytes_are_there_always);
	tcase_add_test(tc, more_is_wanted_when_all_chains_are_used_up_or_kept);
	tcase_add_test(tc, all_bytes_may_be_dropped_before_they_are_shown);

	tc = harness_case(suite, "prepend");
	tcase_add_test(tc, bytes_put_in_front_come_first);
	tcase_add_test(tc,
	    front_in_use_stays_readable_when_bytes_are_put_before_it);
	tcase_add_test(tc,
	    front_not_in_use_is_given_back_when_bytes_are_put_before_it);
	tcase_add_test(tc, freeing_gives_back_what_is_lent_as_well);

	tc = harness_case(suite, "memory");
	tcase_add_test(tc, chains_are_taken_without_copying);
	tcase_add_loop_test(tc, used_up_chain_stays_until_all_is_settled, 0, 2);
	tcase_add_test(tc, settling_keeps_what_is_unread);
	tcase_add_test(tc, settling_gives_a_large_front_back);
	tcase_add_test(tc, freeing_gives_all_chains_back);

	tc = harness_case(suite, "failure");
	tcase_add_test(tc, without_memory_there_is_none);
	tcase_add_test(tc,
	    failing_calls_change_nothing_and_can_be_made_again);
	tcase_add_test(tc, copy_without_memory_fails_and_leaves_the_bytes);
	return suite;
}

int
main(void)
{
	return harness_main(unread_suite());
}
