#!/bin/sh
# SPDX-License-Identifier: 0BSD
#
# An agent makes a customer, finds him, and is told what cannot be. (Cases: `usherctl plugin check`.)
set -eu
. ./testing.sh
start '[crm:new-plugin]
plugin = new-plugin'
centre
login

made=$(anna customer.save '{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.org"}')
expect "a customer is made" '"name":"Ada Lovelace"' "$made"
customer=$(member id "$made")
expect "and found by a word" "\"id\":\"$customer\"" "$(anna customer.search '{"text":"lovelace"}')"
expect "an e-mail address belongs to one" '"code":"conflict"' \
  "$(anna customer.save '{"first_name":"Eve","last_name":"Other","email":"ada@example.org"}')"
expect "what changed meanwhile is not overwritten" '"code":"conflict"' \
  "$(anna customer.save "{\"customer\":\"$customer\",\"version\":7,\"phone\":\"1\"}")"
expect "a customer without cases has none" '"cases":\[\]' "$(anna case.list "{\"customer\":\"$customer\"}")"
expect "what is not there is not found" '"code":"not_found"' "$(anna case.get '{"case":"C-2"}')"

"$USHERCTL" plugin check ./new-plugin.so --settings new-plugin.conf
echo "all tests passed"
