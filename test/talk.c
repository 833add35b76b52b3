/*
 * A channel and a bare peer; see talk.h.
 */

#include "harness.h"
#include "talk.h"

struct talk
talk_new(int i, unsigned options)
{
	bool server = i % 2 == 0;
	struct talk t;

	t.s = secure_new_with(i / 2, server ? SECURE_SERVER : SECURE_CLIENT,
	    options);
	t.chat = server ? &t.s->server : &t.s->client;
	t.bare = bare_new(server ? &t.s->client : &t.s->server, NULL);
	return t;
}

struct talk
talk_start(int i, unsigned options, unsigned tls)
{
	struct talk t = talk_new(i, options);

	t.chat->tls = tls;
	secure_starttls(t.chat);
	bare_run(t.bare);
	secure_expect(t.chat, "connected");
	return t;
}

void
talk_free(struct talk *t)
{
	bare_free(t->bare);
	secure_free(t->s);
}

void
talk_finish(struct talk *t, const char *transcript)
{
	bare_run_until_closed(t->bare);
	secure_expect(t->chat, transcript);
	talk_free(t);
}
