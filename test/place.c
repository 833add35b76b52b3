/*
 * Places to connect to; see place.h.
 */

#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "place.h"

bool
place_has_ipv6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd != -1 && bind(fd, (struct sockaddr *)&address,
	    sizeof(address)) == 0;

	if (fd != -1)
		close(fd);
	return has;
}

int
place_family(int i)
{
	if (i == 0)
		return AF_UNIX;
	return i == 2 && place_has_ipv6() ? AF_INET6 : AF_INET;
}

static void
set_address(struct place *place, int family)
{
	place->address.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		place->address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		place->len = sizeof(place->address.in);
	} else if (family == AF_INET6) {
		place->address.in6.sin6_addr = in6addr_loopback;
		place->len = sizeof(place->address.in6);
	} else {
		strcpy(place->directory, "/tmp/check_connect.XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(place->directory));
		snprintf(place->address.un.sun_path,
		    sizeof(place->address.un.sun_path), "%s/s",
		    place->directory);
		place->len = sizeof(place->address.un);
	}
}

void
place_bind(struct place *place, int family)
{
	memset(place, 0, sizeof(*place));
	set_address(place, family);
	place->listener = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(place->listener, &place->address.sa, place->len),
	    0);
	ck_assert_int_eq(getsockname(place->listener, &place->address.sa,
	    &place->len), 0);
}

void
place_listen(struct place *place, int family)
{
	place_bind(place, family);
	ck_assert_int_eq(listen(place->listener, 8), 0);
}

void
place_free(struct place *place)
{
	close(place->listener);
	if (place->directory[0] == '\0')
		return;
	unlink(place->address.un.sun_path);
	rmdir(place->directory);
}

int
place_port(const struct place *place)
{
	return ntohs(place->address.sa.sa_family == AF_INET6 ?
	    place->address.in6.sin6_port : place->address.in.sin_port);
}

struct evutil_addrinfo
place_info(struct place *place)
{
	return (struct evutil_addrinfo){
		.ai_family = place->address.sa.sa_family,
		.ai_socktype = SOCK_STREAM,
		.ai_addr = &place->address.sa,
		.ai_addrlen = place->len
	};
}

struct evutil_addrinfo *
place_list(struct evutil_addrinfo *infos, struct place *places, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		infos[i] = place_info(&places[i]);
		if (i > 0)
			infos[i - 1].ai_next = &infos[i];
	}
	return infos;
}

void
place_connect(struct harness *h, struct place *place)
{
	ck_assert_int_eq(evchat_connect(h->chat, &place->address.sa,
	    (int)place->len), 0);
}

void
place_connect_bufferevent(struct harness *h, struct place *place)
{
	ck_assert_int_eq(bufferevent_socket_connect(h->bev,
	    &place->address.sa, (int)place->len), 0);
}

/* Tests */

struct harness *
place_start(void)
{
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_frames);

	harness_crlf(h);
	h->script.closed = harness_note_error;
	return h;
}

struct harness *
place_start_to(struct place *place, int i)
{
	struct harness *h;

	place_listen(place, place_family(i));
	h = place_start();
	place_connect(h, place);
	harness_expect(h, "");
	return h;
}

void
place_begin_attempt(struct harness *h)
{
	ck_assert_int_eq(event_base_loop(h->base, EVLOOP_ONCE |
	    EVLOOP_NONBLOCK), 0);
	ck_assert_int_ne(bufferevent_getfd(h->bev), -1);
	harness_expect(h, "");
}

void
place_end(struct harness *h, struct place *place, const char *transcript)
{
	harness_end(h, transcript);
	place_free(place);
}
