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

# tally_tap FILE: of one run or of several. A test that was announced and has no result has failed.
tally_tap() {
        local plan ok not_ok skip
        plan=$(awk -F. '/^1\.\.[0-9]/ { n += $3; found = 1 } END { if (found) print n }' "$1")
        ok=$(grep -c '^ok ' "$1") || true
        not_ok=$(grep -c '^not ok ' "$1") || true
        skip=$(grep -c '^ok .*# SKIP' "$1") || true
        passed=$((passed + ok - skip))
        skipped=$((skipped + skip))
        failed=$((failed + not_ok + ${plan:-1} - ok - not_ok))
}

# tally_meson FILE: Meson's testlog.json, an object a line, one for each program. One that prints
# TAP counts by its cases, and must not fail without a case that did.
tally_meson() {
        local object result tap before
        tap=$(mktemp)
        while IFS= read -r object; do
                result=$(jq -r .result <<<"$object")
                jq -r '.stdout // ""' <<<"$object" >"$tap"
                before=$failed
                if grep -q '^1\.\.' "$tap"; then
                        tally_tap "$tap"
                        [[ $result =~ ^(OK|SKIP|EXPECTEDFAIL)$ ]] || failed=$((failed > before ? failed : before + 1))
                else
                        tally_result "$result"
                fi
        done <"$1"
        rm -f "$tap"
}

tally_result() {
        case $1 in
        OK | EXPECTEDFAIL) passed=$((passed + 1)) ;;
        SKIP) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
}

tally_line() {
        echo "$passed passed, $failed failed, $skipped skipped"
}
