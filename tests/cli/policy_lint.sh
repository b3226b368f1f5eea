#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# policy lint and policy coverage from the command line. Usage: policy_lint.sh SAQTA
saqta=$1
root=${SAQTA_SOURCE_ROOT:-.}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
SAQTA_POLICY_PATH=$tmp/packs:$root/policies
export SAQTA_POLICY_PATH
bad=0

wrong() {
	echo "policy_lint: $*"
	bad=1
}
# expect CODE WHAT COMMAND…: runs it, its output goes to $tmp/out and $tmp/err
expect() {
	code=$1
	what=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ $got -eq "$code" ] || { wrong "$what: exit $got, not $code"; cat "$tmp/out" "$tmp/err"; }
}
says() {
	grep -q -- "$1" "$tmp/out" || { wrong "no '$1' in:"; cat "$tmp/out"; }
}
says_not() {
	! grep -q -- "$1" "$tmp/out" || { wrong "'$1' in:"; cat "$tmp/out"; }
}

titles='<title xml:lang="kk">қ</title><title xml:lang="ru">р</title><title xml:lang="en">e</title>'
head='<policy xmlns="urn:saqta:policy:1" version="1" calendar="kz" zone="Asia/Almaty"'
mkdir -p "$tmp/packs/tests/shop" "$tmp/tests/unit"
printf 'article\tfrom\n1\t\n2\t\n3\t\n' >"$tmp/packs/statute.tsv"
cat >"$tmp/packs/ground.xml" <<END
$head id="ground" kind="statute">
<consent id="processing" main="yes" clause="1">$titles</consent>
<forbid id="otherwise" clause="1" otherwise="yes">$titles</forbid>
<statement id="free" clause="2" shown-by="lint">$titles<claim about="fee" is="none"/></statement>
<retain id="purpose" clause="3" until="purpose-achieved" within="1WD">$titles</retain>
</policy>
END
cat >"$tmp/packs/shop.xml" <<END
$head id="shop" kind="policy" extends="ground">
<declare purposes="contract" categories="email"/>
<statement id="fee" clause="1" shown-by="lint">$titles<claim about="fee" is="allowed"/></statement>
<statement id="who" clause="2" shown-by="print">$titles</statement>
<permit id="use" clause="3" operations="use">$titles</permit>
</policy>
END
{
	printf 'document\tclause\tkind\tenforced\tdemands\tparameters\tshown-by\n'
	printf 'shop\t1\tfee\tyes\tx\t\tlint\n'
	printf 'shop\t2\twho\tyes\tx\t\tprint\n'
	printf 'shop\t3 a\tuse\tyes\tx\t\tscenario\n'
	printf 'shop\t3\tuse\tyes\tx\t\ttest\n'
	printf 'shop\t4\tlaw\tno\tx\t\t-\n'
} >"$tmp/packs/clauses.tsv"

# lint: what is found, as text and as JSON, and the exit codes
expect 1 "an error" "$saqta" policy lint shop
says "/shop.xml:3: error: against-statute: 'fee' says of fee: allowed; 'ground/free' says: none"
says '\[shop/1 ground/2\]'
expect 1 "the same as JSON" "$saqta" --json policy lint shop
says '^\[{"file":".*/shop.xml","line":3,"severity":"error","kind":"against-statute".*}\]$'
cp "$tmp/out" "$tmp/first"
expect 1 "once more" "$saqta" --json policy lint shop
cmp -s "$tmp/out" "$tmp/first" || wrong "two runs differ"
sed 's/is="allowed"/is="none"/' "$tmp/packs/shop.xml" >"$tmp/packs/shop.new" && mv "$tmp/packs/shop.new" "$tmp/packs/shop.xml"
expect 0 "no error" "$saqta" policy lint shop
says 'nothing found'
expect 0 "no error as JSON" "$saqta" --json policy lint shop
says '^\[\]$'
expect 78 "a pack that does not load" "$saqta" policy lint "$root/policies/generate.json"
expect 66 "no such pack" "$saqta" policy lint nowhere
expect 2 "no pack named" "$saqta" policy lint

# coverage: each way is missing at first
expect 1 "nothing carried" "$saqta" policy coverage --tests "$tmp/tests"
says '^shop: 1 carried, 3 missing, 1 not enforced$'
says '  1  .* needs a finding of lint that cites it$'
says '  3  .* needs a test that names it$'
says '  3 a  .* needs two scenarios$'
says '^ground: 2 carried, 1 missing, 0 not enforced$'
expect 66 "no tests" "$saqta" policy coverage --tests "$tmp/nowhere"

# and is there in the end
sed 's/is="none"/is="allowed"/' "$tmp/packs/shop.xml" >"$tmp/packs/shop.new" && mv "$tmp/packs/shop.new" "$tmp/packs/shop.xml"
echo '/* shop/31, shop/3.1, workshop/3 and shop/3-a are others */' >"$tmp/tests/unit/test.c"
echo '{"expect":"outcome","clauses":["shop/3"]}' >"$tmp/packs/tests/shop/3_a--one.jsonl"
echo '{"event":"use","clauses":["shop/3 a"]}' >"$tmp/packs/tests/shop/3_a--two.jsonl"
expect 1 "near misses" "$saqta" policy coverage --tests "$tmp/tests" shop
says '^shop: 2 carried, 2 missing, 1 not enforced$'
says 'needs a scenario that expects the clause$'
says 'needs a test that names it$'
says_not '^ground'
echo '/* holds by shop/3. */' >"$tmp/tests/unit/test_too.c"
echo '{"expect":"outcome","clauses":["ground/1","shop/3 a"]}' >>"$tmp/packs/tests/shop/3_a--two.jsonl"
expect 0 "all carried" "$saqta" policy coverage --tests "$tmp/tests"
says '^shop: 4 carried, 0 missing, 1 not enforced$'
says '^ground: 3 carried, 0 missing, 0 not enforced$'
expect 0 "all carried, as JSON" "$saqta" --json policy coverage --tests "$tmp/tests" shop
says '^\[{"document":"shop","carried":4,"missing":0,"not_enforced":1,"rows":\[\]}\]$'

exit $bad
