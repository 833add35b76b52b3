#ifndef KINDS_H
#define KINDS_H

/*
 * A framing of every kind, and of the variants that take another way through
 * the library, for tests that have to hold for all of them: how it is made,
 * and what a stream of its frames looks like.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <evchat.h>

#define KIND_DELIMITERS 3 /* at most */
#define KIND_HEAD 1040    /* bytes, at most */

enum kind_make {
	KIND_DELIMITER,
	KIND_DELIMITERS_OF,
	KIND_LINE,
	KIND_FIXED,
	KIND_LENGTH,
	KIND_VARINT,
	KIND_NETSTRING,
	KIND_OCTET_COUNT,
	KIND_DOT,
	KIND_CHUNKED,
	KIND_CUSTOM
};

struct kind {
	const char *name;
	enum kind_make make;
	const char *tail; /* ends a frame, behind payload; NULL: nothing does */
	unsigned flags;
	const char *set[KIND_DELIMITERS];
	enum evbuffer_eol_style style;
	struct evchat_length_field field;
	const struct evchat_framing_ops *ops;
	bool transforms;  /* frames are put together aside */
};

#define KINDS 29
extern const struct kind kinds[KINDS];

const struct kind *kind_named(const char *name);

/* @param size of the frames of KIND_FIXED */
struct evchat_framing *kind_new(const struct kind *kind, size_t size);

/*
 * Write the header that declares so many bytes behind it, where this kind has
 * one. @return its length, or 0
 */
size_t kind_head(const struct kind *kind, uint64_t len, unsigned char *to);

/*
 * A frame of a text, which has neither letters from a to d nor line ends, dots
 * nor semicolons in it, as evchat_push_frame() writes it: the payload is a
 * part of it.
 */
struct kind_sample {
	unsigned char wire[KIND_HEAD + 128];
	size_t len;
	size_t at;          /* of the payload in there */
	size_t payload_len;
};

void kind_sample(const struct kind *kind, const char *text,
    struct kind_sample *sample);

/* A stream: units, as many as there is room for, and what is around them. */
struct kind_pattern {
	const char *kind;
	bool declared;     /* a header in front declares the length of the units */
	const char *unit;
	size_t unit_len;
	const char *tail;  /* behind them, if it is not NULL */
};

#define KIND_UNIT(string) (string), sizeof(string) - 1

/* @param len of the units, at most; set to that of all. @return to be freed */
char *kind_stream(const struct kind_pattern *pattern, size_t *len);

/* The application's own framings, in kinds_custom.c. */
extern const struct evchat_framing_ops kind_semicolon; /* a;b; */
extern const struct evchat_framing_ops kind_pair;      /* a;;b;; */
extern const struct evchat_framing_ops kind_numbered;  /* 8 bytes say how long */

/* How many of these have been freed. */
int kind_freed(void);

#endif
