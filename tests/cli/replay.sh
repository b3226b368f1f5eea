#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The log's decisions made again from the events: through sweeps, another policy, tasks, exports, a new incarnation; and files that are not what
# was applied. Usage: replay.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and pack
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
all=$dir/all
cp -r "$root/policies" "$dir/policies"
SAQTA_POLICY_PATH=$dir/policies

# take TIME: applies the lines of stdin at this clock, and keeps them for the replay.
take() {
	cat >"$dir/lines"
	cat "$dir/lines" >>"$all"
	"$saqta" $V --now "$1" apply "$dir/lines" >"$said" 2>&1
}

# replays: the whole log, and everything in it is equal.
replays() {
	exits 0 "$saqta" $V audit replay "$all" --json
	says '"agrees":true'
	[ "$(sed -n 's/.*"replayed":\([0-9]*\),.*/\1/p' "$said")" = "$(sed -n 's/.*"equal":\([0-9]*\),.*/\1/p' "$said")" ] || fail "not all is equal"
}

request() {
	printf '{"event":"request","subject":"%s","request":"r-%s","kind":"access","channel":"email","by":"subject","identity_checked":true}\n' "$1" "$1"
}

exits 0 "$saqta" $V --now 2026-01-01T00:00:00+05:00 init --policy "$pack"
people 0 8 | take 2026-01-03T00:00:00+05:00 || fail "apply"
replays

# ---- what is invalid or told twice leaves no entry, and no difference ----
{
	echo '{"event":"nonsense"}'
	echo 'no JSON'
	echo '{"event":"milestone","subject":"u-1","milestone":"last-visit","id":"e-1","at":"2026-01-03T09:00:00+05:00"}'
	echo '{"event":"milestone","subject":"u-1","milestone":"last-visit","id":"e-1","at":"2026-01-03T09:00:00+05:00"}'
	echo '{"event":"use","subject":"u-2","purpose":"advertising","categories":["phone"]}'
	echo '{"event":"use","subject":"nobody","purpose":"contract","categories":["phone"]}'
	echo '{"event":"partner","partner":"p","state":"joined"}'
} | take 2026-01-03T10:00:00+05:00
replays
says '"entries":30,'

# ---- requests: a task closed, an answer that closes its request ----
{ request u-3; request u-4; request u-5; } | take 2026-01-04T09:00:00+05:00 || fail "requests"
exits 0 "$saqta" $V --now 2026-01-04T10:00:00+05:00 task close 2
exits 0 "$saqta" $V --now 2026-01-04T11:00:00+05:00 export u-3 --format json --request r-u-3 --output "$dir/answer"
exits 0 "$saqta" $V --now 2026-01-04T11:00:00+05:00 export u-5 --format json --request r-u-5 --output "$dir/answer5"
replays
says '"skipped":3,'

# ---- sweeps and destructions: what is erased is counted, and no longer opened ----
for i in 0 5; do printf '{"event":"destroy","subject":"u-%d","reason":"order"}\n' $i; done | take 2026-01-05T10:00:00+05:00 || fail "orders"
exits 0 "$saqta" $V --now 2026-01-06T10:00:00+05:00 sweep
people 5 6 | take 2026-01-06T11:00:00+05:00 || fail "registered again"
request u-5 | take 2026-01-06T12:00:00+05:00 || fail "request"
exits 0 "$saqta" $V task list --json # the number of a task that went with its subject is given again
exits 0 "$saqta" $V --now 2026-01-06T13:00:00+05:00 task close "$(sed -n '$s/.*"task":"\([0-9]*\)".*/\1/p' "$said")"
replays
says '"erased_by_entry":2,'

# ---- another policy: each decision under its own ----
sed -i '2,$s/\(id="[^"]*"\) version="[^"]*"/\1 version="next"/' "$dir/policies/$pack.xml"
exits 0 "$saqta" $V --now 2026-01-07T10:00:00+05:00 policy use "$pack"
{
	echo '{"event":"use","subject":"u-2","purpose":"advertising","categories":["phone"]}'
	echo '{"event":"withdraw","subject":"u-6","consents":["processing"],"channel":"email","form":"written"}'
} | take 2026-01-07T11:00:00+05:00 || fail "apply"
exits 0 "$saqta" $V --now 2026-02-07T10:00:00+05:00 sweep
exits 0 "$saqta" $V --now 2026-02-07T11:00:00+05:00 subject show u-1
replays
exits 0 "$saqta" $V audit replay "$all" --from 20 --to 25 --json
says '"replayed":6,"equal":6,'

# ---- files that are not what was applied ----
sed '9s/MARKV000002/MARKV000009/' "$all" >"$dir/changed"
exits 1 "$saqta" $V audit replay "$dir/changed" --json
says '"first_difference":{"entry":9,"line":9,"member":"input",'
says 'line 9 is not the event to which entry 9 commits'
grep -q MARK "$said" && fail "a value was told"
sed 9d "$all" >"$dir/missing"
exits 1 "$saqta" $V audit replay "$dir/missing" --json
says '"entry":9,"line":9,'
exits 0 "$saqta" $V audit replay "$dir/missing" --to 8
{ cat "$all"; people 8 9; } >"$dir/more"
exits 1 "$saqta" $V audit replay "$dir/more"
says 'would leave an entry, and the log has none for it'
head -20 "$all" >"$dir/short"
exits 65 "$saqta" $V audit replay "$dir/short"
says 'the file ends before the event of entry 21'
sed '4s/u-1/u-x/' "$all" >"$dir/other"
exits 1 "$saqta" $V audit replay "$dir/other"
exits 66 "$saqta" $V audit replay "$dir/none"
exits 2 "$saqta" $V audit replay

# ---- an incarnation at the operator's will goes on; after a restore it cannot be told ----
exits 0 "$saqta" $V --now 2026-02-08T10:00:00+05:00 audit incarnate --reason test
request u-7 | take 2026-02-08T11:00:00+05:00 || fail "request"
exits 0 "$saqta" $V --now 2026-02-09T10:00:00+05:00 sweep
replays
exits 0 "$saqta" $V --now 2026-02-09T11:00:00+05:00 backup "$dir/copy"
rm -r "$dir/v"
exits 0 "$saqta" $V --now 2026-02-09T12:00:00+05:00 restore "$dir/copy"
exits 66 "$saqta" $V audit replay "$all" --json
says 'after a restore'
exit 0
