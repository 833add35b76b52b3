#ifndef FRAMECAT_PRINT_H
#define FRAMECAT_PRINT_H

/*
 * What framecat prints of a frame. There is no channel in here.
 */

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct evbuffer;

enum framecat_form {
	FRAMECAT_TEXT,		/* one line; see framecat_text.h */
	FRAMECAT_HEX,		/* like hexdump -C */
	FRAMECAT_RAW		/* the very bytes, and nothing between frames */
};

struct framecat_print {
	enum framecat_form form;
	int bare;		/* without number, time and size */
	int timeless;		/* without time */
	struct timespec start;	/* which times are relative to */
	uint64_t n;		/* frames so far */
};

/* Begin to count, and the time. Returns 0, or -1 with errno. */
int framecat_print_start(struct framecat_print *print);

/* Append what is to be printed of a frame. Returns 0, or -1 with errno. */
int framecat_print_frame(struct framecat_print *print, struct evbuffer *to,
    const void *data, size_t len);

#endif
