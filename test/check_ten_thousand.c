/*
 * Ten thousand connections, each of which is used once and dropped in one of
 * six ways, leave neither a descriptor nor a block of memory behind.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"

#define CONNECTIONS 10000
#define BATCH 100 /* at once */
#define BATCHES (CONNECTIONS / BATCH)

enum way {
	PEER_CLOSES,
	CHANNEL_CLOSES,
	CHANNEL_IS_FREED,
	PEER_HALF_CLOSES,
	PEER_RESETS, /* over TCP, where nothing of the connection stays then */
	CHANNEL_HALF_CLOSES,
	WAYS
};

struct crowd {
	struct harness *h; /* for its loop */
	int listener;
	struct visit {
		struct crowd *crowd;
		enum way way;
		struct evchat *chat;
		int peer;
		enum evchat_reason why;
	} visits[BATCH];
	int living;
	unsigned long used, echoed;
	unsigned long ended[WAYS];
};

/* The channel's end */

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct visit *visit = arg;

	ck_assert_int_eq(evchat_push_frame(chat, data, len), 0);
	visit->crowd->echoed++;
	if (visit->way == CHANNEL_CLOSES)
		evchat_close_when_done(chat);
	else if (visit->way == CHANNEL_HALF_CLOSES)
		ck_assert_int_eq(evchat_push_eof(chat), 0);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct visit *visit = arg;

	ck_assert_ptr_eq(chat, visit->chat);
	visit->chat = NULL;
	visit->why = why;
	visit->crowd->living--;
	visit->crowd->ended[visit->way]++;
}

static const struct evchat_hooks hooks = { .frame = on_frame,
    .closed = on_closed };

/* Connections */

static void
listen_on_loopback(struct crowd *crowd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	crowd->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(crowd->listener, (void *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(listen(crowd->listener, BATCH), 0);
}

static void
open_tcp(struct crowd *crowd, int fds[2])
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	ck_assert_int_eq(getsockname(crowd->listener, (void *)&sin, &len), 0);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fds[1], (void *)&sin, len), 0);
	fds[0] = accept(crowd->listener, NULL, NULL);
	ck_assert_int_ge(fds[0], 0);
}

static void
visit(struct crowd *crowd, struct visit *visit, enum way way)
{
	int fds[2];

	visit->crowd = crowd;
	visit->way = way;
	if (way == PEER_RESETS)
		open_tcp(crowd, fds);
	else
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	evutil_make_socket_nonblocking(fds[0]);
	visit->peer = fds[1];
	visit->chat = evchat_socket_new(crowd->h->base, fds[0], &hooks, visit,
	    0);
	ck_assert_ptr_nonnull(visit->chat);
	ck_assert_int_eq(evchat_set_terminator(visit->chat, "\n", 1), 0);
	crowd->living++;
	crowd->used++;
	ck_assert_int_eq(send(visit->peer, "hello\n", 6, 0), 6);
}

/* Dropping them */

static void
read_the_line(struct visit *visit)
{
	char line[7];

	ck_assert_int_eq(recv(visit->peer, line, sizeof(line), 0), 6);
	ck_assert_mem_eq(line, "hello\n", 6);
}

static void
hang_up(struct visit *visit)
{
	ck_assert_int_eq(close(visit->peer), 0);
	visit->peer = -1;
}

static void
drop(struct visit *visit)
{
	struct linger now = { .l_onoff = 1 };

	read_the_line(visit);
	switch (visit->way) {
	case CHANNEL_IS_FREED:
		evchat_free(visit->chat);
		break;
	case PEER_HALF_CLOSES:
		ck_assert_int_eq(shutdown(visit->peer, SHUT_WR), 0);
		break;
	case PEER_RESETS:
		ck_assert_int_eq(setsockopt(visit->peer, SOL_SOCKET, SO_LINGER,
		    &now, sizeof(now)), 0);
		hang_up(visit);
		break;
	default:
		hang_up(visit);
		break;
	}
}

static bool
is_empty(void *arg)
{
	return ((struct crowd *)arg)->living == 0;
}

static void
expect_end(struct visit *visit)
{
	static const enum evchat_reason why[WAYS] = {
		[PEER_CLOSES] = EVCHAT_REASON_EOF,
		[CHANNEL_CLOSES] = EVCHAT_REASON_DONE,
		[CHANNEL_IS_FREED] = EVCHAT_REASON_FREED,
		[PEER_HALF_CLOSES] = EVCHAT_REASON_EOF,
		[PEER_RESETS] = EVCHAT_REASON_IO,
		[CHANNEL_HALF_CLOSES] = EVCHAT_REASON_EOF,
	};
	char byte;

	ck_assert_int_eq(visit->why, why[visit->way]);
	if (visit->peer == -1)
		return;
	ck_assert_int_eq(recv(visit->peer, &byte, 1, MSG_DONTWAIT), 0);
	hang_up(visit);
}

static bool
has_echoed(void *arg)
{
	const struct crowd *crowd = arg;

	return crowd->echoed == crowd->used;
}

static void
run_batch(struct crowd *crowd)
{
	int i;

	for (i = 0; i < BATCH; i++)
		visit(crowd, &crowd->visits[i], (enum way)(i % WAYS));
	harness_turn(crowd->h);
	sink_run(crowd->h, has_echoed, crowd);
	harness_turn(crowd->h);
	for (i = 0; i < BATCH; i++)
		drop(&crowd->visits[i]);
	sink_run(crowd->h, is_empty, crowd);
	harness_turn(crowd->h);
	for (i = 0; i < BATCH; i++)
		expect_end(&crowd->visits[i]);
}

/* The lowest descriptor that is free. */
static int
free_descriptor(void)
{
	int fd = dup(2);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return fd;
}

START_TEST(ten_thousand_connections_leave_nothing_behind)
{
	static struct crowd crowd;
	long blocks;
	int i, fd;

	crowd.h = harness_new(HARNESS_SOCKET);
	listen_on_loopback(&crowd);
	run_batch(&crowd); /* libevent's tables have grown for good */
	blocks = harness_blocks();
	fd = free_descriptor();
	for (i = 1; i < BATCHES; i++) {
		run_batch(&crowd);
		ck_assert_int_eq(harness_blocks(), blocks);
		ck_assert_int_eq(free_descriptor(), fd);
	}
	ck_assert_uint_eq(crowd.echoed, CONNECTIONS);
	for (i = 0; i < WAYS; i++)
		ck_assert_uint_ge(crowd.ended[i], CONNECTIONS / WAYS - BATCH);
	close(crowd.listener);
	harness_free(crowd.h);
}
END_TEST

static Suite *
ten_thousand_suite(void)
{
	Suite *suite = suite_create("ten thousand");
	TCase *tc = harness_case(suite, "connections");

	tcase_add_test(tc, ten_thousand_connections_leave_nothing_behind);
	return suite;
}

int
main(void)
{
	return harness_main(ten_thousand_suite());
}
