/*
 * smtpd: a mail server that puts what it is sent into a maildir.
 *
 * In one terminal:	./smtpd -p 2525 /tmp/mail
 * In another:		swaks --server 127.0.0.1:2525 --to you@example.org
 *			ls /tmp/mail/new
 *
 * With TLS, for which a certificate that signs itself will do:
 *
 *	openssl req -x509 -newkey rsa:2048 -nodes -keyout key \
 *	    -out certificate -subj /CN=localhost
 *	./smtpd -p 2525 -c certificate -k key /tmp/mail
 *	openssl s_client -connect localhost:2525 -starttls smtp -quiet
 *
 * When 250 is said to a message it is on the disk, whole. smtpd_session.c and
 * smtpd_command.c are what is said to a client, smtpd_maildir.c what becomes
 * of messages. -s bytes is the largest message, -t seconds the time for a
 * command, -m how many clients there may be. SIGINT and SIGTERM end it when
 * the messages that had begun are in; a second one ends it at once.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/socket.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>
#ifdef HAVE_OPENSSL
#include <openssl/err.h>
#include <evchat/openssl.h>
#endif
#include "smtpd_session.h"

struct server {
	struct smtpd smtpd;
	struct event_base *base;
	struct evchat_listener *listener;
	const char *port;
	long max;			/* of clients */
	const char *certificate, *key;	/* files */
};

/* The messages that had begun are taken. A second signal kills. */
static const struct timeval grace = { 30, 0 };

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	char address[64], text[80];

	(void)listener;
	if (getnameinfo(peer, (socklen_t)peerlen, address, sizeof(address),
	    NULL, 0, NI_NUMERICHOST) != 0)
		address[0] = '\0';
	snprintf(text, sizeof(text), "[%s]", address);
	session_new(arg, chat, text);
}

#ifdef HAVE_OPENSSL
static int
set_up_tls(struct server *server)
{
	server->smtpd.tls = evchat_ssl_server_ctx_new(server->certificate,
	    server->key);
	if (server->smtpd.tls != NULL)
		return 0;
	ERR_print_errors_fp(stderr);
	return -1;
}
#else
static int
set_up_tls(struct server *server)
{
	(void)server;
	fprintf(stderr, "smtpd: built without TLS\n");
	return -1;
}
#endif

static int
listen_on(struct server *server)
{
	char where[EVCHAT_ADDRESS_MAX];

	snprintf(where, sizeof(where), "127.0.0.1:%s", server->port);
	server->listener = evchat_listener_new_text(server->base, on_accept,
	    &server->smtpd, 0, -1, where);
	if (server->listener == NULL || evchat_listener_stop_on(
	    server->listener, SIGINT, &grace, NULL, NULL) == -1 ||
	    evchat_listener_stop_on(server->listener, SIGTERM, &grace,
	    NULL, NULL) == -1 ||
	    evchat_listener_get_text(server->listener, where,
	    sizeof(where)) == -1)
		return -1;
	evchat_listener_set_max(server->listener, (size_t)server->max);
	printf("listening on %s\n", where);
	return fflush(stdout);
}

static int
serve(struct server *server)
{
	int status = -1;

	if (listen_on(server) == 0)
		status = event_base_dispatch(server->base);
	if (status == -1)
		perror("smtpd");
	evchat_listener_free(server->listener);
	return status;
}

static int
set_up(struct server *server, const char *directory)
{
	struct smtpd *smtpd = &server->smtpd;

	signal(SIGPIPE, SIG_IGN);
	smtpd->lines = evchat_framing_delimiter("\r\n", 2, 0);
	smtpd->dot = evchat_framing_dot(0);
	server->base = event_base_new();
	if (smtpd->lines != NULL && smtpd->dot != NULL &&
	    server->base != NULL &&
	    maildir_open(&smtpd->maildir, directory) == 0)
		return server->certificate != NULL ? set_up_tls(server) : 0;
	perror("smtpd");
	return -1;
}

static void
clean_up(struct server *server)
{
	struct smtpd *smtpd = &server->smtpd;

	if (server->base != NULL)
		event_base_free(server->base);
#ifdef HAVE_OPENSSL
	SSL_CTX_free(smtpd->tls);
#endif
	evchat_framing_free(smtpd->lines);
	evchat_framing_free(smtpd->dot);
}

static int
usage(void)
{
	fprintf(stderr, "usage: smtpd [-c certificate -k key] [-m clients] "
	    "[-p port] [-s bytes] [-t seconds] directory\n");
	return 2;
}

static long
number_of(const char *text, long max)
{
	char *end;
	long number = strtol(text, &end, 10);

	return number < 0 || number > max || *text == '\0' || *end != '\0' ?
	    -1 : number;
}

static int
get_options(struct server *server, int argc, char **argv)
{
	struct smtpd *smtpd = &server->smtpd;
	long size = 10 * 1024 * 1024, seconds = 300; /* RFC 5321, 4.5.3.2 */
	int option;

	server->max = 500;
	server->port = "0";
	while ((option = getopt(argc, argv, "c:k:m:p:s:t:")) != -1) {
		if (option == 'c')
			server->certificate = optarg;
		else if (option == 'k')
			server->key = optarg;
		else if (option == 'm')
			server->max = number_of(optarg, 1000000);
		else if (option == 'p')
			server->port = optarg;
		else if (option == 's')
			size = number_of(optarg, 1L << 30);
		else if (option == 't')
			seconds = number_of(optarg, 3600);
		else
			return -1;
	}
	smtpd->size_max = (uint64_t)size;
	smtpd->patience.tv_sec = seconds;
	return server->max < 1 || size < 1 ||
	    seconds < 1 || optind != argc - 1 ||
	    (server->certificate == NULL) != (server->key == NULL) ? -1 : 0;
}

int
main(int argc, char **argv)
{
	static struct server server;
	char name[256] = "";
	int status = -1;

	if (get_options(&server, argc, argv) == -1)
		return usage();
	if (gethostname(name, sizeof(name) - 1) == -1 || name[0] == '\0')
		snprintf(name, sizeof(name), "localhost");
	server.smtpd.name = name;
	if (set_up(&server, argv[optind]) == 0)
		status = serve(&server);
	clean_up(&server);
	return status == -1;
}
