/*
 * Messages on their way into a maildir (cr.yp.to/proto/maildir.html): written
 * to a file in tmp/, forced to the disk, and only then renamed into new/, the
 * directory being forced to the disk as well. So whoever looks into new/ sees
 * whole messages, even after the machine has stopped at any moment.
 *
 * fsync() holds up everybody who is served by the same event loop. A server
 * that is to be fast pauses the channel, and has it done by a thread.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>
#include <sys/types.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include "smtpd_maildir.h"

/* Open a directory, and make it if it is not there. */
static int
open_directory(int at, const char *path)
{
	if (mkdirat(at, path, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
maildir_open(struct maildir *maildir, const char *path)
{
	int top = open_directory(AT_FDCWD, path);
	int cur;

	if (top == -1)
		return -1;
	maildir->count = 0;
	maildir->tmp = open_directory(top, "tmp");
	maildir->new = open_directory(top, "new");
	cur = open_directory(top, "cur");	/* readers want it */
	if (cur != -1)
		close(cur);
	if (maildir->tmp == -1 || maildir->new == -1 || cur == -1 ||
	    fsync(top) == -1)
		return -1;
	return close(top);
}

int
message_begin(struct message *message, struct maildir *maildir)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) == -1)
		return -1;
	/* No two processes have a number at the same time. */
	snprintf(message->name, sizeof(message->name), "%lld.M%06ldP%ldQ%u",
	    (long long)now.tv_sec, now.tv_nsec / 1000, (long)getpid(),
	    ++maildir->count);
	message->fd = openat(maildir->tmp, message->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return message->fd == -1 ? -1 : 0;
}

int
message_write(struct message *message, const void *data, size_t len)
{
	const char *bytes = data;
	ssize_t n;

	while (len > 0) {
		n = write(message->fd, bytes, len);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int
message_deliver(struct message *message, struct maildir *maildir)
{
	if (fsync(message->fd) == -1 || renameat(maildir->tmp, message->name,
	    maildir->new, message->name) == -1)
		return -1;
	close(message->fd);
	message->fd = -1;
	return fsync(maildir->new);
}

void
message_drop(struct message *message, struct maildir *maildir)
{
	if (message->fd == -1)
		return;
	close(message->fd);
	message->fd = -1;
	unlinkat(maildir->tmp, message->name, 0);
}
