/*
 * Small frames, ten thousand in one read: those that lie in one piece are
 * delivered where they were received, and none costs an allocation; neither
 * does pushing one, but for chains, or for a tail of the queue that grows,
 * which is less often.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "kinds.h"
#include "ledger.h"

#define FRAMES 10000
#define TEXT "xyz"
#define CHAIN 900 /* bytes, at least, in one of libevent's */

static struct kind_sample sample;

/* What was received, and what the hooks were told of it. */
static struct {
	char *bytes;
	size_t len;
	uint64_t frames;
	uint64_t delivered;  /* bytes */
	uint64_t elsewhere;  /* calls whose bytes are not among those */
	uint64_t wrong;      /* frames that are not the sample's payload */
} seen;

static void
look(const char *data, size_t len)
{
	seen.delivered += len;
	if (data < seen.bytes || data + len > seen.bytes + seen.len)
		seen.elsewhere++;
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)arg;
	look(data, len);
}

static void
on_found(struct evchat *chat, void *arg)
{
	(void)chat;
	(void)arg;
	seen.frames++;
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)arg;
	look(data, len);
	seen.frames++;
	seen.wrong += len != sample.payload_len ||
	    memcmp(data, sample.wire + sample.at, len) != 0;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct harness *h = arg;

	(void)chat;
	h->closed++;
	h->why = why;
	h->chat = NULL;
}

static const struct evchat_hooks in_pieces = {
	.collect = on_collect, .found = on_found, .closed = on_closed
};
static const struct evchat_hooks whole_frames = {
	.collect = on_collect, .frame = on_frame, .closed = on_closed
};

/* A channel with one kind's framing, over a pair. */
static struct harness *
start(const struct kind *kind, bool whole)
{
	struct harness *h;
	struct evchat_framing *framing;

	ledger_open();
	kind_sample(kind, TEXT, &sample);
	framing = kind_new(kind, strlen(TEXT));
	h = harness_new(HARNESS_PAIR);
	harness_start(h, whole ? &whole_frames : &in_pieces, 0);
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, INT_MAX, 4096), 0);
	evchat_framing_free(framing);
	harness_turn(h);
	return h;
}

static void
end(struct harness *h)
{
	harness_free(h);
	ledger_end();
}

/* All frames in one read of one chain. @return the allocations of that */
static uint64_t
receive(struct harness *h)
{
	uint64_t calls;

	ck_assert_int_eq(evbuffer_add_reference(
	    bufferevent_get_output(h->peer_bev), seen.bytes, seen.len, NULL,
	    NULL), 0);
	seen.frames = seen.delivered = seen.elsewhere = seen.wrong = 0;
	calls = ledger_calls();
	harness_turn(h);
	ck_assert_ptr_nonnull(h->chat);
	ck_assert_uint_eq(seen.frames, FRAMES);
	ck_assert_uint_eq(seen.delivered, FRAMES * sample.payload_len);
	ck_assert_uint_eq(seen.wrong, 0);
	return ledger_calls() - calls;
}

static void
prove_received(const struct kind *kind, bool whole)
{
	struct harness *h = start(kind, whole);
	struct kind_pattern pattern = {
		kind->name, false, (const char *)sample.wire, sample.len, NULL
	};
	bool aside = whole && kind->transforms;

	seen.len = FRAMES * sample.len;
	seen.bytes = kind_stream(&pattern, &seen.len);
	/* Once, for the input, the buffer of chains, and for that in which frames are put
	 * together. */
	ck_assert_uint_eq(receive(h), aside ? 3 : 2);
	ck_assert_uint_eq(receive(h), 0);
	ck_assert_uint_eq(seen.elsewhere, aside ? FRAMES : 0);
	end(h);
	free(seen.bytes);
}

START_TEST(whole_frames_are_delivered_in_place)
{
	prove_received(&kinds[_i], true);
}
END_TEST

START_TEST(pieces_are_delivered_in_place)
{
	prove_received(&kinds[_i], false);
}
END_TEST

/* Pushing */

/* @return the allocations */
static uint64_t
push_frames(struct harness *h, int pieces)
{
	unsigned char *payload = sample.wire + sample.at;
	struct evbuffer_iovec vec[2] = {
		{ payload, sample.payload_len }, { NULL, 0 }
	};
	uint64_t calls = ledger_calls();
	int i;

	if (pieces == 2) {
		vec[0].iov_len = 1;
		vec[1].iov_base = payload + 1;
		vec[1].iov_len = sample.payload_len - 1;
	}
	for (i = 0; i < FRAMES; i++)
		harness_must((pieces == 1 ? evchat_push_frame(h->chat, payload,
		    sample.payload_len) : evchat_push_framev(h->chat, vec,
		    pieces)) == 0, "evchat_push_frame");
	return ledger_calls() - calls;
}

START_TEST(pushed_frames_take_no_more_than_chains)
{
	const struct kind *kind = &kinds[_i];
	uint64_t calls, most;
	struct harness *h;
	int pieces;

	for (pieces = 1; pieces <= 2; pieces++) {
		h = start(kind, true);
		calls = push_frames(h, pieces);
		ck_assert_uint_eq(evchat_get_output_length(h->chat),
		    FRAMES * sample.len);
		end(h);
		most = FRAMES * sample.len / CHAIN;
		/* What the application encodes is in an evbuffer first. */
		if (kind->make == KIND_CUSTOM)
			most += 2 * FRAMES;
		ck_assert_uint_le(calls, most);
	}
}
END_TEST

static Suite *
in_place_suite(void)
{
	Suite *suite = suite_create("in_place");
	TCase *tc = harness_case(suite, "in_place");

	tcase_add_loop_test(tc, whole_frames_are_delivered_in_place, 0, KINDS);
	tcase_add_loop_test(tc, pieces_are_delivered_in_place, 0, KINDS);
	tcase_add_loop_test(tc, pushed_frames_take_no_more_than_chains, 0,
	    KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(in_place_suite());
}
