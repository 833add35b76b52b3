/*
 * What bytes come to under framings of an application's own.
 */

#include "decode_cases.h"
#include "decode_custom.h"

static const struct decode_case counting[] = {
	{ IN(""), OUT("") },
	{ IN("\000\002ab\000\000\000\001c"), OUT("ab||c|") },
	{ IN("\000"), OUT("~\000") },
	{ IN("\000\001a\000"), OUT("a|~\000") },
	{ IN("\000\003ab"), OUT("ab"), .declared = 3 },
	{ IN("\377\377ab"), OUT("ab"), .declared = 65535 }
};
static const struct decode_case dashes[] = {
	{ IN("--"), OUT("|") },
	{ IN("ab--c-d--"), OUT("ab|c-d|") },
	{ IN("ab---c-"), OUT("ab|-c~-") },
	{ IN("-"), OUT("~-") },
	{ IN("ab"), OUT("ab") }
};
static const struct decode_case minding[] = {
	{ IN("ab\r\n\r\nc\rd\r\n"), OUT("ab||c\rd|") },
	{ IN("a\r\r\n\n\r\n"), OUT("a\r|\n|") },
	{ IN("ab\r\ncd"), OUT("ab|cd|") },
	{ IN("ab\r"), OUT("ab\r|") },
	{ IN("\r"), OUT("\r|") }
};
static const struct decode_case digits[] = {
	{ IN("12;;3;"), OUT("12||3|") },
	{ IN("12;3"), OUT("12|3") },
	{ IN("12;34x5"), OUT("12|34"), .error = "what is this?",
	    .bad = 5 },
	{ IN("x"), OUT(""), .error = "what is this?", .bad = 0 }
};
static const struct decode_case silent[] = {
	{ IN("12;34x5"), OUT("12|34"), .error = MALFORMED,
	    .bad = 5 }
};

#define CUSTOM(title, with, cases, declared) \
	{ { .name = title, .kind = DECODE_CUSTOM, .ops = &(with), \
	    .declares = declared }, DECODE_CASES(cases) }

static const struct decode_group groups[] = {
	CUSTOM("counting", decode_counting, counting, true),
	CUSTOM("dashes", decode_dashes, dashes, false),
	CUSTOM("minding", decode_minding, minding, false),
	CUSTOM("digits", decode_digits, digits, false),
	CUSTOM("silent", decode_silent, silent, false)
};

const struct decode_groups decode_groups_custom = { groups,
	sizeof(groups) / sizeof(groups[0]) };
