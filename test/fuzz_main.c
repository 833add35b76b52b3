/*
 * Replays the inputs of a fuzz target, where there is no fuzzer: each argument
 * is one, or a directory of them. With EVCHAT_TEST_VERBOSE in the environment,
 * what each of them means, and its transcript, go to stderr.
 */

#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

#define INPUT_MAX 65536
#define SECONDS_MAX 60 /* for one input */

static unsigned long inputs;
static char replaying[4096]; /* its path */

/* A violation, or an input that takes too long: say which. */
static void
on_signal(int signo)
{
	static const char before[] = "the input: ";

	if (write(2, before, sizeof(before) - 1) == -1 ||
	    write(2, replaying, strlen(replaying)) == -1 ||
	    write(2, "\n", 1) == -1)
		_exit(1);
	(void)raise(signo);
}

static void
watch_for(int signo)
{
	struct sigaction action = { .sa_handler = on_signal,
	    .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(signo, &action, NULL);
}

static int
complain(const char *path)
{
	perror(path);
	return (-1);
}

static int
replay_file(void)
{
	FILE *file = fopen(replaying, "rb");
	uint8_t *bytes = malloc(INPUT_MAX), *data;
	size_t size;

	if (file == NULL || bytes == NULL)
		return (complain(replaying));
	size = fread(bytes, 1, INPUT_MAX, file);
	fclose(file);
	/* In memory of exactly its size, so that reading beyond is seen. */
	if ((data = malloc(size + (size == 0))) == NULL)
		return (complain(replaying));
	memcpy(data, bytes, size);
	free(bytes);
	if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
		fprintf(stderr, "%s\n", replaying);
	alarm(SECONDS_MAX);
	(void)LLVMFuzzerTestOneInput(data, size);
	alarm(0);
	free(data);
	inputs++;
	return (0);
}

static int
replay_directory(const char *path)
{
	struct dirent **entries;
	int i, n = scandir(path, &entries, NULL, alphasort), done = 0;

	if (n == -1)
		return (complain(path));
	for (i = 0; i < n; i++) {
		(void)snprintf(replaying, sizeof(replaying), "%s/%s", path,
		    entries[i]->d_name);
		if (done == 0 && entries[i]->d_name[0] != '.')
			done = replay_file();
		free(entries[i]);
	}
	free(entries);
	return (done);
}

static int
replay(const char *path)
{
	struct stat status;

	if (stat(path, &status) == -1)
		return (complain(path));
	if (S_ISDIR(status.st_mode))
		return (replay_directory(path));
	(void)snprintf(replaying, sizeof(replaying), "%s", path);
	return (replay_file());
}

int
main(int argc, char **argv)
{
	int i;

	watch_for(SIGABRT);
	watch_for(SIGALRM);
	for (i = 1; i < argc; i++)
		if (replay(argv[i]) == -1)
			return (1);
	printf("%lu inputs replayed\n", inputs);
	return (inputs > 0 ? 0 : 1);
}
