/*
 * The sockets of listeners: made, taken over, accepted from, closed. There
 * are no event loops here, and no channels.
 *
 * The path of an AF_UNIX socket outlives it. It is removed beforehand if
 * nobody listens there, and afterwards if it is still this socket's, which
 * its device and inode tell: a successor may have put its own there
 * meanwhile.
 */

#define _GNU_SOURCE /* accept4, where there is one, and SO_REUSEPORT */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/util.h>

#include "api.h"
#include "listening.h"

#define MOST_WAITING 65536 /* on any socket */

static int
turn(int fd, int level, int option, int on)
{
	return (setsockopt(fd, level, option, &on, sizeof(on)));
}

static int
turn_on(int fd, int level, int option)
{
	return (turn(fd, level, option, 1));
}

static int
fail(struct listening *listening, int error)
{
	listening_close(listening);
	errno = error;
	return (-1);
}

/* Paths */

/* The path in an address, if it has one that is in the file system. */
static const char *
path_of(const struct sockaddr_un *un, size_t len, char path[])
{
	size_t head = offsetof(struct sockaddr_un, sun_path);

	if (len > sizeof(*un))
		len = sizeof(*un); /* the NUL that Linux adds */
	if (un->sun_family != AF_UNIX || len <= head ||
	    un->sun_path[0] == '\0')
		return (NULL);
	memcpy(path, un->sun_path, len - head);
	path[len - head] = '\0';
	return (path);
}

/* The path that a socket is bound to, or NULL. */
static const char *
path_bound(const struct listening *listening, char path[])
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);

	memset(&un, 0, sizeof(un));
	if (getsockname(listening->fd, (struct sockaddr *)&un, &len) == -1)
		return (NULL);
	return (path_of(&un, len, path));
}

/* Is there what was there before? */
static bool
is_still(const char *path, const struct stat *before)
{
	struct stat st;

	return (lstat(path, &st) == 0 && st.st_dev == before->st_dev &&
	    st.st_ino == before->st_ino);
}

/* The end of somebody who had no time to remove it. */
static void
remove_stale(const struct sockaddr *sa, int socklen)
{
	char buf[sizeof(struct sockaddr_un) + 1];
	struct sockaddr_un un;
	const char *path = NULL;
	struct stat st;
	int fd;

	memset(&un, 0, sizeof(un));
	if ((size_t)socklen <= sizeof(un)) {
		memcpy(&un, sa, (size_t)socklen);
		path = path_of(&un, (size_t)socklen, buf);
	}
	if (path == NULL || lstat(path, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    (fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return;
	if (evutil_make_socket_nonblocking(fd) == 0 &&
	    connect(fd, sa, (socklen_t)socklen) == -1 &&
	    errno == ECONNREFUSED && is_still(path, &st))
		(void)unlink(path);
	(void)close(fd);
}

static void
remember_path(struct listening *listening)
{
	char buf[sizeof(struct sockaddr_un) + 1];
	const char *path = path_bound(listening, buf);
	struct stat st;

	if (path == NULL || lstat(path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return;
	listening->owns_path = true;
	listening->device = st.st_dev;
	listening->inode = st.st_ino;
}

void
listening_unlink(struct listening *listening)
{
	char buf[sizeof(struct sockaddr_un) + 1];
	const char *path;
	struct stat st;

	if (!listening->owns_path)
		return;
	listening->owns_path = false;
	path = path_bound(listening, buf);
	if (path != NULL && lstat(path, &st) == 0 &&
	    st.st_dev == listening->device && st.st_ino == listening->inode)
		(void)unlink(path);
}

/* Making */

static int
set_options(int fd, int family, unsigned options)
{
	if (turn_on(fd, SOL_SOCKET, SO_REUSEADDR) == -1)
		return (-1);
	if ((options & EVCHAT_LISTENER_REUSEPORT) &&
	    (family == AF_INET || family == AF_INET6)) {
#ifdef SO_REUSEPORT
		if (turn_on(fd, SOL_SOCKET, SO_REUSEPORT) == -1)
			return (-1);
#else
		errno = EINVAL;
		return (-1);
#endif
	}
	if (family != AF_INET6)
		return (0);
	if (options & EVCHAT_LISTENER_IPV6ONLY)
		return (turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	/* Whatever the system begins with. Some have nothing else, though. */
	(void)turn(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	return (0);
}

/* Whether, and for what, it listens. */
static int
look_at(struct listening *listening)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss), int_len = sizeof(int);
	int listens = 0;

	if (getsockname(listening->fd, (struct sockaddr *)&ss, &len) == -1 ||
	    getsockopt(listening->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
	    &int_len) == -1)
		return (-1);
	listening->is_internet = ss.ss_family == AF_INET ||
	    ss.ss_family == AF_INET6;
	errno = EINVAL;
	return (listens ? 0 : -1);
}

static int
begin(struct listening *listening, unsigned options, int backlog)
{
	int most = backlog < 0 ? SOMAXCONN : backlog;

	listening->waiting_most = most == 0 || most > MOST_WAITING ?
	    MOST_WAITING : most;
	if (evutil_make_socket_nonblocking(listening->fd) == -1 ||
	    evutil_make_socket_closeonexec(listening->fd) == -1 ||
	    (backlog != 0 && listen(listening->fd, most) == -1) ||
	    look_at(listening) == -1)
		return (-1);
	if (options & EVCHAT_LISTENER_UNLINK)
		remember_path(listening);
	return (0);
}

int
listening_bind(struct listening *listening, unsigned options, int backlog,
    const struct sockaddr *sa, int socklen)
{
	memset(listening, 0, sizeof(*listening));
	listening->fd = -1;
	if (sa == NULL || socklen < (int)sizeof(sa->sa_family))
		return (fail(listening, EINVAL));
	listening->fd = socket(sa->sa_family, SOCK_STREAM, 0);
	if (listening->fd == -1)
		return (-1);
	if (options & EVCHAT_LISTENER_UNLINK)
		remove_stale(sa, socklen);
	if (set_options(listening->fd, sa->sa_family, options) == -1 ||
	    bind(listening->fd, sa, (socklen_t)socklen) == -1 ||
	    begin(listening, options, backlog != 0 ? backlog : -1) == -1)
		return (fail(listening, errno));
	return (0);
}

int
listening_adopt(struct listening *listening, unsigned options, int backlog,
    int fd)
{
	memset(listening, 0, sizeof(*listening));
	listening->fd = fd;
	if (fd < 0)
		return (fail(listening, EBADF));
	/* What is bound already, they are too late for. */
	if (options & (EVCHAT_LISTENER_REUSEPORT | EVCHAT_LISTENER_IPV6ONLY))
		return (fail(listening, EINVAL));
	if (begin(listening, options, backlog) == -1)
		return (fail(listening, errno));
	return (0);
}

void
listening_close(struct listening *listening)
{
	if (listening->fd < 0)
		return;
	listening_unlink(listening);
	(void)close(listening->fd);
	listening->fd = -1;
}

/* Accepting */

/*
 * Linux looks for a descriptor first, and for a connection then. Without one
 * to be accepted, there is no lack of the other.
 */
static void
excuse(const struct listening *listening)
{
	struct pollfd pollfd = { .fd = listening->fd, .events = POLLIN };
	int error = errno;

	if ((error == EMFILE || error == ENFILE) && poll(&pollfd, 1, 0) == 0)
		error = EAGAIN;
	errno = error;
}

int
listening_accept(const struct listening *listening, struct sockaddr *peer,
    socklen_t *len)
{
#ifdef SOCK_NONBLOCK
	int fd = accept4(listening->fd, peer, len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
	int fd = accept(listening->fd, peer, len);

	if (fd != -1) {
		(void)evutil_make_socket_nonblocking(fd);
		(void)evutil_make_socket_closeonexec(fd);
	}
#endif
	if (fd != -1 && listening->is_internet) {
		(void)turn_on(fd, SOL_SOCKET, SO_KEEPALIVE);
		(void)turn_on(fd, IPPROTO_TCP, TCP_NODELAY);
	} else if (fd == -1)
		excuse(listening);
	return (fd);
}
