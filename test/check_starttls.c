/*
 * Going over to TLS: in the middle of a conversation and from the first byte,
 * on every kind of bufferevent; what leaves in clear and what does not.
 */

#include <string.h>
#include "harness.h"
#include "secure.h"

/* A conversation */

static void
serve(struct secure_end *end, const char *line)
{
	if (strcmp(line, "STARTTLS") == 0) {
		secure_say(end, "220 go");
		secure_starttls(end);
		/* Nobody may read this in clear. */
		secure_say(end, "welcome");
	} else if (strcmp(line, "QUIT") == 0) {
		secure_say(end, "221 bye");
		evchat_close_when_done(end->chat);
	} else
		secure_say(end, "250 ok");
}

static void
ask(struct secure_end *end, const char *line)
{
	if (strcmp(line, "220 go") == 0) {
		secure_starttls(end);
		secure_say(end, "EHLO");
		secure_say(end, "NOOP");
		secure_say(end, "QUIT");
	}
}

START_TEST(conversation_goes_over_to_tls)
{
	struct secure *s = secure_new(_i);

	s->server.line = serve;
	s->client.line = ask;
	secure_say(&s->client, "HELO");
	secure_say(&s->client, "STARTTLS");
	secure_run_until_closed(s);
	secure_expect(&s->server, "frame:HELO|frame:STARTTLS|connected|"
	    "frame:EHLO|frame:NOOP|frame:QUIT|closed:done");
	secure_expect(&s->client, "frame:250 ok|frame:220 go|connected|"
	    "frame:welcome|frame:250 ok|frame:250 ok|frame:221 bye|eof|closed:eof");
	secure_free(s);
}
END_TEST

START_TEST(tls_from_the_first_byte)
{
	struct secure *s = secure_new(_i);

	s->server.line = serve;
	secure_both(s);
	secure_say(&s->client, "HELO");
	secure_say(&s->client, "QUIT");
	secure_run_until_closed(s);
	secure_expect(&s->server, "connected|frame:HELO|frame:QUIT|closed:done");
	secure_expect(&s->client,
	    "connected|frame:250 ok|frame:221 bye|eof|closed:eof");
	secure_free(s);
}
END_TEST

/* Closing in the middle of it */

static void
go_and_close(struct secure_end *end, const char *line)
{
	(void)line;
	secure_say(end, "220 go");
	secure_starttls(end);
	evchat_close_when_done(end->chat);
}

START_TEST(closing_does_not_wait_for_a_hello_that_nobody_needs)
{
	struct secure *s = secure_new(_i);

	s->server.line = go_and_close;
	secure_say(&s->client, "STARTTLS");
	secure_run_until_closed(s);
	secure_expect(&s->server, "frame:STARTTLS|closed:done");
	secure_expect(&s->client, "frame:220 go|eof|closed:eof");
	secure_free(s);
}
END_TEST

static void
go_say_and_close(struct secure_end *end, const char *line)
{
	(void)line;
	secure_say(end, "220 go");
	secure_starttls(end);
	secure_say(end, "bye");
	evchat_close_when_done(end->chat);
}

static void
follow(struct secure_end *end, const char *line)
{
	if (strcmp(line, "220 go") == 0)
		secure_starttls(end);
}

START_TEST(closing_waits_for_what_is_to_be_encrypted)
{
	struct secure *s = secure_new(_i);

	s->server.line = go_say_and_close;
	s->client.line = follow;
	secure_say(&s->client, "STARTTLS");
	secure_run_until_closed(s);
	secure_expect(&s->server, "frame:STARTTLS|closed:done");
	secure_expect(&s->client,
	    "frame:220 go|connected|frame:bye|eof|closed:eof");
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("starttls");
	TCase *tc = harness_case(suite, "starttls");

	tcase_add_loop_test(tc, conversation_goes_over_to_tls, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, tls_from_the_first_byte, 0, SECURE_WIRES);
	tcase_add_loop_test(tc,
	    closing_does_not_wait_for_a_hello_that_nobody_needs, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, closing_waits_for_what_is_to_be_encrypted, 0,
	    SECURE_WIRES);
	return harness_main(suite);
}
