#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The commands `policy use|explain|print|diff|test` from outside: what they print, and their exit codes. Usage: policy.sh SAQTA
saqta=$1
root=${SAQTA_SOURCE_ROOT:-.}
place=$(mktemp -d) || exit 99
trap 'rm -rf "$place"' EXIT
cp -R "$root/policies" "$place/packs"
SAQTA_POLICY_PATH=$place/packs
LC_ALL=C
export SAQTA_POLICY_PATH LC_ALL
unset SAQTA_VAULT
bad=0

# expect CODE PATTERN COMMAND…: the exit code, and a line of what is printed (stdout and stderr)
expect() {
	want=$1 pattern=$2
	shift 2
	"$@" >"$place/out" 2>&1
	code=$?
	if [ $code -ne "$want" ] || ! grep -q -e "$pattern" "$place/out"; then
		echo "FAILED: $* (exit $code, wanted $want and '$pattern')"
		head -n 20 "$place/out"
		bad=1
	fi
}

# ---- test ----
rm -rf "$place/packs/tests/mycar" && mkdir -p "$place/packs/tests/mycar"
cat >"$place/packs/tests/mycar/a.jsonl" <<'END'
{"scenario":"a","policy":"mycar","start":"2026-01-05T09:00:00+05:00"}
{"event":"register","subject":"u1","evidence":{"act":"form"}}
{"expect":"outcome","outcome":"applied"}
END
expect 0 '^1 passed, 0 failed' "$saqta" policy test mycar
expect 0 '"passed":1,"failed":0' "$saqta" policy test "$place/packs/mycar.xml" --json
sed 's/applied/denied/' "$place/packs/tests/mycar/a.jsonl" >"$place/packs/tests/mycar/b.jsonl"
expect 1 '^1 passed, 1 failed' "$saqta" policy test mycar
rm "$place/packs/tests/mycar/b.jsonl"
mkdir -p "$place/packs/tests/lets-car" && rm -f "$place"/packs/tests/lets-car/*
expect 66 'no scenario' "$saqta" policy test lets-car
expect 66 'no policy pack' "$saqta" policy test nobody
expect 2 'PACK' "$saqta" policy test
# the pack that is named is the one that is tested, not another of its name
cp -R "$place/packs" "$place/other"
sed 's/\$age &lt; 18/$age \&lt; 99/' "$place/packs/mycar.xml" >"$place/other/mycar.xml"
sed 's/"evidence"/"birth_date":"1990-01-01","evidence"/' "$place/packs/tests/mycar/a.jsonl" >"$place/other/tests/mycar/a.jsonl"
expect 1 '^0 passed, 1 failed' "$saqta" policy test "$place/other/mycar.xml"

# ---- explain ----
expect 0 'three years\|3 years' "$saqta" policy explain mycar/9.1
expect 0 '3 года' "$saqta" policy explain mycar/9.1 --lang ru
expect 0 '3 жыл' "$saqta" policy explain mycar/9.1 --lang kk
expect 0 '"rule":"mycar/three-years"' "$saqta" policy explain mycar/9.1 --json
expect 0 'mycar/three-years' "$saqta" policy explain 9.1 --pack mycar --json
expect 66 'neither' "$saqta" policy explain mycar/77
expect 2 'whose clause' "$saqta" policy explain 9.1
expect 2 'either a clause' "$saqta" policy explain mycar/9.1 --subject a
expect 2 'what' "$saqta" policy explain
expect 2 'kk, ru, en' "$saqta" policy explain mycar/9.1 --lang de

# ---- diff ----
expect 0 'Nothing changes' "$saqta" policy diff mycar mycar
expect 0 'was: \|Rules removed' "$saqta" policy diff mycar lets-car
expect 0 '"rules_changed":0' "$saqta" policy diff mycar mycar --json
expect 0 'age is less than 99' "$saqta" policy diff mycar "$place/other/mycar.xml"
expect 2 'a policy of a vault' "$saqta" policy diff in-force mycar
expect 2 'OLD NEW\|help' "$saqta" policy diff mycar
expect 66 'no policy pack' "$saqta" policy diff mycar nobody

# ---- print ----
expect 0 'MyCar Group, BIN 191140031171' "$saqta" policy print mycar
expect 0 'Срок: 3 рабочих дня' "$saqta" policy print mycar --lang ru
expect 0 'Мерзімі: 3 жұмыс күні' "$saqta" policy print mycar --lang kk
expect 0 '"policy":"lets-car","version":"[^"]*","lang":"en"' "$saqta" policy print lets-car --json
expect 0 'As it stands on 2026-01-05' "$saqta" policy print mycar --now 2026-01-05T09:00:00+05:00
expect 2 'kk, ru, en' "$saqta" policy print mycar --lang fr
expect 66 'no policy pack' "$saqta" policy print nobody
expect 2 'PACK' "$saqta" policy print
for command in explain print diff test use; do
	expect 0 'Examples:' "$saqta" policy $command --help
done

# ---- use, and explaining a subject ----
vault="$saqta --vault $place/vault --now 2026-03-02T09:00:00+05:00"
$vault init --policy mycar >/dev/null || exit 99
cat >"$place/events" <<'END'
{"event":"register","subject":"u1","evidence":{"act":"form"}}
{"event":"consent","subject":"u1","consents":["processing"],"evidence":{"act":"button"}}
{"event":"collect","subject":"u1","category":"phone","value":"+77015550101","source":"subject","purposes":["support"]}
END
$vault apply "$place/events" >/dev/null || exit 99
expect 0 'Permitted' $vault policy explain --subject u1 --purpose support --category phone
expect 0 'Denied' $vault policy explain --subject u1 --purpose offers --category phone
expect 0 'would be permitted if' $vault policy explain --subject u1 --purpose offers --category phone
expect 0 '"effect":"deny"' $vault policy explain --subject u1 --purpose offers --category phone --json
expect 65 'purpose' $vault policy explain --subject u1 --purpose nothing --category phone
expect 0 'It goes on 2029-03-02' $vault policy explain --subject u1 --retention
expect 66 'nobody is known' $vault policy explain --subject u2 --retention
expect 2 'retention goes without' $vault policy explain --subject u1 --retention --purpose support
if grep -q 7015550101 "$place/out"; then bad=1; fi
expect 0 'Compared: subjects: 1, records: 1' $vault policy diff in-force "$place/other/mycar.xml"
expect 0 '"effects":{"subjects":1' $vault policy diff in-force "$place/other/mycar.xml" --json
expect 0 'Nothing changes' $vault policy diff in-force mycar --rules-only
expect 0 'MyCar Group' $vault policy print in-force
expect 66 'keeps no version' $vault policy diff in-force digest:0000000000000000000000000000000000000000000000000000000000000000
expect 2 'hex digits' $vault policy diff in-force digest:77
sed -i 's/clause="9.1"/clause="9.99"/' "$place/packs/mycar.xml"
expect 78 'mycar.xml:[0-9]*: ' $vault policy use mycar
expect 0 'mycar' $vault status
cp "$root/policies/mycar.xml" "$place/packs/mycar.xml"
expect 0 'changed *no' $vault policy use mycar
expect 0 '"policy":"lets-car".*"changed":true' $vault policy use lets-car --json
expect 0 'lets-car' $vault status
expect 66 'no policy pack' $vault policy use nobody
expect 2 'PACK' $vault policy use
expect 2 'no vault' "$saqta" policy use mycar

exit $bad
