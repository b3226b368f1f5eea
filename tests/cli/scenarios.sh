#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every scenario there is: the packs' own in policies/tests, and those of the shared folder where it is present.
# Usage: scenarios.sh SAQTA
saqta=$1
root=${SAQTA_SOURCE_ROOT:-.}
shared=${SAQTA_SHARED:-$root/../shared}/scenarios
SAQTA_POLICY_PATH=$root/policies
export SAQTA_POLICY_PATH

set --
for file in "$root"/policies/tests/*/*.jsonl "$shared"/*.jsonl; do
	[ -e "$file" ] && set -- "$@" "$file"
done
if [ ! -d "$shared" ] && [ "$CI" = true ]; then
	echo "scenarios: $shared is missing"
	exit 1
fi
if [ $# -eq 0 ]; then
	echo "scenarios: none found"
	exit 77
fi
"$saqta" scenario "$@"
