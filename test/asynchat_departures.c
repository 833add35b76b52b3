/*
 * The one list of what the library does otherwise than asynchat, on its read
 * side, and why. Not in it is what the library has beyond asynchat, such as
 * whole frames, the maximum and unread, and what C does not have: exceptions
 * from hooks, terminators of a wrong type. Nor are errors of the system.
 */

#include "asynchat_model.h"

const struct departure_text departures[DEPARTURES] = {
	[DEPARTS_NO_TERMINATOR] = { "no terminator",
	    "data before set_terminator() is an AttributeError, which closes",
	    "a new channel has none: what comes early is not an error" },
	[DEPARTS_EMPTY_DELIMITER] = { "empty delimiter",
	    "b'' is None",
	    "it is refused and changes nothing: a delimiter of no bytes is a "
	    "mistake" },
	[DEPARTS_COUNT_ZERO] = { "count 0",
	    "0 is None",
	    "it is an empty frame, found at once: a body of length 0 would "
	    "never end" },
	[DEPARTS_REMAINING] = { "remaining in collect",
	    "in collect a count has not gone down by the piece yet",
	    "it has: what remains is what comes behind the piece" },
	[DEPARTS_SET_UNDER_DELIMITER] = { "set in collect under a delimiter",
	    "what is set in collect is looked for in what comes next",
	    "it is for what comes behind the frame: where the frame is cut "
	    "into pieces must not matter" },
	[DEPARTS_SET_UNDER_COUNT] = { "set in collect under a count",
	    "the length of the piece is subtracted from what was set",
	    "it is for what comes behind the frame, which goes on" },
	[DEPARTS_SET_WITH_LAST_BYTE] = { "set with the last byte of a count",
	    "what was set is overwritten with 0",
	    "it is for what comes behind the frame" },
	[DEPARTS_SET_OUTSIDE] = { "set from outside",
	    "what is held waits for more to come",
	    "it is looked at again from the loop: perhaps no more will come" },
	[DEPARTS_PAUSE] = { "pause",
	    "readable() does not stop the delivery of what was received",
	    "no data hook runs until resume" },
	[DEPARTS_FREE] = { "free",
	    "close() does not stop the delivery of what was received",
	    "no hook runs any more" },
	[DEPARTS_CLOSE_WHEN_DONE] = { "close when done",
	    "input is delivered until all is sent",
	    "it is not parsed any more" },
	[DEPARTS_DISCARD_FRAME] = { "discard and the frame",
	    "discard_buffers() leaves a count, and the frame, where they were",
	    "a new frame begins: the old one's bytes are gone" },
	[DEPARTS_DISCARD_CLOSE] = { "discard and a close",
	    "discard_buffers() drops a pending close",
	    "it stays: what was promised to end, ends" },
	[DEPARTS_HELD_AT_EOF] = { "held at EOF",
	    "what is held at EOF is lost",
	    "it is delivered: it was no delimiter" },
	[DEPARTS_EOF_LAST] = { "EOF after the data",
	    "handle_close() comes before what is still delivered",
	    "what was received comes before the end" },
	[DEPARTS_EOF_EVENT] = { "EOF is an event",
	    "nothing but handle_close() tells of EOF",
	    "an event comes before closed, and may still act" },
	[DEPARTS_CLOSED_ALWAYS] = { "closed always runs",
	    "close() calls nothing",
	    "closed is the one place where a channel's end is seen" },
	[DEPARTS_REASON] = { "a reason",
	    "handle_close() does not say why",
	    "closed does: a frame that was cut off is not a good end" }
};
