/*
 * How a channel ends is told the same whether its bytes go past the
 * bufferevent or through it: the same hooks, in the same order, with the same
 * reason and the same error.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "nasty.h"

#define MUCH 32768

/* Plain sockets, in all ways that there are. */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_SOCKET_THREADSAFE, HARNESS_BEV, HARNESS_BEV_DEFER,
    HARNESS_BEV_THREADSAFE, HARNESS_BEV_DEFER_THREADSAFE, HARNESS_BEV_UNLOCK,
    HARNESS_TCP, HARNESS_TCP_DEFER, HARNESS_TCP_THREADSAFE };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

static char block[MUCH];

static void
push(struct harness *h, const void *data, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, data, len), 0);
}

static void
fail_next(struct harness *h, const char *name)
{
	(void)h;
	nasty_bend_at(nasty_bend_named(name), 1);
}

static void
end_behind_data(struct harness *h)
{
	harness_send(h, "data", 4);
	harness_send_eof(h);
}

static void
end_alone(struct harness *h)
{
	harness_send_eof(h);
}

static void
reset_alone(struct harness *h)
{
	harness_reset(h);
}

static void
reset_behind_data(struct harness *h)
{
	harness_send(h, "data", 4);
	harness_reset(h);
}

static void
reset_with_output(struct harness *h)
{
	push(h, block, sizeof(block));
	harness_push_mark(h, "m");
	harness_reset(h);
}

/* What the peer has not read makes a reset of its close, over AF_UNIX, too. */
static void
reset_with_unread_output(struct harness *h)
{
	harness_peer_read(h, false);
	push(h, block, sizeof(block));
	harness_turn(h);
	harness_send(h, "data", 4);
	harness_reset(h);
}

static void
end_while_paused(struct harness *h)
{
	evchat_pause(h->chat);
	end_behind_data(h);
	harness_turn(h);
	evchat_resume(h->chat);
}

static void
reset_while_paused(struct harness *h)
{
	evchat_pause(h->chat);
	harness_send(h, "data", 4);
	harness_turn(h);
	harness_reset(h);
	harness_turn(h);
	evchat_resume(h->chat);
}

static void
write_fails_with_input(struct harness *h)
{
	push(h, "pushed", 6);
	harness_push_mark(h, "m");
	harness_send(h, "data", 4);
	fail_next(h, "EPIPE");
}

static void
write_fails(struct harness *h)
{
	push(h, "pushed", 6);
	harness_push_mark(h, "m");
	fail_next(h, "EPIPE");
}

static void
call_fails(struct harness *h)
{
	harness_send(h, "data", 4);
	fail_next(h, "ETIMEDOUT");
}

static void
memory_fails(struct harness *h)
{
	harness_send(h, "data", 4);
	fail_next(h, "ENOMEM");
}

static void
call_is_interrupted(struct harness *h)
{
	push(h, "pushed", 6);
	end_behind_data(h);
	nasty_bend_often(nasty_bend_named("EINTR"), 2, 1);
}

static void (*const endings[])(struct harness *h) = { end_behind_data,
    end_alone, reset_alone, reset_behind_data, reset_with_output,
    reset_with_unread_output, end_while_paused, reset_while_paused,
    write_fails_with_input, write_fails, call_fails, memory_fails,
    call_is_interrupted };

#define ENDINGS ((int)(sizeof(endings) / sizeof(endings[0])))

/* @return what it was told, to be freed */
static char *
told(enum harness_carrier carrier, unsigned options,
    void (*ending)(struct harness *h))
{
	struct harness *h = harness_new(carrier);
	char *transcript;

	harness_start(h, &harness_streaming, options);
	harness_turn(h);
	h->script.closed = harness_note_error;
	harness_feed(h, "first");
	ending(h);
	harness_run_until_closed(h);
	nasty_stop();
	transcript = strdup(harness_transcript(h));
	harness_free(h);
	ck_assert_ptr_nonnull(transcript);
	return (transcript);
}

START_TEST(ends_and_errors_are_told_the_same)
{
	enum harness_carrier carrier = carriers[_i / ENDINGS];
	void (*ending)(struct harness *) = endings[_i % ENDINGS];
	char *direct, *other;

	if (!nasty_works())
		return;
	direct = told(carrier, 0, ending);
	other = told(carrier, EVCHAT_OPT_BUFFEREVENT_IO, ending);
	ck_assert_msg(strcmp(direct, other) == 0,
	    "over a %s, ending %d\n  directly    %s\n  bufferevent %s",
	    harness_carrier_name(carrier), _i % ENDINGS, direct, other);
	free(direct);
	free(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("direct told");
	TCase *tc = harness_case(suite, "told");

	tcase_add_loop_test(tc, ends_and_errors_are_told_the_same, 0,
	    ENDINGS * CARRIERS);
	return (harness_main(suite));
}
