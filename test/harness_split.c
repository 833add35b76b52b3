/*
 * Scenarios at every split: the same bytes must give the same transcript
 * however they are cut.
 *
 * A run feeds one piece after the other and lets the channel deal with each
 * before the next one is sent. Where it fails, the seed, the cuts and both
 * transcripts are in the message.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

#define SEED 1
#define CASES 200          /* random cuts of one scenario, over all carriers */
#define CASES_MIN 3        /* on each carrier at least */
#define THREE_WAY_MAX 40   /* longer input is not split in three everywhere */
#define TWO_WAY_MAX 400    /* nor this in two */
#define SHOWN_CUTS 40       /* of at most twenty digits each */

struct prover {
	const struct harness_scenario *s;
	enum harness_carrier carrier;
	size_t len;
	size_t *at;       /* room for every cut there can be */
	uint64_t random;
};

static size_t
input_len(const struct harness_scenario *s)
{
	if (s->len > 0 || s->input == NULL)
		return s->len;
	return strlen(s->input);
}

/* One run */

static void
start(struct harness *h, const struct harness_scenario *s)
{
	h->script = s->script;
	harness_start(h, s->hooks != NULL ? s->hooks : &harness_streaming,
	    s->options);
	harness_begin_trouble(h);
	if (s->start == NULL)
		return;
	harness_enter(h);
	HARNESS_SCRIPT(h, s->start(h));
	harness_leave(h);
}

static void
act(struct harness *h, const struct harness_scenario *s)
{
	if (h->closed != 0)
		return;
	harness_enter(h);
	HARNESS_SCRIPT(h, s->act(h));
	harness_leave(h);
	harness_turn(h);
}

/* Where the piece that begins at from ends. */
static size_t
piece_end(const struct harness_scenario *s, const struct harness_cuts *cuts,
    size_t from, size_t *next)
{
	size_t end = input_len(s);

	while (*next < cuts->n && cuts->at[*next] <= from)
		++*next;
	if (*next < cuts->n)
		end = cuts->at[*next];
	if (s->act != NULL && from < s->act_at && end > s->act_at)
		end = s->act_at;
	return end;
}

void
harness_feed_scenario(struct harness *h, const struct harness_scenario *s,
    const struct harness_cuts *cuts)
{
	size_t len = input_len(s);
	size_t from, end, next = 0;
	bool waits = len > 0 && harness_carrier_waits(h->in->carrier);

	if (!waits)
		start(h, s);
	if (len == 0)
		harness_turn(h);
	if (s->act != NULL && s->act_at == 0 && !waits)
		act(h, s);
	for (from = 0; from < len; from = end) {
		end = piece_end(s, cuts, from, &next);
		harness_send(h, s->input + from, end - from);
		if (waits && from == 0) {
			bufferevent_enable(h->bev, EV_READ);
			harness_turn(h);
			start(h, s);
		}
		if (end == len && s->eof && !cuts->eof_alone && s->act == NULL)
			harness_send_eof(h);
		harness_turn(h);
		if (s->act != NULL && end == s->act_at)
			act(h, s);
	}
	if (s->eof)
		harness_feed_eof(h);
}

char *
harness_run(const struct harness_scenario *s, enum harness_carrier carrier,
    const struct harness_cuts *cuts)
{
	struct harness *h = harness_new(carrier);
	char *transcript;

	harness_feed_scenario(h, s, cuts);
	if (s->until_closed)
		harness_run_until_closed(h);
	if (h->detached != NULL)
		harness_note_left(h);
	if (s->output != NULL)
		harness_expect_received(h, s->output);
	transcript = strdup(harness_transcript(h));
	harness_must(transcript != NULL, "memory");
	harness_free(h);
	return transcript;
}

/* Many of them */

static unsigned long
setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? strtoul(value, NULL, 0) : otherwise;
}

/* xorshift64 */
static size_t
random_below(struct prover *p, size_t limit)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (size_t)(p->random % limit);
}

const char *
harness_show_cuts(const struct harness_cuts *cuts)
{
	static char list[21 * SHOWN_CUTS + 64];
	size_t i, used;

	used = (size_t)sprintf(list, "%zu cuts at", cuts->n);
	for (i = 0; i < cuts->n && i < SHOWN_CUTS; i++)
		used += (size_t)sprintf(list + used, " %zu", cuts->at[i]);
	sprintf(list + used, "%s%s", cuts->n > SHOWN_CUTS ? " ..." : "",
	    cuts->eof_alone ? ", EOF alone" : "");
	return list;
}

static void
report(const struct prover *p, const struct harness_cuts *cuts,
    const char *transcript)
{
	ck_abort_msg("over a %s, seed %lu, %s\n  expected %s\n  got      %s",
	    harness_carrier_name(p->carrier),
	    setting("EVCHAT_TEST_SEED", SEED), harness_show_cuts(cuts),
	    p->s->expect, transcript);
}

static void
try_cuts(struct prover *p, size_t n, bool eof_alone)
{
	struct harness_cuts cuts = { p->at, n, eof_alone };
	char *transcript = harness_run(p->s, p->carrier, &cuts);

	if (strcmp(transcript, p->s->expect) != 0)
		report(p, &cuts, transcript);
	free(transcript);
}

static void
try_bytes(struct prover *p)
{
	size_t i;

	for (i = 1; i < p->len; i++)
		p->at[i - 1] = i;
	try_cuts(p, p->len > 0 ? p->len - 1 : 0, true);
}

static void
try_random(struct prover *p, size_t cases)
{
	size_t at, most, n;

	while (p->len > 1 && cases-- > 0) {
		most = 2 + random_below(p, p->len);
		for (n = at = 0; n < p->len - 1; n++) {
			at += 1 + random_below(p, most);
			if (at >= p->len)
				break;
			p->at[n] = at;
		}
		try_cuts(p, n, random_below(p, 2) != 0);
	}
}

static void
try_two_way(struct prover *p)
{
	for (p->at[0] = 1; p->at[0] < p->len; p->at[0]++)
		try_cuts(p, 1, p->at[0] % 2 != 0);
}

static void
try_three_way(struct prover *p)
{
	for (p->at[0] = 1; p->at[0] < p->len; p->at[0]++)
		for (p->at[1] = p->at[0] + 1; p->at[1] < p->len; p->at[1]++)
			try_cuts(p, 2, (p->at[0] + p->at[1]) % 2 != 0);
}

/* Unsplit, and in three pieces. */
static void
try_trouble(struct prover *p)
{
	struct harness_cuts cuts = { p->at, 0, false };

	harness_try_trouble(p->s, p->carrier, &cuts);
	if (p->len < 3)
		return;
	p->at[0] = 1 + random_below(p, p->len - 2);
	p->at[1] = p->at[0] + 1 + random_below(p, p->len - 1 - p->at[0]);
	cuts.n = 2;
	cuts.eof_alone = true;
	harness_try_trouble(p->s, p->carrier, &cuts);
}

static struct prover
prover_of(const struct harness_scenario *s)
{
	struct prover p = { .s = s, .len = input_len(s) };

	p.random = setting("EVCHAT_TEST_SEED", SEED) * 0x9e3779b97f4a7c15;
	p.at = calloc(p.len + 2, sizeof(*p.at));
	harness_must(p.at != NULL, "memory");
	return p;
}

static void
prove_on(struct prover *p, enum harness_carrier carrier)
{
	size_t cases = setting("EVCHAT_TEST_CASES", CASES) / HARNESS_CARRIERS;

	p->carrier = carrier;
	try_cuts(p, 0, false);
	try_cuts(p, 0, true);
	try_bytes(p);
	try_random(p, cases > CASES_MIN ? cases : CASES_MIN);
	try_trouble(p);
}

void
harness_prove_on(const struct harness_scenario *s, enum harness_carrier carrier)
{
	struct prover p = prover_of(s);

	prove_on(&p, carrier);
	free(p.at);
}

void
harness_prove(const struct harness_scenario *s)
{
	struct prover p = prover_of(s);
	int carrier;

	for (carrier = 0; carrier < HARNESS_CARRIERS; carrier++)
		prove_on(&p, (enum harness_carrier)carrier);
	if (p.len <= TWO_WAY_MAX) {
		p.carrier = HARNESS_PAIR;
		try_two_way(&p);
		p.carrier = HARNESS_SOCKET;
		try_two_way(&p);
	}
	if (p.len <= THREE_WAY_MAX)
		try_three_way(&p);
	free(p.at);
}
