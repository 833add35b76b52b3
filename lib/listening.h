#ifndef LISTENING_H
#define LISTENING_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* A listening socket, and what has to be known of it to take it down again. */
struct listening {
	int fd;            /* -1 when it is closed */
	int waiting_most;  /* at most so many connections wait on it */
	bool is_internet;  /* its connections may be TCP */
	bool owns_path;    /* which is removed when it is closed ... */
	dev_t device;      /* ... if it is still this one */
	ino_t inode;
};

/*
 * Make one, or make one of fd, which is taken. options are those of a
 * listener. -1 with errno, and nothing is left open.
 */
int listening_bind(struct listening *listening, unsigned options,
    int backlog, const struct sockaddr *sa, int socklen);
int listening_adopt(struct listening *listening, unsigned options,
    int backlog, int fd);

/* Remove the path, so that nobody finds it any more. What waits, waits on. */
void listening_unlink(struct listening *listening);
/* That, and close it. It may have been. */
void listening_close(struct listening *listening);

/* The next connection, non-blocking, or -1 with errno. */
int listening_accept(const struct listening *listening,
    struct sockaddr *peer, socklen_t *len);

#endif
