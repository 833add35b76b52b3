#ifndef PLACE_H
#define PLACE_H

/*
 * Places to connect to: sockets of loopback and of the file system that are
 * bound, so that nobody else has the address, and listen or do not.
 */

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "harness.h"

struct place {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} address;
	socklen_t len;
	int listener;
	char directory[32]; /* of a local socket, else empty */
};

/* Whether this machine has ::1. */
bool place_has_ipv6(void);

/* The families there are; where there is no IPv6, IPv4 stands for it. */
#define PLACE_FAMILIES 3
int place_family(int i);

void place_bind(struct place *place, int family);    /* refuses */
void place_listen(struct place *place, int family);  /* accepts */
void place_free(struct place *place);
int place_port(const struct place *place);

/* As an element of a list; what follows is the caller's to set. */
struct evutil_addrinfo place_info(struct place *place);
/* The same for so many, as a list in infos. */
struct evutil_addrinfo *place_list(struct evutil_addrinfo *infos,
    struct place *places, int n);

/* evchat_connect(), which works and tells nothing; and by libevent. */
void place_connect(struct harness *h, struct place *place);
void place_connect_bufferevent(struct harness *h, struct place *place);

/* Tests of a channel that is to connect: lines, and closed notes the error. */
struct harness *place_start(void);
/* The same, asked to connect to a place of a family that listens. */
struct harness *place_start_to(struct place *place, int i);
/* A turn of the loop: an attempt is under way, and nothing is told yet. */
void place_begin_attempt(struct harness *h);
void place_end(struct harness *h, struct place *place, const char *transcript);

#endif
