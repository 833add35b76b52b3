/*
 * The encoding law: payloads are pushed as frames, in each of the ways there
 * are. Those that are not refused must be decoded to themselves, with the
 * others around them; and all ways must agree on which are refused.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz_framing.h"

void
fuzz_pair_open(struct fuzz_pair *pair, const struct evchat_hooks *hooks,
    void *arg, unsigned options)
{
	struct bufferevent *bev[2];

	fuzz_must(bufferevent_pair_new(fuzz_base(), 0, bev) == 0, "a pair");
	pair->chat = evchat_new(bev[0], hooks, arg, options);
	fuzz_must(pair->chat != NULL, "evchat_new");
	pair->peer = bev[1];
	(void)bufferevent_enable(pair->peer, EV_READ | EV_WRITE);
}

void
fuzz_pair_settle(void)
{
	do {
		fuzz_must(event_base_loop(fuzz_base(), EVLOOP_NONBLOCK) >= 0,
		    "event_base_loop");
	} while (event_base_get_num_events(fuzz_base(),
	    EVENT_BASE_COUNT_ACTIVE) > 0);
}

/* A channel that only sends */

struct sender {
	struct fuzz_pair pair;
	bool closed;
	enum evchat_reason why;
	int error;
};

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct sender *sender = arg;

	sender->closed = true;
	sender->why = why;
	sender->error = evchat_get_errno(chat);
}

static void
sender_open(struct sender *sender, const struct fuzz_case *c)
{
	static const struct evchat_hooks hooks = { .closed = on_closed };

	memset(sender, 0, sizeof(*sender));
	fuzz_pair_open(&sender->pair, &hooks, sender, 0);
	fuzz_must(evchat_set_output_framing(sender->pair.chat, c->framing) == 0,
	    "evchat_set_output_framing");
}

/* Send all, and take what the peer got. */
static void
sender_end(struct sender *sender, struct evbuffer *out)
{
	evchat_close_when_done(sender->pair.chat);
	fuzz_pair_settle();
	(void)evbuffer_add_buffer(out,
	    bufferevent_get_input(sender->pair.peer));
	bufferevent_free(sender->pair.peer);
	fuzz_pair_settle();
	fuzz_must(sender->closed, "a channel that does not end");
}

/* The bytes of a sender's, decoded, are the payloads that were not refused. */
static void
check_decoded(const struct fuzz_case *c, const struct fuzz_payloads *payloads,
    struct evbuffer *out)
{
	struct fuzz_cutting cuts = { .name = "encoded" };
	struct fuzz_case encoded = { .framing = c->framing, .eof = true };
	struct fuzz_decoding d = { .c = &encoded, .cuts = &cuts,
	    .whole = true };
	size_t i, n = 0;

	encoded.len = evbuffer_get_length(out);
	encoded.stream = evbuffer_pullup(out, -1);
	memcpy(cuts.piece, c->piece, sizeof(cuts.piece));
	fuzz_decode(&d);
	for (i = 0; i < payloads->n; i++) {
		const struct fuzz_payload *payload = &payloads->payload[i];

		if (payload->refused)
			continue;
		fuzz_must(n < d.got.n && d.got.payload[n].len == payload->len &&
		    memcmp(d.got.payload[n].data, payload->data,
		    payload->len) == 0, "a frame that is not its payload");
		n++;
	}
	fuzz_must(n == d.ended, "frames that nobody pushed");
	fuzz_must(d.why == EVCHAT_REASON_EOF, "no end between two frames");
	fuzz_decoding_free(&d);
}

/* In one piece, and in several */

static int
push_pieces(struct evchat *chat, const struct fuzz_case *c,
    const struct fuzz_payload *payload)
{
	size_t first = c->piece[0] & 0x1f, second = c->piece[1] & 0x1f;
	struct evbuffer_iovec vec[4] = { { .iov_base = NULL } };

	first = first < payload->len ? first : payload->len;
	if (second > payload->len - first)
		second = payload->len - first;
	vec[0] = (struct evbuffer_iovec){ payload->data, first };
	vec[2] = (struct evbuffer_iovec){ payload->data + first, second };
	vec[3] = (struct evbuffer_iovec){ payload->data + first + second,
	    payload->len - first - second };
	return (evchat_push_framev(chat, vec, 4));
}

static void
push(struct evchat *chat, const struct fuzz_case *c,
    struct fuzz_payload *payload)
{
	size_t before = evchat_get_output_length(chat), after;
	int done, error;

	errno = 0;
	done = evchat_push_frame(chat, payload->data, payload->len);
	error = errno;
	payload->refused = done == -1;
	after = evchat_get_output_length(chat);
	if (payload->refused)
		fuzz_must((error == EINVAL || error == EMSGSIZE) &&
		    after == before, "a push that fails and does something");
	fuzz_must(!payload->refused || !payload->delivered || !c->carries,
	    "a frame that was delivered is refused");
	errno = 0;
	fuzz_must(push_pieces(chat, c, payload) == done &&
	    (done == 0 || errno == error), "pieces are another payload");
	fuzz_must(evchat_get_output_length(chat) - after == after - before,
	    "pieces are another frame");
}

/* Each payload was pushed twice. */
static void
encode_at_once(const struct fuzz_case *c, struct fuzz_payloads *payloads,
    struct evbuffer *out)
{
	struct fuzz_payloads twice = { .n = 0 };
	struct sender sender;
	size_t i;

	sender_open(&sender, c);
	for (i = 0; i < payloads->n; i++) {
		struct fuzz_payload *payload = &payloads->payload[i];

		push(sender.pair.chat, c, payload);
		twice.payload[twice.n++] = *payload;
		twice.payload[twice.n++] = *payload;
	}
	sender_end(&sender, out);
	fuzz_must(sender.why == EVCHAT_REASON_DONE, "a sender that fails");
	check_decoded(c, &twice, out);
}

/* From producers */

struct source {
	const struct fuzz_case *c;
	const struct fuzz_payload *payload;
	size_t at;
	size_t turn;
	bool done;
};

static enum evchat_more
source_more(void *self, struct evbuffer *out, size_t want)
{
	struct source *source = self;
	size_t n = source->c->piece[source->turn++ % 3] & 0x1f,
	    left = source->payload->len - source->at;

	(void)want;
	if (n == 0 || n > left)
		n = left;
	if (n > 0)
		fuzz_add_piece(out, source->payload->data + source->at, n);
	source->at += n;
	return (n == left ? EVCHAT_MORE_END : EVCHAT_MORE_DATA);
}

static void
source_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct source *source = self;

	(void)how;
	fuzz_must(!source->done && bytes <= source->payload->len,
	    "another end of a producer");
	source->done = true;
}

static int
push_source(struct sender *sender, struct source *source)
{
	static const struct evchat_producer_ops ops = {
		.more = source_more, .done = source_done
	};
	struct evchat_producer *producer = evchat_producer_new(&ops, source);

	fuzz_must(producer != NULL, "evchat_producer_new");
	errno = 0;
	return (evchat_push_frame_with_producer(sender->pair.chat, producer));
}

/* One after the other, all that must come through. */
static void
encode_in_pieces(const struct fuzz_case *c,
    const struct fuzz_payloads *payloads, struct evbuffer *out)
{
	struct source sources[FUZZ_PAYLOADS];
	struct sender sender;
	size_t i;

	sender_open(&sender, c);
	for (i = 0; i < payloads->n; i++) {
		sources[i] = (struct source){ .c = c,
		    .payload = &payloads->payload[i] };
		if (!payloads->payload[i].refused)
			fuzz_must(push_source(&sender, &sources[i]) == 0,
			    "a producer that is refused");
	}
	sender_end(&sender, out);
	fuzz_must(sender.why == EVCHAT_REASON_DONE,
	    "a producer cannot send what a push can");
	check_decoded(c, payloads, out);
	for (i = 0; i < payloads->n; i++)
		fuzz_must(sources[i].done != payloads->payload[i].refused,
		    "a producer was not told its end");
}

/* By itself, one that must not, or where none can be sent so. */
static void
encode_alone(const struct fuzz_case *c, const struct fuzz_payload *payload,
    struct evbuffer *out)
{
	struct source source = { .c = c, .payload = payload };
	struct sender sender;
	int done;

	sender_open(&sender, c);
	done = push_source(&sender, &source);
	fuzz_must(c->producers ? done == 0 : done == -1 && errno == EINVAL,
	    "a producer whose push does something else");
	sender_end(&sender, out);
	fuzz_must(source.done, "a producer was not told its end");
	if (c->producers)
		fuzz_must(sender.why == EVCHAT_REASON_PRODUCER &&
		    sender.error == EINVAL,
		    "a producer can send what a push cannot");
}

void
fuzz_encode(const struct fuzz_case *c, struct fuzz_payloads *payloads)
{
	struct evbuffer *out = evbuffer_new();
	size_t i;

	fuzz_must(out != NULL, "evbuffer_new");
	encode_at_once(c, payloads, out);
	(void)evbuffer_drain(out, evbuffer_get_length(out));
	if (c->producers)
		encode_in_pieces(c, payloads, out);
	for (i = 0; i < payloads->n; i++)
		if (payloads->payload[i].refused || !c->producers)
			encode_alone(c, &payloads->payload[i], out);
	evbuffer_free(out);
}
