#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clauses that no rule decides, shown on the program itself: each group names what it shows. `saqta policy coverage` looks for these names, so a
# clause stands only where something fails if it is not kept. Usage: clauses.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and root
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
me=$(id -un)
roles=$dir/v.keep/roles

# at TIME: the clock of what follows.
at() { now="--now $1T10:00:00+05:00"; }

# tell OUTCOME LINE [TEXT]: the event is answered so, and TEXT stands in the answer.
tell() {
	printf '%s\n' "$2" >"$dir/line"
	exits "${4:-0}" "$saqta" $V $now --json apply "$dir/line"
	says "\"outcome\":\"$1\""
	[ -z "$3" ] || says "$3"
}

# under PACK: a vault in which p-1 agreed to processing and gave a phone number.
under() {
	rm -rf "$dir/v" "$dir/v.keep"
	at 2026-02-02
	exits 0 "$saqta" $V $now init --policy "$1"
	tell applied '{"event":"register","subject":"MARKNAME1","evidence":{"form":"MARKPROOF1"}}'
	tell applied '{"event":"consent","subject":"MARKNAME1","consents":["processing"],"evidence":{"button":"MARKPROOF2"},"notice":"text-1"}'
	tell applied "$(collect MARKVALUE1 subject r1)"
}

# collect VALUE SOURCE RECORD
collect() {
	printf '{"event":"collect","subject":"MARKNAME1","category":"phone","value":"%s","source":"%s","purposes":["communication"],"record":"%s"}' \
		"$1" "$2" "$3"
}

# disclose RECIPIENT [NAME]
disclose() {
	printf '{"event":"disclose","subject":"MARKNAME1","recipient":"%s","recipient_name":"%s","purpose":"communication","categories":["phone"]}' \
		"$1" "${2:-Somebody LLP}"
}

third_party='{"event":"consent","subject":"MARKNAME1","consents":["third-party"],"evidence":{"button":"next"}}'
take_back='{"event":"withdraw","subject":"MARKNAME1","consents":["third-party"],"channel":"registered-letter","form":"written"}'

be() {
	printf '%s %s\n' "$me" "$1" >"$roles"
	chmod 600 "$roles"
}

# shows ARGUMENTS…: subject show
shows() { exits 0 "$saqta" $V $now subject show MARKNAME1 --json "$@"; }

# hidden FOLDER…: nothing of the person stands in clear in any of the files
hidden() {
	find "$@" -type f >"$dir/files"
	[ -s "$dir/files" ] || fail "no files in $*"
	while read -r file; do
		grep -aqE 'MARK(NAME|VALUE|PROOF)' "$file" && fail "in clear: $file"
	done <"$dir/files"
}

# private FILE…: nobody but the owner may read it
private() {
	for file; do
		[ "$(stat -c %a "$file")" = 600 ] || fail "others may read $file"
	done
}

# entry N PATTERN: the Nth entry from the log's end
entry() {
	exits 0 "$saqta" $V audit show --json
	tail -n "$1" "$said" | head -n 1 | grep -q -- "$2" || fail "the log does not say: $2"
}

# ---- mycar/4.1, mycar-group/4.1, autocheck/4.1, lets-car/4.2: a change is taken, and when it arrived is recorded beside when it was collected ----
for pack in mycar mycar-group autocheck lets-car; do
	under $pack
	at 2026-02-05
	tell applied '{"event":"rectify","subject":"MARKNAME1","category":"phone","value":"MARKVALUE2","record":"r1","at":"2026-02-04T09:30:00+05:00"}'
	entry 1 '"at":"2026-02-04T04:30:00Z".*"recorded":"2026-02-05T05:00:00Z".*"type":"rectify"'
	shows --purpose communication
	says '"value":"MARKVALUE2"'
	says '"collected":"2026-02-02T10:00:00+05:00","corrected":"2026-02-04T09:30:00+05:00"'
	grep -q MARKVALUE1 "$said" && fail "$pack: the old value is still there"
done

# ---- mycar/5.2, mycar-group/5.2, autocheck/5.2: only who needs them sees personal data, for a purpose that is named, and it is on record who saw ----
# ---- lets-car/7.1: whoever has no right has no access ----
for pack in mycar mycar-group autocheck lets-car; do
	under $pack
	for role in operator application auditor; do
		be $role
		for purpose in '' '--purpose communication'; do
			exits 77 "$saqta" $V $now subject show MARKNAME1 $purpose
			says "the role $role may not"
			grep -q MARKVALUE "$said" && fail "$pack: a refusal shows the value"
		done
		exits 77 "$saqta" $V $now export MARKNAME1 --format json
	done
	be officer
	exits 0 "$saqta" $V audit show --json
	[ "$(grep -c '"kind":"subject show".*"outcome":"denied".*"type":"refused"' "$said")" -eq 9 ] || fail "$pack: not every refusal is on record"
	shows
	says '"value":"***"'
	exits 65 "$saqta" $V $now subject show MARKNAME1 --purpose curiosity
	shows --purpose communication
	says '"value":"MARKVALUE1"'
	entry 1 '"kind":"communication","more":{"role":"officer"}.*"type":"read"'
	printf 'somebody-else owner\n' >"$roles"
	exits 77 "$saqta" $V $now subject show MARKNAME1
	says "has no role in this vault"
	rm "$roles"
	printf '%064d' 7 >"$dir/other.key"
	chmod 600 "$dir/other.key"
	exits 77 "$saqta" $V $now --key-file "$dir/other.key" subject show MARKNAME1
done

# ---- mycar/5.5, autocheck/5.5, lets-car/3.2-protect, mycar-partner/a1-2-protect: what is held is sealed and its files are the owner's alone, whether it
# was given to the controller or by a partner ----
# ---- mycar-partner/4.2.15: so is what travels: a copy of the vault, an answer written to a file ----
for pack in mycar autocheck lets-car mycar-partner; do
	under $pack
	if [ $pack = mycar-partner ]; then
		tell applied '{"event":"partner","partner":"MARKNAME-dealer","state":"joined"}'
		tell applied '{"event":"partner-consent","subject":"MARKNAME1","partner":"MARKNAME-dealer","consents":["processing","third-party"],"copy":"MARKPROOF3"}'
		tell applied '{"event":"collect","subject":"MARKNAME1","category":"email","value":"MARKVALUE3","source":"partner","purposes":["cooperation"],"partner":"MARKNAME-dealer"}'
		shows --purpose cooperation
		says MARKVALUE3
	fi
	shows --purpose communication
	says MARKVALUE1
	rm -rf "$dir/travel"
	mkdir "$dir/travel"
	exits 0 "$saqta" $V $now backup "$dir/travel/copy"
	hidden "$dir/v" "$dir/v.keep" "$dir/travel"
	exits 0 "$saqta" $V $now export MARKNAME1 --format json --output "$dir/travel/answer"
	grep -q MARKVALUE1 "$dir/travel/answer" || fail "$pack: the search finds nothing where there is something"
	private "$dir/v/vault.db" "$dir/v.keep/keystore.db" "$dir/v.keep/master.key" "$dir/travel/copy" "$dir/travel/answer"
	# without its keys nobody can read it, and one who is given the copy has none of them
	mv "$dir/v.keep" "$dir/away"
	exits 66 "$saqta" $V $now subject show MARKNAME1
	exits 66 "$saqta" --vault "$dir/new" --key-file "$dir/other.key" $now restore "$dir/travel/none"
	exits 77 "$saqta" --vault "$dir/new" --key-file "$dir/other.key" $now restore "$dir/travel/copy"
	mv "$dir/away" "$dir/v.keep"
done

# ---- lets-car/10, lets-car/7.7, kz-94v/11, mycar-partner/a1-2: to whoever is outside nothing is disclosed without the person's consent, to some named
# receiver only with it, and no more once it is taken back ----
# ---- mycar/5.5, autocheck/5.5: whom else it binds to protect the data is known by name ----
# ---- mycar-partner/a1-5: those inside whose work needs it are no third parties: the same consent is not asked of them ----
for pack in mycar autocheck lets-car mycar-partner; do
	under $pack
	use='{"event":"use","subject":"MARKNAME1","purpose":"communication","categories":["phone"]}'
	for recipient in affiliate bank contractor performer; do
		tell denied "$(disclose $recipient)" kz-94v/7-3
	done
	tell applied "$use"
	be officer
	shows --purpose communication
	says MARKVALUE1
	says '"disclosures":[]'
	rm "$roles"
	tell applied "$third_party"
	tell applied "$(disclose contractor 'Careful LLP')"
	shows
	says '"name":"Careful LLP"'
	[ "$(grep -o '"recipient":' "$said" | wc -l)" -eq 1 ] || fail "$pack: the register of disclosures is wrong"
	tell applied "$take_back"
	tell denied "$(disclose contractor 'Careful LLP')" kz-94v/7-3
	tell applied "$use"
done

# ---- lets-car/4.3: who gave the datum stands with it, and cannot be left out ----
# ---- autocheck/6.3: who places another's data answers for the right to it: without the consent, and the proof of it, on record nothing is placed, and that
# it came from another stays with it ----
for pack in lets-car autocheck; do
	under $pack
	tell invalid "$(collect MARKVALUE2 subject r2 | sed 's/"source":"subject",//')" 'source: is missing' 65
	tell applied "$(collect MARKVALUE2 friend r2)"
	tell applied "$(collect MARKVALUE3 representative r3)"
	shows
	for source in subject friend representative; do
		grep -q "\"source\":\"$source\"" "$said" || fail "$pack: not recorded: $source"
	done
	exits 0 "$saqta" $V $now export MARKNAME1 --format json
	says '"source":"friend"'
	tell invalid '{"event":"register","subject":"MARKNAME2"}' 'evidence: is missing' 65
	tell applied '{"event":"register","subject":"MARKNAME2","evidence":{"form":"f-2"}}'
	tell denied "$(collect MARKVALUE4 friend r4 | sed s/MARKNAME1/MARKNAME2/)" kz-94v/7-1
	tell invalid '{"event":"consent","subject":"MARKNAME2","consents":["processing"]}' 'evidence: is missing' 65
	tell applied '{"event":"consent","subject":"MARKNAME2","consents":["processing"],"evidence":{"letter":"n-2"}}'
	tell applied "$(collect MARKVALUE4 friend r4 | sed s/MARKNAME1/MARKNAME2/)"
done

# ---- mycar-partner/2.8: credentials are kept from others: saqta takes none, the names of workers stand nowhere in clear, and its own key is its owner's ----
under mycar-partner
tell applied '{"event":"partner","partner":"dealer-1","state":"joined"}'
worker='"event":"worker","partner":"dealer-1","worker":"MARKNAME-worker","roles":["master"],"assurance":true'
for member in password login; do
	tell invalid "{$worker,\"$member\":\"MARKPROOF4\"}" "$member: unknown member" 65
done
tell applied "{$worker}"
hidden "$dir/v" "$dir/v.keep"
chmod 640 "$dir/v.keep/master.key"
exits 77 "$saqta" $V status
chmod 600 "$dir/v.keep/master.key"
exits 0 "$saqta" $V status

# enter WORKER CATEGORY: a datum that the partner's worker enters
enter() {
	printf '{"event":"collect","subject":"MARKNAME1","category":"%s","value":"v","source":"partner","purposes":["cooperation"],"partner":"dealer-1","worker":"%s"}' \
		"$2" "$1"
}

# gives WORKER ROLE: the access of a worker
gives() {
	printf '{"event":"worker","partner":"dealer-1","worker":"%s","roles":["%s"],"assurance":true}' "$1" "$2"
}

# Which role may do what is the controller's rule: here a clerk enters no history of services. (That no worker is taken without
# the assurance is left out of this copy, so that one can be.)
cp -r "$root/policies" "$dir/packs"
titles='<title xml:lang="kk">Қ</title><title xml:lang="ru">Р</title><title xml:lang="en">E</title>'
sed -i -e '/<refuse unless="$assurance"\/>/d' -e "s|^  <define name=\"by-partner\"|  <term kind=\"role\" id=\"clerk\">$titles</term>\n&|" \
	-e "s|^</policy>|<on id=\"clerks\" clause=\"3.3\" event=\"collect\" roles=\"clerk\" when=\"\$category.service-history\"><refuse/>$titles</on>\n&|" \
	"$dir/packs/mycar-partner.xml"
SAQTA_POLICY_PATH=$dir/packs
under mycar-partner
tell applied '{"event":"partner","partner":"dealer-1","state":"joined"}'
tell applied '{"event":"partner-consent","subject":"MARKNAME1","partner":"dealer-1","consents":["processing","third-party"],"copy":"c-1"}'
# ---- mycar-partner/2.7: that the partner joined gives its workers nothing; the controller gives each the access when the integration is finished, which
# is the event `worker`, and the log says when ----
tell denied "$(enter ann phone)" mycar-partner/2.6
tell applied "$(gives ann master)"
entry 1 '"at":"2026-02-02T05:00:00Z".*"type":"worker"'
tell applied "$(enter ann phone)"
tell denied "$(enter bob phone)" mycar-partner/2.6
# ---- mycar-partner/3.3: the access follows the role ----
tell applied "$(gives bob clerk)"
tell applied "$(enter bob phone)"
tell denied "$(enter bob service-history)" mycar-partner/3.3
tell applied "$(enter ann service-history)"
# ---- mycar-partner/3.4: a new application takes the former one's place, and the access dropped ends ----
tell applied "$(gives ann clerk)"
tell denied "$(enter ann service-history)" mycar-partner/3.3
tell applied "$(enter ann phone)"
tell applied "$(gives ann master)"
tell applied "$(enter ann service-history)"
# what a role is called stands for no assurance
tell applied "$(gives eve assured | sed s/true/false/)"
tell denied "$(enter eve phone)" mycar-partner/2.6
SAQTA_POLICY_PATH=$root/policies

# ---- mycar-partner/a1-5-inform: who is given access can read what binds them, and each reading is on record under the reader's name ----
under mycar-partner
for role in owner officer operator application auditor; do
	be $role
	exits 0 "$saqta" policy print mycar-partner --lang en
	says 'they are told of the agreement'
	says 'kept secret for five years more'
done
be officer
exits 0 "$saqta" $V $now --actor desk-7 subject show MARKNAME1 --purpose communication
entry 1 "\"actor\":\"$me/desk-7\".*\"type\":\"read\""
rm "$roles"

# ---- mycar-partner/a1-17: secrecy outlasts the agreement by five years and more; what is kept is kept no longer for it ----
under mycar-partner
tell applied '{"event":"partner","partner":"dealer-1","state":"joined"}'
tell applied '{"event":"partner","partner":"dealer-1","state":"ended"}'
for day in 2026-02-03 2031-02-02 2031-02-03; do
	at $day
	exits 0 "$saqta" $V $now --json decide - <<-END
		{"subject":"MARKNAME1","recipient":"contractor","purpose":"communication","categories":["phone"]}
	END
	says '"effect":"deny"'
done
at 2026-02-03
tell applied '{"event":"milestone","subject":"MARKNAME1","milestone":"purpose-achieved","purpose":"communication"}'
at 2026-02-05
exits 0 "$saqta" $V $now sweep --json
shows --purpose communication
says '"records":[]'

# ---- kz-94v/8-6: a consent without a term holds until its purpose is achieved, however long that takes ----
for pack in lets-car mycar-group; do
	under $pack
	at 2026-02-03
	for year in 2031 2046; do
		exits 0 "$saqta" $V --now $year-02-02T10:00:00+05:00 --json decide - <<-END
			{"subject":"MARKNAME1","purpose":"communication","categories":["phone"]}
		END
		says '"effect":"permit"'
	done
	exits 0 "$saqta" $V $now sweep --json
	says '"lapsed":0'
	shows
	says '"category":"phone"'
	tell applied '{"event":"milestone","subject":"MARKNAME1","milestone":"purpose-achieved","purpose":"communication"}'
	at 2026-02-05
	exits 0 "$saqta" $V $now sweep --json
	shows
	says '"records":[]'
done

# ---- kz-94v/22-1-5: from when to when each consent held, to whom data went, abroad or published, is registered: the log proves that it was, and when ----
under mycar
cat >"$dir/events" <<'END'
{"event":"consent","subject":"MARKNAME1","consents":["third-party","cross-border","distribution","cookies"],"evidence":{"button":"next"}}
{"event":"authority-notified","matter":"cross-border","country":"DE"}
{"event":"recipient-particulars","recipient_name":"Far GmbH","country":"DE"}
{"event":"disclose","subject":"MARKNAME1","recipient":"bank","purpose":"communication","categories":["phone"]}
{"event":"disclose","subject":"MARKNAME1","recipient":"contractor","recipient_name":"Far GmbH","operation":"transfer-cross-border","country":"DE","purpose":"communication","categories":["phone"]}
{"event":"disclose","subject":"MARKNAME1","recipient":"public","operation":"distribute","purpose":"communication","categories":["phone"]}
{"event":"withdraw","subject":"MARKNAME1","consents":["distribution"],"channel":"registered-letter","form":"written"}
END
exits 0 "$saqta" $V $now --json apply "$dir/events"
[ "$(grep -c '"outcome":"applied"' "$said")" -eq 7 ] || fail "not all was applied"
shows
for scope in processing third-party cross-border distribution cookies; do
	says "{\"consent\":\"$scope\",\"act\":\"given\",\"at\":\"2026-02-02T10:00:00+05:00\""
done
says '{"consent":"distribution","act":"withdrawn","at":"2026-02-02T10:00:00+05:00"'
says '"country":"KZ","purpose":"communication","recipient":"bank"'
says '"country":"DE","name":"Far GmbH","purpose":"communication","recipient":"contractor"'
says '"country":"KZ","purpose":"communication","recipient":"public"'
at 2026-02-03
exits 0 "$saqta" $V $now report --from 2026-02-01T00:00:00Z --to 2026-02-03T00:00:00Z --format json
says '{"act":"given","consent":"cookies","count":1}'
says '{"act":"withdrawn","consent":"distribution","count":1}'
says '{"count":1,"country":"DE","purpose":"communication","recipient":"contractor"}'
says '{"count":1,"country":"KZ","purpose":"communication","recipient":"public"}'
at 2027-03-03
exits 0 "$saqta" $V $now sweep --confirm 1 --json
says '"lapsed":1'
exits 0 "$saqta" $V audit show --json
[ "$(grep -c '"type":"disclose"' "$said")" -eq 3 ] || fail "not every disclosure is in the log"
[ "$(grep -c '"type":"consent"' "$said")" -eq 2 ] || fail "not every consent is in the log"
grep -q '"kind":"cookies".*"type":"lapsed"' "$said" || fail "the end of a consent is not in the log"
grep -q '"type":"withdraw"' "$said" || fail "a withdrawal is not in the log"
exits 0 "$saqta" $V audit verify

# ---- kz-94v/cc-173: the term ends at 24:00 of its last day; what is done in the organisation, at its closing hour: from then on it warns ----
under mycar
tell applied '{"event":"request","subject":"MARKNAME1","request":"a-1","kind":"access","channel":"cabinet","by":"subject","identity_checked":true}'
exits 0 "$saqta" $V $now task list --json
grep '"kind":"answer"' "$said" >"$dir/task"
due=$(sed 's/.*"due":"\([0-9-]*\)T00:00:00+05:00".*/\1/' "$dir/task")
last=$(sed 's/.*"closing":"\([0-9-]*\)T18:00:00+05:00".*/\1/' "$dir/task")
[ "$(date -d "$last + 1 day" +%F)" = "$due" ] || fail "closing is not on the last day: $(cat "$dir/task")"
exits 0 "$saqta" $V --now "${last}T17:59:00+05:00" status --json
says '"tasks_overdue":0,"tasks_past_closing":0'
exits 0 "$saqta" $V --now "${last}T18:00:00+05:00" status --json
says '"tasks_overdue":0,"tasks_past_closing":1'
exits 0 "$saqta" $V --now "${due}T00:00:00+05:00" status --json
says '"tasks_overdue":1,"tasks_past_closing":0'
