/*
 * Listeners whose address is given in words, and what it came to. A port alone
 * is that of every address: one IPv6 socket takes the connections of IPv4,
 * too; only where the system has no IPv6 it is one of IPv4.
 */

#include <errno.h>
#include <netinet/in.h>

#include "address.h"
#include "listener.h"

static bool
lacks_ipv6(int error)
{
	return (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/* The same port of every IPv4 address; in sin_addr 0 is that. */
static struct sockaddr_in
without_ipv6(const struct sockaddr_storage *ss)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_port = htons((in_port_t)address_port(ss));
	return (sin);
}

struct evchat_listener *
evchat_listener_new_text(struct event_base *base, evchat_accept_cb accept,
    void *arg, unsigned options, int backlog, const char *where)
{
	struct evchat_listener *listener;
	struct sockaddr_storage ss;
	struct sockaddr_in sin;
	socklen_t len;
	bool is_port = where != NULL && address_parse_port(where, &ss, &len);

	if (where == NULL || (!is_port && !address_parse(where, &ss, &len))) {
		errno = EINVAL;
		return (NULL);
	}
	listener = evchat_listener_new_bind(base, accept, arg, options,
	    backlog, (struct sockaddr *)&ss, (int)len);
	if (listener != NULL || !is_port || !lacks_ipv6(errno) ||
	    (options & EVCHAT_LISTENER_IPV6ONLY))
		return (listener);
	sin = without_ipv6(&ss);
	return (evchat_listener_new_bind(base, accept, arg, options, backlog,
	    (struct sockaddr *)&sin, sizeof(sin)));
}

int
evchat_listener_get_text(const struct evchat_listener *listener, char *text,
    size_t size)
{
	struct sockaddr_storage ss = { 0 };
	int len = sizeof(ss);

	if (evchat_listener_get_address(listener, (struct sockaddr *)&ss,
	    &len) == -1)
		return (-1);
	return (address_print(&ss, (socklen_t)len, text, size));
}
