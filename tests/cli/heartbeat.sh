#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Silence is told from an end that was cut off. Usage: heartbeat.sh SAQTA
# shellcheck disable=SC2154 # lib.sh sets dir and said
saqta=$1
. "${SAQTA_SOURCE_ROOT:-.}/tests/cli/lib.sh"

make_vault 2 # its first entry is of 1 January, 00:00
for hour in 01 02 04; do
	exits 0 "$saqta" $V --now "2026-01-01T$hour:00:00+05:00" audit heartbeat --json
done
says '"entry":9,"at":"2026-01-01T04:00:00+05:00"'
exits 0 "$saqta" $V --now 2026-01-01T05:00:00+05:00 audit verify --heartbeat PT2H --json
says '"unsigned_entries":0,"silences":[],"n_silences":0'
exits 1 "$saqta" $V --now 2026-01-01T05:00:00+05:00 audit verify --heartbeat PT90M --json
says '"silences":[{"after_entry":8,"from":"2026-01-01T02:00:00+05:00","to":"2026-01-01T04:00:00+05:00"}],"n_silences":1'
exits 1 "$saqta" $V --now 2026-01-02T05:00:00+05:00 audit verify --heartbeat P1D --json
says '{"after_entry":9,"from":"2026-01-01T04:00:00+05:00","to":"2026-01-02T05:00:00+05:00"}'

# ---- a sweep beats too; a new incarnation does not hide a silence before it ----
exits 0 "$saqta" $V --now 2026-01-04T04:00:00+05:00 sweep
exits 0 "$saqta" $V --now 2026-01-05T04:00:00+05:00 audit verify --heartbeat P3D
exits 0 "$saqta" $V --now 2026-01-05T04:00:00+05:00 audit incarnate --reason test
exits 0 "$saqta" $V --now 2026-01-05T05:00:00+05:00 audit verify --heartbeat P3D
exits 1 "$saqta" $V --now 2026-01-05T05:00:00+05:00 audit verify --heartbeat P2D --json
says '"after_entry":9,"incarnation":1,"from":'

# ---- entries that no run signed: the guard's head is the one from before them ----
cp "$dir/v.keep/guard" "$dir/guard"
people 2 3 | "$saqta" $V --now 2026-01-05T05:00:00+05:00 apply - >/dev/null 2>&1 || fail "apply"
cp "$dir/guard" "$dir/v.keep/guard"
exits 0 "$saqta" $V --now 2026-01-05T05:00:00+05:00 audit verify --heartbeat P3D --json
says '"unsigned_entries":3,'
exits 0 "$saqta" $V --now 2026-01-05T05:00:00+05:00 audit heartbeat
exits 0 "$saqta" $V --now 2026-01-05T05:00:00+05:00 audit verify --heartbeat P3D --json
says '"unsigned_entries":0,'

exits 2 "$saqta" $V audit verify --heartbeat hourly
exits 2 "$saqta" $V audit verify --heartbeat P1M
exits 2 "$saqta" $V audit verify --heartbeat PT0S
exit 0
