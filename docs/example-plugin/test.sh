#!/bin/bash
# SPDX-License-Identifier: 0BSD
#
# A customer writes in pieces, an agent answers, the customer is cut off and comes back; and what must be refused is
# refused.
set -eu
tmp=
. ./testing.sh
start '[channel:chat]
plugin = linechat
queue = support
port = 0'
centre
login
port=$(sed -n 's/.*listens on 127.0.0.1 port \([0-9]*\).*/\1/p' "$tmp/log")

# The customer's connection is descriptor 5.
call () {
  exec 5<>"/dev/tcp/127.0.0.1/$port"
}
# hear WHAT PATTERN: reads lines until one fits; it is in $line then.
hear () {
  while IFS= read -r -t 20 -u 5 line; do
    # shellcheck disable=SC2254 # a pattern
    case $line in $2) echo "ok: $1"; return 0 ;; esac
  done
  echo "FAILED: $1: no line like $2" >&2
  exit 1
}
call
printf 'SAY 1 too early\n' >&5
hear "who has not said HELLO is told so" 'ERROR say HELLO*'
printf 'HEL' >&5
sleep 0.1
printf 'LO Ada\nSAY 1 good' >&5
hear "a line may come in pieces" 'WELCOME ????????????????????????????????'
key=${line#WELCOME }
printf ' morning\nSAY 1 good morning\n' >&5
hear "a message is stored" 'OK 1'
hear "the same again is the same" 'OK 1'
printf 'NONSENSE\nSAY 2\n' >&5
hear "an unknown word is answered" 'ERROR known are*'
hear "half a message is answered" 'ERROR write: SAY*'

anna agent.set_status '{"status":"available"}' >/dev/null
interaction=$(member interaction "$(anna interaction.list '{"agent":"anna"}')")
anna interaction.accept "{\"interaction\":\"$interaction\"}" >/dev/null
say () {
  anna message.send "{\"interaction\":\"$interaction\",\"text\":\"$1\"}" >/dev/null
}
say 'how can I help?'
hear "the agent's answer arrives" 'AGENT * Anna: how can I help?'
n=${line#AGENT }
n=${n%% *}
printf 'SEEN %s\n' "$n" >&5
hear "it is told that it was read" 'OK SEEN'
expect "it is read" '"state":"read"' "$(anna interaction.get "{\"interaction\":\"$interaction\"}")"
expect "both messages were one" '^1$' \
  "$(anna interaction.get "{\"interaction\":\"$interaction\"}" | grep -o '"text":"good morning"' | wc -l)"

exec 5>&-
say 'are you there?'
call
printf 'HELLO Ada 0123456789abcdef0123456789abcdef %s\n' "$n" >&5
hear "a wrong key is refused" 'ERROR this key*'
printf 'HELLO Ada %s %s\n' "$key" "$n" >&5
hear "who comes back gets what was missed" 'AGENT * Anna: are you there?'
printf 'BYE 3\n' >&5
hear "an end is stored" 'OK 3'
expect "the agent sees that the customer left" '"ended_by":"customer"' \
  "$(anna interaction.get "{\"interaction\":\"$interaction\"}")"
exec 5>&-

call
head -c 5000 /dev/zero | tr '\0' x >&5
hear "a line too long is answered" 'ERROR a line has at most*'
printf '\nHELLO Ada\n' >&5
hear "its rest is skipped" 'WELCOME *'
exec 5>&-

printf '[channel:check]\nplugin = linechat\nqueue = support\nport = 0\n' >"$tmp/check.conf"
"$USHERCTL" plugin check ./linechat.so --settings "$tmp/check.conf"
echo "all tests passed"
