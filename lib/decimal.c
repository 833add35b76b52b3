/*
 * Frames with their length before them in decimal: netstrings, and the octet
 * counting of syslog. What is behind the digits makes the difference, and that
 * a netstring may be empty and has a comma behind it.
 */

#include <errno.h>
#include <stdio.h>

#include "counted.h"

static char
separator(const struct counted *counted)
{
	return (counted->comma ? ':' : ' ');
}

static const char *
no_separator(const struct counted *counted)
{
	return (counted->comma ? "neither a digit nor a colon in the length" :
	    "neither a digit nor a space in the length");
}

/* Take one more digit into the number; what is wrong with it, or NULL. */
static const char *
add_digit(const struct counted *counted, struct scan *scan, unsigned digit)
{
	if (scan->digits > 0 && scan->number == 0)
		return ("leading zero in the length");
	if (scan->digits == 0 && digit == 0 && !counted->comma)
		return ("length begins with 0");
	if (scan->number > (UINT64_MAX - digit) / 10)
		return ("length of 2^64 or more");
	scan->number = scan->number * 10 + digit;
	scan->digits++;
	return (NULL);
}

static enum header_what
decimal_header(const struct evchat_framing *framing, struct scan *scan,
    struct header *header)
{
	const struct counted *counted = (const struct counted *)framing;
	size_t at;

	for (at = 0; at < header->len; at++) {
		unsigned char byte = header->bytes[at];

		if (byte == separator(counted) && scan->digits > 0) {
			header->used = at + 1;
			return (HEADER_DONE);
		}
		scan->error = byte >= '0' && byte <= '9' ?
		    add_digit(counted, scan, byte - (unsigned)'0') :
		    no_separator(counted);
		if (scan->error != NULL) {
			header->bad = scan->held + at;
			return (HEADER_MALFORMED);
		}
	}
	return (HEADER_MORE);
}

static int
decimal_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	const struct counted *counted = (const struct counted *)framing;
	char text[24], comma[] = ",";
	struct evbuffer_iovec head = { text, 0 }, tail = { comma, 1 };

	if (payload->len == 0 && !counted->comma) {
		errno = EINVAL;
		return (-1);
	}
	head.iov_len = (size_t)snprintf(text, sizeof(text), "%zu%c",
	    payload->len, separator(counted));
	return (payload_append(out, payload, &head,
	    counted->comma ? &tail : NULL));
}

static const struct framing_ops decimal_ops = {
	.scan = counted_scan,
	.find = counted_find,
	.encode = decimal_encode,
	.free = framing_free,
	.declares = true,
};

static struct evchat_framing *
decimal_new(unsigned flags, bool comma)
{
	struct counted *counted;

	if (!framing_knows(flags, 0) ||
	    (counted = framing_new(sizeof(*counted), &decimal_ops)) == NULL)
		return (NULL);
	counted->header = decimal_header;
	counted->strips_all = true;
	counted->comma = comma;
	return (&counted->framing);
}

struct evchat_framing *
evchat_framing_netstring(unsigned flags)
{
	return (decimal_new(flags, true));
}

struct evchat_framing *
evchat_framing_octet_count(unsigned flags)
{
	return (decimal_new(flags, false));
}
