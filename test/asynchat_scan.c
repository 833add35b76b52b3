/*
 * The model's scanner: what handle_read() of asynchat does with ac_in_buffer.
 * The lines of it that a function stands for are quoted there. Each departure
 * is asked for by its name where it matters, and all that is not behind such a
 * question is asynchat's.
 */

#include <string.h>
#include "asynchat_model.h"
#include "harness.h"

bool
model_stopped(const struct model *m)
{
	return (m->paused && model_departs(m, DEPARTS_PAUSE)) ||
	    (m->freed && model_departs(m, DEPARTS_FREE)) ||
	    (m->closing && model_departs(m, DEPARTS_CLOSE_WHEN_DONE));
}

/* self.ac_in_buffer = self.ac_in_buffer[n:] */
static void
drop(struct model *m, size_t n)
{
	if (n > m->len)
		n = m->len;
	memmove(m->ac_in_buffer, m->ac_in_buffer + n, m->len - n);
	m->len -= n;
}

/*
 * self.collect_incoming_data(self.ac_in_buffer[:n])
 * self.ac_in_buffer = self.ac_in_buffer[n:]
 *
 * False if this frame is not to be gone on with.
 */
static bool
collect(struct model *m, size_t n, bool last)
{
	char data[MODEL_MAX];

	memcpy(data, m->ac_in_buffer, n);
	m->frame_len += n;
	m->collecting = m->terminator.kind;
	m->last_piece = last;
	m->piece = m->terminator.kind == MODEL_COUNT ? (long)n : 0;
	m->given = n;
	m->given_up = false;
	m->in_hook = true;
	m->hooks->collect(m->arg, data, n);
	m->in_hook = false;
	m->given = 0;
	m->collecting = MODEL_UNSET;
	m->piece = 0;
	drop(m, n);
	return !m->given_up;
}

static void
found(struct model *m)
{
	if (m->has_next)
		m->terminator = m->next;
	m->has_next = false;
	m->frame_len = 0;
	m->in_hook = true;
	m->hooks->found(m->arg);
	m->in_hook = false;
}

/* handle_error(), which calls handle_close() */
static void
raise_error(struct model *m)
{
	if (!m->closed)
		model_end(m, "error");
}

/*
 * if lb < n:
 *     self.collect_incoming_data(self.ac_in_buffer)
 *     self.ac_in_buffer = b''
 *     self.terminator = self.terminator - lb
 */
static bool
count_down(struct model *m)
{
	long lb = (long)m->len;

	if (!collect(m, m->len, false))
		return true;
	if (m->terminator.kind != MODEL_COUNT) {
		raise_error(m); /* TypeError */
		return false;
	}
	m->terminator.count -= lb;
	return true;
}

/*
 * else:
 *     self.collect_incoming_data(self.ac_in_buffer[:n])
 *     self.ac_in_buffer = self.ac_in_buffer[n:]
 *     self.terminator = 0
 *     self.found_terminator()
 *
 * A negative n counts from the end.
 */
static bool
finish_count(struct model *m, long n)
{
	long from = n >= 0 ? n : (long)m->len + n;

	if (!collect(m, from > 0 ? (size_t)from : 0, true))
		return true;
	if (m->terminator.kind == MODEL_COUNT && model_stopped(m)) {
		m->terminator.kind = MODEL_OVER;
		return false;
	}
	m->terminator = (struct model_terminator){ .kind = MODEL_NONE };
	found(m);
	return true;
}

/* haystack.find(needle), or -1 */
static long
find(const char *haystack, size_t len, const char *needle, size_t n)
{
	size_t i;

	for (i = 0; i + n <= len; i++) {
		if (memcmp(haystack + i, needle, n) == 0)
			return (long)i;
	}
	return -1;
}

/* l = len(needle) - 1; while l and not haystack.endswith(needle[:l]): l -= 1 */
static size_t
find_prefix_at_end(const char *haystack, size_t len, const char *needle,
    size_t n)
{
	size_t l = n - 1;

	while (l > 0 && (l > len || memcmp(haystack + len - l, needle, l) != 0))
		l--;
	return l;
}

/*
 * index = self.ac_in_buffer.find(terminator)
 * if index != -1:
 *     if index > 0:
 *         self.collect_incoming_data(self.ac_in_buffer[:index])
 *     self.ac_in_buffer = self.ac_in_buffer[index+terminator_len:]
 *     self.found_terminator()
 * else:
 *     index = find_prefix_at_end(self.ac_in_buffer, terminator)
 *     if index:
 *         if index != lb:
 *             self.collect_incoming_data(self.ac_in_buffer[:-index])
 *             self.ac_in_buffer = self.ac_in_buffer[-index:]
 *         break
 *     else:
 *         self.collect_incoming_data(self.ac_in_buffer)
 *         self.ac_in_buffer = b''
 */
static bool
search(struct model *m, const struct model_terminator *t)
{
	long index = find(m->ac_in_buffer, m->len, t->bytes, t->len);
	size_t held;

	if (index != -1) {
		if (index > 0 && (!collect(m, (size_t)index, true) ||
		    model_stopped(m)))
			return true;
		drop(m, t->len);
		found(m);
		return true;
	}
	held = find_prefix_at_end(m->ac_in_buffer, m->len, t->bytes, t->len);
	if (m->eof && model_departs(m, DEPARTS_HELD_AT_EOF))
		held = 0;
	if (held == m->len)
		return false;
	collect(m, m->len - held, false);
	return held == 0;
}

/* A turn of that loop; false: it ends. */
static bool
look(struct model *m)
{
	struct model_terminator t = m->terminator;

	if (t.kind == MODEL_OVER || (t.kind == MODEL_COUNT && t.count == 0 &&
	    model_departs(m, DEPARTS_COUNT_ZERO))) {
		m->terminator = (struct model_terminator){ .kind = MODEL_NONE };
		found(m);
		return true;
	}
	if (m->len == 0)
		return false;
	if (t.kind == MODEL_UNSET) {
		raise_error(m); /* AttributeError */
		return false;
	}
	if (t.kind == MODEL_BYTES)
		return search(m, &t);
	if (t.kind == MODEL_NONE || t.count == 0) {
		collect(m, m->len, false); /* not terminator */
		return true;
	}
	return (long)m->len < t.count ? count_down(m) :
	    finish_count(m, t.count);
}

/* while self.ac_in_buffer: */
void
model_scan(struct model *m)
{
	while (!model_stopped(m) && look(m))
		continue;
}
