# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Whatever is killed, and whenever: the next start works, and `podctl gc` removes every trace.
# On any systemd, the same.

fetch busybox.oci

no_address_is_taken() { [[ -z $(find /run/podctl/network -name '172.*' -o -path '*/claims/*') ]]; }

# nothing_left: after a collection there is no pod, and nothing that one had.
nothing_left() {
        podctl gc --grace-period=0 2>/dev/null
        assert_eq "$(podctl list --all --no-legend)" ''
        assert_eq "$(find /var/lib/podctl/pods -mindepth 2 -maxdepth 2)" ''
        assert_eq "$(machinectl list --no-legend)" ''
        # What clears away after the last pod goes by itself.
        systemctl list-units --all --plain --no-legend --state=active,activating,deactivating 'podctl-*.service' >units
        assert_eq "$(grep -v '^podctl-networks-' units || true)" ''
        findmnt -rn -o TARGET >mounts
        assert_eq "$(grep -E 'podctl|nspawn/' mounts | grep -v '^/var/lib/podctl-test-images' || true)" ''
        assert_eq "$(find /var/log/journal -maxdepth 1 -type l)" ''
        find /run/systemd/nspawn -mindepth 1 ! -path '*/locks*' ! -name 'propagate' ! -name unix-export \
                >nspawn 2>/dev/null || true
        assert_eq "$(cat nspawn)" ''
        assert_eq "$(held_locks)" ''
        wait_until no_address_is_taken
}

# Files of uid ranges and names that somebody still has the lock of.
held_locks() {
        python3 - <<'P'
import fcntl, glob, struct
for path in glob.glob("/run/systemd/nspawn-uid/*") + glob.glob("/run/podctl/names/*"):
    with open(path, "r+b") as f:
        try:
            fcntl.fcntl(f, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(path)
P
}

# works NAME: a pod of that name starts and does what it is told.
works() {
        assert_eq "$(podctl run --name="$1" busybox --exec=/bin/echo -- fine)" fine
}

# settled NAME: whoever was left alone with half a start has given it up or finished it.
settled() {
        [[ $(systemctl show --property=ActiveState --value "podctl-$1.service") != *ing ]]
}

# The client alone is killed, at fourteen moments of the first 200 ms. What it asked for may come up.
test_killed_client() {
        local i pid before
        before=$(findmnt -rn -o TARGET,SOURCE | sort)
        for i in {0..13}; do
                podctl run --name=killed busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1 &
                pid=$!
                sleep "$(printf '0.%03d' $((i * 15)))"
                kill -9 $pid
                wait $pid || true
                wait_until settled killed
                podctl stop --force killed >/dev/null 2>&1 || true
                wait_until gone killed
                works killed
        done
        nothing_left
        assert_eq "$(findmnt -rn -o TARGET,SOURCE | sort)" "$before"
}

# Now the pod's own process, which begins as podctl and becomes nspawn: the client says so and ends.
test_killed_start() {
        local i pid
        for i in {0..13}; do
                podctl run --name=killed busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1 &
                pid=$!
                until systemctl kill --kill-whom=main --signal=CONT podctl-killed.service 2>/dev/null ||
                        is_over $pid; do
                        :
                done
                sleep "$(printf '0.%03d' $((i * 15)))"
                systemctl kill --kill-whom=main --signal=KILL podctl-killed.service 2>/dev/null || true
                wait_until is_over $pid
                wait_until gone killed
                works killed
                wait_until gone killed
        done
        nothing_left
}

# All at once, as the OOM killer of a session would.
test_killed_client_and_start() {
        local i pid
        for i in {0..9}; do
                podctl run --name=killed busybox --exec=/bin/sleep -- 1000 >/dev/null 2>&1 &
                pid=$!
                sleep "$(printf '0.%03d' $((i * 20)))"
                kill -9 $pid
                systemctl kill --kill-whom=all --signal=KILL podctl-killed.service 2>/dev/null || true
                wait $pid || true
                wait_until settled killed
                podctl stop --force killed >/dev/null 2>&1 || true
                wait_until gone killed
                works killed
        done
        nothing_left
}

test_killed_nspawn() {
        pod killed busybox --exec=/bin/sleep -- 1000
        kill -9 "$(systemctl show --property=MainPID --value podctl-killed.service)"
        wait_until gone killed
        assert_contains "$(podctl status killed)" state=exited
        works killed
        nothing_left
}

# The client of a pod whose nspawn is killed says what happened, by its status too.
test_client_of_a_killed_pod() {
        local pid status=0
        podctl run --name=killed busybox --exec=/bin/sleep -- 1000 2>err &
        pid=$!
        wait_until podctl status --wait-ready killed
        kill -9 "$(systemctl show --property=MainPID --value podctl-killed.service)"
        wait $pid || status=$?
        assert_eq $status 137
        assert_eq "$(cat err)" "podctl: Pod 'killed' was cut off: unit podctl-killed.service ended with 'signal'"
        nothing_left
}

test_killed_pid_1() {
        pod killed busybox --exec=/bin/sleep -- 1000
        kill -9 "$(leader killed)"
        wait_until gone killed
        assert_contains "$(podctl status killed)" state=exited
        works killed
        nothing_left
}

journald_is_another() {
        local pid
        pid=$(systemctl -M "$1" show --property=MainPID --value systemd-journald.service)
        [[ $pid != 0 && $pid != "$2" ]]
}

test_killed_journal_of_the_pod() {
        local before
        pod robust busybox --name=app --exec=/bin/sh -- -c 'while :; do echo tick; sleep 0.1; done'
        before=$(systemctl -M robust show --property=MainPID --value systemd-journald.service)
        systemctl -M robust kill --kill-whom=main --signal=KILL systemd-journald.service
        wait_until journald_is_another robust "$before"
        assert_contains "$(podctl status robust)" state=running
        app_runs robust app
        podctl stop robust
        wait_until gone robust
}

test_killed_machined() {
        pod kept busybox --exec=/bin/sleep -- 1000
        systemctl kill --signal=KILL systemd-machined.service
        wait_until machinectl show kept
        podctl stop kept
        wait_until gone kept
        nothing_left
}

test_killed_collection() {
        local i pid
        for i in {0..5}; do
                podctl run busybox --exec=/bin/true
                podctl run busybox --exec=/bin/true
                podctl gc --grace-period=0 >/dev/null 2>&1 &
                pid=$!
                sleep "0.00$i"
                kill -9 $pid 2>/dev/null || true
                wait $pid || true
                podctl list --all >/dev/null
        done
        nothing_left
}

# One of two gets the name, and the other hears whose it is.
test_two_starts_of_one_name() {
        local i status first second
        for i in {1..5}; do
                podctl run --detach --name=twice busybox --exec=/bin/sleep -- 1000 >first 2>&1 &
                first=$!
                podctl run --detach --name=twice busybox --exec=/bin/sleep -- 1000 >second 2>&1 &
                second=$!
                defer end_pod twice
                status=0
                wait $first || status=$?
                wait $second || status=$status+$?
                [[ $status == 254 || $status == 0+254 ]] || fail "statuses $status: $(cat first second)"
                assert_contains "$(cat first second)" "'twice'"
                assert_contains "$(cat first second)" 'in use'
                assert_eq "$(podctl list --all --no-legend | wc -l)" 1
                podctl stop twice >/dev/null
                wait_until gone twice
                podctl gc --grace-period=0 2>/dev/null
        done
}

test_many_starts_at_once() {
        local i
        for i in {1..8}; do
                podctl run --name="many-$i" busybox --exec=/bin/cat -- /proc/self/uid_map >"map.$i" &
        done
        wait_for_jobs
        for i in {1..8}; do
                [[ -s map.$i ]] || fail "pod $i said nothing; its journal: $(podctl logs "many-$i")"
        done
        assert_eq "$(cat map.* | awk '{ print $2 }' | sort -u | wc -l)" 8
        nothing_left
}

# --- A disk without room

test_full_disk_at_the_start() {
        small_disk small 24M
        DATA=$PWD/small/data
        own fetch "$IMAGES/busybox.oci"
        dd if=/dev/zero of=small/ballast bs=64K 2>/dev/null || true
        dd if=/dev/zero of=small/ballast2 bs=1 2>/dev/null || true
        assert_fails '*' own run --name=full busybox --exec=/bin/echo -- fine
        assert_contains "$output" 'No space left'
        own gc --grace-period=0 || true
        rm small/ballast*
        assert_eq "$(own list --all --no-legend)" ''
        assert_eq "$(own run --name=full busybox --exec=/bin/echo -- fine)" fine
        own gc --grace-period=0
}

# What has run is removed from a disk that is full by now.
test_full_disk_at_the_end() {
        small_disk small 32M
        DATA=$PWD/small/data
        own fetch "$IMAGES/busybox.oci"
        defer own gc --grace-period=0
        own run --name=filling busybox --exec=/bin/sh -- -c \
                'dd if=/dev/zero of=/file bs=64K 2>/dev/null; echo full' || true
        own run --name=second busybox --exec=/bin/true >/dev/null 2>&1 || true
        own list --all
        own gc --grace-period=0
        assert_eq "$(find "$DATA/pods" -mindepth 2 -maxdepth 2)" ''
        assert_eq "$(own run busybox --exec=/bin/echo -- fine)" fine
}

test_full_disk_at_the_fetch() {
        small_disk small 16M
        DATA=$PWD/small/data
        assert_fails 254 own fetch "$IMAGES/debian.oci"
        assert_contains "$output" 'No space left'
        assert_eq "$(ls -A "$DATA/images/tmp")" ''
        own fetch "$IMAGES/busybox.oci"
}

# --- Pods that are none

# One broken pod stops nothing but itself.
test_broken_pods() {
        local pods=/var/lib/podctl/pods uuid
        podctl run --name=whole busybox --exec=/bin/true
        uuid=$(podctl status --format=json whole | jq -r .name)
        mkdir -p $pods/{embryo,prepare,prepared,run,exited-garbage,garbage}
        mkdir $pods/run/00000000-0000-4000-8000-00000000000{1,2,3,4,5}
        mkdir $pods/prepared/00000000-0000-4000-8000-000000000006
        echo '{' >$pods/run/00000000-0000-4000-8000-000000000001/pod
        : >$pods/run/00000000-0000-4000-8000-000000000002/pod
        mkdir $pods/run/00000000-0000-4000-8000-000000000003/pod
        ln -s /nowhere $pods/run/00000000-0000-4000-8000-000000000004/pod
        cp "$pods/run/$uuid/pod" $pods/run/00000000-0000-4000-8000-000000000005/
        mkdir $pods/run/not-a-uuid
        : >$pods/run/00000000-0000-4000-8000-000000000007
        ln -s /etc $pods/run/00000000-0000-4000-8000-000000000008
        defer rm -rf $pods/run/not-a-uuid $pods/run/00000000-0000-4000-8000-00000000000{7,8}
        podctl list --all >list 2>errors || true
        assert_contains "$(cat list)" whole
        podctl list --all --format=json 2>/dev/null | jq -e 'map(select(.machine == "whole")) | length == 1'
        podctl status whole
        podctl gc --grace-period=0 --expire-prepared=0 || true
        assert_fails 254 podctl status whole
        assert_eq "$(find $pods -mindepth 2 -maxdepth 2 -type d ! -name not-a-uuid)" ''
        [[ -e /etc/passwd ]]
        works whole
}

# A pod whose image was damaged is refused, and says which part is missing.
test_damaged_store() {
        own fetch "$IMAGES/busybox.oci"
        rm -rf "$(find data/images/layers -maxdepth 1 -name 'sha256-*' | sed -n 1p)"
        assert_fails 254 own run busybox --exec=/bin/true
        assert_contains "$output" sha256
        assert_eq "$(own list --all --no-legend)" ''
        own fetch "$IMAGES/busybox.oci"
        assert_eq "$(own run busybox --exec=/bin/echo -- fine)" fine
        own gc --grace-period=0
}

# On the host nothing is ever mounted by a pod, killed or not, but nspawn's own while it runs.
test_mounts_before_during_and_after() {
        local before
        mounts() {
                findmnt -rn -o TARGET,SOURCE,FSTYPE,OPTIONS | grep -v '^/run/systemd/nspawn/' | sort
        }
        before=$(mounts)
        pod mounting --volume=v,kind=empty --mount=volume=v,target=/v busybox --exec=/bin/sleep -- 1000
        assert_eq "$(mounts)" "$before"
        kill -9 "$(systemctl show --property=MainPID --value podctl-mounting.service)"
        wait_until gone mounting
        nothing_left
        assert_eq "$(mounts)" "$before"
}
