#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is mistyped in a scenario file asserts nothing: such a file is refused, with the place. Usage: scenario_lines.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir and said
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"
file=$dir/try.jsonl

# try CODE LINE [TEXT]: a scenario whose fourth line is LINE exits so; TEXT is said, with the place if it was refused
try() {
	cat >"$file" <<-END
		{"scenario":"try","policy":"$pack","start":"2026-01-05T09:00:00+05:00"}
		{"event":"register","subject":"u-1","evidence":{"act":"form"}}
		{"event":"consent","subject":"u-1","consents":["processing"],"evidence":{"act":"button:next"}}
		$2
		{"expect":"audit","verifies":true}
	END
	exits "$1" "$saqta" scenario "$file"
	[ "$1" -ne 65 ] || says "$file:4: "
	[ -z "$3" ] || says "$3"
}

# every member that there is may be asked for
try 0 '{"expect":"outcome","outcome":"applied","clauses":[],"without":["kz-94v/7-1"],"state":"active"}'
try 0 '{"expect":"decide","subject":"u-1","purpose":"contract","categories":["phone"],"operation":"use","effect":"permit","clauses":[],"without":[]}'
try 0 '{"expect":"subject","subject":"u-1","state":"active","records":0,"categories":[]}'
try 0 '{"expect":"task","subject":"u-1","kind":"answer","due":"2026-01-09T00:00:00+05:00","state":"open","count":0}'
try 0 '{"expect":"sweep","destroyed":0,"stopped":0,"lapsed":0,"held":0,"depersonalised":0,"late":0,"examined":0,"clauses":[],"without":[]}'
try 0 '{"expect":"audit","verifies":true}'
try 0 '{"event":"sweep","at":"2026-01-06T09:00:00+05:00"}'

# and is asserted
try 1 '{"expect":"outcome","outcome":"denied"}' 'line 4: outcome is applied, not denied'
try 1 '{"expect":"outcome","clauses":["kz-94v/7-1"]}' 'line 4: clause kz-94v/7-1 is not among'
try 1 '{"expect":"sweep","examined":7}' 'line 4: examined: 0, not 7'
try 1 '{"expect":"task","subject":"u-1","count":1}' 'line 4: there are 0 such tasks, not 1'
try 1 '{"expect":"audit","verifies":false}' 'line 4: the log verifies'

# no other expectation, and no other member
try 65 '{"expect":"outcom","outcome":"applied"}' 'expect: must be one of'
try 65 '{"expect":["outcome"]}' 'expect: must be one of'
try 65 '{"expect":"outcome","outcom":"denied"}' 'outcom: unknown member'
try 65 '{"expect":"outcome","effect":"deny"}' 'effect: unknown member'
try 65 '{"expect":"decide","subject":"u-1","purpose":"contract","categories":["phone"],"efect":"deny"}' 'efect: unknown member'
try 65 '{"expect":"decide","subject":"u-1","purpose":"contrakt","categories":["phone"],"effect":"deny"}' 'purpose: unknown purpose'
try 65 '{"expect":"subject","subject":"u-1","record":3}' 'record: unknown member'
try 65 '{"expect":"task","subject":"u-1","dew":"2026-01-09T00:00:00+05:00"}' 'dew: unknown member'
try 65 '{"expect":"sweep","destroy":1}' 'destroy: unknown member'
try 65 '{"expect":"audit","verify":true}' 'verify: unknown member'
try 65 '{"event":"sweep","at":"2026-01-06T09:00:00+05:00","confirm":1}' 'confirm: unknown member'

# nor a value of which nothing would be compared
try 65 '{"expect":"outcome","outcome":true}' 'outcome: must be a string'
try 65 '{"expect":"outcome","clauses":"kz-94v/7-1"}' 'clauses: must be a list of strings'
try 65 '{"expect":"outcome","without":[1]}' 'without: must be a list of strings'
try 65 '{"expect":"outcome","due":"tomorrow"}' 'due: must be an RFC 3339 time'
try 65 '{"expect":"subject","subject":"u-1","records":"0"}' 'records: must be a number'
try 65 '{"expect":"sweep","held":-1}' 'held: must be a number'
try 65 '{"expect":"audit","verifies":"yes"}' 'verifies: must be true or false'
try 65 '{"event":"sweep","at":"tomorrow"}' 'at: must be an RFC 3339 time'

# an event that nobody understands, and a line that is no JSON, stand only where the file says so
for line in '{"event":"colect","subject":"u-1"}' '{"event":"use","subject":"u-1","purpos":"contract","categories":["phone"]}' \
	'{"event":"close","subject":"u-1","request":"r-9","result":"answered"}' '{"expect":"outcome","outcome":"applied"' \
	'{"expect":"outcome","outcome":"applied","outcome":"applied"}'; do
	try 0 "$line" 'line 4: note: the event is invalid, and no expectation says so'
	try 0 "$line
{\"expect\":\"outcome\",\"outcome\":\"invalid\"}"
done

# the first line too
for line in '{"scenario":"try","policy":"mycar","start":"2026-01-05T09:00:00+05:00","polizy":"x"}' '{"scenario":"try","policy":"mycar","start":"now"}' \
	'{"scenario":"try","policy":"mycar"}' '[]'; do
	printf '%s\n' "$line" >"$file"
	exits 65 "$saqta" scenario "$file"
	says "$file:1: "
done
echo "scenario_lines: what asserts nothing is refused"
