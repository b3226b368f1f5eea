# SPDX-License-Identifier: Apache-2.0
# What the tests of the command line share. Sourced with $saqta set.
# shellcheck shell=sh disable=SC2154
root=${SAQTA_SOURCE_ROOT:-.}
pack=${SAQTA_TEST_PACK:-mycar}
SAQTA_POLICY_PATH=$root/policies
export SAQTA_POLICY_PATH
unset SAQTA_VAULT SAQTA_KEEP SAQTA_KEY_FILE SAQTA_PASSPHRASE_FILE CREDENTIALS_DIRECTORY
dir=$(mktemp -d /tmp/saqta-cli.XXXXXX) || exit 99
trap 'rm -rf "$dir"' EXIT
V="--vault $dir/v"
said=$dir/said

fail() {
	echo "FAILED: $*"
	[ -f "$said" ] && sed 's/^/    /' "$said" | tail -5
	exit 1
}

# exits CODE COMMAND…: runs it, output to $said, and holds its exit code against CODE.
exits() {
	want=$1
	shift
	"$@" >"$said" 2>&1
	got=$?
	[ "$got" -eq "$want" ] || fail "exit $got, not $want: $*"
}

# says TEXT: the last output holds TEXT.
says() {
	grep -qF -- "$1" "$said" || fail "not said: $1"
}

# await N FILE: until the file, which is there, has so many lines.
await() {
	tries=0
	while [ "$(wc -l <"$2")" -lt "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "no answer"
		sleep 0.05
	done
}

# people FROM TO: events by which so many become known, with a phone number of which MARK tells whose it is.
people() {
	i=$1
	while [ "$i" -lt "$2" ]; do
		printf '{"event":"register","subject":"u-%d","at":"2026-01-02T10:00:00+05:00","evidence":{"form":"MARKE%06d"}}\n' "$i" "$i"
		printf '{"event":"consent","subject":"u-%d","at":"2026-01-02T10:00:00+05:00","consents":["processing"],"evidence":{"form":"MARKE%06d"}}\n' "$i" "$i"
		printf '{"event":"collect","subject":"u-%d","at":"2026-01-02T10:00:00+05:00","category":"phone","value":"MARKV%06d","source":"subject","purposes":["contract"]}\n' "$i" "$i"
		i=$((i + 1))
	done
}

# orders FROM TO: events that order their destruction.
orders() {
	i=$1
	while [ "$i" -lt "$2" ]; do
		printf '{"event":"destroy","subject":"u-%d","reason":"order","at":"2026-01-04T10:00:00+05:00"}\n' "$i"
		i=$((i + 1))
	done
}

# make_vault N: a new vault with N people, clock in the first days of 2026.
make_vault() {
	rm -rf "$dir/v" "$dir/v.keep"
	exits 0 "$saqta" $V --now 2026-01-01T00:00:00+05:00 init --policy "$pack"
	people 0 "$1" >"$dir/people"
	exits 0 "$saqta" $V --now 2026-01-03T00:00:00+05:00 apply "$dir/people"
}

# destroy FROM TO: order and sweep.
destroy() {
	orders "$1" "$2" >"$dir/orders"
	exits 0 "$saqta" $V --now 2026-01-04T10:00:00+05:00 apply "$dir/orders"
	exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep --json
	says "\"destroyed\":$(($2 - $1))"
}
