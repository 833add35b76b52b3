#ifndef UNIT_SOURCE_H
#define UNIT_SOURCE_H

/* A producer that is asked until it ends, and what came of it. */

#include "../lib/producer.h"
#include "unit.h"

/* Ask until it does not say DATA; so many bytes at a time. */
enum evchat_more unit_source_drain(struct evchat_producer *producer,
    struct evbuffer *out, size_t want);
void unit_source_expect(struct evbuffer *out, const char *expected,
    size_t len); /* frees */

#endif
