/*
 * A connection goes from channel to channel, and from and to who uses the
 * bufferevent itself, in mid-stream: every byte that was not read is in the
 * bufferevent's input. In clear and over TLS, whose ending is then the new
 * owner's to see to.
 */

#include <string.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "secure.h"

#define TALK "one\r\nHAND ON\r\ntwo\r\nthree"

/* The new owner notes otherwise. */

static void
on_found(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct secure_end *end = arg;

	(void)chat;
	unit_note_bytes(&end->text, "new", data, len);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct secure_end *end = arg;

	(void)chat;
	unit_note(&end->text, "new closed:%s", evchat_reason_name(why));
	end->chat = NULL;
}

static const struct evchat_hooks new_hooks = {
	.frame = on_found,
	.closed = on_closed
};

/* What doc/hand-over.md says. */
static void
to_a_channel(struct secure_end *end, const char *line)
{
	struct bufferevent *bev;
	SSL *ssl;

	if (strcmp(line, "HAND ON") != 0)
		return;
	ssl = evchat_get_ssl(end->chat);
	bev = evchat_detach(end->chat);
	ck_assert_ptr_nonnull(bev);
	end->chat = evchat_new(bev, &new_hooks, end, 0);
	ck_assert_ptr_nonnull(end->chat);
	if (ssl != NULL)
		ck_assert_int_eq(evchat_adopt_tls(end->chat, 0), 0);
	ck_assert_ptr_eq(evchat_get_ssl(end->chat), ssl);
	evchat_set_terminator(end->chat, "\r\n", 2);
	secure_say(end, "taken over");
}

static void
expect_new_channel(struct secure *s)
{
	secure_run_until(s, &s->client.text, "frame:taken over");
	secure_say(&s->client, " and a half");
	evchat_close_when_done(s->client.chat);
	secure_run_until_closed(s);
	secure_expect(&s->server, s->client.role == EVCHAT_TLS_CONNECT &&
	    strncmp(unit_text(&s->server.text), "connected", 9) == 0 ?
	    "connected|frame:one|frame:HAND ON|closed:detached|new:two|"
	    "new:three and a half|new closed:eof" :
	    "frame:one|frame:HAND ON|closed:detached|new:two|"
	    "new:three and a half|new closed:eof");
}

START_TEST(to_another_channel)
{
	struct secure *s = secure_new(_i);

	s->server.line = to_a_channel;
	evchat_push(s->client.chat, TALK, strlen(TALK));
	expect_new_channel(s);
	secure_free(s);
}
END_TEST

START_TEST(to_another_channel_over_tls)
{
	struct secure *s = secure_new(_i);

	s->server.line = to_a_channel;
	secure_both(s);
	evchat_push(s->client.chat, TALK, strlen(TALK));
	expect_new_channel(s);
	secure_free(s);
}
END_TEST

/* Who adopts TLS notices a cut, and says a proper farewell. */
START_TEST(cut_is_noticed_after_adoption)
{
	struct secure *s = secure_new(SECURE_SOCKET);

	s->server.line = to_a_channel;
	secure_both(s);
	evchat_push(s->client.chat, TALK "\r\n", strlen(TALK) + 2);
	secure_run_until(s, &s->client.text, "frame:taken over");
	secure_run(s);
	evchat_free(s->client.chat);
	secure_run_until_closed(s);
	secure_expect(&s->server, "connected|frame:one|frame:HAND ON|"
	    "closed:detached|new:two|new:three|new closed:truncated");
	secure_free(s);
}
END_TEST

START_TEST(farewell_is_said_after_adoption)
{
	struct secure *s = secure_new(_i);

	s->server.line = to_a_channel;
	secure_both(s);
	evchat_push(s->client.chat, TALK, strlen(TALK));
	secure_run_until(s, &s->client.text, "frame:taken over");
	evchat_close_when_done(s->server.chat);
	secure_run_until_closed(s);
	secure_expect(&s->client,
	    "connected|frame:taken over|eof|closed:eof");
	secure_free(s);
}
END_TEST

/* Plain code, that knows nothing of channels */

static void
repeat(struct bufferevent *bev, void *arg)
{
	struct secure_end *end = arg;
	struct evbuffer *input = bufferevent_get_input(bev);

	unit_note_collect(&end->text, evbuffer_pullup(input, -1),
	    evbuffer_get_length(input));
	bufferevent_write_buffer(bev, input);
}

static void
pause_there(struct secure_end *end, const char *line)
{
	if (strcmp(line, "HAND ON") == 0)
		evchat_pause(end->chat);
}

static void
give_to_plain_code_and_back(struct secure *s, struct bufferevent *bev)
{
	struct secure_end *end = &s->server;

	bufferevent_setcb(bev, repeat, NULL, NULL, end);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	/* libevent tells of no input that is there already. */
	bufferevent_trigger(bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	secure_run_until(s, &s->client.text, "frame:two");
	/* Back, with bytes that nobody has read; they are a frame then. */
	bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
	secure_say(&s->client, " and a half");
	while (evbuffer_get_length(bufferevent_get_input(bev)) == 0)
		(void)event_base_loop(s->base, EVLOOP_ONCE);
	end->chat = evchat_new(bev, &new_hooks, end, 0);
	ck_assert_ptr_nonnull(end->chat);
}

static void
prove_plain_code(struct secure *s)
{
	struct secure_end *end = &s->server;
	bool tls = evchat_get_ssl(end->chat) != NULL;

	s->server.line = pause_there;
	evchat_push(s->client.chat, TALK, strlen(TALK));
	secure_run_until(s, &end->text, "frame:HAND ON");
	give_to_plain_code_and_back(s, evchat_detach(end->chat));
	if (tls)
		ck_assert_int_eq(evchat_adopt_tls(end->chat, 0), 0);
	evchat_set_terminator(end->chat, "\r\n", 2);
	evchat_close_when_done(s->client.chat);
	secure_run_until_closed(s);
	ck_assert_ptr_nonnull(strstr(unit_text(&end->text), "frame:one|"
	    "frame:HAND ON|closed:detached|collect:two\\r\\nthree|"
	    "new: and a half|new closed:eof"));
	ck_assert_ptr_nonnull(strstr(unit_text(&s->client.text), "frame:two"));
	secure_free(s);
}

START_TEST(to_plain_code_and_back)
{
	prove_plain_code(secure_new(_i));
}
END_TEST

START_TEST(to_plain_code_and_back_over_tls)
{
	struct secure *s = secure_new(_i);

	secure_both(s);
	secure_run_until(s, &s->server.text, "connected");
	prove_plain_code(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hand on");
	TCase *tc = harness_case(suite, "detached");

	tcase_add_loop_test(tc, to_another_channel, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, to_another_channel_over_tls, 0, SECURE_WIRES);
	tcase_add_test(tc, cut_is_noticed_after_adoption);
	tcase_add_loop_test(tc, farewell_is_said_after_adoption, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, to_plain_code_and_back, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, to_plain_code_and_back_over_tls, 0,
	    SECURE_WIRES);
	return harness_main(suite);
}
