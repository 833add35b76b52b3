/*
 * EVCHAT_EVENT_MALFORMED: told once, behind every frame that came before, with
 * the reason, the words and the place, however the bytes are cut. What its
 * hook pushes still leaves; whatever else it does, the channel ends.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"

#define WRONG "2:ab,x3:cde,"   /* a netstring, and what is none */
#define WORDS "neither a digit nor a colon in the length"

static void
start_netstrings(struct harness *h)
{
	struct evchat_framing *framing;

	harness_ask(h);
	framing = evchat_framing_netstring(0);
	harness_answer(h, framing != NULL ?
	    evchat_set_framing(h->chat, framing) : -1, "evchat_set_framing");
	evchat_framing_free(framing);
}

static void
answer(struct harness *h, const void *data, size_t len)
{
	harness_ok(h, evchat_push(h->chat, data, len));
}

/* In the event */

static void
say_no(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_MALFORMED)
		harness_ok(h, evchat_push(h->chat, "no", 2));
}

static void
say_no_by_producers(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_MALFORMED)
		return;
	harness_push_producer(h, "p", "n");
	harness_push_reference(h, "r", "o");
}

static void
close_it(struct harness *h, enum evchat_event what)
{
	say_no(h, what);
	evchat_close_when_done(h->chat);
}

static void
free_it(struct harness *h, enum evchat_event what)
{
	(void)what;
	evchat_free(h->chat);
}

static void
detach_it(struct harness *h, enum evchat_event what)
{
	(void)what;
	harness_detach_now(h);
}

static void
pause_it(struct harness *h, enum evchat_event what)
{
	say_no(h, what);
	evchat_pause(h->chat);
}

static void
discard_it(struct harness *h, enum evchat_event what)
{
	say_no(h, what);
	evchat_discard_buffers(h->chat);
}

/* Who would like to go on with lines, from there. */
static void
set_lines(struct harness *h, enum evchat_event what)
{
	say_no(h, what);
	harness_crlf(h);
}

static void
unread_in_it(struct harness *h, enum evchat_event what)
{
	say_no(h, what);
	harness_ok(h, evchat_unread(h->chat, "1:x,", 4));
}

static void
close_between_frames(struct harness *h, enum evchat_event what)
{
	say_no(h, what);
	evchat_close_after_frame(h->chat);
}

static void
ask_everything(struct harness *h, enum evchat_event what)
{
	size_t len = 9;
	const void *partial = evchat_get_partial(h->chat, &len);

	(void)what;
	harness_note(h, "%s@%ju:%zu:%s",
	    harness_reason_name(evchat_get_reason(h->chat)),
	    (uintmax_t)evchat_get_offset(h->chat),
	    partial == NULL ? 0 : len, evchat_get_error(h->chat));
}

#define ENDED "event:malformed|closed:malformed"
#define NETSTRINGS .input = WRONG, .start = start_netstrings

static const struct harness_scenario scenarios[] = {
	{ NETSTRINGS, .hooks = &harness_frames, .output = "",
	    .expect = "frame:ab|" ENDED },
	{ NETSTRINGS, .script.event = say_no, .output = "no",
	    .expect = "collect:ab|found|" ENDED },
	{ NETSTRINGS, .hooks = &harness_frames, .script.frame = answer,
	    .script.event = say_no, .output = "abno",
	    .expect = "frame:ab|" ENDED },
	{ NETSTRINGS, .script.event = say_no_by_producers, .output = "no",
	    .expect = "collect:ab|found|event:malformed|done:p:sent:1|"
	    "cleanup:r|closed:malformed" },
	{ NETSTRINGS, .script.event = close_it, .output = "no",
	    .expect = "collect:ab|found|event:malformed|closed:done" },
	{ NETSTRINGS, .script.event = free_it, .output = "",
	    .expect = "collect:ab|found|event:malformed|closed:freed" },
	{ NETSTRINGS, .script.event = detach_it, .hooks = &harness_frames,
	    .expect = "frame:ab|event:malformed|closed:detached|left:x3:cde," },
	{ NETSTRINGS, .script.event = pause_it, .output = "no",
	    .expect = "collect:ab|found|" ENDED },
	{ NETSTRINGS, .script.event = discard_it, .output = "",
	    .expect = "collect:ab|found|" ENDED },
	{ NETSTRINGS, .script.event = set_lines, .output = "no",
	    .expect = "collect:ab|found|" ENDED },
	{ NETSTRINGS, .script.event = unread_in_it, .output = "no",
	    .expect = "collect:ab|found|" ENDED },
	{ NETSTRINGS, .script.event = close_between_frames, .output = "no",
	    .expect = "collect:ab|found|" ENDED },
	{ NETSTRINGS, .script.event = ask_everything, .output = "",
	    .expect = "collect:ab|found|event:malformed|malformed@5:0:" WORDS
	    "|closed:malformed" },
	{ .input = "2:ab,12x", .start = start_netstrings,
	    .hooks = &harness_frames, .script.event = ask_everything,
	    .output = "", .expect = "frame:ab|event:malformed|malformed@7:2:"
	    WORDS "|closed:malformed" },
};

#define SCENARIOS ((int)(sizeof(scenarios) / sizeof(scenarios[0])))

START_TEST(hook_has_the_last_word)
{
	struct harness_scenario s = scenarios[_i];

	s.until_closed = true;
	harness_prove(&s);
}
END_TEST

/* After it, too, nobody holds a channel by not reading. */
START_TEST(peer_that_takes_no_answer_does_not_hold_it)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	start_netstrings(h);
	h->script.event = say_no;
	harness_push_stuck(h, "p");
	harness_feed(h, WRONG);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:malformed|done:p:failed:0|"
	    "closed:malformed");
}
END_TEST

static Suite *
malformed_suite(void)
{
	Suite *suite = suite_create("malformed");
	TCase *tc = harness_case(suite, "malformed");

	tcase_add_loop_test(tc, hook_has_the_last_word, 0, SCENARIOS);
	tcase_add_test(tc, peer_that_takes_no_answer_does_not_hold_it);
	return suite;
}

int
main(void)
{
	return harness_main(malformed_suite());
}
