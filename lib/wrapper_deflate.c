/*
 * What a producer gives, compressed. zlib takes many bytes before it gives
 * any, so nothing given is the rule here, and no end. When the inner producer
 * waits, what zlib has is flushed, but only if something came since that was
 * done last: each flush costs the stream some bytes. All that zlib can give is
 * taken at once, so nothing of it is kept between two calls but zlib's own
 * memory.
 */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <event2/buffer.h>

#include "mem.h"
#include "producer.h"
#include "wrapper.h"

#ifdef EVCHAT_WITH_ZLIB

#include <zlib.h>

#define WINDOW_BITS 15  /* of 32 KiB, which every decoder must take */
#define GZIP 16         /* added to these: RFC 1952 */
#define MEMORY_LEVEL 8
#define ROOM_AT_ONCE 8192

struct deflating {
	struct wrapper wrapper;
	z_stream stream;
	bool unflushed; /* bytes came since the last flush */
};

static voidpf
allocate(voidpf opaque, uInt items, uInt size)
{
	(void)opaque;
	if (size > 0 && items > SIZE_MAX / size)
		return (NULL);
	return (mem_alloc((size_t)items * size));
}

static void
release(voidpf opaque, voidpf address)
{
	(void)opaque;
	mem_free(address);
}

/* Append what comes of the bytes; -1 with errno. */
static int
compress_bytes(z_stream *stream, struct evbuffer *out,
    const struct evbuffer_iovec *bytes, int how)
{
	unsigned char room[ROOM_AT_ONCE];

	stream->next_in = bytes->iov_base;
	stream->avail_in = (uInt)bytes->iov_len;
	errno = ENOMEM;
	do {
		stream->next_out = room;
		stream->avail_out = sizeof(room);
		/* It has room, and knows its state; so there is no error. */
		(void)deflate(stream, how);
		if (stream->avail_out < sizeof(room) &&
		    evbuffer_add(out, room,
		    sizeof(room) - stream->avail_out) == -1)
			return (-1);
	} while (stream->avail_out == 0);
	return (0);
}

/* Append what comes of the piece; -1 with errno. */
static int
compress_piece(struct deflating *deflating, struct evbuffer *out)
{
	struct evbuffer *piece = deflating->wrapper.piece;
	struct evbuffer_iovec bytes;

	while (evbuffer_get_length(piece) > 0) {
		if (evbuffer_peek(piece, -1, NULL, &bytes, 1) < 1)
			return (-1);
		if (bytes.iov_len > INT_MAX)
			bytes.iov_len = INT_MAX;
		if (compress_bytes(&deflating->stream, out, &bytes,
		    Z_NO_FLUSH) == -1)
			return (-1);
		deflating->unflushed = true;
		if (evbuffer_drain(piece, bytes.iov_len) == -1)
			return (-1);
	}
	return (0);
}

static int
flush(struct deflating *deflating, struct evbuffer *out, int how)
{
	static const struct evbuffer_iovec nothing;

	deflating->unflushed = false;
	return (compress_bytes(&deflating->stream, out, &nothing, how));
}

static enum evchat_more
deflating_more(struct wrapper *wrapper, struct evbuffer *out, size_t want)
{
	struct deflating *deflating = (struct deflating *)wrapper;
	enum evchat_more more;
	int done = 0;

	more = wrapper_ask(wrapper, wrapper->inner, wrapper->piece, want);
	if (more == EVCHAT_MORE_ERROR || compress_piece(deflating, out) == -1)
		return (EVCHAT_MORE_ERROR);
	if (more == EVCHAT_MORE_END)
		done = flush(deflating, out, Z_FINISH);
	else if (more == EVCHAT_MORE_LATER && deflating->unflushed)
		done = flush(deflating, out, Z_SYNC_FLUSH);
	if (more == EVCHAT_MORE_END)
		(void)deflateEnd(&deflating->stream);
	return (done == 0 ? more : EVCHAT_MORE_ERROR);
}

static void
deflating_free(struct wrapper *wrapper)
{
	/* Where that was done, or it was never begun, it does nothing. */
	(void)deflateEnd(&((struct deflating *)wrapper)->stream);
}

static const struct wrapper_ops deflating_ops = {
	.more = deflating_more,
	.free = deflating_free,
};

static int
begin(z_stream *stream, enum evchat_deflate format, int level)
{
	int bits = format == EVCHAT_DEFLATE_RAW ? -WINDOW_BITS :
	    format == EVCHAT_DEFLATE_GZIP ? WINDOW_BITS + GZIP : WINDOW_BITS;

	stream->zalloc = allocate;
	stream->zfree = release;
	switch (deflateInit2(stream, level, Z_DEFLATED, bits, MEMORY_LEVEL,
	    Z_DEFAULT_STRATEGY)) {
	case Z_OK:
		return (0);
	case Z_MEM_ERROR:
		errno = ENOMEM;
		return (-1);
	default: /* a library that is not the header's */
		errno = ENOSYS;
		return (-1);
	}
}

struct evchat_producer *
evchat_producer_new_deflate(struct evchat_producer *inner,
    enum evchat_deflate format, int level)
{
	struct deflating *deflating;

	if ((format != EVCHAT_DEFLATE_ZLIB && format != EVCHAT_DEFLATE_GZIP &&
	    format != EVCHAT_DEFLATE_RAW) || level < -1 || level > 9) {
		errno = EINVAL;
		wrapper_refuse(inner);
		return (NULL);
	}
	deflating = wrapper_new_piece(sizeof(*deflating), &deflating_ops,
	    inner, NULL);
	if (deflating == NULL)
		return (NULL);
	if (begin(&deflating->stream, format, level) == -1)
		return (wrapper_undo(&deflating->wrapper));
	return (deflating->wrapper.producer);
}

int
evchat_has_deflate(void)
{
	return (1);
}

#else

struct evchat_producer *
evchat_producer_new_deflate(struct evchat_producer *inner,
    enum evchat_deflate format, int level)
{
	(void)format;
	(void)level;
	errno = ENOSYS;
	wrapper_refuse(inner);
	return (NULL);
}

int
evchat_has_deflate(void)
{
	return (0);
}

#endif
