/*
 * The calls that connect a channel. They look at what they are given, copy it,
 * and leave the rest to the loop: see attempts.c. So they fail for nothing but
 * the call itself, and nothing is told inside them.
 */

#include <errno.h>
#include <string.h>

#include <event2/bufferevent.h>
#include <event2/util.h>

#include "address.h"
#include "channel.h"
#include "connect.h"
#include "mem.h"

/* What is to be connected to */

void
connect_free(struct attempts *attempts)
{
	if (attempts == NULL)
		return;
	mem_free(attempts->addresses);
	mem_free(attempts->host);
	mem_free(attempts);
}

static bool
is_address(const struct sockaddr *sa, size_t len)
{
	return (sa != NULL && len >= sizeof(sa->sa_family) &&
	    len <= sizeof(struct sockaddr_storage));
}

static bool
is_of_use(const struct evutil_addrinfo *ai)
{
	return ((ai->ai_socktype == SOCK_STREAM || ai->ai_socktype == 0) &&
	    is_address(ai->ai_addr, ai->ai_addrlen));
}

static void
add(struct attempts *attempts, const struct sockaddr *sa, size_t len,
    int protocol)
{
	struct address *address = &attempts->addresses[attempts->count++];

	memset(address, 0, sizeof(*address));
	memcpy(&address->sa, sa, len);
	address->len = (socklen_t)len;
	address->protocol = protocol;
}

int
connect_copy(struct attempts *attempts, const struct evutil_addrinfo *list)
{
	const struct evutil_addrinfo *ai;
	size_t count = 0;

	for (ai = list; ai != NULL; ai = ai->ai_next)
		count += is_of_use(ai);
	if (count == 0)
		return (0);
	attempts->addresses = mem_calloc(count * sizeof(struct address));
	if (attempts->addresses == NULL)
		return (-1);
	for (ai = list; ai != NULL; ai = ai->ai_next)
		if (is_of_use(ai))
			add(attempts, ai->ai_addr, ai->ai_addrlen,
			    ai->ai_protocol);
	return (0);
}

static struct attempts *
attempts_new(enum attempts_state state)
{
	struct attempts *attempts = mem_calloc(sizeof(*attempts));

	if (attempts != NULL)
		attempts->state = state;
	return (attempts);
}

/* What is half built is freed. */
static struct attempts *
failed(struct attempts *attempts, int error)
{
	connect_free(attempts);
	errno = error;
	return (NULL);
}

static struct attempts *
one_address(const struct sockaddr *sa, size_t len)
{
	struct attempts *attempts = attempts_new(ATTEMPTS_READY);

	if (attempts == NULL ||
	    (attempts->addresses = mem_alloc(sizeof(struct address))) == NULL)
		return (failed(attempts, ENOMEM));
	add(attempts, sa, len, 0);
	return (attempts);
}

static struct attempts *
all_addresses(const struct evutil_addrinfo *list)
{
	struct attempts *attempts = attempts_new(ATTEMPTS_READY);

	if (attempts == NULL || connect_copy(attempts, list) == -1)
		return (failed(attempts, ENOMEM));
	if (attempts->count == 0)
		return (failed(attempts, EINVAL));
	return (attempts);
}

static struct attempts *
name(struct evdns_base *dns, int family, const char *host, int port)
{
	struct attempts *attempts = attempts_new(ATTEMPTS_NAMED);
	size_t size = strlen(host) + 1;

	if (attempts == NULL || (attempts->host = mem_alloc(size)) == NULL)
		return (failed(attempts, ENOMEM));
	memcpy(attempts->host, host, size);
	attempts->port = port;
	attempts->family = family;
	attempts->dns = dns;
	return (attempts);
}

/* The calls */

/* Why this channel cannot be connected, or 0. */
static int
refusal(const struct evchat *chat)
{
	if (chat->state != CHANNEL_OPEN)
		return (EPIPE);
	if (chat->kind != TRANSPORT_SOCKET)
		return (EINVAL);
	if (chat->attempts != NULL || bufferevent_getfd(chat->bev) != -1)
		return (EISCONN);
	return (0);
}

/* Attempts are taken; NULL: there are none, as errno says. */
static int
begin(struct evchat *chat, struct attempts *attempts)
{
	struct bufferevent *bev;
	int error;

	if (attempts == NULL)
		return (-1);
	bev = channel_lock(chat);
	error = refusal(chat);
	if (error == 0) {
		chat->attempts = attempts;
		chat->connecting = true;
		deadline_stop(chat, DEADLINE_CONNECT);
		channel_wake(chat);
	}
	channel_unlock(bev);
	if (error == 0)
		return (0);
	(void)failed(attempts, error);
	return (-1);
}

int
evchat_connect(struct evchat *chat, const struct sockaddr *sa, int socklen)
{
	if (socklen < 0 || !is_address(sa, (size_t)socklen)) {
		errno = EINVAL;
		return (-1);
	}
	return (begin(chat, one_address(sa, (size_t)socklen)));
}

int
evchat_connect_text(struct evchat *chat, const char *where)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (where == NULL || !address_parse(where, &ss, &len) ||
	    (ss.ss_family != AF_UNIX && address_port(&ss) == 0)) {
		errno = EINVAL;
		return (-1);
	}
	return (evchat_connect(chat, (struct sockaddr *)&ss, (int)len));
}

int
evchat_connect_addrinfo(struct evchat *chat,
    const struct evutil_addrinfo *addresses)
{
	return (begin(chat, all_addresses(addresses)));
}

int
evchat_connect_hostname(struct evchat *chat, struct evdns_base *dns,
    int family, const char *host, int port)
{
	if (host == NULL || port < 1 || port > 65535 || (family != AF_UNSPEC &&
	    family != AF_INET && family != AF_INET6)) {
		errno = EINVAL;
		return (-1);
	}
	return (begin(chat, name(dns, family, host, port)));
}
