#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every plugin of the tree passes the conformance kit, with settings under which it runs without a network.
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf 'secret\n' >"$dir/secret"
chmod 600 "$dir/secret"

# section KIND PLUGIN [LINE...]
section () {
  file=$dir/$2.conf
  printf '[%s:kit]\nplugin = %s\n' "$1" "$2" >"$file"
  [ "$1" != channel ] || echo 'queue = kit' >>"$file"
  shift 2
  for line in "$@"; do
    printf '%s\n' "$line" >>"$file"
  done
}
section channel webchat 'allowed_origins = *' "assets = $dir/pages"
# Nobody listens on port 1: every call of a network fails at once.
section channel messenger 'page_id = 1' 'base_url = http://127.0.0.1:1' "page_access_token = file:$dir/secret" \
  "app_secret = file:$dir/secret" "verify_token = file:$dir/secret"
section channel xmpp 'domain = kit.localhost' "secret = file:$dir/secret" 'server = 127.0.0.1' 'port = 1'
section crm local
section frontend web "assets = $dir/pages"
section frontend terminal
mkdir "$dir/pages"
for file in widget.js app.js app.css; do echo '/* kit */' >"$dir/pages/$file"; done
printf '<!doctype html><title>kit</title>\n' >"$dir/pages/index.html"

passes () {
  "$USHER_BUILDDIR/usherctl" plugin check "$1" --settings "$dir/$2.conf" --patience 30 >"$dir/said" 2>&1 || {
    cat "$dir/said"
    return 1
  }
}
for object in "$USHER_BUILDDIR"/plugins/*/*/.libs/*.so; do
  [ -f "$object" ] || continue
  name=$(basename "$object" .so)
  check "$name passes" passes "$object" "$name"
  nothing "$name runs while it is checked" "$(grep 'does not start' "$dir/said" || :)"
done
done_testing
