#!/bin/sh
# SPDX-License-Identifier: 0BSD
#
# A client opens a desk, logs in, becomes available, and goes.
set -eu
token= # set by:
. ./testing.sh
start '[frontend:new-plugin]
plugin = new-plugin'
centre
login
mount=/frontend/new-plugin/desks

opened=$(http POST $mount)
expect "a desk is opened" '^201' "$opened"
desk=$(member desk "$opened")
frame () {
  http POST "$mount/$desk" -d "$1"
}
expect "its first frame is taken" '^204' "$(frame "{\"hello\":{\"token\":\"$token\"}}")"
expect "it is welcome" '"type":"welcome"' "$(http GET "$mount/$desk")"
frame '{"call":"agent.set_status","id":"1","cmd":"a","args":{"status":"available"}}' >/dev/null
said=
for turn in 1 2 3; do
  case $said in *'"id":"1"'*) break ;; esac
  said=$said$(http GET "$mount/$desk")
done
expect "an operation is answered (after $turn polls)" '"id":"1","ok":true' "$said"
expect "a desk that is not there is not found" '^404' "$(http GET $mount/0123456789abcdef0123456789abcdef)"
expect "the client goes" '^204' "$(http DELETE "$mount/$desk")"
expect "and its desk with it" '^404' "$(http GET "$mount/$desk")"

"$USHERCTL" plugin check ./new-plugin.so --settings new-plugin.conf
echo "all tests passed"
