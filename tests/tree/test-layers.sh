#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The source tree keeps its own rules: who may include whom, what the engine may call, what a plugin exports, how a
# file begins and how long it may get.
set -eu
cd "$USHER_SRCDIR"
. tests/tree/tap.sh

# Lines "file:include" of what the C files under a folder include in quotes, or in angle brackets.
quoted () {
  grep -rnoE --include='*.[ch]' '^ *# *include "[^"]+"' "$1" | sed -E 's/:[0-9]+: *# *include "/ /; s/"$//'
}
angled () {
  grep -rnoE --include='*.[ch]' '^ *# *include <[^>]+>' "$@" | sed -E 's/:[0-9]+: *# *include </ /; s/>$//'
}

# layer FOLDER ALLOWED-REGEX
layer () {
  nothing "core/$1 includes only what is below it" \
    "$(quoted "core/$1" | awk -v allowed="^(core/($2)/|config\\\\.h\$)" '$2 !~ allowed')"
}
layer base 'base'
layer engine 'engine|base'
layer store 'store|base'
layer plugin 'plugin|base'
layer check 'check|plugin|base'
layer net 'net|base'
layer service '[a-z]+'

nothing "plugins include no header of the core" "$(quoted plugins | awk '$2 ~ /core\// || $2 == "config.h"')"
nothing "public headers include public and standard headers only" \
  "$(angled include | awk '$2 !~ /^(usher\/[a-z]+|stdbool|stddef|stdint)\.h$/'; quoted include)"
nothing "engine and store do not know plugins" "$(angled core/engine core/store core/base | grep ' usher/' || :)"
nothing "libltdl is known in one place" "$(angled core plugins | awk '$2 == "ltdl.h" && $1 !~ /^core\/plugin\//')"
nothing "SQLite is known to the store and to plugins" \
  "$(angled core | awk '$2 == "sqlite3.h" && $1 !~ /^core\/store\//')"
nothing "libsoup's server is known in one place" \
  "$(grep -rlE --include='*.[ch]' 'soup_server_|SoupServer' core plugins | grep -v '^core/net/' || :)"
nothing "no file of the core names a plugin" \
  "$(grep -rnE --include='*.[ch]' '"(webchat|local|web)"' core || :)"

# What the engine's objects need from outside.
engine_calls () {
  nm -u "$USHER_BUILDDIR"/core/engine/.libs/*.o | awk '$1 == "U" { print $2 }' | sort -u
}
check "the engine is there to be looked at" test -n "$(engine_calls)"
nothing "the engine reads no clock, draws no random numbers, does no I/O and has no main loop" "$(engine_calls \
  | grep -E '^(g_get_(real|monotonic)_time|time|gettimeofday|clock_gettime|clock|g_random.*|g_rand_new|rand.*|getrandom|g_(main|idle|timeout|source|file|io)_.*|f?open(64)?|f?read|f?write|socket|send.*|recv.*|getenv|g_getenv)$' \
  || :)"

for plugin in plugins/*/*/local.mk; do
  name=$(basename "$(dirname "$plugin")")
  object=$USHER_BUILDDIR/$(dirname "$plugin")/.libs/$name.so
  [ -f "$object" ] || continue
  nothing "$name exports its entry and nothing else" \
    "$(nm -D --defined-only "$object" | awk '$3 != "usher_plugin_entry" && $3 !~ /^(__asan|__ubsan|__odr_asan)/ { print $3 }')"
done

sources () {
  find include core plugins tests docs bootstrap .ci -name node_modules -prune -o -type f ! -name '*.bundle.mjs' \( -name '*.[ch]' -o -name '*.sh' \
    -o -name '*.mjs' -o -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name bootstrap -o -name run \) -print
}
nothing "each source file begins with its licence" \
  "$(sources | while read -r file; do head -n 3 "$file" | grep -q SPDX-License-Identifier || echo "$file"; done)"
nothing "no C file outside the tests is longer than 750 lines (look for a split at 600)" \
  "$(sources | grep '\.[ch]$' | grep -v '^tests/' | while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 750 ] || echo "$file: $lines"
  done)"
nothing "nothing is left to be done later" "$(sources | grep -v tests/tree/test-layers.sh | xargs grep -nE 'TODO|FIXME' || :)"
nothing "every source of a layer is built" "$(for file in core/*/*.c plugins/*/*/*.c; do
  [ -f "$file" ] || continue
  grep -qF "%D%/$(basename "$file")" "$(dirname "$file")/local.mk" || echo "$file"
done)"
done_testing
