# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# TAP for shell tests: `check NAME COMMAND...`, `nothing NAME OUTPUT`, and at the end `done_testing`. The harness reads
# the lines; the exit status says only that the script got to its end.

tap_count=0

ok () {
  tap_count=$((tap_count + 1))
  printf 'ok %s - %s\n' "$tap_count" "$1"
}

not_ok () {
  tap_count=$((tap_count + 1))
  printf 'not ok %s - %s\n' "$tap_count" "$1"
}

# The command's output is shown when it fails.
check () {
  tap_name=$1
  shift
  if tap_output=$("$@" 2>&1); then
    ok "$tap_name"
  else
    not_ok "$tap_name"
    printf '%s\n' "$tap_output" | sed 's/^/# /'
  fi
}

# Passes when there is nothing to complain about.
nothing () {
  if [ -z "$2" ]; then
    ok "$1"
  else
    not_ok "$1"
    printf '%s\n' "$2" | sed 's/^/# /'
  fi
}

done_testing () {
  printf '1..%s\n' "$tap_count"
}
