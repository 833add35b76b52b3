/*
 * Back-pressure against peers: one that sends and does not read, or reads
 * late, cannot make memory grow. Two channels that push much at each other
 * finish.
 */

#include <string.h>
#include <sys/socket.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)

/* Peers that do not read, or read late */

/* Without a note of each byte. */
static void
echo(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;

	ck_assert_int_eq(evchat_push(chat, data, len), 0);
	if (evchat_get_output_length(chat) > (size_t)h->count)
		h->count = (int)evchat_get_output_length(chat);
}

/* What is echoed to a peer that reads late is bounded, and then all comes. */
static void
echo_to(int carrier, size_t len)
{
	static struct evchat_hooks hooks;
	struct harness *h = harness_new((enum harness_carrier)carrier);
	struct evbuffer *bytes = evbuffer_new();
	const char *data;
	size_t sent, n;

	hooks = harness_streaming;
	hooks.collect = echo;
	harness_start(h, &hooks, 0);
	sink_pattern(bytes, 0, len);
	data = (const char *)evbuffer_pullup(bytes, -1);
	harness_peer_read(h, false);
	for (sent = 0; sent < len; sent += n) {
		n = harness_send_some(h, data + sent,
		    len - sent < 4096 ? len - sent : 4096);
		harness_turn(h);
		if (n == 0)
			break;
	}
	/* The high mark, and what one hook was given. */
	ck_assert_int_le(h->count, 2 * 128 << 10);
	harness_peer_read(h, true);
	harness_send(h, data + sent, len - sent);
	harness_run_until_received(h, len);
	ck_assert_int_le(h->count, 2 * 128 << 10);
	ck_assert(sink_is_pattern(evbuffer_pullup(h->received, -1), 0, len));
	evbuffer_free(bytes);
	harness_free(h);
}

START_TEST(echo_to_a_peer_that_reads_late_is_bounded_and_complete)
{
	echo_to(_i, _i == HARNESS_FRAGMENT ? MEBI / 16 : MEBI);
}
END_TEST

/* Marks, too, are something that a peer can make grow. */
static void
mark(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_push_mark(h, "m");
}

START_TEST(hooks_that_push_nothing_but_marks_are_stopped)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;
	int i;

	harness_crlf(h);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1000, 20000), 0);
	feeder_push(&p, h, "p", "~.");
	h->script.frame = mark;
	for (i = 0; i < 100; i++)
		harness_feed(h, i < 99 ? "a\r\n" : "z\r\n");
	ck_assert_ptr_null(strstr(harness_transcript(h), "frame:z"));
	feeder_resume(&p);
	harness_run_until_noted(h, "frame:z|mark:m:sent");
	harness_free(h);
}
END_TEST

/* Two channels at the ends of one wire */

struct side {
	struct evchat *chat;
	uint64_t got;
	bool full;  /* all has come */
};

static void
side_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct side *side = arg;

	ck_assert_ptr_eq(chat, side->chat);
	ck_assert(sink_is_pattern(data, side->got, len));
	side->got += len;
}

static void
side_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)why;
	ck_assert_ptr_eq(chat, ((struct side *)arg)->chat);
	((struct side *)arg)->chat = NULL;
}

static const struct evchat_hooks side_hooks = { .collect = side_collect,
    .closed = side_closed };

static bool
both_have_all(void *arg)
{
	const struct side *sides = arg;

	return sides[0].got == 10 * MEBI && sides[1].got == 10 * MEBI;
}

static void
side_push(struct side *side)
{
	struct evbuffer *bytes = evbuffer_new();

	sink_pattern(bytes, 0, 10 * MEBI);
	ck_assert_int_eq(evchat_push_buffer(side->chat, bytes), 0);
	evbuffer_free(bytes);
}

static void
connect_sides(struct side sides[2], struct event_base *base, bool by_pair,
    unsigned options)
{
	struct bufferevent *pair[2];
	int fds[2], i;

	if (by_pair)
		ck_assert_int_eq(bufferevent_pair_new(base, options != 0 ?
		    BEV_OPT_THREADSAFE : 0, pair), 0);
	else
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (i = 0; i < 2; i++) {
		if (!by_pair)
			evutil_make_socket_nonblocking(fds[i]);
		sides[i].chat = by_pair ? evchat_new(pair[i], &side_hooks,
		    &sides[i], 0) : evchat_socket_new(base, fds[i],
		    &side_hooks, &sides[i], options);
		ck_assert_ptr_nonnull(sides[i].chat);
	}
}

START_TEST(channels_that_push_much_at_each_other_finish)
{
	struct harness *h = harness_new(HARNESS_SOCKET); /* for its loop */
	struct side sides[2] = { { .got = 0 }, { .got = 0 } };

	connect_sides(sides, h->base, _i % 2 != 0,
	    _i < 2 ? 0 : EVCHAT_OPT_THREADSAFE);
	side_push(&sides[0]);
	side_push(&sides[1]);
	sink_run(h, both_have_all, sides);
	evchat_free(sides[0].chat);
	evchat_free(sides[1].chat);
	harness_turn(h);
	harness_free(h);
}
END_TEST

static Suite *
stop_peer_suite(void)
{
	Suite *suite = suite_create("stop_peer");
	TCase *tc = harness_case(suite, "late");

	sink_add(tc, hooks_that_push_nothing_but_marks_are_stopped);
	sink_add(tc, echo_to_a_peer_that_reads_late_is_bounded_and_complete);

	tc = harness_case(suite, "wire");
	tcase_add_loop_test(tc, channels_that_push_much_at_each_other_finish,
	    0, 4);
	return suite;
}

int
main(void)
{
	return harness_main(stop_peer_suite());
}
