# EVCHAT_ZLIB
# -----------
# Look for zlib, for evchat_producer_new_deflate(), unless --without-zlib. Without
# it the library is built all the same, unless it was asked for. ZLIB_CPPFLAGS says
# whether it is there, and so does with_zlib, which ends up as yes or no.
AC_DEFUN([EVCHAT_ZLIB], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
AC_ARG_WITH([zlib],
	[AS_HELP_STRING([--with-zlib],
		[compress with zlib: yes, no or check (default: check)])],
	[], [with_zlib=check])
ZLIB_CPPFLAGS=
AS_VAR_IF([with_zlib], [no], [ZLIB_CFLAGS= ZLIB_LIBS=], [
	PKG_CHECK_MODULES([ZLIB], [zlib], [
		ZLIB_CPPFLAGS=-DEVCHAT_WITH_ZLIB
		with_zlib=yes], [
		AS_VAR_IF([with_zlib], [check], [],
			[AC_MSG_ERROR([zlib not found: install zlib1g-dev (Debian), zlib-devel (Fedora), zlib (Homebrew, Arch), or configure --without-zlib])])
		with_zlib=no])])
AC_SUBST([ZLIB_CFLAGS])
AC_SUBST([ZLIB_LIBS])
AC_SUBST([ZLIB_CPPFLAGS])
])
