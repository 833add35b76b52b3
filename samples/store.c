/*
 * The table: see store.h. Each item is in the list of its slot and in one
 * list of all, from the one that was used last to the one that was used first.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <event2/util.h>
#include "store.h"

#define SLOTS	1024		/* at first; always a power of two */

struct store {
	struct item **slots;
	size_t slot_count;
	size_t count;
	size_t size, max;	/* of all items */
	uint64_t version;
	uint64_t secret[2];
	struct item *newest, *oldest;	/* by when they were used */
};

/* SipHash-1-3 of Aumasson and Bernstein */

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static uint64_t
hash(const uint64_t secret[2], const void *key, size_t len)
{
	const unsigned char *at = key, *end = at + len;
	uint64_t last = (uint64_t)len << 56, word;
	uint64_t v[4] = {
		secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d,
		secret[0] ^ 0x6c7967656e657261, secret[1] ^ 0x7465646279746573,
	};
	int i;

	for (; end - at >= 8; at += 8) {
		memcpy(&word, at, 8);
		v[3] ^= word;
		mix(v);
		v[0] ^= word;
	}
	for (i = 0; at < end; at++, i += 8)
		last |= (uint64_t)*at << i;
	v[3] ^= last;
	mix(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Items */

static size_t
size_of(const struct item *item)
{
	return sizeof(*item) + item->key_len + item->len + 2;
}

char *
item_value(struct item *item)
{
	return item->bytes + item->key_len;
}

void
item_hold(struct item *item)
{
	item->refs++;
}

void
item_drop(struct item *item)
{
	if (--item->refs == 0)
		free(item);
}

static struct item *
item_new(const void *key, size_t key_len, size_t len)
{
	struct item *item = malloc(sizeof(*item) + key_len + len + 2);

	if (item == NULL)
		return NULL;
	memset(item, 0, sizeof(*item));
	item->refs = 1;
	item->key_len = key_len;
	item->len = len;
	memcpy(item->bytes, key, key_len);
	memcpy(item->bytes + key_len + len, "\r\n", 2);
	return item;
}

static void
unlist(struct store *store, struct item *item)
{
	*(item->newer != NULL ? &item->newer->older : &store->newest) =
	    item->older;
	*(item->older != NULL ? &item->older->newer : &store->oldest) =
	    item->newer;
}

static void
list_as_newest(struct store *store, struct item *item)
{
	item->newer = NULL;
	item->older = store->newest;
	*(item->older != NULL ? &item->older->newer : &store->oldest) = item;
	store->newest = item;
}

/* Slots */

static struct item **
slot_of(const struct store *store, uint64_t hashed)
{
	return &store->slots[hashed & (store->slot_count - 1)];
}

/* Without memory for it, the lists only get longer. */
static void
grow(struct store *store)
{
	size_t i, n = store->slot_count;
	struct item **old = store->slots, *item, **slot;
	struct item **slots = calloc(n * 2, sizeof(*slots));

	if (slots == NULL)
		return;
	store->slots = slots;
	store->slot_count = n * 2;
	for (i = 0; i < n; i++) {
		while ((item = old[i]) != NULL) {
			old[i] = item->next;
			slot = slot_of(store, item->hash);
			item->next = *slot;
			*slot = item;
		}
	}
	free(old);
}

static struct item *
look_up(const struct store *store, uint64_t hashed, const void *key, size_t len)
{
	struct item *item = *slot_of(store, hashed);

	while (item != NULL && (item->hash != hashed ||
	    item->key_len != len || memcmp(item->bytes, key, len) != 0))
		item = item->next;
	return item;
}

/* The table */

struct store *
store_new(size_t max)
{
	struct store *store;

	if (evutil_secure_rng_init() == -1 ||
	    (store = calloc(1, sizeof(*store))) == NULL)
		return NULL;
	store->slots = calloc(SLOTS, sizeof(*store->slots));
	store->slot_count = SLOTS;
	store->max = max;
	evutil_secure_rng_get_bytes(store->secret, sizeof(store->secret));
	if (store->slots == NULL) {
		free(store);
		return NULL;
	}
	return store;
}

void
store_free(struct store *store)
{
	if (store == NULL)
		return;
	store_clear(store);
	free(store->slots);
	free(store);
}

int64_t
store_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct item *
store_find(struct store *store, const void *key, size_t key_len)
{
	struct item *item = look_up(store, hash(store->secret, key, key_len),
	    key, key_len);

	if (item == NULL)
		return NULL;
	if (item->ends != 0 && item->ends <= store_now()) {
		store_remove(store, item);
		return NULL;
	}
	unlist(store, item);
	list_as_newest(store, item);
	return item;
}

void
store_remove(struct store *store, struct item *item)
{
	struct item **at = slot_of(store, item->hash);

	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	unlist(store, item);
	store->count--;
	store->size -= size_of(item);
	item_drop(item);
}

void
store_clear(struct store *store)
{
	while (store->count > 0)
		store_remove(store, store->oldest);
}

/* The key may lie in what is going to be replaced. */
struct item *
store_put(struct store *store, const void *key, size_t key_len, size_t len)
{
	struct item *item, *old, **slot;

	errno = EMSGSIZE;
	if (len > store->max ||
	    sizeof(*item) + key_len + len + 2 > store->max / 2)
		return NULL;
	if ((item = item_new(key, key_len, len)) == NULL)
		return NULL;
	item->hash = hash(store->secret, key, key_len);
	item->version = ++store->version;
	old = look_up(store, item->hash, key, key_len);
	if (old != NULL)
		store_remove(store, old);
	while (store->size + size_of(item) > store->max)
		store_remove(store, store->oldest);
	if (store->count >= store->slot_count)
		grow(store);
	slot = slot_of(store, item->hash);
	item->next = *slot;
	*slot = item;
	list_as_newest(store, item);
	store->count++;
	store->size += size_of(item);
	return item;
}

size_t
store_count(const struct store *store)
{
	return store->count;
}

size_t
store_size(const struct store *store)
{
	return store->size;
}
