#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * Addresses in words: "127.0.0.1:80", "[::1]:80", "unix:/path", "unix:@name";
 * see include/evchat/listener.h. What one of these has written the other
 * reads.
 */

/* Whether it is one. A port may be 0. */
bool address_parse(const char *text, struct sockaddr_storage *ss,
    socklen_t *len);

/* Whether it is a port alone, as "80" or ":80": that of every IPv6 address. */
bool address_parse_port(const char *text, struct sockaddr_storage *ss,
    socklen_t *len);

/* Its port; 0 if it has none. */
unsigned address_port(const struct sockaddr_storage *ss);

/* -1 with errno ENOSPC, or EINVAL: there are no words for it. */
int address_print(const struct sockaddr_storage *ss, socklen_t len,
    char *text, size_t size);

#endif
