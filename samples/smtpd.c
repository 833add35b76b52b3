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
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>
#ifdef HAVE_OPENSSL
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif
#include "smtpd_session.h"

struct server {
	struct smtpd smtpd;
	struct event_base *base;
	struct evchat_listener *listener;
	long port, max;			/* of clients */
	const char *certificate, *key;	/* files */
};

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)peer;
	char address[INET_ADDRSTRLEN], text[64];

	(void)listener;
	(void)peerlen;
	if (inet_ntop(AF_INET, &in->sin_addr, address,
	    sizeof(address)) == NULL)
		address[0] = '\0';
	snprintf(text, sizeof(text), "[%s]", address);
	session_new(arg, chat, text);
}

static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	(void)arg;
	event_base_loopbreak(evchat_listener_get_base(listener));
}

/* A second signal kills, as signals do. */
static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	const struct timeval grace = { 30, 0 };
	struct server *server = arg;

	(void)number;
	(void)what;
	if (evchat_listener_stop(server->listener, &grace, on_stopped,
	    NULL) == -1)
		on_stopped(server->listener, NULL);
}

#ifdef HAVE_OPENSSL
static int
set_up_tls(struct server *server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx,
	    server->certificate) != 1 || SSL_CTX_use_PrivateKey_file(ctx,
	    server->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		ERR_print_errors_fp(stderr);
		SSL_CTX_free(ctx);
		return -1;
	}
	server->smtpd.tls = ctx;
	return 0;
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
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((uint16_t)server->port);
	server->listener = evchat_listener_new_bind(server->base, on_accept,
	    &server->smtpd, 0, -1, (struct sockaddr *)&sin, len);
	if (server->listener == NULL || evchat_listener_get_address(
	    server->listener, (struct sockaddr *)&sin, &len) == -1)
		return -1;
	evchat_listener_set_max(server->listener, (size_t)server->max);
	printf("listening on 127.0.0.1:%d\n", ntohs(sin.sin_port));
	return fflush(stdout);
}

static int
serve(struct server *server)
{
	struct event *ends[2];
	short once = EV_SIGNAL;	/* the second one is the system's */
	int status = -1;

	ends[0] = event_new(server->base, SIGINT, once, on_signal, server);
	ends[1] = event_new(server->base, SIGTERM, once, on_signal, server);
	if (ends[0] != NULL && event_add(ends[0], NULL) == 0 &&
	    ends[1] != NULL && event_add(ends[1], NULL) == 0 &&
	    listen_on(server) == 0)
		status = event_base_dispatch(server->base);
	if (status == -1)
		perror("smtpd");
	evchat_listener_free(server->listener);
	for (int i = 0; i < 2; i++)
		if (ends[i] != NULL)
			event_free(ends[i]);
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
	while ((option = getopt(argc, argv, "c:k:m:p:s:t:")) != -1) {
		if (option == 'c')
			server->certificate = optarg;
		else if (option == 'k')
			server->key = optarg;
		else if (option == 'm')
			server->max = number_of(optarg, 1000000);
		else if (option == 'p')
			server->port = number_of(optarg, 65535);
		else if (option == 's')
			size = number_of(optarg, 1L << 30);
		else if (option == 't')
			seconds = number_of(optarg, 3600);
		else
			return -1;
	}
	smtpd->size_max = (uint64_t)size;
	smtpd->patience.tv_sec = seconds;
	return server->max < 1 || server->port < 0 || size < 1 ||
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
	return status == 0 ? 0 : 1;
}
