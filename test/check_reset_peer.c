/*
 * evchat_reset(): the channel ends as it does when it is freed, and a peer of
 * TCP sees at once that this was no proper end, whatever there is between it
 * and the channel, and whoever still holds that. Other peers see an end.
 */

#define _DEFAULT_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "feeder.h"
#include "harness.h"

#ifdef __linux__
#define AT_ONCE true
#else
#define AT_ONCE false
#endif

static bool
is_tcp(int fd)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
	    (name.ss_family == AF_INET || name.ss_family == AF_INET6);
}

/* What the peer sees, when the loop has run. */
static void
expect_reset(struct harness *h, bool is_reset)
{
	harness_run_until_peer_eof(h);
	ck_assert_int_eq(h->peer_errno, is_reset ? ECONNRESET : 0);
}

/* Before it runs: 0 is an end, else what recv() fails with. */
static int
seen_at(int fd)
{
	char bytes[512];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n > 0);
	return n == 0 ? 0 : errno;
}

/* How it ends */

static void
push_things(struct harness *h, struct feeder *p)
{
	harness_peer_read(h, false);
	harness_push_much(h);
	harness_push_reference(h, "r", "bytes");
	feeder_push(p, h, "p", "ab~");
	harness_push_mark(h, "m");
	harness_turn(h);
}

START_TEST(reset_ends_the_channel_as_freeing_does)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	push_things(h, &p);
	evchat_reset(h->chat);
	harness_end(h, "cleanup:r|done:p:discarded:0|mark:m:discarded|"
	    "closed:freed");
}
END_TEST

static void
reset_again(struct harness *h, enum evchat_reason why)
{
	(void)why;
	evchat_reset(h->chat);
}

START_TEST(reset_of_an_ended_channel_and_of_none_does_nothing)
{
	struct harness *h = harness_streaming_on(_i);
	struct evchat *chat = h->chat;
	int peer = h->peer_fd;

	evchat_reset(NULL);
	evchat_incref(chat);
	h->script.closed = reset_again;
	evchat_free(chat);
	evchat_reset(chat);
	/* A reset is not what it ended with. */
	if (peer != -1)
		ck_assert_int_eq(seen_at(peer), 0);
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(reset_of_what_is_not_connected_ends_it)
{
	struct harness *h = harness_streaming_on(HARNESS_UNCONNECTED);

	evchat_reset(h->chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* What the peer sees */

START_TEST(peer_of_tcp_sees_a_reset_and_others_an_end)
{
	struct harness *h = harness_streaming_on(_i);
	bool tcp = is_tcp(h->peer_fd);

	harness_shake_hands(h);
	evchat_reset(h->chat);
	if (tcp && AT_ONCE)
		ck_assert_int_eq(seen_at(h->peer_fd), ECONNRESET);
	else
		expect_reset(h, tcp);
	ck_assert(!h->peer_notified);
	harness_end(h, "closed:freed");
}
END_TEST

/* Else the system would make a proper end of it. */
START_TEST(reset_comes_though_all_was_read_and_sent)
{
	struct harness *h = harness_streaming_on(_i);
	bool tcp = is_tcp(h->peer_fd);

	harness_feed(h, "in");
	ck_assert_int_eq(evchat_push(h->chat, "out", 3), 0);
	harness_expect_received(h, "out");
	harness_turn(h);
	evchat_reset(h->chat);
	expect_reset(h, tcp);
	harness_end(h, "collect:in|closed:freed");
}
END_TEST

/* What waits for the peer at this end is not sent first. */
static void
cut_off(int carrier, bool closing)
{
	struct harness *h = harness_streaming_on(carrier);
	bool tcp = is_tcp(h->peer_fd);
	struct feeder p;

	push_things(h, &p);
	if (closing)
		evchat_close_when_done(h->chat);
	harness_turn(h);
	evchat_reset(h->chat);
	harness_peer_read(h, true);
	expect_reset(h, tcp);
	ck_assert_uint_lt(evbuffer_get_length(h->received), HARNESS_MUCH);
	harness_end(h, "cleanup:r|done:p:discarded:0|mark:m:discarded|"
	    "closed:freed");
}

START_TEST(reset_comes_before_what_is_on_its_way)
{
	cut_off(_i, false);
	cut_off(_i, true);
}
END_TEST

START_TEST(peer_is_told_at_once_though_a_reference_is_held)
{
	struct harness *h = harness_streaming_on(_i);
	bool tcp = is_tcp(h->peer_fd);
	struct evchat *chat = h->chat;
	int peer = h->peer_fd;

	harness_shake_hands(h);
	evchat_incref(chat);
	evchat_reset(chat);
	if (peer != -1)
		ck_assert_int_eq(seen_at(peer),
		    tcp && AT_ONCE ? ECONNRESET : 0);
	else
		harness_run_until_peer_eof(h);
	/* Nothing goes on at this end, either. */
	harness_turn(h);
	harness_turn(h);
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* It has seen the end, and finds that nobody listens any more. */
START_TEST(lingering_channel_may_be_reset)
{
	struct harness *h = harness_streaming_on(_i);
	struct evchat *chat = h->chat;

	h->rude = true;
	evchat_incref(chat);
	evchat_close_when_done(chat);
	harness_run_until_peer_eof(h);
	harness_turn(h);
	harness_expect(h, "");
	evchat_reset(chat);
	if (AT_ONCE || !is_tcp(h->peer_fd)) {
		ck_assert(send(h->peer_fd, "x", 1, MSG_NOSIGNAL) == -1);
		ck_assert_int_eq(errno, EPIPE);
	}
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* In hooks, and whatever else may call it */

static void
reset_in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_reset(h->chat);
}

static void
reset_in_event(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		evchat_reset(h->chat);
}

START_TEST(hooks_may_reset_the_channel)
{
	static const struct harness_scenario in_collect = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.hooks = &harness_frames_only, .script.frame = reset_in_collect,
		.expect = "frame:ab|closed:freed"
	};
	static const struct harness_scenario in_event = {
		.input = "ab\r\n", .start = harness_crlf, .eof = true,
		.script.event = reset_in_event,
		.expect = "collect:ab|found|event:eof|closed:freed"
	};

	harness_prove(&in_collect);
	harness_prove(&in_event);
}
END_TEST

static void
reset_in_producer(struct feeder *feeder)
{
	evchat_reset(feeder->h->chat);
}

START_TEST(producers_may_reset_the_channel)
{
	struct harness *h = harness_streaming_on(_i);
	bool tcp = is_tcp(h->peer_fd);
	struct feeder p;

	harness_shake_hands(h);
	feeder_init(&p, h, "p", "ab+cd.");
	p.in_more = reset_in_producer;
	p.in_done = reset_in_producer;
	ck_assert_int_eq(feeder_push_made(&p), 0);
	harness_turn(h);
	expect_reset(h, tcp);
	harness_end(h, "done:p:discarded:0|closed:freed");
}
END_TEST

/* Through what is between */

static int
tcp_pair(int *peer)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *address = (struct sockaddr *)&here;
	socklen_t len = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	ck_assert_int_eq(bind(listener, address, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, address, &len), 0);
	*peer = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(*peer, address, len), 0);
	ck_assert_int_ge(fd = accept(listener, NULL, NULL), 0);
	evutil_make_socket_nonblocking(fd);
	close(listener);
	return fd;
}

/* A channel on so many filters; *peer is blocking. */
static struct evchat *
chat_on_filters(struct event_base *base, int filters, int *peer)
{
	struct bufferevent *bev = bufferevent_socket_new(base, tcp_pair(peer),
	    BEV_OPT_CLOSE_ON_FREE);

	while (filters-- > 0)
		bev = bufferevent_filter_new(bev, NULL, NULL,
		    BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	return evchat_new(bev, NULL, NULL, 0);
}

static void
reset_and_look(struct event_base *base, struct evchat *chat, int peer,
    bool hold)
{
	if (hold)
		evchat_incref(chat);
	evchat_reset(chat);
	if (!AT_ONCE)
		event_base_loop(base, EVLOOP_NONBLOCK);
	if (AT_ONCE || !hold)
		ck_assert_int_eq(seen_at(peer), ECONNRESET);
	event_base_loop(base, EVLOOP_NONBLOCK);
	if (hold)
		evchat_decref(chat);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
	close(peer);
}

START_TEST(reset_goes_through_filters)
{
	static char much[8 << 20];
	struct event_base *base = event_base_new();
	int peer, turns;
	struct evchat *chat = chat_on_filters(base, 1 + _i / 2, &peer);

	/* Till all that is between is full. */
	ck_assert_int_eq(evchat_push(chat, much, sizeof(much)), 0);
	for (turns = 0; turns < 100; turns++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_gt(evchat_get_output_length(chat), sizeof(much) / 2);
	reset_and_look(base, chat, peer, _i % 2);
}
END_TEST

/* A bufferevent that leaves its descriptor open is reset all the same. */
START_TEST(descriptor_of_the_applications_own_stays_open)
{
	struct event_base *base = event_base_new();
	int peer, fd = tcp_pair(&peer);
	struct evchat *chat = evchat_new(bufferevent_socket_new(base, fd, 0),
	    NULL, NULL, 0);

	evchat_reset(chat);
	if (AT_ONCE)
		ck_assert_int_eq(seen_at(peer), ECONNRESET);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(close(fd), 0);
	if (!AT_ONCE)
		ck_assert_int_eq(seen_at(peer), ECONNRESET);
	close(peer);
	event_base_free(base);
}
END_TEST

static Suite *
reset_peer_suite(void)
{
	Suite *suite = suite_create("reset_peer");
	TCase *tc = harness_case(suite, "ends");

	tcase_add_loop_test(tc, reset_ends_the_channel_as_freeing_does, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc,
	    reset_of_an_ended_channel_and_of_none_does_nothing, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, reset_of_what_is_not_connected_ends_it);

	tc = harness_case(suite, "peer");
	tcase_add_loop_test(tc, peer_of_tcp_sees_a_reset_and_others_an_end, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, reset_comes_though_all_was_read_and_sent, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, reset_comes_before_what_is_on_its_way, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, peer_is_told_at_once_though_a_reference_is_held,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, lingering_channel_may_be_reset, 0,
	    HARNESS_PAIR);

	tc = harness_case(suite, "hooks");
	tcase_add_test(tc, hooks_may_reset_the_channel);
	tcase_add_loop_test(tc, producers_may_reset_the_channel, 0,
	    HARNESS_WAITING);

	tc = harness_case(suite, "beneath");
	tcase_add_loop_test(tc, reset_goes_through_filters, 0, 4);
	tcase_add_test(tc, descriptor_of_the_applications_own_stays_open);
	return suite;
}

int
main(void)
{
	return harness_main(reset_peer_suite());
}
