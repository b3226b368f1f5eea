#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The log's own commands: it begins anew, is held against the tables, and opens its commitments. Usage: audit.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and pack
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"

# ---- incarnate: the only answer to a clock that ran ahead ----
make_vault 3
exits 0 "$saqta" $V --now 2027-01-03T00:00:00+05:00 subject show u-1
exits 1 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep
says "before the newest entry"
exits 2 "$saqta" $V audit incarnate
exits 2 "$saqta" $V audit incarnate --reason ''
exits 2 "$saqta" $V audit incarnate --reason "$(printf '\377')"
says "UTF-8"
exits 2 "$saqta" $V audit incarnate --reason "$(head -c 1001 /dev/zero | tr '\0' x)"
cp "$dir/v/log.vkey" "$dir/old.vkey"
exits 0 "$saqta" $V audit checkpoint
size=$(sed -n 2p "$said")
exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 audit incarnate --reason 'the clock ran "ahead"' --json
says '"incarnation":2'
says "\"size\":$size"
grep -qF "$(cat "$dir/v/log.vkey")" "$said" || fail "the new key is not the published one"
cmp -s "$dir/v/log.vkey" "$dir/old.vkey" && fail "the key is the old one"
exits 0 "$saqta" $V audit show --json
says '"reason":"the clock ran \"ahead\""'
exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep
exits 0 "$saqta" $V audit verify

# ---- reconcile: the tables are what the log tells, also after a restore ----
make_vault 20
exits 0 "$saqta" $V audit reconcile --json
says '"agrees":true'
says '"subjects":20,"records":20,'
exits 0 "$saqta" $V backup "$dir/copy"
people 20 25 | "$saqta" $V --now 2026-01-03T10:00:00+05:00 apply - >/dev/null || fail "apply"
destroy 0 5
destroy 20 22
exits 0 "$saqta" $V audit reconcile
mv "$dir/v" "$dir/lost"
exits 0 "$saqta" $V --now 2026-01-07T10:00:00+05:00 restore "$dir/copy"
exits 0 "$saqta" $V audit reconcile --json
says '"agrees":true'
says '"subjects":15,"records":15,'
cp "$dir/lost/vault.db" "$dir/v/vault.db"
exits 1 "$saqta" $V audit reconcile

# sha256_of HEX: of the bytes that it stands for, as hex.
sha256_of() {
	python3 -c 'import hashlib, sys; print(hashlib.sha256(bytes.fromhex(sys.argv[1])).hexdigest())' "$1"
}

# ---- export, prove, receipt: nothing but signed heads, and each run adds what is new ----
make_vault 200
orders 0 3 >"$dir/orders"
exits 0 "$saqta" $V --now 2026-01-04T10:00:00+05:00 apply "$dir/orders"
exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep --receipts "$dir/receipts"
exits 0 "$saqta" $V audit export "$dir/x" --json
says '"unsigned":0'
cp -r "$dir/x" "$dir/x1"
exits 0 "$saqta" $V audit export "$dir/x" --json
says '"added":0'
diff -r "$dir/x" "$dir/x1" >/dev/null || fail "an export of the same log differs"
people 200 300 | "$saqta" $V --now 2026-01-07T10:00:00+05:00 apply - >/dev/null || fail "apply"
exits 0 "$saqta" $V audit export "$dir/x" --json
says '"added":300,'
exits 0 "$saqta" $V audit export "$dir/y" --json
diff -r "$dir/x" "$dir/y" >/dev/null || fail "an export in two steps is not that in one"
exits 73 "$saqta" $V audit export "$dir/people"
exits 73 "$saqta" $V audit export "$dir"
says "name a folder of its own"
receipt=$(head -1 "$dir/receipts" | cut -f2)
exits 0 "$saqta" $V receipt "$receipt"
cp "$said" "$dir/proof"
says "c2sp.org/tlog-proof@v1"
sed -n 's/^extra //p' "$said" | base64 -d | grep -q '"type":"destroyed"' || fail "the proof does not hold the destruction"
sed -n 's/^extra //p' "$said" | base64 -d | grep -q "\"receipt\":\"$(sha256_of "$receipt")\"" ||
	fail "the proof is of another receipt"
exits 2 "$saqta" $V receipt 12
exits 66 "$saqta" $V receipt 00000000000000000000000000000000
says "not destroyed yet"
exits 0 "$saqta" $V audit prove 0
exits 66 "$saqta" $V audit prove 100000
exits 2 "$saqta" $V audit prove x
# In the log that a new incarnation leaves behind, too: the same proof, under that log's name.
exits 0 "$saqta" $V --now 2026-01-08T10:00:00+05:00 audit incarnate --reason 'another key'
exits 0 "$saqta" $V receipt "$receipt"
[ "$(sed -n 's/^extra //p' "$said")" = "$(sed -n 's/^extra //p' "$dir/proof")" ] || fail "another entry is proved"
exits 73 "$saqta" $V audit export "$dir/x"
says "name another folder"
exits 0 "$saqta" $V audit export "$dir/z" --json
says '"past_logs":1'
cmp -s "$dir/z/past/1/checkpoint" "$dir/x/checkpoint" || fail "the past is not the log that it was"
# An export never vouches for a log that is not the one it wrote before.
printf 'x' | dd of="$dir/z/tile/entries/000.p/$(ls "$dir/z/tile/entries/000.p")" conv=notrunc 2>/dev/null
sed -i '3s/.*/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=/' "$dir/z/checkpoint"
exits 1 "$saqta" $V audit export "$dir/z"

# ---- the log's key: the old one names the new one, signs that, and is gone ----
make_vault 20
exits 0 "$saqta" $V audit export "$dir/k"
cp "$dir/v/log.vkey" "$dir/key1.vkey"
exits 0 "$saqta" $V --now 2026-01-05T10:00:00+05:00 key renew
cmp -s "$dir/v/log.vkey" "$dir/key1.vkey" && fail "the log's key was not renewed"
exits 0 "$saqta" $V audit show --json
grep '"type":"log-key"' "$said" | grep -qF "\"next\":\"$(cat "$dir/v/log.vkey")\"" || fail "the entry does not name the new key"
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V --now 2026-01-05T11:00:00+05:00 key renew
exits 0 "$saqta" $V audit export "$dir/k" --json
says '"past_keys":2'
cmp -s "$dir/k/log.vkey" "$dir/v/log.vkey" || fail "the export has another key"
cmp -s "$dir/k/epoch/1/log.vkey" "$dir/key1.vkey" || fail "the export does not have the first key"
exits 0 "$saqta" $V --now 2026-01-05T12:00:00+05:00 audit incarnate --reason 'with keys of before'
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V audit export "$dir/k2" --json
says '"past_keys":0'
cmp -s "$dir/k2/past/1/epoch/1/log.vkey" "$dir/key1.vkey" || fail "the past does not have its first key"
for ms in 005 010 015 020 025 030 035 040; do
	timeout -s KILL "0.$ms" "$saqta" $V --now 2026-01-05T13:00:00+05:00 key renew >/dev/null 2>&1
	exits 0 "$saqta" $V --now 2026-01-05T13:00:00+05:00 audit checkpoint
	exits 0 "$saqta" $V audit verify
	grep -qF "$(cut -d+ -f1 "$dir/v/log.vkey")" "$dir/v.keep/guard" || fail "key and guard are of two logs"
done
