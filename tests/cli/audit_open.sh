#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is opened of an entry to an auditor, and what of it anybody can check without the vault. Usage: audit_open.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir and said
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
NOW="--now 2026-01-03T12:00:00+05:00"

# event ENTRY: entry 0 is the policy; the events of make_vault follow one by one.
event() { sed -n "${1}p" "$dir/people"; }

make_vault 3
event 6 >"$dir/claim"

# ---- without a purpose: yes or no, and no name ----
exits 0 "$saqta" $V $NOW audit open 6 --json
says '"type":"collect"'
says '"opens":true'
grep -qE '"(key|subject|claim)"' "$said" && fail "more was said than whether it opens"
exits 0 "$saqta" $V audit show --from 10 --json
grep -q . "$said" && fail "nothing was opened, and yet recorded"
exits 0 "$saqta" $V $NOW audit open 6 --claim "$dir/claim" --json
says '"claim":"yes","claim_line":1'
grep -qE '"(key|subject)"|u-1' "$said" && fail "a name or a key was given without a purpose"
exits 0 "$saqta" $V $NOW audit open 5 --claim "$dir/claim" --json
says '"claim":"no"'
exits 0 "$saqta" $V $NOW audit open 4 5 6 --claim "$dir/people" --json
says '"claim_line":4'
says '"claim_line":6'
exits 0 "$saqta" $V audit show --from 10 --json
says '"kind":"masked","more":{"claims":1,"entry":6,"role":"owner"}'
says '"more":{"claims":9,"entry":5,'

# ---- with one: the name, and a key that opens this entry alone, for anybody ----
exits 0 "$saqta" $V $NOW audit open 6 --purpose contract --json
says '"subject":"u-1"'
cp "$said" "$dir/opened"
cat >"$dir/check.py" <<'END'
import hashlib, hmac, json, sys
opened, event = json.load(open(sys.argv[1])), json.loads(open(sys.argv[2]).readline())
text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
sys.exit(0 if hmac.new(bytes.fromhex(opened["key"]), text, hashlib.sha256).hexdigest() == opened["input"] else 1)
END
exits 0 python3 "$dir/check.py" "$dir/opened" "$dir/claim"
event 3 >"$dir/other"
exits 1 python3 "$dir/check.py" "$dir/opened" "$dir/other"
exits 0 "$saqta" $V audit show --from 15 --json
says '"kind":"contract"'
exits 0 "$saqta" $V subject show u-1 --json
says '"purpose":"contract","reader":"operator"'

# ---- what cannot be opened ----
exits 0 "$saqta" $V $NOW audit open 0 --purpose contract --json
says '"opens":false,"why":"it names no person"'
exits 66 "$saqta" $V $NOW audit open 1000
says "no entry 1000"
exits 65 "$saqta" $V $NOW audit open 6 --purpose nonsense
exits 2 "$saqta" $V $NOW audit open
exits 2 "$saqta" $V $NOW audit open 6,7
says "by its number"
exits 66 "$saqta" $V $NOW audit open 6 --claim "$dir/none"
printf '{"a":\n' >"$dir/bad"
exits 65 "$saqta" $V $NOW audit open 6 --claim "$dir/bad"
says "$dir/bad:1: "

# ---- the auditor's role: whether, not whom ----
printf '%s auditor\n' "$(id -un)" >"$dir/v.keep/roles"
chmod 600 "$dir/v.keep/roles"
exits 0 "$saqta" $V $NOW audit open 6 --claim "$dir/claim"
exits 77 "$saqta" $V $NOW audit open 6 --purpose contract
rm "$dir/v.keep/roles"

# ---- after destruction nothing opens, not even to who holds the event ----
destroy 1 2
exits 0 "$saqta" $V audit show --json
erased=$(sed -n 's/.*"seq":\([0-9]*\),"state":"destroyed".*/\1/p' "$said")
[ -n "$erased" ] || fail "no entry destroyed it"
exits 0 "$saqta" $V --now 2026-01-07T12:00:00+05:00 audit open 6 --purpose contract --claim "$dir/claim" --json
says "\"opens\":false,\"erased_by\":$erased,\"why\":\"erased by entry $erased\""
grep -qE '"(key|claim)"|u-1' "$said" && fail "a destroyed subject was told"
exit 0
