/*
 * What an idle channel takes beyond its bufferevent: at most 512 bytes, with
 * what malloc adds to each block, whatever it has done before. Its framing is
 * shared with others.
 */

#define _GNU_SOURCE 1 /* SOCK_NONBLOCK */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include "harness.h"
#include "kinds.h"
#include "ledger.h"

#ifdef EVCHAT_NO_DIRECT_IO
#define MOST (512 + 496 + 160) /* the input, and an evbuffer for its chains */
#else
#define MOST 512
#endif
#define LARGE ((size_t)1 << 20)
#define N(array) (sizeof(array) / sizeof((array)[0]))

struct idle {
	struct event_base *base;
	struct evchat *chat;
	int fds[2];     /* the channel's, and the peer's */
	size_t before;  /* bytes that were taken without the channel */
	size_t plain;   /* and that a bufferevent takes by itself */
	int frames, events, done;
	uint64_t returned; /* bytes that the peer has got */
};

static char much[LARGE];

static void
turn(struct idle *idle)
{
	static char bytes[LARGE];
	ssize_t n;
	int i;

	for (i = 0; i < 6; i++) {
		event_base_loop(idle->base, EVLOOP_NONBLOCK);
		while ((n = recv(idle->fds[1], bytes, sizeof(bytes),
		    MSG_DONTWAIT)) > 0)
			idle->returned += (uint64_t)n;
	}
}

static void
feed(struct idle *idle, const void *bytes, size_t len)
{
	const char *from = bytes;
	ssize_t n;

	while (len > 0) {
		n = send(idle->fds[1], from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			from += n;
			len -= (size_t)n;
		}
		turn(idle);
	}
}

/* The hooks */

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)data;
	(void)len;
	(void)arg;
}

static void
on_found(struct evchat *chat, void *arg)
{
	(void)chat;
	((struct idle *)arg)->frames++;
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	on_found(chat, arg);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)chat;
	if (what == EVCHAT_EVENT_WRITABLE || what == EVCHAT_EVENT_DRAINED)
		((struct idle *)arg)->events++;
}

static const struct evchat_hooks whole = {
	.frame = on_frame, .event = on_event
};
static const struct evchat_hooks pieces = {
	.collect = on_collect, .found = on_found, .event = on_event
};

/* What is done before it is idle */

static void
do_nothing(struct idle *idle)
{
	(void)idle;
}

static void
do_lines(struct idle *idle)
{
	feed(idle, "one\ntwo\r\nth", 11);
	feed(idle, "ree\nfour\n", 9);
	ck_assert_int_eq(idle->frames, 4);
}

static void
do_large_frame(struct idle *idle)
{
	ck_assert_int_eq(evchat_set_max_frame(idle->chat, 2 * LARGE,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	memset(much, 'a', LARGE);
	much[LARGE - 1] = '\n';
	feed(idle, much, LARGE);
	ck_assert_int_eq(idle->frames, 1);
}

static void
do_large_push(struct idle *idle)
{
	ck_assert_int_eq(evchat_push(idle->chat, much, LARGE), 0);
	while (idle->returned < LARGE)
		turn(idle);
	turn(idle);
	/* WRITABLE and DRAINED */
	ck_assert_int_eq(idle->events, 2);
}

static void
do_small_pushes(struct idle *idle)
{
	int i;

	for (i = 0; i < 100; i++)
		ck_assert_int_eq(evchat_push(idle->chat, "small", 5), 0);
	turn(idle);
	ck_assert_uint_eq(idle->returned, 500);
}

static void
do_pause(struct idle *idle)
{
	evchat_pause(idle->chat);
	feed(idle, "line\nline\n", 10);
	ck_assert_int_eq(idle->frames, 0);
	evchat_resume(idle->chat);
	turn(idle);
	ck_assert_int_eq(idle->frames, 2);
}

/* More than is delivered in one turn. */
static void
do_yield(struct idle *idle)
{
	memset(much, '\n', LARGE);
	feed(idle, much, LARGE / 2);
	turn(idle);
	ck_assert_int_eq(idle->frames, (int)LARGE / 2);
}

static void
on_done(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	(void)how;
	((struct idle *)arg)->done++;
}

static void
do_producers(struct idle *idle)
{
	struct evbuffer *buffer = evbuffer_new();

	ck_assert_ptr_nonnull(buffer);
	ck_assert_int_eq(evbuffer_add(buffer, much, LARGE), 0);
	ck_assert_int_eq(evchat_push_with_producer(idle->chat,
	    evchat_producer_new_evbuffer(buffer)), 0);
	ck_assert_int_eq(evchat_push_callback(idle->chat, on_done, idle), 0);
	while (idle->returned < LARGE)
		turn(idle);
	turn(idle);
	ck_assert_int_eq(idle->done, 1);
}

static void
do_unread(struct idle *idle)
{
	ck_assert_int_eq(evchat_unread(idle->chat, "again\n", 6), 0);
	turn(idle);
	ck_assert_int_eq(idle->frames, 1);
}

static void
do_discard(struct idle *idle)
{
	feed(idle, "part", 4);
	ck_assert_int_eq(evchat_push(idle->chat, "part", 4), 0);
	evchat_discard_buffers(idle->chat);
	turn(idle);
}

static void
do_count(struct idle *idle)
{
	ck_assert_int_eq(evchat_set_terminator_count(idle->chat, 100), 0);
	turn(idle);
	ck_assert_uint_eq(evchat_get_terminator_remaining(idle->chat), 100);
}

static void
do_no_frames(struct idle *idle)
{
	evchat_set_terminator_none(idle->chat);
	feed(idle, "bytes", 5);
}

static void (*const deeds[])(struct idle *) = {
	do_nothing, do_lines, do_large_frame, do_large_push, do_small_pushes,
	do_pause, do_yield, do_producers, do_unread, do_discard, do_count,
	do_no_frames
};

/* The channel */

static void
make_pair(struct idle *idle)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    idle->fds), 0);
}

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

/* libevent's own tables, of descriptors and timers, have grown by then. */
static void
measure_bufferevent(struct idle *idle)
{
	struct bufferevent *bev;
	bool timed = false;
	int i;

	ck_assert_int_eq(event_base_once(idle->base, -1, EV_TIMEOUT, on_time,
	    &timed, &(struct timeval){ 0, 1 }), 0);
	while (!timed)
		event_base_loop(idle->base, EVLOOP_ONCE);
	for (i = 0; i < 2; i++) {
		make_pair(idle);
		idle->before = ledger_taken();
		bev = bufferevent_socket_new(idle->base, idle->fds[0],
		    BEV_OPT_CLOSE_ON_FREE);
		ck_assert_ptr_nonnull(bev);
		ck_assert_int_eq(bufferevent_enable(bev, EV_READ | EV_WRITE), 0);
		turn(idle);
		idle->plain = ledger_taken() - idle->before;
		bufferevent_free(bev);
		turn(idle);
		close(idle->fds[1]);
	}
	idle->before = ledger_taken();
}

static void
start(struct idle *idle, const struct evchat_hooks *hooks,
    struct evchat_framing *framing)
{
	memset(idle, 0, sizeof(*idle));
	idle->base = event_base_new();
	ck_assert_ptr_nonnull(idle->base);
	measure_bufferevent(idle);
	make_pair(idle);
	idle->chat = evchat_socket_new(idle->base, idle->fds[0], hooks, idle,
	    0);
	ck_assert_ptr_nonnull(idle->chat);
	ck_assert_int_eq(evchat_set_framing(idle->chat, framing), 0);
	turn(idle);
}

static void
expect_little(const struct idle *idle, const char *after, int i)
{
	size_t taken = ledger_taken() - idle->before - idle->plain;

	if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
		printf("%s %d: %zu bytes\n", after, i, taken);
	ck_assert_msg(taken <= MOST, "%s %d: %zu bytes", after, i, taken);
}

static void
end(struct idle *idle)
{
	evchat_free(idle->chat);
	turn(idle);
	close(idle->fds[1]);
	event_base_free(idle->base);
}

static void
try_deed(int i, const struct evchat_hooks *hooks)
{
	struct evchat_framing *framing;
	struct idle idle;

	ledger_open();
	framing = evchat_framing_delimiter("\n", 1, 0);
	ck_assert_ptr_nonnull(framing);
	start(&idle, hooks, framing);
	deeds[i](&idle);
	turn(&idle);
	expect_little(&idle, "after deed", i);
	end(&idle);
	evchat_framing_free(framing);
	ledger_end();
}

START_TEST(idle_channel_takes_little_whatever_it_has_done)
{
	try_deed(_i, &whole);
	try_deed(_i, &pieces);
}
END_TEST

START_TEST(idle_channel_takes_little_under_any_framing)
{
	struct evchat_framing *framing;
	struct idle idle;

	if (kinds[_i].ops != NULL)
		return; /* what it keeps is the application's */
	ledger_open();
	framing = kind_new(&kinds[_i], 8);
	ck_assert_ptr_nonnull(framing);
	start(&idle, &whole, framing);
	expect_little(&idle, kinds[_i].name, _i);
	end(&idle);
	evchat_framing_free(framing);
	ledger_end();
}
END_TEST

static Suite *
idle_suite(void)
{
	Suite *suite = suite_create("idle");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_loop_test(tc,
	    idle_channel_takes_little_whatever_it_has_done, 0, (int)N(deeds));
	tcase_add_loop_test(tc, idle_channel_takes_little_under_any_framing, 0,
	    KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(idle_suite());
}
