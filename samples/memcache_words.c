/*
 * Words and numbers; see memcache_words.h.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>
#include "memcache_words.h"
#include "store.h"

#define MONTH	(60 * 60 * 24 * 30)	/* more seconds are a date */

int
word_next(struct word *rest, struct word *word)
{
	const char *at = rest->data, *end = at + rest->len;

	while (at < end && *at == ' ')
		at++;
	word->data = at;
	while (at < end && *at != ' ')
		at++;
	word->len = (size_t)(at - word->data);
	rest->data = at;
	rest->len = (size_t)(end - at);
	return word->len > 0;
}

int
word_is(const struct word *word, const char *text)
{
	return word->len == strlen(text) &&
	    memcmp(word->data, text, word->len) == 0;
}

int
word_number(const struct word *word, uint64_t max, uint64_t *number)
{
	uint64_t n = 0, digit;
	size_t i;

	for (i = 0; i < word->len; i++) {
		digit = (uint64_t)(unsigned char)word->data[i] - '0';
		if (digit > 9 || n > (max - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*number = n;
	return i > 0 ? 0 : -1;
}

/* Seconds from now or, above a month, since 1970; below 0: in the past. */
int
word_time(const struct word *word, int64_t *ends)
{
	struct word digits = *word;
	int is_negative = word->len > 0 && *word->data == '-';
	int64_t now = store_now(), seconds;
	uint64_t n;

	digits.data += is_negative;
	digits.len -= (size_t)is_negative;
	if (word_number(&digits, INT32_MAX, &n) == -1)
		return -1;
	seconds = (int64_t)n > MONTH ? (int64_t)n - time(NULL) : (int64_t)n;
	if (is_negative || (n > 0 && seconds <= 0))
		*ends = now;
	else
		*ends = n == 0 ? 0 : now + seconds * 1000;
	return 0;
}

char *
text_put(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

char *
text_put_number(char *to, uint64_t n)
{
	char text[24], *end = text + sizeof(text), *at = end;

	do
		*--at = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	*--at = ' ';
	return text_put(to, at, (size_t)(end - at));
}
