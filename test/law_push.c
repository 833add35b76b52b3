/*
 * Pushing for the encoding law, in every way there is, with the judge's
 * verdict beside it; and a producer that gives a payload in random pieces.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "law.h"
#include "unit.h"

void
law_expect(struct law *law, const unsigned char *payload, size_t len)
{
	harness_must(evbuffer_add(law->expected, &len, sizeof(len)) == 0 &&
	    evbuffer_add(law->expected, payload, len) == 0, "memory");
	law->accepted++;
}

static uint64_t
frames_out(struct law *law)
{
	struct evchat_stats stats;

	evchat_get_stats(law->sender, &stats, sizeof(stats));
	return stats.frames_out;
}

static int
push_pieces(struct law *law, const unsigned char *payload, size_t len)
{
	struct evbuffer_iovec pieces[6];
	size_t left = len;
	int n;

	for (n = 0; n < 5 && (left > 0 || unit_random(2) == 0); n++) {
		pieces[n].iov_len = unit_random(4) == 0 ? left :
		    unit_random(left + 1);
		pieces[n].iov_base = pieces[n].iov_len == 0 ? NULL :
		    (void *)(uintptr_t)(payload + len - left);
		left -= pieces[n].iov_len;
	}
	pieces[n].iov_base = (void *)(uintptr_t)(payload + len - left);
	pieces[n].iov_len = left;
	return evchat_push_framev(law->sender, pieces, left > 0 ? n + 1 : n);
}

static int
push_whole(struct law *law, const unsigned char *payload, size_t len)
{
	return evchat_push_frame(law->sender, len > 0 ? payload : NULL, len);
}

static void
push(struct law *law, const unsigned char *payload, size_t len,
    int (*how)(struct law *law, const unsigned char *payload, size_t len))
{
	int verdict = law->kind->judge(law->kind, payload, len);
	size_t queued = evchat_get_output_length(law->sender);
	uint64_t frames = frames_out(law);
	int pushed;

	errno = 0;
	pushed = how(law, payload, len);
	if (verdict != (pushed == 0 ? 0 : errno))
		law_wrong(law, pushed == 0 ? "accepted" : strerror(errno),
		    payload, len);
	if (pushed == 0) {
		law_expect(law, payload, len);
		frames++;
	} else {
		law->refused++;
		if (evchat_get_output_length(law->sender) != queued)
			law_wrong(law, "queued though refused", payload, len);
	}
	if (frames_out(law) != frames)
		law_wrong(law, "not counted", payload, len);
}

void
law_push_whole(struct law *law, const unsigned char *payload, size_t len)
{
	push(law, payload, len, push_whole);
}

void
law_push(struct law *law, const unsigned char *payload, size_t len)
{
	if (law->kind->streams && unit_random(3) == 0 &&
	    law->kind->judge(law->kind, payload, len) == 0) {
		law_push_producer(law, payload, len);
		law_expect(law, payload, len);
	} else
		push(law, payload, len,
		    unit_random(2) == 0 ? push_whole : push_pieces);
}

/* Producers */

struct source {
	struct law *law;
	struct evchat_producer *producer;
	unsigned char *bytes;
	size_t len;
	size_t given;
};

/* In one chain or several, some of which may be empty. */
static void
append_chains(struct evbuffer *out, const unsigned char *bytes, size_t len)
{
	size_t n;

	while (len > 0) {
		n = unit_random(3) == 0 ? len : 1 + unit_random(len);
		if (unit_random(4) == 0)
			harness_must(evbuffer_add_reference(out, "", 0, NULL,
			    NULL) == 0, "memory");
		if (unit_random(2) == 0)
			unit_add_chain(out, bytes, n);
		else
			harness_must(evbuffer_add(out, bytes, n) == 0,
			    "memory");
		bytes += n;
		len -= n;
	}
}

static enum evchat_more
source_more(void *self, struct evbuffer *out, size_t want)
{
	struct source *source = self;
	size_t n = unit_random(4) == 0 ? source->len - source->given :
	    unit_random(source->len - source->given + 1);

	if (n > want)
		n = want;
	append_chains(out, source->bytes + source->given, n);
	source->given += n;
	if (source->given == source->len && unit_random(2) == 0)
		return EVCHAT_MORE_END;
	if (unit_random(3) > 0)
		return EVCHAT_MORE_DATA;
	source->law->later = source->producer;
	return EVCHAT_MORE_LATER;
}

static void
source_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct source *source = self;

	harness_must(bytes == source->given, "done is told what was given");
	source->law->done++;
	source->law->how = how;
	if (source->law->later == source->producer)
		source->law->later = NULL;
	free(source->bytes);
	free(source);
}

void
law_push_producer(struct law *law, const unsigned char *payload, size_t len)
{
	static const struct evchat_producer_ops ops = { source_more,
	    source_done };
	struct source *source = calloc(1, sizeof(*source));

	harness_must(source != NULL, "memory");
	source->law = law;
	source->len = len;
	source->bytes = malloc(len + 1);
	harness_must(source->bytes != NULL, "memory");
	if (len > 0)
		memcpy(source->bytes, payload, len);
	source->producer = evchat_producer_new(&ops, source);
	harness_must(source->producer != NULL, "memory");
	if (evchat_push_frame_with_producer(law->sender, source->producer) != 0)
		law_wrong(law, "producer refused", payload, len);
}

void
law_expect_broken(struct law *law, const unsigned char *payload, size_t len)
{
	law_run(law);
	if (law->sender != NULL || law->why != EVCHAT_REASON_PRODUCER ||
	    law->error != EINVAL || law->done != 1 ||
	    law->how != EVCHAT_DONE_FAILED)
		law_wrong(law, "not ended for it", payload, len);
	bufferevent_flush(law->to, EV_WRITE, BEV_FINISHED);
	law_run(law);
	if (law->receiver != NULL)
		law_wrong(law, "no end", payload, len);
	/* What was queued before it may have been lost, as with all errors. */
	evbuffer_drain(law->expected, evbuffer_get_length(law->expected));
	law_free(law);
}
