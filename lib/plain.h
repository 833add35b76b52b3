#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backlog.h"
#include "blocks.h"

/*
 * The plain encoding. Most frames are a number, which is how long the payload
 * is, the payload, and some bytes that are always the same, where any of the
 * three may be missing. A framing whose frames are that, or are unless certain
 * bytes stand in the payload, says so once, when it is made. Then a payload in
 * one piece is encoded here, and the framing is not called; and if it is of
 * few bytes, and room for them is there, nothing is. All else is what the
 * framing's encode is for, by which each frame could be encoded just as well.
 */

#define PLAIN_TAIL 16 /* bytes behind a payload, at most */
#define PLAIN_ABSENT 2

/* The longest payload, which goes into the tail of a backlog with all around it. */
#define PLAIN_LONGEST (BACKLOG_GATHERED - sizeof(uint64_t) - PLAIN_TAIL)

struct plain {
	size_t below; /* only payloads shorter than this; 0: none at all */
	unsigned char width; /* of the number, at most 8; 0: there is none */
	bool little;         /* the order of its bytes */
	unsigned char n_absent; /* bytes that must not be in the payload: */
	unsigned char absent[PLAIN_ABSENT];
	unsigned char tail_len;
	unsigned char tail[PLAIN_TAIL];
};

/* Is a payload so short, and with these bytes, encoded like that? */
static inline bool
plain_suits(const struct plain *plain, const unsigned char *data, size_t len)
{
	if (len >= plain->below ||
	    (plain->n_absent > 0 && blocks_have(data, len, plain->absent[0])))
		return (false);
	return (plain->n_absent < 2 || !blocks_have(data, len,
	    plain->absent[1]));
}

/*
 * The number in width bytes, of which there are some, and behind them some
 * that do not matter: 8 in all, so that it is one store.
 */
static inline void
plain_write_number(unsigned char *to, uint64_t number, unsigned width,
    bool little)
{
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (!little)
		number = __builtin_bswap64(number << (64 - 8 * width));
	memcpy(to, &number, sizeof(number));
#else
	unsigned i;

	if (little)
		for (i = 0; i < width; i++, number >>= 8)
			to[i] = (unsigned char)number;
	else
		for (i = width; i-- > 0; number >>= 8)
			to[i] = (unsigned char)number;
#endif
}

/* If they are few, the first and the last ones may be some of them twice. */
static inline void
plain_write_payload(unsigned char *to, const unsigned char *data, size_t len)
{
	if (len > 32 && len <= 64) {
		memcpy(to, data, 32);
		memcpy(to + len - 32, data + len - 32, 32);
	} else if (len >= 16 && len <= 32) {
		memcpy(to, data, 16);
		memcpy(to + len - 16, data + len - 16, 16);
	} else if (len > 0) /* data may be NULL */
		memcpy(to, data, len);
}

/* The frame, and how long it is. Up to PLAIN_TAIL bytes more are written to. */
static inline size_t
plain_write(const struct plain *plain, unsigned char *to,
    const unsigned char *data, size_t len)
{
	unsigned width = plain->width, tail_len = plain->tail_len;

	if (width > 0)
		plain_write_number(to, len, width, plain->little);
	plain_write_payload(to + width, data, len);
	memcpy(to + width + len, plain->tail, PLAIN_TAIL);
	return (width + len + tail_len);
}

/* Append the frame of a payload that suits: -1 with errno. */
static inline int
plain_append(const struct plain *plain, struct backlog *out,
    const unsigned char *data, size_t len)
{
	unsigned char *room = backlog_reserve(out, plain->width + len +
	    plain->tail_len);

	if (room == NULL)
		return (-1);
	backlog_commit(out, room, plain_write(plain, room, data, len));
	return (0);
}

/*
 * The same of any payload, if that takes neither a call nor memory. There is
 * room for so few bytes unless they are the first, or more than have come
 * lately.
 */
static inline bool
plain_append_few(const struct plain *plain, struct backlog *out,
    const unsigned char *data, size_t len)
{
	unsigned char *room = hold_room(&out->tail, BACKLOG_SLACK);

	if (len < 16 || len > 64 || room == NULL ||
	    !plain_suits(plain, data, len))
		return (false);
	hold_commit(&out->tail, plain_write(plain, room, data, len));
	return (true);
}

#endif
