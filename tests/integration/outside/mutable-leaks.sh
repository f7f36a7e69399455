#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What apps that come and go in any order leave in their pod and on its host: no mount, unit, control group, descriptor
# or file, and no memory of either PID 1.
#
#   mutable-leaks.sh HOST [ROUNDS [APPS]]    HOST as `tools/host list` has it, with podctl installed; in each of 3
#                                            rounds, 8 apps are added, every other one runs, and all are removed
#
# A round of 8 takes about three seconds: `mutable-leaks.sh trixie 1000 50` takes hours. Prints TAP, for tools/test.

set -euo pipefail
host=${1:?HOST is missing} rounds=${2:-3} apps=${3:-8}
tool=$(dirname "$0")/../../../tools/host
images=/var/lib/podctl-test-images
subject=$host about=mutable-leaks
. "$(dirname "$0")/../lib-outside.sh"

echo 1..12

# Of each thing, how much there is: lines "NAME NUMBER".
on_host "cat >/tmp/leaks-measure" <<'MEASURE'
set -euo pipefail
leader=$(machinectl show --property=Leader --value leaks)
pod=/var/lib/podctl/pods/run/$(podctl status leaks --format=json | jq -r .name)
echo mounts $(wc -l <"/proc/$leader/mountinfo")
echo mounts_of_the_host $(wc -l </proc/self/mountinfo)
echo units $(systemctl --machine=leaks list-units --all --plain --no-legend | wc -l)
echo units_of_the_host $(systemctl list-units --all --plain --no-legend | grep -vc podctl-gc)
group=$(tail -n 1 "/proc/$leader/cgroup" | cut -d: -f3-)
echo groups $(find "/sys/fs/cgroup${group%/payload*}" -type d | wc -l)
echo descriptors $(find "/proc/$leader/fd" -type l | wc -l)
echo descriptors_of_the_host $(find /proc/1/fd -type l | wc -l)
echo files $(find "$pod" "/proc/$leader/root/run/systemd" "/proc/$leader/root/etc" | grep -v /journal/ | wc -l)
echo files_of_the_host $(find /run/podctl /run/systemd | wc -l)
echo kilobytes $(du -sk --exclude=journal "$pod" | cut -f1)
echo memory $(awk '/^VmData:/ { print $2 }' "/proc/$leader/status")
echo memory_of_the_host $(awk '/^VmData:/ { print $2 }' /proc/1/status)
MEASURE
on_host 'cat >/tmp/leaks-rounds' <<'ROUNDS'
set -euo pipefail
for ((round = 0; round < $1; round++)); do
        for i in $(seq "$2" | shuf); do
                podctl app add leaks busybox --name="late$i" --mnt-volume="name=v,kind=empty,target=/v" \
                        --exec=/bin/sh -- -c 'echo >/v/file; echo >/file; sleep 1000' >/dev/null
                ((i % 2)) || podctl app start leaks --app="late$i"
        done
        for i in $(seq "$2" | shuf); do
                podctl app rm leaks --app="late$i"
        done
done
ROUNDS
# What systemd opens and reads once, it has after the first round.
on_host "
        podctl --insecure-options=image fetch $images/busybox.oci
        podctl app sandbox --name=leaks --net=none
        bash /tmp/leaks-rounds 1 $apps
        bash /tmp/leaks-measure >/tmp/leaks-before
        bash /tmp/leaks-rounds $rounds $apps" >/dev/null

# grown NAME ALLOWED: by no more than that. systemd takes a look at what is mounted a few times a second.
grown() {
        check "no_$1_left" "
                grown() {
                        bash /tmp/leaks-measure >/tmp/leaks-after
                        before=\$(awk '\$1 == \"$1\" { print \$2 }' /tmp/leaks-before)
                        after=\$(awk '\$1 == \"$1\" { print \$2 }' /tmp/leaks-after)
                        ((after <= before + $2))
                }
                soon grown || { echo \"$1: \$before before, \$after after $rounds rounds\"; false; }"
}

grown mounts 0
grown mounts_of_the_host 0
grown units 1
grown units_of_the_host 1
grown groups 0
grown descriptors 3
grown descriptors_of_the_host 3
grown files 1
grown files_of_the_host 8
grown kilobytes 16
grown memory 1024
grown memory_of_the_host 1024
on_host 'join /tmp/leaks-before /tmp/leaks-after | sed "s/^/# before and after: /"'
on_host 'podctl stop leaks; podctl gc --grace-period=0; rm /tmp/leaks-*' >/dev/null 2>&1
((failures == 0))
