#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the engine publishes, the second program takes: whole logs, keys that were renewed, logs that began anew, restores, proofs.
# Usage: verify.sh SAQTA SAQTA-VERIFY
# shellcheck disable=SC2154 # lib.sh sets dir and said
saqta=$1
verify=$2
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"

# ---- usage, and files that are none ----
exits 0 "$verify" --help
says '--receipt'
exits 0 "$verify" --version
exits 2 "$verify"
exits 2 "$verify" a b
exits 2 "$verify" --else
exits 2 "$verify" "$dir" --receipt 00
exits 2 "$verify" "$dir" --proof x
exits 66 "$verify" "$dir/nowhere"
exits 66 "$verify" "$dir" --key nowhere
exits 66 "$verify" --proof "$dir/nowhere"
echo x >"$dir/x"
exits 66 "$verify" "$dir/x"
exits 65 "$verify" "$dir" --key "$dir/x"
exits 78 "$verify" "$dir" --witnesses "$dir/x"
exits 65 "$verify" "$dir" --seen "$dir/x"
exits 1 "$verify" --proof "$dir/x"
exits 1 "$verify" "$dir"
says 'log.vkey: it is missing'

# ---- a log, which grows ----
make_vault 120
orders 0 3 >"$dir/orders"
exits 0 "$saqta" $V --now 2026-01-04T10:00:00+05:00 apply "$dir/orders"
exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep --receipts "$dir/receipts"
exits 0 "$saqta" $V audit export "$dir/out"
exits 0 "$verify" "$dir/out"
says 'destroyed     3 subjects'
says 'compare'
exits 0 "$verify" "$dir/out" --key "$dir/v/log.vkey" --json
says '"destroyed":3,'
says '"key_is_given":true'
says '"whole":true}'
python3 -m json.tool "$said" >/dev/null || fail "its JSON is none"
cp "$dir/out/checkpoint" "$dir/seen"
people 120 200 | "$saqta" $V --now 2026-01-07T10:00:00+05:00 apply - >/dev/null || fail "apply"
exits 0 "$saqta" $V audit export "$dir/out"
exits 0 "$verify" "$dir/out" --seen "$dir/seen"

# ---- proofs ----
receipt=$(head -1 "$dir/receipts" | cut -f2)
exits 0 "$saqta" $V receipt "$receipt"
cp "$said" "$dir/proof"
exits 0 "$verify" --proof "$dir/proof" --receipt "$receipt" --key "$dir/v/log.vkey"
says "the data of this receipt were destroyed"
exits 0 "$verify" --proof "$dir/proof" --receipt "$receipt" --key "$(cat "$dir/v/log.vkey")" --json
says "\"receipt\":\"$receipt\""
exits 1 "$verify" --proof "$dir/proof" --receipt 00000000000000000000000000000000 --key "$dir/v/log.vkey"
exits 1 "$verify" --proof "$dir/proof"
says "give it by --key"
exits 0 "$saqta" $V audit prove 0
cp "$said" "$dir/proof0"
exits 0 "$verify" --proof "$dir/proof0" --key "$dir/v/log.vkey"
exits 1 "$verify" --proof "$dir/proof0" --key "$dir/v/log.vkey" --receipt "$receipt"
says "no destruction"

# ---- keys that were renewed: the first and the newest of them both lead to all ----
cp "$dir/v/log.vkey" "$dir/key1"
exits 0 "$saqta" $V --now 2026-01-08T10:00:00+05:00 key renew
exits 0 "$saqta" $V --now 2026-01-09T10:00:00+05:00 key renew
people 200 210 | "$saqta" $V --now 2026-01-09T11:00:00+05:00 apply - >/dev/null || fail "apply"
exits 0 "$saqta" $V audit export "$dir/out"
exits 0 "$verify" "$dir/out" --key "$dir/key1" --seen "$dir/seen" --json
says '"former_keys":2'
exits 0 "$verify" "$dir/out" --key "$dir/v/log.vkey"
cp -r "$dir/out" "$dir/short"
rm -r "$dir/short/epoch/1"
exits 1 "$verify" "$dir/short"

# ---- a restore loses the end of the log, and a new one begins: what was lost is said ----
exits 0 "$saqta" $V backup "$dir/copy"
people 210 215 | "$saqta" $V --now 2026-01-10T10:00:00+05:00 apply - >/dev/null || fail "apply"
orders 210 212 >"$dir/orders"
exits 0 "$saqta" $V --now 2026-01-10T11:00:00+05:00 apply "$dir/orders"
exits 0 "$saqta" $V --now 2026-01-12T10:00:00+05:00 sweep
mv "$dir/v" "$dir/lost"
exits 0 "$saqta" $V --now 2026-01-12T12:00:00+05:00 restore "$dir/copy"
exits 0 "$saqta" $V --now 2026-01-12T12:00:00+05:00 audit incarnate --reason 'again'
exits 0 "$saqta" $V audit export "$dir/anew"
exits 0 "$verify" "$dir/anew" --key "$dir/v/log.vkey"
says 'restored'
exits 0 "$verify" "$dir/anew" --json
says '"incarnation":3'
says '"incarnation":1'
says '"lost":{"origin"'
python3 -m json.tool "$said" >/dev/null || fail "its JSON is none"
mv "$dir/anew/past/1" "$dir/past1"
exits 0 "$verify" "$dir/anew"
says 'withheld'
mv "$dir/anew/past/2" "$dir/anew/past/1"
exits 0 "$verify" "$dir/anew" --json
says '"withheld":true,"incarnation":2'
mv "$dir/past1" "$dir/anew/past/2"
exits 1 "$verify" "$dir/anew" --json
says '"whole":false'
says '"file":"past/2/checkpoint"'
