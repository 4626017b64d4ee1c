#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The law of the ABI: abi/VERSION has the headers of each release. A plugin compiled against any of them, or against some that
# are still to come, is loaded by today's core and passes the conformance kit; sizes only grow, offsets and values stay.
# A release adds its headers: cp include/usher/*.h, and version.h of the build folder, to abi/VERSION/usher.
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
. "$USHER_BUILDDIR/tests/tree/compiler"
here=$USHER_SRCDIR/tests/core/plugin/abi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# include VERSION: where its headers are; "today" are those of the tree.
include () {
  case $1 in
    today) echo "-I$USHER_BUILDDIR/include -I$USHER_SRCDIR/include" ;;
    *) echo "-I$here/$1" ;;
  esac
}

# Flags and the compiler are words on purpose.
# shellcheck disable=SC2046,SC2086,SC2154
build () {
  mkdir -p "$dir/$1$2"
  $cc -std=gnu11 -g -O0 -fPIC -fvisibility=hidden -shared $(include "$1") ${2:+-D$2} -o "$dir/$1$2/sample.so" "$here/sample.c"
}
passes () {
  "$USHER_BUILDDIR/usherctl" plugin check "$dir/$1/sample.so" --patience 30
}

# A program that tells the size of each struct, the offset of each member and the value of each constant of some headers.
# The names are those of VERSION, the layout is that of the headers it is compiled with.
# shellcheck disable=SC2046
names () {
  $cc -E -P $(include "$1") -x c - <<'END' | tr -s ' \n' ' ' | sed 's/[;{}]/&\n/g'
#include <usher/usher.h>
END
}
layout_program () {
  names "$1" >"$dir/$1.names"
  echo '#include <stdio.h>'
  echo '#include <usher/usher.h>'
  echo 'int main (void) {'
  awk '
    # Members are collected until the name of their struct is known: "} Name;" or, for tables, "struct Name {".
    function member(text) {
      if (match(text, /\(\*+ *[a-z_0-9]+\)/)) text = substr(text, RSTART, RLENGTH)
      sub(/ *;.*/, "", text)
      n = split(text, names, ",")
      for (i = 1; i <= n; i++) {
        name = names[i]
        gsub(/[()*]/, " ", name)
        k = split(name, words, " ")
        if (k > 0 && words[k] ~ /^[a-z_0-9]+$/) members[++count] = words[k]
      }
    }
    function flush(type) {
      if (type ~ /^Usher[A-Za-z]*$/ && count > 0) {
        printf "printf (\"size %s %%zu\\n\", sizeof (%s));\n", type, type
        for (i = 1; i <= count; i++)
          printf "printf (\"at %s.%s %%zu\\n\", offsetof (%s, %s));\n", type, members[i], type, members[i]
      }
      count = 0
    }
    /struct Usher[A-Za-z]+ *\{/ { match($0, /Usher[A-Za-z]+/); table = substr($0, RSTART, RLENGTH); inside = 1; count = 0; next }
    /typedef struct *\{/ { table = ""; inside = 1; count = 0; next }
    /enum *\{/ { inside = 2; next }
    inside == 2 && /\}/ { line = $0; sub(/\}.*/, "", line); text = text line; inside = 0
      n = split(text, values, ","); text = ""
      for (i = 1; i <= n; i++) { split(values[i], parts, "="); gsub(/ /, "", parts[1])
        if (parts[1] ~ /^USHER_/) printf "printf (\"value %s %%d\\n\", (int) %s);\n", parts[1], parts[1] }
      next }
    inside == 1 && /\}/ { inside = 3; if (table != "") { flush("Usher" substr(table, 6)); inside = 0 } next }
    inside == 3 { name = $0; gsub(/[ ;]/, "", name); flush(name); inside = 0; next }
    inside == 1 { member($0) }
  ' "$dir/$1.names"
  echo 'return 0; }'
}
# shellcheck disable=SC2046
layout () {
  $cc -std=gnu11 -w $(include "$2") -o "$dir/layout" "$dir/$1.c" && "$dir/layout"
}

# A size that grew is what appending does; everything else is as it was.
keeps () {
  layout_program "$1" >"$dir/$1.c"
  layout "$1" "$1" >"$dir/then" || return 1
  layout "$1" today >"$dir/now" || { echo "something of $1 is not there any more"; return 1; }
  # As many as 1.0 has: later ones have more.
  if [ "$(grep -c '^size ' "$dir/then")" -lt 19 ] || [ "$(grep -c '^at ' "$dir/then")" -lt 250 ] ||
    [ "$(grep -c '^value ' "$dir/then")" -lt 49 ]; then
    echo "too little was found in the headers of $1:"
    cut -d ' ' -f 1 "$dir/then" | sort | uniq -c
    return 1
  fi
  awk 'NR == FNR { then[$1 " " $2] = $3; next }
    $1 == "size" ? $3 < then[$1 " " $2] : $3 != then[$1 " " $2] { print $1, $2 ": " then[$1 " " $2] " then, " $3 " now"; bad = 1 }
    END { exit bad }' "$dir/then" "$dir/now"
}

# The same question to libabigail, where it is there. What is appended is fine; constants were compared above.
cat >"$dir/fine.abignore" <<'END'
[suppress_type]
  name_regexp = ^Usher
  type_kind = struct
  has_data_member_inserted_at = end
[suppress_type]
  type_kind = enum
END
compatible () {
  command -v abidiff >/dev/null || { echo "abidiff is not here"; return 0; }
  abidiff --leaf-changes-only --suppressions "$dir/fine.abignore" "$dir/$1/sample.so" "$dir/today/sample.so"
}

check "the sample is compiled against today's headers" build today ''
check "and passes" passes today
for folder in "$here"/*/; do
  version=$(basename "$folder")
  check "the sample is compiled against the headers of $version" build "$version" ''
  check "and passes in today's core" passes "$version"
  check "today's headers keep sizes, offsets and values of $version" keeps "$version"
  check "abidiff finds nothing moved or changed since $version" compatible "$version"
done
check "the sample is compiled with tables of the future" build today FUTURE
check "and passes in today's core" passes todayFUTURE
done_testing
