/*
 * Input and output past the bufferevent: how many system calls it takes, that
 * rate limits are kept all the same. What a channel is told is in
 * check_direct_told.c. Built with --disable-direct-io, only what must hold
 * then, too.
 */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "nasty.h"
#include "sink.h"

#ifdef EVCHAT_NO_DIRECT_IO
#define IS_DIRECT false
#else
#define IS_DIRECT true
#endif

#define PUSHES 16
#define PUSHED 2048
#define ROUNDS 50
#define RATE 100 /* bytes an hour */

/* Plain sockets, in all ways that there are. */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_SOCKET_THREADSAFE, HARNESS_BEV, HARNESS_BEV_DEFER,
    HARNESS_BEV_THREADSAFE, HARNESS_BEV_DEFER_THREADSAFE, HARNESS_BEV_UNLOCK,
    HARNESS_TCP, HARNESS_TCP_DEFER, HARNESS_TCP_THREADSAFE };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

/* Counting */

static int watched = -1;
static long controls; /* calls of epoll_ctl() for it */

/* Stands before the C library's. */
int
epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	controls += fd == watched;
	return ((int)syscall(SYS_epoll_ctl, epoll, what, fd, event));
}

/* From now on; nothing is bent. */
static void
count_calls(struct harness *h, const struct nasty_bend *which)
{
	watched = bufferevent_getfd(h->bev);
	controls = 0;
	nasty_bend_often(which, 0, 0);
}

static const struct nasty_bend reads = { "reads", NASTY_READS, 0, SIZE_MAX,
    true };
static const struct nasty_bend writes = { "writes", NASTY_WRITES, 0, SIZE_MAX,
    true };
static const struct nasty_bend sends = { "sends", NASTY_SEND, 0, SIZE_MAX,
    true };

static bool works; /* libevent's calls come to nasty_calls.c */

static bool
can_count(void)
{
	return (IS_DIRECT && works);
}

/* Channels */

static struct harness *
start(enum harness_carrier carrier, unsigned options)
{
	struct harness *h = harness_new(carrier);

	harness_start(h, &harness_streaming, options);
	harness_turn(h);
	return (h);
}

static void
push(struct harness *h, const void *data, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, data, len), 0);
}

static char block[PUSHED * PUSHES];

static void
push_all(struct harness *h)
{
	int i;

	for (i = 0; i < PUSHES; i++)
		push(h, block + i * PUSHED, PUSHED);
}

static void
push_all_on_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push_all(h);
}

static void
expect_block(struct harness *h)
{
	harness_run_until_received(h, sizeof(block));
	ck_assert_uint_eq(evbuffer_get_length(h->received), sizeof(block));
	ck_assert_int_eq(memcmp(evbuffer_pullup(h->received, -1), block,
	    sizeof(block)), 0);
}

/* System calls */

START_TEST(sixteen_pushes_in_one_turn_leave_in_one_call)
{
	struct harness *h = start(carriers[_i / 2], 0);
	size_t i;

	if (!can_count()) {
		harness_free(h);
		return;
	}
	for (i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 / 5);
	h->script.collect = push_all_on_collect;
	count_calls(h, &writes);
	if (_i % 2 == 0)
		harness_feed(h, "go");
	else
		push_all(h);
	expect_block(h);
	ck_assert_int_eq(nasty_counted(), 1);
	ck_assert_int_eq(controls, 0);
	nasty_stop();
	harness_free(h);
}
END_TEST

static void
echo(struct harness *h, const void *data, size_t len)
{
	push(h, data, len);
}

static void
ping_pong(struct harness *h)
{
	evbuffer_drain(h->received, evbuffer_get_length(h->received));
	harness_send(h, "ping", 4);
	harness_run_until_received(h, 4);
}

START_TEST(ping_pong_takes_one_read_and_one_write_and_no_more)
{
	const struct nasty_bend *which = _i % 2 ? &reads : &writes;
	struct harness *h = start(carriers[_i / 2], 0);
	int i;

	h->script.collect = echo;
	ping_pong(h);
	count_calls(h, which);
	for (i = 0; i < ROUNDS; i++)
		ping_pong(h);
	if (can_count()) {
		ck_assert_int_eq(nasty_counted(), ROUNDS);
		ck_assert_int_eq(controls, 0);
	}
	nasty_stop();
	harness_free(h);
}
END_TEST

/* Rate limits */

struct limit {
	struct ev_token_bucket_cfg *rate;
	struct bufferevent_rate_limit_group *group; /* NULL: its own */
};

static void
set_limit(struct limit *limit, struct harness *h, bool of_group, size_t rate)
{
	const struct timeval hour = { 3600, 0 };

	limit->rate = ev_token_bucket_cfg_new(rate, rate, rate, rate, &hour);
	limit->group = of_group ? bufferevent_rate_limit_group_new(h->base,
	    limit->rate) : NULL;
	if (of_group)
		ck_assert_int_eq(bufferevent_add_to_rate_limit_group(h->bev,
		    limit->group), 0);
	else
		ck_assert_int_eq(bufferevent_set_rate_limit(h->bev,
		    limit->rate), 0);
}

static void
lift_limit(struct limit *limit, struct harness *h)
{
	if (limit->group != NULL) {
		(void)bufferevent_remove_from_rate_limit_group(h->bev);
		bufferevent_rate_limit_group_free(limit->group);
	} else {
		(void)bufferevent_set_rate_limit(h->bev, NULL);
	}
	ev_token_bucket_cfg_free(limit->rate);
}

static size_t
received(const struct harness *h)
{
	return (evbuffer_get_length(h->received));
}

/* Pushed before the limit was set, or behind it: nothing had left by then. */
START_TEST(no_byte_is_sent_past_a_limit)
{
	struct harness *h = start(carriers[_i / 4], 0);
	struct limit limit;

	push(h, "free", 4);
	harness_run_until_received(h, 4);
	if (_i % 2)
		push(h, block, 1000);
	set_limit(&limit, h, _i / 2 % 2, RATE);
	if (_i % 2 == 0)
		push(h, block, 1000);
	harness_run_until_received(h, 4 + RATE);
	harness_turn(h);
	push(h, block, 1000);
	harness_turn(h);
	ck_assert_uint_eq(received(h), 4 + RATE);
	lift_limit(&limit, h);
	harness_run_until_received(h, 2004);
	count_calls(h, &sends);
	push(h, "free", 4);
	harness_run_until_received(h, 2008);
	if (can_count()) {
		ck_assert_int_eq(nasty_counted(), 1);
		ck_assert_int_eq(controls, 0);
	}
	nasty_stop();
	harness_free(h);
}
END_TEST

static void
sum_up(struct harness *h, const void *data, size_t len)
{
	(void)data;
	h->count += (int)len;
}

static void
feed_until(struct harness *h, int sum)
{
	int turns;

	for (turns = 0; h->count < sum && turns < 1000; turns++)
		harness_turn(h);
	ck_assert_int_eq(h->count, sum);
}

START_TEST(no_byte_is_received_past_a_limit)
{
	struct harness *h = start(carriers[_i / 2], 0);
	struct limit limit;

	h->script.collect = sum_up;
	harness_feed(h, "free");
	feed_until(h, 4);
	set_limit(&limit, h, _i % 2, RATE);
	harness_send(h, block, 1000);
	feed_until(h, 4 + RATE);
	harness_turn(h);
	harness_turn(h);
	ck_assert_int_eq(h->count, 4 + RATE);
	lift_limit(&limit, h);
	feed_until(h, 1004);
	harness_feed(h, "x");
	feed_until(h, 1005);
	count_calls(h, &reads);
	harness_feed(h, "free");
	feed_until(h, 1009);
	if (can_count()) {
		ck_assert_int_eq(nasty_counted(), 1);
		ck_assert_int_eq(controls, 0);
	}
	nasty_stop();
	harness_free(h);
}
END_TEST

/* What is left of the limit of input, or of output. */
static ev_ssize_t
left_of(const struct limit *limit, struct harness *h, bool input)
{
	if (limit->group == NULL)
		return (input ? bufferevent_get_read_limit(h->bev) :
		    bufferevent_get_write_limit(h->bev));
	return (input ?
	    bufferevent_rate_limit_group_get_read_limit(limit->group) :
	    bufferevent_rate_limit_group_get_write_limit(limit->group));
}

/* Other members may take what is left of a group's. */
START_TEST(bytes_count_for_a_limit_however_large)
{
	static const size_t rates[] = { EV_RATE_LIMIT_MAX - 1,
	    INT_MAX < EV_RATE_LIMIT_MAX ? INT_MAX : INT_MAX - 1 };
	size_t rate = rates[_i / 2 % 2];
	struct harness *h = start(carriers[_i / 4], 0);
	struct limit limit;

	set_limit(&limit, h, _i % 2, rate);
	harness_turn(h);
	harness_feed(h, "fed");
	harness_run_until_noted(h, "collect:fed");
	push(h, "pushed", 6);
	harness_run_until_received(h, 6);
	ck_assert_int_eq(left_of(&limit, h, true), (ev_ssize_t)rate - 3);
	ck_assert_int_eq(left_of(&limit, h, false), (ev_ssize_t)rate - 6);
	lift_limit(&limit, h);
	harness_free(h);
}
END_TEST

/* The option */

static void
add_up(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	(void)buffer;
	*(size_t *)arg += info->n_added;
}

START_TEST(every_byte_passes_through_the_buffers_where_that_is_wanted)
{
	struct harness *h = start(carriers[_i / 2],
	    _i % 2 ? EVCHAT_OPT_BUFFEREVENT_IO : 0);
	bool through = _i % 2 || !IS_DIRECT;
	size_t in = 0, out = 0;

	(void)evbuffer_add_cb(bufferevent_get_input(h->bev), add_up, &in);
	(void)evbuffer_add_cb(bufferevent_get_output(h->bev), add_up, &out);
	push(h, "pushed", 6);
	harness_feed(h, "fed");
	harness_run_until_noted(h, "collect:fed");
	harness_expect_received(h, "pushed");
	ck_assert_uint_eq(in, through ? 3 : 0);
	ck_assert_uint_eq(out, through ? 6 : 0);
	harness_free(h);
}
END_TEST

/* In no promised order, but all of it. */
START_TEST(what_is_written_behind_the_channels_back_is_sent)
{
	struct harness *h = start(carriers[_i], 0);
	const char *got;

	push(h, "ab", 2);
	ck_assert_int_eq(bufferevent_write(h->bev, "1", 1), 0);
	push(h, "cd", 2);
	harness_turn(h);
	ck_assert_int_eq(bufferevent_write(h->bev, "2", 1), 0);
	push(h, "ef", 2);
	harness_run_until_received(h, 8);
	got = (const char *)evbuffer_pullup(h->received, -1);
	ck_assert_uint_eq(received(h), 8);
	ck_assert_ptr_nonnull(memchr(got, '1', 8));
	ck_assert_ptr_nonnull(memchr(got, '2', 8));
	harness_free(h);
}
END_TEST

/* Broadcasts */

#define MEMBERS 8

struct room {
	struct evchat *chats[MEMBERS];
	int peers[MEMBERS];
};

static void
tell_all(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct room *room = arg;
	int i;

	(void)chat;
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(evchat_push(room->chats[i], data, len), 0);
}

/* All speak; what each is told is there for its peer, in one pass of the loop. */
static void
let_all_speak(struct harness *h, struct room *room)
{
	char got[MEMBERS + 1];
	int i;

	for (i = 0; i < MEMBERS; i++)
		harness_must(write(room->peers[i], "x", 1) == 1, "peer");
	count_calls(h, &writes);
	harness_turn(h);
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(recv(room->peers[i], got, sizeof(got),
		    MSG_DONTWAIT), MEMBERS);
}

START_TEST(what_all_push_to_all_leaves_in_one_call_for_each)
{
	static const struct evchat_hooks hooks = { .collect = tell_all };
	struct harness *h = start(HARNESS_SOCKET, 0);
	struct room room;
	int i, fds[2];

	for (i = 0; i < MEMBERS; i++) {
		harness_must(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0,
		    fds) == 0, "socketpair");
		harness_must(evutil_make_socket_nonblocking(fds[0]) == 0,
		    "socketpair");
		room.peers[i] = fds[1];
		nasty_watch(fds[0], true);
		room.chats[i] = evchat_socket_new(h->base, fds[0], &hooks,
		    &room, 0);
		harness_must(room.chats[i] != NULL, "channel");
	}
	let_all_speak(h, &room);
	/* By now each is known as one that others push to. */
	let_all_speak(h, &room);
	if (can_count())
		ck_assert_int_eq(nasty_counted(), MEMBERS);
	nasty_stop();
	for (i = 0; i < MEMBERS; i++) {
		nasty_watch(bufferevent_getfd(
		    evchat_get_bufferevent(room.chats[i])), false);
		evchat_free(room.chats[i]);
		close(room.peers[i]);
	}
	harness_free(h);
}
END_TEST

/* What libevent would send by sendfile shows other bytes than the file has. */
START_TEST(part_of_a_file_is_sent_as_it_is)
{
	static char bytes[3000];
	struct harness *h = start(carriers[_i], 0);
	struct evbuffer *buffer = evbuffer_new();
	size_t len = sizeof(bytes);
	FILE *file = tmpfile();

	memset(bytes, 'A', sizeof(bytes));
	harness_must(buffer != NULL && file != NULL &&
	    fwrite(bytes, 1, len, file) == len && fflush(file) == 0, "file");
	evbuffer_set_flags(buffer, EVBUFFER_FLAG_DRAINS_TO_FD);
	harness_must(evbuffer_add_file(buffer, dup(fileno(file)), 0,
	    (ev_off_t)len) == 0, "file");
	push(h, "AA", 2);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buffer), 0);
	harness_run_until_received(h, len + 2);
	ck_assert_uint_eq(received(h), len + 2);
	ck_assert_int_eq(memcmp(evbuffer_pullup(h->received, -1), bytes, len),
	    0);
	evbuffer_free(buffer);
	(void)fclose(file);
	harness_free(h);
}
END_TEST

static size_t taken;

static void
take(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)data;
	(void)arg;
	taken += len;
}

START_TEST(messages_that_keep_their_ends_are_not_cut_off)
{
	static const struct evchat_hooks hooks = { .collect = take };
	static char message[1000];
	struct harness *h = start(HARNESS_SOCKET, 0);
	struct evchat *chat;
	int i, fds[2];

	harness_must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    fds) == 0, "socketpair");
	chat = evchat_socket_new(h->base, fds[0], &hooks, NULL, 0);
	harness_must(chat != NULL, "channel");
	taken = 0;
	for (i = 0; i < 50; i++) {
		harness_must(send(fds[1], message, 10, 0) == 10, "peer");
		harness_turn(h);
	}
	harness_must(send(fds[1], message, 1000, 0) == 1000, "peer");
	harness_turn(h);
	ck_assert_uint_eq(taken, 1500);
	evchat_free(chat);
	close(fds[1]);
	harness_free(h);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("direct");
	TCase *tc = harness_case(suite, "calls");

	tcase_add_loop_test(tc, sixteen_pushes_in_one_turn_leave_in_one_call,
	    0, 2 * CARRIERS);
	tcase_add_loop_test(tc,
	    ping_pong_takes_one_read_and_one_write_and_no_more, 0,
	    2 * CARRIERS);

	tcase_add_test(tc, what_all_push_to_all_leaves_in_one_call_for_each);

	tc = harness_case(suite, "limits");
	tcase_add_loop_test(tc, no_byte_is_sent_past_a_limit, 0, 4 * CARRIERS);
	tcase_add_loop_test(tc, no_byte_is_received_past_a_limit, 0,
	    2 * CARRIERS);
	tcase_add_loop_test(tc, bytes_count_for_a_limit_however_large, 0,
	    4 * CARRIERS);

	tc = harness_case(suite, "buffers");
	tcase_add_loop_test(tc,
	    every_byte_passes_through_the_buffers_where_that_is_wanted, 0,
	    2 * CARRIERS);
	tcase_add_loop_test(tc,
	    what_is_written_behind_the_channels_back_is_sent, 0, CARRIERS);
	tcase_add_loop_test(tc, part_of_a_file_is_sent_as_it_is, 0,
	    CARRIERS);
	tcase_add_test(tc, messages_that_keep_their_ends_are_not_cut_off);
	works = nasty_works();
	return (harness_main(suite));
}
