/*
 * Addresses in words: what is written is read as the same address, and what is
 * none is refused, down to the last character.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include "../lib/address.h"
#include "harness.h"
#include "unit.h"

#define PATH_MAX_LEN (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* What is read, and written again */

struct form {
	const char *text;
	const char *again; /* NULL: the same */
	int family;
	unsigned port;
};

static const struct form forms[] = {
	{ "127.0.0.1:80", NULL, AF_INET, 80 },
	{ "0.0.0.0:0", NULL, AF_INET, 0 },
	{ "255.255.255.255:65535", NULL, AF_INET, 65535 },
	{ "10.1.2.3:00080", "10.1.2.3:80", AF_INET, 80 },
	{ "[::1]:8080", NULL, AF_INET6, 8080 },
	{ "[::]:0", NULL, AF_INET6, 0 },
	{ "[0:0::0:1]:1", "[::1]:1", AF_INET6, 1 },
	{ "[2001:DB8::1]:443", "[2001:db8::1]:443", AF_INET6, 443 },
	{ "[1111:2222:3333:4444:5555:6666:7777:8888]:65535", NULL, AF_INET6,
	    65535 },
	{ "[::ffff:1.2.3.4]:5", NULL, AF_INET6, 5 },
	{ "[fe80::1%4000000000]:5", NULL, AF_INET6, 5 },
	{ "unix:/run/socket", NULL, AF_UNIX, 0 },
	{ "unix:socket", NULL, AF_UNIX, 0 },
	{ "unix:./@socket", NULL, AF_UNIX, 0 },
	{ "unix:unix:[::1]:80", NULL, AF_UNIX, 0 },
	{ "unix: ", NULL, AF_UNIX, 0 },
#ifdef __linux__
	{ "unix:@name", NULL, AF_UNIX, 0 },
	{ "unix:@@", NULL, AF_UNIX, 0 },
#endif
};
#define FORMS (int)(sizeof(forms) / sizeof(forms[0]))

static void
reads(const char *text, struct sockaddr_storage *ss, socklen_t *len)
{
	*len = 0;
	memset(ss, UNIT_JUNK, sizeof(*ss));
	ck_assert_msg(address_parse(text, ss, len), "refused: %s", text);
}

static void
writes(const struct sockaddr_storage *ss, socklen_t len, const char *text)
{
	char got[EVCHAT_ADDRESS_MAX];

	memset(got, UNIT_JUNK, sizeof(got));
	ck_assert_int_eq(address_print(ss, len, got, sizeof(got)), 0);
	ck_assert_str_eq(got, text);
}

START_TEST(what_is_read_is_written)
{
	const struct form *form = &forms[_i];
	struct sockaddr_storage ss;
	socklen_t len;

	reads(form->text, &ss, &len);
	ck_assert_int_eq(ss.ss_family, form->family);
	ck_assert_uint_eq(address_port(&ss), form->port);
	writes(&ss, len, form->again != NULL ? form->again : form->text);
}
END_TEST

START_TEST(address_is_what_it_says)
{
	struct sockaddr_storage ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;
	socklen_t len;

	reads("127.0.0.1:258", &ss, &len);
	ck_assert_uint_eq(len, sizeof(*sin));
	ck_assert_uint_eq(sin->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	ck_assert_uint_eq(sin->sin_port, htons(258));
	reads("[::1]:258", &ss, &len);
	ck_assert_uint_eq(len, sizeof(*sin6));
	ck_assert_mem_eq(&sin6->sin6_addr, &in6addr_loopback,
	    sizeof(in6addr_loopback));
	ck_assert_uint_eq(sin6->sin6_port, htons(258));
	ck_assert_uint_eq(sin6->sin6_scope_id, 0);
	ck_assert_uint_eq(sin6->sin6_flowinfo, 0);
	reads("[fe80::1%7]:258", &ss, &len);
	ck_assert_uint_eq(sin6->sin6_scope_id, 7);
}
END_TEST

/* Every system has an interface 1; what it is called, not everyone knows. */
START_TEST(interface_has_its_name)
{
	char name[IF_NAMESIZE], text[EVCHAT_ADDRESS_MAX];
	struct sockaddr_storage ss;
	socklen_t len;

	if (if_indextoname(1, name) == NULL)
		return;
	reads("[fe80::1%1]:80", &ss, &len);
	snprintf(text, sizeof(text), "[fe80::1%%%s]:80", name);
	writes(&ss, len, text);
	reads(text, &ss, &len);
	ck_assert_uint_eq(((struct sockaddr_in6 *)&ss)->sin6_scope_id, 1);
}
END_TEST

START_TEST(port_alone_is_that_of_all)
{
	static const char *const texts[] = { "8080", ":8080" };
	struct sockaddr_storage ss;
	socklen_t len = 0;

	memset(&ss, UNIT_JUNK, sizeof(ss));
	ck_assert(address_parse_port(texts[_i], &ss, &len));
	writes(&ss, len, "[::]:8080");
	ck_assert(!address_parse(texts[_i], &ss, &len));
}
END_TEST

/* Paths */

START_TEST(longest_path_has_a_nul)
{
	char text[EVCHAT_ADDRESS_MAX + 2] = "unix:/";
	struct sockaddr_storage ss;
	socklen_t len;

	memset(text + strlen("unix:"), 'x', PATH_MAX_LEN);
	reads(text, &ss, &len);
	ck_assert_uint_le(len, sizeof(struct sockaddr_un));
	ck_assert_uint_eq(strlen(((struct sockaddr_un *)&ss)->sun_path),
	    PATH_MAX_LEN);
	writes(&ss, len, text);
	text[strlen("unix:") + PATH_MAX_LEN] = 'x';
	ck_assert(!address_parse(text, &ss, &len));
}
END_TEST

/* From getsockname() a path may come without its NUL, or be cut by it. */
START_TEST(path_need_not_have_a_nul)
{
	char text[EVCHAT_ADDRESS_MAX] = "unix:";
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_storage ss;
	size_t head = offsetof(struct sockaddr_un, sun_path);

	memset(un.sun_path, 'x', sizeof(un.sun_path));
	memset(text + strlen(text), 'x', sizeof(un.sun_path));
	memset(&ss, UNIT_JUNK, sizeof(ss));
	memcpy(&ss, &un, sizeof(un));
	writes(&ss, sizeof(un), text);
	writes(&ss, sizeof(un) + 1, text);
	writes(&ss, (socklen_t)head + 2, "unix:xx");
	un.sun_path[3] = '\0';
	memcpy(&ss, &un, sizeof(un));
	writes(&ss, sizeof(un), "unix:xxx");
	un.sun_path[0] = '@'; /* which no name of Linux's begins with */
	memcpy(&ss, &un, sizeof(un));
	writes(&ss, sizeof(un), "unix:./@xx");
}
END_TEST

#ifdef __linux__
START_TEST(abstract_name_is_as_long_as_it_is)
{
	char text[EVCHAT_ADDRESS_MAX + 2] = "unix:";
	size_t head = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_storage ss;
	socklen_t len;

	reads("unix:@ab", &ss, &len);
	ck_assert_uint_eq(len, head + 3);
	ck_assert_mem_eq(((struct sockaddr_un *)&ss)->sun_path, "\0ab", 3);
	memset(text + strlen(text), '@', PATH_MAX_LEN + 1);
	reads(text, &ss, &len);
	ck_assert_uint_eq(len, sizeof(struct sockaddr_un));
	writes(&ss, len, text);
	strcat(text, "@");
	ck_assert(!address_parse(text, &ss, &len));
}
END_TEST
#endif

/* What is refused */

static const char *const refused[] = { "", ":", "::", "80", ":80", "[", "]",
	"[]", "[]:", "[]:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
	"127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1 ",
	"127.0.0.1:1x", "127.0.0.1:0x1", "127.0.0.1:000080",
	"127.0.0.1:4294967376", "127.0.0.1:18446744073709551696",
	"127.0.0.1::80", "127.0.0.1:80:80", " 127.0.0.1:80", "127.1:80",
	"127.0.0.256:80", "127.0.0.1.1:80", "2130706433:80", "*:80",
	"localhost:80", "[localhost]:80", "::1", "::1:80", "[::1]", "[::1]80",
	"[::1:80", "::1]:80", "[::1]:", "[::1]:65536", "[::1]x:80",
	"[127.0.0.1]:80", "[[::1]]:80", "[::1%]:80", "[::1%0]:80",
	"[::1%no such if]:80", "[::1%4294967296]:80", "[:::]:80",
	"[1111:2222:3333:4444:5555:6666:7777:8888:9999]:80",
	"[1111:2222:3333:4444:5555:6666:7777:8888%too long for any]:80",
	"unix", "unix:", "unix:@",
	"Unix:/x", "/x", "@x" };
#define REFUSED (int)(sizeof(refused) / sizeof(refused[0]))

START_TEST(what_is_none_is_refused)
{
	struct sockaddr_storage ss;
	socklen_t len;

	ck_assert_msg(!address_parse(refused[_i], &ss, &len), "taken: %s",
	    refused[_i]);
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
	char text[4096];
	struct sockaddr_storage ss;
	socklen_t len;

	memset(text, '1', sizeof(text));
	strcpy(text + sizeof(text) - sizeof("]:80"), "]:80");
	text[0] = '[';
	ck_assert(!address_parse(text, &ss, &len));
	ck_assert(!address_parse(text + 1, &ss, &len));
	text[0] = ':';
	ck_assert(!address_parse_port(text, &ss, &len));
	memcpy(text, "unix:", 5);
	ck_assert(!address_parse(text, &ss, &len));
}
END_TEST

START_TEST(what_is_no_port_is_refused)
{
	static const char *const ports[] = { "", ":", "::80", "80:", ":80:",
		"65536", "-1", "+1", " 1", "1 ", "1x", "0x1", "000080",
		"[::]:80", "0.0.0.0:80", "unix:80" };
	struct sockaddr_storage ss;
	socklen_t len;
	size_t i;

	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		ck_assert_msg(!address_parse_port(ports[i], &ss, &len),
		    "taken: %s", ports[i]);
}
END_TEST

START_TEST(what_has_no_words_is_refused)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
	    .sun_path = { '\0', 'a', '\0', 'b' } };
	socklen_t head = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	char text[EVCHAT_ADDRESS_MAX];

	errno = 0;
	ck_assert_int_eq(address_print(&ss, sizeof(ss), text, sizeof(text)),
	    -1);
	ck_assert_int_eq(errno, EINVAL);
	memcpy(&ss, &un, sizeof(un));
	errno = 0;
	ck_assert_int_eq(address_print(&ss, head + 4, text, sizeof(text)), -1);
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_int_eq(address_print(&ss, head, text, sizeof(text)), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* In its own memory, so that a byte too many is seen by those who look. */
START_TEST(too_little_room_is_told)
{
	const char *text = forms[_i].again != NULL ? forms[_i].again :
	    forms[_i].text;
	struct sockaddr_storage ss;
	socklen_t len;
	size_t size;
	char *got;

	reads(text, &ss, &len);
	for (size = 1; size <= strlen(text) + 1; size++) {
		got = malloc(size);
		errno = 0;
		ck_assert_int_eq(address_print(&ss, len, got, size),
		    size > strlen(text) ? 0 : -1);
		ck_assert(size > strlen(text) || errno == ENOSPC);
		free(got);
	}
	ck_assert_int_eq(address_print(&ss, len, NULL, 0), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/* Anything is read as itself, or not at all. */
START_TEST(nonsense_is_refused_or_stands)
{
	static const char alphabet[] = "0123456789abcdef:.[]%@/xunix";
	char text[64], again[EVCHAT_ADDRESS_MAX], third[sizeof(again)];
	struct sockaddr_storage ss;
	size_t n = unit_cases(20000), i, at;
	socklen_t len;

	for (i = 0; i < n; i++) {
		memset(text, 0, sizeof(text));
		strcpy(text, forms[unit_random(FORMS)].text);
		at = unit_random(strlen(text));
		unit_random_bytes(text + at, unit_random(3), alphabet);
		if (!address_parse(text, &ss, &len) ||
		    address_print(&ss, len, again, sizeof(again)) == -1)
			continue;
		reads(again, &ss, &len);
		ck_assert_int_eq(address_print(&ss, len, third,
		    sizeof(third)), 0);
		ck_assert_str_eq(third, again);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *tc = harness_case(suite, "address");

	tcase_add_loop_test(tc, what_is_read_is_written, 0, FORMS);
	tcase_add_test(tc, address_is_what_it_says);
	tcase_add_test(tc, interface_has_its_name);
	tcase_add_loop_test(tc, port_alone_is_that_of_all, 0, 2);
	tcase_add_test(tc, longest_path_has_a_nul);
	tcase_add_test(tc, path_need_not_have_a_nul);
#ifdef __linux__
	tcase_add_test(tc, abstract_name_is_as_long_as_it_is);
#endif
	tcase_add_loop_test(tc, what_is_none_is_refused, 0, REFUSED);
	tcase_add_test(tc, what_is_too_long_is_refused);
	tcase_add_test(tc, what_is_no_port_is_refused);
	tcase_add_test(tc, what_has_no_words_is_refused);
	tcase_add_loop_test(tc, too_little_room_is_told, 0, FORMS);
	tcase_add_test(tc, nonsense_is_refused_or_stands);
	return harness_main(suite);
}
