/*
 * A group that several threads use at once: they broadcast, ask, walk, and
 * have members leave and join, while the loop runs and members end in it.
 * Threads must not use Check: they count what must not be.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <event2/bufferevent.h>
#include <event2/thread.h>
#include "crowd.h"
#include "harness.h"

#define MEMBERS 8
#define THREADS 3
#define ROUNDS 200
#define LINE 8    /* bytes */
#define LONG 2048 /* the same in many lines */

static struct event_base *base;
static struct evchat_group *group;
static struct evchat *chats[MEMBERS]; /* with a reference */
static struct bufferevent *peers[MEMBERS];
static char lines[LONG];
static atomic_int finished, wrong, lent, closed;

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)why;
	(void)arg;
	atomic_fetch_add(&closed, 1);
	/* It tells the others, as chats do. */
	if (evchat_group_broadcast(group, lines, LINE, NULL, NULL) < 0)
		atomic_fetch_add(&wrong, 1);
}

static const struct evchat_hooks hooks = { .closed = on_closed };

static void
give_back(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
	atomic_fetch_sub(&lent, 1);
}

static int
visit(struct evchat *chat, void *arg)
{
	(void)evchat_push(chat, lines, LINE);
	(*(int *)arg)++;
	return 0;
}

/* What a thread does, one thing after the other. */
static int
do_next(int what)
{
	struct evchat_stats stats;
	int visited = 0;

	switch (what % 6) {
	case 0:
		return evchat_group_broadcast(group, lines, LINE, NULL, NULL);
	case 1:
		return evchat_group_broadcast(group, lines, LONG, crowd_all_but, chats[0]);
	case 2:
		return evchat_group_broadcast_frame(group, lines, LINE - 1,
		    NULL, NULL);
	case 3:
		atomic_fetch_add(&lent, 1);
		return evchat_group_broadcast_reference(group, lines, LONG,
		    give_back, NULL);
	case 4:
		(void)evchat_group_foreach(group, visit, &visited);
		return visited;
	default:
		evchat_group_get_stats(group, &stats, sizeof(stats));
		return (int)evchat_group_get_count(group) +
		    (evchat_group_get_held(group) > 1);
	}
}

static void *
use_group(void *arg)
{
	int i, got, first = *(const int *)arg;

	for (i = 0; i < ROUNDS; i++) {
		got = do_next(first + i);
		if (got < 0 || got > MEMBERS + 1)
			atomic_fetch_add(&wrong, 1);
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

/* The last of them is for coming and going, and settings. */
static void *
change_group(void *arg)
{
	struct ev_token_bucket_cfg *limit = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		struct evchat *chat = chats[i % MEMBERS];

		evchat_group_remove(chat);
		(void)evchat_group_add(group, chat);
		if (evchat_get_group(chat) == group)
			evchat_pause(chat);
		if (i % 20 == 0 && evchat_group_set_rate_limit(group,
		    i % 40 == 0 ? limit : NULL) == -1)
			atomic_fetch_add(&wrong, 1);
		if (i % 20 == 10 && evchat_group_set_budget(group,
		    i % 40 == 10 ? 1 << 20 : 0, EVCHAT_BUDGET_STOP) == -1)
			atomic_fetch_add(&wrong, 1);
		if (i % 100 == 99)
			evchat_close_when_done(chat);
	}
	if (evchat_group_set_rate_limit(group, NULL) == -1)
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&finished, 1);
	return NULL;
}

/* Nothing but whole lines comes, since all that is pushed is made of them. */
static void
on_peer_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	char line[LINE];

	(void)arg;
	while (evbuffer_get_length(input) >= LINE) {
		(void)evbuffer_remove(input, line, LINE);
		if (memcmp(line, lines, LINE) != 0)
			atomic_fetch_add(&wrong, 1);
	}
}

static void
start(void)
{
	evutil_socket_t fds[2];
	size_t at;
	int i;

	for (at = 0; at < LONG; at++)
		lines[at] = at % LINE == LINE - 1 ? '\n' : 'a';
	ck_assert_ptr_nonnull(base = event_base_new());
	group = evchat_group_new(base, EVCHAT_OPT_THREADSAFE);
	ck_assert_ptr_nonnull(group);
	for (i = 0; i < MEMBERS; i++) {
		ck_assert_int_eq(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0,
		    fds), 0);
		ck_assert_int_eq(evutil_make_socket_nonblocking(fds[0]), 0);
		ck_assert_int_eq(evutil_make_socket_nonblocking(fds[1]), 0);
		peers[i] = bufferevent_socket_new(base, fds[1],
		    BEV_OPT_CLOSE_ON_FREE);
		bufferevent_setcb(peers[i], on_peer_read, NULL, NULL, NULL);
		(void)bufferevent_enable(peers[i], EV_READ);
		chats[i] = evchat_socket_new(base, fds[0], &hooks, NULL,
		    EVCHAT_OPT_THREADSAFE);
		ck_assert_ptr_nonnull(chats[i]);
		evchat_incref(chats[i]);
		ck_assert_int_eq(evchat_set_terminator(chats[i], "\n", 1), 0);
		ck_assert_int_eq(evchat_group_add(group, chats[i]), 0);
	}
}

/* Every now and then a peer goes away, until half of them have. */
static void
run(void)
{
	int turns = 0, gone = 0;

	while (atomic_load(&finished) < THREADS + 1) {
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		if (turns++ % 50 != 49 || gone >= MEMBERS / 2)
			continue;
		bufferevent_free(peers[gone]);
		peers[gone++] = NULL;
	}
}

static void
stop(void)
{
	int i;

	evchat_group_free_members(group);
	for (i = 0; i < MEMBERS; i++) {
		evchat_free(chats[i]);
		evchat_decref(chats[i]);
		if (peers[i] != NULL)
			bufferevent_free(peers[i]);
	}
	ck_assert_uint_eq(evchat_group_get_held(group), 0);
	evchat_group_free(group);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}

START_TEST(group_may_be_used_by_threads)
{
	static const int first[THREADS] = { 0, 2, 4 };
	pthread_t threads[THREADS + 1];
	struct ev_token_bucket_cfg *limit;
	long blocks;
	int i;

	ck_assert_int_eq(evthread_use_pthreads(), 0);
	/* What libevent makes once and keeps. */
	event_base_free(event_base_new());
	blocks = harness_blocks();
	limit = ev_token_bucket_cfg_new(1 << 20, 1 << 20, 1 << 20, 1 << 20,
	    NULL);
	start();
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_group,
		    (void *)(uintptr_t)&first[i]), 0);
	ck_assert_int_eq(pthread_create(&threads[i], NULL, change_group,
	    limit), 0);
	run();
	for (i = 0; i <= THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	stop();
	ev_token_bucket_cfg_free(limit);
	ck_assert_int_eq(atomic_load(&wrong), 0);
	ck_assert_int_eq(atomic_load(&closed), MEMBERS);
	ck_assert_int_eq(atomic_load(&lent), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("group_threads");
	TCase *tc = harness_case(suite, "group_threads");

	tcase_add_test(tc, group_may_be_used_by_threads);
	return harness_main(suite);
}
