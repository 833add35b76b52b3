#!/bin/sh
# Make configure and what belongs to it, in a tree that comes from git. A
# release has all that already.
set -eu

cd "$(dirname "$0")"

# Each tool is probed for here because autoreconf, when one is missing, names
# the program that it could not run and not the package to be installed.
missing=

# need PROGRAM PACKAGE: note the package if the program is not there.
need()
{
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

need autoconf autoconf
need automake automake
need libtoolize libtool
need "${PKG_CONFIG:-pkg-config}" pkgconf

if [ -n "$missing" ]; then
	echo "autogen.sh: missing:$missing" >&2
	echo "autogen.sh: install these packages (they are called so on Debian and Fedora)" >&2
	exit 1
fi

exec autoreconf -fi
