#ifndef FRAMECAT_CHAT_H
#define FRAMECAT_CHAT_H

/*
 * The channels of framecat, and what they have in common.
 */

#include <stdint.h>
#include "framecat_options.h"

struct event_base;
struct evbuffer;
struct evchat;
struct framecat_feed;
struct framecat_sink;

struct framecat {
	struct framecat_options options;
	struct event_base *base;
	/* The channels; NULL: there is none, or it has ended */
	struct evchat *wire;		/* frames, both ways */
	struct evchat *lines;		/* what is to be sent */
	struct evchat *printer;		/* what was received */
	struct framecat_feed *feed;	/* stdin, for one of them */
	struct framecat_sink *sink;	/* stdout, for one of them */
	struct evbuffer *text;		/* of a frame, for the printer */
	uint64_t n_lines;		/* so far */
	/* How it ends */
	enum framecat_status status;	/* the first trouble, ... */
	char last_words[256];		/* ... or "": to be said at the end */
	int signal;			/* what ends the program, or 0 */
};

/*
 * Make the channels, on a connection or, for --decode and --encode, on -1.
 * When all is over, they break the loop. Returns 0, or -1 with errno; what was
 * made by then is for framecat_chat_end(). The connection is taken.
 */
int framecat_chat_start(struct framecat *cat, int fd);
void framecat_chat_end(struct framecat *cat);

/* Note what went wrong, unless worse than a refused line has before. */
void framecat_fail(struct framecat *cat, enum framecat_status status,
    const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;

#endif
