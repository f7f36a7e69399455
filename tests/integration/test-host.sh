# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# Is this host one that pods can run on? When these fail, nothing the others say means anything.

base=655360000

# busybox_root DIR: as small as nspawn accepts a root.
busybox_root() {
        mkdir -p "$1"/{bin,etc,usr/lib,proc,sys,dev,run,tmp}
        cp /bin/busybox "$1/bin/busybox"
        ln -s busybox "$1/bin/sh"
        touch "$1/etc/os-release" "$1/usr/lib/os-release"
}

test_is_running() {
        assert_eq "$(systemctl is-system-running)" running
}

test_machined_answers() {
        systemctl start systemd-machined.service
        machinectl list
}

test_journal_is_persistent() {
        ls -d "/var/log/journal/$(cat /etc/machine-id)/"
        logger -t podctl-test hello
        wait_until journalctl -t podctl-test --grep=hello
}

test_transient_service_passes_its_status() {
        assert_fails 7 systemd-run --quiet --wait --collect sh -c 'exit 7'
}

test_transient_service_has_a_cgroup_and_a_mount_namespace() {
        local out
        out=$(systemd-run --quiet --wait --collect --pipe --slice=machine.slice --unit=podctl-test \
                -p PrivateMounts=yes sh -c 'cat /proc/self/cgroup; mount -t tmpfs tmpfs /mnt; findmnt /mnt')
        assert_contains "$out" 0::/machine.slice/podctl-test.service
        assert_contains "$out" tmpfs
        assert_fails '*' findmnt /mnt
}

test_seccomp_filter_bites() {
        assert_fails '*' systemd-run --quiet --wait --collect --pipe -p SystemCallFilter=~@mount \
                -p SystemCallErrorNumber=EPERM mount -t tmpfs tmpfs /mnt
}

test_nspawn_with_user_namespace() {
        local out
        busybox_root root
        out=$(systemd-nspawn --quiet --pipe --directory=root --private-users=$base:65536 \
                --private-users-ownership=map /bin/busybox sh -c 'cat /proc/self/uid_map; busybox stat -c %u /bin')
        assert_contains "$(tr -s ' ' <<<"$out")" " 0 $base 65536"
        assert_eq "${out##*$'\n'}" 0
}

test_nspawn_with_user_namespace_and_network() {
        busybox_root root
        systemd-nspawn --quiet --directory=root --private-users=pick --private-users-ownership=map \
                --private-network /bin/busybox ip link show lo
}

# A file for each pod: systemd's 1024 would be the end at a thousand.
test_machined_may_open_many_files() {
        (($(systemctl show --property=LimitNOFILESoft --value systemd-machined.service) >= 16384)) ||
                fail "$(systemctl show --property=LimitNOFILESoft,DropInPaths systemd-machined.service)"
}

test_machine_is_registered() {
        busybox_root root
        systemd-run --quiet --collect --unit=podctl-test-machine -p KillMode=mixed \
                systemd-nspawn --quiet --keep-unit --machine=test-machine --directory="$PWD/root" \
                --private-users=pick --private-users-ownership=map --as-pid2 /bin/busybox sleep 1000
        defer systemctl stop podctl-test-machine.service
        wait_until machinectl show test-machine
        assert_eq "$(machinectl show --property=Unit --value test-machine)" podctl-test-machine.service
}

# The way pods get their roots: layers stay unshifted on disk, the writable one belongs to the range.
test_overlay_of_idmapped_layers() {
        mkdir layer lower upper work merged
        busybox_root layer
        chown $base:$base upper
        python3 "$HERE/idmap-mount" layer lower $base
        defer umount lower
        mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged
        defer umount merged
        assert_eq "$(stat -c %u merged/bin/busybox)" $base
        systemd-nspawn --quiet --directory=merged --private-users=$base:65536 \
                --private-users-ownership=off /bin/busybox sh -c 'busybox touch /new /bin/new'
        assert_eq "$(stat -c %u upper/new upper/bin/new | sort -u)" $base
        assert_eq "$(stat -c %u layer/bin/busybox)" 0
}

test_usr_can_be_idmapped() {
        mkdir usr
        python3 "$HERE/idmap-mount" /usr usr $base
        defer umount usr
        assert_eq "$(stat -c %u usr/bin)" $base
}

test_network_can_be_made() {
        ip netns add podctl-test
        defer ip netns del podctl-test
        ip link add podctl-test0 type veth peer name eth0 netns podctl-test
        nft add table inet podctl-test
        defer nft delete table inet podctl-test
        nft 'add chain inet podctl-test nat { type nat hook postrouting priority srcnat; }'
        nft add rule inet podctl-test nat ip saddr 10.0.0.0/8 masquerade
}

test_small_disk_fills_up() {
        small_disk small 4M
        assert_fails '*' dd if=/dev/zero of=small/file bs=1M count=8
        assert_contains "$output" 'No space left'
}

test_images_are_there() {
        jq -e .schemaVersion "$IMAGES/busybox.oci/index.json"
}

# --- What podctl says of it

outcome_of() {
        podctl check --host --format=json | jq -r ".[] | select(.name == \"$1\") | .state"
}

test_check_finds_all_there_is() {
        systemctl enable --quiet --now podctl-gc.timer podctl-image-gc.timer
        defer systemctl disable --quiet --now podctl-gc.timer podctl-image-gc.timer
        podctl check --host >out
        assert_eq "$(awk 'NR > 1 && !/ good /' out | grep -v '^inotify\|^controllers' || true)" ""
        podctl check --host --format=json | jq -r '.[] | select(.state == "good") | .remedy' >remedies
        assert_eq "$(sort -u remedies)" null
}

test_check_finds_what_is_missing() {
        systemctl mask --quiet --now systemd-machined
        defer systemctl unmask --quiet systemd-machined
        mv /usr/lib/systemd/systemd-shutdown kept
        defer mv kept /usr/lib/systemd/systemd-shutdown
        assert_fails 1 podctl check --host
        assert_contains "$output" 'no /usr/lib/systemd/systemd-shutdown'
        assert_contains "$output" 'is masked'
        assert_eq "$(outcome_of programs)" lacking
        assert_eq "$(outcome_of machined)" less
        assert_fails 254 podctl check --host site
}

# As on live systems.
test_store_on_overlayfs() {
        mkdir disk overlay
        mount -t tmpfs tmpfs disk
        defer umount disk
        mkdir disk/{lower,upper,work}
        mount -t overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work overlay overlay
        defer umount overlay
        assert_fails 1 podctl --dir="$PWD/overlay" check --host
        assert_contains "$(grep '^removed files' <<<"$output")" lacking
        assert_fails 254 podctl --dir="$PWD/overlay" --insecure-options=image fetch "$IMAGES/busybox.oci"
        assert_contains "$output" 'not on overlayfs'
        assert_eq "$(wc -l <<<"$output")" 1
}

# --- Hardened ones

test_strict_umask() {
        umask 077
        own fetch "$IMAGES/busybox.oci"
        own run busybox --user=1000 --group=1000 --exec=/bin/sh -- -c '
                cat /etc/resolv.conf /etc/hosts >/dev/null && : >/tmp/made && echo fine' >out
        assert_eq "$(cat out)" fine
        own gc --grace-period=0
        fetch busybox.oci
        pod strict busybox --name=app --user=1000 --exec=/bin/sleep -- 1000
        assert_eq "$(podctl exec strict sh -c 'ls / >/dev/null && echo fine')" fine
        systemctl -M strict is-active app.service
        podctl create later busybox --exec=/bin/true 2>/dev/null
        defer rm /etc/podctl/pods.d/later.json
        systemctl start --wait pod@later
}

# A /proc where everybody but root sees his own processes only, and a /tmp that runs nothing.
test_processes_hidden_and_tmp_without_programs() {
        mount -o remount,hidepid=2 /proc
        defer mount -o remount,hidepid=0 /proc
        mount -t tmpfs -o noexec,nosuid,nodev tmpfs /tmp
        defer umount /tmp
        own fetch "$IMAGES/busybox.oci"
        fetch busybox.oci
        pod hardened busybox --name=app --user=1000 --exec=/bin/sleep -- 1000
        assert_contains "$(podctl list --all --no-legend)" hardened
        assert_eq "$(podctl exec hardened echo fine)" fine
        systemctl -M hardened is-active app.service
        podctl check --host | awk '$NF != "" && / lacking /' >lacking
        assert_eq "$(cat lacking)" ""
        podctl stop hardened
        podctl export hardened out.aci
}
