/*
 * How a test program runs: what is set up for all of its tests, and once.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <event2/thread.h>
#ifdef HAVE_OPENSSL
#include "certificate.h"
#endif
#include "harness_inside.h"

#define CASE_S 300 /* how long a test may take at all */

/* What this machine cannot have, and what all tests are to have. */
static void
prepare(void)
{
	if (!harness_has_tcp6())
		puts("skipped: TCP over IPv6: there is no ::1");
#ifdef HAVE_OPENSSL
	(void)certificate_shared_server();
#else
	puts("skipped: TLS: configured without OpenSSL");
#endif
}

int
harness_main(Suite *suite)
{
	SRunner *runner;
	struct event_base *base;
	int failed;

	harness_memory_init();
	signal(SIGPIPE, SIG_IGN);
	if (evthread_use_pthreads() != 0)
		return EXIT_FAILURE;
	prepare();
	if ((base = event_base_new()) != NULL) /* what libevent keeps for good */
		event_base_free(base);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

TCase *
harness_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, CASE_S);
	suite_add_tcase(suite, tcase);
	return tcase;
}
