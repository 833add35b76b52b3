/*
 * Making framings: each constructor refuses what cannot work, with the errno
 * that it promises, and copies what it is given.
 */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include "harness.h"
#include "makers.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define LONGEST EVCHAT_FRAMING_MATCH_LONGEST
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* It must have been refused; none of the library's memory is kept. */
static void
refused(struct evchat_framing *framing, int error, long blocks)
{
	int why = errno;

	ck_assert_ptr_null(framing);
	ck_assert_int_eq(why, error);
	ck_assert_int_eq(harness_blocks(), blocks);
	errno = 0;
}

static void
made(struct evchat_framing *framing)
{
	ck_assert_ptr_nonnull(framing);
	evchat_framing_free(framing);
}

/* Flags */

START_TEST(flags_that_are_not_allowed_are_refused)
{
	long blocks = harness_blocks();
	unsigned bit, known;

	errno = 0;
	for (bit = 0; bit < 32; bit++)
		if ((makers[_i].allowed & 1u << bit) == 0) {
			refused(makers[_i].make(1u << bit), EINVAL, blocks);
			refused(makers[_i].make(makers[_i].allowed |
			    1u << bit), EINVAL, blocks);
		}
	for (known = 0; known < 32; known++)
		if ((known & ~makers[_i].allowed) == 0)
			made(makers[_i].make(known));
		else
			refused(makers[_i].make(known), EINVAL, blocks);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Memory */

START_TEST(without_memory_there_is_none)
{
	long blocks = harness_blocks(), n;
	struct evchat_framing *framing;
	unsigned flags;
	bool failed, takes_any;

	for (flags = 0; flags < 32; flags++) {
		if ((flags & ~makers[_i].allowed) != 0)
			continue;
		failed = true;
		takes_any = false;
		for (n = 1; failed; n++) {
			makers_frees = 0;
			harness_fail_allocation(n);
			errno = 0;
			framing = makers[_i].make(flags);
			failed = harness_allocation_failed();
			harness_fail_allocation(0);
			takes_any |= harness_blocks() > blocks;
			if (failed)
				refused(framing, ENOMEM, blocks);
			else
				made(framing);
			/* What is not made does not use its argument. */
			ck_assert_int_eq(makers_frees, !failed &&
			    _i == MAKERS - 1 ? 1 : 0);
		}
		ck_assert_int_gt(n, takes_any ? 2 : 1);
		ck_assert_int_eq(harness_blocks(), blocks);
	}
}
END_TEST

/* They are there already, for any channel; with flags they are made. */
START_TEST(line_ends_take_no_memory)
{
	static const enum evbuffer_eol_style styles[] = { EVBUFFER_EOL_LF,
		EVBUFFER_EOL_CRLF_STRICT, EVBUFFER_EOL_NUL };
	static const char *const ends[] = { "\n", "\r\n", "" };
	size_t len = _i == 1 ? 2 : 1;
	long blocks = harness_blocks();
	struct evchat_framing *framing;
	int i;

	harness_fail_allocation(1);
	framing = evchat_framing_delimiter(ends[_i], len, 0);
	ck_assert_ptr_nonnull(framing);
	ck_assert_ptr_eq(evchat_framing_line(styles[_i], 0), framing);
	harness_fail_allocation(0);
	for (i = 0; i < 3; i++)
		evchat_framing_free(framing);
	framing = evchat_framing_line(styles[_i], KEEP);
	ck_assert_int_gt(harness_blocks(), blocks);
	evchat_framing_free(framing);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Delimiters */

START_TEST(delimiter_has_a_length)
{
	long blocks = harness_blocks();

	refused(evchat_framing_delimiter("", 0, 0), EINVAL, blocks);
	refused(evchat_framing_delimiter(NULL, 0, 0), EINVAL, blocks);
	refused(evchat_framing_delimiter("a", ((size_t)1 << 30) + 1, 0),
	    EMSGSIZE, blocks);
	refused(evchat_framing_delimiter("a", SIZE_MAX, KEEP), EMSGSIZE,
	    blocks);
}
END_TEST

START_TEST(set_of_delimiters_has_some_and_none_is_empty)
{
	struct evbuffer_iovec set[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
	long blocks = harness_blocks();
	int i;

	refused(evchat_framing_delimiters(set, 0, 0), EINVAL, blocks);
	refused(evchat_framing_delimiters(NULL, 0, 0), EINVAL, blocks);
	refused(evchat_framing_delimiters(set, -1, 0), EINVAL, blocks);
	refused(evchat_framing_delimiters(set, INT_MIN, LONGEST), EINVAL,
	    blocks);
	for (i = 0; i < 3; i++) {
		set[i].iov_len = 0;
		refused(evchat_framing_delimiters(set, 3, 0), EINVAL, blocks);
		set[i].iov_len = 1;
	}
	set[2].iov_base = NULL;
	set[2].iov_len = 0;
	refused(evchat_framing_delimiters(set, 3, LONGEST), EINVAL, blocks);
	made(evchat_framing_delimiters(set, 2, 0));
	made(evchat_framing_delimiters(set, 1, 0));
}
END_TEST

START_TEST(set_of_delimiters_is_at_most_4096_bytes_long)
{
	static char bytes[4098];
	struct evbuffer_iovec set[] = { { bytes, 4095 }, { bytes, 1 },
	    { bytes, 1 } };
	long blocks = harness_blocks();

	bytes[0] = 'x';
	made(evchat_framing_delimiters(set, 2, 0));
	refused(evchat_framing_delimiters(set, 3, 0), EMSGSIZE, blocks);
	set[0].iov_len = 4096;
	made(evchat_framing_delimiters(set, 1, LONGEST));
	refused(evchat_framing_delimiters(set, 2, LONGEST), EMSGSIZE, blocks);
	set[0].iov_len = 4097;
	refused(evchat_framing_delimiters(set, 1, 0), EMSGSIZE, blocks);
	/* Lengths whose sum is small, modulo what a size_t holds. */
	set[0].iov_len = set[1].iov_len = SIZE_MAX / 2 + 1;
	refused(evchat_framing_delimiters(set, 3, 0), EMSGSIZE, blocks);
	set[0].iov_len = SIZE_MAX;
	set[1].iov_len = 2;
	refused(evchat_framing_delimiters(set, 2, 0), EMSGSIZE, blocks);
}
END_TEST

/* What has to be waited for is short, or it would be looked at too often. */
START_TEST(delimiter_that_begins_with_another_is_at_most_64_bytes_long)
{
	static char bytes[100];
	struct evbuffer_iovec set[] = { { bytes, 1 }, { bytes, 64 },
	    { bytes + 1, 90 } };
	long blocks = harness_blocks();

	bytes[0] = 'x';
	made(evchat_framing_delimiters(set, 3, LONGEST));
	set[1].iov_len = 65;
	refused(evchat_framing_delimiters(set, 2, LONGEST), EMSGSIZE, blocks);
	refused(evchat_framing_delimiters(set, 3, LONGEST | KEEP), EMSGSIZE,
	    blocks);
	made(evchat_framing_delimiters(set, 2, 0));
	made(evchat_framing_delimiters(set + 1, 2, LONGEST));
}
END_TEST

START_TEST(delimiter_may_be_there_twice)
{
	struct evbuffer_iovec set[] = { { "ab", 2 }, { "ab", 2 }, { "b", 1 } };

	made(evchat_framing_delimiters(set, 2, 0));
	made(evchat_framing_delimiters(set, 3, LONGEST));
}
END_TEST

/* Lines */

START_TEST(style_is_one_of_libevents)
{
	static const int styles[] = { -1, 5, 6, 99, INT_MIN, INT_MAX };
	long blocks = harness_blocks();
	size_t i;

	for (i = 0; i < COUNT(styles); i++)
		refused(evchat_framing_line((enum evbuffer_eol_style)styles[i],
		    0), EINVAL, blocks);
}
END_TEST

/* Lengths */

START_TEST(fixed_size_is_not_0)
{
	refused(evchat_framing_fixed(0), EINVAL, harness_blocks());
	made(evchat_framing_fixed(1));
	made(evchat_framing_fixed(SIZE_MAX));
}
END_TEST

START_TEST(number_has_one_of_five_widths)
{
	struct evchat_length_field field = { .width = 0 };
	long blocks = harness_blocks();

	for (field.width = 0; field.width < 70; field.width++)
		if (field.width == 0 || field.width > 8 ||
		    (field.width > 4 && field.width < 8))
			refused(evchat_framing_length(&field), EINVAL, blocks);
		else
			made(evchat_framing_length(&field));
	field.width = UINT_MAX;
	refused(evchat_framing_length(&field), EINVAL, blocks);
	refused(evchat_framing_length(NULL), EINVAL, blocks);
}
END_TEST

START_TEST(byte_order_is_one_of_two)
{
	static const int orders[] = { -1, 2, 1234, INT_MAX };
	struct evchat_length_field field = { .width = 2, .strip = 2 };
	size_t i;

	for (i = 0; i < COUNT(orders); i++) {
		field.order = (enum evchat_byte_order)orders[i];
		refused(evchat_framing_length(&field), EINVAL,
		    harness_blocks());
	}
	field.order = EVCHAT_LITTLE_ENDIAN;
	made(evchat_framing_length(&field));
}
END_TEST

START_TEST(offset_and_strip_are_at_most_1024)
{
	static const size_t wrong[] = { 1025, 4096, SIZE_MAX - 1, SIZE_MAX };
	struct evchat_length_field field = { .width = 2, .strip = 2 };
	long blocks = harness_blocks();
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		field.offset = wrong[i];
		refused(evchat_framing_length(&field), EMSGSIZE, blocks);
		field.offset = 0;
		field.strip = wrong[i];
		refused(evchat_framing_length(&field), EMSGSIZE, blocks);
		field.strip = 2;
	}
	field.offset = 1024;
	made(evchat_framing_length(&field));
	field.strip = 1024;
	made(evchat_framing_length(&field));
}
END_TEST

/* Custom */

START_TEST(custom_framing_needs_a_split)
{
	static const struct evchat_framing_ops no_split;
	long blocks = harness_blocks();

	makers_frees = 0;
	refused(evchat_framing_custom(NULL, NULL), EINVAL, blocks);
	refused(evchat_framing_custom(&no_split, NULL), EINVAL, blocks);
	ck_assert_int_eq(makers_frees, 0);
	made(evchat_framing_custom(&makers_custom, NULL));
	ck_assert_int_eq(makers_frees, 1);
}
END_TEST

/* Copies */

START_TEST(what_they_are_given_is_copied)
{
	char bytes[] = "abc";
	struct evbuffer_iovec set[] = { { bytes, 1 }, { bytes + 1, 2 } };
	struct evchat_length_field field = { .width = 1, .strip = 1 };
	struct harness *h = harness_frames_on(HARNESS_PAIR);
	struct evchat_framing *framing[] = {
		evchat_framing_delimiter(bytes, 3, 0),
		evchat_framing_delimiters(set, 2, 0),
		evchat_framing_length(&field)
	};
	size_t i;

	memset(bytes, 'x', sizeof(bytes));
	memset(set, 0, sizeof(set));
	memset(&field, 0, sizeof(field));
	for (i = 0; i < 3; i++) {
		ck_assert_ptr_nonnull(framing[i]);
		ck_assert_int_eq(evchat_set_framing(h->chat, framing[i]), 0);
		evchat_framing_free(framing[i]);
		ck_assert_int_eq(evchat_push_frame(h->chat, "-", 1), 0);
		harness_feed(h, i == 2 ? "\001x" : "xabc");
	}
	harness_expect_received(h, "-abc-a\001-");
	harness_end(h, "frame:x|frame:x|frame:|frame:x");
}
END_TEST

static void
add_for_all_makers(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, MAKERS);
}

static Suite *
framing_new_suite(void)
{
	Suite *suite = suite_create("framing_new");
	TCase *tc = harness_case(suite, "new");

	add_for_all_makers(tc, flags_that_are_not_allowed_are_refused);
	add_for_all_makers(tc, without_memory_there_is_none);
	tcase_add_loop_test(tc, line_ends_take_no_memory, 0, 3);
	tcase_add_test(tc, delimiter_has_a_length);
	tcase_add_test(tc, set_of_delimiters_has_some_and_none_is_empty);
	tcase_add_test(tc, set_of_delimiters_is_at_most_4096_bytes_long);
	tcase_add_test(tc,
	    delimiter_that_begins_with_another_is_at_most_64_bytes_long);
	tcase_add_test(tc, delimiter_may_be_there_twice);
	tcase_add_test(tc, style_is_one_of_libevents);
	tcase_add_test(tc, fixed_size_is_not_0);
	tcase_add_test(tc, number_has_one_of_five_widths);
	tcase_add_test(tc, byte_order_is_one_of_two);
	tcase_add_test(tc, offset_and_strip_are_at_most_1024);
	tcase_add_test(tc, custom_framing_needs_a_split);
	tcase_add_test(tc, what_they_are_given_is_copied);
	return suite;
}

int
main(void)
{
	return harness_main(framing_new_suite());
}
