/*
 * Every framing, as small as can be; see subject.h.
 */

#include <errno.h>
#include <stdint.h>
#include "subject.h"

/* One byte, which says how long the frame is. */
static enum evchat_split_result
short_split(const void *data, size_t len, struct evchat_split *found,
    void *self, void *arg)
{
	size_t *left = self; /* and one more */

	(void)arg;
	if (*left == 0 && len > 0) {
		found->head = 1;
		found->length = *(const unsigned char *)data;
		*left = found->length + 1;
		len--;
	}
	found->data = len + 1 < *left ? len : *left - 1;
	*left -= found->data;
	if (*left > 1)
		return EVCHAT_SPLIT_MORE;
	*left = 0;
	return EVCHAT_SPLIT_FRAME;
}

static int
short_encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	unsigned char len = 0;
	int i, done;

	(void)arg;
	for (i = 0; i < n; i++)
		len = (unsigned char)(len + payload[i].iov_len);
	done = evbuffer_add(out, &len, 1);
	for (i = 0; i < n && done == 0; i++)
		done = evbuffer_add(out, payload[i].iov_base,
		    payload[i].iov_len);
	if (done == -1)
		errno = ENOMEM;
	return done;
}

static struct evchat_framing *
custom(void)
{
	static const struct evchat_framing_ops ops = {
		.state_size = sizeof(size_t), .split = short_split,
		.encode = short_encode
	};

	return evchat_framing_custom(&ops, NULL);
}

static struct evchat_framing *
delimiter(void)
{
	return evchat_framing_delimiter("--", 2, 0);
}

static struct evchat_framing *
delimiters(void)
{
	static const struct evbuffer_iovec set[] = {
		{ (void *)(uintptr_t)"-;", 2 }, { (void *)(uintptr_t)"-", 1 }
	};

	return evchat_framing_delimiters(set, 2, EVCHAT_FRAMING_MATCH_LONGEST);
}

static struct evchat_framing *
line(void)
{
	return evchat_framing_line(EVBUFFER_EOL_CRLF,
	    EVCHAT_FRAMING_REJECT_BARE_CR);
}

static struct evchat_framing *
line_any(void)
{
	return evchat_framing_line(EVBUFFER_EOL_ANY, 0);
}

static struct evchat_framing *
fixed(void)
{
	return evchat_framing_fixed(3);
}

static struct evchat_framing *
length(void)
{
	return evchat_framing_length(&(struct evchat_length_field){
	    .width = 1, .strip = 1 });
}

static struct evchat_framing *
varint(void)
{
	return evchat_framing_varint(0);
}

static struct evchat_framing *
netstring(void)
{
	return evchat_framing_netstring(0);
}

static struct evchat_framing *
octet_count(void)
{
	return evchat_framing_octet_count(0);
}

static struct evchat_framing *
dot(void)
{
	return evchat_framing_dot(0);
}

static struct evchat_framing *
chunked(void)
{
	return evchat_framing_chunked(0);
}

const struct subject subjects[SUBJECTS] = {
	{ delimiter, "abc--def--", 0, "", true, false, "" },
	{ delimiters, "abc-;def-;", 0, "", true, false, "" },
	{ line, "abc\r\ndef\r\n", 0, "", true, false, "" },
	{ line_any, "abc\ndef\n", 0, "", true, false, "" },
	{ fixed, "abcdef", 0, "", false, false, "" },
	{ length, "\3abc\3def", 1, "\\x03", false, false, "" },
	{ varint, "\3abc\3def", 1, "\\x03", false, false, "" },
	{ netstring, "3:abc,3:def,", 2, "3:", false, false, "" },
	{ octet_count, "3 abc3 def", 2, "3 ", false, false, "" },
	{ dot, "abc\r\n.\r\ndef\r\n.\r\n", 0, "", true, true, "\r\n" },
	{ chunked, "3\r\nabc\r\n0\r\n\r\n3\r\ndef\r\n0\r\n\r\n", 3, "", true,
	    true, "" },
	{ custom, "\3abc\3def", 1, "\\x03", false, false, "" }
};
