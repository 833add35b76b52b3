#ifndef SUBJECT_H
#define SUBJECT_H

/*
 * Every framing with the same two frames, "abc" and "def", written as it
 * writes them itself, for scenarios that are told of all of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <evchat.h>

struct subject {
	struct evchat_framing *(*framing_new)(void);
	const char *input;   /* two frames, as it writes them */
	size_t header;       /* bytes before "def" */
	const char *shown;   /* and these in a transcript */
	bool producers;      /* what one gives can be a frame */
	bool transforms;     /* what it has decoded is not decoded again */
	const char *line;    /* what has to be behind the payload */
};

#define SUBJECTS 12
extern const struct subject subjects[SUBJECTS];

#endif
