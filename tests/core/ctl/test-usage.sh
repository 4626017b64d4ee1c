#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What usherctl says when it is called wrongly, or can't reach its daemon: what, where, why, and what to do.
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '[usher]\n' >"$dir/usher.conf"

# says STATUS WORDS ARGUMENT...
says () {
  status=$1 words=$2
  shift 2
  got=0
  said=$("$USHER_BUILDDIR/usherctl" "$@" 2>&1) || got=$?
  printf '%s (%s)\n' "$said" "$got"
  [ "$got" -eq "$status" ] && printf '%s' "$said" | grep -qF -- "$words"
}
check "a command is needed" says 2 'a command is missing; see usherctl --help'
check "an unknown command" says 2 'there is no command "frob"; see usherctl --help' frob
check "a group alone names its commands" says 2 '"outbox" needs one more word: outbox list, outbox replay, outbox discard' outbox
check "an unknown one of a group" says 2 'there is no command "save all"; there are save list, save retry, save discard' save all
check "too many arguments" says 2 'usage: usherctl drain [--cancel]' drain now
check "an unknown option" says 2 'see usherctl --help' --frob
# An empty configuration is good, and says what will not work.
empty_is_good () {
  said=$("$USHER_BUILDDIR/usherd" --check-config --config "$dir/usher.conf" 2>&1) || return 1
  printf '%s\n' "$said"
  [ "$(printf '%s\n' "$said" | grep -c "^$dir/usher.conf: warning: there is no \[")" -eq 3 ] || return 1
  printf '%s\n' "$said" | grep -qxF "$dir/usher.conf: good"
}
check "usherd says what an empty configuration lacks" empty_is_good
check "nobody listens" says 1 "no usherd answers on $dir/none: " --socket "$dir/none" status
check "no configuration" says 1 "$dir/none.conf: there is no such file" --config "$dir/none.conf" status

# Root may enter every folder: then somebody else tries.
forbidden () {
  mkdir "$dir/closed"
  printf '[usher]\n' >"$dir/closed/usher.conf"
  chmod 0 "$dir/closed"
  if [ "$(id -u)" -eq 0 ]; then
    chmod 755 "$dir"
    set -- setpriv --reuid 65534 --regid 65534 --clear-groups --
  fi
  said=$("$@" "$USHER_BUILDDIR/usherctl" --config "$dir/closed/usher.conf" status 2>&1) && return 1
  printf '%s\n' "$said"
  printf '%s' "$said" | grep -qF "$dir/closed/usher.conf: can't be read: Permission denied" || return 1
  said=$("$@" "$USHER_BUILDDIR/usherctl" --socket "$dir/closed/socket" status 2>&1) && return 1
  printf '%s\n' "$said"
  printf '%s' "$said" | grep -qF 'run usherctl as root or as the user that usherd runs as'
}
if setpriv --reuid "$(id -u)" true 2>/dev/null && { [ "$(id -u)" -ne 0 ] || setpriv --reuid 65534 --regid 65534 \
  --clear-groups -- "$USHER_BUILDDIR/usherctl" --version >/dev/null 2>&1; }; then
  check "what may not be read is not called missing" forbidden
fi
done_testing
