# SPDX-License-Identifier: Apache-2.0
"""Adds up what the tests of one or more meson logs counted. Usage: tally.py BUILD_FAILED LOG.json...

A test that says how many checks it made counts so many: Check's "Checks: N, Failures: N, Errors: N", and the scenarios' "N passed, N failed".
Any other counts as one. Exits 1 if a check failed, a test died, or a build failed."""
import json
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)
COUNTED = re.compile(r"^(\d+) passed, (\d+) failed", re.M)

passed = failed = skipped = 0
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            good = bad = 0
            for total, failures, errors in CHECK.findall(test.get("stdout") or ""):
                bad += int(failures) + int(errors)
                good += int(total) - int(failures) - int(errors)
            for ok, wrong in COUNTED.findall(test.get("stdout") or ""):
                good += int(ok)
                bad += int(wrong)
            if test["result"] == "SKIP":
                skipped += 1
            elif test["result"] == "OK":
                passed += good or 1
            else:
                passed += good
                failed += bad or 1
if sys.argv[1] != "0" and failed == 0:
    failed = 1
if skipped:
    print(f"{skipped} skipped")
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0 or passed == 0)
