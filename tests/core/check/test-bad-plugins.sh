#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `usherctl plugin check` catches and names every fault that tests/plugins/bad knows, and nothing when it behaves.
set -eu
. "$USHER_SRCDIR/tests/tree/tap.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
plugin=$USHER_BUILDDIR/tests/plugins/bad/.libs/bad.so
# Crashes are judged here, not by a sanitizer.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}:handle_segv=0:detect_leaks=0" TSAN_OPTIONS=handle_segv=0
for kind in channel crm frontend; do
  printf '[%s:bad]\nplugin = bad\n' "$kind" >"$dir/$kind.conf"
done
printf 'queue = kit\n[check]\nrequest = POST /hook {}\n' >>"$dir/channel.conf"

# kit KIND ARGUMENT...
kit () {
  kind=$1
  shift
  "$USHER_BUILDDIR/usherctl" plugin check "$plugin" --settings "$dir/$kind.conf" --patience "${patience:-2}" "$@"
}

# caught KIND CHECK WORDS FAULT: the check fails, and says so in these words.
caught () {
  status=0
  said=$(USHER_BAD=$4 kit "$1" --only "$2") || status=$?
  printf '%s\n' "$said"
  [ "$status" -eq 1 ] && printf '%s\n' "$said" | grep '^FAILED' | grep -qF -- "$3"
}

# fault KIND CHECK WORDS FAULT...
fault () {
  kind=$1 check=$2 words=$3
  shift 3
  for name in "$@"; do
    check "$name is caught by \"$check\" ($kind)" caught "$kind" "$check" "$words" "$name"
  done
}

check_slot () {
  fault "$1" "$2" "it crashed in \`$3\`" "crash-$3"
}

patience=20
for kind in channel crm frontend; do
  check "without a fault it passes as a $kind" kit $kind
done
patience=2

# Loading.
fault channel sizes "crashed in \`usher_plugin_entry\`" crash-entry
fault channel sizes "crashed in \`load\`" crash-load
fault channel sizes "crashed in \`unload\`" crash-unload
fault channel sizes "ended the process in \`load\`" exit-load
fault channel sizes "" load-refuses
fault channel sizes "blocked the main loop in \`load\`" block-load

# A crash in each slot.
for slot in create destroy; do check_slot channel create-destroy $slot; done
for slot in start stop; do check_slot channel start-stop $slot; done
check_slot channel http http
for slot in ws_open ws_message ws_closed; do check_slot channel websocket $slot; done
check_slot channel send send
for slot in notice typing seen; do check_slot channel notices $slot; done
check_slot channel start-stop runtime_capabilities
for slot in lookup get_customer search_customers save_customer; do check_slot crm customers $slot; done
for slot in get_case list_cases save_case; do check_slot crm cases $slot; done
check_slot crm odd-questions describe
export USHER_BAD_DESK=1
for slot in desk_output desk_closed; do check_slot frontend websocket $slot; done
unset USHER_BAD_DESK
fault channel start-stop "it crashed outside of its slots" crash-timer
fault channel send "it ended the process in \`send\`" exit-send

# Replies.
fault channel send "completed a reply that is not open" twice
fault channel send "did not complete its reply within 2 s" never
fault crm stop-at-work "did not stop within" never
fault channel late-answers "never completed" never
fault channel stop-at-work "completed a reply that is not open" late-thread
fault channel start-stop "\`start\` did not complete its reply" start-never
fault channel start-stop "did not stop within" stop-never
fault channel send "the status 99, which does not exist" lie-status
fault channel send "no message" no-message
fault channel send "says nothing about a message" strange-status
fault channel start-stop "without a reason" no-reason

# The main loop.
fault channel send "blocked the main loop in \`send\`" block-send
fault channel send "blocked the main loop for" dawdle-send
fault channel quiet "blocked the main loop outside of its slots" block-timer
fault channel send "from a thread of its own" wrong-thread

# Sizes.
fault channel sizes "struct_size of its descriptor is 200" lie-descriptor
fault channel sizes "struct_size of its channel table is 4000" lie-table
fault crm sizes "struct_size of its CRM table is 4000" lie-table
fault channel sizes "struct_size of its capabilities is 24" lie-capabilities
fault channel sizes "struct_size of its word is 80" lie-setting
fault channel send "struct_size of its result is 64" lie-result
fault channel http "struct_size of its UsherResponse is 16" lie-response
fault channel samples "struct_size of its UsherInbound is 4096" lie-inbound
fault crm cases "struct_size of its UsherCase is 64" lie-case

# Floods.
fault channel quiet "floods the log" flood-log
fault channel quiet "floods the core" flood-deliver
fault channel quiet "floods the loop" flood-timers
fault channel quiet "takes the processor for itself" spin

# Leaks. What a sanitizer puts around malloc can't be counted.
grep -q '^SAN_CFLAGS = *$' "$USHER_BUILDDIR/Makefile" && {
  fault channel create-destroy "leaks memory" leak-memory
  fault channel leaks "leaks memory" leak-work
}
fault channel create-destroy "leaks file descriptors" leak-file
fault channel create-destroy "leaves threads behind" leak-thread

# Settings and state.
fault channel bad-settings "it crashed in \`create\`" trusts-settings
fault channel start-stop "does not declare" undeclared
fault channel two-instances "" static-state

# Promises.
fault channel capabilities "no slot \`typing\`" no-typing
fault channel start-stop "name no network" no-network
fault channel capabilities "refused one that has as many" too-long
fault channel capabilities "idempotent_send, and the same message_id again" not-idempotent
fault channel samples "did not store a message (busy)" ack-early

# Requests, sockets, desks.
fault channel http "without an answer" http-never
fault channel http "twice" http-twice
fault channel http "unusable response" lie-status-http
fault channel http "delivers no items" deliver-without-check
fault channel websocket "ws_open returned 200" ws-odd-status
fault channel websocket "after ws_closed" ws-after-close
fault channel websocket "the code 1006" ws-close-code
fault channel websocket "not UTF-8" ws-no-utf8
export USHER_BAD_DESK=1
fault frontend websocket "a desk that is closed" desk-after-end
unset USHER_BAD_DESK

# CRMs.
fault crm customers "a customer that is not there: the answer was ok" finds-nothing-fine
fault crm customers "a second customer" two-customers
fault crm customers "a version that is not the stored one" no-versions
fault crm cases "saving twice made two cases" two-cases
fault crm cases "replaced by a shorter one" shorter-transcript
fault crm cases "a case is on two pages" same-page
fault crm odd-questions "not JSON" no-json

# What can't be checked at all.
refused () {
  words=$1
  shift
  status=0
  said=$("$USHER_BUILDDIR/usherctl" plugin check "$@" 2>&1) || status=$?
  printf '%s\n' "$said"
  [ "$status" -eq 2 ] && printf '%s\n' "$said" | grep -qF -- "$words"
}
check "a file that is not there" refused "there is no such file" "$dir/none.so"
check "a file that is no .so" refused "NAME.so" "$dir/channel.conf"
check "settings that are not there" refused "there is no such file" "$plugin" --settings "$dir/none.conf"
check "settings without a section for it" refused "has no section" "$plugin" --settings "$USHER_SRCDIR/docs/usher.conf"
check "a check that does not exist" refused 'no check "sent"' "$plugin" --only sent
check "an impatience that makes no sense" refused "from 1 to 3600" "$plugin" --patience -1
printf 'not an object\n' >"$dir/text.so"
no_plugin () {
  ! "$USHER_BUILDDIR/usherctl" plugin check "$dir/text.so"
}
check "a file that is no plugin fails" no_plugin
json_is_right () {
  said=$(USHER_BAD=twice kit channel --only send --json) && return 1
  printf '%s\n' "$said"
  printf '%s' "$said" | grep -q '"check":"send","kind":"channel","result":"failed","why":\["' &&
    printf '%s' "$said" | grep -q '"verdict":"failed","passed":1,"failed":1,"left_out":0}'
}
check "--json says the same" json_is_right
nothing "nothing is left behind" "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'usher-check-*' -newer "$dir" -mmin +2)"
done_testing
