/*
 * Listeners at a port of all addresses, in words: one socket for IPv6 and
 * IPv4, whatever the system begins with, and one for IPv4 where there is no
 * other.
 */

#define _GNU_SOURCE /* RTLD_NEXT */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "door.h"
#include "place.h"

/* A system without IPv6, or one that keeps IPv4 apart, if a test wants it */

static int without_ipv6; /* with this errno */
static bool ipv4_apart;

int
socket(int family, int type, int protocol)
{
	int (*make)(int, int, int);
	int fd, one = 1;

	*(void **)&make = dlsym(RTLD_NEXT, "socket");
	if (without_ipv6 != 0 && family == AF_INET6) {
		errno = without_ipv6;
		return -1;
	}
	fd = make(family, type, protocol);
	if (fd != -1 && ipv4_apart && family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
		    sizeof(one));
	return fd;
}

/* Doors; who knocks comes by IPv4, once it is open. */

static bool
try_at(struct door *d, const char *where, unsigned options)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	d->where = where;
	if (!door_listen(d, options))
		return false;
	/* The port is in the same place in both. */
	sin.sin_port = ((struct sockaddr_in *)&d->address)->sin_port;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(&d->address, &sin, sizeof(sin));
	d->address_len = sizeof(sin);
	return true;
}

static void
open_at(struct door *d, const char *where, unsigned options)
{
	door_init(d, DOOR_TCP);
	if (!try_at(d, where, options))
		ck_abort_msg("%s: %s", where, strerror(errno));
}

static void
expect_text(struct door *d, const char *format)
{
	char expected[EVCHAT_ADDRESS_MAX], text[EVCHAT_ADDRESS_MAX];

	snprintf(expected, sizeof(expected), format,
	    ntohs(((struct sockaddr_in *)&d->address)->sin_port));
	ck_assert_int_eq(evchat_listener_get_text(d->listener, text,
	    sizeof(text)), 0);
	ck_assert_str_eq(text, expected);
}

static const char *const all[] = { "[::]:0", "0", ":0" };

START_TEST(all_of_ipv6_is_all_of_ipv4)
{
	struct sockaddr_in6 *peer;
	struct door d;

	if (!place_has_ipv6())
		return;
	ipv4_apart = _i >= 3;
	open_at(&d, all[_i % 3], 0);
	ipv4_apart = false;
	expect_text(&d, "[::]:%u");
	door_visit(&d);
	peer = (struct sockaddr_in6 *)&d.peer;
	ck_assert_int_eq(peer->sin6_family, AF_INET6);
	ck_assert(IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr));
	door_end(&d, "accept|frame:a");
}
END_TEST

START_TEST(all_of_ipv6_only_is_not)
{
	struct door d;
	int fd;

	if (!place_has_ipv6())
		return;
	open_at(&d, all[_i], EVCHAT_LISTENER_IPV6ONLY);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&d.address,
	    (socklen_t)d.address_len), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	door_end(&d, "");
}
END_TEST

START_TEST(without_ipv6_it_is_ipv4)
{
	static const int errors[] = { EAFNOSUPPORT, EADDRNOTAVAIL };
	struct door d;

	without_ipv6 = errors[_i % 2];
	open_at(&d, _i < 2 ? "0" : ":0", 0);
	expect_text(&d, "0.0.0.0:%u");
	door_visit(&d);
	door_end(&d, "accept|frame:a");
	without_ipv6 = 0;
}
END_TEST

static void
refused(struct door *d, const char *where, unsigned options, int error)
{
	long descriptors = door_descriptors(), blocks = harness_blocks();

	errno = 0;
	ck_assert_msg(!try_at(d, where, options), "taken: %s", where);
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(door_descriptors(), descriptors);
	ck_assert_int_eq(harness_blocks(), blocks);
}

/* Who has asked for IPv6 does not get another one. */
START_TEST(without_ipv6_it_is_refused)
{
	struct door d;

	door_init(&d, DOOR_TCP);
	without_ipv6 = EAFNOSUPPORT;
	refused(&d, "[::]:0", 0, EAFNOSUPPORT);
	refused(&d, "[::1]:0", 0, EAFNOSUPPORT);
	refused(&d, "0", EVCHAT_LISTENER_IPV6ONLY, EAFNOSUPPORT);
	without_ipv6 = EMFILE;
	refused(&d, "0", 0, EMFILE);
	without_ipv6 = 0;
	door_close(&d);
}
END_TEST

START_TEST(making_survives_every_failing_allocation)
{
	bool made = false;
	struct door d;
	long i;

	without_ipv6 = EAFNOSUPPORT;
	for (i = 1; !made; i++) {
		door_init(&d, DOOR_TCP);
		harness_fail_allocation(i);
		errno = 0;
		made = try_at(&d, "0", 0);
		ck_assert(made || errno == ENOMEM);
		ck_assert_int_eq(made, !harness_allocation_failed());
		harness_fail_allocation(0);
		door_close(&d);
	}
	ck_assert_int_gt(i, 4);
	without_ipv6 = 0;
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listener dual");
	TCase *tc = harness_case(suite, "dual");

	tcase_add_loop_test(tc, all_of_ipv6_is_all_of_ipv4, 0, 6);
	tcase_add_loop_test(tc, all_of_ipv6_only_is_not, 0, 3);
	tcase_add_loop_test(tc, without_ipv6_it_is_ipv4, 0, 4);
	tcase_add_test(tc, without_ipv6_it_is_refused);
	tcase_add_test(tc, making_survives_every_failing_allocation);
	return harness_main(suite);
}
