/*
 * Channels that are being connected by a nasty kernel: connect, and each read
 * and write after it, is bent. What is transient nobody may notice; everything
 * else is the end, for the reason CONNECT where it was connect.
 */

#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "nasty.h"

#define CALLS_MAX 100 /* more than there are */

#define CALM "event:connected|cleanup:r|done:p:sent:5|mark:m:sent" \
    "|collect:ab|found|collect:cd|event:eof|closed:truncated"

struct call {
	int listener;
	struct sockaddr_in address;
	struct harness *h;
	int refused;      /* -1: what bufferevent_socket_connect() returned */
	int told;         /* evchat_get_errno() in closed */
	char text[128];   /* evchat_get_error() in closed */
};

/* The number of the descriptor that the system will give next. */
static int
next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	close(fd);
	return fd;
}

static void
note_error(struct harness *h, enum evchat_reason why)
{
	struct call *call = h->user;

	(void)why;
	call->told = evchat_get_errno(h->chat);
	strncpy(call->text, evchat_get_error(h->chat), sizeof(call->text) - 1);
}

static void
start(struct call *call)
{
	socklen_t len = sizeof(call->address);

	memset(call, 0, sizeof(*call));
	call->listener = socket(AF_INET, SOCK_STREAM, 0);
	call->address.sin_family = AF_INET;
	call->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(call->listener, (void *)&call->address, len), 0);
	ck_assert_int_eq(listen(call->listener, 1), 0);
	ck_assert_int_eq(getsockname(call->listener, (void *)&call->address,
	    &len), 0);
	evutil_make_socket_nonblocking(call->listener);
	call->h = harness_new(HARNESS_UNCONNECTED);
	call->h->user = call;
	call->h->script.closed = note_error;
	harness_start(call->h, &harness_streaming, 0);
	harness_crlf(call->h);
	harness_push_reference(call->h, "r", "hello ");
	harness_push_producer(call->h, "p", "world");
	harness_push_mark(call->h, "m");
}

static bool
is_connected(struct harness *h)
{
	return strstr(harness_transcript(h), "event:connected") != NULL;
}

/* Connect, get what was pushed, answer, and hang up. */
static void
talk(struct call *call, const struct nasty_bend *bend, long n)
{
	struct harness *h = call->h;

	nasty_watch(next_descriptor(), true);
	nasty_bend_at(bend, n);
	call->refused = bufferevent_socket_connect(h->bev,
	    (void *)&call->address, (int)sizeof(call->address));
	/* A -1 says all there is to be said; it may be tried again. */
	if (call->refused == -1)
		ck_assert_int_eq(bufferevent_socket_connect(h->bev,
		    (void *)&call->address, (int)sizeof(call->address)), 0);
	harness_expect(h, "");
	harness_run_until_noted(h, ":");
	if (h->closed == 0 && is_connected(h)) {
		harness_accept(h, call->listener);
		harness_run_until_received(h, strlen("hello world"));
		harness_turn(h);
		harness_feed(h, "ab\r\ncd");
		harness_feed_eof(h);
	}
	harness_run_until_closed(h);
	nasty_stop();
}

static void
finish(struct call *call)
{
	harness_free(call->h);
	close(call->listener);
}

static void
expect_words(struct call *call, int error)
{
	ck_assert_int_eq(call->told, error);
	ck_assert_str_eq(call->text, error != 0 ? strerror(error) :
	    "closed by the peer inside a frame");
}

static void
expect_calm(struct call *call)
{
	harness_expect(call->h, CALM);
	harness_expect_received(call->h, "hello world");
	expect_words(call, 0);
}

/* A connect that was refused: everything that waited says so. */
static void
expect_refusal(struct call *call, const struct nasty_bend *bend)
{
	const char *transcript = harness_transcript(call->h);
	const char *begin = "cleanup:r|done:p:failed:";
	const char *end = "|mark:m:failed|closed:connect";

	/* In between is how many bytes had been asked for. */
	ck_assert_int_eq(strncmp(transcript, begin, strlen(begin)), 0);
	ck_assert_str_eq(transcript + strlen(begin) + 1, end);
	expect_words(call, bend->error);
}

/* It broke later: what was told is a beginning, and each end is told once. */
static void
expect_break(struct call *call, const struct nasty_bend *bend)
{
	const char *transcript = harness_transcript(call->h);
	size_t got = evbuffer_get_length(call->h->received);

	ck_assert_int_eq(strncmp(transcript, "event:connected|cleanup:r|done:p:",
	    33), 0);
	ck_assert_ptr_nonnull(strstr(transcript, "|mark:m:"));
	ck_assert_uint_le(got, strlen("hello world"));
	if (got > 0)
		ck_assert_mem_eq(evbuffer_pullup(call->h->received, -1),
		    "hello world", got);
	if (bend->error == ENOMEM) {
		ck_assert_int_eq(call->h->why, EVCHAT_REASON_NO_MEMORY);
		return;
	}
	ck_assert_int_eq(call->h->why, EVCHAT_REASON_IO);
	expect_words(call, bend->error);
}

/* Have the n-th call be bent. @return whether there was one */
static bool
bend_nth(const struct nasty_bend *bend, long n)
{
	struct call call;

	start(&call);
	talk(&call, bend, n);
	if (bend->transient || nasty_struck() == 0)
		expect_calm(&call);
	else if (call.refused == -1)
		expect_calm(&call);
	else if (n == 1 && bend->error == ECONNREFUSED)
		expect_refusal(&call, bend);
	else
		expect_break(&call, bend);
	finish(&call);
	return nasty_struck() > 0;
}

START_TEST(connection_is_made_and_used_or_its_end_is_told)
{
	const struct nasty_bend *bend = &nasty_bends[_i];
	long n = 1;

	if ((bend->calls & ~(unsigned)NASTY_ACCEPTS) == 0)
		return;
	while (bend_nth(bend, n))
		ck_assert_int_lt(++n, CALLS_MAX);
	ck_assert_int_ge(n, 2);
}
END_TEST

static Suite *
connecting_suite(void)
{
	Suite *suite = suite_create("nasty connecting");
	TCase *tc = harness_case(suite, "connecting");

	tcase_add_loop_test(tc,
	    connection_is_made_and_used_or_its_end_is_told, 0,
	    (int)nasty_bend_count);
	return suite;
}

int
main(void)
{
	return harness_main(connecting_suite());
}
