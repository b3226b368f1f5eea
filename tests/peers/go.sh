#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golang.org/x/mod/sumdb reads our log: 100,000 entries as tiles, its growth, proofs, a witness's signature and request. Usage: go.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and pack
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
gopath=/usr/share/gocode
if ! command -v go >/dev/null || [ ! -d $gopath/src/golang.org/x/mod/sumdb/tlog ]; then
	echo "peers: go or golang.org/x/mod is not installed"
	[ "${CI:-}" = true ] && exit 1
	exit 77
fi

GO111MODULE=off GOFLAGS=-mod=mod GOPATH=$gopath GOCACHE=$dir/cache go build -o "$dir/verify" "$root/tests/peers/verify.go" || fail "go build"
verify() { "$dir/verify" "$@"; }
head_of() { "$saqta" $V audit checkpoint 2>/dev/null >"$1" || fail "checkpoint"; }
# flip FILE AT: another byte there.
flip() { printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null || fail "flip"; }

exits 0 "$saqta" $V --now 2021-12-31T00:00:00+05:00 init --policy "$pack"
"$saqta" generate --subjects 6000 --seed 7 >"$dir/events" || fail "generate"
head -n 30000 "$dir/events" >"$dir/first"
tail -n +30001 "$dir/events" >"$dir/rest"

# ---- a log that is exported, grows, and is exported again ----
exits 0 "$saqta" $V --now 2026-11-02T00:00:00+05:00 apply "$dir/first"
head_of "$dir/old"
exits 0 "$saqta" $V audit export "$dir/x"
exits 0 verify export "$dir/x"
cat "$said"
exits 0 "$saqta" $V --now 2026-11-02T00:00:00+05:00 apply "$dir/rest"
exits 0 "$saqta" $V audit export "$dir/x"
exits 0 verify export "$dir/x"
cat "$said"
[ "$(sed -n 2p "$dir/x/checkpoint")" -ge 100000 ] || fail "fewer than 100,000 entries"
exits 0 verify grown "$dir/old" "$dir/x"
cat "$said"

# ---- proofs of entries ----
size=$(sed -n 2p "$dir/x/checkpoint")
for n in 0 1 255 256 65535 65536 $((size - 1)); do
	"$saqta" $V audit prove "$n" >"$dir/proof" || fail "prove $n"
	exits 0 verify proof "$dir/proof" "$dir/x/log.vkey"
	says "entry $n of $size"
done
sed "s/^index .*/index 7/" "$dir/proof" >"$dir/bad"
exits 1 verify proof "$dir/bad" "$dir/x/log.vkey"

# ---- a witness: what it is asked, and what it signed ----
exits 0 "$saqta" audit witness "$dir/w" --init example.org/witness
exits 0 "$saqta" audit witness "$dir/w" --trust "$(cat "$dir/v/log.vkey")"
printf 'witness w %s\nquorum w\n' "$(cat "$dir/w/witness.vkey")" >"$dir/v.keep/witness.policy"
exits 0 "$saqta" $V audit witness --request "$dir/request" --old "$(sed -n 2p "$dir/old")"
exits 0 verify request "$dir/request" "$dir/old" "$dir/x/log.vkey"
cat "$said"
sed '2s/^..../AAAA/' "$dir/request" >"$dir/bad"
exits 1 verify request "$dir/bad" "$dir/old" "$dir/x/log.vkey"
exits 1 verify export "$dir/x" "$(cat "$dir/w/witness.vkey")"
exits 0 "$saqta" $V audit witness --request "$dir/first-request"
exits 0 "$saqta" audit witness "$dir/w" --add "$dir/first-request" --output "$dir/answer"
exits 0 "$saqta" $V audit witness --answer "$dir/answer"
exits 0 "$saqta" $V audit export "$dir/x"
exits 0 verify export "$dir/x" "$(cat "$dir/w/witness.vkey")"

# ---- what was changed is found by them too ----
tampered() {
	cp "$dir/x/$1" "$dir/whole"
	flip "$dir/x/$1" "$2"
	exits 1 verify export "$dir/x"
	cp "$dir/whole" "$dir/x/$1"
}
tampered tile/entries/017 1000
tampered tile/0/200 77
tampered tile/1/000 8191
tampered checkpoint 12
tampered log.vkey 20
exits 0 verify export "$dir/x"
