#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A new company's policy is XML and nothing else: the example packs are checked, linted, tested and covered. Usage: examples.sh SAQTA
saqta=$1
. "$(dirname "$0")/lib.sh"
SAQTA_POLICY_PATH=$root/policies/examples:$root/policies
export SAQTA_POLICY_PATH
examples=$root/policies/examples

for pack in "$examples"/*.xml; do
	exits 0 "$saqta" policy check "$pack"
	exits 0 "$saqta" policy lint "$pack"
	! grep -q ': \(error\|warning\): ' "$said" || fail "lint finds more than notes in $pack"
done
exits 0 "$saqta" policy test nordlicht
says ' passed, 0 failed'
[ "$(grep -c '^ok ' "$said")" -ge 12 ] || fail "fewer than 12 scenarios"
exits 0 "$saqta" policy coverage --tests "$root/tests"
says 'nordlicht: '
says 'eu-gdpr: '

# Each part of it is told to people in three languages.
for lang in kk ru en; do
	exits 0 "$saqta" policy print nordlicht --lang $lang
	says 'Nordlicht Rad GmbH'
done
exits 0 "$saqta" policy explain eu-gdpr/12-3 --pack nordlicht --lang en
says 'Term from the request: 3 months'

# A vault under it: a disclosure that names no country stays at home, and no Kazakh rule is heard of.
exits 0 "$saqta" $V --now 2026-01-12T09:00:00+01:00 init --policy nordlicht
cat >"$dir/events" <<'END'
{"event":"register","subject":"r1","evidence":{"act":"form"},"birth_date":"1990-05-17"}
{"event":"collect","subject":"r1","category":"payment","value":"DE02","source":"subject","purposes":["contract"]}
{"event":"disclose","subject":"r1","recipient":"bank","purpose":"contract","categories":["payment"],"basis":"contract"}
{"event":"disclose","subject":"r1","recipient":"bank","purpose":"contract","categories":["payment"],"basis":"contract","country":"KZ"}
END
exits 0 "$saqta" $V --now 2026-01-12T10:00:00+01:00 --json apply "$dir/events"
[ "$(grep -c '"outcome":"applied"' "$said")" -eq 3 ] || fail "not three events applied"
says 'eu-gdpr/44'
! grep -q 'kz-' "$said" || fail "a rule of another country was cited"
exit 0
