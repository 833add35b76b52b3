/*
 * A server that evhttp has for a while; see house.h.
 */

#include <string.h>
#include <event2/buffer.h>
#include "harness.h"
#include "house.h"

static void on_line(struct evchat *chat, const void *data, size_t len,
    void *arg);
static void on_closed(struct evchat *chat, enum evchat_reason why, void *arg);

const struct evchat_hooks house_lines = {
	.frame = on_line,
	.closed = on_closed
};

static void
on_line(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct house *house = arg;
	const char *line = data;

	if (len > 9 && memcmp(line + len - 9, " HTTP/1.1", 9) == 0) {
		ck_assert_int_eq(evchat_unread(chat, "\r\n", 2), 0);
		ck_assert_int_eq(evchat_unread(chat, data, len), 0);
		ck_assert_int_eq(carry_give(house->carry, chat), 0);
		return;
	}
	if (len == 8 && memcmp(data, "STARTTLS", 8) == 0) {
		secure_starttls(&house->s->server);
		return;
	}
	unit_note_bytes(&house->told, "line", data, len);
	ck_assert_int_eq(evchat_push_printf(chat, "you said %.*s\r\n",
	    (int)len, line), 0);
	if (len == 4 && memcmp(data, "quit", 4) == 0)
		evchat_close_when_done(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct house *house = arg;

	(void)chat;
	unit_note(&house->told, "closed:%s", evchat_reason_name(why));
	house->s->server.chat = NULL;
	house->s->server.closed++;
}

void
house_answer(struct evhttp_request *req)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct evbuffer *body = evbuffer_new();

	evhttp_add_header(headers, "Date", "now");
	evhttp_add_header(headers, "Content-Type", "text/plain");
	evbuffer_add_printf(body, "%s\r\n", evhttp_request_get_uri(req));
	evbuffer_add_buffer(body, evhttp_request_get_input_buffer(req));
	evhttp_send_reply(req, 200, "OK", body);
	evbuffer_free(body);
}

void
house_go_back(struct house *house, struct evhttp_request *req)
{
	struct evchat *chat = carry_find(house->carry, req);

	ck_assert_ptr_eq(chat, house->s->server.chat);
	ck_assert_ptr_eq(carry_take_back(house->carry, req), chat);
	ck_assert_int_eq(evchat_push_printf(chat,
	    "HTTP/1.1 101 Switching Protocols\r\n\r\n"), 0);
	ck_assert_int_eq(evchat_set_terminator(chat, "\r\n", 2), 0);
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct house *house = arg;

	unit_note(&house->told, "%s", evhttp_request_get_uri(req));
	if (house->later)
		house->held = req;
	else if (evhttp_find_header(evhttp_request_get_input_headers(req),
	    "Upgrade") != NULL)
		house_go_back(house, req);
	else
		house_answer(req);
}

struct house *
house_new(int wire)
{
	struct house *house = calloc(1, sizeof(*house));

	ck_assert_ptr_nonnull(house);
	house->s = secure_new(wire);
	house->http = evhttp_new(house->s->base);
	evhttp_set_gencb(house->http, on_request, house);
	house->carry = carry_new(house->s->base, house->http);
	ck_assert_ptr_nonnull(house->carry);
	ck_assert_int_eq(evchat_set_hooks(house->s->server.chat, &house_lines,
	    house), 0);
	return house;
}

void
house_free(struct house *house)
{
	struct secure *s = house->s;

	evhttp_free(house->http);
	carry_free(house->carry);
	secure_run(s);
	evchat_free(s->client.chat);
	secure_run_until_closed(s);
	unit_text_free(&house->told);
	secure_free(s);
	free(house);
}

void
house_say(struct house *house, const char *text)
{
	evchat_push(house->s->client.chat, text, strlen(text));
}

#define OK(len, body) "HTTP/1.1 200 OK|frame:Date: now|" \
	"frame:Content-Type: text/plain|frame:Content-Length: " len \
	"|frame:|frame:" body

const char house_talk[] = "hello\r\n" HOUSE_GET("/a", "") HOUSE_GET("/b", "")
    "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nbody\r\n"
    HOUSE_GET("/d", "Upgrade: lines\r\n") "one\r\nquit\r\n";

void
house_expect_talk(struct house *house)
{
	secure_run_until_closed(house->s);
	ck_assert_str_eq(unit_text(&house->told), "line:hello|/a|/b|/c|/d|"
	    "line:one|line:quit|closed:done");
	ck_assert_ptr_nonnull(strstr(unit_text(&house->s->client.text),
	    "frame:you said hello|frame:" OK("4", "/a") "|frame:" OK("4", "/b")
	    "|frame:" OK("10", "/c") "|frame:body|frame:HTTP/1.1 101 "
	    "Switching Protocols|frame:|frame:you said one|"
	    "frame:you said quit|eof|closed:eof"));
}
