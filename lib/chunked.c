/*
 * The chunked bodies of HTTP/1.1. What is around the data is dropped as it is
 * seen; only counters are kept of it:
 *
 *	scan->number   the size of the chunk, as far as it is known;
 *	               behind the last one: bytes of trailers
 *	scan->digits   bytes of the size or, behind it, of the extension
 *	scan->other    bytes of data, less those of extensions; below 0 as usual
 */

#include <errno.h>
#include <stdio.h>

#include "framing.h"

#define MOST_DIGITS 16               /* that 64 bits need */
#define MOST_EXTENSION 4096          /* in one line */
#define MOST_EXTENSIONS (16 << 10)   /* beyond the length of the body */
#define MOST_TRAILERS (16u << 10)

#define NO_LF "no LF behind CR"

enum phase {
	SIZE, SPACE, EXTENSION, SIZE_LF,
	DATA, DATA_CR, DATA_LF,
	TRAILER_START, TRAILER, TRAILER_LF, END_LF,
	ENDED
};

struct chunked {
	struct evchat_framing framing;
	bool delivers_trailers;
};

/* Decoding */

static int
hex_value(unsigned char byte)
{
	if (byte >= '0' && byte <= '9')
		return (byte - '0');
	if (byte >= 'a' && byte <= 'f')
		return (byte - 'a' + 10);
	if (byte >= 'A' && byte <= 'F')
		return (byte - 'A' + 10);
	return (-1);
}

/* Each of these takes one byte; what is wrong with it, or NULL. */

/* Behind the size, or in the spaces there. */
static const char *
take_after_size(struct scan *scan, unsigned char byte)
{
	enum phase next;

	switch (byte) {
	case '\r':
		scan->phase = SIZE_LF;
		return (NULL);
	case ' ':
	case '\t':
		next = SPACE;
		break;
	case ';':
		next = EXTENSION;
		break;
	case '\n':
		return ("LF without CR before it in the chunk size");
	default:
		return (scan->phase == SIZE ? "no hex digit in the chunk size" :
		    "no semicolon before the chunk extension");
	}
	scan->digits = scan->phase == SIZE ? 1 : scan->digits + 1;
	scan->other--;
	scan->phase = next;
	return (NULL);
}

static const char *
take_size(struct scan *scan, unsigned char byte)
{
	int value = hex_value(byte);

	if (value == -1)
		return (scan->digits > 0 ? take_after_size(scan, byte) :
		    "no chunk size");
	if (scan->digits == MOST_DIGITS)
		return ("chunk size above 16 digits");
	scan->digits++;
	scan->number = scan->number << 4 | (unsigned)value;
	return (NULL);
}

static const char *
take_extension(struct scan *scan, unsigned char byte)
{
	if (byte == '\r') {
		scan->phase = SIZE_LF;
		return (NULL);
	}
	if (byte == '\n')
		return ("LF without CR before it in a chunk extension");
	scan->digits++;
	scan->other--;
	return (NULL);
}

static const char *
take_trailer(struct scan *scan, unsigned char byte)
{
	bool behind_cr = scan->phase == TRAILER_LF;

	if (scan->phase == TRAILER_START && byte == '\r') {
		scan->phase = END_LF;
		return (NULL);
	}
	if (scan->number == MOST_TRAILERS)
		return ("trailers too long");
	if (behind_cr && byte != '\n')
		return (NO_LF);
	if (!behind_cr && byte == '\n')
		return ("LF without CR before it in the trailers");
	scan->number++;
	if (byte == '\r')
		scan->phase = TRAILER_LF;
	else
		scan->phase = behind_cr ? TRAILER_START : TRAILER;
	return (NULL);
}

/* One byte that is all that may stand there. */
static const char *
take_only(struct scan *scan, unsigned char byte, unsigned char wanted,
    enum phase phase)
{
	if (byte != wanted)
		return (wanted == '\n' ? NO_LF :
		    "no CR LF behind the data of a chunk");
	scan->phase = phase;
	return (NULL);
}

/* Behind a line with a size. */
static void
begin_chunk(struct scan *scan)
{
	scan->digits = 0;
	scan->remaining = scan->number;
	scan->number = 0;
	scan->phase = scan->remaining > 0 ? DATA : TRAILER_START;
}

static const char *
take(struct scan *scan, unsigned char byte)
{
	const char *error = NULL;

	switch (scan->phase) {
	case SIZE:
		error = take_size(scan, byte);
		break;
	case SPACE:
		error = take_after_size(scan, byte);
		break;
	case EXTENSION:
		error = take_extension(scan, byte);
		break;
	case SIZE_LF:
		if ((error = take_only(scan, byte, '\n', DATA)) == NULL)
			begin_chunk(scan);
		break;
	case DATA_CR:
		error = take_only(scan, byte, '\r', DATA_LF);
		break;
	case DATA_LF:
		error = take_only(scan, byte, '\n', SIZE);
		break;
	case TRAILER_START:
	case TRAILER:
	case TRAILER_LF:
		error = take_trailer(scan, byte);
		break;
	default: /* END_LF */
		error = take_only(scan, byte, '\n', ENDED);
		break;
	}
	if (error != NULL)
		return (error);
	if (scan->digits > MOST_EXTENSION)
		return ("chunk extension too long");
	if ((int64_t)scan->other < -MOST_EXTENSIONS)
		return ("chunk extensions too long");
	return (NULL);
}

/* The bytes of a chunk, the first of which is bytes[0]. */
static void
take_data(struct scan *scan, size_t len, struct scan_step *step)
{
	if (len > scan->remaining)
		len = (size_t)scan->remaining;
	scan->remaining -= len;
	scan->other += len;
	if (scan->remaining == 0)
		scan->phase = DATA_CR;
	step->data = len;
	step->used += len;
}

/* Take one byte that is not of a chunk; what it becomes. */
static const char *
step_over(const struct chunked *chunked, struct scan *scan, unsigned char byte,
    struct scan_step *step)
{
	bool in_trailers = scan->phase >= TRAILER_START &&
	    scan->phase <= TRAILER_LF;
	const char *error = take(scan, byte);

	if (error != NULL)
		return (error);
	if (chunked->delivers_trailers && in_trailers &&
	    scan->phase != END_LF)
		step->keep++;
	else if (step->keep > 0)
		step->skip++;
	else
		step->lead++;
	step->used++;
	return (NULL);
}

static enum scan_what
chunked_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct chunked *chunked = (const struct chunked *)framing;
	const char *error;

	while (step->used < len && scan->phase != DATA &&
	    scan->phase != ENDED) {
		error = step_over(chunked, scan, bytes[step->used], step);
		if (error == NULL)
			continue;
		/* Trailers before it are delivered first. */
		if (step->keep > 0)
			return (SCAN_MORE);
		scan->error = error;
		step->bad = step->used;
		return (SCAN_MALFORMED);
	}
	if (scan->phase == DATA)
		take_data(scan, len - step->used, step);
	return (scan->phase == ENDED ? SCAN_FRAME : SCAN_MORE);
}

/* Encoding */

static int
chunked_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	char size[24], end[] = "\r\n0\r\n\r\n";
	struct evbuffer_iovec head = { size, 0 }, tail = { end, 7 };

	(void)framing;
	head.iov_len = (size_t)snprintf(size, sizeof(size), "%zx\r\n",
	    payload->len);
	/* A chunk of no bytes is the last one. */
	if (payload->len == 0)
		return (backlog_add(out, end + 2, 5));
	return (payload_append(out, payload, &head, &tail));
}

/* A piece is a chunk. */
static int
chunked_encode_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out)
{
	size_t len = evbuffer_get_length(in);

	(void)framing;
	(void)sending;
	if (len == 0)
		return (0);
	errno = ENOMEM;
	if (evbuffer_add_printf(out, "%zx\r\n", len) == -1 ||
	    evbuffer_add_buffer(out, in) == -1)
		return (-1);
	return (evbuffer_add(out, "\r\n", 2));
}

static int
chunked_encode_end(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *out)
{
	(void)framing;
	(void)sending;
	errno = ENOMEM;
	return (evbuffer_add(out, "0\r\n\r\n", 5));
}

static const struct framing_ops chunked_ops = {
	.scan = chunked_scan,
	.encode = chunked_encode,
	.encode_piece = chunked_encode_piece,
	.encode_end = chunked_encode_end,
	.free = framing_free,
	.transforms = true,
	.goes_on = true,
};

struct evchat_framing *
evchat_framing_chunked(unsigned flags)
{
	struct chunked *chunked;

	if (!framing_knows(flags, EVCHAT_FRAMING_DELIVER_TRAILERS) ||
	    (chunked = framing_new(sizeof(*chunked), &chunked_ops)) == NULL)
		return (NULL);
	chunked->delivers_trailers = flags & EVCHAT_FRAMING_DELIVER_TRAILERS;
	return (&chunked->framing);
}
