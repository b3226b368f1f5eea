#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A term that ends in depersonalising: the value stays, whose it was is gone. Usage: nameless.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and pack
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"

# The pack with a term of one category more: $1 is the attributes of the rule.
with_rule() {
	mkdir -p "$dir/packs"
	awk -v rule="$1" '/<retain id="three-years"/ { print "<retain id=\"models\" clause=\"9.1\" " rule "><title xml:lang=\"kk\">x</title><title xml:lang=\"ru\">x</title><title xml:lang=\"en\">x</title></retain>" } { print }' \
		"$root/policies/$pack.xml" >"$dir/packs/$pack.xml"
	SAQTA_POLICY_PATH=$dir/packs:$root/policies
	export SAQTA_POLICY_PATH
}

with_rule 'at-most="P1Y" since="collected" then="depersonalise"'
exits 78 "$saqta" policy check "$pack"
says "then='depersonalise' needs 'categories'"

with_rule 'categories="device" at-most="P1Y" since="collected" then="depersonalise"'
exits 0 "$saqta" policy check "$pack"
make_vault 2
printf '{"event":"collect","subject":"u-0","at":"2026-01-02T10:00:00+05:00","category":"device","record":"mine","value":"MARKD000000","source":"subject","purposes":["contract"]}\n' >"$dir/more"
exits 0 "$saqta" $V --now 2026-01-03T00:00:00+05:00 apply "$dir/more"
exits 0 "$saqta" $V --now 2027-01-01T09:00:00+05:00 sweep --dry-run --json
says '"depersonalised":0'
exits 0 "$saqta" $V --now 2027-01-03T10:00:00+05:00 sweep --confirm 0 --json
says '"depersonalised":1,"destroyed":0,'
exits 0 "$saqta" $V --now 2027-01-03T10:00:00+05:00 subject show u-0 --purpose contract --json
grep -q MARKD000000 "$said" && fail "the value is still the subject's"
says MARKV000000
exits 0 "$saqta" $V audit show --json
grep '"type":"record-depersonalised"' "$said" | grep -q '"clauses":\["mycar/9.1"\].*"kind":"device"' || fail "not on record"
exits 0 "$saqta" $V audit reconcile
exits 0 "$saqta" $V audit verify
# With the subject as a whole it stays too, when both terms are over.
printf '{"event":"collect","subject":"u-1","at":"2027-01-04T10:00:00+05:00","category":"device","value":"MARKD000001","source":"subject","purposes":["contract"]}\n' >"$dir/more"
exits 0 "$saqta" $V --now 2027-01-05T00:00:00+05:00 apply "$dir/more"
exits 0 "$saqta" $V --now 2032-01-05T00:00:00+05:00 sweep --confirm 2 --json
says '"depersonalised":1,"destroyed":2,'
exits 0 "$saqta" $V --now 2032-01-05T00:00:00+05:00 status --json
says '"depersonalised":2'
exits 0 "$saqta" $V --now 2032-01-05T00:00:00+05:00 audit reconcile
# And whoever repeats the decisions comes to the same.
printf '{"event":"collect","subject":"u-0","at":"2026-01-02T10:00:00+05:00","category":"device","record":"mine","value":"MARKD000000","source":"subject","purposes":["contract"]}\n' |
	cat "$dir/people" - "$dir/more" >"$dir/all"
exits 0 "$saqta" $V audit replay "$dir/all" --json
says '"agrees":true'
