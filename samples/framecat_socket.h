#ifndef FRAMECAT_SOCKET_H
#define FRAMECAT_SOCKET_H

/*
 * The one connection that framecat has. Both functions wait until it is there,
 * and return a non-blocking socket, or -1 after having said why on stderr.
 */

/* Connect to the first of a host's addresses that answers. */
int framecat_connect(const char *host, const char *port);

/* Say on stderr where it listens, and wait for a peer. Port 0: any free one. */
int framecat_accept(const char *address, const char *port);

#endif
