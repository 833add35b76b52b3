/*
 * The ready-made producer of a part of a regular file. It is asked for bytes,
 * as others are, and reads them. Where all that it gives goes to a socket as
 * it is, the queue has it send them itself, and sendfile spares both copies;
 * from either way it can go over to the other, since all that it keeps is
 * where it is.
 */

#define _GNU_SOURCE /* pread, sigtimedwait */

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_SYS_SENDFILE_H
#include <sys/sendfile.h>
#endif

#include <event2/buffer.h>

#include "api.h"
#include "mem.h"
#include "producer.h"
#ifdef HAVE_SYS_SENDFILE_H
#include "quiet.h"
#endif

struct file {
	int fd;
	off_t offset; /* of the next byte to send */
	off_t left;   /* bytes to send */
};

/* Read at most want bytes to the end of out; as pread does. */
static ssize_t
file_read(const struct file *file, struct evbuffer *out, size_t want)
{
	struct evbuffer_iovec vec;
	ssize_t n;

	if (evbuffer_reserve_space(out, (ev_ssize_t)want, &vec, 1) != 1) {
		errno = ENOMEM;
		return (-1);
	}
	do
		n = pread(file->fd, vec.iov_base, want, file->offset);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return (n);
	vec.iov_len = (size_t)n;
	return (evbuffer_commit_space(out, &vec, 1) == -1 ? -1 : n);
}

static enum evchat_more
file_more(void *self, struct evbuffer *out, size_t want)
{
	struct file *file = self;
	ssize_t n;

	if (file->left == 0)
		return (EVCHAT_MORE_END);
	if ((off_t)want > file->left)
		want = (size_t)file->left;
	/* Zero: the file has become shorter than was promised. */
	if ((n = file_read(file, out, want)) <= 0)
		return (EVCHAT_MORE_ERROR);
	file->offset += n;
	file->left -= n;
	return (file->left > 0 ? EVCHAT_MORE_DATA : EVCHAT_MORE_END);
}

#ifdef HAVE_SYS_SENDFILE_H

#define WORTH_SENDING ((off_t)32 << 10) /* less leaves with what is around it */

/* Is it about the file, so that reading it may do, or will tell what is wrong? */
static bool
is_about_file(int error)
{
	return (error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
	    error == EOVERFLOW || error == EIO || error == ENOMEM ||
	    error == EBADF);
}

static ssize_t
send_quietly(int fd, int from, off_t *offset, size_t want)
{
	struct quiet quiet;
	ssize_t n;

	quiet_begin(&quiet);
	n = sendfile(fd, from, offset, want);
	quiet_end(&quiet, n == -1 && errno == EPIPE);
	return (n);
}

static enum producer_sent
file_send(void *self, int fd, size_t want, size_t *sent)
{
	struct file *file = self;
	ssize_t n;

	if ((off_t)want > file->left)
		want = (size_t)file->left;
	do
		n = send_quietly(fd, file->fd, &file->offset, want);
	while (n == -1 && errno == EINTR);
	if (n == 0) { /* the file has become shorter than was promised */
		errno = 0;
		return (PRODUCER_HAS_FAILED);
	}
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return (PRODUCER_SENT_NONE);
	if (n == -1)
		return (is_about_file(errno) ? PRODUCER_CANNOT_SEND :
		    PRODUCER_SEND_FAILED);
	*sent = (size_t)n;
	file->left -= n;
	return (file->left > 0 ? PRODUCER_SENT_SOME : PRODUCER_SENT_LAST);
}

static void
send_if_worth(struct evchat_producer *producer, const struct file *file)
{
	if (file->left > WORTH_SENDING)
		producer->send = file_send;
}

#else

static void
send_if_worth(struct evchat_producer *producer, const struct file *file)
{
	(void)producer;
	(void)file;
}

#endif

static void
file_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct file *file = self;

	(void)how;
	(void)bytes;
	(void)close(file->fd);
	mem_free(file);
}

static const struct evchat_producer_ops file_ops = {
	.more = file_more,
	.done = file_done,
};

/* How many bytes of fd there are to send; -1 with errno if it cannot be. */
static int64_t
file_part(int fd, int64_t offset, int64_t len)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (-1);
	if (!S_ISREG(st.st_mode) || offset < 0 || len < -1 ||
	    offset > st.st_size || len > st.st_size - offset) {
		errno = EINVAL;
		return (-1);
	}
	return (len == -1 ? st.st_size - offset : len);
}

struct evchat_producer *
evchat_producer_new_file(int fd, int64_t offset, int64_t len)
{
	struct evchat_producer *producer;
	struct file *file;
	int error;

	file = mem_calloc(sizeof(*file));
	if (file == NULL || (len = file_part(fd, offset, len)) == -1 ||
	    (producer = producer_new(&file_ops, file)) == NULL) {
		error = errno;
		mem_free(file);
		(void)close(fd);
		errno = error;
		return (NULL);
	}
	file->fd = fd;
	file->offset = (off_t)offset;
	file->left = (off_t)len;
	producer->at_once = true;
	send_if_worth(producer, file);
	return (producer);
}
