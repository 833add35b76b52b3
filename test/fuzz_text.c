/*
 * Transcripts, what a violation prints, and the blocks of memory that are
 * allocated. What malloc gives is filled with rubbish, so that nobody relies
 * on zeros.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

static const struct fuzz_run *running, *compared;
static void (*more_to_show)(void);
static long blocks;

/* Transcripts */

static void
append(struct fuzz_text *text, const char *bytes, size_t len)
{
	if (text->size - text->len <= len) {
		text->size = 2 * (text->len + len) + 256;
		text->text = realloc(text->text, text->size);
		fuzz_must(text->text != NULL, "memory for the transcript");
	}
	memcpy(text->text + text->len, bytes, len);
	text->len += len;
	text->text[text->len] = '\0';
}

static void
append_escaped(struct fuzz_text *text, const unsigned char *bytes, size_t len)
{
	char escaped[8];
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] > ' ' && bytes[i] < 0x7f && bytes[i] != '\\' &&
		    bytes[i] != '|') {
			append(text, (const char *)bytes + i, 1);
			continue;
		}
		(void)snprintf(escaped, sizeof(escaped), "\\%02x", bytes[i]);
		append(text, escaped, 3);
	}
}

static void
begin_token(struct fuzz_text *text)
{
	if (text->len > 0)
		append(text, "|", 1);
	text->collecting = false;
}

void
fuzz_note(struct fuzz_text *text, const char *fmt, ...)
{
	char token[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(token, sizeof(token), fmt, ap);
	va_end(ap);
	begin_token(text);
	append(text, token, strlen(token));
}

void
fuzz_note_bytes(struct fuzz_text *text, const char *what, const void *data,
    size_t len)
{
	fuzz_note(text, "%s:", what);
	append_escaped(text, data, len);
}

void
fuzz_note_collect(struct fuzz_text *text, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (!text->collecting)
		fuzz_note(text, "collect:");
	append_escaped(text, data, len);
	text->collecting = true;
}

/* Violations */

static void
describe(const struct fuzz_input *in)
{
	static const char *const moments[] = { "at frame", "at byte", "at loop",
	    "at output" };
	const struct fuzz_ops *ops;
	size_t moment, i;

	fprintf(stderr, "options %x%s%s%s, hooks %u, first %s %u %u, max %u %u,"
	    " sizes %u %u, cuts %02x %02x %02x, %zu bytes%s\n", in->options,
	    in->deferred ? " deferred" : "", in->again ? " again" : "",
	    in->wild ? " wild" : "", in->hooks,
	    fuzz_what_name(in->first.what), in->first.a, in->first.b,
	    in->max.a, in->max.b, in->in, in->out, in->cuts[0], in->cuts[1],
	    in->cuts[2], in->len, in->eof ? " and EOF" : "");
	for (moment = 0; moment < FUZZ_MOMENTS; moment++)
		for (ops = &in->ops[moment], i = 0; i < ops->n; i++)
			fprintf(stderr, "  %s, after %u: %s %u %u\n",
			    moments[moment], ops->op[i].wait,
			    fuzz_what_name(ops->op[i].what), ops->op[i].a,
			    ops->op[i].b);
}

void
fuzz_text_watch(const struct fuzz_run *now, const struct fuzz_run *whole)
{
	running = now;
	compared = whole;
}

void
fuzz_text_show(void (*show)(void))
{
	more_to_show = show;
}

static void
show(const struct fuzz_run *f)
{
	if (f != NULL && f->cuts != NULL)
		fprintf(stderr, "%s: %s\n", f->cuts->name,
		    f->text.text != NULL ? f->text.text : "");
}

void
fuzz_show(const struct fuzz_input *in, const struct fuzz_run *f)
{
	describe(in);
	show(f);
}

void
fuzz_must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "VIOLATION: %s\n", what);
	if (running != NULL && running->in != NULL)
		describe(running->in);
	show(compared);
	show(running);
	if (more_to_show != NULL)
		more_to_show();
	abort();
}

/* Memory */

static void *
counted_malloc(size_t size)
{
	void *block = malloc(size);

	if (block != NULL) {
		memset(block, 0xa5, size);
		blocks++;
	}
	return (block);
}

static void *
counted_realloc(void *old, size_t size)
{
	void *block = realloc(old, size);

	if (old == NULL && block != NULL)
		blocks++;
	return (block);
}

static void
counted_free(void *block)
{
	if (block != NULL)
		blocks--;
	free(block);
}

void
fuzz_memory_init(void)
{
	event_set_mem_functions(counted_malloc, counted_realloc, counted_free);
	evchat_set_mem_functions(counted_malloc, counted_realloc, counted_free);
}

long
fuzz_memory_blocks(void)
{
	return (blocks);
}
