#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each header compiles alone: those of the core in C, the public ones in C and C++ without anything else on the path.
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
. "$USHER_BUILDDIR/tests/tree/compilers"
cd "$USHER_SRCDIR"

# alone HEADER COMPILER...
alone () {
  header=$1
  shift
  printf '#include "%s"\n' "$header" | "$@" -Wall -Wextra -Werror -Wno-unused-parameter -I"$USHER_BUILDDIR/include" \
    -Iinclude -fsyntax-only -
}

# Flags are words on purpose.
# shellcheck disable=SC2086,SC2154
{
  for header in include/usher/*.h; do
    name=usher/$(basename "$header")
    check "<$name> in C11" alone "$name" $cc -std=c11 -pedantic -x c
    check "<$name> in C++11" alone "$name" $cxx -std=c++11 -x c++
  done
  for header in core/*/*.h; do
    check "$header" alone "$header" $cc -std=gnu11 -x c -I. $flags
  done
}
done_testing
