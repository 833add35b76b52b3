/*
 * The plain encoding: what it writes is what the framing's own encode writes,
 * for every length that it may be used for; and it is used for no payload that
 * has a byte which would have to be looked at.
 */

#include <stdlib.h>
#include <string.h>
#include "../lib/framing.h"
#include "harness.h"
#include "unit.h"

#define LENGTHS ((size_t)300) /* and those around the longest */

static struct evchat_framing *
make_length(unsigned width, enum evchat_byte_order order)
{
	return (evchat_framing_length(&(struct evchat_length_field){
		.width = width, .order = order, .strip = width }));
}

static struct evchat_framing *
make(int which)
{
	static const char longest[] = "0123456789abcdef";
	const enum evchat_byte_order big = EVCHAT_BIG_ENDIAN;
	const enum evchat_byte_order little = EVCHAT_LITTLE_ENDIAN;

	switch (which) {
	case 0: return (evchat_framing_delimiter("\n", 1, 0));
	case 1: return (evchat_framing_delimiter("\r\n", 2, 0));
	case 2: return (evchat_framing_delimiter(longest, 16, 0));
	case 3: return (evchat_framing_line(EVBUFFER_EOL_CRLF, 0));
	case 4: return (evchat_framing_line(EVBUFFER_EOL_CRLF_STRICT,
		    EVCHAT_FRAMING_REJECT_BARE_LF));
	case 5: return (make_length(1, big));
	case 6: return (make_length(2, big));
	case 7: return (make_length(3, little));
	case 8: return (make_length(4, big));
	case 9: return (make_length(8, little));
	default: return (make_length(8, big));
	}
}

#define PLAIN 11

/* What plain_append and, if it does it, plain_append_few have appended. */
static void
expect_same(const struct evchat_framing *framing, const unsigned char *data,
    size_t len)
{
	struct evbuffer_iovec vec = { (void *)(uintptr_t)data, len };
	struct payload payload = { .vec = &vec, .n = 1, .len = len };
	struct backlog slow = { 0 }, fast = { 0 };
	size_t encoded;
	bool few;

	ck_assert_int_eq(framing->ops->encode(framing, &slow, &payload), 0);
	encoded = backlog_len(&slow);
	ck_assert_int_eq(plain_append(&framing->plain, &fast, data, len), 0);
	ck_assert_uint_eq(backlog_len(&fast), encoded);
	ck_assert_mem_eq(hold_bytes(&fast.tail), hold_bytes(&slow.tail),
	    encoded);
	/* What was reserved goes on behind it. */
	few = plain_append_few(&framing->plain, &fast, data, len);
	ck_assert(few == (len >= 16 && len <= 64));
	if (few)
		ck_assert_mem_eq(hold_bytes(&fast.tail) + encoded,
		    hold_bytes(&slow.tail), encoded);
	ck_assert_uint_eq(backlog_len(&fast), few ? 2 * encoded : encoded);
	backlog_free(&slow);
	backlog_free(&fast);
}

static void
expect_same_if_suited(const struct evchat_framing *framing, size_t len)
{
	/* Not a byte more, so that none behind can be looked at unnoticed. */
	unsigned char *data = malloc(len > 0 ? len : 1);
	size_t i;

	harness_must(data != NULL, "memory");
	for (i = 0; i < len; i++)
		data[i] = (unsigned char)('A' + i % 26);
	ck_assert(plain_suits(&framing->plain, data, len) ==
	    (len < framing->plain.below));
	if (len < framing->plain.below)
		expect_same(framing, data, len);
	free(data);
}

START_TEST(plain_encoding_is_that_of_the_framing)
{
	struct evchat_framing *framing = make(_i);
	size_t len;

	ck_assert_uint_gt(framing->plain.below, 255);
	for (len = 0; len <= LENGTHS; len++)
		expect_same_if_suited(framing, len);
	for (len = PLAIN_LONGEST - 2; len <= PLAIN_LONGEST + 2; len++)
		expect_same_if_suited(framing, len);
	ck_assert(plain_suits(&framing->plain, NULL, 0));
	evchat_framing_free(framing);
}
END_TEST

START_TEST(byte_that_has_to_be_looked_at_is_seen_wherever_it_stands)
{
	struct evchat_framing *framing = make(_i);
	const struct plain *plain = &framing->plain;
	unsigned char data[100];
	size_t at, len;
	int i;

	memset(data, 'A', sizeof(data));
	for (i = 0; i < plain->n_absent; i++)
		for (len = 1; len <= sizeof(data); len++)
			for (at = 0; at < sizeof(data); at++) {
				data[at] = plain->absent[i];
				ck_assert(plain_suits(plain, data, len) ==
				    (at >= len));
				data[at] = 'A';
			}
	evchat_framing_free(framing);
}
END_TEST

START_TEST(what_is_delivered_with_what_ends_it_is_not_plain)
{
	const unsigned keep = EVCHAT_FRAMING_KEEP_DELIMITER;
	struct evchat_framing *framings[] = {
		evchat_framing_delimiter("\n", 1, keep),
		evchat_framing_line(EVBUFFER_EOL_CRLF, keep),
		evchat_framing_line(EVBUFFER_EOL_ANY, 0),
		evchat_framing_delimiter("0123456789abcdefg", 17, 0),
		evchat_framing_length(&(struct evchat_length_field){
			.width = 2 }),
		evchat_framing_length(&(struct evchat_length_field){
			.width = 2, .strip = 2, .adjustment = 1 }),
		evchat_framing_length(&(struct evchat_length_field){
			.width = 2, .strip = 3, .offset = 1 })
	};
	size_t i;

	for (i = 0; i < sizeof(framings) / sizeof(framings[0]); i++) {
		ck_assert_uint_eq(framings[i]->plain.below, 0);
		ck_assert(!plain_suits(&framings[i]->plain, NULL, 0));
		evchat_framing_free(framings[i]);
	}
}
END_TEST

static Suite *
plain_suite(void)
{
	Suite *suite = suite_create("plain");
	TCase *tc = harness_case(suite, "plain");

	tcase_add_loop_test(tc, plain_encoding_is_that_of_the_framing, 0,
	    PLAIN);
	tcase_add_loop_test(tc,
	    byte_that_has_to_be_looked_at_is_seen_wherever_it_stands, 0,
	    PLAIN);
	tcase_add_test(tc, what_is_delivered_with_what_ends_it_is_not_plain);
	return suite;
}

int
main(void)
{
	return harness_main(plain_suite());
}
