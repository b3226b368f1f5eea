#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The keys: status, rotation, renewal, shares, passphrase, credential. Usage: keys.sh SAQTA
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
now="--now 2026-01-07T10:00:00+05:00"
key=$dir/v.keep/master.key

reads() { # the vault can be read
	exits 0 "$saqta" $V "$@" $now subject show u-3 --purpose contract
	says MARKV000003
}

# ---- status ----
make_vault 20
exits 0 "$saqta" $V key status --json
says '"passphrase":false,"epoch":1,"subject_keys":20,"destructions_kept":0'
[ "$(stat -c %a "$key")" = 600 ] || fail "others can read the key file"

# ---- rotate ----
cp "$key" "$dir/old.key"
exits 0 "$saqta" $V key rotate
cmp -s "$key" "$dir/old.key" && fail "the key file is the old one"
[ -e "$key.new" ] && fail "a new key file is left over"
reads
exits 77 "$saqta" $V --key-file "$dir/old.key" status
says "not the one of this keystore"
exits 0 "$saqta" $V audit show --json
says '"kind":"rotate"'
exits 0 "$saqta" $V key rotate --new-key-file "$dir/elsewhere.key"
exits 77 "$saqta" $V status
reads --key-file "$dir/elsewhere.key"
exits 73 "$saqta" $V --key-file "$dir/elsewhere.key" key rotate --new-key-file "$dir/elsewhere.key"
reads --key-file "$dir/elsewhere.key"
cp "$dir/elsewhere.key" "$key"

# ---- a rotation killed anywhere: one of the two files opens, and the next writer finds which ----
for ms in 005 008 010 012 014 016 018 020 022 025 030 040; do
	timeout -s KILL "0.$ms" "$saqta" $V key rotate >/dev/null 2>&1
	reads
done
# Between the keystore's turn and the file's, by hand:
cp "$key" "$dir/before.key"
exits 0 "$saqta" $V key rotate
cp "$key" "$key.new"
cp "$dir/before.key" "$key"
reads
[ -e "$key.new" ] && fail "the cut rotation was not finished"
# Before the keystore's turn: the new file is of no use, and does no harm.
cp "$dir/old.key" "$key.new"
reads
exits 0 "$saqta" $V key rotate
reads

# ---- renew: old copies of the keystore die with the old epoch ----
cp "$dir/v.keep/keystore.db" "$dir/keystore.old"
cp "$key" "$dir/key.then"
exits 0 "$saqta" $V $now key renew --json
says '"epoch":2'
says '"epoch_since":"2026-01-07T10:00:00+05:00"'
reads
exits 0 "$saqta" $V key rotate
exits 0 "$saqta" $V $now key renew
exits 0 "$saqta" $V key status --json
says '"epoch":3'
reads
mv "$dir/v.keep/keystore.db" "$dir/keystore.new"
cp "$dir/keystore.old" "$dir/v.keep/keystore.db"
exits 77 "$saqta" $V status # an old copy does not open with the present key
rm -f "$dir/v.keep/keystore.db-wal" "$dir/v.keep/keystore.db-shm"
mv "$dir/keystore.new" "$dir/v.keep/keystore.db"
reads
for ms in 005 010 015 020 025 030; do
	timeout -s KILL "0.$ms" "$saqta" $V $now key renew >/dev/null 2>&1
	reads
done
exits 0 "$saqta" $V audit verify

# ---- shares ----
exits 2 "$saqta" $V key export
exits 2 "$saqta" $V key export --shares 3 --threshold 4
exits 2 "$saqta" $V key export --shares 5 --threshold 1
exits 0 "$saqta" $V key export --shares 5 --threshold 3
grep '^saqta-share' "$said" >"$dir/shares"
[ "$(wc -l <"$dir/shares")" -eq 5 ] || fail "not five shares"
exits 0 "$saqta" $V audit show --json
says '"kind":"export"'
n=0
while read -r line; do
	n=$((n + 1))
	echo "$line" >"$dir/share$n"
done <"$dir/shares"
exits 73 "$saqta" $V key recover "$dir/share1" "$dir/share2" "$dir/share3"
mv "$key" "$dir/lost.key"
exits 66 "$saqta" $V status
exits 65 "$saqta" $V key recover "$dir/share1" "$dir/share2"
says "3 shares are needed, and only 2"
exits 65 "$saqta" $V key recover "$dir/share1" "$dir/share1" "$dir/share1"
sed 's/ 2 / 4 /' "$dir/share2" >"$dir/slip"
exits 65 "$saqta" $V key recover "$dir/share1" "$dir/slip" "$dir/share3"
says "not copied right"
exits 66 "$saqta" $V key recover "$dir/no-such-share"
[ -e "$key" ] && fail "a key file was made of too little"
exits 0 "$saqta" $V key recover "$dir/share5" "$dir/share1" "$dir/share4"
cmp -s "$key" "$dir/lost.key" || fail "another key was recovered"
[ "$(stat -c %a "$key")" = 600 ] || fail "others can read the recovered key file"
reads
rm "$key"
cat "$dir/share2" "$dir/share3" "$dir/share5" "$dir/share1" | "$saqta" $V key recover - >"$said" 2>&1 || fail "four shares from standard input"
reads
exits 0 "$saqta" $V key export --shares 2 --threshold 2
grep '^saqta-share' "$said" >"$dir/two"
rm "$key"
cat "$dir/two" "$dir/share1" >"$dir/mixed"
exits 65 "$saqta" $V key recover "$dir/mixed"
says "another set"
cp "$dir/lost.key" "$key"
exits 0 "$saqta" $V key rotate
rm "$key"
exits 77 "$saqta" $V key recover "$dir/shares" # of a key that was rotated away
[ -e "$key" ] && fail "a key file that opens nothing was written"
exits 1 test -e "$key"

# ---- a passphrase ----
printf 'a long enough passphrase\n' >"$dir/phrase"
printf 'quite another passphrase\n' >"$dir/other"
printf 'too short\n' >"$dir/short"
chmod 600 "$dir/phrase" "$dir/other" "$dir/short"
rm -rf "$dir/v" "$dir/v.keep"
exits 77 "$saqta" $V --passphrase-file "$dir/short" init --policy "$pack" --passphrase
rm -rf "$dir/v" "$dir/v.keep"
exits 0 "$saqta" $V --now 2026-01-01T00:00:00+05:00 --passphrase-file "$dir/phrase" init --policy "$pack" --passphrase
people 0 5 >"$dir/people"
exits 0 "$saqta" $V --now 2026-01-03T00:00:00+05:00 --passphrase-file "$dir/phrase" apply "$dir/people"
grep -q '^saqta-key 1 argon2id 262144 3 4 ' "$key" || fail "the key file is not under a passphrase"
reads --passphrase-file "$dir/phrase"
exits 77 "$saqta" $V --passphrase-file "$dir/other" status
says "the passphrase is not the one"
exits 77 setsid "$saqta" $V status
says "a passphrase is needed"
chmod 644 "$dir/phrase"
exits 77 "$saqta" $V --passphrase-file "$dir/phrase" status
says "others can read the passphrase"
chmod 600 "$dir/phrase"
exits 0 "$saqta" $V --passphrase-file "$dir/phrase" key rotate --new-passphrase-file "$dir/other"
exits 77 "$saqta" $V --passphrase-file "$dir/phrase" status
reads --passphrase-file "$dir/other"
# The file's numbers come from whoever could write it: neither too weak nor too greedy ones are obeyed.
cp "$key" "$dir/good.key"
for numbers in '1024 3 4' '4194304 3 4' '262144 0 4' '262144 99 4' '262144 3 0' '262144 3 64' '999999999 9 1'; do
	sed "s/262144 3 4/$numbers/" "$dir/good.key" >"$dir/bad.key"
	chmod 600 "$dir/bad.key"
	"$saqta" $V --key-file "$dir/bad.key" --passphrase-file "$dir/other" status >"$said" 2>&1 && fail "opened with $numbers"
done
exits 0 "$saqta" $V --passphrase-file "$dir/other" key rotate --no-passphrase
reads

# ---- a credential of the service manager ----
mkdir "$dir/credentials"
mv "$key" "$dir/credentials/saqta-master-key"
chmod 400 "$dir/credentials/saqta-master-key"
exits 66 "$saqta" $V status
CREDENTIALS_DIRECTORY=$dir/credentials
export CREDENTIALS_DIRECTORY
reads
exits 2 "$saqta" $V key rotate
says "--new-key-file"
exits 0 "$saqta" $V key rotate --new-key-file "$dir/next"
cp "$dir/next" "$dir/credentials/next"
mv -f "$dir/credentials/next" "$dir/credentials/saqta-master-key"
reads
unset CREDENTIALS_DIRECTORY
echo "keys: all as promised"
