/*
 * Commands of Redis clients as frames; see redis_framing.h.
 *
 * A command is an array of strings, "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n", or words
 * on a line. split() finds where it ends, in whatever pieces it comes: what a
 * header has announced it passes over, and a header that is not complete it
 * asks to see again. What is no command it refuses. So redis_parse() has all
 * of a command before it, and nothing but that.
 */
#include <string.h>
#include <evchat.h>
#include "redis_framing.h"

#define HEADER_MAX	16	/* a number and what is around it */

/*
 * Read a number with a mark in front and CR LF behind it. Returns how many
 * bytes that took; 0: there is more to come; -1: it is none, or above max.
 */
static int
read_header(const char *at, const char *end, char mark, size_t max,
    size_t *number)
{
	const char *start = at;
	size_t n = 0;

	if (at < end && *at++ != mark)
		return -1;
	for (; at < end && *at >= '0' && *at <= '9' && n <= max; at++)
		n = n * 10 + (size_t)(*at - '0');
	if (n > max || at - start > HEADER_MAX ||
	    (at < end && (*at != '\r' || at - start < 2)) ||
	    (end - at > 1 && at[1] != '\n'))
		return -1;
	if (end - at < 2)
		return 0;
	*number = n;
	return (int)(at + 2 - start);
}

/* Where in a command we are. All zeros: before it. */
struct place {
	enum { BEFORE, IN_ARRAY, IN_STRING, IN_LINE } where;
	size_t strings;		/* that are still to come */
	size_t bytes;		/* of the present one */
};

static enum evchat_split_result
end_at(size_t len, struct evchat_split *found, struct place *place)
{
	memset(place, 0, sizeof(*place));
	found->data = len;
	return EVCHAT_SPLIT_FRAME;
}

static enum evchat_split_result
split_line(const char *data, size_t len, struct evchat_split *found,
    struct place *place)
{
	const char *lf = memchr(data, '\n', len);

	if (lf != NULL)
		return end_at((size_t)(lf + 1 - data), found, place);
	place->where = IN_LINE;
	found->data = len;
	return EVCHAT_SPLIT_MORE;
}

/* What is between two strings: 0: there is more to come; -1: it is something else. */
static int
read_between(const char *at, const char *end, struct place *place)
{
	int taken;

	if (place->where == IN_STRING) {	/* its CR LF */
		if ((end - at > 0 && at[0] != '\r') ||
		    (end - at > 1 && at[1] != '\n'))
			return -1;
		taken = end - at < 2 ? 0 : 2;
	} else if (place->where == BEFORE)
		taken = read_header(at, end, '*', REDIS_ARGS_MAX,
		    &place->strings);
	else
		taken = read_header(at, end, '$', REDIS_STRING_MAX,
		    &place->bytes);
	if (taken > 0) {
		place->strings -= place->where == IN_ARRAY;
		place->where = place->where == IN_ARRAY ? IN_STRING : IN_ARRAY;
	}
	return taken;
}

/* Strings of known length are passed over; what is between is waited for. */
static enum evchat_split_result
split_array(const char *data, size_t len, struct evchat_split *found,
    struct place *place)
{
	const char *at = data, *end = data + len;
	size_t n;
	int taken;

	do {
		n = (size_t)(end - at);
		n = place->bytes < n ? place->bytes : n;
		at += n;
		place->bytes -= n;
		found->data = (size_t)(at - data);
		if (place->bytes > 0)
			return EVCHAT_SPLIT_MORE;
		if (place->where == IN_ARRAY && place->strings == 0)
			return end_at(found->data, found, place);
		taken = read_between(at, end, place);
		at += taken;
	} while (taken > 0);
	if (taken == -1) {
		found->bad = found->data;
		found->error = "no Redis command";
		return EVCHAT_SPLIT_MALFORMED;
	}
	found->again = (size_t)(end - at);
	return EVCHAT_SPLIT_MORE;
}

static enum evchat_split_result
split(const void *data, size_t len, struct evchat_split *found, void *state,
    void *arg)
{
	struct place *place = state;

	(void)arg;
	if (len == 0)
		return EVCHAT_SPLIT_MORE;	/* the input ends in a command */
	if (place->where == IN_LINE ||
	    (place->where == BEFORE && *(const char *)data != '*'))
		return split_line(data, len, found, place);
	return split_array(data, len, found, place);
}

struct evchat_framing *
redis_framing_new(void)
{
	static const struct evchat_framing_ops ops = {
		.state_size = sizeof(struct place),
		.split = split,
	};

	return evchat_framing_custom(&ops, NULL);
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Words stand between blanks; there are no quotes. */
static int
parse_line(const char *at, const char *end, struct slice *args)
{
	int n = 0;

	for (;;) {
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			return n;
		if (n == REDIS_ARGS_MAX)
			return -1;
		args[n].data = at;
		while (at < end && !is_blank(*at))
			at++;
		args[n].len = (size_t)(at - args[n].data);
		n++;
	}
}

int
redis_parse(const char *at, size_t len, struct slice *args)
{
	const char *end = at + len;
	size_t n = 0, i;

	if (*at != '*')
		return parse_line(at, end, args);
	at += read_header(at, end, '*', REDIS_ARGS_MAX, &n);
	for (i = 0; i < n; i++) {
		at += read_header(at, end, '$', REDIS_STRING_MAX, &args[i].len);
		args[i].data = at;
		at += args[i].len + 2;
	}
	return (int)n;
}
