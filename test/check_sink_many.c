/*
 * Who may be whose sink: many have the same, each has one at most and may
 * change it, two are each other's, and what cannot be is refused.
 */

#include <errno.h>
#include <string.h>
#include "relay.h"
#include "sink.h"

#define SOURCES 10
#define ROUND 40           /* frames of each source */
#define FRAME 1000         /* bytes, its end included */
#define LEN ((size_t)ROUND * FRAME)
#define LOW 2000
#define HIGH 8000

static void
expect_refused(struct evchat *from, struct evchat *to, int error)
{
	errno = 0;
	ck_assert_int_eq(evchat_set_sink(from, to), -1);
	ck_assert_int_eq(errno, error);
}

/* What is refused */

START_TEST(no_channel_is_its_own_sink)
{
	struct harness *h = harness_frames_on(_i);

	expect_refused(h->chat, h->chat, EINVAL);
	harness_end(h, "");
}
END_TEST

START_TEST(no_sink_is_in_another_loop)
{
	struct harness *h = harness_frames_on(_i), *other =
	    harness_frames_on(HARNESS_SOCKET);

	expect_refused(h->chat, other->chat, EINVAL);
	expect_refused(other->chat, h->chat, EINVAL);
	harness_end(other, "");
	harness_end(h, "");
}
END_TEST

START_TEST(who_has_ended_is_neither)
{
	struct relay relay;
	struct evchat *from, *to;

	relay_start(&relay, _i);
	evchat_incref(from = relay.from->chat);
	evchat_incref(to = relay.to->chat);
	harness_push_stuck(relay.from, "a");
	evchat_close_when_done(from);
	expect_refused(from, to, EPIPE);
	expect_refused(from, NULL, EPIPE);
	expect_refused(to, from, EPIPE);
	evchat_free(from);
	evchat_free(to);
	expect_refused(from, to, EPIPE);
	expect_refused(from, NULL, EPIPE);
	evchat_decref(from);
	evchat_decref(to);
	relay_end(&relay, "done:a:discarded:0|closed:freed", "closed:freed");
}
END_TEST

/* What was said before stays. */
START_TEST(refusal_changes_nothing)
{
	struct relay relay;

	relay_start(&relay, _i);
	relay_stop(&relay);
	expect_refused(relay.from->chat, relay.from->chat, EINVAL);
	ck_assert_int_eq(evchat_set_sink(relay.from->chat, relay.to->chat), 0);
	harness_feed(relay.from, "aaaaXbbbbXccccXddddX");
	harness_expect(relay.from, "frame:aaaa|frame:bbbb|frame:cccc");
	relay_let_go(&relay);
	harness_run_until_noted(relay.from, "dddd");
	harness_free(relay.to);
	harness_free(relay.from);
}
END_TEST

/* One after the other */

START_TEST(only_the_last_sink_counts)
{
	struct relay relay;
	struct harness *other;

	relay_start(&relay, _i);
	other = harness_new_beside(relay.from, (enum harness_carrier)_i);
	harness_start(other, &harness_frames, 0);
	harness_shake_hands(other);
	relay_stop(&relay);
	harness_feed(relay.from, "aaaaXbbbbXccccXddddXeeeeX");
	ck_assert_int_eq(evchat_set_sink(relay.from->chat, other->chat), 0);
	harness_run_until_noted(relay.from, "eeee");
	relay_let_go(&relay);
	ck_assert_int_eq(evchat_set_watermarks(other->chat, 1, 2), 0);
	harness_push_stuck(other, "stuck");
	harness_feed(relay.from, "ffffX");
	ck_assert_ptr_null(strstr(harness_transcript(relay.from), "ffff"));
	harness_free(other);
	harness_run_until_noted(relay.from, "ffff");
	harness_free(relay.to);
	harness_free(relay.from);
}
END_TEST

/* Each the other's, and echoing: neither waits for good. */
START_TEST(two_may_be_each_others)
{
	struct relay relay;
	char text[301];

	relay_start(&relay, _i);
	ck_assert_int_eq(evchat_set_sink(relay.to->chat, relay.from->chat), 0);
	ck_assert_int_eq(evchat_set_watermarks(relay.from->chat, 1, 2), 0);
	ck_assert_int_eq(evchat_set_watermarks(relay.to->chat, 1, 2), 0);
	memset(text, 'X', 300);
	text[300] = '\0';
	harness_send(relay.from, text, 300);
	harness_send(relay.to, text, 300);
	harness_run_until_received(relay.to, 300);
	harness_free(relay.to);
	harness_free(relay.from);
}
END_TEST

/* Many into one */

struct crowd {
	struct harness *sources[SOURCES];
	struct harness *to;
	struct sink sink;
	size_t pushed[SOURCES]; /* frames */
	size_t longest;         /* the queue was */
	size_t widest;          /* so many frames one was ahead of another */
};

/* Of those who have not done yet. */
static void
compare(struct crowd *crowd)
{
	size_t least = ROUND, most = 0;
	int i;

	for (i = 0; i < SOURCES; i++) {
		least = crowd->pushed[i] < least ? crowd->pushed[i] : least;
		most = crowd->pushed[i] > most ? crowd->pushed[i] : most;
	}
	if (most - least > crowd->widest)
		crowd->widest = most - least;
}

static void
push_on(struct harness *h, const void *data, size_t len)
{
	struct crowd *crowd = h->user;
	size_t length;

	ck_assert_int_eq(evchat_push(crowd->to->chat, data, len), 0);
	ck_assert_int_eq(evchat_push(crowd->to->chat, "X", 1), 0);
	crowd->pushed[h->count]++;
	length = evchat_get_output_length(crowd->to->chat);
	if (length > crowd->longest)
		crowd->longest = length;
	compare(crowd);
}

static void
crowd_start(struct crowd *crowd, enum harness_carrier carrier)
{
	int i;

	memset(crowd, 0, sizeof(*crowd));
	for (i = 0; i < SOURCES; i++) {
		crowd->sources[i] = i == 0 ? harness_new(carrier) :
		    harness_new_beside(crowd->sources[0], carrier);
		harness_start(crowd->sources[i], &harness_frames, 0);
		crowd->sources[i]->user = crowd;
		crowd->sources[i]->count = i;
		crowd->sources[i]->script.frame = push_on;
		harness_until_x(crowd->sources[i]);
	}
	crowd->to = harness_new_beside(crowd->sources[0], carrier);
	harness_start(crowd->to, &harness_frames, 0);
	harness_shake_hands(crowd->to);
	ck_assert_int_eq(evchat_set_watermarks(crowd->to->chat, LOW, HIGH), 0);
	for (i = 0; i < SOURCES; i++)
		ck_assert_int_eq(evchat_set_sink(crowd->sources[i]->chat,
		    crowd->to->chat), 0);
	sink_narrow(crowd->to);
	sink_start(&crowd->sink, crowd->to, FRAME, false);
}

static void
crowd_end(struct crowd *crowd)
{
	int i;

	sink_stop(&crowd->sink);
	harness_free(crowd->to);
	for (i = SOURCES - 1; i >= 0; i--)
		harness_free(crowd->sources[i]);
}

START_TEST(none_of_many_is_forgotten)
{
	static char frames[LEN];
	struct crowd crowd;
	size_t i;

	for (i = 0; i < LEN; i++)
		frames[i] = i % FRAME == FRAME - 1 ? 'X' : 'a';
	crowd_start(&crowd, sink_kinds[_i]);
	for (i = 0; i < SOURCES; i++)
		harness_send(crowd.sources[i], frames, LEN);
	sink_run_until(&crowd.sink, SOURCES * LEN);
	ck_assert_uint_eq(crowd.sink.got, SOURCES * LEN);
	/* The last of them passes the mark, and stops them all. */
	ck_assert_uint_le(crowd.longest, HIGH + FRAME);
	/* One fills the queue as often as another, but for what is on its way. */
	ck_assert_uint_le(crowd.widest, 3 * (HIGH / FRAME + 1));
	crowd_end(&crowd);
}
END_TEST

static Suite *
sink_many_suite(void)
{
	Suite *suite = suite_create("sink_many");
	TCase *tc = harness_case(suite, "refused");

	tcase_add_loop_test(tc, no_channel_is_its_own_sink, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, no_sink_is_in_another_loop, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, who_has_ended_is_neither, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, refusal_changes_nothing, 0, HARNESS_WAITING);

	tc = harness_case(suite, "who");
	tcase_add_loop_test(tc, only_the_last_sink_counts, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, two_may_be_each_others, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, none_of_many_is_forgotten, 0, SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(sink_many_suite());
}
