# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Counts test results of several runs, in the forms the runners leave them.

passed=0 failed=0 skipped=0 retried=0
# Of what did not pass at once, and of what did not pass at all, for the end, where they are looked for.
retries=$(mktemp) failures=$(mktemp)

# A whole run that did not get as far as its tests.
tally_failure() {
        log "$*"
        echo "$*" >>"$failures"
        failed=$((failed + 1))
}

# tally_tap FILE WHOSE: of one run or of several. A test that was announced and has no result has failed, and so has one
# that was not announced.
tally_tap() {
        local plan ok not_ok skip missing
        # Diagnostics stand behind the result they belong to (Test Anything Protocol 14).
        awk -v whose="$2" -v retries="$retries" -v failures="$failures" '
                /^(ok|not ok) / { story = /^not ok / ? failures : /# second try$/ ? retries : "" }
                story { print whose ": " $0 >>story }' "$1"
        retried=$((retried + $(grep -c '^ok .*# second try$' "$1" || true)))
        plan=$(awk -F. '/^1\.\.[0-9]/ { n += $3; found = 1 } END { if (found) print n }' "$1")
        ok=$(grep -c '^ok ' "$1") || true
        not_ok=$(grep -c '^not ok ' "$1") || true
        skip=$(grep -c '^ok .*# SKIP' "$1") || true
        passed=$((passed + ok - skip))
        skipped=$((skipped + skip))
        missing=$((${plan:-1} - ok - not_ok))
        failed=$((failed + not_ok + (missing < 0 ? -missing : missing)))
        ((!missing)) || echo "$2: $((ok + not_ok)) results of ${plan:-1} tests" >>"$failures"
}

# meson_failed FILE: the programs that did, of Meson's testlog.json, an object a line.
meson_failed() {
        jq -r 'select(.result | IN("OK", "SKIP", "EXPECTEDFAIL") | not) | .name | sub(".* / "; "")' "$1"
}

# tally_meson FILE: one that prints TAP counts by its cases, and must not fail without a case that did.
tally_meson() {
        local object result name tap before
        tap=$(mktemp)
        while IFS= read -r object; do
                result=$(jq -r .result <<<"$object") name=$(jq -r .name <<<"$object")
                jq -r '.stdout // ""' <<<"$object" >"$tap"
                before=$failed
                if grep -q '^1\.\.' "$tap"; then
                        tally_tap "$tap" "$name"
                        [[ $result =~ ^(OK|SKIP|EXPECTEDFAIL)$ ]] || failed=$((failed > before ? failed : before + 1))
                else
                        tally_result "$result"
                fi
                ((failed == before)) ||
                        jq -r '"\(.name): \(.result)\n\(.stderr // "")"' <<<"$object" | tail -n 40 >>"$failures"
        done <"$1"
        rm -f "$tap"
}

# tally_second_try NAME FILE: a program that failed in FILE has passed since; what it said then.
tally_second_try() {
        retried=$((retried + 1))
        echo "$1: # second try" >>"$retries"
        jq -r --arg name "$1" 'select(.name | endswith(" / " + $name)) | .stdout // "", .stderr // ""' "$2" |
                grep -v '^ok ' | tail -n 60 >>"$retries"
}

tally_result() {
        case $1 in
        OK | EXPECTEDFAIL) passed=$((passed + 1)) ;;
        SKIP) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) ;;
        esac
}

# Failures last: of a long log, the end is what is seen first, or at all.
tally_line() {
        sed 's/^/> /' "$retries" "$failures"
        rm -f "$retries" "$failures"
        ((!retried)) || echo "$retried of them passed on the second try only: look at them"
        echo "$passed passed, $failed failed, $skipped skipped"
}
