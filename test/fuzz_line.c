/*
 * The fuzz target of lines. The framing's byte: bit 7 says that line ends are
 * kept, 6 and 5 that a bare LF and CR are rejected, the others the style.
 */

#include "fuzz_framing.h"

static struct evchat_framing *
line_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	static const enum evbuffer_eol_style styles[] = { EVBUFFER_EOL_ANY,
	    EVBUFFER_EOL_CRLF, EVBUFFER_EOL_CRLF_STRICT, EVBUFFER_EOL_LF,
	    EVBUFFER_EOL_NUL };
	uint8_t what = fuzz_take(r);
	enum evbuffer_eol_style style = styles[(what & 0x1f) %
	    (sizeof(styles) / sizeof(styles[0]))];

	c->producers = true;
	c->carries = style != EVBUFFER_EOL_ANY;
	return (evchat_framing_line(style,
	    (what & 0x80 ? EVCHAT_FRAMING_KEEP_DELIMITER : 0) |
	    (what & 0x40 ? EVCHAT_FRAMING_REJECT_BARE_LF : 0) |
	    (what & 0x20 ? EVCHAT_FRAMING_REJECT_BARE_CR : 0)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(line_new, data, size));
}
