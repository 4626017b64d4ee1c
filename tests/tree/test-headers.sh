#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each header of the core compiles alone. (The public ones: tests/core/plugin/test-headers.sh.)
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
. "$USHER_BUILDDIR/tests/tree/compiler"
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
for header in core/*/*.h; do
  check "$header" alone "$header" $cc -std=gnu11 -x c -D_GNU_SOURCE -I. $flags
done
done_testing
