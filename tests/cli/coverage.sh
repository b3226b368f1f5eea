#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every enforced clause of every pack is carried in the way that the table says, and that is told wrong as soon as what carries one is taken away.
# Usage: coverage.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and root
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"

# ---- complete, for the six packs ----
exits 0 "$saqta" policy coverage --tests "$root/tests"
for id in kz-94v mycar mycar-group mycar-partner lets-car autocheck; do
	grep -q "^$id: [1-9][0-9]* carried, 0 missing, " "$said" || fail "$id is not told of, or something is missing"
done
[ "$(wc -l <"$said")" -eq 6 ] || fail "more is told than six packs"

# ---- not any more, once something is taken away from a copy ----
cp -r "$root/policies" "$dir/policies"
cp -r "$root/tests" "$dir/tests"
SAQTA_POLICY_PATH=$dir/policies
misses_nothing() { exits 0 "$saqta" policy coverage --tests "$dir/tests"; }

# misses PACK CLAUSE WHAT: exactly this clause of this pack is missing
misses() {
	exits 1 "$saqta" policy coverage --tests "$dir/tests"
	grep -q "^$1: [0-9]* carried, 1 missing, " "$said" || fail "of $1 not one is missing"
	says "needs $3"
	grep -q "^  $2 " "$said" || fail "the clause $2 is not named"
	[ "$(grep -c '^  ' "$said")" -eq 1 ] || fail "more is missing than $2"
}
misses_nothing

# of two scenarios each in turn
scenarios=$dir/policies/tests/mycar/9.7
for gone in $(ls "$scenarios"--*.jsonl | tail -n +2); do
	mv "$gone" "$dir/"
done
misses mycar 9.7 'two scenarios'
mv "$dir"/9.7--*.jsonl "$dir/policies/tests/mycar/"

# scenarios that expect other clauses
mkdir "$dir/kept"
cp "$scenarios"--*.jsonl "$dir/kept/"
sed -i 's|mycar/9\.7|mycar/9.70|' "$scenarios"--*.jsonl
misses mycar 9.7 'a scenario that expects the clause'
cp "$dir/kept/"* "$dir/policies/tests/mycar/"

# the name in a test: gone, or that of another clause that only begins or ends so (spelt apart here, or this file would carry it)
clause=4.3
file=$dir/tests/cli/clauses.sh
cp "$file" "$dir/kept/"
for other in '' "lets-car/${clause}0" "lets-car/$clause.1" "not-lets-car/$clause"; do
	sed -i "s|lets-car/$clause|$other|g" "$file"
	misses lets-car $clause 'a test that names it'
	cp "$dir/kept/clauses.sh" "$file"
done
rm -r "$dir/tests"
mkdir "$dir/tests"
exits 1 "$saqta" policy coverage --tests "$dir/tests"
for id in kz-94v mycar mycar-group mycar-partner lets-car autocheck; do
	grep -q "^$id: [0-9]* carried, [1-9][0-9]* missing, " "$said" || fail "$id: no test is missing"
done
exits 66 "$saqta" policy coverage --tests "$dir/none"
cp -r "$root/tests/." "$dir/tests"

# a rule that carries an article of the statute; what lint found
sed -i 's/clause="1-distribute"/clause="14"/' "$dir/policies/kz-94v.xml"
misses kz-94v 1-distribute 'a rule or statement with titles in three languages'
cp "$root/policies/kz-94v.xml" "$dir/policies/"
sed -i '/<claim cites="kz-94v\/act-909"/d' "$dir/policies/mycar.xml"
misses mycar 5.5 'a finding of lint that cites it'
cp "$root/policies/mycar.xml" "$dir/policies/"
misses_nothing
echo "coverage: six packs, complete; each way of carrying a clause is missed where it is taken away"
