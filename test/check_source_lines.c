/*
 * The ready-made producer of lines.
 */

#include <errno.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "unit_source.h"

/* Lines to be given, and what is counted. */
struct text {
	const char *const *next; /* NULL behind the last one */
	int asked;
	int cleanups;
};

static const void *
next_line(void *arg, size_t *len)
{
	struct text *text = arg;

	ck_assert_int_eq(text->cleanups, 0);
	text->asked++;
	if (*text->next == NULL)
		return NULL;
	*len = strlen(*text->next);
	return *text->next++;
}

static void
cleanup(void *arg)
{
	((struct text *)arg)->cleanups++;
	errno = EDOM;
}

static void
expect_lines(const char *const *lines, const char *eol, size_t want,
    const char *expected)
{
	struct text text = { .next = lines };
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	enum evchat_more more;
	bool gone;

	producer = evchat_producer_new_lines(next_line, eol, cleanup, &text);
	ck_assert_ptr_nonnull(producer);
	ck_assert_int_eq(text.asked, 0);
	do
		more = producer_ask(producer, out, want, &gone);
	while (more == EVCHAT_MORE_DATA);
	ck_assert_int_eq(more, EVCHAT_MORE_END);
	ck_assert_int_eq(text.cleanups, 0);
	producer_end(producer, EVCHAT_DONE_SENT);
	ck_assert_int_eq(text.cleanups, 1);
	unit_source_expect(out, expected, strlen(expected));
}

START_TEST(lines_come_with_their_ends)
{
	static const size_t wants[] = { 1, 2, 3, 5, 7, 100 };
	static const char *const none[] = { NULL };
	static const char *const three[] = { "one", "", "two three", NULL };
	static const char *const empty[] = { "", "", "", "", NULL };

	expect_lines(none, "\r\n", wants[_i], "");
	expect_lines(three, "\r\n", wants[_i], "one\r\n\r\ntwo three\r\n");
	expect_lines(three, "", wants[_i], "onetwo three");
	expect_lines(three, "12345678", wants[_i],
	    "one1234567812345678two three12345678");
	expect_lines(empty, "\n", wants[_i], "\n\n\n\n");
	expect_lines(empty, "", wants[_i], "");
}
END_TEST

START_TEST(lines_are_asked_for_while_there_is_room)
{
	static const char *const lines[] = { "a", "b", "c", "d", NULL };
	struct text text = { .next = lines };
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	char eol[3] = "\r\n";
	bool gone;

	producer = evchat_producer_new_lines(next_line, eol, NULL, &text);
	memset(eol, 'x', 2);
	ck_assert_int_eq(producer_ask(producer, out, 3, &gone),
	    EVCHAT_MORE_DATA);
	ck_assert_int_eq(text.asked, 1);
	ck_assert_int_eq(producer_ask(producer, out, 4, &gone),
	    EVCHAT_MORE_DATA);
	ck_assert_int_eq(text.asked, 3);
	evchat_producer_free(producer);
	ck_assert_int_eq(text.cleanups, 0);
	unit_source_expect(out, "a\r\nb\r\nc\r\n", 9);
}
END_TEST

static const void *
empty_line(void *arg, size_t *len)
{
	++*(int *)arg;
	*len = 0;
	return "";
}

START_TEST(nothing_for_ever_does_not_hang)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	int asked = 0;
	bool gone;

	producer = evchat_producer_new_lines(empty_line, "", NULL, &asked);
	ck_assert_int_eq(producer_ask(producer, out, 10, &gone),
	    EVCHAT_MORE_DATA);
	ck_assert_int_le(asked, 10);
	evchat_producer_free(producer);
	unit_source_expect(out, "", 0);
}
END_TEST

START_TEST(lines_that_cannot_be_are_cleaned_up)
{
	static const char *const none[] = { NULL };
	struct text text = { .next = none };
	long blocks = harness_blocks();
	int i;

	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_lines(NULL, "\n", cleanup,
	    &text));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_producer_new_lines(next_line, NULL, cleanup,
	    &text));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_producer_new_lines(next_line, "123456789",
	    cleanup, &text));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(text.cleanups, 3);
	ck_assert_ptr_null(evchat_producer_new_lines(NULL, "\n", NULL, NULL));
	for (i = 1; i <= 2; i++) {
		harness_fail_allocation(i);
		ck_assert_ptr_null(evchat_producer_new_lines(next_line, "\n",
		    cleanup, &text));
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert(harness_allocation_failed());
	}
	ck_assert_int_eq(text.cleanups, 5);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(lines_without_memory_fail)
{
	static const char *const lines[] = { "one", NULL };
	struct text text = { .next = lines };
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	bool gone;

	producer = evchat_producer_new_lines(next_line, "\n", cleanup, &text);
	harness_fail_allocation(1);
	ck_assert_int_eq(producer_ask(producer, out, 9, &gone),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, ENOMEM);
	producer_end(producer, EVCHAT_DONE_FAILED);
	ck_assert_int_eq(text.cleanups, 1);
	evbuffer_free(out);
}
END_TEST

/* The channel is ended by what is to give a line. */

static const void *
free_channel(void *arg, size_t *len)
{
	struct harness *h = arg;

	harness_note(h, "next");
	evchat_free(h->chat);
	*len = 1;
	return "x";
}

static const void *
discard(void *arg, size_t *len)
{
	struct harness *h = arg;

	harness_note(h, "next");
	evchat_discard_buffers(h->chat);
	harness_note(h, "discarded");
	*len = 1;
	return "x";
}

static void
note_cleanup(void *arg)
{
	harness_note(arg, "cleanup");
}

START_TEST(channel_may_end_while_a_line_is_asked_for)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);

	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_lines(_i == 0 ? free_channel : discard, "\n",
	    note_cleanup, h)), 0);
	harness_turn(h);
	if (_i == 0) {
		harness_end(h, "next|cleanup|closed:freed");
		return;
	}
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	evchat_free(h->chat);
	harness_end(h, "next|cleanup|discarded|closed:freed");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("source_lines");
	TCase *tc = harness_case(suite, "lines");

	tcase_add_loop_test(tc, lines_come_with_their_ends, 0, 6);
	tcase_add_test(tc, lines_are_asked_for_while_there_is_room);
	tcase_add_test(tc, nothing_for_ever_does_not_hang);
	tcase_add_test(tc, lines_that_cannot_be_are_cleaned_up);
	tcase_add_test(tc, lines_without_memory_fail);
	tcase_add_loop_test(tc, channel_may_end_while_a_line_is_asked_for, 0,
	    2);
	return harness_main(suite);
}
