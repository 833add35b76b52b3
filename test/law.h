#ifndef LAW_H
#define LAW_H

/*
 * The encoding law: what evchat_push_frame() writes decodes to exactly what
 * was pushed, whatever is beside it, and what would not come back is refused.
 *
 * A law is two channels under one framing, and between them a wire that cuts
 * the bytes at random. What has to be refused is said by judges, one for each
 * kind of framing: they are written from the header, and ask nothing of the
 * library.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <evchat.h>

#define LAW_LONGEST 66000 /* of payloads */
#define LAW_ROOM 16       /* bytes behind a payload that mending may need */

/* A framing, and what is known of it. */
struct law_kind {
	char name[64];
	struct evchat_framing *(*make)(const struct law_kind *kind);
	/* The errno that a payload must be refused with, or 0. */
	int (*judge)(const struct law_kind *kind, const unsigned char *payload,
	    size_t len);
	/* Change a payload so that it is likely to be lawful; NULL: it is. */
	size_t (*mend)(const struct law_kind *kind, unsigned char *payload,
	    size_t len);
	bool streams;         /* a producer may give its frames */

	/* What payloads are made of; a letter may be a byte 0. */
	const char *alphabet;
	size_t letters;

	/* What make and judge need. */
	unsigned flags;
	const char *delimiters[4];  /* up to NULL */
	const char *written;        /* which of them */
	enum evbuffer_eol_style style;
	size_t size;
	struct evchat_length_field field;
};

/* How many there are, and the i-th of them. */
int law_kinds(void);
void law_kind(struct law_kind *kind, int i);

struct law;

/* Fail: say what went wrong, with which bytes. */
void law_wrong(struct law *law, const char *what, const void *bytes,
    size_t len);

/* law_judge.c */
int law_judge_delimiters(const struct law_kind *kind,
    const unsigned char *payload, size_t len);
int law_judge_line(const struct law_kind *kind, const unsigned char *payload,
    size_t len);
int law_judge_fixed(const struct law_kind *kind, const unsigned char *payload,
    size_t len);
int law_judge_length(const struct law_kind *kind, const unsigned char *payload,
    size_t len);
int law_judge_dot(const struct law_kind *kind, const unsigned char *payload,
    size_t len);
int law_judge_filled(const struct law_kind *kind, const unsigned char *payload,
    size_t len);
int law_judge_any(const struct law_kind *kind, const unsigned char *payload,
    size_t len);

/* law_payload.c */
size_t law_mend_end(const struct law_kind *kind, unsigned char *payload,
    size_t len);
size_t law_mend_line(const struct law_kind *kind, unsigned char *payload,
    size_t len);
size_t law_mend_size(const struct law_kind *kind, unsigned char *payload,
    size_t len);
size_t law_mend_number(const struct law_kind *kind, unsigned char *payload,
    size_t len);
size_t law_mend_filled(const struct law_kind *kind, unsigned char *payload,
    size_t len);
size_t law_mend_dot(const struct law_kind *kind, unsigned char *payload,
    size_t len);

/* How many strings of a kind's letters have so many of them. */
size_t law_strings(const struct law_kind *kind, size_t len);
/* The i-th of those. */
void law_string(const struct law_kind *kind, unsigned char *bytes, size_t len,
    size_t i);
/* One at random, about half of them lawful; bytes has room for the longest. */
size_t law_random(const struct law_kind *kind, unsigned char *bytes);
/* One at random that is lawful, of about that length. */
size_t law_lawful(const struct law_kind *kind, unsigned char *bytes,
    size_t len);

/* The two channels. */
struct law {
	const struct law_kind *kind;
	struct event_base *base;
	struct evchat *sender;
	struct evchat *receiver;
	struct bufferevent *from; /* the wire begins here ... */
	struct bufferevent *to;   /* ... and ends here */
	struct evbuffer *expected; /* what has been pushed and not arrived */
	struct evbuffer *collected; /* of a frame that comes in pieces */
	struct evchat_producer *later; /* waits to be asked again */

	size_t accepted;
	size_t refused;

	/* A sender that has ended. */
	enum evchat_reason why;
	int error;
	int done;             /* how often a producer's was called ... */
	enum evchat_done how; /* ... and what it was told */

	long blocks;
};

void law_start(struct law *law, const struct law_kind *kind);

/* All that was pushed has to arrive; then free both. Or free them at once. */
void law_end(struct law *law);
void law_free(struct law *law);

/*
 * Push a payload in one of the ways there are, as judged: if it is refused,
 * nothing has changed.
 */
void law_push(struct law *law, const unsigned char *payload, size_t len);

/* The same with evchat_push_frame(). */
void law_push_whole(struct law *law, const unsigned char *payload, size_t len);

/* The same by a producer, which may not be able to; see law_broken(). */
void law_push_producer(struct law *law, const unsigned char *payload,
    size_t len);

/* This was pushed otherwise, and has to arrive. */
void law_expect(struct law *law, const unsigned char *payload, size_t len);

/* Run the loop, cut the wire, until all has arrived; or until nothing moves. */
void law_carry(struct law *law);
void law_run(struct law *law);

/*
 * A producer has given what the framing cannot carry: the sender has to end
 * for that reason, and the receiver must not take it for a frame.
 */
void law_expect_broken(struct law *law, const unsigned char *payload,
    size_t len);

#endif
