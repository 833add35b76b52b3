/*
 * A host's name becomes addresses: by the system's resolver, or by an
 * evdns_base of the application's.
 *
 * evdns is in libevent_extra, which this library does not need: whoever has an
 * evdns_base has linked it. So its functions are referred to weakly, and where
 * they are not to be seen, as may be under dlopen, libevent_core finds them by
 * itself; then only the first address is tried.
 *
 * The channel's memory is held until evdns has called back, which it does
 * once, in any thread, be it inside the call or after it was told to stop. But
 * for want of memory it may call a second time in the same pass of the loop,
 * when the channel has not gone yet.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/util.h>

#include "channel.h"
#include "connect.h"

#pragma weak evdns_getaddrinfo
#pragma weak evdns_getaddrinfo_cancel

static void
take_answer(struct evchat *chat, int result,
    const struct evutil_addrinfo *list)
{
	struct attempts *attempts = chat->attempts;

	if (result == EVUTIL_EAI_MEMORY ||
	    (result == 0 && connect_copy(attempts, list) == -1))
		attempts_no_memory(chat);
	else if (result == EVUTIL_EAI_SYSTEM)
		attempts_fail(chat, errno);
	else if (result != 0)
		attempts_fail_name(chat, result);
	else if (attempts->count == 0)
		attempts_fail_name(chat, EVUTIL_EAI_NODATA);
	else
		attempts->state = ATTEMPTS_READY;
}

static void
on_answer(int result, struct evutil_addrinfo *list, void *arg)
{
	struct evchat *chat = arg;
	struct bufferevent *bev = channel_lock(chat);
	bool held = chat->looked_up;

	chat->looked_up = false;
	if (chat->attempts != NULL &&
	    chat->attempts->state == ATTEMPTS_ASKED) {
		chat->attempts->request = NULL;
		take_answer(chat, result, list);
		channel_wake(chat);
	}
	if (list != NULL)
		evutil_freeaddrinfo(list);
	channel_unlock(bev);
	if (held)
		channel_let_go(chat);
}

static void
ask(struct evchat *chat, const char *port,
    const struct evutil_addrinfo *hints)
{
	struct attempts *attempts = chat->attempts;
	struct evdns_getaddrinfo_request *request;

	channel_hold(chat);
	chat->looked_up = true;
	attempts->state = ATTEMPTS_ASKED;
	request = evdns_getaddrinfo(attempts->dns, attempts->host,
	    port, hints, on_answer, chat);
	if (attempts->state == ATTEMPTS_ASKED)
		attempts->request = request;
}

static void
leave_to_libevent(struct evchat *chat)
{
	struct attempts *attempts = chat->attempts;

	attempts->state = ATTEMPTS_LEFT;
	if (bufferevent_socket_connect_hostname(chat->bev, attempts->dns,
	    attempts->family, attempts->host, attempts->port) == -1)
		attempts_no_memory(chat);
}

void
lookup_begin(struct evchat *chat)
{
	struct attempts *attempts = chat->attempts;
	const struct evutil_addrinfo hints = {
		.ai_family = attempts->family,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP
	};
	struct evutil_addrinfo *list = NULL;
	char port[16];
	int result;

	(void)snprintf(port, sizeof(port), "%d", attempts->port);
	if (attempts->dns == NULL) {
		result = evutil_getaddrinfo(attempts->host, port,
		    &hints, &list);
		take_answer(chat, result, list);
		if (list != NULL)
			evutil_freeaddrinfo(list);
	} else if (evdns_getaddrinfo != NULL)
		ask(chat, port, &hints);
	else
		leave_to_libevent(chat);
}

void
lookup_cancel(struct evchat *chat)
{
	struct attempts *attempts = chat->attempts;

	if (attempts->request != NULL)
		evdns_getaddrinfo_cancel(attempts->request);
	attempts->request = NULL;
	/* Without a descriptor it is still looking, and stops at this. */
	if (attempts->state == ATTEMPTS_LEFT &&
	    bufferevent_getfd(chat->bev) == -1)
		(void)bufferevent_setfd(chat->bev, -1);
}
