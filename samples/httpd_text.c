/*
 * What HTTP writes in its own ways: dates, ranges, paths, types. There is no
 * channel in here, and what is read comes from anybody.
 */
#include <string.h>
#include <event2/util.h>
#include "httpd.h"

void
httpd_date(char date[HTTPD_DATE_SIZE], time_t when)
{
	struct tm tm;

	date[0] = '\0';
	if (gmtime_r(&when, &tm) != NULL)
		strftime(date, HTTPD_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT",
		    &tm);
}

/* Take digits off the front; what is too large stays the largest there is. */
static int
take_number(struct http_slice *rest, int64_t *number)
{
	const char *begin = rest->data;
	int digit;

	*number = 0;
	for (; rest->len > 0 && rest->data[0] >= '0' && rest->data[0] <= '9';
	    rest->data++, rest->len--) {
		digit = rest->data[0] - '0';
		*number = *number > (INT64_MAX - digit) / 10 ? INT64_MAX :
		    *number * 10 + digit;
	}
	return rest->data > begin;
}

/*
 * What is not understood, several ranges among it, asks for the whole: so it
 * is allowed. "-9" are the last 9 bytes, "9-" all from the tenth on.
 */
enum httpd_range
httpd_range(struct http_slice value, int64_t size, int64_t *offset,
    int64_t *len)
{
	static const char unit[] = "bytes=";
	const size_t unit_len = sizeof(unit) - 1;
	int64_t first, last;
	int has_first, has_last;

	if (value.len <= unit_len ||
	    evutil_ascii_strncasecmp(value.data, unit, unit_len) != 0)
		return HTTPD_RANGE_NONE;
	value.data += unit_len;
	value.len -= unit_len;
	has_first = take_number(&value, &first);
	if (value.len == 0 || value.data[0] != '-')
		return HTTPD_RANGE_NONE;
	value.data++;
	value.len--;
	has_last = take_number(&value, &last);
	if (value.len > 0 || (!has_first && !has_last) ||
	    (has_first && has_last && last < first))
		return HTTPD_RANGE_NONE;
	if (!has_first) {
		first = last < size ? size - last : 0;
		last = last == 0 ? -1 : size - 1;
	} else if (!has_last || last >= size)
		last = size - 1;
	*offset = first;
	*len = last - first + 1;
	return *len > 0 ? HTTPD_RANGE_PART : HTTPD_RANGE_BAD;
}

static int
digit_of(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)((at - digits) % 16);
}

/* A NUL would end the string, and "%2F" is no part of a file's name. */
int
httpd_path(char path[HTTPD_TARGET_MAX + 1], struct http_slice slice)
{
	const char *at = slice.data, *end = at + slice.len;
	int high, low;
	char c;

	if (slice.len > HTTPD_TARGET_MAX)
		return -1;
	while (at < end) {
		if ((c = *at++) == '%') {
			if (end - at < 2 || (high = digit_of(at[0])) == -1 ||
			    (low = digit_of(at[1])) == -1)
				return -1;
			at += 2;
			c = (char)(high * 16 + low);
			if (c == '\0' || c == '/')
				return -1;
		}
		*path++ = c;
	}
	*path = '\0';
	return 0;
}

const char *
httpd_type(const char *name)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ "c", "text/plain" }, { "css", "text/css" },
		{ "gif", "image/gif" }, { "gz", "application/gzip" },
		{ "h", "text/plain" }, { "html", "text/html; charset=utf-8" },
		{ "jpg", "image/jpeg" }, { "js", "text/javascript" },
		{ "json", "application/json" }, { "md", "text/plain" },
		{ "pdf", "application/pdf" }, { "png", "image/png" },
		{ "svg", "image/svg+xml" },
		{ "txt", "text/plain; charset=utf-8" },
	};
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot + 1, types[i].suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

int
httpd_type_is_text(const char *type)
{
	return strncmp(type, "text/", 5) == 0 ||
	    strcmp(type, "application/json") == 0 ||
	    strcmp(type, "image/svg+xml") == 0;
}
