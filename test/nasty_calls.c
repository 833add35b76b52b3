/*
 * The system calls of I/O, which stand before those of the C library. Each
 * asks whether it is to be bent, and then makes the real call, or does not.
 *
 * No _GNU_SOURCE: with it glibc declares addresses as unions. What that leaves
 * undeclared is declared here, and so are the names under which fortified
 * programs make the same calls.
 */

#undef _FORTIFY_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#include "nasty.h"

#define VECTORS 1024 /* IOV_MAX of Linux */

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
    struct sockaddr *address, socklen_t *address_len);
ssize_t sendfile64(int to, int from, off_t *offset, size_t len);
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);

/* Reading */

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	ssize_t (*real)(int, void *, size_t, int) =
	    (ssize_t (*)(int, void *, size_t, int))nasty_real(NASTY_RECV);

	if (nasty_fills(fd, buf, &len))
		return (ssize_t)len;
	if (nasty_strikes(fd, NASTY_RECV, &len))
		return -1;
	return real(fd, buf, len, flags);
}

ssize_t
__recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
	return recv(fd, buf, len < size ? len : size, flags);
}

ssize_t
recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *address,
    socklen_t *address_len)
{
	ssize_t (*real)(int, void *, size_t, int, struct sockaddr *,
	    socklen_t *) = (ssize_t (*)(int, void *, size_t, int,
	    struct sockaddr *, socklen_t *))nasty_real(NASTY_RECVFROM);

	if (nasty_strikes(fd, NASTY_RECVFROM, &len))
		return -1;
	return real(fd, buf, len, flags, address, address_len);
}

ssize_t
__recvfrom_chk(int fd, void *buf, size_t len, size_t size, int flags,
    struct sockaddr *address, socklen_t *address_len)
{
	return recvfrom(fd, buf, len < size ? len : size, flags, address,
	    address_len);
}

ssize_t
read(int fd, void *buf, size_t len)
{
	ssize_t (*real)(int, void *, size_t) =
	    (ssize_t (*)(int, void *, size_t))nasty_real(NASTY_READ);

	if (nasty_strikes(fd, NASTY_READ, &len))
		return -1;
	return real(fd, buf, len);
}

ssize_t
__read_chk(int fd, void *buf, size_t len, size_t size)
{
	return read(fd, buf, len < size ? len : size);
}

/* Vectors that are asked about, and cut if need be. */
struct vectors {
	const struct iovec *at;
	int n;
	struct iovec cut[VECTORS];
};

/* The first len bytes of what there is. */
static void
cut(struct vectors *vectors, size_t len)
{
	int i;

	for (i = 0; len > 0; i++) {
		vectors->cut[i] = vectors->at[i];
		if (vectors->cut[i].iov_len > len)
			vectors->cut[i].iov_len = len;
		len -= vectors->cut[i].iov_len;
	}
	vectors->at = vectors->cut;
	vectors->n = i;
}

static bool
vectors_strike(int fd, enum nasty_call call, struct vectors *vectors)
{
	size_t len, all = 0;
	int i;

	for (i = 0; i < vectors->n && i < VECTORS; i++)
		all += vectors->at[i].iov_len;
	len = all;
	if (nasty_strikes(fd, call, &len))
		return true;
	if (len < all)
		cut(vectors, len);
	return false;
}

ssize_t
readv(int fd, const struct iovec *iov, int n)
{
	ssize_t (*real)(int, const struct iovec *, int) = (ssize_t (*)(int,
	    const struct iovec *, int))nasty_real(NASTY_READV);
	struct vectors vectors;

	vectors.at = iov;
	vectors.n = n;
	if (vectors_strike(fd, NASTY_READV, &vectors))
		return -1;
	return real(fd, vectors.at, vectors.n);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) = (ssize_t (*)(int,
	    struct msghdr *, int))nasty_real(NASTY_RECVMSG);
	struct msghdr given = *message;
	struct vectors vectors;
	ssize_t got;

	vectors.at = given.msg_iov;
	vectors.n = (int)given.msg_iovlen;
	if (vectors_strike(fd, NASTY_RECVMSG, &vectors))
		return -1;
	if (vectors.at == vectors.cut) {
		message->msg_iov = vectors.cut;
		message->msg_iovlen = (size_t)vectors.n;
	}
	got = real(fd, message, flags);
	message->msg_iov = given.msg_iov;
	message->msg_iovlen = given.msg_iovlen;
	return got;
}

/* Writing */

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	ssize_t (*real)(int, const void *, size_t, int) = (ssize_t (*)(int,
	    const void *, size_t, int))nasty_real(NASTY_SEND);

	if (nasty_strikes(fd, NASTY_SEND, &len))
		return -1;
	return real(fd, buf, len, flags);
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *address, socklen_t address_len)
{
	ssize_t (*real)(int, const void *, size_t, int,
	    const struct sockaddr *, socklen_t) = (ssize_t (*)(int,
	    const void *, size_t, int, const struct sockaddr *,
	    socklen_t))nasty_real(NASTY_SENDTO);

	if (nasty_strikes(fd, NASTY_SENDTO, &len))
		return -1;
	return real(fd, buf, len, flags, address, address_len);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = (ssize_t (*)(int,
	    const struct msghdr *, int))nasty_real(NASTY_SENDMSG);
	struct msghdr sent = *message;
	struct vectors vectors;

	vectors.at = sent.msg_iov;
	vectors.n = (int)sent.msg_iovlen;
	if (vectors_strike(fd, NASTY_SENDMSG, &vectors))
		return -1;
	if (vectors.at == vectors.cut) {
		sent.msg_iov = vectors.cut;
		sent.msg_iovlen = (size_t)vectors.n;
	}
	return real(fd, &sent, flags);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int,
	    const void *, size_t))nasty_real(NASTY_WRITE);

	if (nasty_strikes(fd, NASTY_WRITE, &len))
		return -1;
	return real(fd, buf, len);
}

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	ssize_t (*real)(int, const struct iovec *, int) = (ssize_t (*)(int,
	    const struct iovec *, int))nasty_real(NASTY_WRITEV);
	struct vectors vectors;

	vectors.at = iov;
	vectors.n = n;
	if (vectors_strike(fd, NASTY_WRITEV, &vectors))
		return -1;
	return real(fd, vectors.at, vectors.n);
}

ssize_t
sendfile(int to, int from, off_t *offset, size_t len)
{
	ssize_t (*real)(int, int, off_t *, size_t) = (ssize_t (*)(int, int,
	    off_t *, size_t))nasty_real(NASTY_SENDFILE);

	if (nasty_strikes(to, NASTY_SENDFILE, &len))
		return -1;
	return real(to, from, offset, len);
}

/* Where off_t has 64 bits, as everywhere by now, they are the same. */
ssize_t
sendfile64(int to, int from, off_t *offset, size_t len)
{
	return sendfile(to, from, offset, len);
}

/* Connections */

int
accept(int fd, struct sockaddr *address, socklen_t *len)
{
	int (*real)(int, struct sockaddr *, socklen_t *) = (int (*)(int,
	    struct sockaddr *, socklen_t *))nasty_real(NASTY_ACCEPT);
	size_t none = 0;
	int accepted;

	if (nasty_strikes(fd, NASTY_ACCEPT, &none))
		return -1;
	accepted = real(fd, address, len);
	nasty_accepted(accepted);
	return accepted;
}

int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	int (*real)(int, struct sockaddr *, socklen_t *, int) = (int (*)(int,
	    struct sockaddr *, socklen_t *, int))nasty_real(NASTY_ACCEPT4);
	size_t none = 0;
	int accepted;

	if (nasty_strikes(fd, NASTY_ACCEPT4, &none))
		return -1;
	accepted = real(fd, address, len, flags);
	nasty_accepted(accepted);
	return accepted;
}

/* One that is interrupted goes on, as POSIX has it. */
int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = (int (*)(int,
	    const struct sockaddr *, socklen_t))nasty_real(NASTY_CONNECT);
	size_t none = 0;

	if (!nasty_strikes(fd, NASTY_CONNECT, &none))
		return real(fd, address, len);
	if (errno == EINTR && (real(fd, address, len) == 0 ||
	    errno == EINPROGRESS))
		errno = EINTR;
	return -1;
}

/* The number may soon be that of another descriptor. */
int
close(int fd)
{
	int (*real)(int) = (int (*)(int))nasty_real(NASTY_CLOSE);

	nasty_watch(fd, false);
	return real(fd);
}
