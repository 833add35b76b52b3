/*
 * framecat's framings: NAME, NAME:WORD or NAME:WORD,WORD... becomes a framing
 * of libevchat. kinds[] is all there is; --help is made of it, too.
 *
 * A comma or a backslash in a delimiter has a backslash before it, and so has
 * any one letter of a delimiter that is called "keep".
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evchat.h>
#include "framecat_framing.h"
#include "framecat_text.h"

#define WORDS_MAX	64

/* What stands behind the colon; the words are cut out of a copy. */
struct words {
	char *word[WORDS_MAX];
	int n;
};

struct meaning {
	const char *word;
	int value;
};

static const struct meaning styles[] = {
	{ "crlf", EVBUFFER_EOL_CRLF },
	{ "strict", EVBUFFER_EOL_CRLF_STRICT },
	{ "lf", EVBUFFER_EOL_LF },
	{ "nul", EVBUFFER_EOL_NUL },
	{ "any", EVBUFFER_EOL_ANY },
	{ NULL, 0 }
};

/* For all framings: the library refuses those that do not apply. */
static const struct meaning flags[] = {
	{ "keep", EVCHAT_FRAMING_KEEP_DELIMITER },
	{ "longest", EVCHAT_FRAMING_MATCH_LONGEST },
	{ "reject-lf", EVCHAT_FRAMING_REJECT_BARE_LF },
	{ "reject-cr", EVCHAT_FRAMING_REJECT_BARE_CR },
	{ "trailers", EVCHAT_FRAMING_DELIVER_TRAILERS },
	{ NULL, 0 }
};

/* What a word means, or -1. */
static int
look_up(const struct meaning *meaning, const char *word)
{
	while (meaning->word != NULL && strcmp(meaning->word, word) != 0)
		meaning++;
	return meaning->word != NULL ? meaning->value : -1;
}

static struct evchat_framing *
refuse(void)
{
	errno = EINVAL;
	return NULL;
}

/* The makers. Each returns a framing, or NULL with errno. */

static struct evchat_framing *
make_line(const struct words *words)
{
	enum evbuffer_eol_style style = EVBUFFER_EOL_CRLF;
	unsigned wanted = 0;
	int i, value;

	for (i = 0; i < words->n; i++) {
		value = look_up(flags, words->word[i]);
		if (value != -1) {
			wanted |= (unsigned)value;
			continue;
		}
		value = look_up(styles, words->word[i]);
		if (value == -1)
			return refuse();
		style = (enum evbuffer_eol_style)value;
	}
	return evchat_framing_line(style, wanted);
}

/* All words but the flags. Returns how many delimiters there are, or -1. */
static int
gather(const struct words *words, struct evbuffer_iovec *set, unsigned *wanted)
{
	ptrdiff_t len;
	int i, value, n = 0;
	char *word;

	*wanted = 0;
	for (i = 0; i < words->n; i++) {
		word = words->word[i];
		value = look_up(flags, word);
		if (value != -1) {
			*wanted |= (unsigned)value;
			continue;
		}
		len = framecat_unescape(word, word, strlen(word));
		if (len == -1)
			return -1;
		set[n].iov_base = word;
		set[n++].iov_len = (size_t)len;
	}
	return n;
}

static struct evchat_framing *
make_delimiter(const struct words *words)
{
	struct evbuffer_iovec set[WORDS_MAX];
	unsigned wanted;

	if (gather(words, set, &wanted) != 1)
		return refuse();
	return evchat_framing_delimiter(set[0].iov_base, set[0].iov_len,
	    wanted);
}

static struct evchat_framing *
make_delimiters(const struct words *words)
{
	struct evbuffer_iovec set[WORDS_MAX];
	unsigned wanted;
	int n = gather(words, set, &wanted);

	return n > 0 ? evchat_framing_delimiters(set, n, wanted) : refuse();
}

static struct evchat_framing *
make_fixed(const struct words *words)
{
	uint64_t size;

	if (words->n != 1 ||
	    framecat_number(words->word[0], SIZE_MAX, &size) == -1)
		return refuse();
	return evchat_framing_fixed((size_t)size);
}

/* "offset=8" and its like. The library knows what is too large. */
static int
take_setting(struct evchat_length_field *field, const char *word)
{
	const char *value = strchr(word, '=');
	size_t len = value == NULL ? 0 : (size_t)(value++ - word);
	int is_adjust = len == 6 && strncmp(word, "adjust", len) == 0;
	int is_negative = is_adjust && *value == '-';
	uint64_t number;

	if (len == 0 || framecat_number(value + is_negative, INT64_MAX,
	    &number) == -1 || number > SIZE_MAX)
		return -1;
	if (is_adjust)
		field->adjustment = is_negative ? -(int64_t)number :
		    (int64_t)number;
	else if (len == 6 && strncmp(word, "offset", len) == 0)
		field->offset = (size_t)number;
	else if (len == 5 && strncmp(word, "strip", len) == 0)
		field->strip = (size_t)number;
	else
		return -1;
	return 0;
}

static struct evchat_framing *
make_length(const struct words *words)
{
	struct evchat_length_field field = { .strip = SIZE_MAX };
	const char *order;
	int i;

	if (words->n == 0 || words->word[0][0] < '1' || words->word[0][0] > '9')
		return refuse();
	field.width = (unsigned)(words->word[0][0] - '0');
	order = words->word[0] + 1;
	if (strcmp(order, "le") == 0)
		field.order = EVCHAT_LITTLE_ENDIAN;
	else if (strcmp(order, "be") != 0 && *order != '\0')
		return refuse();
	for (i = 1; i < words->n; i++) {
		if (take_setting(&field, words->word[i]) == -1)
			return refuse();
	}
	if (field.strip == SIZE_MAX)
		field.strip = field.offset + field.width;
	return evchat_framing_length(&field);
}

struct kind {
	const char *name;
	const char *words;	/* behind the name */
	const char *help;	/* one line */
	struct evchat_framing *(*make)(const struct words *words);
	/* or, if there is nothing to it but flags */
	struct evchat_framing *(*make_plain)(unsigned flags);
};

static const struct kind kinds[] = {
	{ "line", "[:crlf|strict|lf|nul|any][,keep][,reject-lf][,reject-cr]",
	    "lines; crlf, which is what you get: LF, with CR before it or not",
	    make_line, NULL },
	{ "delimiter", ":TEXT[,keep]",
	    "frames that end with a text: \\r \\n \\t \\0 \\xNN \\\\ \\,",
	    make_delimiter, NULL },
	{ "delimiters", ":TEXT,TEXT...[,keep][,longest]",
	    "frames that end with any one of several texts", make_delimiters,
	    NULL },
	{ "fixed", ":SIZE", "frames that are all of SIZE bytes", make_fixed,
	    NULL },
	{ "length", ":1|2|3|4|8[be|le][,offset=N][,adjust=N][,strip=N]",
	    "a binary length first, which is stripped with all before it",
	    make_length, NULL },
	{ "varint", "", "a base-128 length first, as Protocol Buffers have it",
	    NULL, evchat_framing_varint },
	{ "netstring", "", "5:hello,", NULL, evchat_framing_netstring },
	{ "octet-count", "", "5 hello, as syslog over TCP has it", NULL,
	    evchat_framing_octet_count },
	{ "dot", "[:reject-lf][,reject-cr]",
	    "blocks of lines up to a lone dot, as in SMTP, NNTP and POP3", NULL,
	    evchat_framing_dot },
	{ "chunked", "[:trailers]", "bodies of HTTP/1.1", NULL,
	    evchat_framing_chunked },
	{ "none", "", "bytes as they come and go", NULL, NULL },
};
static const size_t n_kinds = sizeof(kinds) / sizeof(kinds[0]);

void
framecat_framing_help(FILE *to)
{
	size_t i;

	for (i = 0; i < n_kinds; i++)
		fprintf(to, "  %s%s\n\t%s\n", kinds[i].name, kinds[i].words,
		    kinds[i].help);
}

static struct evchat_framing *
make(const struct kind *kind, const struct words *words)
{
	unsigned wanted = 0;
	int i, value;

	if (kind->make != NULL)
		return kind->make(words);
	for (i = 0; i < words->n; i++) {
		value = look_up(flags, words->word[i]);
		if (value == -1)
			return refuse();
		wanted |= (unsigned)value;
	}
	return kind->make_plain(wanted);
}

/* Cut at commas that have no backslash before them. */
static int
cut(struct words *words, char *text)
{
	words->n = 0;
	while (text != NULL) {
		if (words->n == WORDS_MAX)
			return -1;
		words->word[words->n++] = text;
		for (; *text != '\0' && *text != ','; text++) {
			if (*text == '\\' && text[1] != '\0')
				text++;
		}
		if (*text == '\0')
			break;
		*text++ = '\0';
	}
	return 0;
}

static int
is_none(const struct kind *kind)
{
	return kind->make == NULL && kind->make_plain == NULL;
}

int
framecat_framing_new(const char *text, struct evchat_framing **framing)
{
	size_t i = 0, len = strcspn(text, ":");
	struct words words = { .n = 0 };
	char *copy = strdup(text);
	int status = -1;

	*framing = NULL;
	while (i < n_kinds && (strncmp(kinds[i].name, text, len) != 0 ||
	    kinds[i].name[len] != '\0'))
		i++;
	if (copy == NULL)
		perror("framecat");
	else if (i == n_kinds)
		fprintf(stderr, "framecat: %s: no such framing; see --help\n",
		    text);
	else if (is_none(&kinds[i]) && text[len] == '\0')
		status = 0;
	else if (cut(&words, text[len] == ':' ? copy + len + 1 : NULL) == -1 ||
	    is_none(&kinds[i]) ||
	    (*framing = make(&kinds[i], &words)) == NULL)
		fprintf(stderr, "framecat: %s: cannot work as %s%s\n", text,
		    kinds[i].name, kinds[i].words);
	else
		status = 0;
	free(copy);
	return status;
}
