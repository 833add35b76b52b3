#ifndef API_H
#define API_H

/*
 * The public headers as the library itself includes them. All is compiled with
 * hidden visibility; what these headers declare, and nothing else, is
 * exported.
 */

#pragma GCC visibility push(default)
#include <evchat.h>
#pragma GCC visibility pop

#endif
