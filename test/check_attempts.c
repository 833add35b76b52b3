/*
 * An attempt to connect: that nothing is read meanwhile, and what becomes of
 * one whose time has run out: the next address is tried, or else the channel
 * ends.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <event2/dns.h>
#include "../lib/channel.h"
#include "../lib/connect.h"
#include "harness.h"
#include "place.h"

#define PLACES 3

static const struct timeval hour = { 3600, 0 };
static const struct timeval minute = { 60, 0 };

struct turns {
	struct place places[PLACES];
	struct evutil_addrinfo infos[PLACES];
	struct harness *h;
};

/* All places listen, so that whatever is tried would work. */
static void
start(struct turns *t, int family)
{
	int i;

	for (i = 0; i < PLACES; i++)
		place_listen(&t->places[i], family);
	t->h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	t->h->script.closed = harness_note_error;
	ck_assert_int_eq(evchat_connect_addrinfo(t->h->chat,
	    place_list(t->infos, t->places, PLACES)), 0);
}

static void
end(struct turns *t, const char *transcript)
{
	int i;

	harness_end(t->h, transcript);
	for (i = 0; i < PLACES; i++)
		place_free(&t->places[i]);
}

/* The loop begins an attempt, and is not let see what comes of it. */
static void
begin_attempt(struct turns *t)
{
	event_base_loop(t->h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	harness_expect(t->h, "");
	ck_assert_ptr_nonnull(t->h->chat->attempts);
	ck_assert_int_eq(t->h->chat->attempts->state, ATTEMPTS_TRYING);
}

static void
expect_share(struct turns *t, uint64_t s)
{
	uint64_t left = deadline_left(t->h->chat, DEADLINE_ATTEMPT);

	ck_assert_uint_le(left, s * DEADLINE_SECOND);
	ck_assert_uint_gt(left, (s - 30) * DEADLINE_SECOND);
}

START_TEST(next_address_is_tried_when_time_has_run_out)
{
	struct turns t;
	int i;

	start(&t, place_family(_i % PLACE_FAMILIES));
	for (i = 0; i < _i / PLACE_FAMILIES; i++) {
		begin_attempt(&t);
		attempts_expired(t.h->chat);
		harness_expect(t.h, "");
	}
	harness_run_until_noted(t.h, "event:connected");
	fcntl(t.places[i].listener, F_SETFL, O_NONBLOCK);
	harness_accept(t.h, t.places[i].listener);
	ck_assert_int_eq(evchat_push(t.h->chat, "hello", 5), 0);
	harness_expect_received(t.h, "hello");
	end(&t, "event:connected");
}
END_TEST

START_TEST(channel_ends_when_the_last_has_run_out)
{
	char expect[64];
	struct turns t;
	int i;

	start(&t, place_family(_i));
	for (i = 0; i < PLACES; i++) {
		begin_attempt(&t);
		attempts_expired(t.h->chat);
		harness_expect(t.h, "");
	}
	harness_run_until_closed(t.h);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d",
	    ETIMEDOUT);
	end(&t, expect);
}
END_TEST

START_TEST(each_address_has_its_share_of_the_time)
{
	struct turns t;

	start(&t, AF_UNIX);
	ck_assert_int_eq(evchat_set_timeout(t.h->chat, EVCHAT_TIMEOUT_CONNECT,
	    &hour), 0);
	begin_attempt(&t);
	expect_share(&t, 1200);
	attempts_expired(t.h->chat);
	begin_attempt(&t);
	expect_share(&t, 1800);
	attempts_expired(t.h->chat);
	begin_attempt(&t);
	expect_share(&t, 3600);
	ck_assert_int_eq(evchat_set_timeout(t.h->chat, EVCHAT_TIMEOUT_CONNECT,
	    &minute), 0);
	turn_take(t.h->chat);
	ck_assert_uint_le(deadline_left(t.h->chat, DEADLINE_CONNECT),
	    60 * DEADLINE_SECOND);
	evchat_free(t.h->chat);
	end(&t, "closed:freed|error:0");
}
END_TEST

START_TEST(time_begins_with_the_call)
{
	struct place place;
	struct harness *h;

	place_listen(&place, AF_UNIX);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_CONNECT,
	    &hour), 0);
	harness_turn(h);
	place_connect(h, &place);
	ck_assert_int_eq(deadline_get(h->chat, DEADLINE_CONNECT),
	    DEADLINE_STOPPED);
	harness_run_until_noted(h, "event:connected");
	ck_assert_int_eq(deadline_get(h->chat, DEADLINE_CONNECT),
	    DEADLINE_STOPPED);
	harness_end(h, "event:connected");
	place_free(&place);
}
END_TEST

/* Whatever is done to the reading meanwhile. */
START_TEST(nothing_is_read_before_connected_is_told)
{
	struct turns t;

	start(&t, place_family(_i));
	harness_crlf(t.h);
	begin_attempt(&t);
	evchat_pause(t.h->chat);
	evchat_resume(t.h->chat);
	turn_take(t.h->chat);
	harness_accept(t.h, t.places[0].listener);
	harness_send(t.h, "ab\r\n", 4);
	harness_send_eof(t.h);
	harness_run_until_closed(t.h);
	end(&t, "event:connected|frame:ab|event:eof|closed:eof|error:0");
}
END_TEST

/* A lookup has all of it; the server of names is one that never answers. */
START_TEST(lookup_is_given_up_when_time_has_run_out)
{
	char expect[64];
	struct place silent;
	struct harness *h;
	struct evdns_base *dns;

	place_bind(&silent, AF_INET);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	h->script.closed = harness_note_error;
	dns = evdns_base_new(h->base, 0);
	ck_assert_int_eq(evdns_base_nameserver_sockaddr_add(dns,
	    &silent.address.sa, silent.len, 0), 0);
	ck_assert_int_eq(evchat_connect_hostname(h->chat, dns, AF_INET, "x",
	    1), 0);
	event_base_loop(h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_int_eq(h->chat->attempts->state, ATTEMPTS_ASKED);
	attempts_expired(h->chat);
	ck_assert_int_eq(h->chat->attempts->state, ATTEMPTS_ASKED);
	attempts_give_up(h->chat);
	harness_expect(h, "");
	harness_run_until_closed(h);
	harness_turn(h);
	evdns_base_free(dns, 0);
	harness_turn(h);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d",
	    ETIMEDOUT);
	harness_end(h, expect);
	place_free(&silent);
}
END_TEST

static Suite *
attempts_suite(void)
{
	Suite *suite = suite_create("attempts");
	TCase *tc = harness_case(suite, "expired");

	tcase_add_loop_test(tc, next_address_is_tried_when_time_has_run_out, 0,
	    PLACES * PLACE_FAMILIES);
	tcase_add_loop_test(tc, channel_ends_when_the_last_has_run_out, 0,
	    PLACE_FAMILIES);
	tcase_add_test(tc, time_begins_with_the_call);
	tcase_add_loop_test(tc, nothing_is_read_before_connected_is_told, 0,
	    PLACE_FAMILIES);
	tcase_add_test(tc, each_address_has_its_share_of_the_time);
	tcase_add_test(tc, lookup_is_given_up_when_time_has_run_out);
	return suite;
}

int
main(void)
{
	return harness_main(attempts_suite());
}
