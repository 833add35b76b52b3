/*
 * Tools of the unit tests; see unit.h. None of it knows the library's insides.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include <evchat.h>
#include "unit.h"

#define SEED 1
#define CASES 200         /* what EVCHAT_TEST_CASES is if it is not set */

/* Transcript */

static void
append(struct unit_text *text, const char *more, size_t len)
{
	if (text->len + len + 1 > text->size) {
		text->size = 2 * (text->len + len + 1);
		text->text = realloc(text->text, text->size);
		if (text->text == NULL)
			ck_abort_msg("no memory");
	}
	memcpy(text->text + text->len, more, len);
	text->len += len;
	text->text[text->len] = '\0';
}

void
unit_note_append_bytes(struct unit_text *text, const void *data, size_t len)
{
	const unsigned char *at = data;
	char escaped[5];
	size_t i;

	for (i = 0; i < len; i++) {
		if (at[i] >= ' ' && at[i] <= '~' && at[i] != '|' &&
		    at[i] != '\\') {
			append(text, (const char *)at + i, 1);
			continue;
		}
		if (at[i] == '\r')
			strcpy(escaped, "\\r");
		else if (at[i] == '\n')
			strcpy(escaped, "\\n");
		else if (at[i] == '\0')
			strcpy(escaped, "\\0");
		else
			snprintf(escaped, sizeof(escaped), "\\x%02x", at[i]);
		append(text, escaped, strlen(escaped));
	}
}

static void
append_text(struct unit_text *text, const char *fmt, va_list ap)
{
	char more[200];

	vsnprintf(more, sizeof(more), fmt, ap);
	append(text, more, strlen(more));
}

void
unit_note_append(struct unit_text *text, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append_text(text, fmt, ap);
	va_end(ap);
}

static void
begin_token(struct unit_text *text)
{
	if (text->len > 0)
		append(text, "|", 1);
	text->collecting = false;
}

void
unit_note(struct unit_text *text, const char *fmt, ...)
{
	va_list ap;

	begin_token(text);
	va_start(ap, fmt);
	append_text(text, fmt, ap);
	va_end(ap);
}

void
unit_note_bytes(struct unit_text *text, const char *what, const void *data,
    size_t len)
{
	unit_note(text, "%s:", what);
	unit_note_append_bytes(text, data, len);
}

void
unit_note_collect(struct unit_text *text, const void *data, size_t len)
{
	if (text->collecting)
		unit_note_append_bytes(text, data, len);
	else
		unit_note_bytes(text, "collect", data, len);
	text->collecting = true;
}

const char *
unit_text(const struct unit_text *text)
{
	return text->text != NULL ? text->text : "";
}

void
unit_text_free(struct unit_text *text)
{
	free(text->text);
	memset(text, 0, sizeof(*text));
}

void
unit_expect(struct unit_text *text, const char *expected)
{
	if (strcmp(unit_text(text), expected) != 0)
		ck_abort_msg("\n  expected %s\n  got      %s", expected,
		    unit_text(text));
	unit_text_free(text);
}

/* Random numbers */

static unsigned long
setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? strtoul(value, NULL, 0) : otherwise;
}

/* xorshift64 */
size_t
unit_random(size_t limit)
{
	static uint64_t state;

	if (state == 0)
		state = (setting("EVCHAT_TEST_SEED", SEED) + 1) *
		    0x9e3779b97f4a7c15;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % limit);
}

size_t
unit_cases(size_t usual)
{
	size_t cases = usual * setting("EVCHAT_TEST_CASES", CASES) / CASES;

	return cases > 0 ? cases : 1;
}

void
unit_random_bytes(char *bytes, size_t len, const char *alphabet)
{
	size_t i, n = strlen(alphabet);

	for (i = 0; i < len; i++)
		bytes[i] = alphabet[unit_random(n)];
}

/* Delimiters */

size_t
unit_find(const char *bytes, size_t len, const char *delimiter, size_t n)
{
	size_t i;

	for (i = 0; i + n <= len; i++) {
		if (memcmp(bytes + i, delimiter, n) == 0)
			return i;
	}
	return UNIT_NOT_FOUND;
}

size_t
unit_held(const char *bytes, size_t len, const char *delimiter, size_t n)
{
	size_t k = len < n ? len : n - 1;

	while (k > 0 && memcmp(bytes + len - k, delimiter, k) != 0)
		k--;
	return k;
}

struct evchat_framing *
unit_delimiter(const char *bytes, size_t n)
{
	struct evchat_framing *framing = evchat_framing_delimiter(bytes, n, 0);

	if (framing == NULL)
		ck_abort_msg("no framing");
	return framing;
}

/* Chains */

static int chains;

static void
free_chain(const void *data, size_t len, void *block)
{
	(void)data;
	(void)len;
	free(block);
	chains--;
}

void
unit_add_chain(struct evbuffer *buffer, const void *bytes, size_t len)
{
	void *block = malloc(len);

	if (block == NULL || evbuffer_add_reference(buffer,
	    memcpy(block, bytes, len), len, free_chain, block) == -1)
		ck_abort_msg("no memory");
	chains++;
}

int
unit_chains(void)
{
	return chains;
}

/* Memory: each block has its size in front */

#define FRONT 16

static size_t bytes_now, bytes_most;

static void *
counting_realloc(void *old, size_t size)
{
	char *block = old != NULL ? (char *)old - FRONT : NULL;
	size_t old_size = 0;

	if (block != NULL)
		memcpy(&old_size, block, sizeof(old_size));
	/* While it is moved, both are there. */
	if (bytes_now + size > bytes_most)
		bytes_most = bytes_now + size;
	block = realloc(block, size + FRONT);
	if (block == NULL)
		return NULL;
	memcpy(block, &size, sizeof(size));
	bytes_now += size - old_size;
	return block + FRONT;
}

static void *
counting_malloc(size_t size)
{
	return counting_realloc(NULL, size);
}

static void
counting_free(void *old)
{
	size_t size;

	memcpy(&size, (char *)old - FRONT, sizeof(size));
	bytes_now -= size;
	free((char *)old - FRONT);
}

void
unit_count_bytes(void)
{
	evchat_set_mem_functions(counting_malloc, counting_realloc,
	    counting_free);
	bytes_now = bytes_most = 0;
}

size_t
unit_bytes_now(void)
{
	return bytes_now;
}

size_t
unit_bytes_most(void)
{
	size_t most = bytes_most;

	bytes_most = bytes_now;
	return most;
}

/* The stack */

static uintptr_t lowest, highest;

void
unit_look_at_stack(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	if (lowest == 0 || here < lowest)
		lowest = here;
	if (here > highest)
		highest = here;
}

size_t
unit_stack_depth(void)
{
	size_t depth = highest - lowest;

	lowest = highest = 0;
	return depth;
}
