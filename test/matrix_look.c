/*
 * Of the unread bytes, what belongs to the frame in progress? The model asks
 * anew for every step.
 */

#include <string.h>
#include "matrix.h"

static bool
delivers_last(const struct matrix_model *m)
{
	return (m->cell->base->options & EVCHAT_OPT_DELIVER_LAST) != 0;
}

static struct matrix_look
look_for_delimiter(const struct matrix_model *m)
{
	const char *found = strstr(m->unread, m->cut.bytes);
	size_t held = strlen(m->cut.bytes) - 1;

	if (found != NULL)
		return (struct matrix_look){ .data = (size_t)(found - m->unread),
		    .skip = strlen(m->cut.bytes), .ended = true };
	while (held > m->len ||
	    memcmp(m->unread + m->len - held, m->cut.bytes, held) != 0)
		held--;
	if (m->eof)
		held = 0;
	return (struct matrix_look){ .data = m->len - held, .ended = m->eof &&
	    delivers_last(m) && m->passed + m->len > 0 };
}

static size_t
span(const struct matrix_frame *frame, size_t from, char what)
{
	size_t n = 0;

	while (from + n < frame->known && frame->is[from + n] == what)
		n++;
	return n;
}

static struct matrix_look
look_at_frame(const struct matrix_model *m)
{
	const struct matrix_framing *framing = m->cut.framing;
	struct matrix_frame frame = { .known = 0 };
	size_t at = strlen(m->used);
	char bytes[MATRIX_TEXT];
	struct matrix_look l;

	bytes[0] = '\0';
	model_append(bytes, m->used, strlen(m->used));
	model_append(bytes, m->unread, m->len);
	framing->parse(&frame, bytes, m->eof);
	l.lead = span(&frame, at, FRAME_SKIPPED);
	l.data = span(&frame, at + l.lead, FRAME_DATA);
	at += l.lead + l.data;
	l.skip = span(&frame, at, FRAME_SKIPPED);
	l.ended = frame.ended && at + l.skip == frame.known;
	if (m->eof && framing->may_be_last && delivers_last(m))
		l.ended = l.ended || m->passed + l.data > 0;
	l.bad = frame.bad && at == frame.known;
	l.declares = frame.declares;
	l.length = frame.length;
	return l;
}

struct matrix_look
model_look(const struct matrix_model *m)
{
	uint64_t left = m->cut.count - m->passed;

	if (m->cut.kind == MATRIX_FRAMING)
		return look_at_frame(m);
	if (m->cut.kind == MATRIX_DELIMITER)
		return look_for_delimiter(m);
	if (m->cut.kind == MATRIX_COUNT && left <= m->len)
		return (struct matrix_look){ .data = (size_t)left, .ended = true };
	return (struct matrix_look){ .data = m->len };
}
