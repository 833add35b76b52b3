/*
 * Files among bytes; see load.h.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <evchat.h>
#include "load.h"

const struct nasty_bend load_counting = { "none", NASTY_SENDFILE, 0,
    SIZE_MAX, true };

static void
note_error(struct harness *h, enum evchat_reason why)
{
	(void)why;
	((struct load *)h->user)->error = evchat_get_errno(h->chat);
}

void
load_start(struct load *load, enum harness_carrier carrier)
{
	memset(load, 0, sizeof(*load));
	load->h = harness_new(carrier);
	load->h->user = load;
	load->h->script.closed = note_error;
	harness_start(load->h, &harness_streaming, 0);
	sink_start(&load->sink, load->h, 50000, true);
	load->file = sink_file(0, LOAD_LONG + 10 * LOAD_PIECE);
}

void
load_end(struct load *load, const char *transcript)
{
	nasty_stop();
	sink_stop(&load->sink);
	close(load->file);
	harness_end(load->h, transcript);
}

/* Pushing what comes next in the pattern */

void
load_push_bytes(struct load *load)
{
	struct evbuffer *bytes = evbuffer_new();

	sink_pattern(bytes, load->pushed, LOAD_PIECE);
	ck_assert_int_eq(evchat_push_buffer(load->h->chat, bytes), 0);
	evbuffer_free(bytes);
	load->pushed += LOAD_PIECE;
}

struct evchat_producer *
load_file_part(struct load *load, size_t len)
{
	struct evchat_producer *part = evchat_producer_new_file(
	    dup(load->file), (int64_t)load->pushed, (int64_t)len);

	ck_assert_ptr_nonnull(part);
	load->pushed += len;
	return part;
}

void
load_push_file(struct load *load, size_t len)
{
	ck_assert_int_eq(evchat_push_file(load->h->chat, dup(load->file),
	    (int64_t)load->pushed, (int64_t)len), 0);
	load->pushed += len;
}

/* Files, with bytes in front, between and behind them. */
void
load_push_all(struct load *load)
{
	load_push_bytes(load);
	load_push_file(load, LOAD_LONG / 2);
	harness_push_mark(load->h, "a");
	load_push_bytes(load);
	load_push_file(load, 100);
	load_push_file(load, LOAD_LONG / 2);
	load_push_bytes(load);
	harness_push_mark(load->h, "b");
}

bool
load_has_ended(void *arg)
{
	struct load *load = arg;

	return load->h->closed > 0 && load->h->peer_eof;
}

void
load_expect_all(struct load *load)
{
	if (load->h->chat != NULL)
		evchat_close_when_done(load->h->chat);
	sink_run(load->h, load_has_ended, load);
	ck_assert_uint_eq(load->sink.got, load->pushed);
	load_end(load, "mark:a:sent|mark:b:sent|closed:done");
}

