#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What goes wrong with files, keys, disks and neighbours: a clear error, the right exit code, nothing lost. Usage: vault_errors.sh SAQTA
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
now="--now 2026-01-07T10:00:00+05:00"
key=$dir/v.keep/master.key

whole() { # nothing is lost
	exits 0 "$saqta" $V $now audit verify
	exits 0 "$saqta" $V $now subject show u-3 --purpose contract
	says MARKV000003
}

make_vault 20
whole

# ---- keys: without the one that seals, nothing is taken (kz-94v/20-2) ----
cp "$key" "$dir/key"
chmod 644 "$key"
exits 77 "$saqta" $V status
says "others can read the key file: chmod 600 $key"
chmod 640 "$key"
exits 77 "$saqta" $V apply "$dir/people"
chmod 600 "$key"
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$key"
exits 77 "$saqta" $V status
says "the master key is not the one of this keystore"
exits 77 "$saqta" $V apply "$dir/people"
for text in "" "nonsense" "$(cut -c1-63 "$dir/key")" "$(cat "$dir/key")0"; do
	printf '%s' "$text" >"$key"
	exits 77 "$saqta" $V status
	says "64 hexadecimal digits"
done
rm "$key"
exits 66 "$saqta" $V status
says "master.key"
ln -s "$dir/key" "$key"
exits 77 "$saqta" $V status
rm "$key"
mkdir "$key"
exits 77 "$saqta" $V status
rmdir "$key"
cp "$dir/key" "$key"
chmod 600 "$key"
whole

# ---- a keystore that is cut, changed, missing, of another vault ----
store=$dir/v.keep/keystore.db
cp "$store" "$dir/keystore"
size=$(stat -c %s "$store")
for cut in 0 10 100 4096 8192 $((size - 4096)); do
	head -c "$cut" "$dir/keystore" >"$store"
	"$saqta" $V $now subject show u-3 --purpose contract >"$said" 2>&1 && fail "a keystore cut to $cut bytes was taken for whole"
	grep -q '^saqta: ' "$said" || fail "no clear message for a keystore cut to $cut bytes"
	rm -f "$store-wal" "$store-shm"
done
rm "$store"
exits 66 "$saqta" $V status
exits 73 "$saqta" $V init --policy "$pack"
exits 0 "$saqta" --vault "$dir/w" init --policy "$pack"
cp "$dir/w.keep/keystore.db" "$store"
exits 77 "$saqta" $V status
says "another vault"
cp "$dir/keystore" "$store"
rm -f "$store-wal" "$store-shm"
whole

# ---- a vault that is cut, changed, no vault, newer, older ----
vault=$dir/v/vault.db
cp "$vault" "$dir/vault"
printf 'this is not a vault at all, but a text that is longer than a header of one hundred bytes, to be sure of it\n' >"$vault"
exits 1 "$saqta" $V status
says "damaged or not a store"
head -c 40960 "$dir/vault" >"$vault"
"$saqta" $V $now audit verify >"$said" 2>&1 && fail "a cut vault was taken for whole"
cp "$dir/vault" "$vault"
rm -f "$vault-wal" "$vault-shm"
whole
if command -v sqlite3 >/dev/null; then
	for file in "$vault" "$store"; do
		version=$(sqlite3 "$file" 'PRAGMA user_version')
		sqlite3 "$file" 'PRAGMA user_version=99' && rm -f "$file-wal" "$file-shm"
		exits 1 "$saqta" $V status
		says "made by a newer saqta (version 99)"
		sqlite3 "$file" "PRAGMA user_version=$version" && rm -f "$file-wal" "$file-shm"
	done
	whole
	store_version=$version # of the last one
	# A vault and a keystore of the first version have no table of the past and no ledger: the first writer adds them, and says so in the log.
	sqlite3 "$vault" 'DROP TABLE past; PRAGMA user_version=1'
	sqlite3 "$store" 'DROP TABLE gone; PRAGMA user_version=1'
	exits 75 "$saqta" $V status
	says "made by an older saqta"
	exits 0 "$saqta" $V $now subject show u-3
	exits 0 "$saqta" $V $now audit show --json
	[ "$(grep -c '"more":{"from":1,"store":"vault","to":2},.*"type":"migrated"' "$said")" -eq 1 ] || fail "the vault's migration is not in the log"
	[ "$(grep -c "\"more\":{\"from\":1,\"store\":\"keystore\",\"to\":$store_version},.*\"type\":\"migrated\"" "$said")" -eq 1 ] || fail "nor the keystore's"
	exits 0 "$saqta" $V $now audit reconcile
	exits 0 "$saqta" $V status
	whole
fi
cp "$vault" "$dir/older"
printf '{"event":"register","subject":"late","at":"2026-01-07T10:00:00+05:00","evidence":{"ip":"x"}}\n' >"$dir/late"
exits 0 "$saqta" $V $now apply "$dir/late"
cp "$vault" "$dir/newer"
cp "$dir/older" "$vault"
rm -f "$vault-wal" "$vault-shm"
exits 1 "$saqta" $V status
says "rolled back"
cp "$dir/newer" "$vault"
rm -f "$vault-wal" "$vault-shm"
whole
mv "$dir/v.keep/guard" "$dir/guard"
exits 1 "$saqta" $V status
says "the guard is missing"
printf 'no note\n' >"$dir/v.keep/guard"
exits 1 "$saqta" $V status
cp "$dir/guard" "$dir/v.keep/guard"
whole

# ---- two at once ----
mkfifo "$dir/feed"
: >"$dir/answers"
"$saqta" $V $now apply - --json <"$dir/feed" >"$dir/answers" 2>/dev/null &
writer=$!
exec 3>"$dir/feed"
cat "$dir/late" >&3
await 1 "$dir/answers"
exits 75 "$saqta" $V $now --wait 0 apply "$dir/late"
says "another process writes"
exits 75 "$saqta" $V $now --wait 1 key rotate
exits 75 "$saqta" $V $now --wait 0 sweep
exits 0 "$saqta" $V status # a reader beside it
exits 0 "$saqta" $V audit verify
"$saqta" $V $now --wait 20 apply "$dir/late" --json >"$dir/second" 2>&1 3>&- &
second=$!
sleep 0.3
exec 3>&-
wait "$writer" || fail "the first writer failed"
wait "$second" || fail "the second did not wait for its turn"
grep -q '"outcome":"duplicate"' "$dir/second" || fail "the second did not see what the first wrote"
whole

# ---- folders that cannot be written ----
exits 66 "$saqta" --vault "$dir/nowhere" status
exits 66 "$saqta" --vault "$dir/nowhere" apply "$dir/late"
[ -e "$dir/nowhere" ] && fail "a folder was made for a vault that is none"
exits 73 "$saqta" --vault "$dir/no/such/folder" init --policy "$pack"
exits 73 "$saqta" $V backup "$dir/no/such/folder/copy"
exits 73 "$saqta" --vault "$dir/late" init --policy "$pack"
exits 73 "$saqta" $V init --policy "$pack"
says "there is a vault already"
if [ "$(id -u)" -ne 0 ]; then
	chmod 500 "$dir/v" "$dir/v.keep"
	"$saqta" $V $now apply "$dir/late" >"$said" 2>&1 && fail "applied into folders that cannot be written"
	chmod 700 "$dir/v" "$dir/v.keep"
	whole
fi

# ---- a disk that is full, and one that cannot be written: small file systems, where mounting is allowed ----
mkdir "$dir/disk"
if mount -t tmpfs -o size=2m tmpfs "$dir/disk" 2>/dev/null; then
	trap 'umount "$dir/disk" 2>/dev/null; rm -rf "$dir"' EXIT
	cp -r "$dir/v" "$dir/v.keep" "$dir/disk/"
	V="--vault $dir/disk/v"
	people 100 4000 >"$dir/many"
	exits 74 "$saqta" $V $now apply --json "$dir/many"
	says "the disk is full"
	answered=$(grep -c '"outcome":"applied"' "$said")
	dd if=/dev/zero of="$dir/disk/ballast" bs=64k 2>/dev/null
	exits 74 "$saqta" $V backup "$dir/disk/copy"
	ls "$dir/disk" | grep -q copy && fail "a failed backup left something"
	rm "$dir/disk/ballast"
	mount -o remount,size=64m "$dir/disk"
	whole
	exits 0 "$saqta" $V $now apply --json "$dir/many"
	[ "$(grep -c '"outcome":"duplicate"' "$said")" -ge $((answered / 3)) ] || fail "what was answered before the disk was full is lost"
	whole
	# key rotation on a full disk
	dd if=/dev/zero of="$dir/disk/ballast" bs=64k 2>/dev/null
	"$saqta" $V $now key rotate >"$said" 2>&1 && fail "rotated on a full disk"
	"$saqta" $V $now key renew >"$said" 2>&1 && fail "renewed on a full disk"
	rm "$dir/disk/ballast"
	whole
	# what cannot be recorded is not done (kz-94v/20-2)
	mount -o remount,ro "$dir/disk"
	exits 74 "$saqta" $V $now apply "$dir/late"
	mount -o remount,rw "$dir/disk"
	whole
	umount "$dir/disk"
	echo "vault_errors: with full and read-only disks"
else
	echo "vault_errors: no file system can be mounted here: full and read-only disks are not tried"
fi
