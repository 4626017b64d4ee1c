#!/bin/sh
# SPDX-License-Identifier: 0BSD
#
# A customer writes, an agent takes the chat and answers, the customer reads it; and what must be refused is refused.
set -eu
tmp= # set by:
. ./testing.sh
printf 'open sesame\n' >"$tmp/token"
chmod 600 "$tmp/token"
start "[channel:new-plugin]
plugin = new-plugin
queue = support
token = file:$tmp/token"
centre
login
site () {
  http "$@" -H 'authorization: Bearer open sesame'
}

expect "who has no token is refused" '^401' "$(http GET '/channel/new-plugin/messages?user=ada')"
expect "a message without an id is refused, with the reason" 'id and text' \
  "$(site POST /channel/new-plugin/messages -d '{"user":"ada","text":"hello"}')"
anna agent.set_status '{"status":"available"}' >/dev/null
message='{"user":"ada","name":"Ada","id":"1","text":"hello"}'
stored=$(site POST /channel/new-plugin/messages -d "$message")
expect "a message is stored" '^200' "$stored"
n=$(number n "$stored")
expect "the same message again is the same message" "\"n\":${n}[,}]" "$(site POST /channel/new-plugin/messages -d "$message")"
offer=$(anna interaction.list '{"agent":"anna"}')
expect "it is offered to the agent" '"state":"offered"' "$offer"
interaction=$(member interaction "$offer")
anna interaction.accept "{\"interaction\":\"$interaction\"}" >/dev/null
anna message.send "{\"interaction\":\"$interaction\",\"text\":\"good morning\"}" >/dev/null
expect "the customer reads the answer" '"author":"agent","text":"good morning"' \
  "$(site GET "/channel/new-plugin/messages?user=ada&after=$n")"

cat >"$tmp/check.conf" <<END
[channel:new-plugin]
plugin = new-plugin
queue = support
token = file:$tmp/token
[check]
header = Authorization: Bearer open sesame
request = POST /messages {"user":"ada","name":"Ada","id":"1","text":"hello"}
END
"$USHERCTL" plugin check ./new-plugin.so --settings "$tmp/check.conf"
echo "all tests passed"
