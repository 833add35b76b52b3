/*
 * evhttp on channels; see upgrade_carry.h.
 *
 * evhttp begins to serve in one way only: it accepts a connection. So there is
 * a listener on the loopback address, which is connected to when a channel is
 * to be given away. What is accepted is a token: it carries nothing, and
 * whoever else makes one gets nothing for it. evhttp asks for a bufferevent to
 * put it in (evhttp_set_bevcb), and is given that of a carrier, which has the
 * channel. A client insists on connecting; it connects to the same address.
 */
#define _DEFAULT_SOURCE
#include <sys/socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <evchat.h>
#include "upgrade_carrier.h"

static struct carrier *
find(struct carry *carry, struct evhttp_request *req)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(
	    evhttp_request_get_connection(req));
	struct carrier *carrier;

	LIST_FOREACH(carrier, &carry->carriers, link)
		if (carrier->bev == bev)
			break;
	return carrier;
}

/* Servers */

static evutil_socket_t
token_new(const struct carry *carry)
{
	evutil_socket_t fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return -1;
	if (evutil_make_socket_nonblocking(fd) == 0 &&
	    evutil_make_socket_closeonexec(fd) == 0 &&
	    (connect(fd, (const struct sockaddr *)&carry->address,
	    sizeof(carry->address)) == 0 || errno == EINPROGRESS))
		return fd;
	evutil_closesocket(fd);
	return -1;
}

int
carry_give(struct carry *carry, struct evchat *chat)
{
	struct carrier *carrier = carrier_new(carry->base);
	int error;

	if (carrier == NULL)
		return -1;
	carrier->serves = true;
	carrier->token = token_new(carry);
	if (carrier->token != -1 &&
	    carrier_begin(carrier, carry, chat) == 0)
		return 0;
	error = errno;
	bufferevent_free(carrier->bev);
	errno = error;
	return -1;
}

/* evhttp has accepted a token. Whose it was does not matter. */
static struct bufferevent *
on_token(struct event_base *base, void *arg)
{
	struct carry *carry = arg;
	struct carrier *carrier;

	LIST_FOREACH(carrier, &carry->carriers, link)
		if (carrier->token != -1)
			break;
	if (carrier == NULL) {		/* it carries nothing, and ends */
		if ((carrier = carrier_new(base)) == NULL)
			return NULL;
	} else
		evutil_closesocket(carrier->token);
	carrier->token = -1;
	carrier_wake(carrier);
	return carrier->bev;
}

struct evchat *
carry_find(struct carry *carry, struct evhttp_request *req)
{
	struct carrier *carrier = find(carry, req);

	return carrier != NULL ? carrier->chat : NULL;
}

struct evchat *
carry_take_back(struct carry *carry, struct evhttp_request *req)
{
	struct carrier *carrier = find(carry, req);
	struct evchat *chat = carrier != NULL ? carrier->chat : NULL;
	struct evbuffer *input;

	if (chat == NULL) {
		errno = EPIPE;
		return NULL;
	}
	input = bufferevent_get_input(carrier->bev);
	if (evchat_unread(chat, evbuffer_pullup(input, -1),
	    evbuffer_get_length(input)) == -1 ||
	    carrier_give_back(carrier) == -1)
		return NULL;
	if (carrier->at_end)
		(void)evchat_set_half_open(chat, 0);
	evchat_resume(chat);
	evhttp_connection_free(evhttp_request_get_connection(req));
	return chat;
}

/* Clients */

struct evhttp_connection *
carry_client(struct carry *carry, struct evchat *chat)
{
	struct carrier *carrier = carrier_new(carry->base);
	struct evhttp_connection *connection;

	if (carrier == NULL)
		return NULL;
	connection = evhttp_connection_base_bufferevent_new(carry->base, NULL,
	    carrier->bev, "127.0.0.1", ntohs(carry->address.sin_port));
	if (connection == NULL) {
		bufferevent_free(carrier->bev);
		errno = ENOMEM;
		return NULL;
	}
	if (carrier_begin(carrier, carry, chat) == 0)
		return connection;
	evhttp_connection_free(connection);
	errno = EPIPE;
	return NULL;
}

int
carry_request(struct evhttp_connection *connection,
    struct evhttp_request *req, enum evhttp_cmd_type type, const char *uri)
{
	struct bufferevent *bev =
	    evhttp_connection_get_bufferevent(connection);

	if (evhttp_make_request(connection, req, type, uri) == -1)
		return -1;
	/* If it is connected already, it takes no notice. */
	bufferevent_trigger_event(bev, BEV_EVENT_CONNECTED, 0);
	return 0;
}

/* All of it */

static void
refuse(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int len, void *carry)
{
	(void)listener, (void)peer, (void)len, (void)carry;
	evutil_closesocket(fd);
}

struct carry *
carry_new(struct event_base *base, struct evhttp *http)
{
	struct carry *carry = calloc(1, sizeof(*carry));
	struct sockaddr_in *in;
	socklen_t len = sizeof(*in);

	if (carry == NULL)
		return NULL;
	LIST_INIT(&carry->carriers);
	in = &carry->address;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	carry->base = base;
	carry->listener = evconnlistener_new_bind(base, refuse, carry,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
	    (struct sockaddr *)in, (int)len);
	if (carry->listener == NULL ||
	    getsockname(evconnlistener_get_fd(carry->listener),
	    (struct sockaddr *)in, &len) == -1 || (http != NULL &&
	    evhttp_bind_listener(http, carry->listener) == NULL)) {
		carry_free(carry);
		return NULL;
	}
	if (http != NULL) {
		carry->listener = NULL;
		evhttp_set_bevcb(http, on_token, carry);
	}
	return carry;
}

void
carry_free(struct carry *carry)
{
	struct carrier *carrier;

	if (carry == NULL)
		return;
	while ((carrier = LIST_FIRST(&carry->carriers)) != NULL) {
		if (carrier->token != -1)
			bufferevent_free(carrier->bev);
		carrier_let_go(carrier);
	}
	if (carry->listener != NULL)
		evconnlistener_free(carry->listener);
	free(carry);
}
