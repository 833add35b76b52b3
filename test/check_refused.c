/*
 * Pushes that fail: they say why, end what they were given, and leave nothing
 * in the queue.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define LONG 10000

static struct harness *
start(int carrier)
{
	struct harness *h = harness_start_new((enum harness_carrier)carrier,
	    &harness_streaming);

	harness_crlf(h);
	return h;
}

/* What is to be pushed stands ready before the push that may fail. */
struct gift {
	struct harness *h;
	struct evchat *chat;
	struct feeder feeder;
	struct evchat_producer *producer;
	struct evbuffer *buf;
	int fd;
	char *text;  /* LONG times X */
};

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	ck_assert_int_eq(memcmp(data, "X", len), 0);
	harness_note(arg, "cleanup");
}

static void
note_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	harness_note(arg, "mark:%s", harness_done_name(how));
}

static int
push_copy(struct gift *gift)
{
	return evchat_push(gift->chat, "X", 1);
}

static int
push_reference(struct gift *gift)
{
	return evchat_push_reference(gift->chat, "X", 1, note_cleanup,
	    gift->h);
}

static int
push_buffer(struct gift *gift)
{
	int pushed = evchat_push_buffer(gift->chat, gift->buf);

	ck_assert_uint_eq(evbuffer_get_length(gift->buf), 0);
	return pushed;
}

static int
push_text(struct gift *gift)
{
	return evchat_push_printf(gift->chat, "%s", "X");
}

static int
push_long_text(struct gift *gift)
{
	return evchat_push_printf(gift->chat, "%s", gift->text);
}

static int
push_frame(struct gift *gift)
{
	return evchat_push_frame(gift->chat, "X", 1);
}

static int
push_long_frame(struct gift *gift)
{
	return evchat_push_frame(gift->chat, gift->text, LONG);
}

static int
push_file(struct gift *gift)
{
	return evchat_push_file(gift->chat, gift->fd, 0, 1);
}

static int
push_feeder(struct gift *gift)
{
	return feeder_push_made(&gift->feeder);
}

static int
push_evbuffer(struct gift *gift)
{
	return evchat_push_with_producer(gift->chat, gift->producer);
}

static int
push_mark(struct gift *gift)
{
	return evchat_push_callback(gift->chat, note_mark, gift->h);
}

static const struct {
	int (*push)(struct gift *gift);
	size_t len;         /* of what it sends */
	const char *failed; /* what it tells if it fails */
	const char *sent;   /* and if not */
} kinds[] = {
	{ push_copy, 1, "", "" },
	{ push_reference, 1, "cleanup", "cleanup" },
	{ push_buffer, 1, "", "" },
	{ push_text, 1, "", "" },
	{ push_long_text, LONG, "", "" },
	{ push_frame, 3, "", "" },
	{ push_long_frame, LONG + 2, "", "" },
	{ push_file, 1, "", "" },
	{ push_feeder, 1, "done:p:discarded:0", "done:p:sent:1" },
	{ push_evbuffer, 1, "", "" },
	{ push_mark, 0, "", "mark:sent" }
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static int
file_of_x(void)
{
	char name[] = "/tmp/check_refused.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(write(fd, "X", 1), 1);
	return fd;
}

static void
wrap(struct gift *gift, struct harness *h, int kind)
{
	memset(gift, 0, sizeof(*gift));
	gift->h = h;
	gift->chat = h->chat;
	gift->fd = -1;
	gift->text = malloc(LONG + 1);
	ck_assert_ptr_nonnull(gift->text);
	memset(gift->text, 'X', LONG);
	gift->text[LONG] = '\0';
	gift->buf = evbuffer_new();
	evbuffer_add(gift->buf, "X", 1);
	if (kinds[kind].push == push_feeder)
		feeder_init(&gift->feeder, h, "p", "X.");
	if (kinds[kind].push == push_file)
		gift->fd = file_of_x();
	if (kinds[kind].push == push_evbuffer) {
		gift->producer = evchat_producer_new_evbuffer(gift->buf);
		gift->buf = evbuffer_new();
	}
}

static void
unwrap(struct gift *gift)
{
	if (gift->fd != -1)
		ck_assert_int_eq(fcntl(gift->fd, F_GETFD), -1);
	evbuffer_free(gift->buf);
	free(gift->text);
}

/* EPIPE */

static void
expect_refused(struct harness *h, int kind)
{
	struct gift gift;
	size_t before = evchat_get_output_length(h->chat);

	wrap(&gift, h, kind);
	errno = 0;
	ck_assert_int_eq(kinds[kind].push(&gift), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), before);
	unwrap(&gift);
}

START_TEST(push_after_push_eof_is_refused)
{
	struct harness *h = start(HARNESS_SOCKET);

	harness_push_stuck(h, "s");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	expect_refused(h, _i);
	harness_end(h, kinds[_i].failed);
}
END_TEST

START_TEST(push_after_the_write_side_was_shut_is_refused)
{
	struct harness *h = start(HARNESS_SOCKET);

	h->rude = true;
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_peer_eof(h);
	expect_refused(h, _i);
	harness_end(h, kinds[_i].failed);
}
END_TEST

START_TEST(push_while_closing_is_refused)
{
	struct harness *h = start(HARNESS_SOCKET);

	harness_push_stuck(h, "s");
	evchat_close_when_done(h->chat);
	expect_refused(h, _i);
	harness_turn(h);
	harness_end(h, kinds[_i].failed);
}
END_TEST

static void
refuse_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	h->closed = 0; /* for the end of what is pushed now */
	expect_refused(h, h->count);
	h->closed = 1;
}

START_TEST(push_in_closed_is_refused)
{
	struct harness *h = start(HARNESS_SOCKET);

	h->count = _i;
	h->script.closed = refuse_in_closed;
	evchat_free(h->chat);
	if (kinds[_i].failed[0] != '\0')
		ck_assert_ptr_nonnull(strstr(harness_transcript(h),
		    kinds[_i].failed));
	harness_free(h);
}
END_TEST

START_TEST(push_after_the_end_is_refused)
{
	struct harness *h = start(HARNESS_SOCKET);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	evchat_free(chat);
	h->chat = chat;
	expect_refused(h, _i);
	h->chat = NULL;
	evchat_decref(chat);
	if (kinds[_i].failed[0] != '\0')
		ck_assert_ptr_nonnull(strstr(harness_transcript(h),
		    kinds[_i].failed));
	harness_free(h);
}
END_TEST

START_TEST(reference_without_a_cleanup_is_refused_as_well)
{
	struct harness *h = start(HARNESS_SOCKET);

	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_reference(h->chat, "X", 1, NULL, NULL),
	    -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
}
END_TEST

/* EINVAL */

START_TEST(frozen_evbuffer_is_refused)
{
	struct harness *h = start(HARNESS_SOCKET);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add(buf, "abc", 3), 0);
	ck_assert_int_eq(evbuffer_freeze(buf, 1), 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	evbuffer_free(buf);
	harness_end(h, "");
}
END_TEST

/* ENOMEM */

/* Have one allocation inside a push fail. @return whether there was one */
static bool
try_without_memory(int carrier, int kind, long n)
{
	struct harness *h = start(carrier);
	struct gift gift;
	bool failed;
	int pushed;

	ck_assert_int_eq(evchat_push(h->chat, "a", 1), 0);
	wrap(&gift, h, kind);
	errno = 0;
	harness_fail_allocation(n);
	pushed = kinds[kind].push(&gift);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	ck_assert(pushed == 0 || (failed && errno == ENOMEM));
	if (pushed == -1) {
		ck_assert_uint_eq(evchat_get_output_length(h->chat), 1);
		harness_expect(h, kinds[kind].failed);
	}
	ck_assert_int_eq(evchat_push(h->chat, "b", 1), 0);
	harness_run_until_received(h, pushed == -1 ? 2 : kinds[kind].len + 2);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received),
	    pushed == -1 ? 2 : kinds[kind].len + 2);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_expect(h, pushed == -1 ? kinds[kind].failed :
	    kinds[kind].sent);
	unwrap(&gift);
	harness_free(h);
	return failed;
}

START_TEST(push_without_memory_queues_nothing)
{
	long n;

	for (n = 1; try_without_memory(HARNESS_SOCKET, _i, n); n++)
		continue;
	for (n = 1; try_without_memory(HARNESS_PAIR, _i, n); n++)
		continue;
	for (n = 1; try_without_memory(HARNESS_XOR, _i, n); n++)
		continue;
}
END_TEST

/* Making producers without memory */

static void
note_data(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "freed");
}

START_TEST(evbuffer_of_a_producer_that_is_not_made_is_freed)
{
	struct harness *h = start(HARNESS_SOCKET);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add_reference(buf, "abc", 3, note_data, h),
	    0);
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_evbuffer(buf));
	ck_assert_int_eq(errno, ENOMEM);
	harness_fail_allocation(0);
	ck_assert_ptr_null(evchat_producer_new_evbuffer(NULL));
	ck_assert_int_eq(errno, EINVAL);
	harness_end(h, "freed");
}
END_TEST

START_TEST(file_of_a_producer_that_is_not_made_is_closed)
{
	long n;
	int fd;

	for (n = 1; n <= 2; n++) {
		fd = file_of_x();
		harness_fail_allocation(n);
		errno = 0;
		ck_assert_ptr_null(evchat_producer_new_file(fd, 0, 1));
		ck_assert_int_eq(errno, ENOMEM);
		harness_fail_allocation(0);
		ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	}
}
END_TEST

START_TEST(self_of_a_producer_that_is_not_made_stays_the_callers)
{
	static const struct evchat_producer_ops no_more = { NULL, NULL };

	errno = 0;
	ck_assert_ptr_null(evchat_producer_new(NULL, NULL));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new(&no_more, NULL));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static void
spoil_errno(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
	errno = ENOENT;
}

/* What a cleanup, done or close inside the failing call leaves in errno. */
START_TEST(what_is_released_does_not_spoil_the_reason)
{
	struct harness *h = start(HARNESS_SOCKET);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_ptr_nonnull(buf);
	ck_assert_int_eq(evbuffer_add_reference(buf, "abc", 3, spoil_errno,
	    NULL), 0);
	evchat_close_when_done(h->chat);
	errno = 0;
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_int_eq(evchat_push_reference(h->chat, "abc", 3, spoil_errno,
	    NULL), -1);
	ck_assert_int_eq(errno, EPIPE);
	evbuffer_free(buf);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* Closing what is no descriptor fails, too, which is not the reason. */
START_TEST(file_for_which_there_is_no_memory_says_so)
{
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_file(-1, 0, -1));
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

static Suite *
refused_suite(void)
{
	Suite *suite = suite_create("refused");
	TCase *tc = harness_case(suite, "ended");

	tcase_add_loop_test(tc, push_after_push_eof_is_refused, 0, KINDS);
	tcase_add_loop_test(tc, push_after_the_write_side_was_shut_is_refused,
	    0, KINDS);
	tcase_add_loop_test(tc, push_while_closing_is_refused, 0, KINDS);
	tcase_add_loop_test(tc, push_in_closed_is_refused, 0, KINDS);
	tcase_add_loop_test(tc, push_after_the_end_is_refused, 0, KINDS);
	tcase_add_test(tc, reference_without_a_cleanup_is_refused_as_well);
	tcase_add_test(tc, frozen_evbuffer_is_refused);
	tcase_add_test(tc, file_for_which_there_is_no_memory_says_so);
	tcase_add_test(tc, what_is_released_does_not_spoil_the_reason);

	tc = harness_case(suite, "memory");
	tcase_add_loop_test(tc, push_without_memory_queues_nothing, 0, KINDS);
	tcase_add_test(tc, evbuffer_of_a_producer_that_is_not_made_is_freed);
	tcase_add_test(tc, file_of_a_producer_that_is_not_made_is_closed);
	tcase_add_test(tc,
	    self_of_a_producer_that_is_not_made_stays_the_callers);
	return suite;
}

int
main(void)
{
	return harness_main(refused_suite());
}
