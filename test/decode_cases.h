#ifndef DECODE_CASES_H
#define DECODE_CASES_H

/*
 * Bytes, and what they come to under each framing, written by hand from the
 * header and from the documents that it names.
 */

#include "decode.h"

struct decode_case {
	const char *in;     /* what the peer sends before its end */
	size_t in_len;

	/*
	 * What is delivered: frames, each with a bar behind it, and what there
	 * is of one that does not end. What a caret stands before is not
	 * counted; what a tilde stands before was seen, and nothing came of
	 * it.
	 */
	const char *out;
	size_t out_len;

	const char *error;  /* malformed: in words; else NULL */
	uint64_t bad;       /* and the wrong byte */
	uint64_t declared;  /* how long the frame without end was to be, or 0 */
	bool cut;           /* there is one, though nothing of it is delivered */
	bool not_last;      /* EVCHAT_OPT_DELIVER_LAST does not make it a frame */
};

/* Text and its length; bytes are written in octal, which is three digits. */
#define IN(text) .in = (text), .in_len = sizeof(text) - 1
#define OUT(text) .out = (text), .out_len = sizeof(text) - 1

struct decode_group {
	struct decode_spec spec;
	const struct decode_case *cases;
	size_t n;
};

#define DECODE_CASES(cases) (cases), sizeof(cases) / sizeof((cases)[0])

struct decode_groups {
	const struct decode_group *groups;
	size_t n;
};

extern const struct decode_groups decode_groups_delimiter;
extern const struct decode_groups decode_groups_line;
extern const struct decode_groups decode_groups_length;
extern const struct decode_groups decode_groups_number;
extern const struct decode_groups decode_groups_dot;
extern const struct decode_groups decode_groups_chunked;
extern const struct decode_groups decode_groups_custom;

/* What a case comes to; where frames end in the stream it does not know. */
void decode_case_result(const struct decode_group *group,
    const struct decode_case *c, struct decode_result *result);

#endif
