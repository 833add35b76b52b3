/*
 * The framings of the matrix, and what each makes of bytes: written anew, from
 * their descriptions, as slowly and plainly as can be. Each looks at a frame
 * from its first byte on, whatever of it was delivered already.
 *
 * That of a length is for text: '3' stands for three bytes.
 */

#include <string.h>
#include "matrix.h"

/* Some more bytes are known to be ... */
static void
put(struct matrix_frame *frame, char what, size_t n)
{
	memset(frame->is + frame->known, what, n);
	frame->known += n;
}

static void
end(struct matrix_frame *frame, size_t skipped)
{
	put(frame, FRAME_SKIPPED, skipped);
	frame->ended = true;
}

/* Lines */

static struct evchat_framing *
any_new(void)
{
	return evchat_framing_line(EVBUFFER_EOL_ANY, 0);
}

static void
any_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	(void)eof;
	put(frame, FRAME_DATA, strcspn(bytes, "\r\n"));
	if (bytes[frame->known] != '\0')
		end(frame, 1);
}

static struct evchat_framing *
crlf_new(void)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF, 0);
}

static void
crlf_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	for (;;) {
		const char *at = bytes + frame->known;

		if (strncmp(at, "\r\n", 2) == 0)
			end(frame, 2);
		else if (at[0] == '\n')
			end(frame, 1);
		else if (at[0] != '\0' && (at[0] != '\r' || at[1] != '\0' ||
		    eof)) {
			put(frame, FRAME_DATA, 1);
			continue;
		}
		return;
	}
}

/* A semicolon, or rather two and a d */

static struct evchat_framing *
longest_new(void)
{
	static const struct evbuffer_iovec set[] = {
		{ (void *)(uintptr_t)";", 1 }, { (void *)(uintptr_t)";;d", 3 }
	};

	return evchat_framing_delimiters(set, 2,
	    EVCHAT_FRAMING_MATCH_LONGEST);
}

static void
longest_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	const char *at = bytes + strcspn(bytes, ";");

	put(frame, FRAME_DATA, (size_t)(at - bytes));
	if (strncmp(at, ";;d", 3) == 0)
		end(frame, 3);
	else if (*at != '\0' && (eof || (strcmp(at, ";") != 0 &&
	    strcmp(at, ";;") != 0)))
		end(frame, 1);
}

/* Lengths */

static void
declare(struct matrix_frame *frame, size_t header, uint64_t length,
    size_t len)
{
	put(frame, FRAME_SKIPPED, header);
	frame->declares = true;
	frame->length = length;
	len -= header;
	put(frame, FRAME_DATA, len < length ? len : (size_t)length);
}

static struct evchat_framing *
length_new(void)
{
	return evchat_framing_length(&(struct evchat_length_field){
	    .width = 1, .strip = 1, .adjustment = -'0' });
}

static void
length_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	size_t len = strlen(bytes);

	(void)eof;
	if (len == 0)
		return;
	frame->bad = bytes[0] < '0';
	if (frame->bad)
		return;
	declare(frame, 1, (uint64_t)(bytes[0] - '0'), len);
	if (frame->known == 1 + frame->length)
		end(frame, 0);
}

static struct evchat_framing *
netstring_new(void)
{
	return evchat_framing_netstring(0);
}

static void
netstring_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	size_t digits = strspn(bytes, "0123456789");
	uint64_t length = 0;
	size_t i;

	(void)eof;
	frame->bad = (bytes[0] == '0' && digits > 1) ||
	    (bytes[digits] != '\0' && (bytes[digits] != ':' || digits == 0));
	if (frame->bad || bytes[digits] == '\0')
		return;
	for (i = 0; i < digits; i++)
		length = 10 * length + (uint64_t)(bytes[i] - '0');
	declare(frame, digits + 1, length, strlen(bytes));
	if (frame->known < digits + 1 + length ||
	    bytes[frame->known] == '\0')
		return;
	if (bytes[frame->known] == ',')
		end(frame, 1);
	else
		frame->bad = true;
}

/* Blocks of lines */

static struct evchat_framing *
dot_new(void)
{
	return evchat_framing_dot(0);
}

/* Up to the end of the line. @return whether that is there */
static bool
parse_line(struct matrix_frame *frame, const char *bytes, bool eof)
{
	const char *at;

	for (at = bytes + frame->known; strncmp(at, "\r\n", 2) != 0; at++) {
		if (at[0] == '\0' || (at[0] == '\r' && at[1] == '\0' &&
		    !eof))
			return false;
		put(frame, FRAME_DATA, 1);
	}
	return true;
}

static void
dot_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	for (;;) {
		if (strncmp(bytes + frame->known, ".\r\n", 3) == 0) {
			end(frame, 3);
			return;
		}
		if (bytes[frame->known] == '.')
			put(frame, FRAME_SKIPPED, 1);
		if (!parse_line(frame, bytes, eof))
			return;
		put(frame, FRAME_DATA, 2);
	}
}

/* Chunks, and trailers */

static struct evchat_framing *
chunked_new(void)
{
	return evchat_framing_chunked(0);
}

/* A text that has to be there; if all of it is, go on. */
static bool
expect(struct matrix_frame *frame, const char *bytes, const char *text)
{
	for (; *text != '\0'; text++) {
		char next = bytes[frame->known];

		frame->bad = next != '\0' && next != *text;
		if (next != *text)
			return false;
		put(frame, FRAME_SKIPPED, 1);
	}
	return true;
}

/* The line with a size: is all of it there? */
static bool
parse_size(struct matrix_frame *frame, const char *bytes, size_t *size)
{
	static const char hex[] = "0123456789abcdef";
	const char *at = bytes + frame->known;
	size_t digits = strspn(at, hex);

	*size = 0;
	frame->bad = at[0] != '\0' && digits == 0;
	if (frame->bad)
		return false;
	for (; digits > 0; digits--, at++) {
		*size = 16 * *size + (size_t)(strchr(hex, *at) - hex);
		put(frame, FRAME_SKIPPED, 1);
	}
	if (*at == ';')
		put(frame, FRAME_SKIPPED, strcspn(at, "\r\n"));
	return expect(frame, bytes, "\r\n");
}

static void
parse_trailers(struct matrix_frame *frame, const char *bytes)
{
	size_t len;

	do {
		len = strcspn(bytes + frame->known, "\r\n");
		put(frame, FRAME_SKIPPED, len);
		if (!expect(frame, bytes, "\r\n"))
			return;
	} while (len > 0);
	end(frame, 0);
}

static void
chunked_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	size_t size, left;

	(void)eof;
	while (parse_size(frame, bytes, &size)) {
		if (size == 0) {
			parse_trailers(frame, bytes);
			return;
		}
		left = strlen(bytes + frame->known);
		put(frame, FRAME_DATA, size < left ? size : left);
		if (size > left || !expect(frame, bytes, "\r\n"))
			return;
	}
}

/* One of the application's own: all of a frame again, until its end is there */

static enum evchat_split_result
split(const void *data, size_t len, struct evchat_split *found, void *state,
    void *arg)
{
	const char *mark = memchr(data, '!', len);

	(void)state;
	(void)arg;
	found->again = len;
	if (mark == NULL)
		return EVCHAT_SPLIT_MORE;
	found->again = 0;
	found->data = (size_t)(mark - (const char *)data);
	found->tail = 1;
	return EVCHAT_SPLIT_FRAME;
}

static struct evchat_framing *
custom_new(void)
{
	static const struct evchat_framing_ops ops = { .split = split };

	return evchat_framing_custom(&ops, NULL);
}

static void
custom_parse(struct matrix_frame *frame, const char *bytes, bool eof)
{
	const char *mark = strchr(bytes, '!');

	(void)eof;
	if (mark == NULL)
		return;
	put(frame, FRAME_DATA, (size_t)(mark - bytes));
	end(frame, 1);
}

const struct matrix_framing matrix_any = { .framing_new = any_new,
    .parse = any_parse, .frame = "out\n", .may_be_last = true,
    .skips_ends = true };
const struct matrix_framing matrix_crlf = { .framing_new = crlf_new,
    .parse = crlf_parse, .frame = "out\r\n", .may_be_last = true };
const struct matrix_framing matrix_longest = { .framing_new = longest_new,
    .parse = longest_parse, .frame = "out;;d", .may_be_last = true };
const struct matrix_framing matrix_length = { .framing_new = length_new,
    .parse = length_parse, .frame = "3out", .keeps_place = true };
const struct matrix_framing matrix_netstring = {
    .framing_new = netstring_new, .parse = netstring_parse,
    .frame = "3:out,", .keeps_place = true };
const struct matrix_framing matrix_dot = { .framing_new = dot_new,
    .parse = dot_parse, .keeps_place = true, .transforms = true };
const struct matrix_framing matrix_chunked = { .framing_new = chunked_new,
    .parse = chunked_parse, .frame = "3\r\nout\r\n0\r\n\r\n",
    .keeps_place = true, .transforms = true };
const struct matrix_framing matrix_custom = { .framing_new = custom_new,
    .parse = custom_parse };
