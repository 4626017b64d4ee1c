#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `make install` has put into place works from there: programs, plugins, pages, web files, and the headers, with
# which a plugin is built outside the source tree and loaded. `make installcheck` runs it with the folders in the
# environment; $PREFIX_DIR is $(DESTDIR).
set -eu
: "${CC:?}" "${bindir:?}" "${sbindir:?}" "${mandir:?}" "${includedir:?}" "${plugindir:?}" "${docdir:?}" "${plugins?}" "${PREFIX_DIR?}"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

must () {
  what=$1
  shift
  if "$@" >"$tmp/out" 2>&1; then
    printf 'installcheck: ok: %s\n' "$what"
  else
    printf 'installcheck: FAILED: %s\n' "$what" >&2
    cat "$tmp/out" >&2
    failed=1
  fi
}

cat >"$tmp/echo.c" <<'X'
#include <usher/usher.h>
#include <stdlib.h>
static void *echo_create (UsherInstance *instance, const UsherHost *host) { (void)instance; (void)host; return malloc (1); }
static void echo_destroy (void *self) { free (self); }
static const UsherChannelCapabilities can = { .struct_size = sizeof can, .network = "echo" };
static void echo_send (void *self, const UsherLine *line, UsherReply *reply) { (void)self; (void)line; (void)reply; }
static const UsherChannelOps ops = { .struct_size = sizeof ops, .create = echo_create, .destroy = echo_destroy,
                                     .capabilities = &can, .send = echo_send };
static const UsherPlugin plugin = { USHER_PLUGIN_HEAD, "echo", "1", "says it back", "MIT", NULL, &ops, NULL, NULL, NULL, NULL };
USHER_PLUGIN_EXPORT (plugin)
X

usherctl=$PREFIX_DIR$bindir/usherctl
usherd=$PREFIX_DIR$sbindir/usherd
must "usherd runs" "$usherd" --version
must "usherctl runs" "$usherctl" --version
case " $plugins " in
  *" terminal "*)
    must "usher-desk runs" "$PREFIX_DIR$bindir/usher-desk" --version
    must "usher-desk(1) is there" test -s "$PREFIX_DIR$mandir/man1/usher-desk.1"
    ;;
esac
for plugin in $plugins; do
  must "plugin $plugin loads" "$usherctl" --plugin-dir "$PREFIX_DIR$plugindir" plugin inspect "$plugin"
  must "usher-$plugin-plugin(7) is there" test -s "$PREFIX_DIR$mandir/man7/usher-$plugin-plugin.7"
done
cp -R "$PREFIX_DIR$docdir/examples/." "$tmp/"
must "the example configuration is good" "$usherd" --check-config --config "$tmp/usher.conf" --plugin-dir "$PREFIX_DIR$plugindir"
for page in man1/usherctl.1 man3/usher-plugin.3 man3/usher-channel.3 man3/usher-crm.3 man3/usher-frontend.3 man5/usher.conf.5 man8/usherd.8; do
  must "$page is there and has the installation's folders" sh -c "test -s '$PREFIX_DIR$mandir/$page' && ! grep -E '@[a-z]+@' '$PREFIX_DIR$mandir/$page'"
done
# shellcheck disable=SC2086 # the compiler may be several words
must "a plugin is built from the installed headers alone" \
  $CC -shared -fPIC -Wall -Wextra -Werror -Wno-missing-field-initializers -I"$PREFIX_DIR$includedir" -o "$tmp/echo.so" "$tmp/echo.c"
must "and loads" "$usherctl" --plugin-dir "$tmp" plugin inspect echo
exit $failed
