#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each public header compiles alone, as C11 and as C++17 and without a warning, and is installed.
set -eu

makefile=$USHER_BUILDDIR/Makefile
cc=$(sed -n 's/^CC = //p' "$makefile")
cxx=$(sed -n 's/^CXX = //p' "$makefile")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

check () {
  name=$1
  shift
  n=$((n + 1))
  if "$@" > "$dir/out" 2>&1; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    sed 's/^/# /' "$dir/out"
    failed=1
  fi
}

# The compilers may be several words, like "ccache gcc".
c () {
  $cc -std=c11 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -I"$USHER_BUILDDIR/include" -I"$USHER_SRCDIR/include" "$1"
}
cxx () {
  $cxx -std=c++17 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -I"$USHER_BUILDDIR/include" -I"$USHER_SRCDIR/include" "$1"
}
installed () {
  grep -q "usher/$1" "$USHER_SRCDIR/include/local.mk"
}

for header in "$USHER_SRCDIR"/include/usher/*.h version.h; do
  header=$(basename "$header")
  # Twice, for the guard; the int because a translation unit may not be empty.
  printf '#include <usher/%s>\n#include <usher/%s>\nextern int usher_test;\n' "$header" "$header" > "$dir/alone.c"
  cp "$dir/alone.c" "$dir/alone.cc"
  check "$header is C11 on its own" c "$dir/alone.c"
  check "$header is C++17 on its own" cxx "$dir/alone.cc"
  check "$header is installed" installed "$header"
done
echo "1..$n"
exit $failed
