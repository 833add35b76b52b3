/*
 * Everything that can be pushed, mixed: it arrives in the order of pushing,
 * through sockets that hold little and to peers that read slowly.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)

/* Bytes of the pattern in every dress */

struct parade {
	struct harness *h;
	uint64_t offset;  /* of what is pushed next */
	int pushed;       /* marks */
	int told;         /* of them */
};

static unsigned char *
copy(struct parade *parade, size_t len)
{
	struct evbuffer *bytes = evbuffer_new();
	unsigned char *data = malloc(len + 1);

	ck_assert_ptr_nonnull(data);
	sink_pattern(bytes, parade->offset, len);
	ck_assert_int_eq(evbuffer_remove(bytes, data, len), (int)len);
	evbuffer_free(bytes);
	return data;
}

static void
push_copy(struct parade *parade, size_t len)
{
	unsigned char *data = copy(parade, len);

	ck_assert_int_eq(evchat_push(parade->h->chat, data, len), 0);
	free(data);
}

static void
free_data(const void *data, size_t len, void *arg)
{
	memset(arg, 0, len);
	ck_assert_ptr_eq(data, arg);
	free(arg);
}

static void
push_reference(struct parade *parade, size_t len)
{
	unsigned char *data = copy(parade, len);

	ck_assert_int_eq(evchat_push_reference(parade->h->chat, data, len,
	    free_data, data), 0);
}

static void
push_buffer(struct parade *parade, size_t len)
{
	struct evbuffer *buf = evbuffer_new();

	sink_pattern(buf, parade->offset, len);
	ck_assert_int_eq(evchat_push_buffer(parade->h->chat, buf), 0);
	evbuffer_free(buf);
}

static void
push_evbuffer(struct parade *parade, size_t len)
{
	struct evbuffer *buf = evbuffer_new();

	sink_pattern(buf, parade->offset, len);
	ck_assert_int_eq(evchat_push_with_producer(parade->h->chat,
	    evchat_producer_new_evbuffer(buf)), 0);
}

static void
push_file(struct parade *parade, size_t len)
{
	ck_assert_int_eq(evchat_push_file(parade->h->chat,
	    sink_file(parade->offset, len), 0, (int64_t)len), 0);
}

static void
push_text(struct parade *parade, size_t len)
{
	unsigned char *data = copy(parade, len);

	ck_assert_int_eq(evchat_push_printf(parade->h->chat, "%.*s", (int)len,
	    (const char *)data), 0);
	free(data);
}

struct step {
	struct parade *parade;
	int number;
	uint64_t offset;
	size_t left;
};

static enum evchat_more
step_more(void *self, struct evbuffer *out, size_t want)
{
	struct step *step = self;
	size_t n = step->left < want / 3 + 1 ? step->left : want / 3 + 1;

	sink_pattern(out, step->offset, n);
	step->offset += n;
	step->left -= n;
	return step->left > 0 ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
step_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)bytes;
	ck_assert_int_eq(how, EVCHAT_DONE_SENT);
	free(self);
}

static void
push_producer(struct parade *parade, size_t len)
{
	static const struct evchat_producer_ops ops = { step_more, step_done };
	struct step *step = calloc(1, sizeof(*step));

	ck_assert_ptr_nonnull(step);
	step->offset = parade->offset;
	step->left = len;
	ck_assert_int_eq(evchat_push_with_producer(parade->h->chat,
	    evchat_producer_new(&ops, step)), 0);
}

static void
on_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	struct step *step = arg;

	ck_assert_ptr_eq(chat, step->parade->h->chat);
	ck_assert_int_eq(how, EVCHAT_DONE_SENT);
	ck_assert_int_eq(step->number, step->parade->told++);
	free(step);
}

static void
push_mark(struct parade *parade)
{
	struct step *step = calloc(1, sizeof(*step));

	ck_assert_ptr_nonnull(step);
	step->parade = parade;
	step->number = parade->pushed++;
	ck_assert_int_eq(evchat_push_callback(parade->h->chat, on_mark, step),
	    0);
}

/* Push so many bytes, as pieces of all kinds and of sizes around one. */
static void
push_all(struct parade *parade, uint64_t len, size_t around)
{
	static void (*const kinds[])(struct parade *, size_t) = { push_copy,
	    push_reference, push_producer, push_buffer, push_text, push_file,
	    push_evbuffer };
	size_t kind = 0, n;

	for (; parade->offset < len; parade->offset += n, kind += 3) {
		n = 1 + (size_t)(parade->offset * 7919 % (2 * around));
		if (n > len - parade->offset)
			n = (size_t)(len - parade->offset);
		kinds[kind % 7](parade, n);
		if (kind % 2 == 0)
			push_mark(parade);
	}
	push_mark(parade);
}

static bool
all_told(void *arg)
{
	const struct parade *parade = arg;

	return parade->told == parade->pushed;
}

static void
prove(int carrier, uint64_t len, size_t around, size_t piece)
{
	struct harness *h = harness_streaming_on(carrier);
	struct parade parade = { .h = h };
	struct sink sink;

	sink_narrow(h);
	sink_start(&sink, h, piece, true);
	push_all(&parade, len, around);
	sink_run_until(&sink, len);
	sink_run(h, all_told, &parade);
	ck_assert_uint_eq(sink.got, len);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	sink_stop(&sink);
	harness_end(h, "");
}

START_TEST(small_pushes_arrive_in_order)
{
	prove(_i, MEBI / 8, 40, 1000);
}
END_TEST

START_TEST(large_pushes_arrive_in_order)
{
	prove(_i, MEBI / 2, 30000, 3000);
}
END_TEST

START_TEST(ten_mebibytes_arrive_as_they_were_pushed)
{
	prove((int)sink_kinds[_i], 10 * MEBI, 300000, 1 << 16);
}
END_TEST

START_TEST(pieces_of_any_wanted_size_arrive_in_order)
{
	struct harness *h = harness_streaming_on(_i);
	struct parade parade = { .h = h };
	struct sink sink;

	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 1), 0);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 0, 1), 0);
	sink_start(&sink, h, 100, true);
	push_all(&parade, 5000, 100);
	sink_run_until(&sink, 5000);
	sink_run(h, all_told, &parade);
	sink_stop(&sink);
	harness_end(h, "");
}
END_TEST

static Suite *
order_suite(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = harness_case(suite, "order");

	tcase_add_loop_test(tc, small_pushes_arrive_in_order, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, large_pushes_arrive_in_order, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, pieces_of_any_wanted_size_arrive_in_order, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, ten_mebibytes_arrive_as_they_were_pushed, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(order_suite());
}
