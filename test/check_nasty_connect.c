/*
 * The nasty kernel's connections, and libevent's calls: if those did not
 * arrive there, all the tests that bend them would prove nothing.
 */

#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/listener.h>
#include "harness.h"
#include "nasty.h"

#define WAIT_MS 5000

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);

/* Connections */

static int
listen_to(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (void *)address, sizeof(*address)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(getsockname(fd, (void *)address, &len), 0);
	return fd;
}

static int
call_accept(int fd, bool is_accept4)
{
	return is_accept4 ? accept4(fd, NULL, NULL, 0) :
	    accept(fd, NULL, NULL);
}

START_TEST(nth_accept_is_bent_and_loses_no_connection)
{
	const struct nasty_bend *bend;
	struct sockaddr_in address;
	int listener = listen_to(&address), fds[4], i, tried = 0;

	for (bend = nasty_bends; bend < nasty_bends + nasty_bend_count; bend++) {
		if ((bend->calls & NASTY_ACCEPTS) == 0)
			continue;
		for (i = 0; i < 2; i++) {
			fds[i] = socket(AF_INET, SOCK_STREAM, 0);
			ck_assert_int_eq(connect(fds[i], (void *)&address,
			    sizeof(address)), 0);
		}
		nasty_watch(listener, true);
		nasty_bend_at(bend, 2);
		ck_assert_int_ge(fds[2] = call_accept(listener, _i != 0), 0);
		ck_assert_int_eq(call_accept(listener, _i != 0), -1);
		ck_assert_int_eq(errno, bend->error);
		ck_assert_int_ge(fds[3] = call_accept(listener, _i != 0), 0);
		ck_assert_int_eq(nasty_struck(), 1);
		nasty_stop();
		for (i = 0; i < 4; i++)
			close(fds[i]);
		tried++;
	}
	ck_assert_int_ge(tried, 3);
	close(listener);
}
END_TEST

START_TEST(what_accept_returns_is_watched_if_that_is_wanted)
{
	struct sockaddr_in address;
	int listener = listen_to(&address), fds[2];
	bool wanted = _i % 2 != 0;
	char byte;

	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fds[0], (void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(write(fds[0], "a", 1), 1);
	nasty_watch_accepted(wanted);
	ck_assert_int_ge(fds[1] = call_accept(listener, _i >= 2), 0);
	nasty_bend_often(nasty_bend_named("EINTR"), 1, 0);
	ck_assert_int_eq(read(fds[1], &byte, 1), wanted ? -1 : 1);
	nasty_stop();
	nasty_watch_accepted(false);
	close(fds[0]);
	close(fds[1]);
	close(listener);
}
END_TEST

START_TEST(connect_is_bent_and_when_interrupted_goes_on)
{
	const struct nasty_bend *bend;
	struct sockaddr_in address;
	int listener = listen_to(&address), fd, tried = 0;
	struct pollfd made = { .fd = listener, .events = POLLIN };

	for (bend = nasty_bends; bend < nasty_bends + nasty_bend_count; bend++) {
		if ((bend->calls & NASTY_CONNECT) == 0)
			continue;
		fd = socket(AF_INET, SOCK_STREAM, 0);
		nasty_watch(fd, true);
		nasty_bend_at(bend, 1);
		ck_assert_int_eq(connect(fd, (void *)&address,
		    sizeof(address)), -1);
		ck_assert_int_eq(errno, bend->error);
		if (bend->error != EINTR) {
			ck_assert_int_eq(poll(&made, 1, 0), 0);
			ck_assert_int_eq(connect(fd, (void *)&address,
			    sizeof(address)), 0);
		}
		ck_assert_int_eq(poll(&made, 1, WAIT_MS), 1);
		nasty_stop();
		close(accept(listener, NULL, NULL));
		close(fd);
		tried++;
	}
	ck_assert_int_ge(tried, 4);
	close(listener);
}
END_TEST

/* Libevent */

START_TEST(calls_of_libevent_arrive)
{
	ck_assert_msg(nasty_works(), "what libevent calls is not bent");
}
END_TEST

/* One byte at a time, from an evbuffer that has a file. */
START_TEST(sendfile_of_libevent_arrives)
{
	static const struct nasty_bend one = { "one", NASTY_SENDFILE, 0, 1,
	    true };
	static const char text[16] = "0123456789abcdef";
	struct evbuffer *output = evbuffer_new();
	FILE *file = tmpfile();
	char got[sizeof(text)];
	size_t i;
	int fds[2];

	ck_assert_uint_eq(fwrite(text, 1, sizeof(text), file), sizeof(text));
	ck_assert_int_eq(fflush(file), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	nasty_watch(fds[0], true);
	evbuffer_set_flags(output, EVBUFFER_FLAG_DRAINS_TO_FD);
	ck_assert_int_eq(evbuffer_add_file(output, dup(fileno(file)), 0,
	    sizeof(text)), 0);
	nasty_bend_often(&one, 1, 0);
	for (i = 0; i < sizeof(text); i++) {
		ck_assert_int_eq(evbuffer_write(output, fds[0]), 1);
		ck_assert_int_eq(read(fds[1], got + i, sizeof(text)), 1);
	}
	ck_assert_int_eq(nasty_struck(), sizeof(text));
	ck_assert_mem_eq(got, text, sizeof(text));
	evbuffer_free(output);
	(void)fclose(file);
	nasty_stop();
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static void
note_accepted(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *arg)
{
	(void)listener;
	(void)address;
	(void)len;
	++*(int *)arg;
	close(fd);
}

START_TEST(accept_and_connect_of_libevent_arrive)
{
	struct event_base *base = event_base_new();
	struct sockaddr_in address;
	int accepted = 0, fd = listen_to(&address), client;
	struct evconnlistener *listener = evconnlistener_new(base,
	    note_accepted, &accepted, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	struct bufferevent *bev;

	evutil_make_socket_nonblocking(fd);
	nasty_watch(fd, true);
	client = socket(AF_INET, SOCK_STREAM, 0);
	evutil_make_socket_nonblocking(client);
	nasty_watch(client, true);
	nasty_bend_often(nasty_bend_named("EINTR"), 0, 0);
	bev = bufferevent_socket_new(base, client, BEV_OPT_CLOSE_ON_FREE);
	ck_assert_int_eq(bufferevent_socket_connect(bev, (void *)&address,
	    (int)sizeof(address)), 0);
	ck_assert_int_eq(nasty_counted(), 1);
	while (accepted == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_int_ge(nasty_counted(), 2);
	nasty_stop();
	bufferevent_free(bev);
	evconnlistener_free(listener);
	event_base_free(base);
}
END_TEST

static Suite *
nasty_connect_suite(void)
{
	Suite *suite = suite_create("nasty connect");
	TCase *tc = harness_case(suite, "connections");

	tcase_add_loop_test(tc, nth_accept_is_bent_and_loses_no_connection, 0,
	    2);
	tcase_add_loop_test(tc,
	    what_accept_returns_is_watched_if_that_is_wanted, 0, 4);
	tcase_add_test(tc, connect_is_bent_and_when_interrupted_goes_on);

	tc = harness_case(suite, "libevent");
	tcase_add_test(tc, calls_of_libevent_arrive);
	tcase_add_test(tc, sendfile_of_libevent_arrives);
	tcase_add_test(tc, accept_and_connect_of_libevent_arrive);
	return suite;
}

int
main(void)
{
	return harness_main(nasty_connect_suite());
}
