/*
 * What may be called in the course of an upgrade, at each moment of it: while
 * what was pushed before it still leaves, before the peer's hello, in the
 * middle of it, and in the hooks. Whatever is called, the conversation goes on
 * or ends as it would at any other time, once, and nothing is left behind.
 *
 * The channel is told STARTTLS, answers in clear, and pushes a line behind the
 * upgrade. The peer says hello, and ends.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/bufferevent.h>
#include "bare.h"
#include "harness.h"
#include "secure.h"

enum moment { IN_STARTTLS, LEAVING, WAITING, IN_HELLO, IN_CONNECTED, IN_LINE,
	IN_EOF, IN_CLOSED, MOMENTS };

struct play {
	const struct act *act;
	enum moment moment;
	bool done;               /* the act */
	bool resumes;            /* the test has to call evchat_resume() */
	bool changed;            /* lines end with LF */
	struct secure *s;
	struct secure_end *chat;
	struct bare *bare;
};

struct act {
	void (*call)(struct play *p);
	const char *ends; /* the channel, with this; NULL: it goes on */
	const char *got;  /* by the peer, encrypted; NULL: not looked at */
};

static struct play *playing; /* by this process */

#define BEFORE "220 go\r\n"
#define BEHIND "welcome\r\n"
#define LARGE (400 << 10)

/* What is called */

static void
call_nothing(struct play *p)
{
	(void)p;
}

static void
call_close(struct play *p)
{
	evchat_close_when_done(p->chat->chat);
}

static void
call_push_eof(struct play *p)
{
	ck_assert_int_eq(evchat_push_eof(p->chat->chat),
	    p->moment == IN_CLOSED ? -1 : 0);
}

static void
call_free(struct play *p)
{
	evchat_free(p->chat->chat);
}

static void
call_close_and_free(struct play *p)
{
	evchat_close_when_done(p->chat->chat);
	evchat_free(p->chat->chat);
}

static void
call_discard(struct play *p)
{
	evchat_discard_buffers(p->chat->chat);
}

static void
call_discard_and_close(struct play *p)
{
	evchat_discard_buffers(p->chat->chat);
	evchat_close_when_done(p->chat->chat);
}

static void
call_discard_and_push_eof(struct play *p)
{
	evchat_discard_buffers(p->chat->chat);
	call_push_eof(p);
}

static void
call_push(struct play *p)
{
	ck_assert_int_eq(evchat_push(p->chat->chat, "x", 1),
	    p->moment == IN_CLOSED ? -1 : 0);
}

/* What is pushed in an upgrade is behind it, though all was discarded. */
static void
call_discard_and_push(struct play *p)
{
	evchat_discard_buffers(p->chat->chat);
	call_push(p);
}

static void
call_detach(struct play *p)
{
	struct bufferevent *bev = evchat_detach(p->chat->chat);

	if (p->moment < IN_CONNECTED || p->moment == IN_CLOSED) {
		ck_assert_ptr_null(bev);
		ck_assert_int_eq(errno, p->moment == IN_CLOSED ? EPIPE : EBUSY);
	} else {
		ck_assert_ptr_nonnull(bev);
		bufferevent_free(bev);
	}
}

static void
call_pause(struct play *p)
{
	evchat_pause(p->chat->chat);
	p->resumes = true;
}

static void
call_terminator(struct play *p)
{
	ck_assert_int_eq(evchat_set_terminator(p->chat->chat, "\n", 1),
	    p->moment == IN_CLOSED ? -1 : 0);
	p->changed = p->moment < IN_LINE;
}

static void
call_starttls(struct play *p)
{
	SSL *ssl = SSL_new(p->s->server_ctx);

	if (p->moment >= IN_CONNECTED && p->moment < IN_CLOSED) {
		SSL_free(ssl);
		return;
	}
	ck_assert_int_eq(evchat_starttls(p->chat->chat, ssl,
	    EVCHAT_TLS_ACCEPT, 0), -1);
	ck_assert_int_eq(errno, p->moment == IN_CLOSED ? EPIPE : EALREADY);
}

static const struct act acts[] = {
	{ call_nothing, NULL, BEHIND },
	{ call_close, "done", BEHIND },
	{ call_push_eof, NULL, BEHIND },
	{ call_free, "freed", NULL },
	{ call_close_and_free, "freed", NULL },
	{ call_discard, NULL, "" },
	{ call_discard_and_close, "done", "" },
	{ call_discard_and_push_eof, NULL, "" },
	{ call_discard_and_push, NULL, "x" },
	{ call_detach, "detached", NULL },
	{ call_pause, NULL, BEHIND },
	{ call_terminator, NULL, BEHIND },
	{ call_starttls, NULL, BEHIND },
	{ call_push, NULL, BEHIND "x" }
};
#define ACTS (int)(sizeof(acts) / sizeof(acts[0]))

/* The channel */

static void
act_at(enum moment moment)
{
	struct play *p = playing;

	if (p->moment != moment || p->done)
		return;
	p->done = true;
	p->act->call(p);
}

static void
on_line(struct secure_end *end, const char *line)
{
	static char large[LARGE];

	if (strcmp(line, "STARTTLS") == 0) {
		secure_say(end, BEFORE);
		if (playing->moment == LEAVING)
			evchat_push(end->chat, large, sizeof(large));
		secure_starttls(end);
		ck_assert_int_eq(evchat_push(end->chat, BEHIND,
		    strlen(BEHIND)), 0);
		act_at(IN_STARTTLS);
	} else
		act_at(IN_LINE);
}

static void
on_event(struct secure_end *end, enum evchat_event what)
{
	(void)end;
	act_at(what == EVCHAT_EVENT_EOF ? IN_EOF : IN_CONNECTED);
}

static void
on_ended(struct secure_end *end)
{
	(void)end;
	act_at(IN_CLOSED);
}

/* The peer */

/* Take what is in clear, up to what the handshake begins with. */
static void
take_clear(struct play *p)
{
	static char bytes[65536];
	int fd = p->bare->end->fd;
	ssize_t n;
	char *hello;
	int idle = 0;

	while (idle++ < 20) {
		secure_run(p->s);
		n = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
		if (n <= 0)
			continue;
		idle = 0;
		hello = memchr(bytes, 0x16, (size_t)n);
		if (hello == bytes)
			return;
		n = recv(fd, bytes, hello != NULL ? (size_t)(hello - bytes) :
		    (size_t)n, MSG_DONTWAIT);
		ck_assert_int_gt(n, 0);
	}
}

/* Half of its first flight: a client's begins it, a server's answers one. */
static void
send_half(struct play *p)
{
	p->bare->held = true;
	bare_run(p->bare);
	bare_send(p->bare, evbuffer_get_length(p->bare->made) / 2);
	secure_run(p->s);
	p->bare->held = false;
}

static void
play(struct play *p)
{
	secure_send(p->bare->end, "STARTTLS\r\n", 10);
	secure_run(p->s);
	act_at(LEAVING);
	take_clear(p);
	act_at(WAITING);
	send_half(p);
	act_at(IN_HELLO);
	bare_run(p->bare);
	if (SSL_is_init_finished(p->bare->ssl)) {
		bare_say(p->bare, "hello\r\n");
		bare_run(p->bare);
		bare_close(p->bare);
		bare_run(p->bare);
	}
	if (p->resumes && p->chat->chat != NULL)
		evchat_resume(p->chat->chat);
	bare_run(p->bare);
	secure_hang_up(p->bare->end);
	bare_run_until_closed(p->bare);
}

/* What comes of it */

static void
expect_transcript(struct play *p)
{
	bool ends = p->act->ends != NULL && p->moment != IN_CLOSED;
	const char *why = "eof";
	char text[256] = "frame:STARTTLS";
	bool goes_on = !ends;

	if (p->act->call == call_detach && p->moment < IN_CONNECTED)
		ends = false, goes_on = true;
	if (ends)
		why = p->act->ends;
	if (goes_on || p->moment >= IN_CONNECTED)
		strcat(text, "|connected");
	if (goes_on || p->moment >= IN_LINE)
		strcat(text, p->changed ? "|frame:hello\r" : "|frame:hello");
	if (goes_on || p->moment >= IN_EOF)
		strcat(text, "|eof");
	strcat(text, "|closed:");
	strcat(text, why);
	secure_expect(p->chat, text);
}

static void
expect_got(struct play *p)
{
	bool had_welcome = p->moment > IN_CONNECTED;
	const char *got = p->act->got;
	char text[64];

	if (got == NULL)
		return;
	if (p->moment == IN_CLOSED)
		got = BEHIND;
	snprintf(text, sizeof(text), "%s%s", had_welcome &&
	    strncmp(got, BEHIND, strlen(BEHIND)) != 0 ? BEHIND : "", got);
	bare_expect(p->bare, text);
	/* With nothing left to be encrypted, closing does without TLS. */
	if (p->act->call != call_discard_and_close || p->moment >= IN_CONNECTED)
		ck_assert(bare_is_closed(p->bare));
}

static void
run(const struct act *act, enum moment moment, int wire, bool server)
{
	struct play p = { .act = act, .moment = moment };

	playing = &p;
	p.s = secure_new_with(wire, server ? SECURE_SERVER : SECURE_CLIENT, 0);
	p.chat = server ? &p.s->server : &p.s->client;
	p.chat->line = on_line;
	p.chat->event = on_event;
	p.chat->ended = on_ended;
	p.bare = bare_new(server ? &p.s->client : &p.s->server, NULL);
	play(&p);
	ck_assert(p.done);
	expect_transcript(&p);
	expect_got(&p);
	bare_free(p.bare);
	secure_free(p.s);
}

START_TEST(any_call_at_any_moment)
{
	const struct act *act = &acts[_i / MOMENTS];
	enum moment moment = (enum moment)(_i % MOMENTS);
	int wire;

	for (wire = 0; wire < SECURE_RAW_WIRES; wire++) {
		/* TCP takes a lot before it is full. */
		if (moment == LEAVING && wire == SECURE_TCP)
			continue;
		run(act, moment, wire, true);
		run(act, moment, wire, false);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_moments");
	TCase *tc = harness_case(suite, "moments");

	tcase_add_loop_test(tc, any_call_at_any_moment, 0, ACTS * MOMENTS);
	return harness_main(suite);
}
