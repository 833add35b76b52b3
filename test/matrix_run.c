/*
 * A run of one cell: the channel and its model get the same pieces, and after
 * each of them they must have told the same. In the end the peer must have
 * what was pushed, and the books of what was pushed must be right.
 */

#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "matrix.h"

#define WAIT_MS 2500 /* each wait is twice as long as the one before */

static const char *
cuts_name(unsigned cuts)
{
	return cuts == 0 ? "unsplit" : cuts == 1 ? "byte by byte" :
	    "cut at random";
}

/* What a cell is, in four lines. */
void
run_name(const struct matrix_cell *cell, char *text, size_t size)
{
	snprintf(text, size, "  place   %s, number %zu, at %zu\n"
	    "  action  %s\n  stream  %s, %s\n  over a %s, %s (%u)%s\n",
	    cell->place->name, cell->nth, cell->at, cell->action->name,
	    cell->base->name, cell->hooks == MATRIX_STREAMING ? "streaming" :
	    "whole frames", harness_carrier_name(cell->carrier),
	    cuts_name(cell->cuts), cell->cuts,
	    cell->quiet ? ", quiet" : "");
}

void
run_must(const struct matrix_run *r, bool holds, const char *what)
{
	char name[512];

	if (holds)
		return;
	run_name(r->cell, name, sizeof(name));
	ck_abort_msg("%s\n%s  model   %s\n  channel %s", what, name,
	    r->model.text, harness_transcript(r->h));
}

/* Waiting, for what a turn of the loop does not bring at once */

static void
wait_for_closed(struct matrix_run *r)
{
	int ms;

	harness_turn(r->h);
	for (ms = 1; r->h->closed == 0 && ms < WAIT_MS; ms *= 2)
		harness_wait(r->h, (unsigned)ms);
	run_must(r, r->h->closed != 0, "the channel does not end");
}

/* What the peer gets, of what the model calls so. */
static size_t
length_of(const char *text)
{
	size_t len = 0;

	for (; *text != '\0'; text++)
		len += *text == MATRIX_RUN_OF ? MATRIX_RUN : 1;
	return len;
}

static void
wait_for_peer(struct matrix_run *r, bool eof, size_t len)
{
	int ms;

	harness_turn(r->h);
	for (ms = 1; !r->h->peer_eof && (eof ||
	    evbuffer_get_length(r->h->received) < len) && ms < WAIT_MS; ms *= 2)
		harness_wait(r->h, (unsigned)ms);
	run_must(r, r->h->peer_eof || !eof, "the peer is not told the end");
	run_must(r, evbuffer_get_length(r->h->received) >= len,
	    "the peer does not get all");
}

/* Keeping step */

/* Nothing is going on: the channel and its model must be at the same point. */
static void
compare(struct matrix_run *r)
{
	struct matrix_model *m = &r->model;

	if (m->closing && !m->ended) {
		if (r->h->rude)
			harness_send_eof(r->h);
		wait_for_closed(r);
		model_end(m, m->why);
	}
	run_must(r, strcmp(m->text, harness_transcript(r->h)) == 0,
	    "the transcripts differ");
	run_must(r, m->ended || items_all_told(r), "a done or cleanup is late");
}

/* Where the piece that begins at from ends. */
static size_t
piece_end(const struct matrix_cell *cell, size_t from, size_t to)
{
	uint64_t random = cell->cuts * 0x9e3779b97f4a7c15u + from;

	if (cell->cuts == 0)
		return to;
	if (cell->cuts == 1)
		return from + 1;
	random = (random ^ (random >> 29)) * 0xbf58476d1ce4e5b9u;
	from += 1 + (size_t)((random ^ (random >> 32)) % 5);
	return from < to ? from : to;
}

static bool
is_over(const struct matrix_run *r)
{
	return !model_is_open(&r->model) && !r->model.detached;
}

static void
send_eof(struct matrix_run *r)
{
	if (is_over(r) || r->model.eof)
		return;
	harness_feed_eof(r->h);
	model_receive(&r->model, "", 0, true);
	compare(r);
}

static void
send_part(struct matrix_run *r, size_t from, size_t to)
{
	const struct matrix_base *base = r->cell->base;
	size_t end;
	bool eof;

	for (; from < to && !is_over(r); from = end) {
		end = piece_end(r->cell, from, to);
		eof = base->eof && base->input[end] == '\0' &&
		    r->cell->cuts == 0 && r->cell->place->nths == 0;
		harness_send(r->h, base->input + from, end - from);
		if (eof)
			harness_send_eof(r->h);
		harness_turn(r->h);
		model_receive(&r->model, base->input + from, end - from, eof);
		compare(r);
	}
}

/* Connecting is what CONNECTED needs: to a socket with a name. */
static void
connect_here(struct matrix_run *r)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char directory[] = "/tmp/evchat-matrix.XXXXXX";
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	run_must(r, mkdtemp(directory) != NULL, "mkdtemp");
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/s", directory);
	run_must(r, bind(listener, (void *)&un, sizeof(un)) == 0 &&
	    listen(listener, 1) == 0, "listen");
	run_must(r, bufferevent_socket_connect(r->h->bev, (void *)&un,
	    (int)sizeof(un)) == 0, "bufferevent_socket_connect");
	harness_accept(r->h, listener);
	close(listener);
	unlink(un.sun_path);
	rmdir(directory);
}

/*
 * The rest of the stream comes, and the action before the loop sees it. A pair
 * hands it over at once, so it is unread; that of a socket is not received
 * yet.
 */
static void
act_unseen(struct matrix_run *r, const char *rest)
{
	bool received = r->cell->carrier == HARNESS_PAIR;

	harness_send(r->h, rest, strlen(rest));
	place_act_outside(r);
	harness_turn(r->h);
	if (received)
		model_add(&r->model, rest, strlen(rest));
	place_prepared(&r->model);
	if (!received)
		model_receive(&r->model, rest, strlen(rest), false);
	compare(r);
}

static void
prepare(struct matrix_run *r)
{
	if (r->cell->place->where == MATRIX_IN_CONNECTED)
		connect_here(r);
	else
		harness_later(r->h, place_prepare);
	harness_turn(r->h);
	if (r->cell->place->where == MATRIX_IN_TIMEOUT) {
		harness_run_until_noted(r->h, "event:timeout");
		harness_turn(r->h);
	}
	place_prepared(&r->model);
	compare(r);
}

static void
send_stream(struct matrix_run *r)
{
	const struct matrix_cell *cell = r->cell;
	size_t len = strlen(cell->base->input), at = 0;

	harness_turn(r->h);
	model_go_on(&r->model);
	compare(r);
	if (cell->place->nths > 0) {
		at = cell->at < len ? cell->at : len;
		send_part(r, 0, at);
		if (at == len && (cell->base->options & EVCHAT_OPT_HALF_OPEN))
			send_eof(r);
		if (cell->place->where == MATRIX_UNSEEN) {
			act_unseen(r, cell->base->input + at);
			at = len;
		} else
			prepare(r);
	}
	send_part(r, at, len);
	if (cell->base->eof && cell->at <= len)
		send_eof(r);
}

/* The end */

static void
go_on(struct harness *h)
{
	struct matrix_run *r = h->user;

	r->paused = false;
	evchat_resume(r->chat);
	if (r->model.hooks == MATRIX_NO_HOOKS)
		(void)evchat_set_hooks(r->chat, &harness_streaming, h);
}

/* A pause ends, and the rest comes; then the channel, if it is still there. */
static void
finish(struct matrix_run *r)
{
	struct matrix_model *m = &r->model;
	char left[MATRIX_TEXT];

	if (model_is_open(m) && (m->paused || m->hooks == MATRIX_NO_HOOKS)) {
		harness_later(r->h, go_on);
		harness_turn(r->h);
		if (m->hooks == MATRIX_NO_HOOKS)
			m->hooks = MATRIX_STREAMING;
		m->paused = false;
		model_go_on(m);
		compare(r);
	}
	if (!m->ended) {
		wait_for_peer(r, m->shut, length_of(m->behind) +
		    (m->dropped ? 0 : length_of(m->before)));
		r->may_tell = r->may_close = true;
		evchat_free(r->chat);
		model_end(m, EVCHAT_REASON_FREED);
	}
	if (m->detached) {
		harness_note_left(r->h);
		strcpy(left, "left:");
		model_append_shown(left, m->unread, m->len);
		model_note(m, left);
	}
	compare(r);
	run_must(r, r->acted && m->acted, "the place was not reached");
}

static void
fail_peer(struct matrix_run *r, const char *got, size_t len)
{
	char what[4 * MATRIX_TEXT];

	snprintf(what, sizeof(what), "the peer got %zu bytes, %s, not %s%s%s",
	    len, got, r->model.before,
	    r->model.dropped ? " (or its beginning) " : "",
	    r->model.behind);
	run_must(r, false, what);
}

/* Of each run one letter stays, as in the model; of one cut off, too. */
static void
shorten(struct evbuffer *received, size_t most)
{
	static char bytes[4 * MATRIX_RUN];
	size_t n, i, run, out = 0;

	harness_must(most < sizeof(bytes), "few files");
	n = (size_t)evbuffer_remove(received, bytes, sizeof(bytes));
	for (i = 0; i < n; i += run) {
		for (run = 1; bytes[i] == MATRIX_RUN_OF && run < MATRIX_RUN &&
		    i + run < n && bytes[i + run] == MATRIX_RUN_OF; run++)
			;
		bytes[out++] = bytes[i];
	}
	harness_must(evbuffer_add(received, bytes, out) == 0, "memory");
}

/* What the peer has: what was dropped may have been sent in part. */
static void
check_peer(struct matrix_run *r)
{
	const struct matrix_model *m = &r->model;
	size_t before = strlen(m->before), behind = strlen(m->behind), len;
	const char *got;

	wait_for_peer(r, !m->detached, length_of(m->behind) +
	    (m->dropped ? 0 : length_of(m->before)));
	shorten(r->h->received, length_of(m->before) + length_of(m->behind));
	len = evbuffer_get_length(r->h->received);
	evbuffer_add(r->h->received, "", 1);
	got = (const char *)evbuffer_pullup(r->h->received, -1);
	if (len < behind + (m->dropped ? items_sent(r) : 0) || len > before + behind ||
	    (!m->dropped && len != before + behind) ||
	    strncmp(got, m->before, len - behind) != 0 ||
	    strcmp(got + len - behind, m->behind) != 0)
		fail_peer(r, got, len);
}

static struct harness *
another(struct harness *h, enum harness_carrier carrier)
{
	struct harness *other = harness_new_beside(h,
	    carrier == HARNESS_UNCONNECTED ? HARNESS_SOCKET : carrier);

	harness_start(other, &harness_streaming, 0);
	harness_push_stuck(other, "stuck");
	harness_push_reference(other, "reference", "text");
	harness_push_mark(other, "mark");
	return other;
}

static void
start(struct matrix_run *r)
{
	const struct matrix_cell *cell = r->cell;
	const struct matrix_base *base = cell->base;

	r->h = harness_new(cell->carrier);
	place_install(r);
	harness_start(r->h, cell->hooks == MATRIX_STREAMING ?
	    &harness_streaming : &harness_frames, base->options);
	r->chat = r->h->chat;
	model_init(&r->model, r, cell);
	place_set_cut(r, &base->start);
	if (base->max > 0)
		run_must(r, evchat_set_max_frame(r->chat, base->max,
		    base->policy) == 0, "evchat_set_max_frame");
	if (cell->action->needs_another)
		r->other = another(r->h, cell->carrier);
}

void
matrix_run(const struct matrix_cell *cell)
{
	static struct matrix_run run;
	struct matrix_run *r = &run;

	memset(r, 0, sizeof(*r));
	r->last_told = -1;
	r->pipe = -1;
	r->cell = cell;
	start(r);
	send_stream(r);
	finish(r);
	check_peer(r);
	items_check(r);
	if (r->pipe != -1)
		close(r->pipe);
	evchat_group_free(r->group);
	if (r->other != NULL)
		harness_free(r->other);
	harness_free(r->h);
	harness_must(r->cleaned == r->lent, "each broadcast is cleaned up");
}
