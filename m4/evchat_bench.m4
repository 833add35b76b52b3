# EVCHAT_BENCH
# ------------
# Look for what the benchmarks compare the library with. They need epoll; what
# else is not there is left out of them. BENCH_SKIPPED says what and why, a line
# for each.
AC_DEFUN([EVCHAT_BENCH], [
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
AC_CHECK_HEADER([sys/epoll.h], [have_epoll=yes], [have_epoll=no])
AM_CONDITIONAL([HAVE_EPOLL], [test "x$have_epoll" = xyes])
PKG_CHECK_MODULES([LIBUV], [libuv], [have_libuv=yes], [have_libuv=no])
AM_CONDITIONAL([HAVE_LIBUV], [test "x$have_libuv" = xyes])
AC_LANG_PUSH([C++])
AC_CHECK_HEADER([boost/asio/version.hpp], [have_asio=yes], [have_asio=no])
AC_LANG_POP([C++])
AM_CONDITIONAL([HAVE_ASIO], [test "x$have_asio" = xyes])
BENCH_SKIPPED=
AS_VAR_IF([have_libuv], [no],
	[AS_VAR_APPEND([BENCH_SKIPPED],
		["libuv: not found: install libuv1-dev (Debian);"])])
AS_VAR_IF([have_asio], [no],
	[AS_VAR_APPEND([BENCH_SKIPPED],
		["asio: not found: install libboost-dev and g++ (Debian);"])])
AC_SUBST([BENCH_SKIPPED])
])
