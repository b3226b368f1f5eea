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
