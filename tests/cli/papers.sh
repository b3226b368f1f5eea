#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The documents: each form is accepted by a reader that is not ours, says the same as the others, and is the same as the golden file; hostile
# values come out harmless in every form. Usage: papers.sh SAQTA [update]   (`update` writes the golden files anew: read the difference)
saqta=$1
update=${2:-}
root=${SAQTA_SOURCE_ROOT:-.}
export SAQTA_POLICY_PATH="$root/policies" TZ=UTC
schema=$root/policies/schema
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
export SAQTA_VAULT="$tmp/vault"
unset SAQTA_KEEP SAQTA_KEY_FILE
passed=0
failed=0

# check WHAT COMMAND...: the command ends well
check() {
	what=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "papers: $what"
		head -n 20 "$tmp/out" | sed 's/^/    /'
	fi
}

for tool in xmllint pdftotext qpdf unzip jq; do
	command -v $tool >/dev/null || { echo "papers: $tool is not installed"; [ "$CI" = true ] && exit 1; exit 77; }
done

# ---- a small vault, with every register ----
cat >"$tmp/events.jsonl" <<'EOF'
{"event":"register","subject":"u1","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"registration-form"}}
{"event":"consent","subject":"u1","at":"2026-01-05T09:01:00+05:00","consents":["processing","third-party"],"evidence":{"act":"button:next"}}
{"event":"collect","subject":"u1","at":"2026-01-05T09:02:00+05:00","category":"full-name","value":"Әлімжан Өмірғали Құрманғазыұлы","source":"subject","purposes":["contract","identification"]}
{"event":"collect","subject":"u1","at":"2026-01-05T09:03:00+05:00","category":"phone","value":"+77015550101","source":"subject","purposes":["contract"]}
{"event":"collect","subject":"u1","at":"2026-01-05T09:04:00+05:00","category":"email","value":"alim@example.kz","source":"subject","purposes":["advertising"]}
{"event":"milestone","subject":"u1","at":"2026-02-01T10:00:00+05:00","milestone":"last-visit"}
{"event":"obligation","subject":"u1","at":"2026-02-02T10:00:00+05:00","obligation":"deal-1","state":"open"}
{"event":"disclose","subject":"u1","at":"2026-02-03T10:00:00+05:00","recipient":"bank","recipient_name":"Қазына Банк","purpose":"contract","categories":["full-name","phone"]}
{"event":"hold","subject":"u1","at":"2026-02-04T10:00:00+05:00","hold":"h1","state":"placed","basis":"justice","reason":"court","authority":"Алматы қаласының соты","reference":"2-17/2026","categories":["phone"]}
{"event":"request","subject":"u1","at":"2026-02-05T10:00:00+05:00","request":"r1","kind":"access","channel":"email","by":"subject","identity_checked":true}
EOF
"$saqta" init --policy mycar --now 2026-01-05T08:00:00+05:00 >/dev/null || exit 1
"$saqta" apply "$tmp/events.jsonl" --now 2026-02-05T12:00:00+05:00 --json >"$tmp/answers" 2>/dev/null || { cat "$tmp/answers"; exit 1; }

document() { # NAME FORMAT LANG ARGUMENTS...
	name=$1 format=$2 lang=$3
	shift 3
	"$saqta" "$@" --format "$format" --lang "$lang" --output "$tmp/$name-$lang.$format" 2>"$tmp/err" || { failed=$((failed + 1)); cat "$tmp/err"; }
}
for lang in kk ru en; do
	for format in json xml csv html pdf; do
		document answer $format $lang export u1 --now 2026-02-06T12:00:00+05:00
	done
done
for lang in kk ru en; do
	for format in json xml csv html pdf; do
		document report $format $lang report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --now 2026-02-06T12:00:00+05:00
	done
done

# ---- readers of others ----
for lang in kk ru en; do
	check "answer-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/access-answer.xsd" "$tmp/answer-$lang.xml"
	check "report-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/report.xsd" "$tmp/report-$lang.xml"
	for name in answer report; do
		check "$name-$lang.json" python3 -m json.tool "$tmp/$name-$lang.json"
		check "$name-$lang.html" xmllint --html --noout --nonet "$tmp/$name-$lang.html"
		check "$name-$lang.pdf" qpdf --check "$tmp/$name-$lang.pdf"
		check "$name-$lang.csv" unzip -tq "$tmp/$name-$lang.csv"
		check "$name-$lang.pdf has one font, and it is within" sh -c "pdffonts '$tmp/$name-$lang.pdf' | awk 'NR > 2 { if (\$0 !~ /DejaVuSans/ || \$0 !~ / yes +yes +yes /) bad = 1 } END { exit bad || NR < 3 }'"
		check "$name-$lang.html calls nobody" sh -c "! grep -Eo '(src|href)=\"[^#\"]*\"|url\\(|@import' '$tmp/$name-$lang.html'"
	done
	pdftotext -layout "$tmp/answer-$lang.pdf" "$tmp/answer-$lang.txt"
	check "answer-$lang.pdf has every Kazakh letter of the name" grep -q 'Әлімжан Өмірғали' "$tmp/answer-$lang.txt"
done

# ---- every form says the same ----
python3 - "$tmp" <<'EOF' >"$tmp/same" 2>&1 && passed=$((passed + 1)) || { failed=$((failed + 1)); echo 'papers: the forms differ'; cat "$tmp/same"; }
import csv, io, json, sys, zipfile
import xml.etree.ElementTree as tree
NS = "{urn:saqta:paper:1}"

def same(node, value, path):
    """The XML element says what the JSON value says."""
    if isinstance(value, dict):
        assert sorted(c.tag for c in node) == sorted(NS + k for k in value), path
        for k, v in value.items():
            same(node.find(NS + k), v, path + "/" + k)
    elif isinstance(value, list):
        assert len(node) == len(value), path
        for i, (c, v) in enumerate(zip(node, value)):
            same(c, v, f"{path}[{i}]")
    else:
        text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        assert (node.text or "") == text, (path, node.text, text)

for name in ("answer", "report"):
    doc = json.load(open(f"{sys.argv[1]}/{name}-kk.json", encoding="utf-8"))
    root = tree.parse(f"{sys.argv[1]}/{name}-kk.xml").getroot()
    assert root.tag == NS + doc.pop("document")
    # The answer was asked for twice: the second names the first among its readings.
    if name == "answer":
        for key in ("reads", "log_entry"):
            doc.pop(key)
            root.remove(root.find(NS + key))
    same(root, doc, name)
    with zipfile.ZipFile(f"{sys.argv[1]}/{name}-kk.csv") as z:
        for key in ("records", "requests", "holds") if name == "answer" else ("requests", "retention", "events"):
            rows = list(csv.DictReader(io.StringIO(z.read(key + ".csv").decode("utf-8"))))
            assert len(rows) == len(doc[key]) > 0, key
EOF

# ---- golden files: what is drawn at random is blotted out ----
blot() { sed -E 's/[0-9a-f]{64}/HASH/g; s/[0-9a-f]{32}/PSEUDONYM/g; s/[0-9a-f]{8}…/PSEUDO…/g; s/></>\n</g' "$1"; }
for lang in kk ru en; do
	for name in answer report; do
		golden=$root/tests/golden/$name-$lang.html
		blot "$tmp/$name-$lang.html" >"$tmp/$name-$lang.blotted"
		[ "$update" = update ] && cp "$tmp/$name-$lang.blotted" "$golden"
		check "$name-$lang.html differs from tests/golden" diff -u "$golden" "$tmp/$name-$lang.blotted"
	done
done

# ---- the same input gives the same bytes ----
for format in json xml csv html pdf; do
	for n in 1 2; do
		"$saqta" report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --now 2026-02-06T12:00:00+05:00 --format $format --lang kk >"$tmp/$n.$format"
	done
	check "the report's $format is not the same twice" cmp "$tmp/1.$format" "$tmp/2.$format"
done

# ---- answering closes the request, and a file that is there stays as it is ----
check 'answering a request' "$saqta" export u1 --request r1 --now 2026-02-06T12:00:00+05:00 --output "$tmp/answered.json"
check 'the request is closed' grep -q '"result":"answered","state":"closed"' "$tmp/answered.json"
"$saqta" export u1 --output "$tmp/answer-kk.json" >/dev/null 2>&1
check 'a file that is there is not overwritten' test $? -eq 73
"$saqta" export nobody >/dev/null 2>&1
check 'an unknown subject' test $? -eq 66
"$saqta" export u1 --request no-such >/dev/null 2>&1
check 'an unknown request' test $? -eq 65
"$saqta" export u1 --format doc >/dev/null 2>&1
check 'an unknown format' test $? -eq 2

# ---- letters, receipts, acts: each state of a request has its letter ----
cat >"$tmp/more.jsonl" <<'EOF'
{"event":"request","subject":"u1","at":"2026-02-06T13:00:00+05:00","request":"r2","kind":"erase","channel":"email","by":"subject","identity_checked":true}
{"event":"request","subject":"u1","at":"2026-02-06T13:00:00+05:00","request":"r3","kind":"access","channel":"email","by":"subject"}
{"event":"close","subject":"u1","at":"2026-02-06T14:00:00+05:00","request":"r2","result":"refused","reason":"obligation-open"}
{"event":"register","subject":"u3","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"registration-form"}}
{"event":"destroy","subject":"u3","at":"2026-02-06T14:00:00+05:00","reason":"relationship ended"}
EOF
"$saqta" apply "$tmp/more.jsonl" --now 2026-02-06T15:00:00+05:00 --json >"$tmp/more.answers" 2>/dev/null
"$saqta" sweep --now 2026-02-07T02:00:00+05:00 >/dev/null
for lang in kk ru en; do
	for format in json xml csv html pdf; do
		document answered $format $lang letter u1 r1 --now 2026-02-07T12:00:00+05:00
		document refused $format $lang letter u1 r2 --now 2026-02-07T12:00:00+05:00
		document deferred $format $lang letter u1 r3 --now 2026-02-07T12:00:00+05:00
		document receipt $format $lang consent-receipt u1 --now 2026-02-07T12:00:00+05:00
		document act $format $lang act --day 2026-02-07 --now 2026-02-07T12:00:00+05:00
		document register $format $lang request register --now 2026-02-07T12:00:00+05:00
	done
	for name in answered refused deferred; do
		check "$name-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/letter.xsd" "$tmp/$name-$lang.xml"
	done
	check "receipt-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/consent-receipt.xsd" "$tmp/receipt-$lang.xml"
	check "register-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/request-register.xsd" "$tmp/register-$lang.xml"
	check "act-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/destruction-act.xsd" "$tmp/act-$lang.xml"
	for name in answered refused deferred receipt act register; do
		check "$name-$lang.pdf" qpdf --check "$tmp/$name-$lang.pdf"
	done
	check "the letters of $lang differ in what they say" sh -c "! cmp -s '$tmp/answered-$lang.html' '$tmp/refused-$lang.html'"
done
check 'a refusal says of each record why it stays' grep -q '"stays":\[{[^]]*"kept_until_by":\["mycar/9.1"\]' "$tmp/refused-ru.json"
check 'a hold is named where it keeps a record' grep -q '"held_by":\["kz-94v/9"' "$tmp/refused-ru.json"
check 'the act lists what was destroyed' grep -q '"subjects":1' "$tmp/act-ru.json"
check 'the register has every request, in order, with what became of it' jq -e '[.requests[] | [.kind, .state, .deadline]] == [["access","closed","in_time"],["erase","closed","in_time"],["access","deferred","open"]] and ([.requests[].at] | . == sort) and .overdue == 0' "$tmp/register-ru.json"
check 'the register names nobody' sh -c "! grep -q 'u1\|r1' '$tmp/register-ru.json'"
check 'it says what is overdue' sh -c "'$saqta' request register --now 2026-04-07T12:00:00+05:00 | jq -e '.overdue >= 0 and (.requests | length) == 3'"
check 'a receipt has the fields of ISO/IEC TS 27560' jq -e '.schema and .receipt_id and .pseudonym and .controller.name and .policy.version and (.purposes | length > 0) and (.categories | length > 0) and (.recipients | length > 0) and (.storage | length > 0) and (.retention | length > 0) and (.withdrawal | length > 0) and (.rights | length > 0) and (.consents[] | select(.consent == "processing") | .state == "given" and .evidence and .at)' "$tmp/receipt-ru.json"
check 'the act names nobody' sh -c "! grep -q u3 '$tmp/act-ru.json'"

# ---- notice of a breach ----
cat >"$tmp/breach.jsonl" <<'EOF'
{"event":"breach","at":"2026-02-06T16:00:00+05:00","subjects":["u1"],"categories":["full-name","phone"],"detected":"2026-02-06T15:30:00+05:00","description":"<b>A laptop</b> was \u202elost"}
{"event":"breach","at":"2026-02-06T17:00:00+05:00","all":true,"categories":["phone"],"detected":"2026-02-06T16:30:00+05:00","description":"A mailbox was read"}
EOF
"$saqta" apply "$tmp/breach.jsonl" --now 2026-02-07T12:00:00+05:00 --json >"$tmp/breach.answers" 2>/dev/null
check 'breaches are taken' sh -c "! grep -v '\"applied\"' '$tmp/breach.answers'"
notice() { document "$@" --contact 'A. Serikov, +7 727 000 00 00' --measures 'access <closed>' --now 2026-02-07T12:00:00+05:00; }
for lang in kk ru en; do
	for format in json xml csv html pdf; do
		notice authority $format $lang breach-notice --number 1 --reach full-name,phone --harm unknown
		notice subject $format $lang breach-notice --subject u1
	done
	for name in authority subject; do
		check "$name-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/breach-notice.xsd" "$tmp/$name-$lang.xml"
		check "$name-$lang.pdf" qpdf --check "$tmp/$name-$lang.pdf"
		check "$name-$lang.html has no element of its own" sh -c "! grep -q '<b>\|<closed' '$tmp/$name-$lang.html'"
	done
done
check 'the authorised body is told by when, whom it hit, how to reach them' jq -e '.breach.number == 1 and .breach.due == "2026-02-10T00:00:00+05:00" and .subjects == 1 and (.persons | length) == 1 and ([.persons[0].data[].category] == ["full-name","phone"]) and .contact and .measures and .harm and (.breach.clauses | length > 0)' "$tmp/authority-ru.json"
check 'a subject is told of the newest, with nobody named' jq -e '.breach.number == 2 and .to == "subject" and .subject == "u1" and (has("persons") | not) and (has("subjects") | not)' "$tmp/subject-ru.json"
check 'that it was read is noted with the subject' sh -c "'$saqta' subject show u1 --now 2026-02-07T12:00:00+05:00 --json | jq -e '[.reads[] | select(.purpose == \"breach-notice\")] | length == 15'"
check 'it is recorded' sh -c "'$saqta' audit show --json | jq -s -e '[.[] | select(.kind == \"breach-notice\")] | length == 30'"
say_so="--contact a --measures b --now 2026-02-07T12:00:00+05:00"
# shellcheck disable=SC2086
check 'who was not hit is not told' sh -c "'$saqta' breach-notice --number 1 --subject u9 $say_so; [ \$? -eq 66 ]"
check 'no breach, no notice' sh -c "'$saqta' breach-notice --number 9 $say_so; [ \$? -eq 66 ]"
check 'an unknown category is refused' sh -c "'$saqta' breach-notice --reach nonsense $say_so; [ \$? -eq 2 ]"
check 'a notice without measures is none' sh -c "'$saqta' breach-notice --contact a; [ \$? -eq 2 ]"
check 'the log verifies after all that' "$saqta" audit verify --now 2026-02-07T12:00:00+05:00

# ---- the policy as a page ----
for pack in mycar mycar-group mycar-partner lets-car autocheck kz-94v; do
	for lang in kk ru en; do
		page=$tmp/$pack-$lang
		for format in html xml; do
			"$saqta" policy print $pack --lang $lang --format $format --now 2026-02-07T12:00:00+05:00 >"$page.$format"
		done
		check "$pack-$lang.html" xmllint --html --noout --nonet "$page.html"
		check "$pack-$lang.html calls nobody" sh -c "! grep -Eo '(src|href)=\"[^#\"]*\"|url\\(|@import|<script' '$page.html'"
		check "$pack-$lang.html has its language" grep -q "<html lang=\"$lang\"" "$page.html"
		check "$pack-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/policy-page.xsd" "$page.xml"
	done
done
"$saqta" policy print mycar --lang kk --format pdf --output "$tmp/policy.pdf" --now 2026-02-07T12:00:00+05:00
check 'the policy as PDF' qpdf --check "$tmp/policy.pdf"
check 'the policy in force as a page' sh -c "'$saqta' policy print in-force --lang ru --format html --now 2026-02-07T12:00:00+05:00 | grep -q 'mycar/8.1'"
"$saqta" policy print mycar --lang ru --json --now 2026-02-07T12:00:00+05:00 >"$tmp/policy.json"
check 'the page says all that is printed' sh -c "
	xmllint --html --nonet --xpath 'string(//body)' '$tmp/mycar-ru.html' | tr -s ' \n' ' ' >'$tmp/policy.txt'
	jq -r '.. | .text? // empty' '$tmp/policy.json' | tr -s ' ' | while IFS= read -r sentence; do
		grep -qF -- \"\$sentence\" '$tmp/policy.txt' || { echo \"\$sentence\"; exit 1; }
	done"
check 'no other format of it' sh -c "'$saqta' policy print mycar --format csv; [ \$? -eq 2 ]"

# ---- records that name others ----
cat >"$tmp/others.jsonl" <<'EOF'
{"event":"register","subject":"u4","at":"2026-01-05T09:00:00+05:00","evidence":{"act":"form"}}
{"event":"consent","subject":"u4","at":"2026-01-05T09:01:00+05:00","consents":["processing"],"evidence":{"act":"button"}}
{"event":"collect","subject":"u4","at":"2026-01-05T09:02:00+05:00","category":"phone","value":"+77015550404","source":"subject","purposes":["contract"]}
{"event":"collect","subject":"u4","at":"2026-01-05T09:03:00+05:00","category":"correspondence","value":"Neighbour Serik owes me","source":"subject","purposes":["contract"],"others":true}
{"event":"rectify","subject":"u4","at":"2026-01-05T09:04:00+05:00","category":"correspondence","value":"Neighbour Berik owes me"}
EOF
"$saqta" apply "$tmp/others.jsonl" --now 2026-02-07T12:00:00+05:00 --json >"$tmp/others.answers" 2>/dev/null
check 'they are taken' sh -c "! grep -v '\"applied\"' '$tmp/others.answers'"
for lang in kk ru en; do
	for format in json xml csv html pdf jsonld; do
		document others $format $lang export u4 --now 2026-02-07T12:00:00+05:00
	done
	pdftotext "$tmp/others-$lang.pdf" "$tmp/others-$lang.txt"
	unzip -p "$tmp/others-$lang.csv" >"$tmp/others-$lang.csv.txt"
	for format in json xml csv.txt html txt jsonld; do
		check "no other person's data in others-$lang.$format" sh -c "! grep -qi 'neighbour\|serik\|berik' '$tmp/others-$lang.$format'"
	done
	check "others-$lang.xml against its schema" xmllint --noout --nonet --schema "$schema/access-answer.xsd" "$tmp/others-$lang.xml"
done
check 'the answer says that it left something out, and why' jq -e '(.records | map(.category)) == ["phone"] and (.withheld | length) == 1 and .withheld[0].category == "correspondence" and (.withheld[0].clauses | length) > 0 and (.withheld[0].clauses - [.clauses[].clause]) == []' "$tmp/others-ru.json"
check 'in Kazakh' grep -q 'өзге адамдардың деректері бар' "$tmp/others-kk.html"
check 'in Russian' grep -q 'данные других лиц' "$tmp/others-ru.html"
check 'in English' grep -q 'data of other people' "$tmp/others-en.html"
check 'the controller still sees it' sh -c "'$saqta' subject show u4 --purpose contract --json --now 2026-02-07T12:00:00+05:00 | grep -q Berik"

# ---- JSON-LD: the same JSON, with its meaning in front ----
document answer jsonld en export u1 --now 2026-02-07T12:00:00+05:00
"$saqta" export u1 --now 2026-02-07T12:00:00+05:00 >"$tmp/answer.json"
check 'JSON-LD is the JSON and a context' sh -c "jq -e -n --slurpfile a '$tmp/answer-en.jsonld' --slurpfile b '$tmp/answer.json' '[\$a[0], \$b[0]] | map(del(.[\"@context\"], .log_entry, .reads)) | .[0] == .[1]'"
check 'its context is embedded' jq -e '."@context" | all(.[]; type == "object") and ([.. | strings] | any(. == "https://w3id.org/dpv#"))' "$tmp/answer-en.jsonld"
check 'every record has a category, a value, purposes and their legal basis' jq -e '.records | length == 2 and all(.[]; .category and .value and (.grounds | length > 0) and all(.grounds[]; .purpose and .basis == "consent"))' "$tmp/answer-en.jsonld"
check 'its terms are DPV' jq -e '."@context"[1] | .records["@context"]["full-name"] == "pd:Name" and .records["@context"].grounds["@context"].basis["@context"].consent == "dpv:Consent" and .consents["@context"].act["@context"].given == "dpv:ConsentGiven"' "$tmp/answer-en.jsonld"
check 'a document without JSON-LD says so' sh -c "'$saqta' act --day 2026-02-07 --format jsonld; [ \$? -eq 66 ]"
if /usr/bin/python3 -c 'import pyld' 2>/dev/null; then
	cat >"$tmp/expand.py" <<'END'
# What a reader of JSON-LD understands, with no network: no prefix is left, and each record has type, value, purpose and legal basis in DPV.
import json, re, sys
from pyld import jsonld
def offline(*_): raise SystemExit("a context was asked for over the network")
jsonld.set_document_loader(offline)
DPV = "https://w3id.org/dpv#"
node, = jsonld.expand(json.load(open(sys.argv[1])))
assert not re.search(r'"(?:dpv|pd|gdpr|loc|tech|dct|rdf|xsd):', json.dumps(node))
assert node["@type"] == [DPV + "RightFulfilmentNotice"]
assert {c[DPV + "hasConsentStatus"][0]["@id"] for c in node[DPV + "hasLegalBasis"]} == {DPV + "ConsentGiven"}
records = node[DPV + "hasPersonalData"]
assert {r["@type"][0] for r in records} == {"https://w3id.org/dpv/pd#Name", "https://w3id.org/dpv/pd#TelephoneNumber"}
for r in records:
    assert r["http://www.w3.org/1999/02/22-rdf-syntax-ns#value"][0]["@value"]
    for process in r[DPV + "hasProcess"]:
        assert process[DPV + "hasPurpose"][0]["@id"].startswith(DPV)
        assert process[DPV + "hasLegalBasis"] == [{"@id": DPV + "Consent"}]
END
	check 'a reader of JSON-LD understands it' /usr/bin/python3 "$tmp/expand.py" "$tmp/answer-en.jsonld"
fi

# ---- signature and proof ----
"$saqta" export u1 --format pdf --output "$tmp/signed.pdf" --sign --now 2026-02-07T13:00:00+05:00
"$saqta" letter u1 r1 --format html --output "$tmp/signed.html" --sign --now 2026-02-07T13:00:00+05:00
"$saqta" consent-receipt u1 --format xml --output "$tmp/signed.xml" --sign --now 2026-02-07T13:00:00+05:00
"$saqta" report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --output "$tmp/signed.json" --sign --now 2026-02-07T13:00:00+05:00
"$saqta" act --day 2026-02-07 --format csv --output "$tmp/signed.csv" --sign --now 2026-02-07T13:00:00+05:00
key=$SAQTA_VAULT/log.vkey
verify() { env -u SAQTA_VAULT "$saqta" document verify "$@"; }
for form in pdf html xml json csv; do
	check "signed.$form is what was signed" verify "$tmp/signed.$form" --key "$key"
done
check 'the key may be given as text' verify "$tmp/signed.pdf" --key "$(cat "$key")"
check 'without a key it says whose it took' sh -c "! '$saqta' document verify '$tmp/signed.pdf' && cp '$key' '$tmp' && '$saqta' document verify '$tmp/signed.pdf' 2>&1 | grep -q log.vkey"
rm -f "$tmp/log.vkey"
cat >"$tmp/proof.py" <<'END'
# Signature and proof by the papers' description alone: digest, commitment, and the way from the entry to the root that the checkpoint names.
import base64, hashlib, hmac, json, sys
document, sig, proof = (open(sys.argv[1] + s, "rb").read() for s in ("", ".sig", ".proof"))
mark = dict(l.split(" ", 1) for l in sig.decode().split("\n\n")[0].split("\n")[1:])
assert mark["sha256"] == hashlib.sha256(document).hexdigest()
head, note = proof.decode().split("\n\n", 1)
lines = head.split("\n")
entry, index = base64.b64decode(lines[1][6:]), int(lines[2][6:])
more = json.loads(entry)["more"]["document"]
assert more == hmac.new(bytes.fromhex(mark["salt"]), bytes.fromhex(mark["sha256"]), "sha256").hexdigest()
assert index == int(mark["entry"]) == json.loads(entry)["seq"]
origin, size, root = note.split("\n")[:3]
h = lambda b: hashlib.sha256(b).digest()
node, fn, sn = h(b"\0" + entry), index, int(size) - 1
for p in map(base64.b64decode, lines[3:]):
    if fn & 1 or fn == sn:
        node = h(b"\1" + p + node)
        while not fn & 1 and fn:
            fn >>= 1; sn >>= 1
    else:
        node = h(b"\1" + node + p)
    fn >>= 1; sn >>= 1
assert sn == 0 and node == base64.b64decode(root)
END
for form in pdf html xml json csv; do
	check "signed.$form by its description" python3 "$tmp/proof.py" "$tmp/signed.$form"
done
# Every file of the three, with a byte changed near its end and its beginning, is refused; so are another document's signature and proof.
for file in signed.pdf signed.pdf.sig signed.pdf.proof; do
	for at in 3 60 200 300; do
		for part in '' .sig .proof; do cp "$tmp/signed.pdf$part" "$tmp/changed.pdf$part"; done
		changed=$tmp/changed${file#signed}
		byte=$(dd if="$changed" bs=1 skip=$at count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
		printf "\\$(printf %o $((byte ^ 1)))" | dd of="$changed" bs=1 seek=$at conv=notrunc 2>/dev/null
		check "$file with byte $at changed is refused" sh -c "'$saqta' document verify '$tmp/changed.pdf' --key '$key'; [ \$? -eq 1 ]"
	done
done
check "another document's signature" sh -c "'$saqta' document verify '$tmp/signed.pdf' --signature '$tmp/signed.xml.sig' --key '$key'; [ \$? -eq 1 ]"
check "another document's proof" sh -c "'$saqta' document verify '$tmp/signed.pdf' --proof '$tmp/signed.xml.proof' --key '$key'; [ \$? -eq 1 ]"
check 'a proof that is missing' sh -c "rm '$tmp/changed.pdf.proof'; '$saqta' document verify '$tmp/changed.pdf' --key '$key'; [ \$? -eq 66 ]"
check 'nothing is written where a file stands' sh -c ": >'$tmp/taken.proof'; '$saqta' export u1 --output '$tmp/taken' --sign --now 2026-02-07T13:00:00+05:00; [ \$? -eq 73 ] && [ ! -e '$tmp/taken' ] && [ ! -e '$tmp/taken.sig' ]"
check 'a signature needs a file' sh -c "'$saqta' export u1 --sign; [ \$? -eq 2 ]"
check 'the log verifies' "$saqta" audit verify --now 2026-02-07T13:00:00+05:00
check 'the tables agree with it' "$saqta" audit reconcile --now 2026-02-07T13:00:00+05:00

# ---- a folder to take away ----
folder() { "$saqta" report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --folder "$@" --now 2026-02-07T13:00:00+05:00; }
check 'a folder is written' folder "$tmp/taken-away" --lang kk
for form in json xml html pdf; do
	check "report.$form of the folder, with the key that is in it" verify "$tmp/taken-away/report.$form"
done
check 'its XML against the schema' xmllint --noout --nonet --schema "$schema/report.xsd" "$tmp/taken-away/report.xml"
check 'its PDF' qpdf --check "$tmp/taken-away/report.pdf"
check 'its forms are of one report' sh -c "grep -q \"\$(jq -r .log.root '$tmp/taken-away/report.json')\" '$tmp/taken-away/report.xml' && grep -q \"\$(jq -r .log.root '$tmp/taken-away/report.json')\" '$tmp/taken-away/report.html'"
check 'the log that is in it holds the entries of its files' sh -c "for f in json xml html pdf; do sed -n 's/^entry //p' '$tmp/taken-away/report.'\$f.sig; done | sort -n | tail -n 1 | { read -r last; [ \"\$(sed -n 2p '$tmp/taken-away/log/checkpoint')\" -gt \"\$last\" ]; }"
check 'the key is the one of the log' cmp "$tmp/taken-away/log.vkey" "$tmp/taken-away/log/log.vkey"
check 'a folder that is there is not written to' sh -c "mkdir '$tmp/there'; '$saqta' report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --folder '$tmp/there' --now 2026-02-07T13:00:00+05:00; [ \$? -eq 73 ] && rmdir '$tmp/there'"
check 'a folder of no period is none' sh -c "'$saqta' report --from 2026-03-01T00:00:00+05:00 --to 2026-01-01T00:00:00+05:00 --folder '$tmp/none' --now 2026-02-07T13:00:00+05:00; [ \$? -eq 2 ] && [ ! -e '$tmp/none' ]"
check 'a folder has all forms anyway' sh -c "'$saqta' report --from 2026-01-01T00:00:00+05:00 --to 2026-03-01T00:00:00+05:00 --folder '$tmp/none' --format pdf; [ \$? -eq 2 ]"

# ---- under a passphrase ----
echo 'correct horse battery' >"$tmp/phrase"
echo 'another horse battery' >"$tmp/other"
echo short >"$tmp/short"
chmod 600 "$tmp/phrase" "$tmp/other" "$tmp/short"
exit_is() {
	want=$1
	shift
	"$@"
	[ $? -eq "$want" ]
}
sealed=$tmp/sealed.saqta
check 'an answer is sealed' "$saqta" export u1 --format pdf --output "$sealed" --seal-file "$tmp/phrase" --sign --now 2026-02-07T13:00:00+05:00
check 'it says what it is' sh -c "head -n 1 '$sealed' | grep -qx 'saqta-document 1'"
check 'only its owner reads it' sh -c "[ \$(stat -c %a '$sealed') = 600 ]"
check 'it is no PDF' sh -c "! grep -aq '%PDF' '$sealed'"
check 'it opens' "$saqta" document open "$sealed" --seal-file "$tmp/phrase" --output "$tmp/opened.pdf"
check 'what it held is a PDF' qpdf --check "$tmp/opened.pdf"
check 'what it held is signed' verify "$tmp/opened.pdf" --signature "$sealed.sig" --proof "$sealed.proof" --key "$key"
check 'another passphrase opens nothing' exit_is 77 "$saqta" document open "$sealed" --seal-file "$tmp/other" --output "$tmp/none"
check 'no file is left of that' [ ! -e "$tmp/none" ]
check 'a short passphrase seals nothing' exit_is 77 "$saqta" export u1 --output "$tmp/none" --seal-file "$tmp/short" --now 2026-02-07T13:00:00+05:00
check 'no file is left of that either' [ ! -e "$tmp/none" ]
check 'stdout is not sealed' exit_is 2 "$saqta" export u1 --seal-file "$tmp/phrase"
check 'a document is not sealed over another' exit_is 73 "$saqta" export u1 --output "$sealed" --seal-file "$tmp/phrase" --now 2026-02-07T13:00:00+05:00
head -c 20000 "$sealed" >"$tmp/cut"
check 'a cut file gives nothing' sh -c "'$saqta' document open '$tmp/cut' --seal-file '$tmp/phrase' >'$tmp/cut.out'; [ \$? -eq 1 ] && [ ! -s '$tmp/cut.out' ]"
sed '1s/document/backup/' "$sealed" >"$tmp/backup"
check 'a file of another kind is none' exit_is 65 "$saqta" document open "$tmp/backup" --seal-file "$tmp/phrase"

# ---- hostile values ----
python3 - >"$tmp/hostile.jsonl" <<'EOF'
import base64, json
values = ["<script>alert(1)</script>", "]]><!--", "&lt;b&gt;", "=HYPERLINK(\"http://x\")", "+1+1", "-2", "@SUM(A1)", "\u202egnirts\u202c", "a\u0001b\u0007",
          "\u2028", "x" * 1000000, "''\"\"", "\t=1", "line\nbreak", "\ufffe", "😀", "שלום"]
print(json.dumps({"event": "register", "subject": "u2", "at": "2026-01-05T09:00:00+05:00", "evidence": {"act": "form"}}))
print(json.dumps({"event": "consent", "subject": "u2", "at": "2026-01-05T09:00:00+05:00", "consents": ["processing"], "evidence": {"act": "b"}}))
for v in values:
    print(json.dumps({"event": "collect", "subject": "u2", "at": "2026-01-05T09:00:00+05:00", "category": "correspondence", "value": v, "source": "subject", "purposes": ["contract"]}))
print(json.dumps({"event": "collect", "subject": "u2", "at": "2026-01-05T09:00:00+05:00", "category": "portrait", "value_base64": base64.b64encode(b"\xff\xfe\x00").decode(), "source": "subject", "purposes": ["identification"]}))
EOF
"$saqta" apply "$tmp/hostile.jsonl" --now 2026-02-07T14:00:00+05:00 --json >"$tmp/hostile.answers" 2>/dev/null
check 'hostile values are taken' sh -c "! grep -v '\"applied\"' '$tmp/hostile.answers'"
for format in json jsonld xml csv html pdf; do
	document hostile $format en export u2 --now 2026-02-07T14:00:00+05:00
done
check 'hostile JSON' python3 -m json.tool "$tmp/hostile-en.json"
check 'hostile JSON-LD gives back every value' sh -c "jq -e -n --slurpfile a '$tmp/hostile-en.jsonld' --slurpfile b '$tmp/hostile-en.json' '\$a[0].records == \$b[0].records'"
check 'hostile XML' xmllint --noout --nonet --huge --schema "$schema/access-answer.xsd" "$tmp/hostile-en.xml"
check 'hostile HTML has no element of its own' sh -c "! grep -q '<script' '$tmp/hostile-en.html'"
check 'hostile PDF' qpdf --check "$tmp/hostile-en.pdf"
python3 - "$tmp/hostile-en.csv" <<'EOF' >"$tmp/same" 2>&1 && passed=$((passed + 1)) || { failed=$((failed + 1)); echo 'papers: hostile CSV'; cat "$tmp/same"; }
import csv, io, sys, zipfile
csv.field_size_limit(1 << 24)
with zipfile.ZipFile(sys.argv[1]) as z:
    rows = list(csv.DictReader(io.StringIO(z.read("records.csv").decode("utf-8"), newline="")))
assert len(rows) == 18, len(rows)
assert not [r for r in rows if r["value"][:1] in tuple("=+-@\t\r")], "a formula"
EOF
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
