/*
 * Several addresses, tried in turn until one accepts, and all that may go
 * wrong with each: the peer, the kernel, memory.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "harness.h"
#include "harness_trouble.h"
#include "nasty.h"
#include "place.h"

#define PLACES 3
#define ALLOCATIONS_MAX 200 /* more than connecting makes */

/* So many places, of which the last one may listen, and a channel to connect. */
struct turns {
	struct place places[PLACES];
	struct evutil_addrinfo infos[PLACES];
	struct harness *h;
};

static void
start(struct turns *t, int first, bool listening)
{
	int i;

	for (i = 0; i < PLACES; i++) {
		int family = place_family((first + i) % PLACE_FAMILIES);

		if (i == PLACES - 1 && listening)
			place_listen(&t->places[i], family);
		else
			place_bind(&t->places[i], family);
	}
	place_list(t->infos, t->places, PLACES);
	t->h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	harness_crlf(t->h);
	t->h->script.closed = harness_note_error;
}

static void
connect_all(struct turns *t)
{
	ck_assert_int_eq(evchat_connect_addrinfo(t->h->chat, t->infos), 0);
	harness_expect(t->h, "");
}

static void
end_anyhow(struct turns *t)
{
	int i;

	harness_free(t->h);
	for (i = 0; i < PLACES; i++)
		place_free(&t->places[i]);
}

static void
end(struct turns *t, const char *transcript)
{
	harness_expect(t->h, transcript);
	end_anyhow(t);
}

static void
end_refused(struct turns *t, int error)
{
	char expect[64];

	harness_run_until_closed(t->h);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d", error);
	end(t, expect);
}

START_TEST(first_that_accepts_is_connected_to)
{
	struct turns t;

	start(&t, _i, true);
	ck_assert_int_eq(evchat_push(t.h->chat, "hello", 5), 0);
	connect_all(&t);
	/* It was copied. */
	memset(t.infos, 0xff, sizeof(t.infos));
	harness_run_until_noted(t.h, "event:connected");
	harness_accept(t.h, t.places[PLACES - 1].listener);
	harness_expect_received(t.h, "hello");
	harness_feed(t.h, "ab\r\n");
	end(&t, "event:connected|frame:ab");
}
END_TEST

START_TEST(those_behind_it_are_not_tried)
{
	struct turns t;

	start(&t, _i, true);
	ck_assert_int_eq(listen(t.places[0].listener, 1), 0);
	fcntl(t.places[PLACES - 1].listener, F_SETFL, O_NONBLOCK);
	connect_all(&t);
	harness_run_until_noted(t.h, "event:connected");
	harness_accept(t.h, t.places[0].listener);
	ck_assert_int_eq(accept(t.places[PLACES - 1].listener, NULL, NULL),
	    -1);
	end(&t, "event:connected");
}
END_TEST

START_TEST(all_have_failed_before_the_channel_is_told)
{
	struct turns t;

	start(&t, _i, false);
	connect_all(&t);
	end_refused(&t, ECONNREFUSED);
}
END_TEST

/* Whose socket can be made and whose cannot, and what has another error. */
START_TEST(error_is_that_of_the_last)
{
	static struct sockaddr_un nowhere = { .sun_family = AF_UNIX,
	    .sun_path = "/nonexistent/socket" };
	static struct sockaddr_un nothing = { .sun_family = AF_UNSPEC };
	struct turns t;

	start(&t, 1, false);
	t.infos[(2 + _i) % PLACES].ai_addr = (struct sockaddr *)&nowhere;
	t.infos[(2 + _i) % PLACES].ai_addrlen = sizeof(nowhere);
	t.infos[(1 + _i) % PLACES].ai_addr = (struct sockaddr *)&nothing;
	t.infos[(1 + _i) % PLACES].ai_addrlen = sizeof(nothing);
	connect_all(&t);
	end_refused(&t, _i == 0 ? ENOENT : _i == 1 ? EAFNOSUPPORT :
	    ECONNREFUSED);
}
END_TEST

START_TEST(what_is_no_stream_or_no_address_is_passed_over)
{
	struct turns t;

	start(&t, _i, true);
	ck_assert_int_eq(listen(t.places[0].listener, 1), 0);
	ck_assert_int_eq(listen(t.places[1].listener, 1), 0);
	t.infos[0].ai_socktype = SOCK_DGRAM;
	t.infos[1].ai_addrlen = sizeof(struct sockaddr_storage) + 1;
	t.infos[2].ai_socktype = 0;
	connect_all(&t);
	harness_run_until_noted(t.h, "event:connected");
	harness_accept(t.h, t.places[2].listener);
	end(&t, "event:connected");
}
END_TEST

/* Between two: freed, closed, detached */

static void
run_passes(struct turns *t, int n)
{
	for (; n > 0 && t->h->closed == 0; n--)
		event_base_loop(t->h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

START_TEST(channel_may_be_freed_at_any_attempt)
{
	struct turns t;

	start(&t, 1, _i % 2 != 0);
	harness_push_mark(t.h, "m");
	connect_all(&t);
	run_passes(&t, _i / 2);
	if (t.h->closed != 0)
		harness_expect(t.h, "mark:m:failed|closed:connect|error:111");
	evchat_free(t.h->chat);
	end_anyhow(&t);
}
END_TEST

START_TEST(channel_may_be_detached_at_any_attempt_and_goes_on_with_that)
{
	struct turns t;

	start(&t, 1, true);
	connect_all(&t);
	run_passes(&t, _i);
	errno = 0;
	if (harness_detach(t.h))
		ck_assert_int_ne(bufferevent_getfd(t.h->detached), -1);
	else
		ck_assert_int_eq(errno, EBUSY);
	end_anyhow(&t);
}
END_TEST

static void
set_urgent(struct harness *h, int priority)
{
	ck_assert_int_eq(bufferevent_priority_set(h->bev, priority), 0);
}

/* libevent forgets it with the descriptor. */
START_TEST(priority_stays)
{
	struct turns t;

	start(&t, 0, true);
	harness_free(t.h);
	t.h = harness_new(HARNESS_UNCONNECTED);
	ck_assert_int_eq(event_base_priority_init(t.h->base, 4), 0);
	harness_start(t.h, &harness_frames, 0);
	set_urgent(t.h, 1);
	connect_all(&t);
	harness_run_until_noted(t.h, "event:connected");
	ck_assert_int_eq(bufferevent_get_priority(t.h->bev), 1);
	end(&t, "event:connected");
}
END_TEST

/* The kernel */

/* The descriptor that is going to be opened next. */
static int
next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

START_TEST(connect_that_fails_at_once_is_followed_by_the_next)
{
	const struct nasty_bend *bend;
	int tried = 0;

	for (bend = nasty_bends; bend < nasty_bends + nasty_bend_count; bend++) {
		struct turns t;

		if ((bend->calls & NASTY_CONNECT) == 0)
			continue;
		start(&t, _i, true);
		ck_assert_int_eq(listen(t.places[0].listener, 1), 0);
		nasty_watch(next_fd(), true);
		nasty_bend_at(bend, 1);
		connect_all(&t);
		harness_run_until_noted(t.h, "event:connected");
		ck_assert_int_eq(nasty_struck(), 1);
		nasty_stop();
		/* One that was interrupted goes on. */
		harness_accept(t.h, t.places[bend->error == EINTR ? 0 :
		    PLACES - 1].listener);
		end(&t, "event:connected");
		tried++;
	}
	ck_assert_int_ge(tried, 4);
}
END_TEST

START_TEST(connect_that_fails_at_once_is_told_from_the_loop)
{
	const struct nasty_bend *bend;

	for (bend = nasty_bends; bend < nasty_bends + nasty_bend_count; bend++) {
		struct turns t;

		if ((bend->calls & NASTY_CONNECT) == 0 || bend->error == EINTR)
			continue;
		start(&t, _i, true);
		nasty_watch(next_fd(), true);
		nasty_bend_at(bend, 1);
		place_connect(t.h, &t.places[PLACES - 1]);
		harness_expect(t.h, "");
		harness_run_until_closed(t.h);
		nasty_stop();
		end_refused(&t, bend->error);
	}
}
END_TEST

START_TEST(want_of_descriptors_is_told_as_failure)
{
	struct rlimit limit, none;
	struct turns t;

	start(&t, _i, true);
	connect_all(&t);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)next_fd();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	harness_run_until_closed(t.h);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	end_refused(&t, EMFILE);
}
END_TEST

/* A local socket does not wait for a place in the queue. */
START_TEST(listener_that_is_behind_is_a_failure)
{
	struct place place;
	struct harness *h;
	char expect[64];
	int fds[2], i;

	place_bind(&place, AF_UNIX);
	ck_assert_int_eq(listen(place.listener, 0), 0);
	for (i = 0; i < 2; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		evutil_make_socket_nonblocking(fds[i]);
		(void)connect(fds[i], &place.address.sa, place.len);
	}
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	h->script.closed = harness_note_error;
	place_connect(h, &place);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d", EAGAIN);
	harness_end(h, expect);
	for (i = 0; i < 2; i++)
		close(fds[i]);
	place_free(&place);
}
END_TEST

/* Memory */

/* With the n-th allocation failing, or all from that on. @return whether there was one */
static bool
try_without_memory(struct turns *t, long n, bool for_good)
{
	bool failed;
	int begun;

	errno = 0;
	(for_good ? &harness_starved : &harness_starving)->arm(NULL, n);
	begun = evchat_connect_addrinfo(t->h->chat, t->infos);
	if (begun == -1)
		ck_assert_int_eq(errno, ENOMEM);
	while (begun == 0 && t->h->closed == 0 &&
	    strstr(harness_transcript(t->h), "connected") == NULL)
		event_base_loop(t->h->base, EVLOOP_ONCE);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	if (t->h->closed != 0) {
		ck_assert(failed);
		harness_expect(t->h, "closed:no memory|error:0");
		return failed;
	}
	/* A call that failed has changed nothing. */
	if (begun == -1)
		connect_all(t);
	harness_run_until_noted(t->h, "event:connected");
	return failed;
}

START_TEST(want_of_memory_is_told_and_nothing_leaks)
{
	struct turns t;
	bool failed = true;
	long n;

	for (n = 1; failed; n++) {
		ck_assert_int_le(n, ALLOCATIONS_MAX);
		start(&t, _i % PLACE_FAMILIES, true);
		failed = try_without_memory(&t, n, _i >= PLACE_FAMILIES);
		end_anyhow(&t);
	}
	ck_assert_int_gt(n, 3);
}
END_TEST

static Suite *
turns_suite(void)
{
	Suite *suite = suite_create("connecting in turn");
	TCase *tc = harness_case(suite, "turns");

	tcase_add_loop_test(tc, first_that_accepts_is_connected_to, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, those_behind_it_are_not_tried, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, all_have_failed_before_the_channel_is_told, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, error_is_that_of_the_last, 0, PLACES);
	tcase_add_loop_test(tc, what_is_no_stream_or_no_address_is_passed_over,
	    0, PLACE_FAMILIES);
	tcase_add_loop_test(tc, channel_may_be_freed_at_any_attempt, 0, 12);
	tcase_add_loop_test(tc,
	    channel_may_be_detached_at_any_attempt_and_goes_on_with_that, 0, 6);
	tcase_add_test(tc, priority_stays);
	tc = harness_case(suite, "kernel");
	tcase_add_loop_test(tc,
	    connect_that_fails_at_once_is_followed_by_the_next, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc,
	    connect_that_fails_at_once_is_told_from_the_loop, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, want_of_descriptors_is_told_as_failure, 0,
	    PLACE_FAMILIES);
	tcase_add_test(tc, listener_that_is_behind_is_a_failure);
	tc = harness_case(suite, "memory");
	tcase_add_loop_test(tc, want_of_memory_is_told_and_nothing_leaks, 0,
	    2 * PLACE_FAMILIES);
	return suite;
}

int
main(void)
{
	return harness_main(turns_suite());
}
