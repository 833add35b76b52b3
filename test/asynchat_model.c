/*
 * What an application calls of asynchat, and the loop that calls
 * handle_read(); see asynchat_model.h. As in asynchat_scan.c, a departure is
 * asked for by its name, and the rest is asynchat's.
 */

#include <string.h>
#include "asynchat_model.h"
#include "harness.h"

bool
model_departs(const struct model *m, enum departure departure)
{
	return (m->departures & 1u << departure) != 0;
}

void
model_init(struct model *m, unsigned in_force,
    const struct model_hooks *hooks, void *arg)
{
	memset(m, 0, sizeof(*m));
	m->departures = in_force;
	m->hooks = hooks;
	m->arg = arg;
	if (model_departs(m, DEPARTS_NO_TERMINATOR))
		m->terminator.kind = MODEL_NONE;
}

/* What an application calls */

/* Is what is set now for what comes behind the frame? */
static bool
waits(const struct model *m)
{
	if (m->collecting == MODEL_BYTES)
		return model_departs(m, DEPARTS_SET_UNDER_DELIMITER);
	if (m->collecting == MODEL_COUNT)
		return model_departs(m, m->last_piece ?
		    DEPARTS_SET_WITH_LAST_BYTE : DEPARTS_SET_UNDER_COUNT);
	return false;
}

/* What comes next depends on where this piece ends. */
static void
depends_on_cuts(struct model *m)
{
	m->by_pieces = true;
	m->by_chance |= m->waited;
}

/* self.terminator = term */
static void
set(struct model *m, struct model_terminator terminator)
{
	if (waits(m) && !m->given_up) {
		m->next = terminator;
		m->has_next = true;
		return;
	}
	if (m->collecting == MODEL_NONE)
		depends_on_cuts(m);
	m->terminator = terminator;
	m->has_next = false;
	m->frame_len = 0;
	m->piece = 0;
	if (!m->in_hook && model_departs(m, DEPARTS_SET_OUTSIDE))
		m->rescan = true;
}

void
model_set_delimiter(struct model *m, const char *bytes, size_t len)
{
	struct model_terminator terminator = { .kind = MODEL_BYTES,
	    .len = len };

	harness_must(len <= MODEL_DELIMITER_MAX, "room for a delimiter");
	memcpy(terminator.bytes, bytes, len);
	if (len > 0)
		set(m, terminator);
	else if (!model_departs(m, DEPARTS_EMPTY_DELIMITER))
		model_set_none(m);
}

void
model_set_count(struct model *m, unsigned count)
{
	set(m, (struct model_terminator){ .kind = MODEL_COUNT,
	    .count = count, .whole = count });
}

void
model_set_none(struct model *m)
{
	set(m, (struct model_terminator){ .kind = MODEL_NONE });
}

long
model_get_terminator(struct model *m)
{
	if (m->collecting != MODEL_UNSET)
		depends_on_cuts(m);
	if (m->terminator.kind == MODEL_BYTES)
		return MODEL_IS_BYTES;
	if (m->terminator.kind != MODEL_COUNT)
		return 0;
	return m->terminator.count -
	    (model_departs(m, DEPARTS_REMAINING) ? m->piece : 0);
}

size_t
model_offset(const struct model *m)
{
	return m->received - m->len + m->given;
}

void
model_pause(struct model *m)
{
	m->paused = true;
	m->resuming = false;
}

void
model_pause_for_a_turn(struct model *m)
{
	m->paused = m->resuming = true;
}

void
model_resume(struct model *m)
{
	m->paused = m->resuming = false;
	if (model_departs(m, DEPARTS_PAUSE))
		m->rescan = true;
}

/* self.ac_in_buffer = b''; del self.incoming[:]; self.producer_fifo.clear() */
void
model_discard_buffers(struct model *m)
{
	depends_on_cuts(m);
	m->by_chance |= m->wire_len > 0;
	m->len = m->given = 0;
	if (!model_departs(m, DEPARTS_DISCARD_CLOSE))
		m->closing = false;
	if (!model_departs(m, DEPARTS_DISCARD_FRAME))
		return;
	m->given_up = true;
	m->frame_len = 0;
	m->piece = 0;
	if (m->has_next)
		m->terminator = m->next;
	else if (m->terminator.kind == MODEL_OVER)
		m->terminator.kind = MODEL_COUNT;
	m->terminator.count = m->terminator.whole;
	m->has_next = false;
	m->rescan = m->rescan || !m->in_hook;
}

void
model_close_when_done(struct model *m)
{
	m->closing = true;
}

void
model_end(struct model *m, const char *why)
{
	m->closed = true;
	m->hooks->closed(m->arg, model_departs(m, DEPARTS_REASON) ? why : NULL);
}

void
model_close(struct model *m)
{
	if (m->closed)
		return;
	m->closed = m->freed = true;
	if (model_departs(m, DEPARTS_CLOSED_ALWAYS))
		model_end(m, "freed");
}

/* The loop */

void
model_arrive(struct model *m, const char *bytes, size_t len)
{
	harness_must(m->wire_len + len <= MODEL_MAX, "room on the wire");
	memcpy(m->wire + m->wire_len, bytes, len);
	m->wire_len += len;
	m->waited |= len > 0 && m->paused;
}

void
model_arrive_eof(struct model *m)
{
	m->wire_eof = true;
}

/* handle_close() */
static void
end_at_eof(struct model *m)
{
	bool cut = m->terminator.kind == MODEL_COUNT ||
	    (m->terminator.kind == MODEL_BYTES && m->frame_len > 0);

	if (!m->closed)
		model_end(m, cut ? "truncated" : "eof");
}

/* data = self.recv(self.ac_in_buffer_size), and all that is done with it */
static void
handle_read(struct model *m)
{
	if (m->wire_len > 0) {
		harness_must(m->len + m->wire_len <= MODEL_MAX, "room");
		memcpy(m->ac_in_buffer + m->len, m->wire, m->wire_len);
		m->len += m->wire_len;
		m->received += m->wire_len;
		m->wire_len = 0;
	} else {
		m->eof = true;
		if (!model_departs(m, DEPARTS_EOF_LAST))
			end_at_eof(m); /* in recv() */
	}
	model_scan(m);
}

/* Everything that came before EOF was delivered. */
static void
tell_eof(struct model *m)
{
	if (!m->eof_told && model_departs(m, DEPARTS_EOF_EVENT)) {
		m->in_hook = true;
		m->hooks->eof(m->arg);
		m->in_hook = false;
		m->eof_told = true;
		model_scan(m);
	}
	if (!model_stopped(m))
		end_at_eof(m);
}

static bool
has_work(const struct model *m)
{
	return !m->closed && (m->closing || m->resuming || (!m->paused &&
	    (m->rescan || m->wire_len > 0 || m->wire_eof)));
}

void
model_turn(struct model *m)
{
	for (; has_work(m); m->resuming ? model_resume(m) : (void)0) {
		if (!m->paused && m->rescan) {
			m->rescan = false;
			model_scan(m);
		}
		if (!m->paused && !model_stopped(m) && (m->wire_len > 0 ||
		    (m->wire_eof && !m->eof)))
			handle_read(m);
		if (m->eof && !m->closed && !model_stopped(m))
			tell_eof(m);
		if (m->closing && !m->closed)
			model_end(m, "done"); /* the queue came to None */
	}
}
