#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad input of every kind: the right exit code, a message that names the place, and a vault that is as it was. Usage: bad_input.sh SAQTA
saqta=$1
root=${SAQTA_SOURCE_ROOT:-.}
export SAQTA_POLICY_PATH="$root/policies"
tmp=$(mktemp -d) || exit 99
mounted=
trap '[ -z "$mounted" ] || umount "$mounted"; rm -rf "$tmp"' EXIT
export SAQTA_VAULT="$tmp/vault"
unset SAQTA_KEEP SAQTA_KEY_FILE
passed=0
failed=0

good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "bad_input: $*"; [ ! -s "$tmp/err" ] || sed 's/^/    /' "$tmp/err"; }

# expect CODE PATTERN WHAT COMMAND...: the command exits so, and its stdout or stderr holds the pattern
expect() {
	code=$1 pattern=$2 what=$3
	shift 3
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	if [ $got -ne "$code" ]; then
		bad "$what: exit $got, not $code"
	elif ! grep -qE -- "$pattern" "$tmp/out" "$tmp/err"; then
		bad "$what: nothing says: $pattern"
	else
		good
	fi
}

entries() { "$saqta" status --json | sed 's/.*"log_entries":\([0-9]*\).*/\1/'; }

# line PATTERN WHAT TEXT: one line of input, refused as invalid, exit 65; the log gets the run's count and nothing else
line() {
	printf '%s\n' "$3" >"$tmp/line.jsonl"
	before=$(entries)
	expect 65 "$1" "$2" "$saqta" apply "$tmp/line.jsonl"
	[ "$(entries)" -eq $((before + 1)) ] || bad "$2: the log grew by more than the count of the run"
}

register='{"event":"register","subject":"u1","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"form"}}'
expect 0 'a vault under' 'init' "$saqta" init --policy mycar --text --now 2026-01-05T08:00:00+05:00
printf '%s\n' "$register" >"$tmp/register.jsonl"
expect 0 '"applied"' 'register' "$saqta" apply "$tmp/register.jsonl" --now 2026-01-05T09:00:00+05:00

line '"invalid"' 'broken JSON' '{"event":"register","subject":'
line '"invalid"' 'no JSON' 'hello'
line '"invalid"' 'an array' '[1,2]'
line '"invalid"' 'wrong type' '{"event":"register","subject":5,"at":"2026-01-05T09:00:00+05:00","evidence":{}}'
line 'birthday' 'unknown member' '{"event":"register","subject":"u2","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"},"birthday":"2000-01-01"}'
line 'category: unknown' 'unknown category' '{"event":"collect","subject":"u1","at":"2026-01-05T09:00:00+05:00","category":"no-such","value":"x","source":"subject","purposes":["contract"]}'
line '"invalid"' 'unknown event' '{"event":"explode","subject":"u1","at":"2026-01-05T09:00:00+05:00"}'
line '"invalid"' 'no subject' '{"event":"register","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"}}'
line '"invalid"' 'a date that is none' '{"event":"register","subject":"u2","at":"2026-02-30T09:00:00+05:00","evidence":{"act":"x"}}'
line '"invalid"' 'a time without an offset' '{"event":"register","subject":"u2","at":"2026-02-03T09:00:00","evidence":{"act":"x"}}'
line '"invalid"' 'a member twice' '{"event":"register","event":"collect","subject":"u2","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"}}'
line '"invalid"' 'a NUL in a text' '{"event":"register","subject":"u\u0000","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"}}'
line '"invalid"' 'invalid UTF-8' "$(printf '{"event":"register","subject":"\377\376","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"}}')"
line '"invalid"' 'deep nesting' "$(awk 'BEGIN{for(i=0;i<5000;i++)printf "[";}')"

# One line of 100 MB: skipped whole, in bounded memory; the lines around it count.
{
	printf '%s\n' '{"event":"register","subject":"u3","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"}}'
	printf '{"event":"register","subject":"'
	head -c 100000000 /dev/zero | tr '\0' 'x'
	printf '"}\n'
	printf '%s\n' '{"event":"register","subject":"u4","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"x"}}'
} >"$tmp/long.jsonl"
expect 65 '"line":2,"outcome":"invalid"' 'a line of 100 MB' "$saqta" apply "$tmp/long.jsonl" --now 2026-01-05T09:00:00+05:00
if grep -q '"line":1,"outcome":"applied"' "$tmp/out" && grep -q '"line":3,"outcome":"applied"' "$tmp/out"; then
	good
else
	bad 'the lines beside a line of 100 MB were lost'
fi
rm -f "$tmp/long.jsonl"

expect 66 'no-such-file' 'a missing file' "$saqta" apply "$tmp/no-such-file.jsonl"
expect 66 'no-such-vault' 'a missing vault' "$saqta" status --vault "$tmp/no-such-vault"
expect 73 'vault' 'a vault twice' "$saqta" init --policy mycar
expect 2 'usage|Usage|unknown' 'an unknown command' "$saqta" frobnicate
expect 2 'frob' 'an unknown option' "$saqta" sweep --frob
expect 2 'vault' 'no vault named' env -u SAQTA_VAULT "$saqta" status
expect 66 'nobody' 'an unknown subject' "$saqta" subject show nobody

# Keys.
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$tmp/other.key"
chmod 600 "$tmp/other.key"
expect 77 'key' 'a wrong key' "$saqta" status --key-file "$tmp/other.key"
chmod 644 "$tmp/vault.keep/master.key"
expect 77 'chmod|0600|others' 'a key file that others may read' "$saqta" status
chmod 600 "$tmp/vault.keep/master.key"
printf 'short' >"$tmp/other.key"
expect 77 'key' 'a cut key file' "$saqta" status --key-file "$tmp/other.key"
expect 66 'nokey' 'a missing key file' "$saqta" status --key-file "$tmp/nokey"

# Packs.
awk 'NR == 40 { print "<frobnicate/>" } { print }' "$root/policies/mycar.xml" >"$tmp/broken.xml"
expect 78 'broken.xml:40: ' 'a pack with a mistake on line 40' "$saqta" policy check "$tmp/broken.xml"
expect 66 'no-such-pack' 'a missing pack' "$saqta" policy check no-such-pack
printf '<policy' >"$tmp/cut.xml"
expect 78 'cut.xml:1: ' 'a pack that is no XML' "$saqta" policy check "$tmp/cut.xml"
printf '<?xml version="1.0"?>\n<!DOCTYPE policy [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<policy>&a;</policy>\n' >"$tmp/entity.xml"
expect 78 'entity.xml:[0-9]+: ' 'a pack with an entity' "$saqta" policy check "$tmp/entity.xml"
expect 78 'broken.xml:40: ' 'a vault under a broken pack' "$saqta" init --vault "$tmp/v2" --policy "$tmp/broken.xml"
[ ! -e "$tmp/v2/vault.db" ] || bad 'a broken pack left a vault behind'

# A full disk: what was answered is there, the rest is not, and the log verifies once there is room again.
if [ "$(id -u)" -eq 0 ] && mkdir "$tmp/small" && mount -t tmpfs -o size=6m tmpfs "$tmp/small" 2>/dev/null; then
	mounted=$tmp/small
	SAQTA_VAULT=$mounted/vault
	"$saqta" init --policy mycar --now 2021-12-31T10:00:00+05:00 >/dev/null
	"$saqta" generate --subjects 2000 --seed 3 >"$tmp/many.jsonl"
	expect 74 'full|space|disk' 'a full disk' "$saqta" apply "$tmp/many.jsonl" --now 2026-11-01T20:00:00+05:00
	answered=$(grep -c '"audit":' "$tmp/out")
	mount -o remount,size=64m "$mounted"
	expect 0 '"verifies":true' 'the log after a full disk' "$saqta" audit verify --json
	if [ "$(entries)" -eq $((answered + 1)) ]; then good; else bad "after a full disk: $answered answers, $(entries) entries"; fi
	expect 0 '"applied"' 'going on after a full disk' "$saqta" apply "$tmp/many.jsonl" --now 2026-11-01T20:00:00+05:00
	umount "$mounted" && mounted=
	SAQTA_VAULT=$tmp/vault
else
	echo 'bad_input: no small file system can be mounted here; the full disk is not tried'
fi

expect 0 '"verifies":true' 'the log at the end' "$saqta" audit verify --json
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
