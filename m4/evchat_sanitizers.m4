# EVCHAT_SANITIZERS
# -----------------
# --enable-sanitizers=LIST builds all with -fsanitize=LIST, where the first
# finding ends the program, so that no test can pass in spite of one. The flags
# are in SANITIZER_CFLAGS, apart from CFLAGS, so that configure's own tests run
# without them and the test of the installed library can hand them to another
# compiler.
AC_DEFUN([EVCHAT_SANITIZERS], [
AC_REQUIRE([AC_PROG_CC])
AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers=LIST],
		[build with sanitizers, address,undefined unless LIST says else])],
	[], [enable_sanitizers=no])
AS_VAR_IF([enable_sanitizers], [yes], [enable_sanitizers=address,undefined])
SANITIZER_CFLAGS=
AS_VAR_IF([enable_sanitizers], [no], [], [
	SANITIZER_CFLAGS="-fsanitize=$enable_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"
	AC_MSG_CHECKING([whether $CC links with -fsanitize=$enable_sanitizers])
	evchat_saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])], [
		AC_MSG_RESULT([no])
		AC_MSG_ERROR([no runtime for -fsanitize=$enable_sanitizers: install libclang-rt-dev (clang, Debian), compiler-rt (clang, Fedora), libasan libubsan libtsan (gcc, Fedora)])])
	CFLAGS=$evchat_saved_CFLAGS])
AC_SUBST([SANITIZER_CFLAGS])
])
