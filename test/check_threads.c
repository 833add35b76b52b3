/*
 * Thread-safe channels: other threads push, pause, resume, close and free
 * while the loop echoes lines.
 */

#include <string.h>
#include "harness.h"
#include "stage.h"

static bool
has_received(struct stage *stage, int lines)
{
	return stage_received(stage) == (size_t)lines * STAGE_LINE;
}

/* Pushing */

static void
push_lines(struct player *player)
{
	int i;

	for (i = 0; i < STAGE_ROUNDS; i++)
		if (stage_push(player) == -1)
			atomic_fetch_add(&player->stage->wrong, 1);
}

static bool
all_lines_arrived(void *arg)
{
	return stage_is_over(arg) && has_received(arg,
	    STAGE_PLAYERS * STAGE_ROUNDS + STAGE_ECHOES);
}

START_TEST(lines_of_all_threads_arrive)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, STAGE_PLAYERS, push_lines, all_lines_arrived);
	stage_expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

static void
discard_often(struct player *player)
{
	int i;

	for (i = 0; i < STAGE_ROUNDS; i++) {
		(void)stage_push(player);
		if (i % 10 == 0)
			evchat_discard_buffers(player->chat);
	}
}

START_TEST(threads_may_discard)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, STAGE_PLAYERS, discard_often, stage_is_over);
	stage_end(&stage);
}
END_TEST

/* Pausing */

static void
pause_and_resume(struct player *player)
{
	struct stage *stage = player->stage;
	int i;

	for (i = 0; i < STAGE_ROUNDS; i++) {
		evchat_pause(player->chat);
		atomic_store(&stage->paused, 1);
		evchat_incref(player->chat);
		(void)evchat_get_output_length(player->chat);
		evchat_decref(player->chat);
		atomic_store(&stage->paused, 0);
		evchat_resume(player->chat);
	}
}

static bool
echoes_arrived(void *arg)
{
	return stage_is_over(arg) && has_received(arg, STAGE_ECHOES);
}

START_TEST(pause_of_another_thread_is_exact)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, 1, pause_and_resume, echoes_arrived);
	stage_expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

/* All that a thread may ask and set */

static void
ask_and_set(struct evchat *chat)
{
	const struct timeval hour = { 3600, 0 };
	struct evchat_stats stats;

	(void)evchat_get_offset(chat);
	(void)evchat_get_frame_length(chat);
	(void)evchat_get_framing(chat);
	(void)evchat_get_bufferevent(chat);
	(void)evchat_get_errno(chat);
	(void)evchat_get_arg(chat);
	evchat_get_stats(chat, &stats, sizeof(stats));
	(void)evchat_set_watermarks(chat, 100, 100000);
	(void)evchat_set_buffer_sizes(chat, 1000, 1000);
	(void)evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME, &hour);
	(void)evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, &hour);
	(void)evchat_set_timeout(chat, EVCHAT_TIMEOUT_WRITE, &hour);
	(void)evchat_set_terminator(chat, "\n", 1);
	(void)evchat_set_max_frame(chat, 1000, EVCHAT_OVERSIZE_CLOSE);
	(void)evchat_set_output_framing(chat, NULL);
}

static void
touch_all(struct player *player)
{
	int i;

	for (i = 0; i < STAGE_ROUNDS; i++) {
		evchat_incref(player->chat);
		evchat_pause(player->chat);
		if (stage_push(player) == -1)
			atomic_fetch_add(&player->stage->wrong, 1);
		ask_and_set(player->chat);
		evchat_resume(player->chat);
		evchat_decref(player->chat);
	}
}

START_TEST(threads_may_ask_and_set_everything)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, STAGE_PLAYERS, touch_all, stage_is_over);
	harness_run_until_received(stage.h,
	    STAGE_PLAYERS * STAGE_ROUNDS * STAGE_LINE);
	stage_expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

/* Ending */

static void
push_until_the_end(struct player *player)
{
	while (player->pushed < 100000 && stage_push(player) == 0)
		continue;
	if (evchat_push(player->chat, "no", 2) != -1)
		atomic_fetch_add(&player->stage->wrong, 1);
}

/* The first player ends the channel after a while. */
static void
push_and_free(struct player *player)
{
	int i;

	for (i = 0; i < STAGE_ROUNDS / 4 && player->letter == 'A'; i++)
		(void)stage_push(player);
	if (player->letter == 'A')
		evchat_free(player->chat);
	push_until_the_end(player);
	evchat_free(player->chat);
	evchat_close_when_done(player->chat);
}

START_TEST(free_of_another_thread_is_the_end)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, STAGE_PLAYERS, push_and_free, stage_is_over);
	ck_assert_int_eq(atomic_load(&stage.why), EVCHAT_REASON_FREED);
	stage_end(&stage);
}
END_TEST

/* All players free it at the same time. */
static void
just_free(struct player *player)
{
	evchat_free(player->chat);
}

START_TEST(free_of_many_threads_is_one_end)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, STAGE_PLAYERS, just_free, stage_is_over);
	ck_assert_int_eq(atomic_load(&stage.why), EVCHAT_REASON_FREED);
	stage_end(&stage);
}
END_TEST

static void
push_and_close(struct player *player)
{
	int i;

	for (i = 0; i < STAGE_ROUNDS / 4 && player->letter == 'A'; i++)
		(void)stage_push(player);
	if (player->letter == 'A')
		evchat_close_when_done(player->chat);
	push_until_the_end(player);
}

static bool
is_closed(void *arg)
{
	struct stage *stage = arg;

	if (stage->h->peer_eof)
		harness_send_eof(stage->h);
	return stage_is_over(stage) && atomic_load(&stage->closed) != 0;
}

START_TEST(close_of_another_thread_sends_all_that_was_accepted)
{
	struct stage stage;

	stage_start(&stage, _i);
	stage_play(&stage, STAGE_PLAYERS, push_and_close, is_closed);
	ck_assert_int_eq(atomic_load(&stage.why), EVCHAT_REASON_DONE);
	harness_run_until_peer_eof(stage.h);
	ck_assert(has_received(&stage, atomic_load(&stage.pushed)));
	stage_expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

/* A producer that another thread feeds */

static struct {
	struct stage *stage;
	struct evchat_producer *producer; /* NULL once done was entered */
	int there;    /* lines to be given, under the bufferevent's lock */
	int given;
} supply;

static enum evchat_more
supply_more(void *self, struct evbuffer *out, size_t want)
{
	(void)self;
	(void)want;
	if (supply.there == 0)
		return EVCHAT_MORE_LATER;
	supply.there--;
	evbuffer_add_printf(out, "s%06d\n", supply.given++);
	return supply.given < STAGE_ROUNDS ? EVCHAT_MORE_DATA :
	    EVCHAT_MORE_END;
}

static void
supply_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)self;
	supply.producer = NULL;
	if (how != EVCHAT_DONE_SENT || bytes != STAGE_ROUNDS * STAGE_LINE)
		atomic_fetch_add(&supply.stage->wrong, 1);
}

static void
feed_supply(struct player *player)
{
	int i;

	for (i = 0; i < STAGE_ROUNDS; i++) {
		bufferevent_lock(player->stage->bev);
		supply.there++;
		if (supply.producer != NULL)
			evchat_producer_resume(supply.producer);
		else
			atomic_fetch_add(&player->stage->wrong, 1);
		bufferevent_unlock(player->stage->bev);
	}
}

static bool
supply_arrived(void *arg)
{
	return stage_is_over(arg) && has_received(arg,
	    STAGE_ROUNDS + STAGE_ECHOES);
}

START_TEST(producer_may_be_resumed_by_another_thread)
{
	static const struct evchat_producer_ops ops = { supply_more,
	    supply_done };
	struct stage stage;

	stage_start(&stage, _i);
	memset(&supply, 0, sizeof(supply));
	supply.stage = &stage;
	supply.producer = evchat_producer_new(&ops, &supply);
	ck_assert_ptr_nonnull(supply.producer);
	ck_assert_int_eq(evchat_push_with_producer(stage.chat,
	    supply.producer), 0);
	stage_play(&stage, 1, feed_supply, supply_arrived);
	harness_turn(stage.h);
	ck_assert_ptr_null(supply.producer);
	stage_expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, STAGE_CARRIERS);
}

static Suite *
threads_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *tc = harness_case(suite, "threads");

	add(tc, lines_of_all_threads_arrive);
	add(tc, threads_may_discard);
	add(tc, pause_of_another_thread_is_exact);
	add(tc, threads_may_ask_and_set_everything);
	add(tc, free_of_another_thread_is_the_end);
	add(tc, free_of_many_threads_is_one_end);
	add(tc, close_of_another_thread_sends_all_that_was_accepted);
	add(tc, producer_may_be_resumed_by_another_thread);
	return suite;
}

int
main(void)
{
	return harness_main(threads_suite());
}
