#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The systemd units: what usherd relies on stands in them, and systemd itself, where it is there, finds nothing wrong.
set -eu
cd "$USHER_SRCDIR"
. tests/tree/tap.sh
service=$USHER_BUILDDIR/systemd/usherd.service
socket=systemd/usherd.socket

has () {
  for line in "$@"; do
    grep -qx -- "$line" "$service" || { echo "$service lacks $line"; return 1; }
  done
}

name=$(sed -n 's/^FileDescriptorName=//p' "$socket")
address=$(sed -n 's/^ListenStream=//p' "$socket")

filled_in () {
  ! grep -n '@[a-z]*@' "$service" && grep -q '^ExecStart=/.*/usherd$' "$service"
}

in_the_example () {
  grep -qx "\[listen:$name\]" docs/usher.conf &&
    grep -qx "address = $address" docs/usher.conf
}

# In a folder of their own, with programs and users that are there: what is verified is the rest.
verified () {
  command -v systemd-analyze > /dev/null || { echo "systemd-analyze is not here"; return 0; }
  folder=$(mktemp -d) || return 1
  sed 's|^\(Exec[A-Za-z]*\)=.*|\1=/bin/true|; /^Documentation=/d; s|^User=.*|User=root|; s|^Group=.*|Group=root|' \
    "$service" > "$folder/usherd.service"
  sed '/^Documentation=/d' "$socket" > "$folder/usherd.socket"
  status=0
  said=$(systemd-analyze verify "$folder/usherd.service" "$folder/usherd.socket" 2>&1) || status=$?
  rm -rf "$folder"
  [ $status -eq 0 ] || { echo "$said"; return 1; }
}

check "the service's place-holders are filled in" filled_in
check "usherd can say that it is ready, that it lives, and has time to drain" \
  has Type=notify WatchdogSec=10 TimeoutStopSec=60 Restart=on-failure StateDirectory=usher NotifyAccess=main
check "the socket has the name and address of the example's section" in_the_example
check "systemd finds nothing wrong" verified
done_testing
