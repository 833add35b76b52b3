#ifndef BARE_H
#define BARE_H

/*
 * A peer made of OpenSSL alone, behind the descriptor of a secure_end: what
 * TLS has made is the test's to send, whole, in part or not at all, and what
 * comes is counted in records.
 */

#include <stdbool.h>
#include <stddef.h>
#include <event2/buffer.h>
#include "secure.h"

struct bare {
	struct secure_end *end; /* whose descriptor it is */
	SSL *ssl;
	BIO *in, *out;          /* the SSL's */
	struct evbuffer *made;  /* what is to be sent */
	struct evbuffer *got;   /* what came, decrypted */
	bool held;              /* keep what is made */
	size_t at_once;         /* how much to receive in a turn; 0: nothing */
	bool eof;               /* of the descriptor's input */
	int error;              /* and its errno */
	int failed;             /* SSL_get_error() of what failed first */
	int records;            /* with application data that have come */
};

/* The role is the end's. ssl is taken; NULL: one that works. */
struct bare *bare_new(struct secure_end *end, SSL *ssl);
void bare_free(struct bare *b);

/* Receive once, let TLS have it, and send. @return whether anything moved */
bool bare_turn(struct bare *b);
/* With the loop in between, until nothing moves. */
void bare_run(struct bare *b);
/* The same, until the channel has ended; or until so much has come. */
void bare_run_until_closed(struct bare *b);
void bare_run_until_got(struct bare *b, size_t len);

void bare_say(struct bare *b, const char *text);
void bare_close(struct bare *b); /* a close_notify */
/* Send so much of what was made and is held. */
void bare_send(struct bare *b, size_t len);

/* What has come, all of it; and forget it. */
void bare_expect(struct bare *b, const char *text);
bool bare_is_closed(const struct bare *b); /* by a close_notify */

#endif
