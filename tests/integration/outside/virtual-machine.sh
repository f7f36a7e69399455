#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What only a kernel of its own can show (vm/test-*.sh): a copy of the host's disk in an emulated
# virtual machine. The host is powered off meanwhile.
#
#   virtual-machine.sh HOST        HOST as `tools/host list` has it, with podctl installed
#
# One suite is enough: what differs between them is seen without. Prints TAP, for tools/test.

set -euo pipefail
host=${1:?HOST is missing}
here=$(dirname "$0")
tools=$here/../../../tools

[[ $(cat "/run/podctl-hosts/$host/suite") == trixie && $(uname -m) == x86_64 ]] || exit 0
output=$(mktemp)
trap 'rm -f "$output"' EXIT
tests=(vm/test-limits.sh vm/test-hardened.sh vm/test-quota.sh)
"$tools/vm" run "$host" /usr/src/podctl/tests/integration/run "${tests[@]}" | tee "$output" || status=$?
# One that does not come up has failed as well.
grep -q '^1\.\.[1-9]' "$output" || printf '1..1\nnot ok 1 - limits/virtual_machine\n'
"$tools/host" restart "$host" >/dev/null
exit "${status:-0}"
