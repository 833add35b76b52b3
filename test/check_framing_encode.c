/*
 * Encoding: the law that what is encoded decodes to exactly the same, or is
 * refused.
 */

#include <errno.h>
#include <string.h>
#include "../lib/framing.h"
#include "../lib/scan.h"
#include "harness.h"
#include "unit.h"

static int
encode(const struct evchat_framing *framing, struct evbuffer *out,
    const char *payload, size_t len)
{
	struct evbuffer_iovec vec = { (void *)(uintptr_t)payload, len };
	struct backlog encoded = { .usual = 0 };
	int done, error;

	errno = 0;
	done = framing->ops->encode(framing, &encoded,
	    &(struct payload){ .vec = &vec, .n = 1, .len = len });
	error = errno;
	harness_fail_allocation(0);
	if (done == 0)
		done = evbuffer_add_buffer(out, backlog_buffer(&encoded));
	backlog_free(&encoded);
	errno = error;
	return done;
}

/* That a buffer's end decodes to one frame and no more, cut anywhere. */
static void
expect_decoded(struct evchat_framing *framing, const char *bytes, size_t len,
    size_t payload)
{
	struct scan scan;
	struct scan_step step;
	size_t cut, data, i;
	bool ended;

	for (cut = 0; cut <= len; cut++) {
		scan_init(&scan, &(struct terminator){ .kind = SCAN_FRAMING,
		    .framing = framing_ref(framing) });
		ended = false;
		for (i = data = 0; i < 2 && !ended; i++) {
			ended = scan_next(&scan, (const unsigned char *)bytes +
			    i * cut, i == 0 ? cut : len - cut, &step);
			data += step.data;
			if (ended && i * cut + step.used != len)
				ck_abort_msg("ended early");
		}
		if (!ended || data != payload)
			ck_abort_msg("%zu bytes, not %zu", data, payload);
		scan_release(&scan);
	}
}

/* The law: exactly what would come back as it is can be encoded. */
static void
expect_law(struct evchat_framing *framing, struct evbuffer *out,
    const char *delim, size_t n, const char *payload, size_t len)
{
	char both[64];
	bool lawful;
	int done;

	memcpy(both, payload, len);
	memcpy(both + len, delim, n);
	lawful = unit_find(both, len + n, delim, n) == len;
	done = encode(framing, out, payload, len);
	if (done != (lawful ? 0 : -1) || (done == -1 && errno != EINVAL))
		ck_abort_msg("%.*s before %.*s: %d", (int)len, payload, (int)n,
		    delim, done);
	if (evbuffer_get_length(out) != (lawful ? len + n : 0))
		ck_abort_msg("%zu bytes", evbuffer_get_length(out));
	if (!lawful)
		return;
	if (memcmp(evbuffer_pullup(out, -1), both, len + n) != 0)
		ck_abort_msg("other bytes");
	expect_decoded(framing, both, len + n, len);
	evbuffer_drain(out, len + n);
}

/* The i-th string of len letters of an alphabet of so many. */
static void
string_of(char *bytes, size_t len, size_t i, size_t letters)
{
	for (; len > 0; len--, i /= letters)
		*bytes++ = (char)('a' + i % letters);
}

static size_t
power(size_t base, size_t exponent)
{
	return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

static void
prove_law(size_t letters, size_t longest, size_t longest_payload)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_framing *framing;
	char delim[8], payload[16];
	size_t n, len, i, j;

	for (n = 1; n <= longest; n++)
		for (i = 0; i < power(letters, n); i++) {
			string_of(delim, n, i, letters);
			framing = unit_delimiter(delim, n);
			for (len = 0; len <= longest_payload; len++)
				for (j = 0; j < power(letters, len); j++) {
					string_of(payload, len, j, letters);
					expect_law(framing, out, delim, n,
					    payload, len);
				}
			evchat_framing_free(framing);
		}
	evbuffer_free(out);
}

START_TEST(law_holds_for_all_short_strings_of_two_letters)
{
	prove_law(2, 6, 8);
}
END_TEST

START_TEST(law_holds_for_all_short_strings_of_three_letters)
{
	prove_law(3, 4, 5);
}
END_TEST

START_TEST(frame_is_appended_behind_what_is_there)
{
	struct evchat_framing *framing = unit_delimiter("\r\n", 2);
	struct evbuffer *out = evbuffer_new();

	ck_assert_int_eq(encode(framing, out, "ab", 2), 0);
	ck_assert_int_eq(encode(framing, out, NULL, 0), 0);
	ck_assert_int_eq(encode(framing, out, "a\r\n", 3), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(encode(framing, out, "\n", 1), 0);
	ck_assert_uint_eq(evbuffer_get_length(out), 9);
	ck_assert_mem_eq(evbuffer_pullup(out, -1), "ab\r\n\r\n\n\r\n", 9);
	evbuffer_free(out);
	evchat_framing_free(framing);
}
END_TEST

START_TEST(payload_that_ends_like_the_delimiter_begins_is_refused)
{
	struct evchat_framing *framing = unit_delimiter("abab", 4);
	struct evbuffer *out = evbuffer_new();

	/* The delimiter is in neither of its parts, but in "xababab". */
	ck_assert_int_eq(encode(framing, out, "xab", 3), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(encode(framing, out, "xa", 2), 0);
	ck_assert_uint_eq(evbuffer_get_length(out), 6);
	evbuffer_free(out);
	evchat_framing_free(framing);
}
END_TEST

/* Around every size at which it might be done in another way. */
START_TEST(frames_of_all_sizes_are_encoded)
{
	struct evchat_framing *framing = unit_delimiter("\r\n", 2);
	struct evbuffer *out = evbuffer_new();
	char payload[9000];
	size_t len;

	unit_random_bytes(payload, sizeof(payload), "abc\r");
	payload[sizeof(payload) - 1] = 'x';
	for (len = 0; len <= sizeof(payload); len += len < 1100 ? 1 : 777) {
		ck_assert_int_eq(encode(framing, out, payload, len), 0);
		ck_assert_uint_eq(evbuffer_get_length(out), len + 2);
		if (memcmp(evbuffer_pullup(out, -1), payload, len) != 0 ||
		    memcmp(evbuffer_pullup(out, -1) + len, "\r\n", 2) != 0)
			ck_abort_msg("%zu bytes", len);
		evbuffer_drain(out, len + 2);
	}
	evbuffer_free(out);
	evchat_framing_free(framing);
}
END_TEST

START_TEST(large_delimiter_is_encoded)
{
	char delim[600];
	struct evchat_framing *framing;
	struct evbuffer *out = evbuffer_new();
	size_t n, len;

	memset(delim, '-', sizeof(delim));
	for (n = 505; n < 515; n++) {
		framing = unit_delimiter(delim, n);
		for (len = 0; len <= 3; len++) {
			ck_assert_int_eq(encode(framing, out, "abc", len), 0);
			ck_assert_uint_eq(evbuffer_get_length(out), len + n);
			if (memcmp(evbuffer_pullup(out, -1), "abc", len) != 0 ||
			    memcmp(evbuffer_pullup(out, -1) + len, delim, n) !=
			    0)
				ck_abort_msg("%zu bytes, then %zu", len, n);
			evbuffer_drain(out, len + n);
		}
		evchat_framing_free(framing);
	}
	evbuffer_free(out);
}
END_TEST

START_TEST(without_memory_nothing_is_appended)
{
	static const size_t sizes[] = { 0, 10, 511, 600, 10000 };
	struct evchat_framing *framing = unit_delimiter("\r\n", 2);
	struct evbuffer *out;
	char payload[10000];
	long i, failed = 0;

	memset(payload, 'x', sizeof(payload));
	for (i = 1; i < 5; i++) {
		out = evbuffer_new();
		ck_assert_int_eq(evbuffer_add(out, payload, 4000), 0);
		harness_fail_allocation(i);
		if (encode(framing, out, payload, sizes[_i]) == -1) {
			failed++;
			ck_assert_int_eq(errno, ENOMEM);
			ck_assert_uint_eq(evbuffer_get_length(out), 4000);
		} else
			ck_assert_uint_eq(evbuffer_get_length(out),
			    4000 + sizes[_i] + 2);
		harness_fail_allocation(0);
		evbuffer_free(out);
	}
	ck_assert(failed > 0 || sizes[_i] < 600);
	evchat_framing_free(framing);
}
END_TEST

static Suite *
framing_encode_suite(void)
{
	Suite *suite = suite_create("framing_encode");
	TCase *tc = harness_case(suite, "encoding");

	tcase_add_test(tc, law_holds_for_all_short_strings_of_two_letters);
	tcase_add_test(tc, law_holds_for_all_short_strings_of_three_letters);
	tcase_add_test(tc, frame_is_appended_behind_what_is_there);
	tcase_add_test(tc,
	    payload_that_ends_like_the_delimiter_begins_is_refused);
	tcase_add_test(tc, frames_of_all_sizes_are_encoded);
	tcase_add_test(tc, large_delimiter_is_encoded);
	tcase_add_loop_test(tc, without_memory_nothing_is_appended, 0, 5);
	return suite;
}

int
main(void)
{
	return harness_main(framing_encode_suite());
}
