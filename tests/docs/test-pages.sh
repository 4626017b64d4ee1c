#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The manual pages are well-formed, each page they point to exists, and links between documents lead somewhere.
set -eu
cd "$USHER_SRCDIR"
. tests/tree/tap.sh

pages () {
  find docs plugins -name node_modules -prune -o -name '*.pod' -print
}
for page in $(pages); do
  check "$page is well-formed" podchecker -warnings "$page"
done

# Pages of usher itself; those of the system have other names.
nothing "each page pointed to exists" "$(pages | xargs grep -ohE 'L<usher[a-z.-]*\([0-9]\)>' | sort -u \
  | sed -E 's/L<(.*)\(([0-9])\)>/\1 \2/' | while read -r page section; do
    [ -f "docs/$page.$section.pod" ] || [ "$section:$(find plugins -name "$page.pod" | wc -l)" = 7:1 ] || echo "$page"
  done)"

# slots HEADER: what the tables of a header have; documented PAGE...: what pages have as items.
slots () {
  sed -nE 's/.*\(\*([a-z_]+)\) \(.*/\1/p' "include/usher/$1.h"
}
documented () {
  grep -hE '^=item B<' "$@" | grep -oE 'B<[a-z_]+>' | sed 's/B<//; s/>//'
}
for kind in channel crm frontend; do
  nothing "usher-$kind(3) has each slot of $kind.h" "$(slots $kind | while read -r slot; do
    documented docs/usher-$kind.3.pod | grep -qx "$slot" || echo "$slot"
  done)"
done
nothing "usher-plugin(3) has each slot of plugin.h and host.h" "$({ slots plugin; slots host; } | grep -vx 'done' | while read -r slot; do
  documented docs/usher-plugin.3.pod | grep -qx "$slot" || echo "$slot"
done)"
nothing "the pages have no slot that is not there" "$(documented docs/usher-*.3.pod | sort -u | while read -r item; do
  { for header in channel crm frontend plugin host; do slots $header; done; } | grep -qx "$item" || echo "$item"
done)"

# links FILE: the relative targets of its Markdown links.
links () {
  grep -oE '\]\([^)# ]+' "$1" | sed 's/^](//' | grep -vE '^[a-z]+:' || :
}
for page in README.md CONTRIBUTING.md docs/*.md; do
  [ "$page" != docs/desk-protocol.md ] || continue
  nothing "links of $page lead somewhere" "$(links "$page" | while read -r target; do
    [ -e "$(dirname "$page")/$target" ] || echo "$target"
  done)"
done

# Paths that architecture.md names in its table.
# shellcheck disable=SC2016
nothing "docs/architecture.md names what is there" "$(sed -n '/^| file or folder/,/^$/p' docs/architecture.md \
  | awk -F'|' 'NR > 2 { print $2 }' | grep -oE '`[^`]+`' | tr -d '`' | grep -v '[*]' | while read -r file; do
    [ -e "$file" ] || echo "$file"
  done)"
done_testing
