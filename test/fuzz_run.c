/*
 * One run of an input: a channel on one end of a pair, and the peer on the
 * other one, which sends the stream in pieces and reads whatever comes.
 *
 * What is sent at once are chains of their own, each in memory of exactly its
 * size, so that reading beyond a piece is seen. Operations from the loop are
 * done when everything before them has come to rest, which a run that never
 * does makes known by a timeout of the fuzzer's.
 */

#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define ROUNDS_MAX 10000

/* The loop has room for timers, which would else look like a leak. */
static struct event_base *
base_new(void)
{
	static const struct timeval day = { .tv_sec = 86400 };
	struct event *timers[8];
	struct event_base *base = event_base_new();
	size_t i, n = sizeof(timers) / sizeof(timers[0]);

	fuzz_must(base != NULL, "event_base_new");
	for (i = 0; i < n; i++) {
		timers[i] = evtimer_new(base, NULL, NULL);
		fuzz_must(timers[i] != NULL &&
		    event_add(timers[i], &day) == 0, "event_add");
	}
	for (i = 0; i < n; i++)
		event_free(timers[i]);
	return (base);
}

struct event_base *
fuzz_base(void)
{
	static struct event_base *base;

	if (base == NULL) {
		fuzz_memory_init();
		base = base_new();
	}
	return (base);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct fuzz_run *f = arg;

	(void)fd;
	(void)what;
	fuzz_things_resume(f);
	if (f->resume_later)
		fuzz_resume(f);
}

/* A count that has come, or a terminator that has not, would wait for ever. */
static void
check_rest(const struct fuzz_run *f)
{
	if (f->in->wild || f->chat == NULL || f->paused || f->closing ||
	    f->now.kind == FUZZ_KIND_UNSURE)
		return;
	fuzz_must((evchat_get_framing(f->chat) != NULL) ==
	    (f->now.kind == FUZZ_KIND_FRAMING), "another terminator in force");
	fuzz_must((evchat_get_terminator_remaining(f->chat) > 0) ==
	    (f->now.kind == FUZZ_KIND_COUNT), "a count that does not come");
}

/* Run the loop until nothing is left to be done. */
static void
settle(struct fuzz_run *f)
{
	int rounds = 0;

	do {
		fuzz_must(event_base_loop(f->base, EVLOOP_NONBLOCK) >= 0,
		    "event_base_loop");
		fuzz_must(++rounds < ROUNDS_MAX, "it never comes to rest");
		fuzz_things_resume(f);
		if (f->resume_idle)
			fuzz_resume(f);
	} while (event_base_get_num_events(f->base, EVENT_BASE_COUNT_ACTIVE) >
	    0);
	check_rest(f);
}

/* The channel */

static void
start(struct fuzz_run *f, struct bufferevent *bev)
{
	const struct fuzz_input *in = f->in;

	f->chat = evchat_new(bev, fuzz_hooks(in->hooks), f, in->options);
	fuzz_must(f->chat != NULL, "evchat_new");
	f->depth++;
	if (in->in != 0 || in->out != 0)
		(void)evchat_set_buffer_sizes(f->chat, in->in > 0 ? in->in :
		    65536, in->out > 0 ? in->out : 65536);
	if (in->max.a > 0)
		fuzz_set_max(f, &(struct fuzz_op){
		    .a = (uint8_t)(in->max.a - 1), .b = in->max.b });
	fuzz_set_terminator(f, &in->first);
	f->depth--;
}

/* Unread bytes are there, and with the rest of the stream they are all. */
static void
note_left(struct fuzz_run *f)
{
	struct evbuffer *input = bufferevent_get_input(f->detached);
	size_t len = evbuffer_get_length(input);

	fuzz_note(&f->text, "left");
	f->text.collecting = false;
	if (f->left_len > 0)
		fuzz_note_collect(&f->text, f->left, f->left_len);
	if (len > 0)
		fuzz_note_collect(&f->text, evbuffer_pullup(input, -1), len);
}

/* The peer */

static void
on_peer_event(struct bufferevent *bev, short what, void *arg)
{
	struct fuzz_run *f = arg;

	(void)bev;
	fuzz_must(what == (BEV_EVENT_READING | BEV_EVENT_EOF) ||
	    what == (BEV_EVENT_WRITING | BEV_EVENT_EOF),
	    "the peer is told of an error");
	f->peer_eofs++;
}

static void
free_piece(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	free(arg);
}

void
fuzz_add_piece(struct evbuffer *to, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len);

	fuzz_must(copy != NULL, "memory for a piece");
	memcpy(copy, bytes, len);
	fuzz_must(evbuffer_add_reference(to, copy, len, free_piece,
	    copy) == 0, "evbuffer_add_reference");
}

/* Send what comes at once, up to a limit. @return where it ends */
static size_t
send_group(struct fuzz_run *f, size_t at, size_t limit, size_t *turn)
{
	struct evbuffer *group = evbuffer_new();
	uint8_t piece;
	size_t len;

	fuzz_must(group != NULL, "evbuffer_new");
	do {
		piece = f->cuts->piece[(*turn)++ % sizeof(f->cuts->piece)];
		len = piece & 0x1f;
		if (len == 0 || len > limit - at)
			len = limit - at;
		fuzz_add_piece(group, f->in->stream + at, len);
		at += len;
	} while (at < limit && (piece & FUZZ_JOINED));
	(void)bufferevent_write_buffer(f->peer, group);
	evbuffer_free(group);
	return (at);
}

/* Where the stream has to come to rest, for an operation; or its end. */
static size_t
next_stop(const struct fuzz_run *f, size_t at)
{
	const struct fuzz_op *op = fuzz_ops_next(f, FUZZ_AT_LOOP);

	if (op == NULL || op->wait > f->in->len - f->stop)
		return (f->in->len);
	return (f->stop + op->wait > at ? f->stop + op->wait : at);
}

/* Do what is to be done outside of hooks, here. */
static void
act(struct fuzz_run *f, size_t at)
{
	const struct fuzz_op *op;

	while ((op = fuzz_ops_next(f, FUZZ_AT_LOOP)) != NULL &&
	    next_stop(f, at) == at) {
		/* It may stay again, and what is not received is not dropped. */
		while (f->stay && op->what == FUZZ_DISCARD) {
			f->stay = false;
			fuzz_resume(f);
			settle(f);
		}
		f->stop = at;
		f->stayed = f->stay;
		fuzz_ops_do(f, FUZZ_AT_LOOP);
		if (f->stayed) {
			f->stay = false;
			fuzz_resume(f);
		}
		settle(f);
	}
}

static void
send_stream(struct fuzz_run *f, struct bufferevent *bev)
{
	const struct fuzz_input *in = f->in;
	size_t at = 0, turn = 0;
	bool finished = false, waiting = f->cuts->waiting && in->len > 0 &&
	    next_stop(f, 0) > 0;

	if (waiting) {
		(void)bufferevent_enable(bev, EV_READ);
		at = send_group(f, at, next_stop(f, at), &turn);
	}
	start(f, bev);
	settle(f);
	act(f, at);
	while (at < in->len) {
		at = send_group(f, at, next_stop(f, at), &turn);
		if (at == in->len && in->eof && !f->cuts->eof_alone &&
		    fuzz_ops_next(f, FUZZ_AT_LOOP) == NULL) {
			finished = true;
			(void)bufferevent_flush(f->peer, EV_WRITE,
			    BEV_FINISHED);
		}
		settle(f);
		act(f, at);
	}
	if (in->eof && !finished)
		(void)bufferevent_flush(f->peer, EV_WRITE, BEV_FINISHED);
	settle(f);
}

/* After the run */

static void
check_output(struct fuzz_run *f)
{
	struct evbuffer *got = bufferevent_get_input(f->peer);
	size_t len = evbuffer_get_length(got);
	size_t most = evbuffer_get_length(f->expected);
	bool all = f->why != EVCHAT_REASON_FREED || f->in_time;

	if (f->in->wild)
		return;
	if (!f->inexact && !f->discarded) {
		fuzz_must(len <= most && (!all || len == most),
		    "the peer got more or less than was pushed");
		fuzz_must(len == 0 || memcmp(evbuffer_pullup(got, -1),
		    evbuffer_pullup(f->expected, (ev_ssize_t)len), len) == 0,
		    "the peer got other bytes than were pushed");
	}
	if (!f->loose && all)
		fuzz_note_bytes(&f->text, "output", evbuffer_pullup(got, -1), len);
}

static void
end(struct fuzz_run *f)
{
	if (f->stay) {
		f->stay = false;
		fuzz_resume(f);
		settle(f);
	}
	if (f->chat != NULL) {
		f->in_time = true;
		f->depth++;
		f->may = FUZZ_MAY_DONE | FUZZ_MAY_CLOSED;
		evchat_free(f->chat);
		f->may = 0;
		f->depth--;
	}
	settle(f);
	fuzz_must(f->closed == 1, "closed did not run");
	if (f->detached != NULL)
		note_left(f);
	fuzz_must(f->peer_eofs == 1 || (f->detached != NULL &&
	    f->peer_eofs == 0), "the peer is not told one end");
	check_output(f);
	if (f->kept != NULL)
		fuzz_check_ended(f->kept);
	for (; f->references > 0; f->references--)
		evchat_decref(f->kept);
}

/* Whether a moment of output comes at all depends on the cuts. */
static bool
pushes_at_output(const struct fuzz_input *in)
{
	const struct fuzz_ops *ops = &in->ops[FUZZ_AT_OUTPUT];
	size_t i;

	for (i = 0; i < ops->n; i++)
		if (ops->op[i].what == FUZZ_PUSH)
			return (true);
	return (false);
}

void
fuzz_run(struct fuzz_run *f, const struct fuzz_input *in,
    const struct fuzz_cuts *cuts)
{
	struct event_base *base = fuzz_base();
	struct bufferevent *pair[2];

	f->blocks = fuzz_memory_blocks();
	f->in = in;
	f->cuts = cuts;
	f->base = base;
	f->loose = pushes_at_output(in);
	f->plain = f->all = f->same_max = true;
	f->later = event_new(base, -1, 0, on_later, f);
	f->expected = evbuffer_new();
	fuzz_must(f->later != NULL && f->expected != NULL &&
	    bufferevent_pair_new(base, in->deferred ?
	    BEV_OPT_DEFER_CALLBACKS : 0, pair) == 0, "a pair");
	f->peer = pair[1];
	bufferevent_setcb(f->peer, NULL, NULL, on_peer_event, f);
	(void)bufferevent_enable(f->peer, EV_READ | EV_WRITE);
	send_stream(f, pair[0]);
	act(f, in->len);
	end(f);
	if (f->detached != NULL)
		bufferevent_free(f->detached);
	bufferevent_free(f->peer);
	event_free(f->later);
	evbuffer_free(f->expected);
	fuzz_things_free(f);
	free(f->left);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	fuzz_must(fuzz_memory_blocks() == f->blocks, "a leak");
}

void
fuzz_run_free(struct fuzz_run *f)
{
	free(f->text.text);
}
