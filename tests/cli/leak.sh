#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No personal value and no external id stands in clear in any file of the vault or its keep, nor on stderr: while the engine writes, after it
# was killed in the middle (a write-ahead log is left behind), and after the sweep: protected from collection to destruction, kz-94v/22-2. Usage: leak.sh SAQTA
saqta=$1
root=${SAQTA_SOURCE_ROOT:-.}
export SAQTA_POLICY_PATH="$root/policies"
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
export SAQTA_VAULT="$tmp/vault" TMPDIR="$tmp/tmp"
mkdir "$TMPDIR"
unset SAQTA_KEEP SAQTA_KEY_FILE
passed=0
failed=0

"$saqta" init --policy mycar --now 2021-12-31T10:00:00+05:00 >/dev/null || exit 1
"$saqta" generate --subjects 400 --seed 11 >"$tmp/events.jsonl" || exit 1
# Values of eight bytes and more, and ids: shorter ones stand in any random bytes. Those that are words of the packs say nothing of a person.
python3 - "$tmp/events.jsonl" "$root"/policies/*.xml "$root"/policies/*.tsv >"$tmp/secrets" <<'EOF'
import json, sys
texts = "".join(open(path, encoding="utf-8").read() for path in sys.argv[2:])
found = set()
for line in open(sys.argv[1], encoding="utf-8"):
    event = json.loads(line)
    for name in ("value", "value_base64", "text", "subject", "request", "hold", "obligation"):
        value = event.get(name)
        if isinstance(value, str) and len(value.encode()) >= 8 and value not in texts:
            found.add(value)
    evidence = event.get("evidence") or {}
    found.update(v for v in evidence.values() if isinstance(v, str) and len(v.encode()) >= 12 and v not in texts)
print("\n".join(sorted(found)))
EOF
[ "$(wc -l <"$tmp/secrets")" -gt 3000 ] || { echo "leak: only $(wc -l <"$tmp/secrets") secrets: nothing is tested"; exit 1; }

search() {
	find "$tmp/vault" "$tmp/vault.keep" "$TMPDIR" "$tmp"/err* -type f >"$tmp/files"
	if xargs grep -alFf "$tmp/secrets" <"$tmp/files" >"$tmp/leaks"; then
		failed=$((failed + 1))
		while read -r file; do
			echo "leak: $1: in ${file##*/}: $(grep -aoFf "$tmp/secrets" "$file" | sort | uniq -c | sort -rn | head -n 3 | tr '\n' ';')"
		done <"$tmp/leaks"
	else
		passed=$((passed + 1))
	fi
}

# The search finds what is there.
grep -qFf "$tmp/secrets" "$tmp/events.jsonl" || { echo 'leak: the search finds nothing where there is something'; exit 1; }

# Killed in the middle, once some answers were given.
mkfifo "$tmp/pipe"
"$saqta" apply --now 2026-11-01T20:00:00+05:00 <"$tmp/pipe" >"$tmp/answers" 2>"$tmp/err1" &
pid=$!
exec 9>"$tmp/pipe"
head -n 3000 "$tmp/events.jsonl" >&9
tries=0
while [ ! -s "$tmp/answers" ] && [ $tries -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -9 $pid
wait $pid 2>/dev/null
exec 9>&-
[ -s "$tmp/answers" ] && [ -s "$SAQTA_VAULT/vault.db-wal" ] || { echo 'leak: nothing was written before the kill'; exit 1; }
search 'after a kill'

"$saqta" apply --now 2026-11-01T20:00:00+05:00 "$tmp/events.jsonl" >/dev/null 2>"$tmp/err2"
search 'after applying'
"$saqta" sweep --confirm 400 --now 2026-11-02T02:30:00+05:00 >/dev/null 2>"$tmp/err3"
search 'after the sweep'
id=$(tail -n 1 "$tmp/events.jsonl" | sed 's/.*"subject":"\([^"]*\)".*/\1/')
"$saqta" subject show "$id" --purpose contract >/dev/null 2>"$tmp/err4"
search 'after a reading'
echo '{"event":"collect","subject":"'"$id"'","category":"phone","value":"+77015550199","source":"nonsense","purposes":["contract"]}' |
	"$saqta" apply >/dev/null 2>"$tmp/err5"
search 'after a refusal'
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
