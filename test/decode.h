#ifndef DECODE_H
#define DECODE_H

/*
 * What the tests of all framings' decoding share: how a framing is described,
 * what some bytes come to under it, the transcript that a channel must give of
 * that for a maximum, a policy and a mode, and a runner that is light enough
 * for some hundred thousand channels.
 *
 * The transcript: "collect:ab", "found:2@4" and "frame:ab:2@4" (the frame's
 * length and the offset in the stream then), "oversize:5:abcd" (the length and
 * what is partial), "eof:2:ab" and "closed:truncated:2:ab" (likewise), and
 * "closed:malformed:2:ab@3:what is wrong" (and the offset of the wrong byte).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <evchat.h>
#include "unit.h"

/* What is wrong with a byte, in the words of evchat_get_error(). */
#define BARE_LF "LF without CR before it"
#define BARE_CR "CR without LF behind it"
#define BELOW_HEADER "length below that of its own header"
#define BELOW_STRIP "frame shorter than what is to be stripped"
#define ABOVE_FRAME "frame of 2^64 bytes or more"
#define NO_COLON "neither a digit nor a colon in the length"
#define NO_SPACE "neither a digit nor a space in the length"
#define LEADING_ZERO "leading zero in the length"
#define FIRST_ZERO "length begins with 0"
#define ABOVE_LENGTH "length of 2^64 or more"
#define ABOVE_VARINT "varint of more than 64 bits"
#define NO_COMMA "no comma behind the netstring"
#define NO_SIZE "no chunk size"
#define NO_HEX "no hex digit in the chunk size"
#define MANY_HEX "chunk size above 16 digits"
#define NO_SEMICOLON "no semicolon before the chunk extension"
#define BARE_LF_SIZE "LF without CR before it in the chunk size"
#define BARE_LF_EXTENSION "LF without CR before it in a chunk extension"
#define BARE_LF_TRAILERS "LF without CR before it in the trailers"
#define NO_CHUNK_END "no CR LF behind the data of a chunk"
#define NO_LF_BEHIND "no LF behind CR"
#define LONG_EXTENSION "chunk extension too long"
#define LONG_EXTENSIONS "chunk extensions too long"
#define LONG_TRAILERS "trailers too long"
#define MISCOUNTED "the splitter has counted wrong"
#define MALFORMED "malformed frame"

/* Framings */

enum decode_kind {
	DECODE_DELIMITER,
	DECODE_DELIMITERS,
	DECODE_LINE,
	DECODE_FIXED,
	DECODE_LENGTH,
	DECODE_VARINT,
	DECODE_NETSTRING,
	DECODE_OCTET_COUNT,
	DECODE_DOT,
	DECODE_CHUNKED,
	DECODE_CUSTOM
};

#define DECODE_SET 4 /* delimiters at most */

struct decode_spec {
	const char *name;
	enum decode_kind kind;
	unsigned flags;
	const char *set[DECODE_SET];       /* DELIMITER: the first */
	enum evbuffer_eol_style style;     /* LINE */
	size_t size;                       /* FIXED */
	struct evchat_length_field field;  /* LENGTH */
	const struct evchat_framing_ops *ops; /* CUSTOM */
	bool declares;                     /* CUSTOM: it says how long frames are */
};

/* Fails the test where the constructor does. */
struct evchat_framing *decode_make(const struct decode_spec *spec);
bool decode_declares(const struct decode_spec *spec);

/* What bytes come to: frames, and then something else. */

struct decode_frame {
	size_t at;          /* where in bytes it begins */
	size_t len;         /* of it, as the maximum counts */
	size_t extra;       /* delivered behind those: a delimiter, trailers */
	bool declared;
	uint64_t length;    /* so long, if declared */
	const unsigned char *header; /* what said so, or NULL */
	size_t header_len;
	uint64_t end;       /* where in the stream the next one begins */
};

#define DECODE_BYTES 256  /* at most */
#define DECODE_FRAMES 256

struct decode_result {
	unsigned char bytes[DECODE_BYTES]; /* of all frames and the rest */
	size_t len;
	struct decode_frame frames[DECODE_FRAMES];
	size_t n;
	struct decode_frame rest; /* what came of a frame that has no end */
	bool begun;               /* there is one, though maybe without data */
	size_t held;              /* bytes behind the rest of which nothing is known */
	bool is_last;             /* EVCHAT_OPT_DELIVER_LAST makes a frame of it */
	const char *error;        /* malformed: in words; else NULL */
	uint64_t bad;             /* and the wrong byte */
};

/* Build one: bytes of the frame in progress, and its end. */
void decode_data(struct decode_result *result, const void *bytes, size_t len);
void decode_extra(struct decode_result *result, const void *bytes, size_t len);
/* Bytes that have been seen, and nothing more came of them. */
void decode_held(struct decode_result *result, const void *bytes, size_t len);
void decode_declare(struct decode_result *result, uint64_t length,
    const void *header, size_t len);
void decode_end(struct decode_result *result, size_t end);

/* Transcripts */

struct decode_mode {
	bool whole;              /* the frame hook */
	bool limited;            /* set max and policy */
	uint64_t max;
	enum evchat_oversize policy;
	unsigned options;        /* of enum evchat_option */
};

/*
 * Where it is not exact, it does without offsets and without the header that
 * OVERSIZE shows, which a result from a table does not know.
 */
void decode_expect(struct unit_text *text, const struct decode_result *result,
    const struct decode_mode *mode, bool exact);

/* Running */

struct decode_input {
	const void *bytes;
	size_t len;
	const size_t *cuts;      /* where pieces end, but for the last; ascending */
	size_t n;
	bool eof_alone;          /* the end comes by itself */
};

struct decoder {
	struct event_base *base;
	bool socket;             /* not a pair */
	bool exact;              /* see decode_expect */
	bool declares;           /* the framing: how long frames are */
	struct unit_text text;   /* of the last run */
	struct unit_text places; /* where in the stream the events of it were */
	struct unit_text refusal; /* what was malformed of it */
	bool closed;
	uint64_t frames;
	uint64_t oversized;
};

void decoder_init(struct decoder *decoder);
void decoder_free(struct decoder *decoder);

/* A channel from its first byte to its end. */
void decoder_run(struct decoder *decoder, struct evchat_framing *framing,
    const struct decode_mode *mode, const struct decode_input *input);

/* The same, and compare; what differs is told with how it came about. */
void decoder_prove(struct decoder *decoder, const struct decode_spec *spec,
    struct evchat_framing *framing, const struct decode_mode *mode,
    const struct decode_input *input, const char *expected);

/* Fail, and say with what. */
void decoder_report(const struct decoder *decoder,
    const struct decode_spec *spec, const struct decode_mode *mode,
    const struct decode_input *input, const char *expected, const char *got);

/* A scenario whose len is set, on two carriers at every split in two. */
struct harness_scenario;
void decode_prove(const struct harness_scenario *scenario);

#endif
