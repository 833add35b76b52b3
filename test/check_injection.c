/*
 * Plaintext behind the upgrade to TLS is never taken for what TLS protects,
 * and never delivered: CVE-2011-0411 and its like. Wherever the network cuts
 * it, the channel ends with INJECTION, or drops it if it was told to.
 */

#include <string.h>
#include "harness.h"
#include "secure.h"

/* The server's side */

static void
serve(struct secure_end *end, const char *line)
{
	if (strcmp(line, "STARTTLS") == 0) {
		secure_say(end, "220 go");
		secure_starttls(end);
	}
}

/* Send in pieces to another one, while it is there; the loop runs between them. */
static void
send_cut(struct secure_end *end, const struct secure_end *to,
    const char *bytes, size_t len, size_t cut)
{
	secure_send(end, bytes, cut);
	secure_run(end->of);
	if (to->chat != NULL)
		secure_send(end, bytes + cut, len - cut);
	secure_run(end->of);
}

/* Who has been sent something gets it, and its end, before the channel's. */
static void
expect_refused(struct secure_end *end, struct secure_end *peer,
    const char *transcript)
{
	ck_assert_ptr_nonnull(end->chat);
	secure_hang_up(peer);
	secure_run(end->of);
	secure_expect(end, transcript);
}

static const int raw_wires[] = { SECURE_SOCKET, SECURE_THREADSAFE, SECURE_BEV,
	SECURE_INDIRECT, SECURE_FILTER };
#define RAW_WIRES (int)(sizeof(raw_wires) / sizeof(raw_wires[0]))

static void
inject_into_server(int wire, const char *bytes, size_t len, size_t cut)
{
	struct secure *s = secure_new_server(wire);

	s->server.line = serve;
	send_cut(&s->client, &s->server, bytes, len, cut);
	expect_refused(&s->server, &s->client,
	    "frame:STARTTLS|closed:injection");
	secure_free(s);
}

START_TEST(server_refuses_plaintext_wherever_it_is_cut)
{
	static const char bytes[] = "STARTTLS\r\nNOOP\r\nX";
	size_t cut, len = sizeof(bytes) - 1;

	for (cut = 0; cut <= len; cut++)
		inject_into_server(raw_wires[_i], bytes, len, cut);
}
END_TEST

/* Such as an alert, an SSL 2 hello, a blank. */
START_TEST(server_starts_with_a_handshake_record_only)
{
	char bytes[] = "STARTTLS\r\n?";
	int first;

	for (first = 0; first < 256; first++) {
		bytes[sizeof(bytes) - 2] = (char)first;
		if (first != 0x16)
			inject_into_server(raw_wires[_i], bytes,
			    sizeof(bytes) - 1, sizeof(bytes) - 2);
	}
}
END_TEST

/* The client's */

static void
ask(struct secure_end *end, const char *line)
{
	if (strcmp(line, "220 go") == 0)
		secure_starttls(end);
}

/*
 * What comes before its hello is injected. Behind that it is bad TLS; but
 * never is it a frame.
 */
START_TEST(client_refuses_plaintext_wherever_it_is_cut)
{
	static const char bytes[] = "220 go\r\n250 all yours\r\n";
	size_t cut, len = sizeof(bytes) - 1, line = strlen("220 go\r\n");

	for (cut = 0; cut <= len; cut++) {
		struct secure *s = secure_new_client(raw_wires[_i]);

		s->client.line = ask;
		send_cut(&s->server, &s->client, bytes, len, cut);
		if (cut == line) {
			ck_assert_int_eq(s->client.why, EVCHAT_REASON_TLS);
			ck_assert_ptr_null(strstr(unit_text(&s->client.text),
			    "yours|"));
		} else
			secure_expect(&s->client,
			    "frame:220 go|closed:injection");
		secure_free(s);
	}
}
END_TEST

/* Dropping it */

static void
serve_silently(struct secure_end *end, const char *line)
{
	if (strcmp(line, "STARTTLS") == 0)
		secure_starttls(end);
}

/* The hello comes right behind, in the same piece or in several. */
START_TEST(server_drops_plaintext_if_it_is_told_to)
{
	struct secure *s = secure_new(_i);

	s->server.tls = EVCHAT_TLS_DISCARD_PLAINTEXT;
	s->server.line = serve_silently;
	secure_say(&s->client, "STARTTLS");
	secure_say(&s->client, "NOOP");
	secure_say(&s->client, "RCPT TO:<you>");
	secure_starttls(&s->client);
	secure_say(&s->client, "hello");
	evchat_close_when_done(s->client.chat);
	secure_run_until_closed(s);
	secure_expect(&s->server,
	    "frame:STARTTLS|connected|frame:hello|eof|closed:eof");
	secure_free(s);
}
END_TEST

START_TEST(hello_behind_the_line_is_used)
{
	struct secure *s = secure_new(_i);

	s->server.line = serve_silently;
	secure_say(&s->client, "STARTTLS");
	secure_starttls(&s->client);
	secure_say(&s->client, "hello");
	evchat_close_when_done(s->client.chat);
	secure_run_until_closed(s);
	secure_expect(&s->server,
	    "frame:STARTTLS|connected|frame:hello|eof|closed:eof");
	secure_free(s);
}
END_TEST

START_TEST(client_drops_plaintext_if_it_is_told_to)
{
	struct secure *s = secure_new(_i);

	s->client.tls = EVCHAT_TLS_DISCARD_PLAINTEXT;
	s->client.line = ask;
	secure_say(&s->server, "220 go");
	secure_say(&s->server, "250 injected");
	secure_starttls(&s->server);
	secure_say(&s->server, "hello");
	evchat_close_when_done(s->server.chat);
	secure_run_until_closed(s);
	secure_expect(&s->client,
	    "frame:220 go|connected|frame:hello|eof|closed:eof");
	secure_free(s);
}
END_TEST

/* What is held of a frame, or put back, is plaintext as well. */

static void
unread_and_start(struct secure_end *end, const char *line)
{
	if (strcmp(line, "STARTTLS") == 0) {
		evchat_unread(end->chat, "X\r\n", 3);
		secure_starttls(end);
	}
}

START_TEST(bytes_put_back_are_refused_too)
{
	struct secure *s = secure_new_server(raw_wires[_i]);

	s->server.line = unread_and_start;
	secure_send(&s->client, "STARTTLS\r\n", 10);
	secure_run(s);
	secure_expect(&s->server, "frame:STARTTLS|closed:injection");
	secure_free(s);
}
END_TEST

START_TEST(half_a_frame_is_refused_too)
{
	struct secure *s = secure_new_server(raw_wires[_i]);

	secure_send(&s->client, "half", 4);
	secure_run(s);
	secure_starttls(&s->server);
	secure_run(s);
	secure_expect(&s->server, "closed:injection");
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("injection");
	TCase *tc = harness_case(suite, "injection");

	tcase_add_loop_test(tc, server_refuses_plaintext_wherever_it_is_cut, 0,
	    RAW_WIRES);
	tcase_add_loop_test(tc, server_starts_with_a_handshake_record_only, 0,
	    RAW_WIRES);
	tcase_add_loop_test(tc, client_refuses_plaintext_wherever_it_is_cut, 0,
	    RAW_WIRES);
	tcase_add_loop_test(tc, server_drops_plaintext_if_it_is_told_to, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, hello_behind_the_line_is_used, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, client_drops_plaintext_if_it_is_told_to, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, bytes_put_back_are_refused_too, 0, RAW_WIRES);
	tcase_add_loop_test(tc, half_a_frame_is_refused_too, 0, RAW_WIRES);
	return harness_main(suite);
}
