/*
 * Addresses in words. Nothing is looked up, since that would block the loop;
 * and nothing is guessed: no port is left out, no address abbreviated, and
 * nothing stands behind one. evutil_parse_sockaddr_port() takes "1.2.3.4" for
 * port 0, and "1.2.3.4:80x" for port 80, so it is not used here.
 *
 * A name that begins with @ is one in Linux's abstract space; a path that does
 * is written with ./ before it.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "address.h"

#define LONGEST_HOST (INET6_ADDRSTRLEN + IF_NAMESIZE) /* and % between them */
#define LONGEST_PORT 5 /* digits */
#define UNIX "unix:"

/* Reading */

static bool
parse_number(const char *text, uint64_t most, uint64_t *number)
{
	*number = 0;
	if (*text == '\0')
		return (false);
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return (false);
		*number = *number * 10 + (unsigned)(*text - '0');
		if (*number > most)
			return (false);
	}
	return (true);
}

static bool
parse_port(const char *text, in_port_t *port)
{
	uint64_t number;

	if (strlen(text) > LONGEST_PORT || !parse_number(text, 65535, &number))
		return (false);
	*port = htons((in_port_t)number);
	return (true);
}

static bool
parse_in(const char *host, const char *port, struct sockaddr_in *sin)
{
	sin->sin_family = AF_INET;
	return (inet_pton(AF_INET, host, &sin->sin_addr) == 1 &&
	    parse_port(port, &sin->sin_port));
}

/* An interface, by its name or number: of link-local addresses. */
static bool
parse_scope(const char *text, uint32_t *scope)
{
	uint64_t number;

	*scope = if_nametoindex(text);
	if (*scope == 0 && parse_number(text, UINT32_MAX, &number))
		*scope = (uint32_t)number;
	return (*scope != 0);
}

static bool
parse_in6(char *host, const char *port, struct sockaddr_in6 *sin6)
{
	char *scope = strchr(host, '%');

	if (scope != NULL)
		*scope++ = '\0';
	sin6->sin6_family = AF_INET6;
	return (inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1 &&
	    parse_port(port, &sin6->sin6_port) &&
	    (scope == NULL || parse_scope(scope, &sin6->sin6_scope_id)));
}

/* One address has a NUL before the name, the other behind it. */
static bool
parse_unix(const char *name, struct sockaddr_un *un, socklen_t *len)
{
	size_t size = strlen(name) + (*name != '@');

	if (size < 2 || size > sizeof(un->sun_path))
		return (false);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name, strlen(name));
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	if (*name != '@')
		return (true);
	un->sun_path[0] = '\0';
#ifdef __linux__
	return (true);
#else
	return (false);
#endif
}

bool
address_parse(const char *text, struct sockaddr_storage *ss, socklen_t *len)
{
	const char *port = strrchr(text, ':');
	char host[LONGEST_HOST + 1];
	size_t n = port != NULL ? (size_t)(port - text) : 0;

	memset(ss, 0, sizeof(*ss));
	if (strncmp(text, UNIX, strlen(UNIX)) == 0)
		return (parse_unix(text + strlen(UNIX),
		    (struct sockaddr_un *)ss, len));
	if (n == 0 || n > LONGEST_HOST)
		return (false);
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] != '[') {
		*len = sizeof(struct sockaddr_in);
		return (parse_in(host, port + 1, (struct sockaddr_in *)ss));
	}
	if (host[n - 1] != ']')
		return (false);
	host[n - 1] = '\0';
	*len = sizeof(struct sockaddr_in6);
	return (parse_in6(host + 1, port + 1, (struct sockaddr_in6 *)ss));
}

bool
address_parse_port(const char *text, struct sockaddr_storage *ss,
    socklen_t *len)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	sin6->sin6_family = AF_INET6;
	*len = sizeof(*sin6);
	return (parse_port(*text == ':' ? text + 1 : text, &sin6->sin6_port));
}

unsigned
address_port(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET)
		return (ntohs(((const struct sockaddr_in *)ss)->sin_port));
	if (ss->ss_family == AF_INET6)
		return (ntohs(((const struct sockaddr_in6 *)ss)->sin6_port));
	return (0);
}

/* Writing */

/* What snprintf said. */
static int
finish(int printed, size_t size)
{
	if (printed >= 0 && (size_t)printed < size)
		return (0);
	errno = ENOSPC;
	return (-1);
}

static int
print_in(const struct sockaddr_storage *ss, char *text, size_t size)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;
	char host[INET_ADDRSTRLEN] = "";

	(void)inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
	return (finish(snprintf(text, size, "%s:%u", host, address_port(ss)),
	    size));
}

static int
print_in6(const struct sockaddr_storage *ss, char *text, size_t size)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;
	char host[INET6_ADDRSTRLEN] = "", scope[IF_NAMESIZE] = "";

	(void)inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	if (sin6->sin6_scope_id != 0 &&
	    if_indextoname(sin6->sin6_scope_id, scope) == NULL)
		(void)snprintf(scope, sizeof(scope), "%lu",
		    (unsigned long)sin6->sin6_scope_id);
	return (finish(snprintf(text, size, "[%s%s%s]:%u", host,
	    scope[0] != '\0' ? "%" : "", scope, address_port(ss)), size));
}

/* A path may have no NUL behind it; a name may have any bytes. */
static int
print_unix(const struct sockaddr_un *un, size_t len, char *text, size_t size)
{
	char name[sizeof(un->sun_path) + 1] = "";
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t n = len > head ? len - head : 0;
	bool is_path = n > 0 && un->sun_path[0] != '\0';

	if (n > sizeof(un->sun_path))
		n = sizeof(un->sun_path);
	memcpy(name, un->sun_path, n);
	if (n > 0 && !is_path)
		name[0] = '@';
	if (n == 0 || (!is_path && strlen(name) != n)) {
		errno = EINVAL;
		return (-1);
	}
	return (finish(snprintf(text, size, UNIX "%s%s",
	    is_path && name[0] == '@' ? "./" : "", name), size));
}

int
address_print(const struct sockaddr_storage *ss, socklen_t len, char *text,
    size_t size)
{
	switch (ss->ss_family) {
	case AF_INET:
		return (print_in(ss, text, size));
	case AF_INET6:
		return (print_in6(ss, text, size));
	case AF_UNIX:
		return (print_unix((const struct sockaddr_un *)ss, len, text,
		    size));
	default:
		errno = EINVAL;
		return (-1);
	}
}
