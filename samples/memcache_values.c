/*
 * Values, out of the store and into it; see memcache_values.h. They go out as
 * they lie there: CR LF is behind each, and long ones are not copied.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <evchat.h>
#include "memcache_values.h"
#include "store.h"

#define UNCOPIED	(16 * 1024)	/* longer values are sent from where they are */
#define ANSWER_MAX	(16 * 1024 * 1024)	/* to one line */

/* Reading. */

static void
on_value_sent(const void *data, size_t len, void *item)
{
	(void)data;
	(void)len;
	item_drop(item);
}

static int
push_item(struct client *client, struct item *item, int with_version)
{
	char head[KEY_MAX + 80], *end = text_put(head, "VALUE ", 6);
	struct evchat *chat = client->chat;

	end = text_put(end, item->bytes, item->key_len);
	end = text_put_number(end, item->flags);
	end = text_put_number(end, item->len);
	if (with_version)
		end = text_put_number(end, item->version);
	end = text_put(end, "\r\n", 2);
	if (evchat_push(chat, head, (size_t)(end - head)) == -1)
		return -1;
	if (item->len < UNCOPIED)
		return evchat_push(chat, item_value(item), item->len + 2);
	item_hold(item);
	return evchat_push_reference(chat, item_value(item), item->len + 2,
	    on_value_sent, item);
}

int
say(struct client *client, const char *text)
{
	if (client->is_quiet)
		return 0;
	return evchat_push(client->chat, text, strlen(text));
}

int
value_get(struct client *client, struct word *keys, int with_version)
{
	struct item *item;
	struct word key;

	if (!word_next(keys, &key))
		return say(client, "ERROR\r\n");
	do {
		/* One line can name a value very often. */
		if (evchat_get_output_length(client->chat) > ANSWER_MAX) {
			evchat_reset(client->chat);
			return 0;
		}
		client->memcache->gets++;
		item = store_find(client->store, key.data, key.len);
		if (item == NULL)
			continue;
		client->memcache->hits++;
		if (push_item(client, item, with_version) == -1)
			return -1;
	} while (word_next(keys, &key));
	return say(client, "END\r\n");
}

/* Writing */

struct item *
value_find(struct client *client)
{
	return store_find(client->store, client->key, client->key_len);
}

const char *
value_put(struct client *client, struct word first, struct word second)
{
	struct item *item = store_put(client->store, client->key,
	    client->key_len, first.len + second.len);

	if (item == NULL)
		return NO_MEMORY;
	text_put(text_put(item_value(item), first.data, first.len),
	    second.data, second.len);
	item->flags = client->flags;
	item->ends = client->ends;
	return "STORED\r\n";
}

const char *
value_set(struct client *client, const char *data, size_t len)
{
	const struct word value = { data, len }, nothing = { "", 0 };

	return value_put(client, value, nothing);
}

const char *
value_add(struct client *client, const char *data, size_t len)
{
	return value_find(client) != NULL ? "NOT_STORED\r\n" :
	    value_set(client, data, len);
}

const char *
value_replace(struct client *client, const char *data, size_t len)
{
	return value_find(client) == NULL ? "NOT_STORED\r\n" :
	    value_set(client, data, len);
}

const char *
value_cas(struct client *client, const char *data, size_t len)
{
	struct item *item = value_find(client);

	if (item == NULL)
		return "NOT_FOUND\r\n";
	return item->version != client->version ? "EXISTS\r\n" :
	    value_set(client, data, len);
}

/* The old value is held while the new one takes its place. */
static const char *
join(struct client *client, struct word value, int in_front)
{
	struct item *item = value_find(client);
	struct word old;
	const char *answer;

	if (item == NULL)
		return "NOT_STORED\r\n";
	if (item->len + value.len > VALUE_MAX)
		return TOO_LARGE;
	old.data = item_value(item);
	old.len = item->len;
	client->flags = item->flags;
	client->ends = item->ends;
	item_hold(item);
	answer = in_front ? value_put(client, value, old) : value_put(client, old, value);
	item_drop(item);
	return answer;
}

const char *
value_append(struct client *client, const char *data, size_t len)
{
	return join(client, (struct word){ data, len }, 0);
}

const char *
value_prepend(struct client *client, const char *data, size_t len)
{
	return join(client, (struct word){ data, len }, 1);
}
