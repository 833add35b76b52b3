# EVCHAT_DIRECT_IO
# ----------------
# With --disable-direct-io every byte goes through the bufferevent, which is to
# give the same results: the tests are run both ways.
AC_DEFUN([EVCHAT_DIRECT_IO], [
AC_ARG_ENABLE([direct-io],
	[AS_HELP_STRING([--disable-direct-io],
		[never read or write a socket past its bufferevent (slower)])],
	[], [enable_direct_io=yes])
DIRECT_IO_CPPFLAGS=
AS_VAR_IF([enable_direct_io], [no],
	[DIRECT_IO_CPPFLAGS=-DEVCHAT_NO_DIRECT_IO])
AC_SUBST([DIRECT_IO_CPPFLAGS])
])
