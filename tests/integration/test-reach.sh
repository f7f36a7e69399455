# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# How far an app can reach with the defaults: no further than in a container of podman's on the same
# host, but for what podctl-confinement(7) gives the reasons of. The program is inspect.c.
# On any systemd, the same.

INSPECT=/var/tmp/podctl-build/tests/integration/inspect

fetch busybox.oci

# ours OPTION… -- WHAT…
ours() {
        local options=()
        while (($#)) && [[ $1 != -- ]]; do
                options+=("$1")
                shift
        done
        podctl run --net=none "${options[@]}" --volume=inspect,kind=host,source=$INSPECT,readOnly=true \
                busybox --name=app --mount=volume=inspect,target=/inspect --exec=/inspect "$@"
}

theirs() {
        [[ -e empty.tar ]] || tar -cf empty.tar --files-from=/dev/null
        podman --root "$PWD/podman" --runroot "$PWD/podman-run" import --quiet empty.tar localhost/empty >/dev/null
        podman --root "$PWD/podman" --runroot "$PWD/podman-run" run --rm --network=none --cgroups=disabled \
                --volume=$INSPECT:/inspect:ro localhost/empty /inspect "$@"
}

# Each line has its reason in podctl-confinement(7), "Beyond podman".
explained() {
        cat <<'LIST'
call socket packet
call socket raw icmp
read /dev/console
read /dev/net/tun
read /dev/pts/0
read /proc/kmsg
write /dev/console
write /dev/net/tun
write /dev/pts/0
write /proc/kmsg
LIST
        # In Docker's list, and not in that which podman comes with on one of the hosts: vmsplice, io_pgetevents,
        # process_mrelease, futex_waitv, cachestat, fchmodat2, statmount, listmount, lsm_get_self_attr,
        # lsm_list_modules, mseal, setxattrat, getxattrat, listxattrat, removexattrat.
        printf 'syscall %s\n' 278 333 448 449 451 452 457 458 459 461 462 463 464 465 466
}

beyond_theirs() {
        comm -23 <(sort -u ours) <(sort -u theirs) | grep -v '^status' | grep -vxFf <(explained)
}

# look OPTION…: what is there before and after theirs was looked at. Disks of the machine come and go.
look() {
        ours "$@" >before
        theirs >theirs || skip "podman does not run here"
        ours "$@" >after
        comm -12 <(sort -u before) <(sort -u after) >ours
}

looked_at_all() {
        (($(grep -c '^syscall' ours) > 200 && $(grep -c '^read /' ours) > 1000)) ||
                fail "not all was looked at: $(head ours)"
}

test_no_further_than_podman() {
        look
        looked_at_all
        assert_eq "$(beyond_theirs || true)" ''
}

# Nor without a user namespace; there an app can make nodes of those devices that it has anyway.
test_no_further_without_user_namespace() {
        look --private-users=no
        looked_at_all
        assert_eq "$(beyond_theirs | grep -vxE 'node c (1:[35789]|5:2|10:200)' || true)" ''
}

# The same without a protection is told: the comparison can fail.
test_comparison_sees_what_is_open() {
        podctl --insecure-options=seccomp,paths run --net=none \
                --volume=inspect,kind=host,source=$INSPECT,readOnly=true \
                busybox --name=app --caps-retain=SYS_ADMIN --mount=volume=inspect,target=/inspect --exec=/inspect >ours
        theirs >theirs || skip "podman does not run here"
        assert_contains "$(beyond_theirs)" 'call unshare mount'
        assert_contains "$(beyond_theirs)" 'write /sys/fs/cgroup/cgroup.procs'
}

# What is there is what the specification asks for (appc, "OS-SPEC"), whatever else.
test_devices() {
        ours -- devices paths | sed -n 's/^write \(\/dev\/[a-z]*\)$/\1/p' | sort >devices
        assert_eq "$(tr '\n' ' ' <devices)" '/dev/console /dev/full /dev/null /dev/random /dev/urandom /dev/zero '
        # And no other can be made.
        assert_eq "$(ours -- devices | grep '^node' || true)" ''
}
