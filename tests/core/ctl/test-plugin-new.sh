#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `usherctl plugin new`: what it makes builds without a warning and passes its own test as it comes, under names that are
# awkward in C, too; and what can't be done is said. (Against an installation: tests/tree/installcheck.sh.)
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
. "$USHER_BUILDDIR/tests/tree/compiler"
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
export USHER_TEMPLATES="$USHER_SRCDIR/core/ctl/templates"
usherctl () {
  "$USHER_BUILDDIR/usherctl" --config "$dir/none.conf" "$@"
}
printf '[usher]\nplugin_path = %s\n' "$USHER_BUILDDIR/plugins/crm/local" >none.conf

# works KIND NAME
works () {
  usherctl plugin new "$2" --kind "$1"
  # shellcheck disable=SC2154
  make -C "$2" -s test CC="$cc" CFLAGS='-O0 -Werror' PKG_CONFIG_PATH="$USHER_BUILDDIR/include" \
    CPPFLAGS="-I$USHER_SRCDIR/include -I$USHER_BUILDDIR/include" \
    USHERCTL="$USHER_BUILDDIR/usherctl" USHERD="$USHER_BUILDDIR/usherd"
  ! grep -rEi 'new[-_]?plugin' "$2" --include='*' --exclude='*.so' | grep -v '^[^:]*:.*plugin new'
}
check "a new channel passes its test" works channel my-2nd-net
check "a new CRM passes its test" works crm int
check "a new front end passes its test" works frontend wall

# The folder that this usherd reads, whatever prefix it was configured for.
sysconfdir=$(sed -n 's/^sysconfdir *= *//p' "$USHER_BUILDDIR/Makefile")
prefix=$(sed -n 's/^prefix *= *//p' "$USHER_BUILDDIR/Makefile")
case $sysconfdir in
  "\${prefix}"*) sysconfdir=$prefix${sysconfdir#"\${prefix}"} ;;
esac
check "the channel's README names the folder of the configuration" grep -F "\`$sysconfdir/usher/conf.d/my-2nd-net.conf\`" my-2nd-net/README.md
check "and so does its sample section" grep -xF "token = file:$sysconfdir/usher/my-2nd-net.token" my-2nd-net/my-2nd-net.conf

# refuses WORDS ARGUMENT...: not done, and the words are in what is said.
refuses () {
  words=$1
  shift
  if said=$(usherctl plugin new "$@" 2>&1); then
    echo "it was done"
    return 1
  fi
  printf '%s\n' "$said"
  printf '%s' "$said" | grep -q "$words"
}
for name in '' Big 3com a_b ../x 'a b' "$(printf '%065d' 0 | tr 0 a)"; do
  check "the name '$name' is refused" refuses "can't be the name" --kind channel -- "$name"
done
check "a kind is needed" refuses 'channel (customers' some
check "a kind with a slip is recognised" refuses 'did you mean channel' some --kind chanel
check "the name of a plugin that is there is refused" refuses 'already (usherctl plugin inspect local)' local --kind crm
check "nothing is overwritten" refuses 'nothing is overwritten' other --kind crm --dir int
check "a folder to make it in is needed" refuses 'mkdir -p' some --kind crm --dir none/some
mkdir empty
check "an empty folder is welcome" usherctl plugin new some --kind crm --dir empty
check "and is filled" test -f empty/some.c
mkdir closed
chmod a-w closed
if [ "$(id -u)" -eq 0 ]; then
  # Root may write anywhere but below /proc.
  check "a folder that can't be written to is told" refuses "can't be made: " some --kind crm --dir /proc/some
else
  check "a folder that can't be written to is told" refuses "can't be made: " some --kind crm --dir closed/some
fi
USHER_TEMPLATES=$dir/nowhere
check "templates that are not there are told" refuses "not in $dir/nowhere: install usher" late --kind crm
check "and leave nothing behind" test ! -e late
nothing "nothing half-made is left" "$(find . -maxdepth 1 -name '*.??????' -not -name '*.conf')"
done_testing
