# EVCHAT_TESTS
# ------------
# Look for what the tests need beyond the library: Check and, for threads,
# libevent_pthreads; a C++ compiler, for the installed headers. The first two
# decide whether there are tests (the conditional ENABLE_TESTS, and enable_tests,
# which ends up as yes or no). A `make check' without them fails, and says
# TESTS_MISSING.
AC_DEFUN([EVCHAT_TESTS], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
AC_ARG_ENABLE([tests],
	[AS_HELP_STRING([--enable-tests],
		[build the tests, which need Check (default: if it is there)])],
	[], [enable_tests=auto])
AS_VAR_IF([enable_tests], [no],
	[TESTS_MISSING="configured with --disable-tests"], [
	PKG_CHECK_MODULES([CHECK], [check >= 0.15 libevent_pthreads >= 2.1.6],
		[enable_tests=yes], [
		TESTS_MISSING="Check >= 0.15, or libevent_pthreads, not found: install check (Debian, Homebrew, Arch), check-devel (Fedora), and configure again"
		AS_VAR_IF([enable_tests], [yes], [AC_MSG_ERROR([$TESTS_MISSING])])
		enable_tests=no])])
AC_SUBST([TESTS_MISSING])
AM_CONDITIONAL([ENABLE_TESTS], [test "x$enable_tests" = xyes])

# For test/libcounted.la: have each basic block call a function that counts, and
# all calls of memcpy and its like be calls.
COUNTING_CFLAGS=
COUNTING_CPPFLAGS=
EVCHAT_TRY_CFLAG([-fno-builtin], [COUNTING_CFLAGS=-fno-builtin])
EVCHAT_TRY_CFLAG([-fsanitize-coverage=trace-pc], [
	AS_VAR_APPEND([COUNTING_CFLAGS], [" -fsanitize-coverage=trace-pc"])
	COUNTING_CPPFLAGS=-DCOUNTED_BLOCKS])
AC_SUBST([COUNTING_CFLAGS])
AC_SUBST([COUNTING_CPPFLAGS])

# The C++ compiler of the same make first: only that links with the same
# sanitizers. AC_PROG_CXX would have libtool test all its ways with it, too.
AC_ARG_VAR([CXX], [C++ compiler command, for the test of the installed headers])
AS_CASE([$CC],
	[*clang*], [AC_CHECK_PROGS([CXX], [clang++ c++ g++])],
	[AC_CHECK_PROGS([CXX], [g++ c++ clang++])])
])
