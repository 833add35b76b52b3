#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

/*
 * The load: connections to a server, messages that it has to answer, and a
 * check of every byte of the answers. What comes back otherwise than it should
 * ends the program.
 */

#include <stddef.h>
#include <stdint.h>
#include "works.h"

struct load_state;

/* fds: connected, not blocking; they are closed at the end. */
struct load_state *load_new(const struct work *work, const int *fds);
void load_free(struct load_state *load);

/* Wait for answers, check them and send what is due. */
void load_turn(struct load_state *load);

/* How many messages have come back: whole ones and parts of them. */
double load_messages(const struct load_state *load);

/* Print what is wrong, and exit. */
void load_fail(const char *what) __attribute__((noreturn));

#endif
