/*
 * A thousand peers that send and never read have together no more memory than
 * a thousand times the high mark and a piece; and when they have gone, none.
 */

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "ledger.h"
#include "sink.h"

#define CROWD 1000
#define LOW ((size_t)4 << 10)
#define HIGH ((size_t)32 << 10)
#define PIECE ((size_t)4 << 10)
#define ROOM ((size_t)6 << 10) /* a channel, a bufferevent, a chain */
#define NARROW 2048

struct crowd {
	struct harness *h; /* for its loop */
	struct member {
		struct crowd *crowd;
		struct evchat *chat;
		int peer;
		size_t longest; /* of its queue */
	} members[CROWD];
	int n, closed;
};

static void
echo(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct member *member = arg;
	size_t length;

	ck_assert_int_eq(evchat_push(chat, data, len), 0);
	length = evchat_get_output_length(chat);
	if (length > member->longest)
		member->longest = length;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct member *member = arg;

	ck_assert_ptr_eq(chat, member->chat);
	ck_assert_int_ne(why, EVCHAT_REASON_NO_MEMORY);
	member->chat = NULL;
	member->crowd->closed++;
}

static const struct evchat_hooks hooks = { .collect = echo,
    .closed = on_closed };

/* Fewer where there are not so many descriptors to be had. */
static int
crowd_size(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur >= 2 * CROWD + 100)
		return CROWD;
	return ((int)limit.rlim_cur - 100) / 2;
}

static void
add(struct crowd *crowd)
{
	struct member *member = &crowd->members[crowd->n++];
	int fds[2], size = NARROW;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	member->crowd = crowd;
	member->peer = fds[1];
	member->chat = evchat_socket_new(crowd->h->base, fds[0], &hooks,
	    member, 0);
	ck_assert_ptr_nonnull(member->chat);
	ck_assert_int_eq(evchat_set_watermarks(member->chat, LOW, HIGH), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(member->chat, PIECE, PIECE),
	    0);
}

/* Each sends what there is room for. @return how many bytes that was */
static size_t
send_all(struct crowd *crowd)
{
	static char junk[65536];
	size_t sent = 0;
	ssize_t n;
	int i;

	for (i = 0; i < crowd->n; i++) {
		n = send(crowd->members[i].peer, junk, sizeof(junk), 0);
		if (n > 0)
			sent += (size_t)n;
	}
	return sent;
}

static bool
is_empty(void *arg)
{
	const struct crowd *crowd = arg;

	return crowd->closed == crowd->n;
}

/* They are freed, or find that their peer is gone. */
static void
disperse(struct crowd *crowd)
{
	int i;

	for (i = 0; i < crowd->n; i++) {
		if (i % 2 == 0)
			evchat_free(crowd->members[i].chat);
		close(crowd->members[i].peer);
	}
	sink_run(crowd->h, is_empty, crowd);
	harness_turn(crowd->h);
}

START_TEST(thousand_peers_that_never_read_are_bounded)
{
	static struct crowd crowd;
	int i, n = crowd_size();
	size_t before, empty;

	ledger_open();
	crowd.h = harness_new(HARNESS_SOCKET);
	empty = ledger_now();
	while (crowd.n < n)
		add(&crowd);
	before = ledger_now();
	ck_assert_uint_le(before - empty, (size_t)n * ROOM);
	(void)ledger_most();
	while (send_all(&crowd) > 0)
		harness_turn(crowd.h);
	ck_assert_uint_le(ledger_most() - before,
	    (size_t)n * (2 * (HIGH + PIECE) + ROOM));
	for (i = 0; i < n; i++) {
		ck_assert_uint_gt(crowd.members[i].longest, HIGH);
		ck_assert_uint_le(crowd.members[i].longest, HIGH + PIECE);
	}
	disperse(&crowd);
	/* What libevent keeps for good are its tables. */
	ck_assert_uint_le(ledger_now(), empty + (size_t)n * 128);
	harness_free(crowd.h);
	ledger_end();
}
END_TEST

static Suite *
crowd_suite(void)
{
	Suite *suite = suite_create("crowd");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_test(tc, thousand_peers_that_never_read_are_bounded);
	return suite;
}

int
main(void)
{
	return harness_main(crowd_suite());
}
