/*
 * The fuzz target of channels whose frames end with a delimiter, a count, not
 * at all, or as other framings have it. What an input means, byte by byte;
 * every input means something, and what is missing is 0:
 *
 *	0       bits 0 to 2 the options of evchat_new(), 3 deferred callbacks,
 *	        4 EOF follows the stream, 5 whenever a hook is told that a frame
 *	        ended and none is to follow, it sets the first terminator again;
 *	        bits 6 and 7 both: wild
 *	1       the hooks: streaming, frames, and these without some members
 *	2 3 4   the first terminator, as an operation and its operands
 *	5 6     one more than the maximum, and policy; 0: not set
 *	7 8     buffer sizes, in and out; 0: not set
 *	9 to 11 pieces, used by turns: bits 0 to 4 the size, 0 is no cut; 7 the piece
 *	        comes together with the next one; 6 of the first of them: EOF comes
 *	        by itself, of the second: before the channel is made
 *	12      how many operations follow
 *	4 each  bits 6 and 7 when, bits 0 to 5 how long after the one before it;
 *	        what; two operands
 *	rest    the stream
 *
 * The stream is received in one piece, byte by byte with the loop running in
 * between, as chains of one byte at once, and in those pieces. Where there are
 * operations "at loop", all of them let the loop come to rest.
 *
 * Operations must not depend on the cuts in what they do. So what drops input
 * that was received happens only where all has been delivered. In collect,
 * which gets pieces, an operation is tied to a byte: a terminator that is set
 * there is for the frame behind, and under none, where it is for the bytes
 * behind the piece, the bytes of the piece behind that byte are unread; what
 * ends the channel there takes the rest of the piece with it. What is tied to
 * output may do what is not seen in the input. A wild input does anything at
 * any moment; there only what must always hold is looked at.
 */

#include "fuzz.h"

enum { DELIMITER, DELIMITERS, ANY, CRLF, LENGTH, NETSTRING, DOT, CHUNKED,
    FIXED };

/* For FUZZ_FRAMING; 0: a delimiter, which is the operands. */
static unsigned
kind_of(uint8_t a, uint8_t b)
{
	return (a < 0x80 ? b % (FIXED + 1) : 0);
}

static unsigned
special(uint8_t a, uint8_t b)
{
	static const unsigned kinds[FIXED + 1] = {
		[LENGTH] = FUZZ_DECLARES, [NETSTRING] = FUZZ_DECLARES,
		[DOT] = FUZZ_TRANSFORMS, [CHUNKED] = FUZZ_TRANSFORMS
	};

	return (kinds[kind_of(a, b)]);
}

static struct evchat_framing *
delimiters_new(unsigned flags)
{
	static const struct evbuffer_iovec set[] = {
		{ (void *)(uintptr_t)"a", 1 }, { (void *)(uintptr_t)"aab", 3 },
		{ (void *)(uintptr_t)"\r\n", 2 }
	};

	return (evchat_framing_delimiters(set, 3, flags));
}

static struct evchat_framing *
framing_new(const struct fuzz_input *in, uint8_t a, uint8_t b)
{
	struct fuzz_bytes delimiter = fuzz_bytes_of(in, a, b);

	switch (kind_of(a, b)) {
	case DELIMITERS:
		return (delimiters_new(EVCHAT_FRAMING_MATCH_LONGEST));
	case ANY:
		return (evchat_framing_line(EVBUFFER_EOL_ANY, 0));
	case CRLF:
		return (evchat_framing_line(EVBUFFER_EOL_CRLF,
		    a & 1 ? EVCHAT_FRAMING_REJECT_BARE_CR : 0));
	case LENGTH:
		return (evchat_framing_length(&(struct evchat_length_field){
		    .width = 1, .offset = a & 1, .strip = a >> 1 & 3 }));
	case NETSTRING:
		return (evchat_framing_netstring(0));
	case DOT:
		return (evchat_framing_dot(a & 1 ?
		    EVCHAT_FRAMING_REJECT_BARE_LF : 0));
	case CHUNKED:
		return (evchat_framing_chunked(a & 1 ?
		    EVCHAT_FRAMING_DELIVER_TRAILERS : 0));
	case FIXED:
		return (evchat_framing_fixed(1u + (a & 3)));
	default:
		return (evchat_framing_delimiter(delimiter.data, delimiter.len,
		    0));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_target target = {
		.framing_new = framing_new,
		.special = special
	};

	return (fuzz_one(&target, data, size));
}
