/*
 * What bytes come to as lines, in each style.
 */

#include "decode_cases.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define NO_LF EVCHAT_FRAMING_REJECT_BARE_LF
#define NO_CR EVCHAT_FRAMING_REJECT_BARE_CR

static const struct decode_case lf[] = {
	{ IN(""), OUT("") },
	{ IN("\n"), OUT("|") },
	{ IN("ab\n\nc\r\nd"), OUT("ab||c\r|d") },
	{ IN("\r"), OUT("\r") },
	{ IN("a\000\n\000"), OUT("a\000|\000") }
};
static const struct decode_case lf_kept[] = {
	{ IN("ab\n\nc\r\nd"), OUT("ab^\n|^\n|c\r^\n|d") }
};
static const struct decode_case nul[] = {
	{ IN("\000"), OUT("|") },
	{ IN("ab\000\000c\n\000d"), OUT("ab||c\n|d") }
};
static const struct decode_case nul_kept[] = {
	{ IN("ab\000\000d"), OUT("ab^\000|^\000|d") }
};
static const struct decode_case strict[] = {
	{ IN("\r\n"), OUT("|") },
	{ IN("a\nb\rc\r\n\r\nd\r"), OUT("a\nb\rc||d\r") },
	{ IN("a\r\r\n\n\r\n"), OUT("a\r|\n|") }
};
static const struct decode_case strict_kept[] = {
	{ IN("a\nb\r\n\r\nd"), OUT("a\nb^\r\n|^\r\n|d") }
};
static const struct decode_case crlf[] = {
	{ IN("\n"), OUT("|") },
	{ IN("\r\n"), OUT("|") },
	{ IN("a\r\nb\nc"), OUT("a|b|c") },
	{ IN("a\r\r\nb\rc\n"), OUT("a\r|b\rc|") },
	{ IN("\n\r\n\r"), OUT("||\r") },
	{ IN("\r\r\n"), OUT("\r|") },
	{ IN("a\r"), OUT("a\r") },
	{ IN("a\r\rb"), OUT("a\r\rb") }
};
static const struct decode_case crlf_kept[] = {
	{ IN("a\r\nb\nc\r"), OUT("a^\r\n|b^\n|c\r") },
	{ IN("\r\r\n\n"), OUT("\r^\r\n|^\n|") }
};

/* No two parsers see different lines */

static const struct decode_case no_lf[] = {
	{ IN("\r\n"), OUT("|") },
	{ IN("a\r\nb\rc\r\nd"), OUT("a|b\rc|d") },
	{ IN("a\r\nbc\nd\r\n"), OUT("a|bc"), .error = BARE_LF,
	    .bad = 5 },
	{ IN("\n"), OUT(""), .error = BARE_LF, .bad = 0 },
	{ IN("a\r\n\n"), OUT("a|"), .error = BARE_LF, .bad = 3 },
	{ IN("a\r\r\n\r"), OUT("a\r|\r") },
	{ IN("a\rb\nc"), OUT("a\rb"), .error = BARE_LF, .bad = 3 },
	{ IN("a\r"), OUT("a\r") }
};
static const struct decode_case crlf_no_cr[] = {
	{ IN("a\r\nb\nc"), OUT("a|b|c") },
	{ IN("a\nb\rc\n"), OUT("a|b"), .error = BARE_CR, .bad = 3 },
	{ IN("\r\r\n"), OUT(""), .error = BARE_CR, .bad = 0 },
	{ IN("ab\r\r\n"), OUT("ab"), .error = BARE_CR, .bad = 2 },
	{ IN("a\n\r"), OUT("a|\r"), .not_last = true },
	{ IN("ab\r"), OUT("ab\r"), .not_last = true },
	{ IN("\r"), OUT("\r"), .not_last = true }
};
static const struct decode_case strict_no_cr[] = {
	{ IN("a\nb\r\nc\n\nd"), OUT("a\nb|c\n\nd") },
	{ IN("a\nb\rc\r\n"), OUT("a\nb"), .error = BARE_CR, .bad = 3 },
	{ IN("a\r\r\n"), OUT("a"), .error = BARE_CR, .bad = 1 },
	{ IN("a\r\n\nb\r"), OUT("a|\nb\r"), .not_last = true }
};
static const struct decode_case no_bare[] = {
	{ IN("\r\n"), OUT("|") },
	{ IN("ab\r\n\r\nc"), OUT("ab||c") },
	{ IN("ab\r\nc\nd\re"), OUT("ab|c"), .error = BARE_LF, .bad = 5 },
	{ IN("ab\r\nc\rd\ne"), OUT("ab|c"), .error = BARE_CR, .bad = 5 },
	{ IN("a\r\r\n"), OUT("a"), .error = BARE_CR, .bad = 1 },
	{ IN("a\r\n\n"), OUT("a|"), .error = BARE_LF, .bad = 3 },
	{ IN("a\n\r\n"), OUT("a"), .error = BARE_LF, .bad = 1 },
	{ IN("ab\r"), OUT("ab\r"), .not_last = true }
};
static const struct decode_case no_bare_kept[] = {
	{ IN("ab\r\n\r\nc"), OUT("ab^\r\n|^\r\n|c") },
	{ IN("ab\r\nc\nd\re"), OUT("ab^\r\n|c"), .error = BARE_LF,
	    .bad = 5 }
};

/* Runs of CRs and LFs: what follows the end of a line belongs to no line */

static const struct decode_case any[] = {
	{ IN("ab\ncd\r"), OUT("ab|cd|") },
	{ IN("ab\r\ncd"), OUT("ab|cd") },
	{ IN("ab\n\r\r\n\ncd\n"), OUT("ab|cd|") },
	{ IN("\n"), OUT("|") },
	{ IN("\r\n\r\n"), OUT("|") },
	{ IN("\n\nab\r\n"), OUT("|ab|") },
	{ IN("ab\r\n\r\n"), OUT("ab|") },
	{ IN("ab"), OUT("ab") },
	{ IN("a\000\r\000\n"), OUT("a\000|\000|") }
};
static const struct decode_case any_kept[] = {
	{ IN("ab\ncd\r"), OUT("ab^\n|cd^\r|") },
	{ IN("ab\r\n\rcd\n\r"), OUT("ab^\r|cd^\n|") },
	{ IN("\r\nab"), OUT("^\r|ab") }
};

#define LINE(title, eol, with, cases) \
	{ { .name = title, .kind = DECODE_LINE, .style = EVBUFFER_EOL_##eol, \
	    .flags = with }, DECODE_CASES(cases) }

static const struct decode_group groups[] = {
	LINE("LF", LF, 0, lf),
	LINE("LF, kept", LF, KEEP, lf_kept),
	LINE("NUL", NUL, 0, nul),
	LINE("NUL, kept", NUL, KEEP, nul_kept),
	LINE("strict CR LF", CRLF_STRICT, 0, strict),
	LINE("strict CR LF, kept", CRLF_STRICT, KEEP, strict_kept),
	LINE("CR LF or LF", CRLF, 0, crlf),
	LINE("CR LF or LF, kept", CRLF, KEEP, crlf_kept),
	LINE("CR LF, no bare LF", CRLF, NO_LF, no_lf),
	LINE("strict CR LF, no bare LF", CRLF_STRICT, NO_LF, no_lf),
	LINE("CR LF or LF, no bare CR", CRLF, NO_CR, crlf_no_cr),
	LINE("strict CR LF, no bare CR", CRLF_STRICT, NO_CR, strict_no_cr),
	LINE("CR LF, nothing bare", CRLF, NO_LF | NO_CR, no_bare),
	LINE("strict CR LF, nothing bare", CRLF_STRICT, NO_LF | NO_CR,
	    no_bare),
	LINE("CR LF, nothing bare, kept", CRLF, NO_LF | NO_CR | KEEP,
	    no_bare_kept),
	LINE("strict CR LF, nothing bare, kept", CRLF_STRICT,
	    NO_LF | NO_CR | KEEP, no_bare_kept),
	LINE("any CRs and LFs", ANY, 0, any),
	LINE("any CRs and LFs, kept", ANY, KEEP, any_kept)
};

const struct decode_groups decode_groups_line = { groups,
	sizeof(groups) / sizeof(groups[0]) };
