/*
 * Producers by themselves: making, asking, and their one call of done.
 */

#include <errno.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "unit.h"

/* One that notes what it is told. */
struct script {
	struct unit_text text;
	enum evchat_more answer;
	struct evchat_producer *producer;
	bool ends;   /* is ended inside more */
	bool resumes;
};

static enum evchat_more
more(void *self, struct evbuffer *out, size_t want)
{
	struct script *s = self;

	unit_note(&s->text, "more:%zu:%d", want, errno);
	evbuffer_add(out, "ab", 2);
	if (s->resumes)
		evchat_producer_resume(s->producer);
	if (s->ends)
		producer_end(s->producer, EVCHAT_DONE_FAILED);
	return s->answer;
}

static void
done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct script *s = self;

	unit_note(&s->text, "done:%d:%ju", how, (uintmax_t)bytes);
}

static const struct evchat_producer_ops ops = { .more = more, .done = done };

static struct evchat_producer *
begin(struct script *s)
{
	memset(s, 0, sizeof(*s));
	s->producer = evchat_producer_new(&ops, s);
	ck_assert_ptr_nonnull(s->producer);
	return s->producer;
}

/* Making one, and not pushing it */

static void
expect_refused(const struct evchat_producer_ops *refused, void *self, int error)
{
	long blocks = harness_blocks();

	errno = 0;
	ck_assert_ptr_null(evchat_producer_new(refused, self));
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(harness_blocks(), blocks);
}

START_TEST(producer_needs_both_functions)
{
	const struct evchat_producer_ops no_more = { .done = done };
	const struct evchat_producer_ops no_done = { .more = more };
	struct script s = { .answer = EVCHAT_MORE_END };

	expect_refused(NULL, &s, EINVAL);
	expect_refused(&no_more, &s, EINVAL);
	expect_refused(&no_done, &s, EINVAL);
	unit_expect(&s.text, "");
}
END_TEST

START_TEST(without_memory_there_is_none_and_done_is_not_called)
{
	struct script s = { .answer = EVCHAT_MORE_END };

	harness_fail_allocation(1);
	expect_refused(&ops, &s, ENOMEM);
	unit_expect(&s.text, "");
}
END_TEST

START_TEST(freeing_one_that_was_never_pushed_discards_it)
{
	long blocks = harness_blocks();
	struct script s;

	evchat_producer_free(begin(&s));
	unit_expect(&s.text, "done:2:0");
	ck_assert_int_eq(EVCHAT_DONE_DISCARDED, 2);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(freeing_none_is_fine)
{
	evchat_producer_free(NULL);
}
END_TEST

START_TEST(freeing_one_that_was_pushed_does_nothing)
{
	static const enum producer_state states[] = { PRODUCER_QUEUED,
	    PRODUCER_WAITING, PRODUCER_FINISHED, PRODUCER_CANCELLED };
	struct evchat_producer *producer;
	struct script s;
	size_t i;

	for (i = 0; i < 4; i++) {
		producer = begin(&s);
		producer->state = states[i];
		evchat_producer_free(producer);
		unit_expect(&s.text, "");
		producer_end(producer, EVCHAT_DONE_SENT);
		unit_expect(&s.text, "done:0:0");
	}
}
END_TEST

START_TEST(resuming_one_that_was_not_pushed_is_remembered)
{
	struct script s;
	struct evchat_producer *producer = begin(&s);

	ck_assert(!producer->resumed);
	evchat_producer_resume(producer);
	ck_assert(producer->resumed);
	evchat_producer_free(producer);
	unit_expect(&s.text, "done:2:0");
}
END_TEST

/* Asking */

START_TEST(answer_and_bytes_are_handed_on)
{
	static const enum evchat_more answers[] = { EVCHAT_MORE_DATA,
	    EVCHAT_MORE_LATER, EVCHAT_MORE_END, EVCHAT_MORE_ERROR };
	struct evbuffer *out = evbuffer_new();
	bool gone = true;
	struct script s;

	begin(&s);
	s.answer = answers[_i];
	errno = EPIPE;
	ck_assert_int_eq(producer_ask(s.producer, out, 123, &gone), s.answer);
	ck_assert(!gone);
	ck_assert_uint_eq(evbuffer_get_length(out), 2);
	producer_end(s.producer, EVCHAT_DONE_SENT);
	/* The errno it finds is none. */
	unit_expect(&s.text, "more:123:0|done:0:0");
	evbuffer_free(out);
}
END_TEST

START_TEST(resume_is_used_up_by_one_that_waits)
{
	struct evbuffer *out = evbuffer_new();
	struct script s;
	bool gone;

	begin(&s);
	evchat_producer_resume(s.producer);
	producer_ask(s.producer, out, 1, &gone);
	ck_assert(s.producer->resumed);
	s.producer->state = PRODUCER_WAITING;
	producer_ask(s.producer, out, 1, &gone);
	ck_assert(!s.producer->resumed);
	ck_assert_int_eq(s.producer->state, PRODUCER_QUEUED);
	producer_end(s.producer, EVCHAT_DONE_SENT);
	unit_text_free(&s.text);
	evbuffer_free(out);
}
END_TEST

START_TEST(resume_inside_more_is_not_used_up)
{
	struct evbuffer *out = evbuffer_new();
	struct script s;
	bool gone;

	begin(&s);
	s.producer->state = PRODUCER_WAITING;
	s.resumes = true;
	producer_ask(s.producer, out, 1, &gone);
	ck_assert(s.producer->resumed);
	producer_end(s.producer, EVCHAT_DONE_SENT);
	unit_text_free(&s.text);
	evbuffer_free(out);
}
END_TEST

START_TEST(one_that_is_ended_while_asked_lives_until_more_returns)
{
	long blocks = harness_blocks();
	struct evbuffer *out = evbuffer_new();
	bool gone = false;
	struct script s;

	begin(&s);
	s.ends = true;
	producer_ask(s.producer, out, 1, &gone);
	ck_assert(gone);
	unit_expect(&s.text, "more:1:0|done:1:0");
	evbuffer_free(out);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(done_is_told_how_many_bytes_were_given)
{
	struct script s;

	begin(&s);
	s.producer->given = (uint64_t)5 << 32;
	producer_end(s.producer, EVCHAT_DONE_FAILED);
	unit_expect(&s.text, "done:1:21474836480");
}
END_TEST

/* Is it gone when done is entered? */
static void
free_again(void *self, enum evchat_done how, uint64_t bytes)
{
	struct script *s = self;

	done(self, how, bytes);
	evchat_producer_free(s->producer);
}

START_TEST(freeing_it_again_inside_done_does_nothing)
{
	const struct evchat_producer_ops again = { more, free_again };
	struct script s = { .answer = EVCHAT_MORE_END };

	s.producer = evchat_producer_new(&again, &s);
	evchat_producer_free(s.producer);
	unit_expect(&s.text, "done:2:0");
}
END_TEST

/* Weight */

START_TEST(producer_weighs_what_it_holds_and_never_nothing)
{
	struct evchat_producer producer = { .state = PRODUCER_QUEUED };

	ck_assert_uint_eq(producer_weight(&producer), 512);
	producer.held = 512;
	ck_assert_uint_eq(producer_weight(&producer), 512);
	producer.held = 513;
	ck_assert_uint_eq(producer_weight(&producer), 513);
	producer.held = 10000;
	producer.given = 4000;
	ck_assert_uint_eq(producer_weight(&producer), 6000);
	producer.given = 9999;
	ck_assert_uint_eq(producer_weight(&producer), 512);
	producer.given = 20000;
	ck_assert_uint_eq(producer_weight(&producer), 512);
}
END_TEST

/* Until it is told, it is in memory; and what it gave is counted by then. */
START_TEST(producer_that_finished_weighs_what_it_did_not_give)
{
	struct evchat_producer producer = { .state = PRODUCER_FINISHED,
	    .held = 10000 };

	ck_assert_uint_eq(producer_weight(&producer), 512);
	producer.given = 12;
	ck_assert_uint_eq(producer_weight(&producer), 500);
	producer.given = 512;
	ck_assert_uint_eq(producer_weight(&producer), 0);
	producer.given = 10000;
	ck_assert_uint_eq(producer_weight(&producer), 0);
}
END_TEST

START_TEST(producer_that_was_cancelled_or_is_counted_elsewhere_weighs_nothing)
{
	struct evchat_producer producer = { .state = PRODUCER_FINISHED,
	    .held = 10000 };

	producer.state = PRODUCER_CANCELLED;
	ck_assert_uint_eq(producer_weight(&producer), 0);
	producer.state = PRODUCER_QUEUED;
	producer.weightless = true;
	ck_assert_uint_eq(producer_weight(&producer), 0);
}
END_TEST

static Suite *
producer_suite(void)
{
	Suite *suite = suite_create("producer");
	TCase *tc = harness_case(suite, "new");

	tcase_add_test(tc, producer_needs_both_functions);
	tcase_add_test(tc,
	    without_memory_there_is_none_and_done_is_not_called);
	tcase_add_test(tc, freeing_one_that_was_never_pushed_discards_it);
	tcase_add_test(tc, freeing_none_is_fine);
	tcase_add_test(tc, freeing_one_that_was_pushed_does_nothing);
	tcase_add_test(tc, resuming_one_that_was_not_pushed_is_remembered);

	tc = harness_case(suite, "ask");
	tcase_add_loop_test(tc, answer_and_bytes_are_handed_on, 0, 4);
	tcase_add_test(tc, resume_is_used_up_by_one_that_waits);
	tcase_add_test(tc, resume_inside_more_is_not_used_up);
	tcase_add_test(tc,
	    one_that_is_ended_while_asked_lives_until_more_returns);
	tcase_add_test(tc, done_is_told_how_many_bytes_were_given);
	tcase_add_test(tc, freeing_it_again_inside_done_does_nothing);

	tc = harness_case(suite, "weight");
	tcase_add_test(tc, producer_weighs_what_it_holds_and_never_nothing);
	tcase_add_test(tc,
	    producer_that_finished_weighs_what_it_did_not_give);
	tcase_add_test(tc,
	    producer_that_was_cancelled_or_is_counted_elsewhere_weighs_nothing);
	return suite;
}

int
main(void)
{
	return harness_main(producer_suite());
}
