/*
 * An input, from its bytes to the verdict. fuzz_channel.c says what the bytes
 * mean.
 */

#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

uint8_t
fuzz_take(struct fuzz_reader *r)
{
	if (r->left == 0)
		return (0);
	r->left--;
	return (*r->data++);
}

static void
take_op(struct fuzz_reader *r, struct fuzz_input *in)
{
	uint8_t when = fuzz_take(r), what = fuzz_take(r);
	uint8_t a = fuzz_take(r), b = fuzz_take(r);
	struct fuzz_ops *ops = &in->ops[when >> 6];

	ops->op[ops->n++] = (struct fuzz_op){
		.what = (enum fuzz_what)(what % FUZZ_WHATS),
		.wait = when & 0x3f, .a = a, .b = b
	};
}

static void
decode(struct fuzz_input *in, const uint8_t *data, size_t size)
{
	struct fuzz_reader r = { data, size };
	uint8_t flags = fuzz_take(&r);
	size_t i, n;

	in->options = flags & 7;
	in->deferred = flags & 8;
	in->eof = flags & 0x10;
	in->again = flags & 0x20;
	in->wild = flags >> 6 == 3;
	in->hooks = fuzz_take(&r);
	in->first.what = (enum fuzz_what)(fuzz_take(&r) % (FUZZ_FRAMING + 1));
	in->first.a = fuzz_take(&r);
	in->first.b = fuzz_take(&r);
	in->max.a = fuzz_take(&r);
	in->max.b = fuzz_take(&r);
	in->in = fuzz_take(&r);
	in->out = fuzz_take(&r);
	for (i = 0; i < sizeof(in->cuts); i++)
		in->cuts[i] = fuzz_take(&r);
	for (n = fuzz_take(&r) % (FUZZ_OPS_MAX + 1); n > 0; n--)
		take_op(&r, in);
	in->stream = r.data;
	in->len = r.left < FUZZ_STREAM_MAX ? r.left : FUZZ_STREAM_MAX;
}

/* Some of the stream itself, or one of those that are worth a try. */
struct fuzz_bytes
fuzz_bytes_of(const struct fuzz_input *in, uint8_t a, uint8_t b)
{
	static const char *const texts[] = { "\r\n", "\n", "a", "aab", "abab",
	    "\r\r\n", "aaaaaaab", "\r\n.\r\n", "aa", "abaababa", "b", ":" };
	struct fuzz_bytes bytes;

	if (a < 0x80 || in->len == 0) {
		bytes.data = texts[a % (sizeof(texts) / sizeof(texts[0]))];
		bytes.len = strlen(bytes.data);
	} else {
		bytes.data = in->stream + b % in->len;
		bytes.len = 1 + (a & 0x0f);
		if (bytes.len > in->len - b % in->len)
			bytes.len = in->len - b % in->len;
	}
	return (bytes);
}

static void
compare(const struct fuzz_input *in, const struct fuzz_run *whole,
    const struct fuzz_cuts *cuts)
{
	struct fuzz_run run;

	memset(&run, 0, sizeof(run));
	fuzz_text_watch(&run, whole);
	fuzz_run(&run, in, cuts);
	fuzz_must(in->wild || strcmp(run.text.text, whole->text.text) == 0,
	    "it depends on the cuts");
	fuzz_run_free(&run);
}

int
fuzz_one(const struct fuzz_target *target, const uint8_t *data, size_t size)
{
	static const struct fuzz_cuts uncut = { .name = "whole" };
	static const struct fuzz_cuts cuts[] = {
		{ .name = "bytes", .piece = { 1, 1, 1 }, .eof_alone = true },
		{ .name = "chains", .piece = { FUZZ_JOINED | 1,
		    FUZZ_JOINED | 1, FUZZ_JOINED | 1 }, .waiting = true }
	};
	struct fuzz_cuts pieces = { .name = "pieces" };
	struct fuzz_input in;
	struct fuzz_run run;

	memset(&in, 0, sizeof(in));
	memset(&run, 0, sizeof(run));
	in.target = target;
	decode(&in, data, size);
	memcpy(pieces.piece, in.cuts, sizeof(pieces.piece));
	pieces.eof_alone = in.cuts[0] & 0x40;
	pieces.waiting = in.cuts[1] & 0x40;

	fuzz_text_watch(&run, NULL);
	fuzz_run(&run, &in, &uncut);
	if (!in.wild) {
		compare(&in, &run, &cuts[0]);
		compare(&in, &run, &cuts[1]);
	}
	compare(&in, &run, &pieces);
	if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
		fuzz_show(&in, &run);
	fuzz_text_watch(NULL, NULL);
	fuzz_run_free(&run);
	return (0);
}
