# EVCHAT_HIDDEN_VISIBILITY
# ------------------------
# Put into VISIBILITY_CFLAGS what hides every symbol but those that the public
# headers declare; lib/api.h shows these again with a pragma. A compiler that
# cannot do it builds the same library with more in its symbol table.
AC_DEFUN([EVCHAT_HIDDEN_VISIBILITY], [
VISIBILITY_CFLAGS=
EVCHAT_TRY_CFLAG([-fvisibility=hidden], [VISIBILITY_CFLAGS=-fvisibility=hidden])
AC_SUBST([VISIBILITY_CFLAGS])
])
