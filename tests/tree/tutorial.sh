#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a plugin's author meets after `make install`: the tutorial's commands, taken from its text and run literally in a
# folder with nothing but docs/example-plugin; and the plugins that `usherctl plugin new` makes, with their own tests. `make
# installcheck` runs it with the folders in the environment; $PREFIX_DIR is $(DESTDIR). The ports 8080 and 7070 of the
# text may be in use, so two others stand for them.
set -euo pipefail
: "${srcdir:?}" "${bindir:?}" "${sbindir:?}" "${libdir:?}" "${pkgdatadir:?}" "${CC:?}" "${PREFIX_DIR?}"
srcdir=$(cd "$srcdir" && pwd)
tmp=$(mktemp -d)
# Of the make that runs this; an author's is another.
unset DESTDIR MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
finish () {
  local status=$?
  trap - EXIT
  # Whatever a failed command left running.
  if [ -f "$tmp/try.pid" ]; then kill "$(cat "$tmp/try.pid")" 2>/dev/null || :; fi
  [ "$status" -eq 0 ] || { echo "installcheck: FAILED: the tutorial" >&2; cat "$tmp/said" "$tmp/example-plugin/try/log" >&2 || :; }
  rm -rf "$tmp"
  exit "$status"
}
trap finish EXIT

export PATH="$tmp/bin:$PREFIX_DIR$bindir:$PREFIX_DIR$sbindir:$PATH" CC
export PKG_CONFIG_PATH="$PREFIX_DIR$libdir/pkgconfig" USHER_TEMPLATES="$PREFIX_DIR$pkgdatadir/plugin-new"
# An image of the installation is not where the programs look.
if [ -n "$PREFIX_DIR" ]; then
  export PKG_CONFIG_SYSROOT_DIR=$PREFIX_DIR USHER_UI_DIR=$PREFIX_DIR$pkgdatadir
fi
# Nobody is asked for a password; the folder of the installation is writable, or this is not the place to test it.
mkdir "$tmp/bin"
printf '#!/bin/sh\nexec "$@"\n' >"$tmp/bin/sudo"
chmod +x "$tmp/bin/sudo"

free_port () {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# The blocks of the text that are commands, in their order.
commands () {
  awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$1"
}

cp -R "$srcdir/docs/example-plugin" "$tmp/"
chmod -R u+w "$tmp/example-plugin"
rm -f "$tmp/example-plugin/"*.so
commands "$srcdir/docs/tutorial.md" >"$tmp/commands"
grep -q 'make install' "$tmp/commands"
http=$(free_port)
chat=$(free_port)
# The chat's port is a default of the plugin; and who ends the daemon when a command fails has to know it.
{
  echo 'set -euo pipefail'
  sed "s/8080/$http/g; s/7070/$chat/g; s/^plugin = linechat\$/&\nport = $chat/; s|^usherd .* &\$|& echo \$! >'$tmp/try.pid'|" "$tmp/commands"
} >"$tmp/literal"
(cd "$tmp" && timeout -k 10 300 bash "$tmp/literal") >"$tmp/said" 2>&1
rm "$tmp/try.pid"
grep -q '^WELCOME [0-9a-f]\{32\}$' "$tmp/said"
grep -q '^AGENT [0-9]* Anna: How can I help?$' "$tmp/said"
plugindir=$(pkg-config --variable=plugindir usher-plugin-1)
test -f "$plugindir/linechat.so"
rm -f "$plugindir/linechat.so"
echo "installcheck: ok: the tutorial's commands lead to a chat"

for kind in channel crm frontend; do
  (cd "$tmp" && usherctl plugin new "my-$kind" --kind $kind && timeout -k 10 300 make -C "my-$kind" test) >"$tmp/said" 2>&1
  echo "installcheck: ok: a new $kind passes its test"
done
