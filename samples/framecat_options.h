#ifndef FRAMECAT_OPTIONS_H
#define FRAMECAT_OPTIONS_H

/*
 * What framecat's command line says.
 */

#include <stdint.h>
#include "framecat_print.h"

struct evchat_framing;

enum framecat_mode {
	FRAMECAT_CONNECT,
	FRAMECAT_LISTEN,
	FRAMECAT_DECODE,	/* frames come from stdin, instead of lines */
	FRAMECAT_ENCODE		/* frames go to stdout, as they are */
};

/* Exit statuses. When there are several reasons, the first. */
enum framecat_status {
	FRAMECAT_OK,
	FRAMECAT_FAILED,	/* connection, input or output, memory */
	FRAMECAT_USAGE,
	FRAMECAT_MALFORMED,	/* as EVCHAT_REASON_MALFORMED, and so on */
	FRAMECAT_TRUNCATED,
	FRAMECAT_OVERSIZE,
	FRAMECAT_REFUSED	/* a line that could not be sent */
};

struct framecat_options {
	enum framecat_mode mode;
	struct evchat_framing *framing;	/* NULL: none */
	const char *host, *port;
	int has_max;
	uint64_t max;
	int unescape;			/* lines have escapes in them */
	int deliver_last;
	struct framecat_print print;
};

/* Returns 0; or -1 and the status with which to exit, all being said. */
int framecat_options_read(struct framecat_options *options, int argc,
    char **argv, int *status);

#endif
