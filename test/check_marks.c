/*
 * WRITABLE and DRAINED under pushes, reads, discards and changes of the marks
 * at random, from outside and from inside of hooks, against a model that only
 * sees the queue's length.
 *
 * WRITABLE is told at or below the low mark, after the high one was passed,
 * and once for that; when the loop has nothing to do any more, it is not owed.
 * DRAINED is told when all has left, once, and neither before nor when what
 * was left was discarded.
 */

#include <string.h>
#include <sys/socket.h>
#include "harness.h"
#include "sink.h"
#include "unit.h"

#define KIBI ((size_t)1 << 10)
#define STEPS 60
#define CASES 200
#define LEAST 512 /* what a producer adds to the queue */

struct model {
	struct harness *h;
	size_t low, high;

	/* What the length has been since WRITABLE was told. */
	bool above;       /* certainly above high */
	bool maybe_above; /* or was, if the channel looked at that moment */
	bool undrained;   /* pushed since DRAINED was told or all was dropped */
	uint64_t pushed;  /* bytes that have left, or are to leave */
	uint64_t got;     /* by the peer */
	int left;         /* things that a hook may still do */
	size_t writable, drained;
};

static char much[300 * KIBI];

static size_t
length(const struct model *m)
{
	return evchat_get_output_length(m->h->chat);
}

static uint64_t
bytes_out(const struct model *m)
{
	struct evchat_stats stats;

	evchat_get_stats(m->h->chat, &stats, sizeof(stats));
	return stats.bytes_out;
}

/* What is done to the channel */

static void
has_pushed(struct model *m, size_t len)
{
	m->pushed += len;
	m->undrained = true;
	if (length(m) > m->high)
		m->above = true;
}

static void
push(struct model *m)
{
	static const size_t limits[] = { 2, 200, 5 * KIBI, sizeof(much) };
	size_t len = unit_random(limits[unit_random(4)]) + 1;
	struct evbuffer *buf;

	switch (unit_random(4)) {
	case 0:
		ck_assert_int_eq(evchat_push_reference(m->h->chat, much, len,
		    NULL, NULL), 0);
		break;
	case 1:
		buf = evbuffer_new();
		ck_assert_int_eq(evbuffer_add(buf, much, len), 0);
		ck_assert_int_eq(evchat_push_with_producer(m->h->chat,
		    evchat_producer_new_evbuffer(buf)), 0);
		break;
	default:
		ck_assert_int_eq(evchat_push(m->h->chat, much, len), 0);
		break;
	}
	has_pushed(m, len);
}

static void
push_mark(struct model *m)
{
	harness_push_mark(m->h, "m");
	has_pushed(m, 0);
}

static void
set_marks(struct model *m)
{
	static const size_t highs[] = { 1, 2, 600, 4 * KIBI, 64 * KIBI,
	    SIZE_MAX };
	size_t high = highs[unit_random(6)], low = 0;

	switch (unit_random(3)) {
	case 0:
		low = high - 1;
		break;
	case 1:
		low = unit_random(high < 8 * KIBI ? high : 8 * KIBI);
		break;
	}
	ck_assert_int_eq(evchat_set_watermarks(m->h->chat, low, high), 0);
	m->low = low;
	m->high = high;
	if (length(m) > high)
		m->maybe_above = true;
}

/* What TLS has taken is sent all the same. */
static void
discard(struct model *m)
{
	struct evbuffer *output = bufferevent_get_output(m->h->bev);

	m->pushed = bytes_out(m);
	m->undrained = false;
	if (harness_has_tls(m->h))
		m->pushed += evbuffer_get_length(output);
	evchat_discard_buffers(m->h->chat);
	if (harness_has_tls(m->h))
		return;
	ck_assert_uint_eq(bytes_out(m), m->pushed);
	ck_assert_uint_eq(length(m), 0);
}

static void
do_anything(struct model *m)
{
	switch (unit_random(12)) {
	case 0:
		set_marks(m);
		break;
	case 1:
		/* A filter sends what it has taken all the same. */
		if (bufferevent_get_underlying(m->h->bev) == NULL)
			discard(m);
		break;
	case 2:
		push_mark(m);
		break;
	case 3:
		evchat_pause(m->h->chat);
		break;
	case 4:
		evchat_resume(m->h->chat);
		break;
	default:
		push(m);
		break;
	}
}

/* What the channel tells */

static void
check_event(struct harness *h, enum evchat_event what)
{
	struct model *m = h->user;

	if (what == EVCHAT_EVENT_WRITABLE) {
		ck_assert_uint_le(length(m), m->low);
		ck_assert(m->above || m->maybe_above);
		m->above = m->maybe_above = false;
		m->writable++;
	} else {
		ck_assert_int_eq(what, EVCHAT_EVENT_DRAINED);
		ck_assert_uint_eq(length(m), 0);
		ck_assert(m->undrained);
		ck_assert_uint_eq(bytes_out(m), m->pushed);
		m->undrained = false;
		m->drained++;
	}
	while (m->left > 0 && unit_random(3) > 0) {
		m->left--;
		do_anything(m);
	}
}

/* Nothing is owed when there is nothing to do. */
static void
check_rest(struct model *m)
{
	size_t len = length(m);

	ck_assert_msg(!m->above || len > m->low,
	    "WRITABLE is owed: %zu bytes, low %zu, high %zu", len, m->low,
	    m->high);
	ck_assert_msg(!m->undrained || len > 0, "DRAINED is owed");
	ck_assert_uint_le(bytes_out(m), m->pushed);
	/* What has passed high without a call, as a producer's bytes do. */
	if (len > m->high)
		m->maybe_above = true;
}

/* The peer */

static void
read_some(struct model *m, size_t len)
{
	static char bytes[sizeof(much)];
	ssize_t n = harness_peer_take(m->h, bytes, len);

	if (n > 0)
		m->got += (uint64_t)n;
}

static void
run_case(enum harness_carrier carrier, size_t *writable, size_t *drained)
{
	struct model m = { .low = 32 * KIBI, .high = 128 * KIBI };
	int i;

	m.h = harness_frames_on((int)carrier);
	m.h->user = &m;
	m.h->script.event = check_event;
	sink_narrow(m.h);
	harness_peer_read(m.h, false);
	for (i = 0; i < STEPS; i++) {
		m.left = 3;
		if (unit_random(2) == 0)
			do_anything(&m);
		if (unit_random(3) == 0)
			read_some(&m, 1 + unit_random(20 * KIBI));
		if (unit_random(2) == 0) {
			harness_turn(m.h);
			check_rest(&m);
		}
	}
	/* And then all of it. */
	m.left = 0;
	do {
		read_some(&m, sizeof(much));
		harness_turn(m.h);
	} while (m.undrained || m.got < m.pushed);
	check_rest(&m);
	ck_assert_uint_eq(m.got, m.pushed);
	*writable += m.writable;
	*drained += m.drained;
	harness_free(m.h);
}

START_TEST(events_of_output_are_told_exactly_when_they_are_promised)
{
	size_t i, n = unit_cases(CASES) / SINK_KINDS + 1;
	size_t writable = 0, drained = 0;

	for (i = 0; i < n; i++)
		run_case(sink_kinds[_i], &writable, &drained);
	ck_assert_uint_ge(writable, n);
	ck_assert_uint_ge(drained, n);
}
END_TEST

/* The smallest marks and the largest */

static void
count_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	h->count++;
}

START_TEST(marks_of_zero_and_one)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	h->output_events = true;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 0, 1), 0);
	ck_assert_int_eq(evchat_push(h->chat, much, 1), 0);
	harness_run_until_noted(h, "drained");
	harness_expect(h, "event:drained");
	ck_assert_int_eq(evchat_push(h->chat, much, 2), 0);
	harness_run_until_noted(h, "writable");
	harness_turn(h);
	harness_end(h, "event:drained|event:writable|event:drained");
}
END_TEST

START_TEST(marks_that_are_never_reached)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	h->script.event = count_event;
	h->output_events = true;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, SIZE_MAX - 1,
	    SIZE_MAX), 0);
	ck_assert_int_eq(evchat_push(h->chat, much, sizeof(much)), 0);
	harness_run_until_received(h, sizeof(much));
	harness_turn(h);
	ck_assert_int_eq(h->count, 1);
	harness_end(h, "event:drained");
}
END_TEST

static Suite *
marks_suite(void)
{
	Suite *suite = suite_create("marks");
	TCase *tc = harness_case(suite, "marks");

	tcase_add_loop_test(tc,
	    events_of_output_are_told_exactly_when_they_are_promised, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, marks_of_zero_and_one, 0, SINK_EXACT);
	tcase_add_loop_test(tc, marks_that_are_never_reached, 0, SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(marks_suite());
}
