/*
 * A reply that is followed by the end of a connection arrives whole, whatever
 * the peer sends meanwhile and whichever side is shut first; and no peer can
 * put that end off.
 */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)
#define REPLY ((size_t)100000)
#define UPLOAD MEBI

static const struct timeval hour = { 3600, 0 };
static const struct timeval short_time = { 0, 50000 };

static const enum harness_carrier sockets[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_TCP, HARNESS_TCP_DEFER, HARNESS_FILTER };

#define SOCKETS ((int)(sizeof(sockets) / sizeof(sockets[0])))

static char junk[UPLOAD];

static void
push_pattern(struct harness *h, size_t len)
{
	struct evbuffer *bytes = evbuffer_new();

	sink_pattern(bytes, 0, len);
	ck_assert_int_eq(evchat_push_buffer(h->chat, bytes), 0);
	evbuffer_free(bytes);
}

static void
refuse(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;

	(void)data;
	(void)len;
	ck_assert_int_eq(h->count++, 0);
	push_pattern(h, REPLY);
	evchat_close_when_done(chat);
}

/* A client that sends all it has before it reads */

struct client {
	struct harness *h;
	struct event *send;
	size_t sent;
};

static void
send_more(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	ssize_t n;

	(void)what;
	n = send(fd, junk + client->sent, UPLOAD - client->sent, MSG_NOSIGNAL);
	if (n > 0)
		client->sent += (size_t)n;
	else
		ck_assert(n == -1 && errno == EAGAIN);
	if (client->sent == UPLOAD)
		(void)event_del(client->send);
}

static bool
has_sent(void *arg)
{
	return ((struct client *)arg)->sent == UPLOAD;
}

START_TEST(reply_is_read_whole_by_a_client_that_sends_much_before)
{
	static struct evchat_hooks hooks;
	struct client client = { .sent = 0 };
	struct harness *h = harness_new(sockets[_i]);

	hooks = harness_streaming;
	hooks.collect = refuse;
	harness_start(h, &hooks, 0);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &hour), 0);
	ck_assert_int_eq(evchat_set_linger_size(h->chat, 2 * UPLOAD), 0);
	harness_peer_read(h, false);
	client.h = h;
	client.send = event_new(h->base, h->peer_fd, EV_WRITE | EV_PERSIST,
	    send_more, &client);
	ck_assert_int_eq(event_add(client.send, NULL), 0);
	sink_run(h, has_sent, &client);
	harness_turn(h);
	harness_peer_read(h, true);
	harness_run_until_peer_eof(h);
	ck_assert_int_eq(h->peer_errno, 0);
	ck_assert_uint_eq(evbuffer_get_length(h->received), REPLY);
	ck_assert(sink_is_pattern(evbuffer_pullup(h->received, -1), 0, REPLY));
	harness_run_until_closed(h);
	event_free(client.send);
	harness_end(h, "closed:done");
}
END_TEST

/* A client that never stops */

static void
send_a_byte(evutil_socket_t fd, short what, void *arg)
{
	struct harness *h = arg;

	(void)fd;
	(void)what;
	(void)send(h->peer_fd, "x", 1, MSG_NOSIGNAL);
}

START_TEST(client_that_goes_on_sending_does_not_put_the_end_off)
{
	static const struct timeval often = { 0, 2000 };
	struct harness *h = harness_streaming_on((int)sockets[_i]);
	struct event *tick;

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &short_time), 0);
	ck_assert_int_eq(evchat_set_linger_size(h->chat, UINT64_MAX), 0);
	tick = event_new(h->base, -1, EV_PERSIST, send_a_byte, h);
	ck_assert_int_eq(event_add(tick, &often), 0);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	event_free(tick);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(client_that_sends_too_much_does_not_put_the_end_off)
{
	struct harness *h = harness_streaming_on((int)sockets[_i]);

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &hour), 0);
	ck_assert_int_eq(evchat_set_linger_size(h->chat, 5000), 0);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "bye");
	harness_feed_bytes(h, junk, 4999);
	harness_expect(h, "");
	harness_feed_bytes(h, junk, 1);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* Which side is shut first, with much on its way both ways */

static void
count_bytes(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)data;
	((struct harness *)arg)->count += (int)len;
}

static const char *const orders[] = {
	"<>", /* the peer shuts, then the channel */
	"><",
	"<t>", ">t<", /* ... with a turn of the loop between */
	"<r>", ">r<"  /* ... when all has been read */
};

#define ORDERS ((int)(sizeof(orders) / sizeof(orders[0])))

static void
shut(struct harness *h, char how)
{
	switch (how) {
	case '<':
		harness_send(h, junk, 40000);
		harness_send_eof(h);
		break;
	case '>':
		ck_assert_int_eq(evchat_push_eof(h->chat), 0);
		break;
	case 't':
		harness_turn(h);
		break;
	default:
		harness_peer_read(h, true);
		harness_run_until_received(h, 4 * MEBI);
		harness_turn(h);
		break;
	}
}

START_TEST(all_arrives_whichever_side_is_shut_first)
{
	static struct evchat_hooks hooks;
	struct harness *h = harness_new(sink_kinds[_i / ORDERS]);
	const char *order = orders[_i % ORDERS];

	hooks = harness_streaming;
	hooks.collect = count_bytes;
	h->rude = true;
	harness_start(h, &hooks, EVCHAT_OPT_HALF_OPEN);
	harness_peer_read(h, false);
	push_pattern(h, 4 * MEBI);
	harness_push_mark(h, "m");
	for (; *order != '\0'; order++)
		shut(h, *order);
	harness_turn(h);
	harness_peer_read(h, true);
	harness_run_until_peer_eof(h);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->count, 40000);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 4 * MEBI);
	ck_assert(sink_is_pattern(evbuffer_pullup(h->received, -1), 0,
	    4 * MEBI));
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "mark:m:sent"));
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "event:eof"));
	ck_assert_int_eq(h->why, EVCHAT_REASON_EOF);
	harness_free(h);
}
END_TEST

static Suite *
reply_suite(void)
{
	Suite *suite = suite_create("reply");
	TCase *tc = harness_case(suite, "reply");

	tcase_add_loop_test(tc,
	    reply_is_read_whole_by_a_client_that_sends_much_before, 0,
	    SOCKETS);
	tcase_add_loop_test(tc,
	    client_that_goes_on_sending_does_not_put_the_end_off, 0, SOCKETS);
	tcase_add_loop_test(tc,
	    client_that_sends_too_much_does_not_put_the_end_off, 0, SOCKETS);
	tcase_add_loop_test(tc, all_arrives_whichever_side_is_shut_first, 0,
	    SINK_KINDS * ORDERS);
	return suite;
}

int
main(void)
{
	return harness_main(reply_suite());
}
