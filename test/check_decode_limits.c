/*
 * What is too long for a table: the limits of what is not delivered of a
 * chunked body, and of headers that are as long as can be.
 */

#include <stdlib.h>
#include <string.h>
#include "decode.h"
#include "harness.h"

#define LINE_MAX_LEN 4096  /* of extensions in a line */
#define SECTION_MAX 16384  /* of trailers; of extensions, beside the body */
#define PIECE 1000

static const struct decode_spec chunked = { .name = "chunked",
	.kind = DECODE_CHUNKED };
static const struct decode_spec with_trailers = {
	.name = "chunked with trailers", .kind = DECODE_CHUNKED,
	.flags = EVCHAT_FRAMING_DELIVER_TRAILERS };

/* Long input */

struct text {
	char *bytes;
	size_t len;
};

static void
add_bytes(struct text *text, const char *bytes, size_t len)
{
	text->bytes = realloc(text->bytes, text->len + len + 1);
	harness_must(text->bytes != NULL, "memory");
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void
add(struct text *text, const char *bytes)
{
	add_bytes(text, bytes, strlen(bytes));
}

static void
add_many(struct text *text, char byte, size_t n)
{
	char *many = malloc(n + 1);

	harness_must(many != NULL, "memory");
	memset(many, byte, n);
	add_bytes(text, many, n);
	free(many);
}

/* One byte of body, in a line with so much extension. */
static void
add_chunk(struct text *text, size_t extension)
{
	add(text, "1");
	if (extension > 0)
		add(text, ";");
	add_many(text, 'x', extension > 0 ? extension - 1 : 0);
	add(text, "\r\na\r\n");
}

/* Running it: unsplit, in pieces, and cut around its end */

static void
run(const struct decode_spec *spec, const struct text *text, bool whole,
    const size_t *cuts, size_t n, const char *expected)
{
	struct decode_input input = { text->bytes, text->len, cuts, n, true };
	struct decode_mode mode = { .whole = whole };
	struct decoder decoder;
	struct evchat_framing *framing = decode_make(spec);

	decoder_init(&decoder);
	decoder_run(&decoder, framing, &mode, &input);
	if (strcmp(unit_text(&decoder.text), expected) != 0)
		ck_abort_msg("%zu cuts\n  expected  %.99s\n  got       %.99s", n,
		    expected, unit_text(&decoder.text));
	evchat_framing_free(framing);
	decoder_free(&decoder);
}

static void
prove(const struct decode_spec *spec, struct text *text, bool whole,
    const char *expected)
{
	size_t cuts[100], n = 0, at;

	run(spec, text, whole, NULL, 0, expected);
	for (at = PIECE; at < text->len && n < 100; at += PIECE)
		cuts[n++] = at;
	run(spec, text, whole, cuts, n, expected);
	for (at = text->len > 12 ? text->len - 12 : 1; at < text->len; at++)
		run(spec, text, whole, &at, 1, expected);
	free(text->bytes);
	text->bytes = NULL;
	text->len = 0;
}

/* "closed:malformed:1:@so many:words" */
static void
prove_bad(const struct decode_spec *spec, struct text *text,
    const char *before, size_t bad, const char *error)
{
	struct unit_text expected = { .text = NULL };

	unit_note(&expected, "%s@%zu:%s", before, bad, error);
	prove(spec, text, false, unit_text(&expected));
	unit_text_free(&expected);
}

/* Extensions */

START_TEST(extension_of_a_line_has_a_limit)
{
	struct text text = { NULL, 0 };

	add_chunk(&text, LINE_MAX_LEN);
	add(&text, "0\r\n\r\n");
	prove(&chunked, &text, true, "frame:a:1|eof:0:|closed:eof:0:");
	add_chunk(&text, LINE_MAX_LEN + 1);
	prove_bad(&chunked, &text, "closed:malformed:0:", 1 + LINE_MAX_LEN,
	    LONG_EXTENSION);
	add(&text, "1 ");
	add_many(&text, '\t', LINE_MAX_LEN);
	prove_bad(&chunked, &text, "closed:malformed:0:", 1 + LINE_MAX_LEN,
	    LONG_EXTENSION);
	add(&text, "0;");
	add_many(&text, 'x', LINE_MAX_LEN);
	prove_bad(&chunked, &text, "closed:malformed:0:", 1 + LINE_MAX_LEN,
	    LONG_EXTENSION);
}
END_TEST

/* Four chunks of 4096, and 4 for the bytes of body there were: no more. */
START_TEST(all_extensions_have_a_limit)
{
	struct text text = { NULL, 0 };
	size_t i, before;

	for (i = 0; i < 4; i++)
		add_chunk(&text, LINE_MAX_LEN);
	add_chunk(&text, 4);
	add(&text, "0;\r\n\r\n");
	prove(&chunked, &text, true, "frame:aaaaa:5|eof:0:|closed:eof:0:");
	for (i = 0; i < 4; i++)
		add_chunk(&text, LINE_MAX_LEN);
	before = text.len;
	add_chunk(&text, 5);
	prove_bad(&chunked, &text, "collect:aaaa|closed:malformed:4:",
	    before + 1 + 4, LONG_EXTENSIONS);
}
END_TEST

/* As much as the body is long, wherever in it. */
START_TEST(long_body_may_have_long_extensions)
{
	struct text text = { NULL, 0 };
	struct unit_text expected = { .text = NULL };
	char body[20011];
	size_t i;

	memset(body, 'a', sizeof(body));
	add(&text, "4e20\r\n"); /* 20000 */
	add_many(&text, 'a', 20000);
	add(&text, "\r\n");
	for (i = 0; i < 8; i++)
		add_chunk(&text, LINE_MAX_LEN);
	add(&text, "0\r\n\r\n");
	body[20008] = '\0';
	unit_note(&expected, "frame:");
	unit_note_append_bytes(&expected, body, 20008);
	unit_note_append(&expected, ":20008|eof:0:|closed:eof:0:");
	prove(&chunked, &text, true, unit_text(&expected));
	unit_text_free(&expected);
}
END_TEST

/* A body has the limits for itself. */
START_TEST(limits_are_for_each_body)
{
	struct text text = { NULL, 0 };
	size_t i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 4; j++)
			add_chunk(&text, LINE_MAX_LEN);
		add(&text, "0\r\n");
		add_many(&text, 't', SECTION_MAX - 2);
		add(&text, "\r\n\r\n");
	}
	prove(&chunked, &text, true,
	    "frame:aaaa:4|frame:aaaa:4|frame:aaaa:4|eof:0:|closed:eof:0:");
}
END_TEST

/* Trailers */

START_TEST(trailers_have_a_limit)
{
	const struct decode_spec *specs[] = { &chunked, &with_trailers };
	struct text text = { NULL, 0 };
	size_t i;

	add(&text, "0\r\n");
	add_many(&text, 't', SECTION_MAX - 2);
	add(&text, "\r\n\r\n");
	prove(specs[0], &text, true, "frame::0|eof:0:|closed:eof:0:");
	for (i = 0; i < SECTION_MAX / 4; i++)
		add(&text, i == 0 ? "0\r\nab\r\n" : "cd\r\n");
	add(&text, "\r\n");
	prove(specs[0], &text, true, "frame::0|eof:0:|closed:eof:0:");
	add(&text, "0\r\n");
	add_many(&text, 't', SECTION_MAX + 1);
	prove_bad(specs[0], &text, "closed:malformed:0:", 3 + SECTION_MAX,
	    LONG_TRAILERS);
	add(&text, "0\r\n");
	for (i = 0; i < SECTION_MAX / 4; i++)
		add(&text, "ab\r\n");
	add(&text, "c");
	prove_bad(specs[0], &text, "closed:malformed:0:", 3 + SECTION_MAX,
	    LONG_TRAILERS);
}
END_TEST

START_TEST(trailers_are_delivered_up_to_their_limit)
{
	struct text text = { NULL, 0 };
	struct unit_text expected = { .text = NULL };
	char *section = malloc(SECTION_MAX);
	size_t i;

	harness_must(section != NULL, "memory");
	for (i = 0; i < SECTION_MAX; i += 4)
		memcpy(section + i, "ab\r\n", 4);
	add(&text, "1\r\nx\r\n0\r\n");
	add_bytes(&text, section, SECTION_MAX);
	add(&text, "\r\n");
	unit_note(&expected, "frame:x");
	unit_note_append_bytes(&expected, section, SECTION_MAX);
	unit_note_append(&expected, ":1|eof:0:|closed:eof:0:");
	prove(&with_trailers, &text, true, unit_text(&expected));
	unit_text_free(&expected);
	free(section);
}
END_TEST

static Suite *
decode_limits_suite(void)
{
	Suite *suite = suite_create("decode_limits");
	TCase *tc = harness_case(suite, "chunked");

	tcase_add_test(tc, extension_of_a_line_has_a_limit);
	tcase_add_test(tc, all_extensions_have_a_limit);
	tcase_add_test(tc, long_body_may_have_long_extensions);
	tcase_add_test(tc, limits_are_for_each_body);
	tcase_add_test(tc, trailers_have_a_limit);
	tcase_add_test(tc, trailers_are_delivered_up_to_their_limit);
	return suite;
}

int
main(void)
{
	return harness_main(decode_limits_suite());
}
