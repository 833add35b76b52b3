/*
 * The ready-made producers: of what an evbuffer holds, and of a part of a file.
 */

#define _POSIX_C_SOURCE 200809L /* pread */

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "mem.h"
#include "producer.h"

/* An evbuffer */

static enum evchat_more
buffer_more(void *self, struct evbuffer *out, size_t want)
{
	struct evbuffer *buf = self;
	size_t left = evbuffer_get_length(buf);
	size_t given = evbuffer_get_length(out);

	if (want > left)
		want = left;
	/* It loses what it cannot copy, and tells by nothing but the lengths. */
	(void)evbuffer_remove_buffer(buf, out, want);
	if (evbuffer_get_length(out) - given != want) {
		errno = ENOMEM;
		return (EVCHAT_MORE_ERROR);
	}
	return (want < left ? EVCHAT_MORE_DATA : EVCHAT_MORE_END);
}

static void
buffer_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)how;
	(void)bytes;
	evbuffer_free(self);
}

static const struct evchat_producer_ops buffer_ops = {
	.more = buffer_more,
	.done = buffer_done,
};

struct evchat_producer *
evchat_producer_new_evbuffer(struct evbuffer *buf)
{
	struct evchat_producer *producer;

	if (buf == NULL) {
		errno = EINVAL;
		return (NULL);
	}
	if ((producer = producer_new(&buffer_ops, buf)) == NULL) {
		evbuffer_free(buf);
		return (NULL);
	}
	producer->held = evbuffer_get_length(buf);
	return (producer);
}

/* A file */

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
	return (producer);
}
