/*
 * Unread bytes in chains; see unit_unread.h.
 */

#include <string.h>
#include <check.h>
#include "unit_unread.h"

void
unit_unread_take(struct unread *unread, const char *chains)
{
	struct evbuffer *buffer = evbuffer_new();
	size_t len;

	for (; *chains != '\0'; chains += len + (chains[len] == ' ')) {
		len = strcspn(chains, " ");
		unit_add_chain(buffer, chains, len);
	}
	ck_assert(unread_wants(unread));
	ck_assert_int_eq(unread_take(unread, buffer), 0);
	ck_assert_uint_eq(evbuffer_get_length(buffer), 0);
	evbuffer_free(buffer);
}

void
unit_unread_begin(struct unread *unread, const char *chains)
{
	memset(unread, UNIT_JUNK, sizeof(*unread)); /* init owes nothing to it */
	unread_init(unread);
	if (*chains != '\0')
		unit_unread_take(unread, chains);
	/* The first chain comes into view when somebody asks for it. */
	ck_assert_int_eq(unread_advance(unread, 0), 0);
}

void
unit_unread_expect_at(const struct unread *unread, size_t at,
    const char *text)
{
	size_t len = 99;
	const unsigned char *bytes = unread_at(unread, at, &len);

	ck_assert_uint_eq(len, strlen(text));
	ck_assert((bytes == NULL) == (len == 0));
	if (len > 0)
		ck_assert_mem_eq(bytes, text, len);
}

void
unit_unread_expect(const struct unread *unread, const char *text)
{
	struct evbuffer *out = evbuffer_new();

	ck_assert_uint_eq(unread_len(unread), strlen(text));
	ck_assert_int_eq(evbuffer_add(out, "<", 1), 0);
	ck_assert_int_eq(unread_copy(unread, out), 0);
	ck_assert_uint_eq(evbuffer_get_length(out), 1 + strlen(text));
	ck_assert_mem_eq(evbuffer_pullup(out, -1) + 1, text, strlen(text));
	evbuffer_free(out);
}
