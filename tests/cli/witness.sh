#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Witnesses of the log, as files and over loopback HTTP: the whole way, a fork, and hostile requests. Usage: witness.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir, said and pack
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$dir"' EXIT

w() { "$saqta" audit witness "$@"; }
log() { "$saqta" $V audit witness "$@"; }

# ask OLD: the newest head, signed by the witness $1 on a stick.
ask() {
	rm -f "$dir/request" "$dir/answer"
	exits 0 log --request "$dir/request" --old "$2"
	exits 0 w "$dir/$1" --add "$dir/request" --output "$dir/answer"
	exits 0 log --answer "$dir/answer" --json
}

# size: how many entries the log's newest head has.
size() { "$saqta" $V audit checkpoint 2>/dev/null | sed -n 2p; }

# grow: some more entries.
grow() {
	people "$1" "$2" >"$dir/more"
	exits 0 "$saqta" $V --now 2026-01-03T12:00:00+05:00 apply "$dir/more"
}

make_vault 3

# ---- making witnesses ----
for name in one two; do
	exits 0 w "$dir/$name" --init "example.org/$name" --json
	says '"vkey":"example.org/'
	exits 0 w "$dir/$name" --trust "$(cat "$dir/v/log.vkey")"
	[ "$(stat -c %a "$dir/$name/witness.key")" = 600 ] || fail "the key can be read by others"
done
exits 73 w "$dir/one" --init example.org/one
exits 2 w "$dir/x" --init 'two words'
exits 66 w "$dir/x" --trust "$(cat "$dir/v/log.vkey")"
exits 65 w "$dir/one" --trust "$(cat "$dir/one/witness.vkey")"
exits 65 w "$dir/one" --trust nonsense
exits 2 w "$dir/one" --serve 127.0.0.1:0 --add "$dir/x"
exits 2 w --serve 127.0.0.1:0
exits 2 log --old 3
chmod 644 "$dir/one/witness.key"
exits 77 w "$dir/one"
chmod 600 "$dir/one/witness.key"

# ---- the policy ----
exits 78 log
says 'witness.policy'
exits 78 log --request "$dir/request"
[ ! -e "$dir/request" ] || fail "a request was left"
policy=$dir/v.keep/witness.policy
printf 'witness a %s\nquorum b\n' "$(cat "$dir/one/witness.vkey")" >"$policy"
for command in 'audit verify' 'audit checkpoint' 'audit witness' "audit export $dir/none"; do
	# shellcheck disable=SC2086 # words
	exits 78 "$saqta" $V $command
	says 'witness.policy:2:'
done
printf 'witness a %s\nwitness b %s\ngroup both all a b\nquorum both\n' "$(cat "$dir/one/witness.vkey")" "$(cat "$dir/two/witness.vkey")" >"$policy"
exits 0 "$saqta" $V audit verify --json
says '"witnesses":{"signed":0,"demanded":2,"quorum":false,"quorum_size":0}'

# ---- as files ----
exits 66 log --answer "$dir/none"
printf 'x\n' >"$dir/junk"
exits 66 log --answer "$dir/junk"
says 'no witness was asked'
exits 66 log --request "$dir/request" --same-head
first=$(size)
ask one 0
says '"signed":1,"demanded":2,"quorum":false'
exits 1 log --answer "$dir/junk"
rm -f "$dir/request" "$dir/answer"
exits 0 log --request "$dir/request" --same-head
exits 73 log --request "$dir/request" --same-head
exits 0 w "$dir/two" --add "$dir/request" --output "$dir/answer"
exits 0 log --answer "$dir/answer" --json
says '"signed":2,"demanded":2,"quorum":true'
exits 0 "$saqta" $V audit checkpoint
says '2 of 2 demanded witnesses signed this head; the quorum is met'
[ "$(grep -c '^— ' "$said")" = 3 ] || fail "not three signatures"
exits 0 "$saqta" $V audit export "$dir/export"
[ "$(grep -c '^— ' "$dir/export/checkpoint")" = 3 ] || fail "the export lacks cosignatures"
exits 0 "$saqta" $V audit prove 0
[ "$(grep -c '^— ' "$said")" = 3 ] || fail "the proof lacks cosignatures"

# A newer head has not been signed; the one that was stays known.
grow 3 6
exits 0 "$saqta" $V audit checkpoint
says '0 of 2 demanded witnesses signed this head; the quorum is not met'
exits 0 "$saqta" $V audit verify --json
says "\"quorum\":false,\"quorum_size\":$first}"

# The witness knows the log: 409 tells what it saw.
rm -f "$dir/request" "$dir/answer"
exits 0 log --request "$dir/request"
exits 1 w "$dir/one" --add "$dir/request" --output "$dir/answer"
[ "$(cat "$dir/answer")" = "refused 409 $first" ] || fail "not refused with the size: $(cat "$dir/answer")"
exits 1 log --answer "$dir/answer"
says "ask again with --old $first"
ask one "$first"
second=$(size)
exits 1 w "$dir/one" --add "$dir/request"
says "refused 409 $second"
# A witness that nobody trusts, and a key that nobody watches.
exits 0 w "$dir/three" --init example.org/three
exits 1 w "$dir/three" --add "$dir/request"
says 'refused 404'
exits 0 w "$dir/three" --trust "$(cat "$dir/v/log.vkey")"
rm -f "$dir/request" "$dir/answer"
exits 0 log --request "$dir/request"
exits 0 w "$dir/three" --add "$dir/request" --output "$dir/answer"
exits 1 log --answer "$dir/answer"
says 'nobody who is trusted signed it'

# ---- hostile requests: code, then what is changed of a good one ----
grow 6 9
exits 0 log --request - --old "$second"
cp "$said" "$dir/good"
refused() {
	code=$1
	shift
	sed "$@" "$dir/good" >"$dir/bad"
	exits "$([ "$code" = 400 ] && echo 65 || echo 1)" w "$dir/one" --add "$dir/bad"
	says "refused $code "
}
refused 400 '1d'
refused 400 '1s/old/OLD/'
refused 400 "1s/$second/0$second/"
refused 400 '1s/old.*/old 99999999999999999999/'
refused 400 '2s/^..../####/'
refused 400 '/^$/d'
refused 403 '$d'
refused 400 "1s/$second/99999/"
refused 409 '1s/old.*/old 0/'
refused 409 '1s/old.*/old 1/'
refused 422 '2d'
refused 422 '2h;2G'
refused 422 '2s/^..../AAAA/'
refused 403 '$s/ [A-Za-z0-9+/=]*$/ AAAAAAAA/'
refused 403 '/^— /s/— saqta/— other/'
refused 404 's/^saqta.local/other.local/'
head -c 70000 /dev/zero >"$dir/bad"
exits 65 w "$dir/one" --add "$dir/bad"
: >"$dir/bad"
exits 65 w "$dir/one" --add "$dir/bad"
exits 0 w "$dir/one" --json
says "\"size\":$second"
exits 0 w "$dir/one" --add "$dir/good"
sed -i '$s/[A-Za-z0-9]/_/' "$(find "$dir/three/logs" -type f)"
exits 1 w "$dir/three" --add "$dir/good"
says 'does not hold'

# ---- at once: of many heads that begin where the witness stands one is signed ----
exits 0 w "$dir/race" --init example.org/race
exits 0 w "$dir/race" --trust "$(cat "$dir/v/log.vkey")"
ask_race() { exits 0 log --request "$dir/race-$1" --old "$2"; }
ask_race 0 0
exits 0 w "$dir/race" --add "$dir/race-0"
from=$(size)
for n in 1 2 3 4 5 6; do
	grow $((100 + n)) $((101 + n))
	ask_race $n "$from"
done
for n in 1 2 3 4 5 6; do
	w "$dir/race" --add "$dir/race-$n" >"$dir/raced-$n" 2>/dev/null &
	racers="${racers:-} $!"
done
# shellcheck disable=SC2086 # words
wait $racers
[ "$(cat "$dir"/raced-* | grep -c '^— example.org/race ')" = 1 ] || fail "not one of the six was signed"
[ "$(cat "$dir"/raced-* | grep -c '^refused 409 ')" = 5 ] || fail "the others were not refused"

# ---- over HTTP ----
exits 2 w "$dir/two" --serve 0.0.0.0:0
exits 2 w "$dir/two" --serve 192.168.1.1:8080
exits 2 w "$dir/two" --serve localhost:0
: >"$dir/url"
"$saqta" audit witness "$dir/two" --serve 127.0.0.1:0 --json >"$dir/url" &
server=$!
await 1 "$dir/url"
url=$(sed 's/.*"\(http[^"]*\)".*/\1/' "$dir/url")
exits 0 log --submit "$url" --json
third=$(size)
says "\"size\":$third"
says '{"name":"example.org/two","signed":true,'
exits 0 log --submit "$url"
exits 2 log --submit https://example.org/
exits 2 log --submit http://192.168.1.1:80/
exits 74 log --submit http://127.0.0.1:1/
if command -v curl >/dev/null; then
	post() { exits 0 curl -s -o "$dir/body" -w '%{http_code} %{content_type}' --data-binary "@$1" "${url}${2-add-checkpoint}"; }
	post "$dir/good"
	says "409 text/x.tlog.size"
	[ "$(cat "$dir/body")" = "$third" ] || fail "not the size"
	post "$dir/junk"
	says '400 '
	post "$dir/good" other
	says '404 '
	head -c 70000 /dev/zero >"$dir/bad"
	post "$dir/bad"
	says '413 '
	exits 0 curl -s -o "$dir/body" -w '%{http_code}' "${url}add-checkpoint"
	says '405'
	exits 52 curl -s -H 'Transfer-Encoding: chunked' --data-binary "@$dir/bad" "${url}add-checkpoint"
	printf 'GET / HTTP/9\r\n\r\n' >"$dir/bad" # no HTTP at all, then the server still answers
	curl -s --http0.9 -m 2 "telnet://${url#http://}" <"$dir/bad" >"$said" 2>&1
	post "$dir/junk"
	says '400 '
fi

# ---- a fork: the vault is copied back and goes on differently ----
cp -R "$dir/v" "$dir/before"
cp -R "$dir/v.keep" "$dir/before.keep"
grow 9 12
exits 0 log --submit "$url"
fourth=$(size)
rm -rf "$dir/v" "$dir/v.keep"
mv "$dir/before" "$dir/v"
mv "$dir/before.keep" "$dir/v.keep"
exits 1 log --submit "$url"
says "the witness saw $fourth entries of this log"
says 'rolled back'
grow 20 23 # to the same size, with other entries
[ "$(size)" = "$fourth" ] || fail "the fork has another size"
exits 1 log --submit "$url"
says 'another history of this log (409)'
grow 23 26
exits 1 log --submit "$url"
says 'another history of this log (422)'
rm -f "$dir/request" "$dir/answer"
exits 0 log --request "$dir/request" --old "$fourth"
exits 1 w "$dir/two" --add "$dir/request" --output "$dir/answer"
exits 1 log --answer "$dir/answer"
says 'another history of this log (422)'
exits 0 w "$dir/two" --json
says "\"size\":$fourth"
says '"forked":true'
kill -TERM "$server"
wait "$server" || fail "the server ended with $?"
server=

# ---- the log's key is renewed: what the old one signed stays good, and the witness is told of the new one ----
exits 0 w "$dir/four" --init example.org/four
exits 0 w "$dir/four" --trust "$(cat "$dir/v/log.vkey")"
cp "$policy" "$dir/policy"
printf 'witness d %s\nquorum d\n' "$(cat "$dir/four/witness.vkey")" >"$policy"
ask four 0
says '"quorum":true'
fifth=$(size)
cp "$dir/v/log.vkey" "$dir/old.vkey"
exits 0 "$saqta" $V key renew
cmp -s "$dir/v/log.vkey" "$dir/old.vkey" && fail "the key is the old one"
exits 0 "$saqta" $V audit verify --json
says "\"quorum\":false,\"quorum_size\":$fifth"
rm -f "$dir/request" "$dir/answer"
exits 0 log --request "$dir/request" --same-head --old "$fifth"
exits 0 w "$dir/four" --add "$dir/request" --output "$dir/answer"
exits 0 log --answer "$dir/answer"
rm -f "$dir/request" "$dir/answer"
exits 0 log --request "$dir/request" --old "$fifth"
exits 1 w "$dir/four" --add "$dir/request"
says 'refused 403'
exits 0 w "$dir/four" --trust "$(cat "$dir/v/log.vkey")" --json
says '"keys":2'
exits 0 w "$dir/four" --add "$dir/request" --output "$dir/answer"
exits 0 log --answer "$dir/answer" --json
says '"quorum":true'
mv "$dir/policy" "$policy"

# ---- what is kept is held against the log, and believed only signed ----
exits 0 "$saqta" $V audit verify
cp "$dir/v.keep/witnessed" "$dir/kept"
sed -i '2s/.*/2/' "$dir/v.keep/witnessed"
exits 1 "$saqta" $V audit verify
says 'witnessed'
cp "$dir/kept" "$dir/v.keep/witnessed"
# A new incarnation is another log: nobody signed it yet, and a witness must be told to watch it.
exits 0 "$saqta" $V audit incarnate --reason test
exits 0 "$saqta" $V audit verify --json
says '"witnesses":{"signed":0,"demanded":2,"quorum":false,"quorum_size":0}'
ask_again() {
	rm -f "$dir/request"
	exits 0 log --request "$dir/request"
	exits "$1" w "$dir/one" --add "$dir/request"
}
ask_again 1
says 'refused 404'
exits 0 w "$dir/one" --trust "$(cat "$dir/v/log.vkey")"
ask_again 0
