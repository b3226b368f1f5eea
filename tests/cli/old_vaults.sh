#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A vault that any earlier program made is opened, brought up, served and restored by this one, keys and backups included: tests/fixtures/vault-N is of
# version N of the layout (script/make-fixture). Nothing of an older layout than 2 was ever given away. Usage: old_vaults.sh SAQTA
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
fixtures=$(cd "$root/tests/fixtures" && pwd)
now="--now 2026-01-08T10:00:00+05:00"
later="--now 2026-01-09T10:00:00+05:00"

# open_fixture N: unpacked anew.
open_fixture() {
	rm -rf "$dir/vault-$1"
	tar -C "$dir" --no-same-owner -xzpf "$fixtures/vault-$1.tar.gz" || fail "the fixture of version $1 cannot be unpacked"
	V="--vault $dir/vault-$1/v"
}

# whole PEOPLE: log, tables and keys agree, and so many are there.
whole() {
	exits 0 "$saqta" $V $now audit verify
	exits 0 "$saqta" $V $now audit reconcile --json
	says '"agrees":true'
	exits 0 "$saqta" $V status --json
	says "\"subjects\":$1,"
	exits 0 "$saqta" $V $now subject show u-0 --purpose contract
	says MARKV000000
	exits 66 "$saqta" $V $now subject show u-6
	exits 66 "$saqta" $V $now subject show u-7
}

present=$(make_vault 1 && od -An -tu1 -j63 -N1 "$dir/v/vault.db" | tr -d ' ')
[ -f "$fixtures/vault-$present.tar.gz" ] || fail "version $present of the layout has no fixture: script/make-fixture makes it, once"
n=0
for file in "$fixtures"/vault-*.tar.gz; do
	version=${file##*/vault-}
	version=${version%.tar.gz}
	n=$((n + 1))

	# ---- opened and brought up ----
	open_fixture "$version"
	exits 0 "$saqta" $V $now apply "$dir/people"
	says '"outcome":"duplicate"'
	exits 0 "$saqta" $V $now audit show --json
	[ "$(grep -c '"store":"vault".*"type":"migrated"' "$said")" -eq $((version < present)) ] || fail "that it was brought up is not in its log"
	whole 6

	# ---- served: what stood in it is known, and what was due is done ----
	exits 0 "$saqta" $V request list --json
	says '"request":"r-1"'
	exits 0 "$saqta" $V $now sweep --json
	says '"destroyed":2,'
	whole 4
	exits 66 "$saqta" $V $now subject show u-2
	exits 66 "$saqta" $V $now subject show u-5
	orders 3 4 >"$dir/orders"
	exits 0 "$saqta" $V $now apply "$dir/orders"
	exits 0 "$saqta" $V $later sweep --json
	says '"destroyed":0,' # under a hold
	exits 0 "$saqta" $V $later key rotate
	exits 0 "$saqta" $V $later key renew
	whole 4

	# ---- its backups are restored: into its keep, and with keys into none; who was destroyed since stays so ----
	open_fixture "$version"
	rm -rf "$dir/vault-$version/v"
	exits 0 "$saqta" $V $now restore "$dir/vault-$version/copy" --json
	says '"replayed":1,'
	whole 6
	open_fixture "$version"
	rm -rf "$dir/vault-$version/v" "$dir/vault-$version/v.keep"
	exits 0 "$saqta" $V $now restore "$dir/vault-$version/copy-keys" --recovery-file "$dir/vault-$version/phrase" --json
	says '"ledger_is_newest":false'
	exits 0 "$saqta" $V $now audit reconcile
	exits 0 "$saqta" $V $now subject show u-7 --purpose contract
	says MARKV000007
done
echo "vaults of $n layouts opened, were brought up and served; so did their backups"
