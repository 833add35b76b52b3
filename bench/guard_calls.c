/*
 * System calls, counted: these functions stand before those of the C library,
 * libevent's and the library's calls come here. What the C library calls by
 * itself, such as for memory, is not seen.
 *
 * No _GNU_SOURCE, no fortified functions: both change declarations.
 */

#undef _FORTIFY_SOURCE
#define _DEFAULT_SOURCE 1
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "guard.h"

const char *const guard_call_names[GUARD_CALLS] = { "read", "readv", "recv",
    "recvmsg", "write", "writev", "send", "sendmsg", "sendfile", "ioctl",
    "poll", "epoll_wait", "epoll_ctl", "getsockopt", "setsockopt",
    "shutdown" };

static unsigned long counts[GUARD_CALLS];
static bool counting;

void
guard_count(bool on)
{
	counting = on;
}

unsigned long
guard_counted(enum guard_call call)
{
	return (counts[call]);
}

static void
count(enum guard_call call)
{
	counts[call] += counting;
}

/* Reading */

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
    struct sockaddr *address, socklen_t *address_len);

ssize_t
read(int fd, void *buf, size_t len)
{
	count(GUARD_READ);
	return (syscall(SYS_read, fd, buf, len));
}

ssize_t
__read_chk(int fd, void *buf, size_t len, size_t size)
{
	(void)size;
	return (read(fd, buf, len));
}

ssize_t
readv(int fd, const struct iovec *vec, int n)
{
	count(GUARD_READV);
	return (syscall(SYS_readv, fd, vec, n));
}

ssize_t
recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *address,
    socklen_t *address_len)
{
	count(GUARD_RECV);
	return (syscall(SYS_recvfrom, fd, buf, len, flags, address,
	    address_len));
}

ssize_t
__recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
    struct sockaddr *address, socklen_t *address_len)
{
	(void)size;
	return (recvfrom(fd, buf, len, flags, address, address_len));
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	return (recvfrom(fd, buf, len, flags, NULL, NULL));
}

ssize_t
__recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	(void)size;
	return (recvfrom(fd, buf, len, flags, NULL, NULL));
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	count(GUARD_RECVMSG);
	return (syscall(SYS_recvmsg, fd, message, flags));
}

/* Writing */

ssize_t
write(int fd, const void *buf, size_t len)
{
	count(GUARD_WRITE);
	return (syscall(SYS_write, fd, buf, len));
}

ssize_t
writev(int fd, const struct iovec *vec, int n)
{
	count(GUARD_WRITEV);
	return (syscall(SYS_writev, fd, vec, n));
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *address, socklen_t address_len)
{
	count(GUARD_SEND);
	return (syscall(SYS_sendto, fd, buf, len, flags, address,
	    address_len));
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	return (sendto(fd, buf, len, flags, NULL, 0));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	count(GUARD_SENDMSG);
	return (syscall(SYS_sendmsg, fd, message, flags));
}

ssize_t
sendfile(int to, int from, off_t *offset, size_t len)
{
	count(GUARD_SENDFILE);
	return (syscall(SYS_sendfile, to, from, offset, len));
}

/* Waiting, and the rest */

int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	count(GUARD_IOCTL);
	return ((int)syscall(SYS_ioctl, fd, request, arg));
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct timespec ts = { timeout / 1000, timeout % 1000 * 1000000L };

	count(GUARD_POLL);
	return ((int)syscall(SYS_ppoll, fds, n, timeout < 0 ? NULL : &ts,
	    NULL, (size_t)8));
}

int
epoll_wait(int epoll, struct epoll_event *events, int n, int timeout)
{
	count(GUARD_EPOLL_WAIT);
	return ((int)syscall(SYS_epoll_pwait, epoll, events, n, timeout, NULL,
	    (size_t)8));
}

int
epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	count(GUARD_EPOLL_CTL);
	return ((int)syscall(SYS_epoll_ctl, epoll, what, fd, event));
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	count(GUARD_GETSOCKOPT);
	return ((int)syscall(SYS_getsockopt, fd, level, option, value, len));
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	count(GUARD_SETSOCKOPT);
	return ((int)syscall(SYS_setsockopt, fd, level, option, value, len));
}

int
shutdown(int fd, int how)
{
	count(GUARD_SHUTDOWN);
	return ((int)syscall(SYS_shutdown, fd, how));
}
