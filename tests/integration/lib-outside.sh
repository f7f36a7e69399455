# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the scripts in outside/ are written with: checks on a host, as TAP. Who includes this sets
# $tool, to tools/host; $subject, the host that is looked at; and $about, what stands before the
# names of its checks.

number=0 failures=0

on_host() {
        "${tool:?}" exec "${subject:?}" bash -euo pipefail -c "$1"
}

# What the scripts may use: `nothing COMMAND` fails, and shows it, if the command prints anything; `soon COMMAND` waits
# until it succeeds.
helpers='
        nothing() { ! "$@" | grep .; }
        soon() {
                for ((i = 0; i < 300; i++)); do
                        ! "$@" || return 0
                        sleep 0.1
                done
                return 1
        }
'

# check NAME SCRIPT: one test, of what the script says on the host.
check() {
        local output
        number=$((number + 1))
        if output=$(on_host "$helpers$2" 2>&1); then
                echo "ok $number - ${about:?}/$1"
        else
                echo "not ok $number - $about/$1"
                echo "# ${output//$'\n'/$'\n'# }"
                # shellcheck disable=SC2034  # for the one who includes this
                failures=$((failures + 1))
        fi
}
