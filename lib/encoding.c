/*
 * Payload on its way from a producer to the output. The framing looks at each
 * piece before any of it goes on, so that what breaks the encoding law is not
 * sent, even if what came before it was. A piece that the peer might take for
 * the end of the frame waits until it is.
 */

#include <errno.h>

#include "encoding.h"
#include "framing.h"
#include "mem.h"

struct encoding {
	struct evchat_framing *framing;
	struct sending sending;
	struct evbuffer *encoded; /* and not passed on yet */
};

struct encoding *
encoding_new(struct evchat_framing *framing)
{
	struct encoding *encoding = mem_calloc(sizeof(*encoding));

	if (encoding == NULL)
		return (NULL);
	encoding->framing = framing_ref(framing);
	if ((encoding->encoded = evbuffer_new()) != NULL)
		return (encoding);
	encoding_free(encoding);
	errno = ENOMEM;
	return (NULL);
}

void
encoding_free(struct encoding *encoding)
{
	if (encoding == NULL)
		return;
	if (encoding->encoded != NULL)
		evbuffer_free(encoding->encoded);
	evchat_framing_free(encoding->framing);
	mem_free(encoding);
}

int
encoding_pass(struct encoding *encoding, struct evbuffer *piece, bool last)
{
	const struct evchat_framing *framing = encoding->framing;

	if (framing->ops->encode_piece(framing, &encoding->sending, piece,
	    encoding->encoded) == -1)
		return (-1);
	if (last && framing->ops->encode_end(framing, &encoding->sending,
	    encoding->encoded) == -1)
		return (-1);
	if (encoding->sending.may_be_whole && !last)
		return (0);
	errno = ENOMEM;
	return (evbuffer_add_buffer(piece, encoding->encoded));
}
