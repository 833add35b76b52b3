#ifndef UNIT_INPUT_H
#define UNIT_INPUT_H

/*
 * The read side as whoever drives it does so: bytes come, steps are asked for
 * and noted, what a step lent is looked at again before the next one.
 *
 * The transcript: "collect:ab", "found:2@4" (its length and the offset in the
 * stream then), "frame:ab:2@4", "oversize:5:abcd@4" (the length and what is
 * partial), "eof:ab@4" and behind it "!" if that cut a frame off. Behind an
 * oversize under EVCHAT_OVERSIZE_CLOSE nothing more is asked for.
 */

#include "../lib/input.h"
#include "unit.h"

struct unit_input {
	struct input input;
	bool whole;          /* ask for whole frames */
	bool last;           /* no bytes come behind those fed next */
	struct unit_text text;
	size_t found;        /* steps of each kind */
	size_t oversize;
	size_t no_memory;
	bool over;           /* ended by OVERSIZE */

	/* Called between a step and the next one, if it is not NULL. */
	void (*act)(struct unit_input *u, enum input_what what,
	    const struct input_step *step);
	int count;           /* act's own */

	/* What the last step lent, and a copy. */
	struct input_step lent;
	unsigned char *copy;
};

void unit_input_init(struct unit_input *u, bool whole, bool deliver_last);
/* Under a delimiter from the first byte on. */
void unit_input_begin(struct unit_input *u, bool whole, const char *delimiter);
void unit_input_free(struct unit_input *u);
void unit_input_discard(struct unit_input *u); /* all that is unread */
void unit_input_expect(struct unit_input *u, const char *expected); /* frees */

void unit_input_delimiter(struct unit_input *u, const char *delimiter, size_t n);
void unit_input_count(struct unit_input *u, uint64_t count);
/* From the next frame on. */
void unit_input_set_next(struct unit_input *u, const char *delimiter);

/* Take what from has, if anything, and go on until there is nothing more. */
void unit_input_run(struct unit_input *u, struct evbuffer *from);
/* The same with one chain of its own. */
void unit_input_feed(struct unit_input *u, const char *bytes, size_t len);
void unit_input_feed_text(struct unit_input *u, const char *text);
void unit_input_eof(struct unit_input *u);

#endif
