/*
 * Listeners: connections become channels, on sockets of each kind, and what a
 * listener and a channel can be asked about each other.
 */

#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>
#include "door.h"

/* Connections */

START_TEST(connection_becomes_a_channel)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_finish(&d, door_visit(&d));
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|frame:a|closed:eof");
}
END_TEST

START_TEST(connections_that_wait_are_all_accepted)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	d.quiet = true;
	for (i = 0; i < 100; i++)
		door_say(&d, door_knock(&d));
	for (i = 0; i < 100; i++)
		door_run_until_echoed(&d, i);
	ck_assert_int_eq(d.living, 100);
	door_end(&d, "");
}
END_TEST

START_TEST(input_that_came_before_is_delivered_behind_accept)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_say(&d, door_knock(&d));
	door_finish(&d, 0);
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|frame:a|closed:eof");
}
END_TEST

/* A turn accepts so many that those who have channels are served meanwhile. */
static void
knock_again(struct door *d, struct evchat *chat)
{
	(void)chat;
	if (d->n < DOOR_CLIENTS)
		door_knock(d);
}

static void
note_accepted(struct door *d, struct evchat *chat)
{
	(void)chat;
	d->count = d->accepted;
}

START_TEST(flood_of_connections_does_not_keep_the_loop)
{
	struct door d;

	door_open(&d, DOOR_UNIX);
	d.quiet = true;
	d.script.accept = knock_again;
	d.script.frame = note_accepted;
	door_visit(&d);
	ck_assert_int_lt(d.count, 100);
	door_run_until_living(&d, DOOR_CLIENTS);
	door_end(&d, "");
}
END_TEST

/* What is set on sockets */

static int
option_of(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static void
expect_flags(int fd)
{
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

START_TEST(sockets_are_as_promised)
{
	struct door d;
	int fd;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	fd = bufferevent_getfd(evchat_get_bufferevent(d.last));
	expect_flags(fd);
	if (d.kind != DOOR_UNIX) {
		ck_assert_int_ne(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
		ck_assert_int_ne(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	}
	if (d.listener_fd != -1)
		expect_flags(d.listener_fd);
	door_close(&d);
}
END_TEST

START_TEST(accept_is_told_the_peer)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	memset(&own, 0, sizeof(own));
	ck_assert_int_eq(getsockname(d.clients[0], (struct sockaddr *)&own,
	    &len), 0);
	ck_assert_int_eq(d.peer_len, (int)len);
	ck_assert_mem_eq(&d.peer, &own, len);
	door_close(&d);
}
END_TEST

/* Asking */

static void
ask_for_listener(struct door *d, struct evchat *chat)
{
	door_note(d, evchat_get_listener(chat) == NULL ? "none" :
	    evchat_get_listener(chat) == d->listener ? "ours" : "another");
	door_note(d, "%zu", d->listener == NULL ? (size_t)0 :
	    evchat_listener_get_count(d->listener));
}

START_TEST(channel_knows_its_listener_until_it_ends)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = d.script.frame = d.script.closed = ask_for_listener;
	door_finish(&d, door_visit(&d));
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|ours|1|frame:a|ours|1|closed:eof|none|0");
}
END_TEST

START_TEST(channel_whose_listener_was_freed_knows_none)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.frame = ask_for_listener;
	door_say(&d, door_knock(&d));
	door_run_until(&d, "ours", 1);
	door_free_listener(&d);
	door_say(&d, 0);
	door_run_until(&d, "none", 1);
	door_end(&d, "accept|frame:a|ours|1|frame:a|none|0");
}
END_TEST

START_TEST(other_channels_have_no_listener)
{
	struct event_base *base = event_base_new();
	struct evchat *chat = evchat_socket_new(base, -1, NULL, NULL, 0);

	ck_assert_ptr_null(evchat_get_listener(chat));
	evchat_free(chat);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}
END_TEST

START_TEST(listener_tells_its_address_until_it_has_stopped)
{
	struct sockaddr_storage ss;
	int len = sizeof(ss), none = 0;
	struct door d;

	door_open(&d, (enum door_kind)_i);
	ck_assert_ptr_eq(evchat_listener_get_base(d.listener), d.base);
	ck_assert_int_eq(evchat_listener_get_address(d.listener,
	    (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(len, d.address_len);
	ck_assert_int_eq(ss.ss_family, d.address.ss_family);
	if (d.kind != DOOR_UNIX)
		ck_assert_int_ne(((struct sockaddr_in *)&ss)->sin_port, 0);
	ck_assert_int_eq(evchat_listener_get_address(d.listener,
	    (struct sockaddr *)&ss, &none), 0);
	ck_assert_int_eq(none, len);
	door_stop(&d, -1);
	door_run_until(&d, "stopped", 1);
	errno = 0;
	ck_assert_int_eq(evchat_listener_get_address(d.listener,
	    (struct sockaddr *)&ss, &len), -1);
	ck_assert_int_eq(errno, EBADF);
	door_end(&d, "stopped");
}
END_TEST

/* Two at one address */

START_TEST(address_is_taken_unless_it_is_shared)
{
	bool shared = _i != 0;
	struct door d, other;

	door_init(&d, DOOR_TCP);
	ck_assert(door_listen(&d, shared ? EVCHAT_LISTENER_REUSEPORT : 0));
	door_init(&other, DOOR_TCP);
	other.address = d.address;
	errno = 0;
	ck_assert_int_eq(door_listen(&other, shared ?
	    EVCHAT_LISTENER_REUSEPORT : 0), shared);
	if (!shared)
		ck_assert_int_eq(errno, EADDRINUSE);
	door_close(&other);
	door_visit(&d);
	door_close(&d);
}
END_TEST

static void
never(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	(void)listener;
	(void)chat;
	(void)peer;
	(void)peerlen;
	(void)arg;
	ck_abort_msg("nobody has connected");
}

static struct evchat_listener *
listen_on_all(struct door *d, unsigned options)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
	    .sin6_port = ((struct sockaddr_in *)&d->address)->sin_port };

	return evchat_listener_new_bind(d->base, never,
	    NULL, options, -1, (struct sockaddr *)&sin6, sizeof(sin6));
}

START_TEST(ipv6_alone_leaves_ipv4_to_another)
{
	struct evchat_listener *listener;
	struct door d;

	door_open(&d, DOOR_TCP);
	ck_assert_ptr_null(listen_on_all(&d, 0));
	ck_assert_int_eq(errno, EADDRINUSE);
	listener = listen_on_all(&d, EVCHAT_LISTENER_IPV6ONLY);
	ck_assert_ptr_nonnull(listener);
	evchat_listener_free(listener);
	door_end(&d, "");
}
END_TEST

static Suite *
listener_suite(void)
{
	Suite *suite = suite_create("listener");
	TCase *tc = harness_case(suite, "connections");

	tcase_add_loop_test(tc, connection_becomes_a_channel, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, connections_that_wait_are_all_accepted, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc,
	    input_that_came_before_is_delivered_behind_accept, 0, DOOR_KINDS);
	tcase_add_test(tc, flood_of_connections_does_not_keep_the_loop);

	tc = harness_case(suite, "sockets");
	tcase_add_loop_test(tc, sockets_are_as_promised, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, accept_is_told_the_peer, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, address_is_taken_unless_it_is_shared, 0, 2);
	tcase_add_test(tc, ipv6_alone_leaves_ipv4_to_another);

	tc = harness_case(suite, "asking");
	tcase_add_loop_test(tc, channel_knows_its_listener_until_it_ends, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, channel_whose_listener_was_freed_knows_none, 0,
	    DOOR_KINDS);
	tcase_add_test(tc, other_channels_have_no_listener);
	tcase_add_loop_test(tc,
	    listener_tells_its_address_until_it_has_stopped, 0, DOOR_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(listener_suite());
}
