/*
 * framecat's text: escapes and numbers; see framecat_text.h.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include "framecat_text.h"

/* The letter behind the backslash, and the byte it stands for. */
static const char letters[] = "rnt0";
static const char meant[] = { '\r', '\n', '\t', '\0' };
static const char punctuation[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/* One byte, of which there may be up to 4. Returns where it ends. */
static char *
escape(char *out, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	const char *letter = memchr(meant, byte, sizeof(meant));

	if (byte >= ' ' && byte <= '~' && byte != '\\') {
		*out++ = (char)byte;
		return out;
	}
	*out++ = '\\';
	if (letter != NULL) {
		*out++ = letters[letter - meant];
	} else if (byte == '\\') {
		*out++ = '\\';
	} else {
		*out++ = 'x';
		*out++ = hex[byte >> 4];
		*out++ = hex[byte & 15];
	}
	return out;
}

int
framecat_add_escaped(struct evbuffer *to, const void *data, size_t len)
{
	const unsigned char *byte = data, *end = byte + len;
	char text[1024], *out = text;

	for (; byte < end; byte++) {
		out = escape(out, *byte);
		if (text + sizeof(text) - out >= 4)
			continue;
		if (evbuffer_add(to, text, (size_t)(out - text)) == -1)
			return -1;
		out = text;
	}
	return evbuffer_add(to, text, (size_t)(out - text));
}

/* The value of a hexadecimal digit, or -1. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * One escape, behind its backslash, of which len bytes are there. Returns how
 * many of them it took, or 0.
 */
static size_t
take_escape(char *out, const char *text, size_t len)
{
	const char *letter;

	if (len == 0)
		return 0;
	if (*text == 'x' && len >= 3 && digit(text[1]) >= 0 &&
	    digit(text[2]) >= 0) {
		*out = (char)(digit(text[1]) << 4 | digit(text[2]));
		return 3;
	}
	letter = memchr(letters, *text, sizeof(letters) - 1);
	if (letter != NULL)
		*out = meant[letter - letters];
	else if (memchr(punctuation, *text, sizeof(punctuation) - 1) != NULL)
		*out = *text;
	else
		return 0;
	return 1;
}

ptrdiff_t
framecat_unescape(char *out, const char *text, size_t len)
{
	const char *end = text + len;
	char *start = out;
	size_t taken;

	while (text < end) {
		if (*text != '\\') {
			*out++ = *text++;
			continue;
		}
		text++;
		taken = take_escape(out, text, (size_t)(end - text));
		if (taken == 0)
			return -1;
		out++;
		text += taken;
	}
	return out - start;
}

int
framecat_number(const char *text, uint64_t max, uint64_t *number)
{
	unsigned long long value;
	char *rest;

	errno = 0;
	value = strtoull(text, &rest, 10);
	/* It would take a sign, and white space. */
	if (*text < '0' || *text > '9' || *rest != '\0' || errno != 0 ||
	    value > max) {
		errno = EINVAL;
		return -1;
	}
	*number = value;
	return 0;
}
