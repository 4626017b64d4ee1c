#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The bench works: each measure in its short form gives its lines, and nothing is lost, doubled or out of order. Says
# nothing about how fast anything was. The quick form of the proofs looks at the command line only.
set -eu
# shellcheck source=tests/tree/tap.sh
. "$USHER_SRCDIR/tests/tree/tap.sh"
bench=$USHER_SRCDIR/tests/bench/run
work=$(mktemp -d "${TMPDIR:-/tmp}/usher-bench-test-XXXXXX")
trap 'rm -rf "$work"' EXIT

refuses () {
  status=0
  "$bench" "$@" > "$work/out" 2>&1 || status=$?
  cat "$work/out"
  [ "$status" -eq 2 ] && grep -q '^usage:' "$work/out"
}

# Made once for all measures.
mkdir "$work/centre"
short () {
  USHER_BENCH_CENTRE=$work/centre "$bench" --short --only "$1" --json "$work/$1.json" &&
    grep -q '"line"' "$work/$1.json"
}

check 'a measure that is not there is refused, and the others are named' refuses --only nonesuch
check 'a number of rounds that is none is refused' refuses --rounds 0
measures=$("$bench" --list | cut -d ' ' -f 1)
if [ "${USHER_PROOF:-check}" != quick ]; then
  for measure in $measures; do
    check "$measure: gives its lines, and nothing is lost" short "$measure"
  done
fi
done_testing
