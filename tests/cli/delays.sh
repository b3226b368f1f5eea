#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A task that a partner owes counts as a delay when a person closes it late, and not when in time. Usage: delays.sh SAQTA
saqta=$1
root=${SAQTA_SOURCE_ROOT:-.}
place=$(mktemp -d) || exit 99
trap 'rm -rf "$place"' EXIT
SAQTA_POLICY_PATH=$root/policies
SAQTA_VAULT=$place/vault
export SAQTA_POLICY_PATH SAQTA_VAULT
day=2026-02-02
bad=0

quietly() { "$@" >"$place/out" 2>&1 || { echo "FAILED: $*"; cat "$place/out"; bad=1; }; }

# submit TIME LINE: an event of the day
submit() { echo "$2" | "$saqta" --now "${day}T$1+05:00" --json apply - >"$place/out" 2>&1; }

# apply for a call at TIME1 and close its task at TIME2
call() {
	submit "$2" "{\"event\":\"obligation\",\"subject\":\"u1\",\"obligation\":\"$1\",\"state\":\"open\"}"
	task=$(sed -n 's/.*"task":"\{0,1\}\([0-9]*\).*/\1/p' "$place/out")
	quietly "$saqta" --now "${day}T$3+05:00" task close "$task"
}

# mail TIME OUTCOME: what is answered to the partner's mailing
mail() {
	submit "$1" '{"event":"message","subject":"u1","partner":"dealer-1","channel":"sms","kind":"information","text":"ready"}'
	grep -q "\"outcome\":\"$2\"" "$place/out" || { echo "FAILED: the mailing at $1 is not $2"; cat "$place/out"; bad=1; }
}

quietly "$saqta" --now "${day}T09:00:00+05:00" init --policy mycar-partner
submit 09:00:00 '{"event":"partner","partner":"dealer-1","state":"joined"}'
submit 09:00:00 '{"event":"register","subject":"u1","partner":"dealer-1","evidence":{"act":"upload"}}'
submit 09:00:00 '{"event":"partner-consent","subject":"u1","partner":"dealer-1","consents":["processing","messages"],"copy":"paper-1"}'
call o1 10:00:00 10:30:00
call o2 11:00:00 11:30:01
mail 12:00:00 applied
call o3 13:00:00 13:29:59
mail 14:00:00 applied
# closed in time: what comes later, another closing or a sweep, makes it no delay
submit 15:00:00 '{"event":"obligation","subject":"u1","obligation":"o3","state":"closed"}'
quietly "$saqta" --now "${day}T16:00:00+05:00" sweep
mail 16:00:00 applied
call o4 17:00:00 18:00:00
mail 18:00:00 denied
quietly "$saqta" audit verify
exit $bad
