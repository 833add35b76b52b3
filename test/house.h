#ifndef HOUSE_H
#define HOUSE_H

/*
 * For the tests of handing over: a server that speaks lines; with the first
 * line of a request evhttp has the channel, until a request wants an Upgrade.
 * Lines are repeated, "quit" ends and "STARTTLS" upgrades; a request is
 * answered with what it asked for, and its body. The client is the other end
 * of secure.h.
 */

#include <event2/event.h>
#include <event2/http.h>
#include "../samples/upgrade_carry.h"
#include "secure.h"

struct house {
	struct secure *s;
	struct evhttp *http;
	struct carry *carry;
	struct unit_text told; /* lines, requests, and why the channel ended */
	bool later;            /* a request is only held */
	struct evhttp_request *held;
};

extern const struct evchat_hooks house_lines;

struct house *house_new(int wire);
void house_free(struct house *house);

void house_answer(struct evhttp_request *req);
void house_go_back(struct house *house, struct evhttp_request *req);
void house_say(struct house *house, const char *text);

#define HOUSE_GET(uri, more) "GET " uri " HTTP/1.1\r\nHost: x\r\n" more "\r\n"

/* Lines, requests, lines: what the client says, and what comes of it. */
extern const char house_talk[];
void house_expect_talk(struct house *house);

#endif
