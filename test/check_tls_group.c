/*
 * Members of a group some of which speak TLS: what is broadcast is shared
 * among them, and their limits hold, when they are set before the upgrade as
 * well as behind it. Nothing here depends on time: what may pass in an hour
 * does so at once, and then no more.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include "bare.h"
#include "harness.h"
#include "secure.h"

#define RATE 20000
#define MUCH (1 << 20)

/* A member that is plain, in the same loop, and its peer's descriptor. */
static struct evchat *
make_plain(struct secure *s, int *fd)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	evutil_make_socket_nonblocking(fds[0]);
	*fd = fds[1];
	return evchat_socket_new(s->base, fds[0], NULL, NULL, 0);
}

static void
expect_plain(int fd, const char *expect)
{
	char bytes[256] = "";
	ssize_t n = recv(fd, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);

	ck_assert_int_eq(n, (ssize_t)strlen(expect));
	ck_assert_str_eq(bytes, expect);
}

static void
count_cleanup(const void *data, size_t len, void *arg)
{
	int *count = arg;

	(void)data;
	(void)len;
	++*count;
}

static void
broadcast_each_way(struct evchat_group *group, int *cleanups)
{
	ck_assert_int_eq(evchat_group_broadcast(group, "bytes ", 6, NULL, NULL),
	    2);
	ck_assert_int_eq(evchat_group_broadcast_reference(group, "reference ",
	    10, count_cleanup, cleanups), 2);
	ck_assert_int_eq(evchat_group_broadcast_frame(group, "frame", 5, NULL,
	    NULL), 2);
}

START_TEST(broadcast_reaches_members_with_and_without_tls)
{
	static const char all[] = "bytes reference frame\r\n";
	struct secure *s = secure_new_server(_i);
	struct evchat_group *group = evchat_group_new(s->base, 0);
	struct bare *b = bare_new(&s->client, NULL);
	int fd, cleanups = 0;
	struct evchat *plain = make_plain(s, &fd);

	evchat_set_terminator(plain, "\r\n", 2);
	ck_assert_int_eq(evchat_group_add(group, s->server.chat), 0);
	ck_assert_int_eq(evchat_group_add(group, plain), 0);
	/* In an upgrade it waits as all that is pushed does. */
	secure_starttls(&s->server);
	broadcast_each_way(group, &cleanups);
	secure_run(s);
	expect_plain(fd, all);
	ck_assert_int_eq(cleanups, 0);
	bare_run(b);
	bare_expect(b, all);
	ck_assert_int_eq(cleanups, 1);
	broadcast_each_way(group, &cleanups);
	bare_run(b);
	bare_expect(b, all);
	expect_plain(fd, all);
	ck_assert_int_eq(cleanups, 2);
	evchat_free(plain);
	evchat_group_free(group);
	close(fd);
	bare_free(b);
	secure_free(s);
}
END_TEST

/* Those of one turn are one record, as for pushes. */
START_TEST(small_broadcasts_are_one_record)
{
	struct secure *s = secure_new_server(_i);
	struct evchat_group *group = evchat_group_new(s->base, 0);
	struct bare *b = bare_new(&s->client, NULL);
	int i;

	ck_assert_int_eq(evchat_group_add(group, s->server.chat), 0);
	secure_starttls(&s->server);
	bare_run(b);
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(evchat_group_broadcast(group, "line\r\n", 6,
		    NULL, NULL), 1);
	bare_run(b);
	ck_assert_uint_eq(evbuffer_get_length(b->got), 50 * 6);
	ck_assert_int_eq(b->records, 1);
	evchat_group_free(group);
	bare_free(b);
	secure_free(s);
}
END_TEST

/* Limits */

static struct ev_token_bucket_cfg *
limit_new(void)
{
	static const struct timeval hour = { .tv_sec = 3600 };

	return ev_token_bucket_cfg_new(RATE, RATE, RATE, RATE, &hour);
}

/*
 * What passes, of many bytes in either direction, is soon no more. TLS writes
 * what is in one piece of memory, however large; libevent has it count for
 * what comes later.
 */
static void
expect_limited(struct secure *s, struct bare *b)
{
	char *much = calloc(1, MUCH);
	size_t got;

	ck_assert_ptr_nonnull(much);
	evchat_set_terminator_none(s->server.chat);
	ck_assert_int_eq(evchat_push(s->server.chat, much, MUCH), 0);
	bare_run(b);
	got = evbuffer_get_length(b->got);
	ck_assert_int_eq(evchat_push(s->server.chat, much, MUCH), 0);
	bare_run(b);
	ck_assert_uint_eq(evbuffer_get_length(b->got), got);
	ck_assert_int_eq(SSL_write(b->ssl, much, MUCH), MUCH);
	bare_run(b);
	ck_assert_uint_le(s->server.collected, RATE + 16384);
	ck_assert_ptr_nonnull(s->server.chat);
	free(much);
}

static void
limit_group(int wire, bool before)
{
	struct secure *s = secure_new_server(wire);
	struct evchat_group *group = evchat_group_new(s->base, 0);
	struct ev_token_bucket_cfg *limit = limit_new();
	struct bare *b = bare_new(&s->client, NULL);

	ck_assert_int_eq(evchat_group_add(group, s->server.chat), 0);
	if (before)
		ck_assert_int_eq(evchat_group_set_rate_limit(group, limit), 0);
	secure_starttls(&s->server);
	bare_run(b);
	secure_expect(&s->server, "connected");
	if (!before)
		ck_assert_int_eq(evchat_group_set_rate_limit(group, limit), 0);
	expect_limited(s, b);
	evchat_free(s->server.chat);
	evchat_group_free(group);
	secure_run(s);
	ev_token_bucket_cfg_free(limit);
	bare_free(b);
	secure_free(s);
}

START_TEST(limit_of_the_group_is_set_before_the_upgrade)
{
	limit_group(_i, true);
}
END_TEST

START_TEST(limit_of_the_group_is_set_behind_the_upgrade)
{
	limit_group(_i, false);
}
END_TEST

static void
limit_member(int wire, bool before)
{
	struct secure *s = secure_new_server(wire);
	struct ev_token_bucket_cfg *limit = limit_new();
	struct bare *b = bare_new(&s->client, NULL);

	if (before)
		ck_assert_int_eq(bufferevent_set_rate_limit(
		    evchat_get_bufferevent(s->server.chat), limit), 0);
	secure_starttls(&s->server);
	bare_run(b);
	secure_expect(&s->server, "connected");
	if (!before)
		ck_assert_int_eq(bufferevent_set_rate_limit(
		    evchat_get_bufferevent(s->server.chat), limit), 0);
	expect_limited(s, b);
	evchat_free(s->server.chat);
	secure_run(s);
	ev_token_bucket_cfg_free(limit);
	bare_free(b);
	secure_free(s);
}

/* libevent keeps none of a filter. */
START_TEST(limit_of_the_member_is_set_before_the_upgrade)
{
	if (_i != SECURE_FILTER)
		limit_member(_i, true);
}
END_TEST

/* The bufferevent is another one then. */
START_TEST(limit_of_the_member_is_set_behind_the_upgrade)
{
	limit_member(_i, false);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_group");
	TCase *tc = harness_case(suite, "group");

	tcase_add_loop_test(tc, broadcast_reaches_members_with_and_without_tls,
	    0, SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, small_broadcasts_are_one_record, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, limit_of_the_group_is_set_before_the_upgrade, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, limit_of_the_group_is_set_behind_the_upgrade, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, limit_of_the_member_is_set_before_the_upgrade,
	    0, SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, limit_of_the_member_is_set_behind_the_upgrade,
	    0, SECURE_RAW_WIRES);
	return harness_main(suite);
}
