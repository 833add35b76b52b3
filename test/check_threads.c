/*
 * Thread-safe channels: other threads, each with a reference of its own, push,
 * pause, resume, close and free while the loop echoes lines. The threads count,
 * and the test judges when they have been joined.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "sink.h"

#define THREADS_MAX 4
#define LINE 8     /* a letter, six digits and LF */
#define ROUNDS 400 /* of what each thread does */
#define ECHOES 100 /* lines that the peer sends in all */

/*
 * No filters: those of libevent 2.1 have a lock of their own beside that of the
 * bufferevent beneath, and take the two in either order.
 */
static const enum harness_carrier carriers[] = {
	HARNESS_SOCKET_THREADSAFE, HARNESS_BEV_THREADSAFE,
	HARNESS_BEV_DEFER_THREADSAFE, HARNESS_BEV_UNLOCK,
	HARNESS_TCP_THREADSAFE, HARNESS_PAIR_THREADSAFE
};

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

struct stage {
	struct harness *h;
	struct evchat *chat;
	struct bufferevent *bev;
	struct event *wake;         /* made active by each thread at its end */
	int sent;                   /* lines of the peer */
	size_t expected;            /* bytes that the peer is to get */

	/* Of all threads. */
	atomic_int finished;
	atomic_int closed;
	atomic_int why;
	atomic_int lent;            /* references whose cleanup is to come */
	atomic_int pushed;          /* lines of which it was said so */
	atomic_int paused;
	atomic_int wrong;
};

struct player {
	struct stage *stage;
	struct evchat *chat;
	pthread_t thread;
	void (*play)(struct player *player);
	char letter;
	int pushed;                 /* lines */
};

/* Hooks; they may run in any thread */

static void
on_line(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct stage *stage = ((struct harness *)arg)->user;

	if (atomic_load(&stage->paused) != 0)
		atomic_fetch_add(&stage->wrong, 1);
	if (evchat_push_frame(chat, data, len) == 0)
		atomic_fetch_add(&stage->pushed, 1);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct stage *stage = ((struct harness *)arg)->user;

	(void)chat;
	atomic_fetch_add(&stage->closed, 1);
	atomic_store(&stage->why, (int)why);
}

static const struct evchat_hooks hooks = { .frame = on_line,
    .closed = on_closed };

/* The loop's thread */

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
stage_start(struct stage *stage, int carrier)
{
	struct harness *h = harness_new(carriers[carrier]);

	memset(stage, 0, sizeof(*stage));
	stage->h = h;
	h->user = stage;
	h->rude = true;
	harness_start(h, &hooks, 0);
	stage->chat = h->chat;
	stage->bev = h->bev;
	evchat_incref(stage->chat);
	ck_assert_int_eq(evchat_set_terminator(h->chat, "\n", 1), 0);
	stage->wake = event_new(h->base, -1, EV_PERSIST, on_wake, NULL);
	ck_assert_ptr_nonnull(stage->wake);
}

static void *
run(void *arg)
{
	struct player *player = arg;
	struct stage *stage = player->stage;

	player->play(player);
	evchat_decref(player->chat);
	atomic_fetch_add(&stage->finished, 1);
	event_active(stage->wake, EV_READ, 0);
	return NULL;
}

static void
players_start(struct player *players, int n, struct stage *stage,
    void (*play)(struct player *))
{
	int i;

	for (i = 0; i < n; i++) {
		memset(&players[i], 0, sizeof(players[i]));
		players[i].stage = stage;
		players[i].chat = stage->chat;
		players[i].play = play;
		players[i].letter = (char)('A' + i);
		evchat_incref(stage->chat);
	}
}

static void
send_line(struct stage *stage)
{
	char line[LINE + 1];

	snprintf(line, sizeof(line), "e%06d\n", stage->sent++);
	harness_send_some(stage->h, line, LINE);
}

/* Run them, and the loop, until each has finished and a condition holds. */
static void
players_run(struct player *players, int n, bool (*condition)(void *arg))
{
	struct stage *stage = players[0].stage;
	int i;

	for (i = 0; i < n; i++)
		ck_assert_int_eq(pthread_create(&players[i].thread, NULL, run,
		    &players[i]), 0);
	while (stage->sent < ECHOES) {
		send_line(stage);
		harness_turn(stage->h);
	}
	sink_run(stage->h, condition, players);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(pthread_join(players[i].thread, NULL), 0);
}

/* The channel may have ended already; then it was once. */
static void
stage_end(struct stage *stage)
{
	struct harness *h = stage->h;

	evchat_free(stage->chat);
	evchat_decref(stage->chat);
	ck_assert_int_eq(atomic_load(&stage->closed), 1);
	ck_assert_int_eq(atomic_load(&stage->lent), 0);
	ck_assert_int_eq(atomic_load(&stage->wrong), 0);
	event_free(stage->wake);
	h->closed = 1;
	h->chat = NULL;
	harness_turn(h);
	harness_free(h);
}

/* What has come is whole lines, of each thread in its order. */
static void
expect_lines(struct stage *stage)
{
	size_t len = evbuffer_get_length(stage->h->received), i;
	const char *data = (const char *)evbuffer_pullup(stage->h->received,
	    -1);
	int next[256] = { 0 };

	ck_assert_uint_eq(len % LINE, 0);
	for (i = 0; i < len; i += LINE) {
		ck_assert_int_eq(data[i + LINE - 1], '\n');
		ck_assert_int_eq(atoi(data + i + 1),
		    next[(unsigned char)data[i]]++);
	}
}

/* Pushing in every way */

static void
give_back(const void *data, size_t len, void *arg)
{
	(void)len;
	atomic_fetch_sub(&((struct stage *)arg)->lent, 1);
	free((void *)(uintptr_t)data);
}

static int
push_lent(struct player *player, const char *line)
{
	char *data = malloc(LINE);

	if (data == NULL)
		return -1;
	memcpy(data, line, LINE);
	atomic_fetch_add(&player->stage->lent, 1);
	return evchat_push_reference(player->chat, data, LINE, give_back,
	    player->stage);
}

static int
push_buffer(struct player *player, const char *line)
{
	struct evbuffer *buf = evbuffer_new();
	int pushed = -1;

	if (buf == NULL)
		return -1;
	if (evbuffer_add(buf, line, LINE) == 0)
		pushed = evchat_push_buffer(player->chat, buf);
	evbuffer_free(buf);
	return pushed;
}

static int
push_producer(struct player *player, const char *line)
{
	struct evbuffer *buf = evbuffer_new();

	if (buf == NULL || evbuffer_add(buf, line, LINE) == -1)
		return -1;
	return evchat_push_with_producer(player->chat,
	    evchat_producer_new_evbuffer(buf));
}

static int
push_line(struct player *player)
{
	char line[LINE + 1];
	int pushed;

	snprintf(line, sizeof(line), "%c%06d\n", player->letter,
	    player->pushed);
	switch (player->pushed % 6) {
	case 0:
		pushed = evchat_push(player->chat, line, LINE);
		break;
	case 1:
		pushed = push_lent(player, line);
		break;
	case 2:
		pushed = push_buffer(player, line);
		break;
	case 3:
		pushed = evchat_push_frame(player->chat, line, LINE - 1);
		break;
	case 4:
		pushed = push_producer(player, line);
		break;
	default:
		pushed = evchat_push_printf(player->chat, "%s", line);
		break;
	}
	if (pushed == 0) {
		player->pushed++;
		atomic_fetch_add(&player->stage->pushed, 1);
	}
	return pushed;
}

static void
push_lines(struct player *player)
{
	int i;

	for (i = 0; i < ROUNDS; i++)
		if (push_line(player) == -1)
			atomic_fetch_add(&player->stage->wrong, 1);
}

static bool
all_arrived(void *arg)
{
	struct stage *stage = ((struct player *)arg)->stage;

	return evbuffer_get_length(stage->h->received) == stage->expected &&
	    atomic_load(&stage->finished) == THREADS_MAX;
}

START_TEST(lines_of_all_threads_arrive)
{
	struct player players[THREADS_MAX];
	struct stage stage;

	stage_start(&stage, _i);
	stage.expected = (THREADS_MAX * ROUNDS + ECHOES) * LINE;
	players_start(players, THREADS_MAX, &stage, push_lines);
	players_run(players, THREADS_MAX, all_arrived);
	expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

/* Pausing */

static void
pause_and_resume(struct player *player)
{
	struct stage *stage = player->stage;
	int i;

	for (i = 0; i < ROUNDS; i++) {
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
	struct stage *stage = ((struct player *)arg)->stage;

	return atomic_load(&stage->finished) == 1 &&
	    evbuffer_get_length(stage->h->received) ==
	    (size_t)atomic_load(&stage->pushed) * LINE &&
	    atomic_load(&stage->pushed) >= ECHOES;
}

START_TEST(pause_of_another_thread_is_exact)
{
	struct player player;
	struct stage stage;

	stage_start(&stage, _i);
	players_start(&player, 1, &stage, pause_and_resume);
	players_run(&player, 1, echoes_arrived);
	expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

/* All that a thread may ask and set */

static void
touch_all(struct player *player)
{
	struct evchat *chat = player->chat;
	const struct timeval hour = { 3600, 0 };
	struct evchat_stats stats;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		evchat_incref(chat);
		(void)push_line(player);
		evchat_pause(chat);
		(void)evchat_get_offset(chat);
		(void)evchat_get_frame_length(chat);
		(void)evchat_get_framing(chat);
		(void)evchat_get_bufferevent(chat);
		(void)evchat_get_errno(chat);
		evchat_get_stats(chat, &stats, sizeof(stats));
		(void)evchat_set_watermarks(chat, 100, 100000);
		(void)evchat_set_buffer_sizes(chat, 1000, 1000);
		(void)evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME, &hour);
		(void)evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, &hour);
		(void)evchat_set_terminator(chat, "\n", 1);
		(void)evchat_set_max_frame(chat, 1000, EVCHAT_OVERSIZE_CLOSE);
		(void)evchat_set_output_framing(chat, NULL);
		evchat_resume(chat);
		evchat_decref(chat);
	}
}

static bool
all_finished(void *arg)
{
	struct stage *stage = ((struct player *)arg)->stage;

	return atomic_load(&stage->finished) == THREADS_MAX;
}

START_TEST(threads_may_ask_and_set_everything)
{
	struct player players[THREADS_MAX];
	struct stage stage;

	stage_start(&stage, _i);
	players_start(players, THREADS_MAX, &stage, touch_all);
	players_run(players, THREADS_MAX, all_finished);
	harness_run_until_received(stage.h,
	    (size_t)atomic_load(&stage.pushed) * LINE);
	expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

static void
discard_often(struct player *player)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		(void)push_line(player);
		if (i % 10 == 0)
			evchat_discard_buffers(player->chat);
	}
}

START_TEST(threads_may_discard)
{
	struct player players[THREADS_MAX];
	struct stage stage;

	stage_start(&stage, _i);
	players_start(players, THREADS_MAX, &stage, discard_often);
	players_run(players, THREADS_MAX, all_finished);
	stage_end(&stage);
}
END_TEST

/* Ending */

static void
push_until_the_end(struct player *player)
{
	while (player->pushed < 100000 && push_line(player) == 0)
		continue;
	if (evchat_push(player->chat, "no", 2) != -1)
		atomic_fetch_add(&player->stage->wrong, 1);
}

/* The first one ends it. */
static void
push_and_free(struct player *player)
{
	int i;

	if (player->letter != 'A') {
		push_until_the_end(player);
		return;
	}
	for (i = 0; i < ROUNDS / 4; i++)
		(void)push_line(player);
	evchat_free(player->chat);
	push_until_the_end(player);
	evchat_free(player->chat);
	evchat_close_when_done(player->chat);
}

START_TEST(free_of_another_thread_is_the_end)
{
	struct player players[THREADS_MAX];
	struct stage stage;

	stage_start(&stage, _i);
	players_start(players, THREADS_MAX, &stage, push_and_free);
	players_run(players, THREADS_MAX, all_finished);
	ck_assert_int_eq(atomic_load(&stage.why), EVCHAT_REASON_FREED);
	stage_end(&stage);
}
END_TEST

static void
push_and_close(struct player *player)
{
	int i;

	if (player->letter != 'A') {
		push_until_the_end(player);
		return;
	}
	for (i = 0; i < ROUNDS / 4; i++)
		(void)push_line(player);
	evchat_close_when_done(player->chat);
	push_until_the_end(player);
}

static bool
finished_and_closed(void *arg)
{
	struct stage *stage = ((struct player *)arg)->stage;

	if (stage->h->peer_eof)
		harness_send_eof(stage->h);
	return all_finished(arg) && atomic_load(&stage->closed) != 0;
}

START_TEST(close_of_another_thread_sends_all_that_was_accepted)
{
	struct player players[THREADS_MAX];
	struct stage stage;

	stage_start(&stage, _i);
	players_start(players, THREADS_MAX, &stage, push_and_close);
	players_run(players, THREADS_MAX, finished_and_closed);
	ck_assert_int_eq(atomic_load(&stage.why), EVCHAT_REASON_DONE);
	harness_run_until_peer_eof(stage.h);
	ck_assert_uint_eq(evbuffer_get_length(stage.h->received),
	    (size_t)atomic_load(&stage.pushed) * LINE);
	expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

/* A producer that another thread feeds */

struct supply {
	struct stage *stage;
	struct evchat_producer *producer; /* NULL once done was entered */
	int there;    /* lines to be given, under the bufferevent's lock */
	int given;
};

static enum evchat_more
supply_more(void *self, struct evbuffer *out, size_t want)
{
	struct supply *supply = self;

	(void)want;
	if (supply->there == 0)
		return EVCHAT_MORE_LATER;
	supply->there--;
	evbuffer_add_printf(out, "s%06d\n", supply->given++);
	return supply->given < ROUNDS ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
supply_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct supply *supply = self;

	supply->producer = NULL;
	if (how != EVCHAT_DONE_SENT || bytes != ROUNDS * LINE)
		atomic_fetch_add(&supply->stage->wrong, 1);
}

static struct supply supply;

static void
feed_supply(struct player *player)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
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
	struct stage *stage = ((struct player *)arg)->stage;

	return atomic_load(&stage->finished) == 1 &&
	    evbuffer_get_length(stage->h->received) >=
	    (ROUNDS + ECHOES) * LINE;
}

START_TEST(producer_may_be_resumed_by_another_thread)
{
	static const struct evchat_producer_ops ops = { supply_more,
	    supply_done };
	struct player player;
	struct stage stage;

	stage_start(&stage, _i);
	memset(&supply, 0, sizeof(supply));
	supply.stage = &stage;
	supply.producer = evchat_producer_new(&ops, &supply);
	ck_assert_ptr_nonnull(supply.producer);
	ck_assert_int_eq(evchat_push_with_producer(stage.chat,
	    supply.producer), 0);
	players_start(&player, 1, &stage, feed_supply);
	players_run(&player, 1, supply_arrived);
	harness_turn(stage.h);
	ck_assert_ptr_null(supply.producer);
	expect_lines(&stage);
	stage_end(&stage);
}
END_TEST

static Suite *
threads_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *tc = harness_case(suite, "threads");

	tcase_add_loop_test(tc, lines_of_all_threads_arrive, 0, CARRIERS);
	tcase_add_loop_test(tc, pause_of_another_thread_is_exact, 0, CARRIERS);
	tcase_add_loop_test(tc, threads_may_ask_and_set_everything, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, threads_may_discard, 0, CARRIERS);
	tcase_add_loop_test(tc, free_of_another_thread_is_the_end, 0,
	    CARRIERS);
	tcase_add_loop_test(tc,
	    close_of_another_thread_sends_all_that_was_accepted, 0, CARRIERS);
	tcase_add_loop_test(tc, producer_may_be_resumed_by_another_thread, 0,
	    CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(threads_suite());
}
