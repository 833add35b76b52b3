/*
 * Frames as evchat_push_frame() writes them, byte for byte: that both
 * directions agree is not enough, others have to understand them, too. And
 * numbers at the limits of what there is room for.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define BIG EVCHAT_BIG_ENDIAN
#define LITTLE EVCHAT_LITTLE_ENDIAN
#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct harness *
start(struct evchat_framing *framing)
{
	struct harness *h = harness_streaming_on(HARNESS_PAIR);

	ck_assert_ptr_nonnull(framing);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	return h;
}

/* Push it whole, and in two pieces everywhere. */
static void
expect_wire(struct evchat_framing *framing, const char *payload, size_t len,
    const char *wire, size_t n)
{
	struct harness *h = start(framing);
	struct evbuffer_iovec piece[2];
	size_t cut;

	ck_assert_int_eq(evchat_push_frame(h->chat, payload, len), 0);
	for (cut = 0; cut <= len; cut++) {
		piece[0].iov_base = (void *)(uintptr_t)payload;
		piece[0].iov_len = cut;
		piece[1].iov_base = (void *)(uintptr_t)(payload + cut);
		piece[1].iov_len = len - cut;
		ck_assert_int_eq(evchat_push_framev(h->chat, piece, 2), 0);
	}
	harness_run_until_received(h, n * (len + 2));
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), n * (len + 2));
	for (cut = 0; cut < len + 2; cut++) {
		ck_assert_mem_eq(evbuffer_pullup(h->received, -1), wire, n);
		evbuffer_drain(h->received, n);
	}
	harness_end(h, "");
	evchat_framing_free(framing);
}

static void
expect_text(struct evchat_framing *framing, const char *payload,
    const char *wire)
{
	expect_wire(framing, payload, strlen(payload), wire, strlen(wire));
}

START_TEST(lines_end_with_what_their_style_says)
{
	static const struct {
		enum evbuffer_eol_style style;
		const char *wire;
		size_t len;
	} styles[] = {
		{ EVBUFFER_EOL_LF, "ab\n", 3 },
		{ EVBUFFER_EOL_NUL, "ab\0", 3 },
		{ EVBUFFER_EOL_CRLF_STRICT, "ab\r\n", 4 },
		{ EVBUFFER_EOL_CRLF, "ab\r\n", 4 },
		{ EVBUFFER_EOL_ANY, "ab\n", 3 }
	};
	int i;

	for (i = 0; i < N(styles); i++) {
		expect_wire(evchat_framing_line(styles[i].style, 0), "ab", 2,
		    styles[i].wire, styles[i].len);
		expect_wire(evchat_framing_line(styles[i].style,
		    EVCHAT_FRAMING_KEEP_DELIMITER), styles[i].wire,
		    styles[i].len, styles[i].wire, styles[i].len);
	}
}
END_TEST

START_TEST(kept_end_is_written_as_it_is)
{
	unsigned keep = EVCHAT_FRAMING_KEEP_DELIMITER;

	expect_text(evchat_framing_line(EVBUFFER_EOL_CRLF, keep), "a\n", "a\n");
	expect_text(evchat_framing_line(EVBUFFER_EOL_CRLF, keep), "\n", "\n");
	expect_text(evchat_framing_line(EVBUFFER_EOL_CRLF, keep), "a\r\r\n",
	    "a\r\r\n");
	expect_text(evchat_framing_line(EVBUFFER_EOL_ANY, keep), "a\r", "a\r");
	expect_text(evchat_framing_delimiter("--", 2, keep), "a--", "a--");
}
END_TEST

/* Numbers in front, of a payload "ab" */
static const struct {
	struct evchat_length_field field;
	const char *head;
	size_t len;
} heads[] = {
	{ { 1, BIG, 0, 0, 1, 0 }, "\2", 1 },
	{ { 2, BIG, 0, 0, 2, 0 }, "\0\2", 2 },
	{ { 2, LITTLE, 0, 0, 2, 0 }, "\2\0", 2 },
	{ { 3, BIG, 0, 0, 3, 0 }, "\0\0\2", 3 },
	{ { 3, LITTLE, 0, 0, 3, 0 }, "\2\0\0", 3 },
	{ { 4, BIG, 0, 0, 4, 0 }, "\0\0\0\2", 4 },
	{ { 4, LITTLE, 0, 0, 4, 0 }, "\2\0\0\0", 4 },
	{ { 8, BIG, 0, 0, 8, 0 }, "\0\0\0\0\0\0\0\2", 8 },
	{ { 8, LITTLE, 0, 0, 8, 0 }, "\2\0\0\0\0\0\0\0", 8 },
	/* bytes before it, and behind it; what it counts */
	{ { 1, BIG, 2, 0, 3, 0 }, "\0\0\2", 3 },
	{ { 1, BIG, 0, 0, 3, 0 }, "\4\0\0", 3 },
	{ { 2, LITTLE, 1, -3, 4, 0 }, "\0\6\0\0", 4 },
	{ { 2, BIG, 0, -2, 2, 0 }, "\0\4", 2 },
	{ { 1, BIG, 0, 1, 1, 0 }, "\1", 1 },
	{ { 8, BIG, 0, -1, 8, 0 }, "\0\0\0\0\0\0\0\3", 8 },
	{ { 8, BIG, 0, INT64_MIN, 8, 0 }, "\x80\0\0\0\0\0\0\2", 8 }
};

START_TEST(number_stands_where_the_field_is)
{
	char wire[20];

	memcpy(wire, heads[_i].head, heads[_i].len);
	memcpy(wire + heads[_i].len, "ab", 2);
	expect_wire(evchat_framing_length(&heads[_i].field), "ab", 2, wire,
	    heads[_i].len + 2);
}
END_TEST

/* Where it is not stripped, or not all of it, the payload has it. */
START_TEST(payload_may_have_the_number_itself)
{
	struct evchat_length_field field = { 2, BIG, 1, 0, 0, 0 };

	expect_wire(evchat_framing_length(&field), "x\0\2ab", 5, "x\0\2ab", 5);
	field.strip = 1;
	expect_wire(evchat_framing_length(&field), "\0\2ab", 4, "\0\0\2ab", 5);
	field.strip = 2;
	expect_wire(evchat_framing_length(&field), "\2ab", 3, "\0\0\2ab", 5);
	field.order = LITTLE;
	expect_wire(evchat_framing_length(&field), "\0ab", 3, "\0\2\0ab", 5);
}
END_TEST

static const struct {
	size_t len;
	const char *head;
} varints[] = {
	{ 0, "\0" }, { 1, "\1" }, { 127, "\x7f" }, { 128, "\x80\1" },
	{ 300, "\xac\2" }, { 16383, "\xff\x7f" }, { 16384, "\x80\x80\1" },
	{ 2097151, "\xff\xff\x7f" }, { 2097152, "\x80\x80\x80\1" }
}, decimals[] = {
	{ 1, "1" }, { 9, "9" }, { 10, "10" }, { 99, "99" }, { 100, "100" },
	{ 65536, "65536" }, { 1234567, "1234567" }
};

/* A long one: head, so many times x, and tail. */
static void
expect_long(struct evchat_framing *framing, size_t len, const char *head,
    const char *tail)
{
	size_t n = head[0] == '\0' ? 1 : strlen(head), end = strlen(tail);
	struct harness *h = start(framing);
	char *payload = malloc(len + 1);
	const unsigned char *wire;

	ck_assert_ptr_nonnull(payload);
	memset(payload, 'x', len);
	ck_assert_int_eq(evchat_push_frame(h->chat, payload, len), 0);
	harness_run_until_received(h, n + len + end);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), n + len + end);
	wire = evbuffer_pullup(h->received, -1);
	ck_assert_mem_eq(wire, head, n);
	ck_assert(memcmp(wire + n, payload, len) == 0);
	ck_assert_mem_eq(wire + n + len, tail, end);
	free(payload);
	harness_end(h, "");
	evchat_framing_free(framing);
}

START_TEST(varint_has_7_bits_a_byte_and_no_more_than_it_needs)
{
	expect_long(evchat_framing_varint(0), varints[_i].len,
	    varints[_i].head, "");
}
END_TEST

START_TEST(decimal_lengths_have_no_leading_zeros)
{
	char head[20];

	strcpy(head, decimals[_i].head);
	strcat(head, ":");
	expect_long(evchat_framing_netstring(0), decimals[_i].len, head, ",");
	head[strlen(head) - 1] = ' ';
	expect_long(evchat_framing_octet_count(0), decimals[_i].len, head, "");
}
END_TEST

START_TEST(netstrings_are_djbs)
{
	expect_text(evchat_framing_netstring(0), "hello world!",
	    "12:hello world!,");
	expect_text(evchat_framing_netstring(0), "", "0:,");
	expect_text(evchat_framing_octet_count(0), "<34>1 - -", "9 <34>1 - -");
}
END_TEST

START_TEST(dots_are_doubled_at_the_beginning_of_lines)
{
	expect_text(evchat_framing_dot(0), "", ".\r\n");
	expect_text(evchat_framing_dot(0), "\r\n", "\r\n.\r\n");
	expect_text(evchat_framing_dot(0), ".\r\n", "..\r\n.\r\n");
	expect_text(evchat_framing_dot(0), "..a.\r\n.\r\nb\r\n",
	    "...a.\r\n..\r\nb\r\n.\r\n");
	expect_text(evchat_framing_dot(0), "a\n.b\r.c\r\r\n.d\r\n",
	    "a\n.b\r.c\r\r\n..d\r\n.\r\n");
}
END_TEST

START_TEST(body_is_one_chunk)
{
	expect_text(evchat_framing_chunked(0), "", "0\r\n\r\n");
	expect_text(evchat_framing_chunked(0), "a\r\n",
	    "3\r\na\r\n\r\n0\r\n\r\n");
	expect_text(evchat_framing_chunked(EVCHAT_FRAMING_DELIVER_TRAILERS),
	    "0123456789abcdef", "10\r\n0123456789abcdef\r\n0\r\n\r\n");
	expect_long(evchat_framing_chunked(0), 65536, "10000\r\n",
	    "\r\n0\r\n\r\n");
}
END_TEST

/* Limits */

/* @return the errno that it is refused with */
static int
refuse(struct evchat_framing *framing, const void *data, size_t len)
{
	struct harness *h = start(framing);
	int error;

	errno = 0;
	ck_assert_int_eq(evchat_push_frame(h->chat, data, len), -1);
	error = errno;
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
	evchat_framing_free(framing);
	return error;
}

START_TEST(three_bytes_count_up_to_16_mebibytes)
{
	struct evchat_length_field field = { 3, LITTLE, 0, 0, 3, 0 };
	size_t most = ((size_t)1 << 24) - 1;
	char *payload = calloc(1, most + 1);
	struct evchat_framing *framing;
	struct harness *h;

	ck_assert_ptr_nonnull(payload);
	ck_assert_int_eq(refuse(evchat_framing_length(&field), payload,
	    most + 1), EMSGSIZE);
	framing = evchat_framing_length(&field);
	h = start(framing);
	ck_assert_int_eq(evchat_push_frame(h->chat, payload, most), 0);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), most + 3);
	free(payload);
	harness_free(h);
	evchat_framing_free(framing);
}
END_TEST

/* What is too long by itself is refused without being looked at. */
START_TEST(length_above_any_number_is_refused)
{
	static const size_t lengths[] = { SIZE_MAX, SIZE_MAX - 1,
	    SIZE_MAX - 1023, SIZE_MAX / 2 + 1, SIZE_MAX / 2 };
	struct evchat_length_field field = { 1, BIG, 0, 0, 1, 0 };
	int error;

	for (field.width = 1; field.width <= 4; field.width++)
		for (field.strip = 4; field.strip < 1000; field.strip += 300) {
			field.adjustment = field.strip > 500 ? -2000 : 0;
			error = refuse(evchat_framing_length(&field), "x",
			    lengths[_i]);
			ck_assert_int_eq(error, EMSGSIZE);
		}
	error = refuse(evchat_framing_fixed(7), "x", lengths[_i]);
	ck_assert(error == EINVAL || error == EMSGSIZE);
}
END_TEST

/* Nor is one with which a frame would be longer than any buffer. */
START_TEST(frame_that_no_buffer_holds_is_refused)
{
	static const size_t lengths[] = { SIZE_MAX, SIZE_MAX / 2,
	    SIZE_MAX / 2 - 2 };
	struct evchat_length_field field = { 8, BIG, 0, 0, 8, 0 };
	struct evchat_framing *framing[] = { evchat_framing_length(&field),
	    evchat_framing_varint(0), evchat_framing_netstring(0),
	    evchat_framing_octet_count(0), evchat_framing_dot(0),
	    evchat_framing_chunked(0) };
	int i;

	for (i = 0; i < N(framing); i++)
		ck_assert_int_eq(refuse(framing[i], "x", lengths[_i]),
		    EMSGSIZE);
}
END_TEST

/* Pieces that are longer together than a size_t can say. */
START_TEST(pieces_are_not_counted_modulo_anything)
{
	struct evbuffer_iovec pieces[][3] = {
		{ { "ab", SIZE_MAX }, { "ab", 3 }, { "ab", 0 } },
		{ { "ab", 2 }, { "ab", SIZE_MAX }, { "ab", 1 } },
		{ { "ab", SIZE_MAX / 2 }, { "ab", SIZE_MAX / 2 }, { "ab", 4 } }
	};
	struct evchat_length_field field = { 8, BIG, 0, 0, 8, 0 };
	struct evchat_framing *framing[] = { evchat_framing_fixed(2),
	    evchat_framing_length(&field), evchat_framing_varint(0),
	    evchat_framing_netstring(0), evchat_framing_octet_count(0) };
	struct harness *h;
	int i;

	for (i = 0; i < N(framing); i++) {
		h = start(framing[i]);
		errno = 0;
		ck_assert_int_eq(evchat_push_framev(h->chat, pieces[_i], 3),
		    -1);
		ck_assert_int_ne(errno, 0);
		ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
		harness_end(h, "");
		evchat_framing_free(framing[i]);
	}
}
END_TEST

static Suite *
encode_wire_suite(void)
{
	Suite *suite = suite_create("encode_wire");
	TCase *tc = harness_case(suite, "wire");

	tcase_add_test(tc, lines_end_with_what_their_style_says);
	tcase_add_test(tc, kept_end_is_written_as_it_is);
	tcase_add_loop_test(tc, number_stands_where_the_field_is, 0, N(heads));
	tcase_add_test(tc, payload_may_have_the_number_itself);
	tcase_add_loop_test(tc,
	    varint_has_7_bits_a_byte_and_no_more_than_it_needs, 0, N(varints));
	tcase_add_loop_test(tc, decimal_lengths_have_no_leading_zeros, 0,
	    N(decimals));
	tcase_add_test(tc, netstrings_are_djbs);
	tcase_add_test(tc, dots_are_doubled_at_the_beginning_of_lines);
	tcase_add_test(tc, body_is_one_chunk);

	tc = harness_case(suite, "limits");
	tcase_add_test(tc, three_bytes_count_up_to_16_mebibytes);
	tcase_add_loop_test(tc, length_above_any_number_is_refused, 0, 5);
	tcase_add_loop_test(tc, frame_that_no_buffer_holds_is_refused, 0, 3);
	tcase_add_loop_test(tc, pieces_are_not_counted_modulo_anything, 0, 3);
	return suite;
}

int
main(void)
{
	return harness_main(encode_wire_suite());
}
