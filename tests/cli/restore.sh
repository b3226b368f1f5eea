#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The drill: backup, destructions, loss, restore. And what must not open: cut, changed, foreign, older, half restored. Usage: restore.sh SAQTA
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
later="--now 2026-01-07T10:00:00+05:00"

# ---- while another process writes: what it has committed is in the backup, what it has not is not ----
make_vault 3
mkfifo "$dir/feed"
: >"$dir/answers" # before anybody counts its lines
"$saqta" $V --now 2026-01-03T00:00:00+05:00 apply - --json <"$dir/feed" >"$dir/answers" 2>/dev/null &
writer=$!
exec 3>"$dir/feed"
people 3 5 >&3
await 6 "$dir/answers"
exits 75 "$saqta" $V --wait 0 sweep # it holds the vault
exits 0 "$saqta" $V backup "$dir/during"
people 5 6 >&3
exec 3>&-
wait "$writer" || fail "the writer was disturbed"
mv "$dir/v" "$dir/before"
exits 0 "$saqta" $V $later restore "$dir/during" --json
says '"subjects":5'
exits 66 "$saqta" $V $later subject show u-5
exits 0 "$saqta" $V $later subject show u-4
rm -rf "$dir/before"

# ---- backup, 50 destructions, loss, restore ----
make_vault 200
exits 0 "$saqta" $V backup "$dir/one" --json
says '"keys":false'
[ "$(stat -c %a "$dir/one")" = 600 ] || fail "others can read the backup"
grep -aq MARK "$dir/one" && fail "a value stands in clear in a backup"
exits 73 "$saqta" $V backup "$dir/one"
says "overwrites nothing"
ls "$dir" | grep -q '^one\.' && fail "a backup left something beside it"
destroy 0 50
exits 0 "$saqta" $V subject list --state destroyed --json
grep -o '"pseudonym":"[0-9a-f]*"' "$said" | sort >"$dir/destroyed"
[ "$(wc -l <"$dir/destroyed")" -eq 50 ] || fail "the list of the destroyed"
cp "$dir/v/log.vkey" "$dir/old.vkey"
mv "$dir/v" "$dir/lost"
exits 66 "$saqta" $V status
exits 0 "$saqta" $V $later restore "$dir/one" --json
says '"replayed":50'
says '"subjects":150'
says '"incarnation":2'
says '"ledger_is_newest":true'
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V status --json
says '"subjects":150'
i=0
while [ $i -lt 200 ]; do
	if [ $i -lt 50 ]; then want=66; else want=0; fi
	exits $want "$saqta" $V $later subject show "u-$i" --purpose contract
	[ $i -lt 50 ] || says "MARKV$(printf %06d $i)"
	i=$((i + 1))
done
exits 0 "$saqta" $V subject list --state destroyed --json
grep -o '"pseudonym":"[0-9a-f]*"' "$said" | sort | cmp -s - "$dir/destroyed" || fail "other people are listed as destroyed than were"
exits 0 "$saqta" $V audit show --json
head -n 1 "$said" | grep -q '"lost":{"origin":"saqta.local/vault/[0-9a-f]*","root":"[0-9a-f]*","size":[0-9]*},"replayed":50}.*"type":"incarnation"' ||
	fail "the first entry does not say what was lost"
[ "$(grep -c '"replayed":{"incarnation":1' "$said")" -eq 50 ] || fail "not every replayed destruction is in the log"
cmp -s "$dir/v/log.vkey" "$dir/old.vkey" && fail "the new log has the old one's key"
# Life goes on, and so do destructions, backups and restores.
destroy 50 60
exits 0 "$saqta" $V backup "$dir/two"
destroy 60 65
mv "$dir/v" "$dir/lost2"
exits 0 "$saqta" $V $later restore "$dir/two" --json
says '"replayed":5,'
says '"incarnation":3'
mv "$dir/v" "$dir/lost3"
exits 0 "$saqta" $V $later restore "$dir/one" --json # the oldest one: all 65 are gone from it too
says '"subjects":135'
says '"replayed":65'
says '"incarnation":4'
exits 0 "$saqta" $V audit verify
exits 66 "$saqta" $V $later subject show u-0
exits 66 "$saqta" $V $later subject show u-64
exits 0 "$saqta" $V $later subject show u-65

# ---- what must not open ----
exits 73 "$saqta" $V $later restore "$dir/one"
says "there is a vault"
for old in lost lost2 lost3; do # an older vault put in the newer one's place
	mv "$dir/v" "$dir/newest"
	cp -r "$dir/$old" "$dir/v"
	exits 1 "$saqta" $V status
	says "rolled back"
	exits 1 "$saqta" $V $later sweep
	rm -rf "$dir/v"
	mv "$dir/newest" "$dir/v"
done
exits 0 "$saqta" $V status
mv "$dir/v" "$dir/newest"
size=$(stat -c %s "$dir/two")
for cut in 1 40 65565 65566 $((size / 2)) $((size - 1)) $((size - 100)); do
	head -c "$cut" "$dir/two" >"$dir/cut"
	"$saqta" $V $later restore "$dir/cut" >"$said" 2>&1 && fail "a backup cut to $cut bytes was restored"
	[ -e "$dir/v/vault.db" ] || [ -e "$dir/v/vault.db.restoring" ] && fail "a cut backup left a vault"
done
cp "$dir/two" "$dir/changed"
printf X | dd of="$dir/changed" bs=1 seek=$((size - 5000)) conv=notrunc 2>/dev/null
exits 1 "$saqta" $V $later restore "$dir/changed"
sed '2s/"entries":[0-9]*/"entries":1/' "$dir/two" >"$dir/changed"
exits 77 "$saqta" $V $later restore "$dir/changed"
exits 66 "$saqta" $V $later restore "$dir/nothing"
exits 65 "$saqta" $V $later restore "$dir/people"
exits 73 "$saqta" --vault "$dir/lost" restore "$dir/two"
exits 0 "$saqta" --vault "$dir/foreign" init --policy "$pack"
rm -rf "$dir/foreign"
exits 77 "$saqta" --vault "$dir/foreign" $later restore "$dir/two"
says "another vault"
mv "$dir/v.keep/keystore.db" "$dir/keystore.away"
exits 77 "$saqta" $V $later restore "$dir/two"
says "the keystore is gone"
mv "$dir/keystore.away" "$dir/v.keep/keystore.db"
mv "$dir/v.keep/guard" "$dir/guard.away"
exits 1 "$saqta" $V $later restore "$dir/two"
says "the guard is missing"
mv "$dir/guard.away" "$dir/v.keep/guard"

# ---- killed in the middle: nothing half is served, and the next one ends it ----
n=0
for ms in 005 010 015 020 025 030 035 040 045 050 060 070; do
	rm -rf "$dir/v"
	timeout -s KILL "0.$ms" "$saqta" $V $later restore "$dir/two" >/dev/null 2>&1
	if [ -e "$dir/v/vault.db" ]; then
		exits 0 "$saqta" $V audit verify
	else
		n=$((n + 1))
		exits 66 "$saqta" $V status
		exits 0 "$saqta" $V $later restore "$dir/two" --json
	fi
	exits 66 "$saqta" $V $later subject show u-64
	exits 0 "$saqta" $V $later subject show u-70
	exits 0 "$saqta" $V $later sweep --dry-run
done

# ---- with keys: the whole keep is lost ----
printf 'correct horse battery\n' >"$dir/phrase"
printf 'short\n' >"$dir/short"
printf 'another long passphrase\n' >"$dir/wrong"
chmod 600 "$dir/phrase" "$dir/short" "$dir/wrong"
exits 77 "$saqta" $V $later backup --with-keys --recovery-file "$dir/short" "$dir/keys"
says "too short"
exits 0 "$saqta" $V $later backup --with-keys --recovery-file "$dir/phrase" "$dir/keys"
says "also those whose data are destroyed later"
exits 0 "$saqta" $V audit show --json
says '"kind":"with-keys"'
mv "$dir/v" "$dir/newest2"
mv "$dir/v.keep" "$dir/keep2"
exits 77 "$saqta" $V $later restore "$dir/two"
exits 77 "$saqta" $V $later restore --recovery-file "$dir/wrong" "$dir/keys"
[ -e "$dir/v.keep/keystore.db" ] && fail "a wrong passphrase left keys"
exits 0 "$saqta" $V $later restore --recovery-file "$dir/phrase" "$dir/keys" --json
says '"ledger_is_newest":false'
exits 0 "$saqta" $V audit verify
exits 0 "$saqta" $V $later subject show u-70 --purpose contract
says "MARKV000070"
exits 66 "$saqta" $V $later subject show u-64
cmp -s "$dir/v.keep/master.key" "$dir/keep2/master.key" && fail "the copy of the keys opens with the vault's own master key"
echo "restored 5 times, killed $n restores before their end; the destroyed stayed destroyed"
