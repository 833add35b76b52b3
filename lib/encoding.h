#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>

#include "api.h"

/* A frame whose payload comes in pieces. -1 comes with errno. */

struct encoding;

/* Keeps a reference to the framing, which must be able to do that. */
struct encoding *encoding_new(struct evchat_framing *framing);
void encoding_free(struct encoding *encoding); /* NULL is fine */

/* Put in place of the next piece what it is encoded to, with its end. */
int encoding_pass(struct encoding *encoding, struct evbuffer *piece, bool last);

#endif
