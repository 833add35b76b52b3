/*
 * What bytes come to under a framing, and what a channel tells of that. The
 * maximum and its policies are here and nowhere else in these tests: they are
 * the same for every framing.
 */

#include <string.h>
#include <check.h>
#include "decode.h"

#define DEFAULT_MAX ((uint64_t)1 << 20) /* with the frame hook */

/* Building */

static void
append(struct decode_result *result, const void *bytes, size_t len)
{
	if (len > DECODE_BYTES - result->len)
		ck_abort_msg("more than %d bytes of frames", DECODE_BYTES);
	if (len > 0)
		memcpy(result->bytes + result->len, bytes, len);
	result->len += len;
	result->begun = true;
}

void
decode_data(struct decode_result *result, const void *bytes, size_t len)
{
	append(result, bytes, len);
	result->rest.len += len;
}

void
decode_extra(struct decode_result *result, const void *bytes, size_t len)
{
	append(result, bytes, len);
	result->rest.extra += len;
}

void
decode_held(struct decode_result *result, const void *bytes, size_t len)
{
	append(result, bytes, len);
	result->held += len;
}

void
decode_declare(struct decode_result *result, uint64_t length,
    const void *header, size_t len)
{
	result->rest.declared = true;
	result->rest.length = length;
	result->rest.header = header;
	result->rest.header_len = len;
	result->begun = true;
}

void
decode_end(struct decode_result *result, size_t end)
{
	if (result->n == DECODE_FRAMES)
		ck_abort_msg("more than %d frames", DECODE_FRAMES);
	result->rest.end = end;
	result->frames[result->n++] = result->rest;
	result->rest = (struct decode_frame){ .at = result->len };
	result->begun = false;
}

/* What a channel tells */

struct expectation {
	struct unit_text *text;
	const struct decode_result *result;
	const struct decode_mode *mode;
	uint64_t max;  /* UINT64_MAX: none */
	bool exact;
};

static bool
is_over(const struct expectation *e, const struct decode_frame *frame)
{
	return (frame->declared ? frame->length : frame->len) > e->max;
}

/* How much of a frame is delivered. */
static size_t
delivered(const struct expectation *e, const struct decode_frame *frame)
{
	if (!is_over(e, frame))
		return frame->len + frame->extra;
	if (e->mode->policy == EVCHAT_OVERSIZE_TRUNCATE)
		return frame->len < e->max ? frame->len : (size_t)e->max;
	return frame->declared || e->mode->whole ? 0 : (size_t)e->max;
}

static uint64_t
length_of(const struct decode_frame *frame)
{
	return frame->declared ? frame->length : frame->len;
}

static void
collect(const struct expectation *e, const struct decode_frame *frame,
    size_t len)
{
	if (len > 0)
		unit_note_collect(e->text, e->result->bytes + frame->at, len);
}

/* It is above the maximum. True if that ends the channel. */
static bool
tell_oversize(const struct expectation *e, const struct decode_frame *frame)
{
	bool closes = e->mode->policy == EVCHAT_OVERSIZE_CLOSE ||
	    !e->mode->limited;
	uint64_t length = frame->declared ? frame->length : e->max + 1;

	if (!e->mode->whole && !frame->declared)
		collect(e, frame, (size_t)e->max);
	unit_note(e->text, closes ? "closed:oversize:%ju:" : "oversize:%ju:",
	    (uintmax_t)length);
	if (frame->declared && e->exact)
		unit_note_append_bytes(e->text, frame->header,
		    frame->header_len);
	else if (e->mode->whole && !frame->declared)
		unit_note_append_bytes(e->text, e->result->bytes + frame->at,
		    (size_t)e->max);
	return closes;
}

static void
tell_end(const struct expectation *e, const struct decode_frame *frame)
{
	if (e->mode->whole)
		unit_note_bytes(e->text, "frame", e->result->bytes + frame->at,
		    delivered(e, frame));
	else
		unit_note(e->text, "found");
	unit_note_append(e->text, ":%ju", (uintmax_t)length_of(frame));
	if (e->exact)
		unit_note_append(e->text, "@%ju", (uintmax_t)frame->end);
}

/* False if the channel ended. */
static bool
tell_frame(const struct expectation *e, const struct decode_frame *frame,
    bool ends)
{
	bool over = is_over(e, frame);

	if (over && tell_oversize(e, frame))
		return false;
	if (!e->mode->whole && (!over || frame->declared))
		collect(e, frame, delivered(e, frame));
	if (ends && (!over || e->mode->policy == EVCHAT_OVERSIZE_TRUNCATE))
		tell_end(e, frame);
	return true;
}

/* Of a frame without an end. */
static void
tell_partial(const struct expectation *e, const struct decode_frame *rest)
{
	const unsigned char *bytes = e->result->bytes + rest->at;
	size_t n = rest->len + rest->extra;

	unit_note_append(e->text, ":%ju:", (uintmax_t)length_of(rest));
	if (e->mode->whole)
		unit_note_append_bytes(e->text, bytes, delivered(e, rest));
	if (!is_over(e, rest))
		unit_note_append_bytes(e->text, bytes + n, e->result->held);
}

void
decode_expect(struct unit_text *text, const struct decode_result *result,
    const struct decode_mode *mode, bool exact)
{
	struct expectation e = { text, result, mode, UINT64_MAX, exact };
	struct decode_frame rest = result->rest;
	bool begun = result->begun;
	size_t i;

	if (mode->limited && mode->max > 0)
		e.max = mode->max;
	else if (!mode->limited && mode->whole)
		e.max = DEFAULT_MAX;
	for (i = 0; i < result->n; i++)
		if (!tell_frame(&e, &result->frames[i], true))
			return;
	if (result->is_last && rest.len > 0 &&
	    (mode->options & EVCHAT_OPT_DELIVER_LAST) != 0) {
		if (!tell_frame(&e, &rest, true))
			return;
		rest = (struct decode_frame){ .at = result->len - result->held };
		begun = false;
	} else if (begun && !tell_frame(&e, &rest, false))
		return;
	if (result->error != NULL) {
		unit_note(text, "closed:malformed");
		tell_partial(&e, &rest);
		unit_note_append(text, "@%ju:%s", (uintmax_t)result->bad,
		    result->error);
		return;
	}
	unit_note(text, "eof");
	tell_partial(&e, &rest);
	unit_note(text, begun ? "closed:truncated" : "closed:eof");
	tell_partial(&e, &rest);
}
