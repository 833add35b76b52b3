/*
 * Scenarios in trouble; see harness_trouble.h. A run in which nothing fails
 * tells what there is to be told. Every other one is held against that.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

#define TROUBLES_MAX 10000 /* more than any scenario has allocations */

/* Sparing the harness */

static _Thread_local int spared;

void
harness_spare(void)
{
	spared++;
}

void
harness_spare_end(void)
{
	spared--;
}

bool
harness_is_spared(void)
{
	return spared > 0;
}

/* One run */

struct outcome {
	char *transcript;
	unsigned char *output;    /* what the peer got */
	size_t output_len;
	bool struck;
	bool ended;               /* and not by the harness */
	bool gave_up;             /* but because a call had failed */
	enum evchat_reason why;
	int told;                 /* by evchat_get_errno() in closed */
};

struct trial {
	const struct harness_trouble *trouble;
	const struct harness_scenario *s;
	enum harness_carrier carrier;
	const struct harness_cuts *cuts;
	struct outcome calm;      /* of a run without trouble */
};

static void
ignore(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* The next timer finds no room that libevent has already, in a heap of eight. */
static void
use_up_timers(struct harness *h)
{
	static const struct timeval hour = { 3600, 0 };
	int i;

	for (i = 0; i < HARNESS_TIMERS; i++) {
		h->in->timers[i] = event_new(h->base, -1, 0,
		    ignore, NULL);
		harness_must(h->in->timers[i] != NULL, "memory");
		harness_must(event_add(h->in->timers[i], &hour) == 0,
		    "event_add");
	}
}

static void
free_timers(struct harness *h)
{
	int i;

	for (i = 0; i < HARNESS_TIMERS; i++)
		event_free(h->in->timers[i]);
}

void
harness_begin_trouble(struct harness *h)
{
	if (h->in->trouble != NULL)
		h->in->trouble->arm(h->in->trouble, h->in->nth);
}

void
harness_end_trouble(struct harness *h)
{
	if (h->in->trouble != NULL)
		h->in->trouble->disarm();
}

static void
take_output(struct outcome *outcome, struct evbuffer *received)
{
	outcome->output_len = evbuffer_get_length(received);
	outcome->output = malloc(outcome->output_len + 1);
	harness_must(outcome->output != NULL, "memory");
	evbuffer_copyout(received, outcome->output, outcome->output_len);
}

static void
finish(struct harness *h, const struct harness_scenario *s)
{
	if (s->until_closed)
		harness_run_until_closed(h);
	if (h->detached != NULL)
		harness_note_left(h);
	if (s->output != NULL)
		harness_run_until_received(h, strlen(s->output));
}

static struct outcome
run(const struct trial *trial, long n)
{
	struct harness *h = harness_new(trial->carrier);
	struct outcome outcome;

	h->in->trouble = trial->trouble;
	h->in->nth = n;
	h->in->text.in_full = h->in->shown.in_full = true;
	use_up_timers(h);
	harness_feed_scenario(h, trial->s, trial->cuts);
	finish(h, trial->s);
	outcome.transcript = strdup(harness_transcript(h));
	harness_must(outcome.transcript != NULL, "memory");
	take_output(&outcome, h->received);
	outcome.ended = h->closed != 0;
	outcome.gave_up = h->in->gave_up;
	outcome.why = h->why;
	outcome.told = h->in->told_errno;
	evchat_free(h->chat);
	harness_end_trouble(h);
	outcome.struck = trial->trouble->struck();
	h->in->trouble = NULL;
	free_timers(h);
	harness_free(h);
	return outcome;
}

static void
outcome_free(struct outcome *outcome)
{
	free(outcome->transcript);
	free(outcome->output);
}

/* Judging it */

static bool
same_output(const struct outcome *a, const struct outcome *b)
{
	return a->output_len == b->output_len &&
	    memcmp(a->output, b->output, a->output_len) == 0;
}

static bool
is_release(const char *token)
{
	return strncmp(token, "done:", 5) == 0 ||
	    strncmp(token, "cleanup:", 8) == 0 ||
	    strncmp(token, "mark:", 5) == 0;
}

/* Where the last of the tokens that end before end begins. */
static const char *
last_token(const char *transcript, const char *end)
{
	while (end > transcript && end[-1] != '|')
		end--;
	return end;
}

/* How much of a transcript there is before closed and what it released. */
static size_t
told_before_the_end(const char *transcript)
{
	const char *end = strstr(transcript, "closed:");
	const char *token;

	harness_must(end != NULL, "closed was noted");
	for (; end > transcript; end = token) {
		token = last_token(transcript, end - 1);
		if (!is_release(token))
			return (size_t)(end - 1 - transcript);
	}
	return 0;
}

/* Is that the beginning of the other one? A last collect may be shorter. */
static bool
is_beginning(const char *told, size_t len, const char *of)
{
	const char *last = last_token(told, told + len);

	return len == 0 || (strncmp(told, of, len) == 0 && (of[len] == '\0' ||
	    of[len] == '|' || strncmp(last, "collect:", 8) == 0));
}

static bool
may_end(const struct harness_trouble *trouble, const struct outcome *got)
{
	if (!got->struck || !got->ended)
		return false;
	if (got->gave_up && got->why == EVCHAT_REASON_FREED)
		return true;
	return trouble->may_end(got->why) &&
	    (trouble->told == 0 || trouble->told == got->told);
}

/* @return what is wrong, or NULL */
static const char *
judge(const struct harness_trouble *trouble, const struct outcome *calm,
    const struct outcome *got)
{
	bool told = strcmp(got->transcript, calm->transcript) == 0;

	if (trouble->ends && got->struck && !got->ended)
		return "it goes on";
	if (told && same_output(got, calm))
		return NULL;
	if (!may_end(trouble, got))
		return told ? "other output" : "another transcript";
	if (!is_beginning(got->transcript,
	    told_before_the_end(got->transcript), calm->transcript))
		return "not the beginning of the transcript";
	if (got->output_len > calm->output_len || memcmp(got->output,
	    calm->output, got->output_len) != 0)
		return "not the beginning of the output";
	return NULL;
}

/* All runs of one scenario */

/* Let the n-th one fail. @return whether there may be a next one */
static bool
try_nth(const struct trial *trial, long n)
{
	struct outcome got = run(trial, n);
	const char *wrong = judge(trial->trouble, &trial->calm, &got);
	bool again = got.struck && (trial->trouble->was_last == NULL ||
	    !trial->trouble->was_last());

	if (wrong != NULL)
		ck_abort_msg("over a %s, %s, %s %ld failing: %s\n"
		    "  otherwise %s\n  got       %s",
		    harness_carrier_name(trial->carrier),
		    harness_show_cuts(trial->cuts), trial->trouble->name, n,
		    wrong, trial->calm.transcript, got.transcript);
	outcome_free(&got);
	return again;
}

static bool
is_exposed(const struct harness_trouble *trouble, enum harness_carrier carrier)
{
	const enum harness_carrier *exposed = trouble->carriers;

	while (*exposed != HARNESS_CARRIERS && *exposed != carrier)
		exposed++;
	return *exposed == carrier;
}

static void
try_trouble(struct trial *trial, const struct harness_trouble *trouble)
{
	long n;

	if (!is_exposed(trouble, trial->carrier))
		return;
	trial->trouble = trouble;
	if (trial->calm.transcript == NULL)
		trial->calm = run(trial, 0);
	for (n = 1; try_nth(trial, n); n++)
		harness_must(n < TROUBLES_MAX, "an end of the trouble");
}

void
harness_try_trouble(const struct harness_scenario *s,
    enum harness_carrier carrier, const struct harness_cuts *cuts)
{
	struct trial trial = { .s = s, .carrier = carrier, .cuts = cuts };
	size_t i;

	try_trouble(&trial, &harness_starving);
	try_trouble(&trial, &harness_starved);
	for (i = 0; i < HARNESS_KERNEL; i++)
		try_trouble(&trial, &harness_kernel[i]);
	outcome_free(&trial.calm);
}
