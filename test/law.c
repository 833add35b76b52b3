/*
 * The two channels of the encoding law, and the wire between them: two pairs,
 * of which the test holds the inner ends.
 */

#include <string.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include "harness.h"
#include "law.h"
#include "unit.h"

#define IDLE 20 /* turns of the loop in which nothing moved */

void
law_wrong(struct law *law, const char *what, const void *bytes, size_t len)
{
	struct unit_text text = { 0 };

	unit_note_bytes(&text, what, bytes, len < 100 ? len : 100);
	ck_abort_msg("%s, flags %x: %s (%zu bytes)", law->kind->name,
	    law->kind->flags, unit_text(&text), len);
}

/* The receiver */

static void
expect_next(struct law *law, const void *data, size_t len)
{
	size_t n;

	if (evbuffer_remove(law->expected, &n, sizeof(n)) != sizeof(n))
		law_wrong(law, "one frame too many", data, len);
	if (n != len || (len > 0 &&
	    memcmp(evbuffer_pullup(law->expected, (ev_ssize_t)len), data,
	    len) != 0))
		law_wrong(law, "came back as", data, len);
	evbuffer_drain(law->expected, n);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	expect_next(arg, data, len);
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct law *law = arg;

	(void)chat;
	harness_must(evbuffer_add(law->collected, data, len) == 0, "memory");
}

static void
on_found(struct evchat *chat, void *arg)
{
	struct law *law = arg;
	size_t len = evbuffer_get_length(law->collected);

	(void)chat;
	expect_next(law, evbuffer_pullup(law->collected, -1), len);
	evbuffer_drain(law->collected, len);
}

static void
on_receiver_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct law *law = arg;

	if (why != EVCHAT_REASON_FREED && why != EVCHAT_REASON_EOF &&
	    why != EVCHAT_REASON_TRUNCATED)
		law_wrong(law, evchat_get_error(chat), "", 0);
	law->receiver = NULL;
}

/* The sender */

static void
on_sender_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct law *law = arg;

	law->why = why;
	law->error = evchat_get_errno(chat);
	law->sender = NULL;
}

/* Both */

static struct evchat *
make_channel(struct law *law, const struct evchat_hooks *hooks,
    struct bufferevent **wire)
{
	struct bufferevent *pair[2];
	struct evchat *chat;

	harness_must(bufferevent_pair_new(law->base, 0, pair) == 0, "a pair");
	*wire = pair[1];
	bufferevent_enable(*wire, EV_READ | EV_WRITE);
	chat = evchat_new(pair[0], hooks, law, 0);
	harness_must(chat != NULL, "a channel");
	return chat;
}

void
law_start(struct law *law, const struct law_kind *kind)
{
	static const struct evchat_hooks
	    sender = { .closed = on_sender_closed },
	    whole = { .frame = on_frame, .closed = on_receiver_closed },
	    pieces = { .collect = on_collect, .found = on_found,
		.closed = on_receiver_closed };
	struct evchat_framing *framing;

	memset(law, 0, sizeof(*law));
	law->blocks = harness_blocks();
	law->kind = kind;
	law->base = event_base_new();
	law->expected = evbuffer_new();
	law->collected = evbuffer_new();
	law->sender = make_channel(law, &sender, &law->from);
	law->receiver = make_channel(law, unit_random(2) == 0 ? &whole :
	    &pieces, &law->to);
	framing = kind->make(kind);
	if (framing == NULL)
		law_wrong(law, "not made", "", 0);
	harness_must(evchat_set_output_framing(law->sender, framing) == 0 &&
	    evchat_set_framing(law->receiver, framing) == 0, "set");
	evchat_framing_free(framing);
}

void
law_free(struct law *law)
{
	evchat_free(law->sender);
	evchat_free(law->receiver);
	bufferevent_free(law->from);
	bufferevent_free(law->to);
	evbuffer_free(law->expected);
	evbuffer_free(law->collected);
	event_base_loop(law->base, EVLOOP_NONBLOCK);
	event_base_free(law->base);
	if (harness_blocks() != law->blocks || unit_chains() != 0)
		law_wrong(law, "memory is lost", "", 0);
}

void
law_end(struct law *law)
{
	law_carry(law);
	law_free(law);
}

/* The wire */

/* Mostly a few bytes, but long ones have to get on. */
static size_t
cut(size_t len)
{
	if (len < 500 || unit_random(10) == 0)
		return 1 + unit_random(len < 4 ? len : 4);
	return 1 + unit_random(len);
}

/* One turn of the loop. @return whether anything moves still */
static bool
turn(struct law *law)
{
	struct evbuffer *wire = bufferevent_get_input(law->from);
	static unsigned char piece[2 * LAW_LONGEST];
	size_t len = evbuffer_get_length(wire);
	size_t awaited = evbuffer_get_length(law->expected);
	int n;

	if (len > 0) {
		len = cut(len < sizeof(piece) ? len : sizeof(piece));
		n = evbuffer_remove(wire, piece, len);
		harness_must(n == (int)len && bufferevent_write(law->to, piece,
		    len) == 0, "the wire");
	}
	if (law->later != NULL) {
		evchat_producer_resume(law->later);
		law->later = NULL;
	}
	event_base_loop(law->base, EVLOOP_NONBLOCK);
	return len > 0 || law->later != NULL ||
	    evbuffer_get_length(law->expected) != awaited;
}

void
law_run(struct law *law)
{
	int idle = 0;

	while (idle < IDLE)
		idle = turn(law) ? 0 : idle + 1;
}

void
law_carry(struct law *law)
{
	int idle = 0;

	while (evbuffer_get_length(law->expected) > 0 && idle < IDLE)
		idle = turn(law) ? 0 : idle + 1;
	if (evbuffer_get_length(law->expected) > 0)
		law_wrong(law, "has not arrived",
		    evbuffer_pullup(law->expected, -1),
		    evbuffer_get_length(law->expected));
}
