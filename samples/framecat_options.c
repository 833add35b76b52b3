/*
 * framecat's command line, and --help.
 */
#define _POSIX_C_SOURCE 200809L
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <evchat.h>
#include "framecat_framing.h"
#include "framecat_options.h"
#include "framecat_text.h"

static const char usage[] =
    "usage: framecat [OPTIONS] FRAMING HOST PORT\n"
    "       framecat -l [OPTIONS] FRAMING [PORT]\n"
    "       framecat --decode [OPTIONS] FRAMING < BYTES\n"
    "       framecat --encode [OPTIONS] FRAMING < LINES\n";

static const char introduction[] =
    "\n"
    "A netcat that knows what a message is. Every line of stdin is sent as a frame,\n"
    "every frame that comes is printed as a line: [number] time, size: payload.\n"
    "When stdin ends, so does what is sent; what the peer still sends is printed.\n"
    "It ends when the peer has nothing more to send and stdin has ended or is a\n"
    "terminal.\n"
    "\n"
    "Two of them talk:      framecat -l netstring 4000\n"
    "                       framecat netstring localhost 4000\n"
    "To a mail server:      framecat line:strict localhost 25\n"
    "What is in a capture:  framecat --decode length:4be < capture\n"
    "the same as a dump:    framecat --decode -x length:4be < capture\n"
    "or cut out of a reply: framecat --decode --raw chunked < body > page\n"
    "To make test data:     printf 'one\\ntwo\\n' | framecat --encode varint\n"
    "From one to another:   framecat --decode -q netstring < a |\n"
    "                           framecat --encode -u octet-count > b\n"
    "\n"
    "Framings:\n";

static const char the_rest[] =
    "\n"
    "Options:\n"
    "  -l, --listen         wait for one connection; on any free port, unless told\n"
    "  -a, --address ADDR   where to listen, instead of 127.0.0.1\n"
    "  -d, --decode         print the frames that stdin is made of\n"
    "  -e, --encode         write the lines of stdin to stdout, as frames\n"
    "  -u, --unescape       \\r \\n \\t \\0 \\xNN \\\\ in lines of stdin are meant\n"
    "  -x, --hex            print frames as hexadecimal dumps\n"
    "  -r, --raw            print the very bytes, with nothing between frames\n"
    "  -q, --quiet          print only the payload\n"
    "  -t, --no-time        print no time\n"
    "  -m, --max N          take no frame above N bytes; 0: any; else 1048576\n"
    "  -L, --last           what comes last without delimiter is a frame, too\n"
    "  -h, --help\n"
    "\n"
    "Exit status: 0 the input ended between two frames, 1 no connection, or input\n"
    "or output failed, 2 wrong usage, 3 malformed, 4 truncated, 5 oversize (stderr\n"
    "says at which offset), 6 some line of stdin could not be sent, others were.\n";

static const struct option long_options[] = {
	{ "address", required_argument, NULL, 'a' },
	{ "decode", no_argument, NULL, 'd' },
	{ "encode", no_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' },
	{ "hex", no_argument, NULL, 'x' },
	{ "last", no_argument, NULL, 'L' },
	{ "listen", no_argument, NULL, 'l' },
	{ "max", required_argument, NULL, 'm' },
	{ "no-time", no_argument, NULL, 't' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "raw", no_argument, NULL, 'r' },
	{ "unescape", no_argument, NULL, 'u' },
	{ NULL, 0, NULL, 0 }
};

static int
print_help(void)
{
	fputs(usage, stdout);
	fputs(introduction, stdout);
	framecat_framing_help(stdout);
	fputs(the_rest, stdout);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return FRAMECAT_OK;
	perror("framecat: stdout");
	return FRAMECAT_FAILED;
}

static int
refuse(void)
{
	fputs(usage, stderr);
	return FRAMECAT_USAGE;
}

/* An option that says what to do: only one of them can be meant. */
static int
set_mode(struct framecat_options *options, enum framecat_mode mode)
{
	if (options->mode != FRAMECAT_CONNECT && options->mode != mode)
		return -1;
	options->mode = mode;
	return 0;
}

static int
set_max(struct framecat_options *options, const char *text)
{
	options->has_max = 1;
	if (framecat_number(text, UINT64_MAX, &options->max) == 0)
		return 0;
	fprintf(stderr, "framecat: %s: not a number\n", text);
	return -1;
}

/* Returns 0, or -1 if the option is none, or cannot be meant. */
static int
take_option(struct framecat_options *options, int letter, const char *value)
{
	switch (letter) {
	case 'a':
		options->host = value;
		return 0;
	case 'd':
		return set_mode(options, FRAMECAT_DECODE);
	case 'e':
		return set_mode(options, FRAMECAT_ENCODE);
	case 'l':
		return set_mode(options, FRAMECAT_LISTEN);
	case 'm':
		return set_max(options, value);
	case 'L':
		options->deliver_last = 1;
		return 0;
	case 'q':
		options->print.bare = 1;
		return 0;
	case 'r':
		options->print.form = FRAMECAT_RAW;
		return 0;
	case 't':
		options->print.timeless = 1;
		return 0;
	case 'u':
		options->unescape = 1;
		return 0;
	case 'x':
		options->print.form = FRAMECAT_HEX;
		return 0;
	default:
		return -1;
	}
}

/* What stands behind the options. */
static int
take_rest(struct framecat_options *options, int n, char **rest)
{
	const char *address = options->host;
	int most = options->mode == FRAMECAT_CONNECT ? 3 :
	    options->mode == FRAMECAT_LISTEN ? 2 : 1;
	int least = options->mode == FRAMECAT_CONNECT ? 3 : 1;

	if (n < least || n > most ||
	    (address != NULL && options->mode != FRAMECAT_LISTEN))
		return refuse();
	if (options->mode == FRAMECAT_CONNECT) {
		options->host = rest[1];
		options->port = rest[2];
	} else {
		options->host = address != NULL ? address : "127.0.0.1";
		options->port = n == 2 ? rest[1] : "0";
	}
	return framecat_framing_new(rest[0], &options->framing) == 0 ?
	    FRAMECAT_OK : FRAMECAT_USAGE;
}

int
framecat_options_read(struct framecat_options *options, int argc, char **argv,
    int *status)
{
	int letter;

	memset(options, 0, sizeof(*options));
	while ((letter = getopt_long(argc, argv, "a:dehLlm:qrtux",
	    long_options, NULL)) != -1) {
		if (letter == 'h') {
			*status = print_help();
			return -1;
		}
		if (take_option(options, letter, optarg) == -1) {
			*status = refuse();
			return -1;
		}
	}
	*status = take_rest(options, argc - optind, argv + optind);
	return *status == FRAMECAT_OK ? 0 : -1;
}
