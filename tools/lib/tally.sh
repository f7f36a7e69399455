# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Counts test results of several runs, in the forms the runners leave them.

passed=0 failed=0 skipped=0

# A whole run that did not get as far as its tests.
tally_failure() {
        log "$*"
        failed=$((failed + 1))
}

# tally_tap FILE: a test that was announced and has no result has failed.
tally_tap() {
        local plan ok not_ok skip
        plan=$(sed -n 's/^1\.\.//p' "$1")
        ok=$(grep -c '^ok ' "$1") || true
        not_ok=$(grep -c '^not ok ' "$1") || true
        skip=$(grep -c '^ok .*# SKIP' "$1") || true
        passed=$((passed + ok - skip))
        skipped=$((skipped + skip))
        failed=$((failed + not_ok + ${plan:-1} - ok - not_ok))
}

# tally_meson FILE: Meson's testlog.json, an object a line.
tally_meson() {
        local ok skip total
        ok=$(jq -s 'map(select(.result == "OK" or .result == "EXPECTEDFAIL")) | length' "$1")
        skip=$(jq -s 'map(select(.result == "SKIP")) | length' "$1")
        total=$(jq -s length "$1")
        passed=$((passed + ok))
        skipped=$((skipped + skip))
        failed=$((failed + total - ok - skip))
}

tally_line() {
        echo "$passed passed, $failed failed, $skipped skipped"
}
