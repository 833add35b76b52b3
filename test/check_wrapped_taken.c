/*
 * Which producers may be taken by others, and which not; what becomes of them
 * without memory; and that the framings read what was written.
 */

#include <errno.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "harness_trouble.h"
#include "sink.h"

static struct evchat_producer *
chain(struct evchat_producer *p, struct evchat_producer *q)
{
	struct evchat_producer *parts[2] = { p, q };

	return evchat_producer_new_chain(parts, 2);
}

/* What may be taken */

static struct evchat_producer *
wrap(int kind, struct evchat_producer *inner)
{
	switch (kind) {
	case 0:
		return evchat_producer_new_chunked(inner, NULL, NULL);
	case 1:
		return evchat_producer_new_dot(inner);
	case 2:
		return evchat_producer_new_chain(&inner, 1);
	default:
		return evchat_producer_new_deflate(inner,
		    EVCHAT_DEFLATE_ZLIB, 1);
	}
}

static int
refusal(int kind)
{
	return kind == 3 && !evchat_has_deflate() ? ENOSYS : EINVAL;
}

static void
expect_refused(int kind, struct evchat_producer *inner)
{
	errno = 0;
	ck_assert_ptr_null(wrap(kind, inner));
	ck_assert_int_eq(errno, refusal(kind));
}

START_TEST(what_is_another_ones_is_left_alone)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *outer;
	struct feeder p, q;

	expect_refused(_i, NULL);
	feeder_push(&p, h, "p", "ab~cd.");
	expect_refused(_i, p.producer);
	feeder_init(&q, h, "q", "ef.");
	outer = evchat_producer_new_chunked(q.producer, NULL, NULL);
	expect_refused(_i, q.producer);
	evchat_producer_free(q.producer);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, q.producer), -1);
	ck_assert_int_eq(errno, EINVAL);
	harness_expect(h, "");
	ck_assert_int_eq(evchat_push_with_producer(h->chat, outer), 0);
	harness_turn(h);
	expect_refused(_i, p.producer);
	feeder_resume(&p);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcd2\r\nef\r\n0\r\n\r\n");
	harness_end(h, "done:p:sent:4|done:q:sent:2");
}
END_TEST

START_TEST(chain_that_cannot_be_frees_the_others)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *parts[5];
	struct feeder p, q, r;

	feeder_push(&p, h, "p", "ab.");
	feeder_init(&q, h, "q", "cd.");
	feeder_init(&r, h, "r", "ef.");
	parts[0] = q.producer;
	parts[1] = _i == 0 ? NULL : _i == 1 ? p.producer : q.producer;
	parts[2] = r.producer;
	ck_assert_ptr_null(evchat_producer_new_chain(parts, -1));
	ck_assert_ptr_null(evchat_producer_new_chain(NULL, 1));
	harness_expect(h, "");
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_chain(parts, 3));
	ck_assert_int_eq(errno, EINVAL);
	harness_expect(h, "done:q:discarded:0|done:r:discarded:0");
	harness_run_until_noted(h, "done:p");
	harness_end(h, "done:q:discarded:0|done:r:discarded:0|done:p:sent:2");
}
END_TEST

/* Without memory */

START_TEST(what_cannot_be_made_frees_what_was_inside)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *outer;
	struct feeder p;
	long blocks, n;

	for (n = 1;; n++) {
		feeder_init(&p, h, "p", "ab.");
		blocks = harness_blocks();
		harness_fail_allocation(n);
		errno = 0;
		outer = wrap(_i, p.producer);
		if (!harness_allocation_failed())
			break;
		harness_fail_allocation(0);
		ck_assert_ptr_null(outer);
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_ptr_null(p.producer);
		/* The transcript may have grown. */
		ck_assert_int_le(harness_blocks(), blocks);
	}
	harness_fail_allocation(0);
	ck_assert_int_ge(n, _i == 3 && !evchat_has_deflate() ? 1 : 3);
	evchat_producer_free(outer);
	ck_assert_ptr_null(p.producer);
	harness_free(h);
}
END_TEST

static struct evchat_producer *
text(const char *bytes)
{
	struct evbuffer *buf = evbuffer_new();

	harness_must(buf != NULL &&
	    evbuffer_add(buf, bytes, strlen(bytes)) == 0, "memory");
	return evchat_producer_new_evbuffer(buf);
}

/* Libevent cannot append to these. */
static bool
lend(struct evbuffer *buf, const char *bytes)
{
	return evbuffer_add_reference(buf, bytes, strlen(bytes), NULL,
	    NULL) == 0;
}

static int
one_trailer(struct evbuffer *out, void *arg)
{
	bool fails;

	(void)arg;
	harness_spare();
	fails = evbuffer_add_printf(out, "A: b\r\n") == -1;
	harness_spare_end();
	return fails ? -1 : 0;
}

/* What was made in time that is spared, which is over. */
static void
push_and_close(struct harness *h, struct evchat_producer *outer)
{
	harness_must(outer != NULL, "memory");
	harness_spare_end();
	harness_ok(h, evchat_push_with_producer(h->chat, outer));
	evchat_close_when_done(h->chat);
}

static void
start_nested(struct harness *h)
{
	struct evchat_producer *outer;

	harness_spare();
	outer = evchat_producer_new_chunked(evchat_producer_new_dot(
	    chain(text("one\r\n.two"), text("\r\n..\r\nthree"))), one_trailer,
	    NULL);
	push_and_close(h, outer);
}

static const struct harness_scenario nested_scenario = {
	.input = "go", .start = start_nested, .until_closed = true,
	.expect = "closed:done",
	.output = "a\r\none\r\n..two\r\n"
	    "11\r\n\r\n...\r\nthree\r\n.\r\n\r\n0\r\nA: b\r\n\r\n"
};

START_TEST(nested_ones_hold_in_trouble)
{
	harness_prove(&nested_scenario);
}
END_TEST

static int
two_trailers(struct evbuffer *out, void *arg)
{
	bool done;

	(void)arg;
	harness_spare();
	done = lend(out, "A: b\r\n") && lend(out, "C: d\r\n");
	harness_spare_end();
	return done ? 0 : -1;
}

static void
start_dot(struct harness *h)
{
	struct evbuffer *buf;

	harness_spare();
	buf = evbuffer_new();
	harness_must(buf != NULL && lend(buf, "one"), "memory");
	push_and_close(h, evchat_producer_new_dot(
	    evchat_producer_new_evbuffer(buf)));
}

static const struct harness_scenario dot_scenario = {
	.input = "go", .start = start_dot, .until_closed = true,
	.expect = "closed:done", .output = "one\r\n.\r\n"
};

/* Its line has to get an end. */
START_TEST(dot_holds_in_trouble)
{
	harness_prove(&dot_scenario);
}
END_TEST

static void
start_trailers(struct harness *h)
{
	harness_spare();
	push_and_close(h, evchat_producer_new_chunked(text(""), two_trailers,
	    NULL));
}

static const struct harness_scenario trailers_scenario = {
	.input = "go", .start = start_trailers, .until_closed = true,
	.expect = "closed:done", .output = "0\r\nA: b\r\nC: d\r\n\r\n"
};

/* They are the first bytes, and lie in two pieces. */
START_TEST(trailers_hold_in_trouble)
{
	harness_prove(&trailers_scenario);
}
END_TEST

static void
start_deflate(struct harness *h)
{
	struct evchat_producer *outer;

	harness_spare();
	outer = evchat_producer_new_chunked(evchat_producer_new_deflate(
	    chain(text("one"), text("two")), EVCHAT_DEFLATE_GZIP, -1), NULL,
	    NULL);
	push_and_close(h, outer);
}

static const struct harness_scenario deflate_scenario = {
	.input = "go", .start = start_deflate, .until_closed = true,
	.expect = "closed:done"
};

START_TEST(compressed_ones_hold_in_trouble)
{
	if (evchat_has_deflate())
		harness_prove(&deflate_scenario);
}
END_TEST

/* The library's own framings read what was written, however it is cut. */

START_TEST(framings_read_what_producers_wrote)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i / 2]);
	struct harness *reader = harness_new_beside(h, HARNESS_SOCKET);
	struct evchat_framing *framing;
	struct evchat_producer *inner;
	struct evbuffer *sent;
	bool chunked = _i % 2 == 0;
	const char *told = "frame:one\\r\\n.\\r\\n..two\\r\\n0\\r\\n\\r\\n";

	harness_start(reader, &harness_frames, 0);
	framing = chunked ? evchat_framing_chunked(0) : evchat_framing_dot(0);
	ck_assert_int_eq(evchat_set_framing(reader->chat, framing), 0);
	evchat_framing_free(framing);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 3), 0);
	inner = chain(text("one\r\n."), text("\r\n..two\r\n0\r\n\r\n"));
	inner = chunked ? evchat_producer_new_chunked(inner, NULL, NULL) :
	    evchat_producer_new_dot(inner);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, inner), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	sent = h->received;
	harness_feed_bytes(reader, evbuffer_pullup(sent, -1),
	    evbuffer_get_length(sent));
	harness_expect(reader, told);
	harness_free(reader);
	harness_free(h);
}
END_TEST

static Suite *
wrapped_taken_suite(void)
{
	Suite *suite = suite_create("wrapped_taken");
	TCase *tc = harness_case(suite, "taken");
	tcase_add_loop_test(tc, what_is_another_ones_is_left_alone, 0, 4);
	tcase_add_loop_test(tc, chain_that_cannot_be_frees_the_others, 0, 3);
	tcase_add_loop_test(tc, what_cannot_be_made_frees_what_was_inside, 0,
	    4);
	tcase_add_test(tc, nested_ones_hold_in_trouble);
	tcase_add_test(tc, dot_holds_in_trouble);
	tcase_add_test(tc, trailers_hold_in_trouble);
	tcase_add_test(tc, compressed_ones_hold_in_trouble);
	tcase_add_loop_test(tc, framings_read_what_producers_wrote, 0,
	    2 * SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(wrapped_taken_suite());
}
