/*
 * An input of a framing's target, from its bytes to the verdict. Every input
 * means something, and what is missing is 0:
 *
 *	0       bit 0 EOF follows the stream, 1 EVCHAT_OPT_DELIVER_LAST,
 *	        2 EVCHAT_OPT_HALF_OPEN, 3 the data hooks pause, 4 the framing
 *	        is set again whenever a frame has ended, 5 and 6 the policy
 *	1       the maximum; 0: unlimited
 *	2       the buffer size, in; 0, or a long stream: as it is
 *	3 to 5  pieces, used by turns: bits 0 to 4 the size, 0 is no cut; 7 the
 *	        piece comes together with the next one
 *	6 7     from 248 on 7 says how often a byte of the stream is repeated, and 6
 *	        which one
 *	some    the framing: see its file
 *	rest    the stream
 *
 * The stream is received in one piece, in those pieces and, if it is short,
 * byte by byte with the loop running in between, and as chains of one byte at
 * once; each time as pieces of frames and as whole ones. Then frames that came
 * of it, and pieces of the stream, are pushed.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz_framing.h"

#define RUNS_MAX 8

static const struct fuzz_case *looked_at;
static struct fuzz_decoding runs[RUNS_MAX];
static size_t run_count;

static void
show_input(void)
{
	const struct fuzz_case *c = looked_at;
	size_t i;

	if (c == NULL)
		return;
	fprintf(stderr, "options %x%s%s%s, max %ju policy %d, size %u, "
	    "cuts %02x %02x %02x, %zu bytes\n", c->options, c->eof ? " eof" :
	    "", c->pauses ? " pauses" : "", c->again ? " again" : "",
	    (uintmax_t)c->max, (int)c->policy, c->in, c->piece[0], c->piece[1],
	    c->piece[2], c->len);
	for (i = 0; i < run_count; i++)
		fprintf(stderr, "%s, %s: %s\n  %s\n", runs[i].cuts->name,
		    runs[i].whole ? "whole" : "in pieces",
		    runs[i].told.text != NULL ? runs[i].told.text : "",
		    runs[i].frames.text != NULL ? runs[i].frames.text : "");
}

/* Decoding an input */

static void
take_stream(struct fuzz_case *c, const struct fuzz_reader *r, uint8_t where,
    uint8_t often)
{
	static const size_t many[] = { 16, 64, 256, 1024, 2048, 4097, 8192, 16385 };
	size_t more = often >= 248 ? many[often - 248] : 0;
	size_t at = r->left > 0 ? where % r->left : 0;

	if (r->left == 0)
		more = 0;
	c->len = r->left + more;
	c->stream = malloc(c->len + 1);
	fuzz_must(c->stream != NULL, "memory for the stream");
	if (c->len == 0)
		return;
	memcpy(c->stream, r->data, at);
	memset(c->stream + at, r->data[at], more);
	memcpy(c->stream + at + more, r->data + at, r->left - at);
}

static void
decode(struct fuzz_case *c, fuzz_framing_new framing_new, const uint8_t *data,
    size_t size)
{
	static const enum evchat_oversize policies[] = {
		EVCHAT_OVERSIZE_CLOSE, EVCHAT_OVERSIZE_DISCARD,
		EVCHAT_OVERSIZE_TRUNCATE, EVCHAT_OVERSIZE_TRUNCATE
	};
	struct fuzz_reader r = { data, size };
	uint8_t flags = fuzz_take(&r), where, often;
	size_t i;

	c->eof = flags & 1;
	c->options = (flags & 2 ? EVCHAT_OPT_DELIVER_LAST : 0) |
	    (flags & 4 ? EVCHAT_OPT_HALF_OPEN : 0);
	c->pauses = flags & 8;
	c->again = flags & 0x10;
	c->policy = policies[flags >> 5 & 3];
	c->max = fuzz_take(&r);
	c->in = fuzz_take(&r);
	for (i = 0; i < sizeof(c->piece); i++)
		c->piece[i] = fuzz_take(&r);
	where = fuzz_take(&r);
	often = fuzz_take(&r);
	errno = 0;
	c->framing = framing_new(c, &r);
	fuzz_must(c->framing != NULL || errno == EINVAL || errno == EMSGSIZE,
	    "a framing that is refused for no reason");
	if (c->framing == NULL)
		return;
	take_stream(c, &r, where, often);
	if (c->len > FUZZ_LONG)
		c->in = 0; /* or it would take too long */
}

/* The runs */

static void
run(const struct fuzz_case *c, const struct fuzz_cutting *cuts, bool whole)
{
	struct fuzz_decoding *d = &runs[run_count++];

	memset(d, 0, sizeof(*d));
	d->c = c;
	d->cuts = cuts;
	d->whole = whole;
	fuzz_decode(d);
}

static bool
is_same(const struct fuzz_text *a, const struct fuzz_text *b)
{
	return (a->len == b->len && memcmp(a->text, b->text, a->len) == 0);
}

/* All ways to cut the stream, by turns in pieces of frames and in whole ones. */
static void
run_all(const struct fuzz_case *c)
{
	static struct fuzz_cutting cuts[] = {
		{ "uncut", { 0, 0, 0 } }, { "pieces", { 0, 0, 0 } },
		{ "bytes", { 1, 1, 1 } }, { "chains", { FUZZ_JOINED | 1,
		    FUZZ_JOINED | 1, FUZZ_JOINED | 1 } }
	};
	size_t i, j, n = c->len > FUZZ_LONG ? 2 : 4;

	memcpy(cuts[1].piece, c->piece, sizeof(cuts[1].piece));
	for (i = 0; i < n; i++) {
		run(c, &cuts[i], false);
		run(c, &cuts[i], true);
		for (j = 2 * i; j < 2 * i + 2 && !c->wild; j++)
			fuzz_must(is_same(&runs[j].told, &runs[j % 2].told) &&
			    is_same(&runs[j].frames, &runs[j % 2].frames),
			    "it depends on the cuts");
		fuzz_must(c->wild ||
		    is_same(&runs[2 * i].frames, &runs[2 * i + 1].frames),
		    "whole frames are others than those in pieces");
	}
}

/* Frames that were delivered, then pieces of the stream, and nothing. */
static void
push_frames(const struct fuzz_case *c)
{
	const struct fuzz_payloads *got = &runs[1].got;
	struct fuzz_payloads payloads = { .n = 0 };
	size_t at = 0, n, i;

	for (i = 0; i < got->n && i < FUZZ_PAYLOADS / 2; i++)
		fuzz_payloads_add(&payloads, got->payload[i].data,
		    got->payload[i].len, got->payload[i].delivered &&
		    !(c->options & EVCHAT_OPT_DELIVER_LAST));
	for (i = 0; at < c->len && payloads.n < FUZZ_PAYLOADS - 1; at += n) {
		n = c->piece[i++ % sizeof(c->piece)] & 0x1f;
		if (n == 0 || n > c->len - at)
			n = c->len - at;
		fuzz_payloads_add(&payloads, c->stream + at, n, false);
	}
	fuzz_payloads_add(&payloads, "", 0, false);
	fuzz_encode(c, &payloads);
	fuzz_payloads_free(&payloads);
}

int
fuzz_framing_one(fuzz_framing_new framing_new, const uint8_t *data,
    size_t size)
{
	struct fuzz_case c;
	long blocks;

	(void)fuzz_base();
	blocks = fuzz_memory_blocks();
	memset(&c, 0, sizeof(c));
	run_count = 0;
	looked_at = &c;
	fuzz_text_show(show_input);
	decode(&c, framing_new, data, size);
	if (c.framing != NULL) {
		run_all(&c);
		if (!c.wild)
			push_frames(&c);
		if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
			show_input();
	}
	while (run_count > 0)
		fuzz_decoding_free(&runs[--run_count]);
	evchat_framing_free(c.framing);
	fuzz_must(fuzz_memory_blocks() == blocks, "a leak");
	fuzz_text_show(NULL);
	looked_at = NULL;
	free(c.stream);
	return (0);
}
