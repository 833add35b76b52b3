# EVCHAT_CHECK_WARNINGS(FLAGS)
# ----------------------------
# Put those of the warning FLAGS that the compiler takes into WARNING_CFLAGS,
# and -Werror too if --enable-werror was given. It is off unless asked for: a
# later compiler's new warning must not keep anyone from building a release.
AC_DEFUN([EVCHAT_CHECK_WARNINGS], [
AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [treat warnings as errors])],
	[], [enable_werror=no])
WARNING_CFLAGS=
for evchat_flag in $1; do
	EVCHAT_TRY_CFLAG([$evchat_flag],
		[AS_VAR_APPEND([WARNING_CFLAGS], [" $evchat_flag"])])
done
AS_VAR_IF([enable_werror], [no], [],
	[AS_VAR_APPEND([WARNING_CFLAGS], [" -Werror"])])
AC_SUBST([WARNING_CFLAGS])
])

# EVCHAT_TRY_CFLAG(FLAG, ACTION)
# ------------------------------
# Run ACTION if the compiler takes FLAG. -Werror is there because clang merely
# warns of a flag that it does not know.
AC_DEFUN([EVCHAT_TRY_CFLAG], [
AC_REQUIRE([AC_PROG_CC])
evchat_saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $1"
AC_MSG_CHECKING([whether $CC takes $1])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [evchat_takes=yes], [evchat_takes=no])
AC_MSG_RESULT([$evchat_takes])
CFLAGS=$evchat_saved_CFLAGS
AS_VAR_IF([evchat_takes], [yes], [$2])
])
