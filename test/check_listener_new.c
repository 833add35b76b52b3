/*
 * How listeners are made, and how that fails: errno is that of the call, the
 * descriptor is closed, nothing is left. And the paths of AF_UNIX sockets.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "door.h"

static void
ignore(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	(void)listener;
	(void)peer;
	(void)peerlen;
	(void)arg;
	evchat_free(chat);
}

/* What is refused */

/* A call that fails, with this errno, having left nothing. */
#define REFUSED(error, call) do { \
	long descriptors = door_descriptors(), blocks = harness_blocks(); \
	errno = 0; \
	ck_assert_ptr_null(call); \
	ck_assert_int_eq(errno, error); \
	ck_assert_int_eq(door_descriptors(), descriptors); \
	ck_assert_int_eq(harness_blocks(), blocks); \
} while (0)

START_TEST(arguments_that_cannot_work_are_refused)
{
	struct door d;
	struct sockaddr *sa = (struct sockaddr *)&d.address;

	door_init(&d, DOOR_TCP);
	REFUSED(EINVAL, evchat_listener_new_bind(NULL, ignore, NULL, 0, -1, sa,
	    d.address_len));
	REFUSED(EINVAL, evchat_listener_new_bind(d.base, NULL, NULL, 0, -1, sa,
	    d.address_len));
	REFUSED(EINVAL, evchat_listener_new_bind(d.base, ignore, NULL,
	    1u << 15, -1, sa, d.address_len));
	REFUSED(EINVAL, evchat_listener_new_bind(d.base, ignore, NULL,
	    1u << 19, -1, sa, d.address_len));
	REFUSED(EINVAL, evchat_listener_new_bind(d.base, ignore, NULL, 0, -1,
	    NULL, d.address_len));
	REFUSED(EINVAL, evchat_listener_new_bind(d.base, ignore, NULL, 0, -1,
	    sa, 0));
	REFUSED(EINVAL, evchat_listener_new_bind(d.base, ignore, NULL, 0, -1,
	    sa, (int)sizeof(sa->sa_family)));
	d.address.ss_family = AF_UNSPEC;
	REFUSED(EAFNOSUPPORT, evchat_listener_new_bind(d.base, ignore, NULL, 0,
	    -1, sa, d.address_len));
	door_close(&d);
}
END_TEST

/* The descriptor is made in the call, and closed there. */
static int
stream(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

START_TEST(descriptor_that_cannot_work_is_closed)
{
	struct door d;

	door_init(&d, DOOR_TCP);
	REFUSED(EBADF, evchat_listener_new(d.base, ignore, NULL, 0, -1, -1));
	REFUSED(EINVAL, evchat_listener_new(NULL, ignore, NULL, 0, -1,
	    stream()));
	REFUSED(EINVAL, evchat_listener_new(d.base, NULL, NULL, 0, -1,
	    stream()));
	REFUSED(EINVAL, evchat_listener_new(d.base, ignore, NULL,
	    EVCHAT_LISTENER_REUSEPORT, -1, stream()));
	REFUSED(EINVAL, evchat_listener_new(d.base, ignore, NULL,
	    EVCHAT_LISTENER_IPV6ONLY, -1, stream()));
	/* 0: it should listen already. */
	REFUSED(EINVAL, evchat_listener_new(d.base, ignore, NULL, 0, 0,
	    stream()));
	REFUSED(EOPNOTSUPP, evchat_listener_new(d.base, ignore, NULL, 0, -1,
	    socket(AF_INET, SOCK_DGRAM, 0)));
	REFUSED(ENOTSOCK, evchat_listener_new(d.base, ignore, NULL, 0, 0,
	    open("/dev/null", O_RDONLY)));
	door_close(&d);
}
END_TEST

START_TEST(socket_that_listens_is_taken_as_it_is)
{
	struct door d;
	int fd;

	door_init(&d, DOOR_TCP);
	fd = stream();
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&d.address,
	    (socklen_t)d.address_len), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	d.listener = evchat_listener_new(d.base, ignore, NULL, 0, 0, fd);
	ck_assert_ptr_nonnull(d.listener);
	ck_assert_int_eq(evchat_listener_get_address(d.listener,
	    (struct sockaddr *)&d.address, &d.address_len), 0);
	door_run_until_ended(&d, door_knock(&d));
	door_close(&d);
}
END_TEST

/* Without memory */

static void
starve_making(enum door_kind kind)
{
	bool made = false;
	struct door d;
	long i;

	for (i = 1; !made; i++) {
		door_init(&d, kind);
		harness_fail_allocation(i);
		errno = 0;
		made = door_listen(&d, 0);
		if (!made)
			ck_assert_int_eq(errno, ENOMEM);
		ck_assert_int_eq(made, !harness_allocation_failed());
		harness_fail_allocation(0);
		door_close(&d);
	}
	ck_assert_int_gt(i, 4);
}

START_TEST(making_survives_every_failing_allocation)
{
	starve_making((enum door_kind)_i);
}
END_TEST

/* The one that cannot be had is closed, and the listener goes on. */
START_TEST(accepting_survives_every_failing_allocation)
{
	bool failed = true;
	struct door d;
	int refused = 0;
	long i;

	for (i = 1; failed; i++) {
		door_open(&d, (enum door_kind)_i);
		d.quiet = true;
		door_say(&d, door_knock(&d));
		harness_fail_allocation(i);
		while (d.accepted == 0 && !door_ended(&d, 0))
			door_turn(&d);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		if (d.accepted == 0) {
			door_expect(&d, "error:ENOMEM");
			refused++;
		}
		door_visit(&d);
		door_close(&d);
	}
	ck_assert_int_gt(refused, 5);
}
END_TEST

/* Paths */

static const char *
path_of(struct door *d)
{
	return ((struct sockaddr_un *)&d->address)->sun_path;
}

static bool
is_there(struct door *d)
{
	struct stat st;

	return lstat(path_of(d), &st) == 0;
}

/* A socket that nobody listens on, or somebody does. */
static int
occupy(struct door *d)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&d->address,
	    sizeof(struct sockaddr_un)), 0);
	return fd;
}

START_TEST(path_goes_with_the_listener)
{
	struct door d;

	door_open(&d, DOOR_UNIX);
	ck_assert(is_there(&d));
	if (_i == 0)
		door_free_listener(&d);
	else
		door_stop(&d, -1); /* nobody is to come any more */
	ck_assert(!is_there(&d));
	if (_i != 0)
		door_run_until(&d, "stopped", 1);
	door_close(&d);
}
END_TEST

START_TEST(path_that_nobody_listens_on_is_taken_over)
{
	struct door d;

	door_init(&d, DOOR_UNIX);
	close(occupy(&d));
	ck_assert(is_there(&d));
	ck_assert(door_listen(&d, 0));
	door_visit(&d);
	door_close(&d);
}
END_TEST

START_TEST(path_that_somebody_listens_on_is_left_alone)
{
	struct door d;
	int fd;

	door_init(&d, DOOR_UNIX);
	fd = occupy(&d);
	ck_assert_int_eq(listen(fd, 5), 0);
	errno = 0;
	ck_assert(!door_listen(&d, 0));
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert(is_there(&d));
	close(fd);
	ck_assert_int_eq(unlink(path_of(&d)), 0);
	door_close(&d);
}
END_TEST

/* ... also if that one has no time for another connection. */
START_TEST(path_of_somebody_busy_is_left_alone)
{
	struct door d;
	int fd, clients[8], n = 0, made;

	door_init(&d, DOOR_UNIX);
	fd = occupy(&d);
	ck_assert_int_eq(listen(fd, 0), 0);
	do {
		clients[n] = socket(AF_UNIX, SOCK_STREAM, 0);
		ck_assert_int_eq(evutil_make_socket_nonblocking(clients[n]), 0);
		made = connect(clients[n++], (struct sockaddr *)&d.address,
		    sizeof(struct sockaddr_un));
	} while (made == 0 && n < 8);
	ck_assert_int_eq(made, -1);
	ck_assert(!door_listen(&d, 0));
	ck_assert(is_there(&d));
	while (n > 0)
		close(clients[--n]);
	close(fd);
	ck_assert_int_eq(unlink(path_of(&d)), 0);
	door_close(&d);
}
END_TEST

START_TEST(path_of_a_file_is_left_alone)
{
	struct door d;

	door_init(&d, DOOR_UNIX);
	close(open(path_of(&d), O_CREAT | O_WRONLY, 0600));
	errno = 0;
	ck_assert(!door_listen(&d, 0));
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(unlink(path_of(&d)), 0);
	door_close(&d);
}
END_TEST

/* The successor is there already when the listener goes. */
START_TEST(path_of_another_is_left_alone)
{
	struct door d;
	int fd;

	door_open(&d, DOOR_UNIX);
	ck_assert_int_eq(unlink(path_of(&d)), 0);
	if (_i == 0)
		close(open(path_of(&d), O_CREAT | O_WRONLY, 0600));
	else {
		fd = occupy(&d);
		close(fd);
	}
	door_free_listener(&d);
	ck_assert(is_there(&d));
	ck_assert_int_eq(unlink(path_of(&d)), 0);
	door_close(&d);
}
END_TEST

START_TEST(path_stays_unless_it_is_to_be_removed)
{
	struct door d;
	struct evchat_listener *listener;

	door_init(&d, DOOR_UNIX);
	listener = evchat_listener_new_bind(d.base, ignore, NULL, 0, 0,
	    (struct sockaddr *)&d.address, d.address_len);
	ck_assert_ptr_nonnull(listener);
	evchat_listener_free(listener);
	REFUSED(EADDRINUSE, evchat_listener_new_bind(d.base, ignore, NULL, 0,
	    0, (struct sockaddr *)&d.address, d.address_len));
	ck_assert_int_eq(unlink(path_of(&d)), 0);
	door_close(&d);
}
END_TEST

/* All the room that there is for a path is used, and no NUL ends it. */
START_TEST(longest_path_is_removed)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct evchat_listener *listener;
	char path[sizeof(un.sun_path) + 1];
	struct door d;
	struct stat st;
	size_t len;

	door_init(&d, DOOR_UNIX);
	len = strlen(d.directory);
	memset(path, 'x', sizeof(path));
	memcpy(path, d.directory, len);
	path[len] = '/';
	path[sizeof(path) - 1] = '\0';
	memcpy(un.sun_path, path, sizeof(un.sun_path));
	listener = evchat_listener_new_bind(d.base, ignore, NULL,
	    EVCHAT_LISTENER_UNLINK, -1, (struct sockaddr *)&un, sizeof(un));
	ck_assert_ptr_nonnull(listener);
	ck_assert_int_eq(lstat(path, &st), 0);
	evchat_listener_free(listener);
	ck_assert_int_eq(lstat(path, &st), -1);
	door_close(&d);
}
END_TEST

static Suite *
new_suite(void)
{
	Suite *suite = suite_create("listener new");
	TCase *tc = harness_case(suite, "refused");

	tcase_add_test(tc, arguments_that_cannot_work_are_refused);
	tcase_add_test(tc, descriptor_that_cannot_work_is_closed);
	tcase_add_test(tc, socket_that_listens_is_taken_as_it_is);

	tc = harness_case(suite, "memory");
	tcase_add_loop_test(tc, making_survives_every_failing_allocation, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, accepting_survives_every_failing_allocation, 0,
	    DOOR_KINDS);

	tc = harness_case(suite, "paths");
	tcase_add_loop_test(tc, path_goes_with_the_listener, 0, 2);
	tcase_add_test(tc, path_that_nobody_listens_on_is_taken_over);
	tcase_add_test(tc, path_that_somebody_listens_on_is_left_alone);
	tcase_add_test(tc, path_of_somebody_busy_is_left_alone);
	tcase_add_test(tc, path_of_a_file_is_left_alone);
	tcase_add_loop_test(tc, path_of_another_is_left_alone, 0, 2);
	tcase_add_test(tc, path_stays_unless_it_is_to_be_removed);
	tcase_add_test(tc, longest_path_is_removed);
	return suite;
}

int
main(void)
{
	return harness_main(new_suite());
}
