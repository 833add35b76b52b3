/*
 * The transcript: a token for each thing that hooks were told. What collect
 * got is kept apart until another token comes, so that the cuts between its
 * pieces do not show.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

#define RUN_MIN 20 /* so many equal bytes in a row are written x{n} */

static void
append(struct harness_text *text, const char *more)
{
	size_t len = strlen(more);

	if (text->len + len + 1 > text->size) {
		text->size = 2 * (text->len + len + 1);
		text->at = realloc(text->at, text->size);
		harness_must(text->at != NULL, "memory");
	}
	memcpy(text->at + text->len, more, len + 1);
	text->len += len;
}

static void
append_byte(struct harness_text *text, unsigned char byte)
{
	char shown[5] = { (char)byte, '\0' };

	if (byte == '\r')
		strcpy(shown, "\\r");
	else if (byte == '\n')
		strcpy(shown, "\\n");
	else if (byte == '\0')
		strcpy(shown, "\\0");
	else if (byte < ' ' || byte > '~' || byte == '|' || byte == '\\')
		snprintf(shown, sizeof(shown), "\\x%02x", byte);
	append(text, shown);
}

static void
append_bytes(struct harness_text *text, const void *data, size_t len)
{
	const unsigned char *at = data;
	char times[32];
	size_t i, run;

	for (i = 0; i < len; i += run) {
		for (run = 1; i + run < len && at[i + run] == at[i];)
			run++;
		append_byte(text, at[i]);
		if (text->in_full || run < RUN_MIN) {
			run = 1;
			continue;
		}
		snprintf(times, sizeof(times), "{%zu}", run);
		append(text, times);
	}
}

static void
append_token(struct harness_text *text, const char *token)
{
	if (text->len > 0)
		append(text, "|");
	append(text, token);
}

static void
append_collected(struct harness_text *text, struct evbuffer *collected)
{
	size_t len = evbuffer_get_length(collected);

	if (len == 0)
		return;
	append_token(text, "collect:");
	append_bytes(text, evbuffer_pullup(collected, -1), len);
}

/* The collect that may grow does not grow any more. */
void
harness_end_collect(struct harness *h)
{
	harness_spare();
	append_collected(&h->in->text, h->in->collected);
	evbuffer_drain(h->in->collected,
	    evbuffer_get_length(h->in->collected));
	harness_spare_end();
}

void
harness_note(struct harness *h, const char *fmt, ...)
{
	char token[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(token, sizeof(token), fmt, ap);
	va_end(ap);
	harness_end_collect(h);
	append_token(&h->in->text, token);
}

void
harness_note_bytes(struct harness *h, const char *what, const void *data,
    size_t len)
{
	harness_note(h, "%s:", what);
	append_bytes(&h->in->text, data, len);
}

void
harness_note_error(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "error:%d", evchat_get_errno(h->chat));
	ck_assert_uint_gt(strlen(evchat_get_error(h->chat)), 0);
}

void
harness_note_partial(struct harness *h)
{
	const void *data;
	size_t len;

	data = evchat_get_partial(h->chat, &len);
	harness_must(data != NULL || len == 0, "partial bytes");
	harness_note_bytes(h, "partial", data, len);
}

void
harness_note_left(struct harness *h)
{
	struct evbuffer *input = bufferevent_get_input(h->detached);

	bufferevent_enable(h->detached, EV_READ);
	harness_turn(h);
	harness_note_bytes(h, "left", evbuffer_pullup(input, -1),
	    evbuffer_get_length(input));
}

const char *
harness_transcript(struct harness *h)
{
	struct harness_text *shown = &h->in->shown;

	shown->len = 0;
	append(shown, h->in->text.len > 0 ? h->in->text.at : "");
	harness_spare();
	append_collected(shown, h->in->collected);
	harness_spare_end();
	return shown->at;
}

void
harness_expect(struct harness *h, const char *transcript)
{
	ck_assert_msg(strcmp(harness_transcript(h), transcript) == 0,
	    "over a %s\n  expected %s\n  got      %s",
	    harness_carrier_name(h->in->carrier), transcript,
	    harness_transcript(h));
}

void
harness_expect_received(struct harness *h, const char *text)
{
	size_t len = evbuffer_get_length(h->received);

	harness_run_until_received(h, strlen(text));
	harness_must(evbuffer_get_length(h->received) == strlen(text),
	    "the length of what the peer got");
	len = strlen(text);
	harness_must(len == 0 || memcmp(evbuffer_pullup(h->received, -1), text,
	    len) == 0, "what the peer got");
}

/* The names are not those of the library: they are part of what is tested */

const char *
harness_reason_name(enum evchat_reason why)
{
	static const char *const names[] = {
		[EVCHAT_REASON_FREED] = "freed",
		[EVCHAT_REASON_DETACHED] = "detached",
		[EVCHAT_REASON_DONE] = "done",
		[EVCHAT_REASON_EOF] = "eof",
		[EVCHAT_REASON_TRUNCATED] = "truncated",
		[EVCHAT_REASON_OVERSIZE] = "oversize",
		[EVCHAT_REASON_MALFORMED] = "malformed",
		[EVCHAT_REASON_READ_TIMEOUT] = "read timeout",
		[EVCHAT_REASON_WRITE_TIMEOUT] = "write timeout",
		[EVCHAT_REASON_FRAME_TIMEOUT] = "frame timeout",
		[EVCHAT_REASON_CONNECT] = "connect",
		[EVCHAT_REASON_IO] = "io",
		[EVCHAT_REASON_PRODUCER] = "producer",
		[EVCHAT_REASON_TLS] = "tls",
		[EVCHAT_REASON_INJECTION] = "injection",
		[EVCHAT_REASON_NO_MEMORY] = "no memory",
		[EVCHAT_REASON_STALL_TIMEOUT] = "stall timeout",
		[EVCHAT_REASON_SLOW] = "slow",
		[EVCHAT_REASON_BUDGET] = "budget"
	};

	harness_must(why < sizeof(names) / sizeof(names[0]), "a name");
	return names[why];
}

const char *
harness_done_name(enum evchat_done how)
{
	static const char *const names[] = {
		[EVCHAT_DONE_SENT] = "sent",
		[EVCHAT_DONE_FAILED] = "failed",
		[EVCHAT_DONE_DISCARDED] = "discarded"
	};

	harness_must(how < sizeof(names) / sizeof(names[0]), "a name");
	return names[how];
}

const char *
harness_event_name(enum evchat_event what)
{
	static const char *const names[] = {
		[EVCHAT_EVENT_CONNECTED] = "connected",
		[EVCHAT_EVENT_EOF] = "eof",
		[EVCHAT_EVENT_WRITABLE] = "writable",
		[EVCHAT_EVENT_DRAINED] = "drained",
		[EVCHAT_EVENT_OVERSIZE] = "oversize",
		[EVCHAT_EVENT_TIMEOUT] = "timeout",
		[EVCHAT_EVENT_LAST] = "last",
		[EVCHAT_EVENT_MALFORMED] = "malformed"
	};

	harness_must(what < sizeof(names) / sizeof(names[0]), "a name");
	return names[what];
}
