#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bodies of old entries are taken away; what must still be told is. Usage: prune.sh SAQTA SAQTA-VERIFY
# shellcheck disable=SC2154 # lib.sh sets dir and said
saqta=$1
verify=$2
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
NOW="--now 2026-03-01T10:00:00+05:00"
WHY="--reason test"

use() { printf '{"event":"use","subject":"u-%d","purpose":"contract","categories":["phone"],"at":"2026-01-03T11:00:00+05:00"}\n' "$1"; }
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$said"; }

# ---- ten people: four are destroyed, the others are asked about ----
make_vault 10
for i in 0 1 5 6 7; do use $i; done >"$dir/uses"
exits 0 "$saqta" $V --now 2026-01-03T11:00:00+05:00 apply "$dir/uses"
exits 0 "$saqta" $V --now 2026-01-03T12:00:00+05:00 subject show u-8
orders 0 4 >"$dir/orders"
exits 0 "$saqta" $V --now 2026-01-04T10:00:00+05:00 apply "$dir/orders"
receipt=$(sed -n '1s/.*"receipt":"\([0-9a-f]*\)".*/\1/p' "$said")
exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep
exits 0 "$saqta" $V audit export "$dir/tiles"
use 5 | "$saqta" $V --now 2026-02-20T10:00:00+05:00 apply - >/dev/null 2>&1 || fail "apply"

# ---- what is refused ----
exits 2 "$saqta" $V $NOW audit prune --to 10
exits 2 "$saqta" $V $NOW audit prune $WHY
exits 2 "$saqta" $V $NOW audit prune --to 10 --before 2026-02-01T00:00:00+05:00 $WHY
exits 2 "$saqta" $V $NOW audit prune --before 2026 $WHY
exits 2 "$saqta" $V $NOW audit prune --to 1000 $WHY
says 'signed head'
printf '%s auditor\n' "$(id -un)" >"$dir/v.keep/roles"
chmod 600 "$dir/v.keep/roles"
exits 77 "$saqta" $V $NOW audit prune --to 10 $WHY
rm "$dir/v.keep/roles"

# ---- a dry run says what would go; it and the run agree ----
exits 0 "$saqta" $V $NOW audit prune --before 2026-02-01T00:00:00+05:00 $WHY --dry-run --json
would=$(number pruned)
exits 0 "$saqta" $V audit show --json
grep -q pruned_by "$said" && fail "a dry run changed something"
grep -q '"type":"refused"' "$said" || fail "the auditor's attempt is not on record"
exits 0 "$saqta" $V $NOW audit prune --before 2026-02-01T00:00:00+05:00 $WHY --json
# of four destroyed: register, consent, collect, destroy each; five uses, one read, and the sweep's two
says '"pruned":24,'
[ "$would" = 24 ] || fail "the dry run said $would"
by=$(number entry)
exits 0 "$saqta" $V audit show --json
[ "$(grep -c "{\"pruned_by\":$by,\"seq\":" "$said")" = 24 ] || fail "not 24 are shown as pruned"
[ "$(grep -c '"type":"destroyed"' "$said")" = 4 ] || fail "a destruction is gone"
[ "$(grep -c '"type":"use"' "$said")" = 1 ] || fail "what is not old went, or what is stayed"
says '"reason":"test"'
# nothing of a body is left in the file
pseudonym=$(sed -n '/"type":"destroyed"/{s/.*"subject":"\([0-9a-f]*\)".*/\1/p;q;}' "$said")
[ "$(cat "$dir/v/vault.db" "$dir/v/vault.db-wal" 2>/dev/null | grep -aoF "$pseudonym" | wc -l)" = 1 ] || fail "a pruned body is still in the file"

# ---- all is told as before ----
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V audit reconcile --json
says '"agrees":true'
says '"pruned_entries":24,'
exits 0 "$saqta" $V receipt "$receipt"
exits 0 "$saqta" $V audit prove 1
exits 0 "$saqta" $V subject list --state destroyed --json
[ "$(wc -l <"$said")" = 4 ] || fail "not four destroyed are listed"
exits 0 "$saqta" $V act --day 2026-01-06 --format json
says '"subjects":4'
exits 0 "$saqta" $V $NOW audit open 1 --json
says "\"opens\":false,\"why\":\"pruned by entry $by\""
exits 0 "$saqta" $V $NOW audit export "$dir/tiles" # goes on from what was exported before
exits 0 "$verify" "$dir/tiles"
says '24 entries: their text is gone'
exits 0 "$saqta" $V $NOW audit verify --heartbeat P90D

# ---- and what cannot be is refused, not guessed ----
cat "$dir/people" "$dir/uses" >"$dir/all"
exits 66 "$saqta" $V audit replay "$dir/all"
says 'entry 1 was pruned'
exits 66 "$saqta" $V $NOW report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --format json
says 'were pruned from the log'
exits 0 "$saqta" $V $NOW report --from 2026-02-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --format json

# ---- again: who was destroyed since goes too, also from before ----
exits 0 "$saqta" $V $NOW audit prune --before 2026-02-01T00:00:00+05:00 $WHY --json
says '"pruned":0,'
orders 4 6 | sed 's/2026-01-04/2026-03-02/' >"$dir/orders2"
exits 0 "$saqta" $V --now 2026-03-02T10:00:00+05:00 apply "$dir/orders2"
exits 0 "$saqta" $V --now 2026-03-05T10:00:00+05:00 sweep
exits 0 "$saqta" $V --now 2026-03-06T10:00:00+05:00 audit prune --to 10 $WHY --dry-run --json
says '"pruned":0,'
exits 0 "$saqta" $V --now 2026-03-06T10:00:00+05:00 audit prune --to 20 $WHY --json
says '"pruned":6,'
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V audit reconcile

# ---- it survives a backup, and a new incarnation ----
exits 0 "$saqta" $V --now 2026-03-06T11:00:00+05:00 backup "$dir/copy"
rm -r "$dir/v"
exits 0 "$saqta" $V --now 2026-03-06T12:00:00+05:00 restore "$dir/copy"
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V audit reconcile --json
says '"pruned_entries":30,'
exits 0 "$saqta" $V receipt "$receipt"
exits 0 "$saqta" $V $NOW audit export "$dir/tiles2"
exits 0 "$verify" "$dir/tiles2"
says '30 entries: their text is gone'
people 20 21 | "$saqta" $V --now 2026-03-07T10:00:00+05:00 apply - >/dev/null 2>&1 || fail "apply"
exits 0 "$saqta" $V --now 2026-03-08T10:00:00+05:00 subject show u-20
exits 0 "$saqta" $V --now 2026-03-08T11:00:00+05:00 audit heartbeat
exits 0 "$saqta" $V --now 2026-03-09T10:00:00+05:00 audit prune --before 2026-03-09T00:00:00+05:00 $WHY --json
says '"pruned":2,'
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V audit reconcile
exit 0
