# EVCHAT_CHECK_OPENSSL
# --------------------
# Look for OpenSSL and for libevent's bufferevents over it, unless
# --without-openssl. Without them the library for TLS is not built, and the tests
# have no carriers for it, unless they were asked for. OPENSSL_LIBS are
# libevent_openssl, libssl and libcrypto; the conditional OPENSSL, HAVE_OPENSSL
# and with_openssl, which ends up as yes or no, say whether they are there.
AC_DEFUN([EVCHAT_CHECK_OPENSSL], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
AC_ARG_WITH([openssl],
	[AS_HELP_STRING([--with-openssl],
		[TLS with OpenSSL: yes, no or auto (default: auto)])],
	[], [with_openssl=auto])
AS_VAR_IF([with_openssl], [no], [OPENSSL_CFLAGS= OPENSSL_LIBS=], [
	PKG_CHECK_MODULES([OPENSSL],
		[libevent_openssl >= 2.1.6 libssl >= 3.0 libcrypto >= 3.0], [
		AC_DEFINE([HAVE_OPENSSL], [1],
			[Define to 1 if there is OpenSSL, and libevent_openssl.])
		with_openssl=yes], [
		AS_VAR_IF([with_openssl], [auto], [],
			[AC_MSG_ERROR([OpenSSL >= 3.0, or libevent_openssl, not found: install libssl-dev and libevent-dev (Debian), openssl-devel and libevent-devel (Fedora), or configure --without-openssl])])
		with_openssl=no])])
AC_SUBST([OPENSSL_CFLAGS])
AC_SUBST([OPENSSL_LIBS])
AM_CONDITIONAL([OPENSSL], [test "x$with_openssl" = xyes])
])
