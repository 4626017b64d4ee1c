#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each public header compiles alone, as C11 and as C++17 and without a warning, and is installed; each slot says what it
# is for and since when, and pkg-config tells what the build needs.
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
# Paragraphs with a slot that lack a comment, or the ABI since which it is there; a banner speaks for its section.
undocumented () {
  awk 'BEGIN { RS = ""; FS = "\n" }
    /---- / { section = $0 }
    /\(\*[a-z_]+\) \(/ && !/#define/ {
      if ($0 !~ /\/\*/ || ($0 !~ /Since [0-9]/ && section !~ /Since [0-9]/)) { print FILENAME ": " $0; bad = 1 } }
    END { exit bad }' "$1"
}
for header in channel crm frontend host plugin; do
  check "each slot in $header.h is documented, with its age" undocumented "$USHER_SRCDIR/include/usher/$header.h"
done

# The whole plugin that usher-plugin(3) begins with.
synopsis () {
  sed -n '/^=head1 SYNOPSIS/,/USHER_PLUGIN_EXPORT/s/^  //p' "$USHER_SRCDIR/docs/usher-plugin.3.pod" > "$dir/echo.c"
  grep -q USHER_PLUGIN_EXPORT "$dir/echo.c" &&
    $cc -std=c11 -Wall -Werror -fPIC -fvisibility=hidden -shared -I"$USHER_BUILDDIR/include" -I"$USHER_SRCDIR/include" \
      -o "$dir/echo.so" "$dir/echo.c" && "$USHER_BUILDDIR/usherctl" plugin check "$dir/echo.so" --only send
}
check "the plugin in the synopsis of usher-plugin(3) is one" synopsis

pc=$USHER_BUILDDIR/include/usher-plugin-1.pc
field () {
  sed -n "s/^$1[:=] *//p" "$pc"
}
# shellcheck disable=SC2016 # literally
pc_is_right () {
  ! grep -n '@' "$pc" &&
    [ "$(field abi_major)" = "$(sed -n 's/^#define USHER_ABI_MAJOR //p' "$USHER_BUILDDIR/include/usher/version.h")" ] &&
    [ "$(field abi_minor)" = "$(sed -n 's/^#define USHER_ABI_MINOR //p' "$USHER_BUILDDIR/include/usher/version.h")" ] &&
    [ "$(field plugindir)" = '${libdir}/usher/plugins' ] && [ -z "$(field Libs)" ]
}
# What a build gets, from where it stands and from an image of the installation.
flags_are_right () {
  [ "$(pkg-config --libs "$pc")" = "" ] || return 1
  mkdir -p "$dir/root/pc"
  sed "s|^prefix=.*|prefix=/opt/usher|" "$pc" > "$dir/root/pc/usher-plugin-1.pc"
  PKG_CONFIG_SYSROOT_DIR=$dir/root PKG_CONFIG_PATH=$dir/root/pc pkg-config --cflags usher-plugin-1 > "$dir/flags"
  cat "$dir/flags"
  [ "$(tr -d ' \n' < "$dir/flags")" = "-I$dir/root/opt/usher/include" ]
}
check "usher-plugin-1.pc has the ABI of the headers, the folder for plugins and nothing to link" pc_is_right
check "its flags hold in an image of the installation" flags_are_right
echo "1..$n"
exit $failed
