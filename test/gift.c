/*
 * Pushes of every kind; see gift.h.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "gift.h"

struct harness *
gift_start(int carrier)
{
	struct harness *h = harness_start_new((enum harness_carrier)carrier,
	    &harness_streaming);

	harness_crlf(h);
	return h;
}

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	ck_assert_int_eq(memcmp(data, "X", len), 0);
	harness_note(arg, "cleanup");
}

static void
note_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	harness_note(arg, "mark:%s", harness_done_name(how));
}

static int
push_copy(struct gift *gift)
{
	return evchat_push(gift->chat, "X", 1);
}

static int
push_reference(struct gift *gift)
{
	return evchat_push_reference(gift->chat, "X", 1, note_cleanup,
	    gift->h);
}

static int
push_buffer(struct gift *gift)
{
	int pushed = evchat_push_buffer(gift->chat, gift->buf);

	ck_assert_uint_eq(evbuffer_get_length(gift->buf), 0);
	return pushed;
}

static int
push_text(struct gift *gift)
{
	return evchat_push_printf(gift->chat, "%s", "X");
}

static int
push_long_text(struct gift *gift)
{
	return evchat_push_printf(gift->chat, "%s", gift->text);
}

static int
push_frame(struct gift *gift)
{
	return evchat_push_frame(gift->chat, "X", 1);
}

static int
push_long_frame(struct gift *gift)
{
	return evchat_push_frame(gift->chat, gift->text, GIFT_LONG);
}

static int
push_file(struct gift *gift)
{
	return evchat_push_file(gift->chat, gift->fd, 0, 1);
}

static int
push_feeder(struct gift *gift)
{
	return feeder_push_made(&gift->feeder);
}

static int
push_evbuffer(struct gift *gift)
{
	return evchat_push_with_producer(gift->chat, gift->producer);
}

static int
push_mark(struct gift *gift)
{
	return evchat_push_callback(gift->chat, note_mark, gift->h);
}

const struct gift_kind gift_kinds[GIFT_KINDS] = {
	{ push_copy, 1, "", "" },
	{ push_reference, 1, "cleanup", "cleanup" },
	{ push_buffer, 1, "", "" },
	{ push_text, 1, "", "" },
	{ push_long_text, GIFT_LONG, "", "" },
	{ push_frame, 3, "", "" },
	{ push_long_frame, GIFT_LONG + 2, "", "" },
	{ push_file, 1, "", "" },
	{ push_feeder, 1, "done:p:discarded:0", "done:p:sent:1" },
	{ push_evbuffer, 1, "", "" },
	{ push_mark, 0, "", "mark:sent" }
};

int
gift_file(void)
{
	return harness_file("X", 1);
}

void
gift_wrap(struct gift *gift, struct harness *h, int kind)
{
	memset(gift, 0, sizeof(*gift));
	gift->h = h;
	gift->chat = h->chat;
	gift->fd = -1;
	gift->text = malloc(GIFT_LONG + 1);
	ck_assert_ptr_nonnull(gift->text);
	memset(gift->text, 'X', GIFT_LONG);
	gift->text[GIFT_LONG] = '\0';
	gift->buf = evbuffer_new();
	evbuffer_add(gift->buf, "X", 1);
	if (gift_kinds[kind].push == push_feeder)
		feeder_init(&gift->feeder, h, "p", "X.");
	if (gift_kinds[kind].push == push_file)
		gift->fd = gift_file();
	if (gift_kinds[kind].push == push_evbuffer) {
		gift->producer = evchat_producer_new_evbuffer(gift->buf);
		gift->buf = evbuffer_new();
	}
}

void
gift_unwrap(struct gift *gift)
{
	if (gift->fd != -1)
		ck_assert_int_eq(fcntl(gift->fd, F_GETFD), -1);
	evbuffer_free(gift->buf);
	free(gift->text);
}
