/*
 * A table of keys and values, both any bytes, for the samples that keep some
 * in memory: redis.c and memcache.c. It knows nothing of channels, and is for
 * one thread.
 *
 * It holds so many bytes and no more: those that nobody has asked for the
 * longest go when others need their room. Hashes are keyed with a secret, so
 * that nobody can send keys that all fall into one slot.
 */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>

struct item {
	struct item *next;	/* of the same slot */
	struct item *newer, *older;
	uint64_t hash;
	uint64_t version;	/* every one that was put has another */
	int64_t ends;		/* in time of store_now(); 0: never */
	uint32_t flags;		/* the application's */
	unsigned refs;
	size_t key_len, len;
	char bytes[];		/* the key, and the value with CR LF behind it */
};

struct store;

/* NULL: no memory, or no secret. */
struct store *store_new(size_t max);
void store_free(struct store *store);

/* Milliseconds since some time. */
int64_t store_now(void);

/* What is there under a key; borrowed until the next call. NULL: nothing. */
struct item *store_find(struct store *store, const void *key, size_t key_len);

/*
 * Put a value of len bytes under a key, in the place of what is there. The
 * caller writes it at once, to item_value(). NULL with errno ENOMEM, or
 * EMSGSIZE if there will never be room for it; then nothing has changed.
 */
struct item *store_put(struct store *store, const void *key, size_t key_len,
    size_t len);

void store_remove(struct store *store, struct item *item);
void store_clear(struct store *store);

size_t store_count(const struct store *store);
size_t store_size(const struct store *store);

/* Where the value is; CR LF is behind it. */
char *item_value(struct item *item);

/* Keep an item while it is used, whatever becomes of it in the table. */
void item_hold(struct item *item);
void item_drop(struct item *item);

#endif
