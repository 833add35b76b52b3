/*
 * The nasty kernel itself: each call that moves bytes, each way to bend it,
 * and nothing but the n-th one on a watched descriptor.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "harness.h"
#include "nasty.h"

#define LEN 16
#define HALF (LEN / 2)

static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKL";

ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);

/* Each call as a function of the same kind */

static ssize_t
call_recv(int fd, void *buf, size_t len)
{
	return recv(fd, buf, len, 0);
}

static ssize_t
call_recvfrom(int fd, void *buf, size_t len)
{
	return recvfrom(fd, buf, len, 0, NULL, NULL);
}

static ssize_t
call_recv_chk(int fd, void *buf, size_t len)
{
	return __recv_chk(fd, buf, len, len, 0);
}

static ssize_t
call_read_chk(int fd, void *buf, size_t len)
{
	return __read_chk(fd, buf, len, len);
}

/* In three parts, one of them empty. */
static void
divide(struct iovec parts[3], void *buf, size_t len)
{
	parts[0].iov_base = buf;
	parts[0].iov_len = 3;
	parts[1].iov_base = buf;
	parts[1].iov_len = 0;
	parts[2].iov_base = (char *)buf + 3;
	parts[2].iov_len = len - 3;
}

static ssize_t
call_readv(int fd, void *buf, size_t len)
{
	struct iovec parts[3];

	divide(parts, buf, len);
	return readv(fd, parts, 3);
}

static ssize_t
call_recvmsg(int fd, void *buf, size_t len)
{
	struct iovec parts[3];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };
	ssize_t n;

	divide(parts, buf, len);
	n = recvmsg(fd, &message, 0);
	ck_assert_ptr_eq(message.msg_iov, parts);
	ck_assert_uint_eq(message.msg_iovlen, 3);
	return n;
}

static ssize_t
call_send(int fd, void *buf, size_t len)
{
	return send(fd, buf, len, 0);
}

static ssize_t
call_sendto(int fd, void *buf, size_t len)
{
	return sendto(fd, buf, len, 0, NULL, 0);
}

static ssize_t
call_sendmsg(int fd, void *buf, size_t len)
{
	struct iovec parts[3];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 3 };

	divide(parts, buf, len);
	return sendmsg(fd, &message, 0);
}

static ssize_t
call_write(int fd, void *buf, size_t len)
{
	return write(fd, buf, len);
}

static ssize_t
call_writev(int fd, void *buf, size_t len)
{
	struct iovec parts[3];

	divide(parts, buf, len);
	return writev(fd, parts, 3);
}

static FILE *
file_of(const void *data, size_t len)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fflush(file), 0);
	return file;
}

static ssize_t
call_sendfile(int fd, void *buf, size_t len)
{
	FILE *file = file_of(buf, len);
	off_t offset = 0;
	ssize_t n = sendfile(fd, fileno(file), &offset, len);
	int error = errno;

	ck_assert_int_eq(offset, n == -1 ? 0 : n);
	(void)fclose(file);
	errno = error;
	return n;
}

static const struct transfer {
	const char *name;
	enum nasty_call call;
	ssize_t (*make)(int fd, void *buf, size_t len);
} transfers[] = {
	{ "recv", NASTY_RECV, call_recv },
	{ "recvfrom", NASTY_RECVFROM, call_recvfrom },
	{ "recvmsg", NASTY_RECVMSG, call_recvmsg },
	{ "read", NASTY_READ, read },
	{ "readv", NASTY_READV, call_readv },
	{ "fortified recv", NASTY_RECV, call_recv_chk },
	{ "fortified read", NASTY_READ, call_read_chk },
	{ "send", NASTY_SEND, call_send },
	{ "sendto", NASTY_SENDTO, call_sendto },
	{ "sendmsg", NASTY_SENDMSG, call_sendmsg },
	{ "write", NASTY_WRITE, call_write },
	{ "writev", NASTY_WRITEV, call_writev },
	{ "sendfile", NASTY_SENDFILE, call_sendfile }
};

#define TRANSFERS (sizeof(transfers) / sizeof(transfers[0]))

/* A watched socket and its peer. */
struct wire {
	int fd;
	int peer;
	size_t moved; /* bytes through fd */
};

static struct wire
open_wire(void)
{
	struct wire wire = { 0 };
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	wire.fd = fds[0];
	wire.peer = fds[1];
	nasty_watch(wire.fd, true);
	return wire;
}

static void
close_wire(struct wire *wire)
{
	nasty_stop();
	close(wire->fd);
	close(wire->peer);
}

/* Call once; what is moved must be what comes next. @return how much that is */
static ssize_t
move(struct wire *wire, const struct transfer *transfer)
{
	char buf[LEN], got[LEN];
	bool reads = (transfer->call & NASTY_READS) != 0;
	ssize_t n;
	int error;

	memset(got, 0, LEN);
	memcpy(buf, text + wire->moved, LEN);
	n = transfer->make(wire->fd, reads ? got : buf, LEN);
	error = errno;
	if (n > 0 && !reads)
		ck_assert_int_eq(read(wire->peer, got, LEN), n);
	if (n > 0)
		ck_assert_mem_eq(got, text + wire->moved, (size_t)n);
	wire->moved += n > 0 ? (size_t)n : 0;
	errno = error;
	return n;
}

static struct wire
open_wire_for(const struct transfer *transfer)
{
	struct wire wire = open_wire();

	if ((transfer->call & NASTY_READS) != 0)
		ck_assert_int_eq(write(wire.peer, text, 3 * LEN), 3 * LEN);
	return wire;
}

static void
expect_bent(const struct nasty_bend *bend, ssize_t n)
{
	if (bend->error != 0) {
		ck_assert_int_eq(n, -1);
		ck_assert_int_eq(errno, bend->error);
	} else
		ck_assert_int_eq(n, bend->most > 0 ? (int)bend->most : HALF);
}

START_TEST(nth_transfer_is_bent_and_no_other)
{
	const struct transfer *transfer = &transfers[_i];
	const struct nasty_bend *bend;
	struct wire wire;
	int nth, i, tried = 0;

	for (bend = nasty_bends; bend < nasty_bends + nasty_bend_count; bend++)
		for (nth = 1; nth <= 2; nth++) {
			if ((bend->calls & transfer->call) == 0)
				continue;
			wire = open_wire_for(transfer);
			nasty_bend_at(bend, nth);
			for (i = 1; i < nth; i++)
				ck_assert_int_eq(move(&wire, transfer), LEN);
			ck_assert_int_eq(nasty_struck(), 0);
			expect_bent(bend, move(&wire, transfer));
			ck_assert_int_eq(nasty_struck(), 1);
			ck_assert_int_eq(move(&wire, transfer), LEN);
			ck_assert_int_eq(nasty_counted(), nth + 1);
			ck_assert_int_eq(nasty_struck(), 1);
			close_wire(&wire);
			tried++;
		}
	ck_assert_int_ge(tried, 12);
}
END_TEST

START_TEST(descriptor_that_is_not_watched_is_left_alone)
{
	const struct transfer *transfer = &transfers[_i];
	struct wire wire = open_wire_for(transfer);

	nasty_bend_often(nasty_bend_named("EINTR"), 1, 0);
	ck_assert_int_eq(move(&wire, transfer), -1);
	nasty_watch(wire.fd, false);
	ck_assert_int_eq(move(&wire, transfer), LEN);
	nasty_watch(wire.fd, true);
	ck_assert_int_eq(move(&wire, transfer), -1);
	nasty_stop();
	ck_assert_int_eq(move(&wire, transfer), LEN);
	ck_assert_int_eq(nasty_struck(), 2);
	close_wire(&wire);
}
END_TEST

START_TEST(only_what_a_bend_fits_is_bent_and_counted)
{
	const struct transfer *transfer = &transfers[_i];
	struct nasty_bend bend = *nasty_bend_named("ENOBUFS");
	struct wire wire = open_wire_for(transfer);

	bend.calls = ~(unsigned)transfer->call;
	nasty_bend_often(&bend, 1, 0);
	ck_assert_int_eq(move(&wire, transfer), LEN);
	ck_assert_int_eq(nasty_counted(), 0);
	close_wire(&wire);
}
END_TEST

START_TEST(no_descriptor_stays_watched_when_it_is_closed)
{
	struct wire wire = open_wire();
	int fd = wire.fd;

	close(wire.fd);
	ck_assert_int_eq(wire.fd = dup(wire.peer), fd);
	nasty_bend_often(nasty_bend_named("EPIPE"), 1, 0);
	ck_assert_int_eq(send(fd, "a", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(nasty_struck(), 0);
	close_wire(&wire);
}
END_TEST

static Suite *
nasty_suite(void)
{
	Suite *suite = suite_create("nasty");
	TCase *tc = harness_case(suite, "calls");

	tcase_add_loop_test(tc, nth_transfer_is_bent_and_no_other, 0,
	    TRANSFERS);
	tcase_add_loop_test(tc, descriptor_that_is_not_watched_is_left_alone,
	    0, TRANSFERS);
	tcase_add_loop_test(tc, only_what_a_bend_fits_is_bent_and_counted, 0,
	    TRANSFERS);
	tcase_add_test(tc, no_descriptor_stays_watched_when_it_is_closed);

	return suite;
}

int
main(void)
{
	return harness_main(nasty_suite());
}
