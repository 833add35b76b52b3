/*
 * Two channels at the ends of one wire push much at each other, from outside
 * of their hooks, at the same time: neither waits for the other for good,
 * whatever the wire is, however little it holds, and whether or not they may
 * stop by themselves. Each byte arrives once and in order.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"

#define KIBI ((size_t)1 << 10)
#define MEBI ((size_t)1 << 20)
#define MOST (10 * MEBI)
#define PIECE (20 * KIBI) /* pushed in WRITABLE */

enum wire { UNIX, DEFERRED, TCP, PAIR, FILTER, WIRES };

struct side {
	struct evchat *chat;
	uint64_t len;     /* each way */
	uint64_t got;
	uint64_t pushed;
	uint64_t given;   /* by its producer */
	int drained;      /* how often */
	int done;         /* its mark */
};

static char bytes[MOST]; /* of the pattern */

/* Hooks */

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct side *side = arg;

	harness_must(chat == side->chat, "its own channel");
	harness_must(sink_is_pattern(data, side->got, len), "its bytes");
	side->got += len;
}

static void
push_piece(struct side *side)
{
	uint64_t left = side->len - side->pushed;
	size_t n = left < PIECE ? (size_t)left : PIECE;

	ck_assert_int_eq(evchat_push(side->chat, bytes + side->pushed, n), 0);
	side->pushed += n;
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct side *side = arg;

	side->drained += what == EVCHAT_EVENT_DRAINED;
	while ((what == EVCHAT_EVENT_WRITABLE ||
	    what == EVCHAT_EVENT_DRAINED) && side->pushed < side->len &&
	    evchat_get_output_length(chat) < 100 * KIBI)
		push_piece(side);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)why;
	ck_assert_ptr_eq(chat, ((struct side *)arg)->chat);
	((struct side *)arg)->chat = NULL;
}

static const struct evchat_hooks hooks = { .collect = on_collect,
    .event = on_event, .closed = on_closed };

/* Wires */

static void
open_tcp(int fds[2], int size)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, i;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	/* The window is agreed on when the connection is made. */
	if (size > 0) {
		(void)setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
		(void)setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	}
	ck_assert_int_eq(bind(listener, (void *)&sin, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (void *)&sin, &len), 0);
	ck_assert_int_eq(connect(fds[1], (void *)&sin, len), 0);
	fds[0] = accept(listener, NULL, NULL);
	close(listener);
	for (i = 0; i < 2; i++)
		(void)setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
}

static enum bufferevent_filter_result
pass(struct evbuffer *src, struct evbuffer *dst, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *arg)
{
	(void)mode;
	(void)arg;
	return evbuffer_remove_buffer(src, dst, limit < 0 ? SIZE_MAX :
	    (size_t)limit) > 0 ? BEV_OK : BEV_NEED_MORE;
}

static struct bufferevent *
bufferevent_of(struct event_base *base, int fd, enum wire wire)
{
	struct bufferevent *bev;

	bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE |
	    (wire == DEFERRED ? BEV_OPT_DEFER_CALLBACKS : 0));
	if (wire == FILTER)
		bev = bufferevent_filter_new(bev, pass, pass,
		    BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	return bev;
}

static void
connect_sides(struct side sides[2], struct event_base *base, enum wire wire,
    int size, unsigned options)
{
	struct bufferevent *bevs[2];
	int fds[2], i;

	if (wire == PAIR)
		ck_assert_int_eq(bufferevent_pair_new(base, 0, bevs), 0);
	else if (wire == TCP)
		open_tcp(fds, size);
	else
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (i = 0; i < 2; i++) {
		if (wire != PAIR) {
			evutil_make_socket_nonblocking(fds[i]);
			if (size > 0)
				(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF,
				    &size, sizeof(size));
			bevs[i] = bufferevent_of(base, fds[i], wire);
		}
		sides[i].chat = evchat_new(bevs[i], &hooks, &sides[i],
		    options);
		ck_assert_ptr_nonnull(sides[i].chat);
	}
}

/* Ways to push it all */

static void
push_at_once(struct side *side)
{
	ck_assert_int_eq(evchat_push(side->chat, bytes, side->len), 0);
	side->pushed = side->len;
}

static void
push_reference(struct side *side)
{
	ck_assert_int_eq(evchat_push_reference(side->chat, bytes, side->len,
	    NULL, NULL), 0);
	side->pushed = side->len;
}

static enum evchat_more
more(void *self, struct evbuffer *out, size_t want)
{
	struct side *side = self;
	size_t n = want < side->len - side->given ? want :
	    (size_t)(side->len - side->given);

	ck_assert_int_eq(evbuffer_add(out, bytes + side->given, n), 0);
	side->given += n;
	return side->given < side->len ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
done(void *self, enum evchat_done how, uint64_t given)
{
	ck_assert_int_eq(how, EVCHAT_DONE_SENT);
	ck_assert_uint_eq(given, ((struct side *)self)->len);
}

static void
push_producer(struct side *side)
{
	static const struct evchat_producer_ops ops = { more, done };

	ck_assert_int_eq(evchat_push_with_producer(side->chat,
	    evchat_producer_new(&ops, side)), 0);
	side->pushed = side->len;
}

static void (*const ways[])(struct side *) = { push_at_once, push_reference,
    push_producer, push_piece };

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static void
all_is_sent(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	ck_assert_int_eq(how, EVCHAT_DONE_SENT);
	((struct side *)arg)->done++;
}

static bool
both_have_all(void *arg)
{
	const struct side *sides = arg;

	return sides[0].got == sides[0].len && sides[1].got == sides[1].len &&
	    sides[0].drained > 0 && sides[1].drained > 0;
}

/* Each side pushes in a way of its own; so much at first, then a quarter. */
static void
cross(enum wire wire, int size, unsigned options, uint64_t len)
{
	struct harness *h = harness_new(HARNESS_SOCKET); /* for its loop */
	struct side sides[2];
	int i, way;

	for (way = 0; way < WAYS; way++) {
		memset(sides, 0, sizeof(sides));
		connect_sides(sides, h->base, wire, size, options);
		for (i = 0; i < 2; i++) {
			sides[i].len = way == 0 ? len : len / 4;
			ways[(way + i * (WAYS - 1)) % WAYS](&sides[i]);
			ck_assert_int_eq(evchat_push_callback(sides[i].chat,
			    all_is_sent, &sides[i]), 0);
		}
		sink_run(h, both_have_all, sides);
		for (i = 0; i < 2; i++) {
			ck_assert_int_eq(sides[i].done, 1);
			ck_assert_uint_eq(sides[i].pushed, sides[i].len);
			evchat_free(sides[i].chat);
		}
		harness_turn(h);
	}
	harness_free(h);
}

static void
fill(void)
{
	struct evbuffer *buf = evbuffer_new();

	sink_pattern(buf, 0, sizeof(bytes));
	ck_assert_int_eq(evbuffer_remove(buf, bytes, sizeof(bytes)),
	    (int)sizeof(bytes));
	evbuffer_free(buf);
}

START_TEST(channels_that_push_much_at_each_other_finish)
{
	fill();
	cross((enum wire)(_i % WIRES), 0,
	    _i < WIRES ? 0 : EVCHAT_OPT_NO_AUTO_PAUSE, MOST);
}
END_TEST

/* A socket holds as little as the system allows. */
START_TEST(narrow_sockets_are_enough)
{
	enum wire wire = (enum wire)(_i % WIRES);

	fill();
	cross(wire, 1, _i < WIRES ? 0 : EVCHAT_OPT_NO_AUTO_PAUSE,
	    wire == TCP ? MEBI / 8 : MEBI);
}
END_TEST

static Suite *
cross_suite(void)
{
	Suite *suite = suite_create("cross");
	TCase *tc = harness_case(suite, "cross");

	tcase_add_loop_test(tc, channels_that_push_much_at_each_other_finish,
	    0, 2 * WIRES);
	tcase_add_loop_test(tc, narrow_sockets_are_enough, 0, 2 * WIRES);
	return suite;
}

int
main(void)
{
	return harness_main(cross_suite());
}
