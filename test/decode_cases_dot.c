/*
 * What bytes come to as dot-stuffed blocks of lines (RFC 5321, 4.5.2; RFC
 * 3977, 3.1.1). Nothing but CR LF ends a line, so nothing else lets a dot end
 * a block: otherwise two servers see different mails in the same bytes.
 */

#include "decode_cases.h"

#define NO_LF EVCHAT_FRAMING_REJECT_BARE_LF
#define NO_CR EVCHAT_FRAMING_REJECT_BARE_CR

static const struct decode_case dot[] = {
	{ IN(""), OUT("") },
	{ IN(".\r\n"), OUT("|") },
	{ IN(".\r\n.\r\n"), OUT("||") },
	{ IN("ab\r\n.\r\n"), OUT("ab\r\n|") },
	{ IN("ab\r\n\r\ncd\r\n.\r\nef\r\n.\r\n"),
	    OUT("ab\r\n\r\ncd\r\n|ef\r\n|") },
	{ IN("\r\n.\r\n"), OUT("\r\n|") },
	/* A dot at the beginning of a line is one too many ... */
	{ IN("..\r\n.\r\n"), OUT(".\r\n|") },
	{ IN("...\r\n.\r\n"), OUT("..\r\n|") },
	{ IN(".ab\r\n..cd\r\n.\r\n"), OUT("ab\r\n.cd\r\n|") },
	{ IN("a\r\n..\r\n.\r\n"), OUT("a\r\n.\r\n|") },
	/* ... elsewhere it is a byte. */
	{ IN("a.\r\n.\r\n"), OUT("a.\r\n|") },
	{ IN("a..b\r\n.\r\n"), OUT("a..b\r\n|") },
	/* What looks like the end for a while. */
	{ IN(".\ra\r\n.\r\n"), OUT("\ra\r\n|") },
	{ IN(".\r\r\n.\r\n"), OUT("\r\r\n|") },
	{ IN(".\r.\r\n.\r\n"), OUT("\r.\r\n|") },
	{ IN("..\r.\r\n.\r\n"), OUT(".\r.\r\n|") },
	/* No end: bare LF, bare CR. */
	{ IN("a\n.\n.\r\n\r\n.\r\n"), OUT("a\n.\n.\r\n\r\n|") },
	{ IN("a\n.\r\nb\r\n.\r\n"), OUT("a\n.\r\nb\r\n|") },
	{ IN("a\r\n.\nb\r\n.\r\n"), OUT("a\r\n\nb\r\n|") },
	{ IN("a\r.\r\nb\r\n.\r\n"), OUT("a\r.\r\nb\r\n|") },
	{ IN("a\r\n.\rb\r\n.\r\n"), OUT("a\r\n\rb\r\n|") },
	{ IN("a\r\r\n.\r\n"), OUT("a\r\r\n|") },
	{ IN(".\n.\r\n\r\n.\r\n"), OUT("\n.\r\n\r\n|") },
	{ IN("a\000\r\n.\000\r\n.\r\n"), OUT("a\000\r\n\000\r\n|") },
	/* The input ends. */
	{ IN("ab"), OUT("ab") },
	{ IN("ab\r"), OUT("ab\r") },
	{ IN("ab\r\n"), OUT("ab\r\n") },
	{ IN(".\r\nab\r\n..c"), OUT("|ab\r\n.c") },
	{ IN("ab\r\n.a"), OUT("ab\r\na") }
};
static const struct decode_case dot_no_lf[] = {
	{ IN("ab\r\n..\r\n.\r\n"), OUT("ab\r\n.\r\n|") },
	{ IN("a\rb\r\n.\rc\r\n.\r\n"), OUT("a\rb\r\n\rc\r\n|") },
	{ IN(".\r\nab\n.\n"), OUT("|ab"), .error = BARE_LF, .bad = 5 },
	{ IN("a\r\n.\n"), OUT("a\r\n"), .error = BARE_LF, .bad = 4 },
	{ IN("\n"), OUT(""), .error = BARE_LF, .bad = 0 },
	{ IN("a\r\n\n"), OUT("a\r\n"), .error = BARE_LF, .bad = 3 },
	{ IN(".\n"), OUT(""), .error = BARE_LF, .bad = 1 }
};
static const struct decode_case dot_no_cr[] = {
	{ IN("ab\r\n..\r\n.\r\n"), OUT("ab\r\n.\r\n|") },
	{ IN("a\nb\r\n.\n\r\n.\r\n"), OUT("a\nb\r\n\n\r\n|") },
	{ IN("ab\rc\r\n"), OUT("ab"), .error = BARE_CR, .bad = 2 },
	{ IN("ab\r\r\n"), OUT("ab"), .error = BARE_CR, .bad = 2 },
	{ IN("\ra"), OUT(""), .error = BARE_CR, .bad = 0 },
	{ IN("a\r\n.\rb"), OUT("a\r\n"), .error = BARE_CR, .bad = 4 },
	{ IN("..\rb"), OUT("."), .error = BARE_CR, .bad = 2 },
	{ IN("ab\r"), OUT("ab\r") }
};
static const struct decode_case dot_no_bare[] = {
	{ IN("ab\r\n..\r\n.\r\n"), OUT("ab\r\n.\r\n|") },
	{ IN(".\r\n.\r\na\n"), OUT("||a"), .error = BARE_LF, .bad = 7 },
	{ IN("a\rb\nc"), OUT("a"), .error = BARE_CR, .bad = 1 },
	{ IN("a\r\r\n"), OUT("a"), .error = BARE_CR, .bad = 1 },
	{ IN("a\r\n.\r.\r\n"), OUT("a\r\n"), .error = BARE_CR,
	    .bad = 4 },
	{ IN("a\n.\r\n"), OUT("a"), .error = BARE_LF, .bad = 1 }
};

static const struct decode_group groups[] = {
	{ { .name = "dot", .kind = DECODE_DOT }, DECODE_CASES(dot) },
	{ { .name = "dot, no bare LF", .kind = DECODE_DOT, .flags = NO_LF },
	    DECODE_CASES(dot_no_lf) },
	{ { .name = "dot, no bare CR", .kind = DECODE_DOT, .flags = NO_CR },
	    DECODE_CASES(dot_no_cr) },
	{ { .name = "dot, nothing bare", .kind = DECODE_DOT,
	    .flags = NO_LF | NO_CR }, DECODE_CASES(dot_no_bare) }
};

const struct decode_groups decode_groups_dot = { groups,
	sizeof(groups) / sizeof(groups[0]) };
