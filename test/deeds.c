/* What a hook does to its channel; see deeds.h. */

#include "deeds.h"

static void
do_nothing(struct harness *h)
{
	(void)h;
}

static void
set_terminator(struct harness *h)
{
	harness_must(evchat_set_terminator(h->chat, "Y", 1) == 0, "terminator");
}

static void
set_same(struct harness *h)
{
	harness_must(evchat_set_framing(h->chat,
	    evchat_get_framing(h->chat)) == 0, "framing");
}

static void
set_framing(struct harness *h)
{
	struct evchat_framing *framing = evchat_framing_varint(0);

	harness_must(evchat_set_framing(h->chat, framing) == 0, "framing");
	evchat_framing_free(framing);
}

static void
set_count(struct harness *h)
{
	harness_must(evchat_set_terminator_count(h->chat, 5) == 0, "count");
}

static void
set_max_close(struct harness *h)
{
	harness_must(evchat_set_max_frame(h->chat, 3, EVCHAT_OVERSIZE_CLOSE) ==
	    0, "max");
}

static void
set_max_discard(struct harness *h)
{
	harness_must(evchat_set_max_frame(h->chat, 3,
	    EVCHAT_OVERSIZE_DISCARD) == 0, "max");
}

static void
set_max_truncate(struct harness *h)
{
	harness_must(evchat_set_max_frame(h->chat, 3,
	    EVCHAT_OVERSIZE_TRUNCATE) == 0, "max");
}

static void
set_max_none(struct harness *h)
{
	harness_must(evchat_set_max_frame(h->chat, 0, EVCHAT_OVERSIZE_CLOSE) ==
	    0, "max");
}

static void
unread(struct harness *h)
{
	harness_must(evchat_unread(h->chat, "UU\r\nUU\r\n", 8) == 0, "unread");
}

static void
discard(struct harness *h)
{
	evchat_discard_buffers(h->chat);
}

static void
resume(struct harness *h)
{
	harness_note(h, "resumed");
	harness_resume(h);
}

static void
pause_for_long(struct harness *h)
{
	evchat_pause(h->chat);
	harness_later(h, resume);
}

static void
pause_and_push(struct harness *h)
{
	evchat_pause(h->chat);
	harness_must(evchat_push(h->chat, "p", 1) == 0, "push");
	harness_later(h, resume);
}

void
deed_set_terminator_later(struct harness *h)
{
	harness_later(h, set_terminator);
}

void
deed_unread_later(struct harness *h)
{
	harness_later(h, unread);
}

static void
pause_for_nothing(struct harness *h)
{
	evchat_pause(h->chat);
	evchat_resume(h->chat);
}

static void
push(struct harness *h)
{
	harness_must(evchat_push(h->chat, "p", 1) == 0, "push");
}

/* With it the queue is above the high mark, until it has left. */
static void
push_too_much(struct harness *h)
{
	harness_must(evchat_set_watermarks(h->chat, 1, 2) == 0, "watermarks");
	harness_must(evchat_push(h->chat, "ppp", 3) == 0, "push");
}

void
deed_push_more(struct harness *h)
{
	harness_must(evchat_push(h->chat, "ppp", 3) == 0, "push");
}

/* Only who pushes is stopped by what is queued. */
static void
lower_marks(struct harness *h)
{
	harness_must(evchat_set_watermarks(h->chat, 1, 2) == 0, "watermarks");
}

static void
set_pieces(struct harness *h)
{
	harness_must(evchat_set_hooks(h->chat, &harness_streaming, h) == 0,
	    "hooks");
}

static void
on_trace(struct evchat *chat, enum evchat_trace what,
    const struct evbuffer_iovec *vec, int n, void *arg)
{
	(void)chat;
	(void)vec;
	harness_note(arg, "trace:%d:%d", (int)what, n);
}

static void
set_trace(struct harness *h)
{
	harness_must(evchat_set_trace(h->chat, on_trace, h) == 0, "trace");
}

static void
set_small_turns(struct harness *h)
{
	harness_must(evchat_set_buffer_sizes(h->chat, 7, 100) == 0, "sizes");
}

static void
free_it(struct harness *h)
{
	evchat_free(h->chat);
}

static void
reset_it(struct harness *h)
{
	evchat_reset(h->chat);
}

static void
set_half_open(struct harness *h)
{
	harness_must(evchat_set_half_open(h->chat, 1) == 0, "half open");
}

static void
detach(struct harness *h)
{
	(void)harness_detach(h);
}

static void
close_when_done(struct harness *h)
{
	evchat_close_when_done(h->chat);
}

static void
close_after_frame(struct harness *h)
{
	evchat_close_after_frame(h->chat);
}

const struct deed deeds[DEEDS] = {
	{ "nothing", do_nothing },
	{ "set_terminator", set_terminator },
	{ "the same framing", set_same },
	{ "another framing", set_framing },
	{ "set_terminator_count", set_count },
	{ "a maximum, close", set_max_close },
	{ "a maximum, discard", set_max_discard },
	{ "a maximum, truncate", set_max_truncate },
	{ "no maximum", set_max_none },
	{ "unread", unread },
	{ "discard_buffers", discard },
	{ "pause", pause_for_long },
	{ "pause and push", pause_and_push },
	{ "pause and resume", pause_for_nothing },
	{ "push", push },
	{ "push above the high mark", push_too_much },
	{ "push more", deed_push_more },
	{ "set_watermarks", lower_marks },
	{ "set_hooks", set_pieces },
	{ "set_trace", set_trace },
	{ "set_buffer_sizes", set_small_turns },
	{ "free", free_it },
	{ "reset", reset_it },
	{ "set_half_open", set_half_open },
	{ "detach", detach },
	{ "close_when_done", close_when_done },
	{ "close_after_frame", close_after_frame }
};
