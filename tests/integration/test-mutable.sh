# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Pods whose apps come and go while they run.

fetch busybox.oci

# sandbox NAME [OPTION…]: a mutable pod without apps, which ends with the test at the latest.
sandbox() {
        defer end_pod "$1"
        podctl app sandbox --name="$1" "${@:2}" >uuid
}

# shell_app POD APP SCRIPT [OPTION…]: adds an app that runs the script.
shell_app() {
        podctl app add "$1" busybox --name="$2" "${@:4}" --exec=/bin/sh -- -c "$3" >/dev/null
}

# states POD: of its apps, in one line.
states() {
        podctl app list --no-legend "$1" | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $1, $2 }'
}

has_states() {
        [[ $(states "$1") == "$2" ]]
}

# has_written POD APP TEXT: a line of the app's log.
has_written() {
        podctl logs --output=cat --app="$2" "$1" 2>/dev/null | grep -qx "$3"
}

# as_root_of POD COMMAND…: in the pod itself, with all that its root may do.
as_root_of() {
        systemd-run --quiet --machine="$1" --pipe --wait --collect -- "${@:2}"
}

# nothing_in POD APP: no trace of the app, on the host or in the pod, in any mount namespace there.
nothing_in() {
        local root pid
        root=/proc/$(leader "$1")/root
        (cd "/var/lib/podctl/pods/run/$(cat uuid)" &&
                find . -path "*/apps/$2*" -o -path "*/volumes/$2*" -o -path "*/status/*$2*") >left
        find "$root/opt/stage2" "$root/etc/podctl/launch" -mindepth 1 -maxdepth 1 -name "$2*" 2>/dev/null >>left || true
        find "$root/etc/systemd/system" -name "*$2*" >>left
        find "$root/run/systemd/units" -name "*:$2*" >>left
        find "$(pod_cgroup "$1")" -name cgroup.procs -exec cat {} + >pids
        while read -r pid; do
                grep -s "/opt/stage2/$2/" "/proc/$pid/mountinfo" >>left || true
        done <pids
        [[ ! -s left ]] || fail "left: $(cat left)"
        wait_until no_unit_in "$1" "$2"
}

# systemd takes a look at what is mounted a few times a second.
no_unit_in() {
        [[ -z $(systemctl --machine="$1" list-units --all --plain --no-legend "*$2*") ]]
}

# descriptors POD: how many its PID 1 has open.
descriptors() {
        find "/proc/$(leader "$1")/fd" -type l | wc -l
}

has_about_as_many() {
        (($(descriptors "$1") <= $2 + 3))
}

test_mutable_sequence() {
        sandbox changing --net=none
        assert_eq "$(podctl app list changing)" 'NAME  STATE'
        assert_contains "$(podctl list)" changing
        shell_app changing one 'echo it runs; trap "exit 0" TERM; sleep 1000 & wait'
        assert_eq "$(states changing)" 'one created'
        assert_fails 254 podctl app add changing busybox --name=one --exec=/bin/true
        podctl app start changing --app=one
        assert_eq "$(states changing)" 'one running'
        wait_until has_written changing one 'it runs'
        assert_fails 254 podctl app start changing --app=one
        assert_contains "$output" 'runs already'
        # Another one comes and fails: that touches nobody.
        shell_app changing two 'exit 3'
        podctl app start changing --app=two
        wait_until has_states changing 'one running, two exited'
        assert_eq "$(podctl app status --app=two changing | sed -n 's/^exit_code=//p')" 3
        podctl app status --app=two --format=json changing |
                jq -e '.name == "two" and .state == "exited" and .exit_code == 3 and
                        .created_at <= .started_at and .started_at <= .finished_at'
        podctl app stop changing --app=one
        assert_eq "$(states changing)" 'one exited, two exited'
        podctl app stop changing --app=one
        podctl app start changing --app=one
        assert_eq "$(states changing)" 'one running, two exited'
        podctl app rm changing --app=one
        podctl app rm changing --app=two
        assert_eq "$(states changing)" ''
        nothing_in changing one
        nothing_in changing two
        assert_eq "$(state_of changing)" running
        podctl stop changing
}

# What the rest of podctl, and systemd, knows of an app that came late.
test_late_app_is_known() {
        sandbox known --net=none --volume=v,kind=empty,mode=0777
        shell_app known late 'echo a word; echo data >/tmp/mine; id -u >/v/user; sleep 1000' --user=4242 \
                --mount=volume=v,target=/v --environment=A=b --user-label=x=y --memory=64M
        podctl app start known --app=late
        wait_until has_written known late 'a word'
        assert_eq "$(podctl exec --app=late known sh -c 'id -u; cat /v/user; echo $A; echo $AC_APP_NAME')" \
                $'4242\n4242\nb\nlate'
        assert_eq "$(podctl app exec --app=late known id -u)" 0
        assert_eq "$(systemctl --machine=known show -P FragmentPath late.service)" /etc/systemd/system/late.service
        assert_contains "$(podctl list)" late
        podctl status --format=json known | jq -e '.apps[0].name == "late" and .apps[0].state == "running" and
                .apps[0].user_labels.x == "y"'
        podctl cat-manifest known | jq -e '.apps[0].name == "late"'
        podctl app status --app=late known >status
        grep -qx 'mounts=:/v:(read_only:false)' status
        grep -q '^user_labels=.*x:y' status
        assert_contains "$(podctl top known)" sleep
        assert_contains "$(podctl stats --no-stream known 2>/dev/null || podctl stats known)" late
        podctl stop known
        assert_eq "$(podctl app list --no-legend known | awk '{ print $2 }')" exited
        podctl export known late.aci
        assert_eq "$(tar -xzOf late.aci rootfs/tmp/mine)" data
}

# In a namespace of root's own there, nothing is easier to write to than what was mounted at the start.
test_late_mounts_are_locked() {
        mkdir host
        echo host >host/file
        defer end_pod locked
        podctl run --detach --mutable --name=locked --net=none --volume=v,kind=host,source="$PWD/host",readOnly=true \
                busybox --name=first --mount=volume=v,target=/v --exec=/bin/sleep -- 1000 >uuid
        podctl app add locked busybox --name=late --readonly-rootfs --mount=volume=v,target=/v \
                --mnt-volume=name=own,kind=host,source="$PWD/host",readOnly=true,target=/own \
                --exec=/bin/sleep -- 1000 >/dev/null
        podctl app start locked --app=late
        for place in first/rootfs/v late/rootfs/v late/rootfs/own late/rootfs; do
                as_root_of locked mount -o remount,bind,rw "/opt/stage2/$place" >said 2>&1 &&
                        fail "$place was made writable"
                assert_contains "$(cat said)" 'permission denied'
                as_root_of locked sh -c "echo x >/opt/stage2/$place/file" >said 2>&1 && fail "$place is writable"
        done
        assert_eq "$(cat host/file)" host
        assert_eq "$(podctl exec --app=late locked cat /own/file)" host
        podctl app rm locked --app=late
        podctl stop locked
}

# Root of the pod lays links where files of the new app go.
test_links_in_the_pod_lead_nowhere() {
        sandbox linked --net=none
        mkdir target
        as_root_of linked sh -c "rm -rf /etc/podctl /opt/stage2; ln -s $PWD/target /opt/stage2; mkdir -p /etc/podctl;
                ln -s $PWD/target /etc/podctl/launch; mv /etc/systemd/system /etc/systemd/away;
                ln -s $PWD/target /etc/systemd/system"
        assert_fails 254 podctl app add linked busybox --name=late --exec=/bin/true
        [[ -z $(ls -A target) ]] || fail "written to the host: $(ls target)"
        podctl stop linked
}

# Or makes trees and links of its own in the app's places: they are not followed, and do not keep the pod from being
# changed.
test_places_in_the_pod_are_cleared() {
        sandbox littered --net=none
        shell_app littered other 'echo it runs; sleep 1000'
        podctl app start littered --app=other
        wait_until has_written littered other 'it runs'
        as_root_of littered sh -c 'mkdir -p /opt/stage2/late/rootfs/keep /opt/stage2/over /tmp/victim
                ln -s /usr /opt/stage2/late/volumes; ln -s /usr /opt/stage2/over/rootfs; ln -s other /opt/stage2/same
                mkdir -p /opt/stage2/cross /etc/systemd/system/unit.service/x
                ln -s /opt/stage2/other/rootfs /opt/stage2/cross/rootfs
                ln -s /tmp/victim /etc/podctl/launch/link'
        for app in late over same cross unit link; do
                shell_app littered $app "echo $app runs; sleep 1000"
                podctl app start littered --app=$app
                wait_until has_written littered $app "$app runs"
        done
        as_root_of littered sh -c 'test -x /usr/bin/sh; ! ls /tmp/victim/*; mount -t tmpfs t /opt/stage2/late/rootfs
                mkdir /opt/stage2/late/own; rm -rf /opt/stage2/same/own; ln -s /opt/stage2/other /opt/stage2/same/own'
        for app in late over same cross unit link; do
                podctl app rm littered --app=$app
                nothing_in littered $app
        done
        podctl app exec --app=other littered ls / >/dev/null
        podctl stop littered
}

# What was mounted at the start is locked, and goes with the pod; the name is free all the same.
test_first_apps_go_too() {
        defer end_pod began
        podctl run --detach --mutable --name=began --net=none --volume=v,kind=empty busybox --name=one \
                --mount=volume=v,target=/v --exec=/bin/sleep -- 1000 --- busybox --name=two --exec=/bin/true >uuid
        shell_app began late 'sleep 1000'
        podctl app start began --app=late
        podctl app rm began --app=one
        assert_eq "$(states began)" 'two exited, late running'
        shell_app began one 'echo once more; ls /v; sleep 1000' --mount=volume=v,target=/v
        podctl app start began --app=one
        wait_until has_written began one 'once more'
        podctl app stop began --app=late
        podctl app rm began --app=one
        podctl app rm began --app=two
        assert_eq "$(states began)" 'late exited'
        podctl stop began
}

# An app that another one waits for stays.
test_needed_apps_stay() {
        sandbox needed --net=none
        shell_app needed first 'sleep 1000'
        shell_app needed second 'sleep 1000' --requires=first
        podctl app start needed --app=second
        assert_fails 254 podctl app rm needed --app=first
        assert_contains "$output" second
        podctl app rm needed --app=second
        shell_app needed debugger 'sleep 1000' --pids=app:first
        assert_fails 254 podctl app rm needed --app=first
        assert_contains "$output" "'debugger' sees (--pids=app:first)"
        podctl app rm needed --app=debugger
        podctl app rm needed --app=first
        podctl stop needed
}

test_late_app_has_its_volumes() {
        mkdir host
        echo host >host/file
        sandbox volumes --net=none
        chown 33:44 host
        shell_app volumes one 'cat /h/file; echo one >/e/file; cat /e/file; sleep 1000' \
                --mnt-volume=name=h,kind=host,source="$PWD/host",target=/h --mnt-volume=name=e,kind=empty,target=/e
        podctl app start volumes --app=one
        wait_until has_written volumes one one
        has_written volumes one host
        # What it writes there is its user's on the host as well.
        podctl exec --app=one volumes touch /h/of-root
        podctl app exec --app=one volumes chown 33:44 /h/of-root
        podctl exec --app=one volumes touch /h/second
        assert_eq "$(stat -c '%u:%g' host/of-root host/second)" $'33:44\n0:0'
        assert_eq "$(podctl exec --app=one volumes stat -c '%u:%g' /h /h/second)" $'33:44\n0:0'
        podctl app rm volumes --app=one
        nothing_in volumes one
        # With nothing in them that the last one left.
        shell_app volumes one 'ls /e; echo looked; sleep 1000' --mnt-volume=name=e,kind=empty,target=/e
        podctl app start volumes --app=one
        wait_until has_written volumes one looked
        assert_eq "$(podctl logs --output=cat --app=one volumes | grep -c '^file$')" 0
        podctl stop volumes
}

# In memory that is not swapped out, and gone with the app.
test_late_app_has_credentials() {
        echo hidden >secret
        chmod 600 secret
        sandbox secrets --net=none
        shell_app secrets late 'cat $CREDENTIALS_DIRECTORY/s /run/secrets/s; echo $S; id -u; sleep 1000' --user=4242 \
                --credential=s="$PWD/secret",env=S
        podctl app start secrets --app=late
        wait_until has_written secrets late 4242
        assert_eq "$(podctl logs --output=cat --app=late secrets | grep -c '^hidden$')" 3
        assert_eq "$(as_root_of secrets stat -f -c %T /etc/podctl/launch/late/credentials)" ramfs
        podctl app rm secrets --app=late
        nothing_in secrets late
        podctl stop secrets
}

# The pod's unit lets the pod use them as long as an app has them, and no longer.
test_late_app_has_devices() {
        local number
        number=$(printf '/dev/char/%d:%d' "0x$(stat -c %t /dev/fuse)" "0x$(stat -c %T /dev/fuse)")
        sandbox devices --net=none
        assert_not_contains "$(systemctl show -P DeviceAllow podctl-devices.service)" "$number"
        for app in one two; do
                shell_app devices $app 'head -c 2 /z | wc -c; : <>/dev/own; echo x >/z; echo $?; sleep 1000' \
                        --device=/dev/zero:/z:r --device=/dev/fuse:/dev/own
                podctl app start devices --app=$app
                wait_until has_written devices $app 1
                assert_eq "$(podctl logs --output=cat --app=$app devices | grep -c '^2$')" 1
        done
        assert_contains "$(systemctl show -P DeviceAllow podctl-devices.service)" "$number"
        podctl app rm devices --app=one
        assert_contains "$(systemctl show -P DeviceAllow podctl-devices.service)" "$number"
        podctl app rm devices --app=two
        assert_not_contains "$(systemctl show -P DeviceAllow podctl-devices.service)" "$number"
        assert_contains "$(systemctl show -P DeviceAllow podctl-devices.service)" /dev/net/tun
        assert_fails 254 podctl app add devices busybox --name=late --device=/etc/passwd --exec=/bin/true
        nothing_in devices late
        podctl stop devices
}

# The unit of a pod of pods.d is its owner's.
test_late_devices_of_a_named_pod() {
        defer podctl delete --force owned
        podctl create owned --mutable --net=none busybox --name=first --exec=/bin/sleep -- 1000
        systemctl start pod@owned.service
        shell_app owned late 'echo it runs; sleep 1000' --device=/dev/net/tun
        assert_fails 254 podctl app add owned busybox --name=more --device=/dev/fuse --exec=/bin/true
        assert_contains "$output" 'unit pod@owned.service does not let the pod use the device; give it DeviceAllow='
        [[ ! -e /run/systemd/system.control/pod@owned.service.d ]] || fail 'the unit was changed'
}

# In memory: one of the pod's is the same for all apps and stays with the pod, one of its own goes with an app. Neither
# can be made larger, or writable.
test_late_app_has_memory() {
        local script='ls /dev/shm /o | grep file; echo $0 >/o/file; stat -c "%a %u" /dev/shm; sleep 1000'
        defer end_pod memory
        podctl run --detach --mutable --name=memory --net=none --volume=m,kind=tmpfs,size=1M,mode=0750,uid=33 \
                --volume=second,kind=tmpfs,size=1M \
                --volume=fixed,kind=tmpfs,readOnly=true busybox --name=first --mount=volume=m,target=/dev/shm \
                --exec=/bin/sleep -- 1000 >uuid
        podctl exec --app=first memory sh -c 'echo of first >/dev/shm/file'
        shell_app memory one "$script" --mount=volume=m,target=/dev/shm --mount=volume=second,target=/l \
                --mnt-volume=name=o,kind=tmpfs,target=/o
        podctl app start memory --app=one
        wait_until has_written memory one '750 33'
        assert_eq "$(podctl exec --app=one memory sh -c 'echo one >/l/file; cat /dev/shm/file')" 'of first'
        podctl app rm memory --app=one
        nothing_in memory one
        shell_app memory two "$script" --mount=volume=m,target=/dev/shm --mount=volume=second,target=/l \
                --mount=volume=fixed,target=/fixed \
                --mnt-volume=name=o,kind=tmpfs,target=/o
        podctl app start memory --app=two
        wait_until has_written memory two '750 33'
        assert_eq "$(podctl logs --output=cat --app=two memory | grep -c '^file$')" 1
        assert_eq "$(podctl exec --app=two memory sh -c 'cat /l/file; df -k /l | awk "END { print \$2 }"')" $'one\n1024'
        as_root_of memory mount -o remount,bind,rw /opt/stage2/two/rootfs/fixed >said 2>&1 && fail 'it is writable'
        as_root_of memory mount -o remount,size=2M /opt/memory/m >said 2>&1 && fail 'it is larger'
        podctl app rm memory --app=two
        # What the pod's root has put out of the way is not replaced by another one.
        as_root_of memory mv /opt/memory /opt/moved
        assert_fails 254 podctl app add memory busybox --name=late --mount=volume=m,target=/m --exec=/bin/true
        assert_contains "$output" 'restart the pod'
        nothing_in memory late
        podctl stop memory
}

# The pod's systemd listens for it while the app runs, and after its end, but not once it was stopped.
test_late_app_has_a_socket() {
        local i
        fetch debian.oci
        sandbox listening --port=8090-tcp:tcp:8090:127.0.0.1:18081
        podctl app add listening debian --name=late --socket-activated=8090-tcp --restart=on-failure \
                --exec=/usr/bin/perl -- -e 'open S, "+<&=", 3 or die; accept C, S or die;
                print C "$ENV{LISTEN_FDS} of $ENV{LISTEN_FDNAMES}\n"; close C;
                exit 0 if -e "/tmp/failed"; open F, ">/tmp/failed" or die; exit 1' >/dev/null
        podctl app start listening --app=late
        # It fails after the first, and systemd restarts it; after the second, who connects does. Nobody is turned away.
        for i in 1 2 3; do
                assert_eq "$(timeout 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/18081 && head -n 1 <&3')" '1 of 8090-tcp'
        done
        wait_until has_states listening 'late exited'
        assert_eq "$(systemctl --machine=listening is-active late.8090-tcp.socket)" active
        podctl app stop listening --app=late
        assert_eq "$(systemctl --machine=listening is-active late.8090-tcp.socket || true)" inactive
        podctl app rm listening --app=late
        nothing_in listening late
        podctl stop listening
}

# A port of the sandbox, for an app that is not there yet; rkt's words for it.
test_late_app_has_a_port() {
        sandbox served --port=web:tcp:8000:127.0.0.1:18080
        shell_app served late 'mkdir /www; echo served >/www/index.html; exec httpd -f -p 8000 -h /www'
        podctl app start served --app=late
        wait_until eval '[[ $(curl -s http://127.0.0.1:18080/) == served ]]'
        podctl stop served
}

test_mutable_restarts() {
        sandbox again --net=none
        shell_app again late 'echo run; [ -e /once ] && sleep 1000; touch /once; exit 1' --restart=on-failure
        podctl app start again --app=late
        wait_until eval '[[ $(podctl logs --output=cat --app=late again | grep -cx run) == 2 ]]'
        assert_eq "$(states again)" 'late running'
        podctl stop again
}

# Whoever asks for the app of a pod without any is told so.
test_no_app_to_choose() {
        sandbox none --net=none
        for words in 'exec none true' 'enter none' 'attach none' 'cp none:/etc/passwd -' 'generate kube none'; do
                # shellcheck disable=SC2086  # several words
                assert_fails 254 podctl $words
                assert_eq "$output" "podctl: Pod 'none' has no apps; 'podctl app add' adds one"
        done
        assert_fails 254 podctl exec --app=gone none true
        assert_eq "$output" "podctl: Pod 'none' has no app 'gone'"
        podctl stop none
        wait_until eval '[[ $(state_of none) == exited ]]'
        assert_fails 254 podctl export none none.aci
        assert_contains "$output" 'has no apps'
        [[ ! -e none.aci ]]
}

# What an app of the pod's start is told of its host, one that comes later is told, too.
test_late_app_is_checked_against_the_host() {
        sandbox host --net=none
        if [[ ! -e /sys/kernel/security/apparmor/profiles ]]; then
                assert_fails 254 podctl app add host busybox --name=a --apparmor=none
                assert_eq "$output" "podctl: app 'a': AppArmor profile 'none': this host has no AppArmor"
        fi
        if [[ ! -e /sys/fs/selinux/context ]]; then
                assert_fails 254 podctl app add host busybox --name=a --selinux=a:b:c:d
                assert_contains "$output" 'this host has no SELinux'
        fi
        assert_eq "$(states host)" ''
        podctl app add host busybox --name=a --memory=64M 2>said >/dev/null
        if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
                assert_eq "$(cat said)" ''
        else
                assert_contains "$(cat said)" "has no effect: this host has no cgroup controller 'memory'"
        fi
        podctl stop host
}

# kernel_says POD APP: what the app has written of itself, in one line.
kernel_says() {
        podctl logs --output=cat --app="$2" "$1" | grep -E 'CapEff|Seccomp_filters' | tr -s '\n\t' '  '
}

# --insecure-options is of the app that is added, and takes nothing away that the pod was given.
test_late_app_without_protections() {
        local script='grep -E "CapEff|Seccomp_filters" /proc/self/status; echo said; exec sleep 1000' name of
        sandbox open --net=none
        for name in usual seccomp capabilities; do
                of=$name
                [[ $name != usual ]] || of=none
                podctl --insecure-options=$of app add open busybox --name=$name --exec=/bin/sh -- \
                        -c "$script" >/dev/null
                podctl app start open --app=$name
                wait_until has_written open $name said
        done
        kernel_says open usual >usual
        [[ $(kernel_says open seccomp | cut -d' ' -f2) == "$(cut -d' ' -f2 usual)" ]] || fail 'other capabilities'
        [[ $(kernel_says open seccomp) != "$(cat usual)" ]] || fail "filters as usual: $(cat usual)"
        [[ $(kernel_says open capabilities | cut -d' ' -f2) != "$(cut -d' ' -f2 usual)" ]] || fail 'as usual'
        podctl stop open
        podctl --insecure-options=all-run create open busybox --dry-run >file
        assert_eq "$(jq -r '.apps[0].annotations[] | select(.name == "podctl/insecure").value' file)" \
                capabilities,paths,seccomp
}

# The group of an app in its pod, as the host sees it.
group_of() {
        find "$(pod_cgroup "$1")" -path "*/$2.service" -type d
}

is_empty() {
        grep -qx 'populated 0' "$1/cgroup.events" 2>/dev/null || [[ ! -e $1 ]]
}

# Also in control groups below the app's own, which it may have made.
test_nothing_of_an_app_outlives_it() {
        local group pid
        sandbox below --net=none
        shell_app below late 'sleep 1001 & sleep 1002 & wait; exit 3' --pids=shared
        podctl app start below --app=late
        group=$(group_of below late)
        wait_until eval "[[ \$(grep -c . $group/cgroup.procs) -ge 3 ]]"
        mkdir -p "$group/one/two" "$group/other"
        chown -R --reference="$group" "$group/one" "$group/other"
        for name in 1001:one/two 1002:other; do
                pid=$(pgrep -f "^sleep ${name%%:*}$")
                echo "$pid" >"$group/${name#*:}/cgroup.procs"
        done
        systemctl --machine=below kill --signal=KILL --kill-whom=main late
        wait_until has_states below 'late exited'
        wait_until is_empty "$group"
        assert_fails 1 pgrep -f '^sleep 100[12]$'
        podctl stop below
}

waits_for_restart() {
        [[ $(systemctl --machine="$1" show --property=SubState --value "$2") == auto-restart ]]
}

# waiting_app POD APP SCRIPT: waits for its restart, which comes in an hour.
waiting_app() {
        podctl app add "$1" busybox --name="$2" --restart=always --exec=/bin/sh -- -c "$3" >/dev/null
        mkdir -p "/proc/$(leader "$1")/root/run/systemd/system/$2.service.d"
        printf '[Service]\nRestartSec=1h\n' >"/proc/$(leader "$1")/root/run/systemd/system/$2.service.d/pause.conf"
        systemctl --machine="$1" daemon-reload
        podctl app start "$1" --app="$2"
}

# It has ended, and does not start again: its record is that of its end.
test_app_is_stopped_before_its_restart() {
        sandbox between --net=none
        waiting_app between late 'exit 3'
        wait_until waits_for_restart between late
        assert_eq "$(states between)" 'late running'
        podctl app stop between --app=late
        assert_eq "$(states between)" 'late exited'
        assert_contains "$(podctl app status between --app=late)" exit_code=3
        podctl app start between --app=late
        assert_eq "$(states between)" 'late running'
        podctl stop between
}

# The same where podctl has no part in it, and where what records an end was killed with the app.
test_app_is_stopped_by_systemd_before_its_restart() {
        sandbox aside --net=none
        waiting_app aside ended 'exit 3'
        wait_until waits_for_restart aside ended
        assert_eq "$(states aside)" 'ended running'
        systemctl --machine=aside stop ended
        wait_until has_states aside 'ended exited'
        assert_contains "$(podctl app status aside --app=ended)" exit_code=3
        podctl app rm aside --app=ended

        waiting_app aside killed 'sleep 1000'
        systemctl --machine=aside kill --signal=KILL killed
        wait_until waits_for_restart aside killed
        systemctl --machine=aside stop killed
        wait_until has_states aside 'killed exited'
        assert_contains "$(podctl app status aside --app=killed)" exit_code=137
        podctl app rm aside --app=killed
        nothing_in aside ended
        nothing_in aside killed
        podctl stop aside
}

has_restarts() {
        [[ $(podctl status --format=json "$1" | jq '.apps[0].restarts') == "$2" ]]
}

# sleeps GROUP: not in the pause before its restart, nor on its way.
sleeps() {
        xargs -a "$1/cgroup.procs" -I{} cat /proc/{}/comm | grep -x sleep
}

# A restart counts also if nothing of the app's end was recorded, since all that was in its control group was killed.
test_all_restarts_count() {
        local group
        defer end_pod counted
        podctl run --detach --name=counted --net=none busybox --name=app --restart=always --exec=/bin/sh -- \
                -c 'echo run; exec sleep 1000'
        group=$(group_of counted app)
        for times in 1 2; do
                wait_until sleeps "$group"
                echo 1 >"$group/cgroup.kill"
                wait_until has_restarts counted $times
        done
        wait_until sleeps "$group"
        systemctl --machine=counted kill --signal=KILL --kill-whom=main app
        wait_until has_restarts counted 3
        podctl stop counted

        # What would have recorded the end was killed as well: the mark of the run is still there at the next one.
        sandbox marked --net=none
        waiting_app marked app 'exit 3'
        wait_until waits_for_restart marked app
        has_restarts marked 1
        touch "/var/lib/podctl/pods/run/$(cat uuid)/status/.run-app"
        systemctl --machine=marked restart --no-block app
        wait_until has_restarts marked 3
        podctl stop marked
}

test_mutable_refuses() {
        pod fixed --net=none busybox --exec=/bin/sleep -- 1000
        assert_fails 254 podctl app add fixed busybox --name=late --exec=/bin/true
        assert_contains "$output" 'is not mutable'
        end_pod fixed
        sandbox refusing --net=none
        assert_fails 254 podctl app start refusing --app=none
        assert_contains "$output" "no app 'none'"
        assert_fails 254 podctl app start refusing
        assert_contains "$output" --app
        assert_fails 254 podctl app add refusing
        assert_fails 254 podctl app add refusing busybox --name=dbus --exec=/bin/true
        assert_fails 254 podctl app add refusing busybox --name="$(printf 'x%.0s' {1..240})" --exec=/bin/true
        assert_contains "$output" 'has 240 characters'
        assert_fails 254 podctl app add refusing busybox --name=late --mount=volume=none,target=/v --exec=/bin/true
        assert_fails 254 podctl app add refusing busybox --name=late --exec=/no/such/program
        assert_fails 254 podctl app add refusing busybox --name=late --credential=s=/no/such/file --exec=/bin/true
        assert_contains "$output" /no/such/file
        assert_fails 254 podctl app add refusing busybox --name=late --health-cmd=true --health-on-failure=fail \
                --exec=/bin/true
        assert_contains "$output" 'no app ends a mutable pod'
        assert_contains "$output" 'leave out option --health-on-failure'
        assert_fails 254 podctl app add nosuch busybox --exec=/bin/true
        assert_eq "$(states refusing)" ''
        nothing_in refusing late
        podctl stop refusing
        assert_fails 254 podctl app add refusing busybox --name=late --exec=/bin/true
        assert_contains "$output" 'does not run'
}

# in_line: the lines of its input, sorted, in one.
in_line() {
        sort | tr '\n' ' '
}

# cut_at N COMMAND…: the command, killed as it comes to its Nth close(2).
cut_at() {
        strace -qq -o /dev/null -e trace=close -e inject=close:signal=KILL:when="$1" "${@:2}" >/dev/null 2>&1
}

# agreed POD: what has been told of its apps, to the metadata service and to pods of its network, is what it has.
agreed() {
        local have registration names=/run/podctl/network/networks/lan/hosts
        have=$(podctl app list --no-legend "$1" | awk '{ print $1 }' | in_line)
        registration=/run/podctl/metadata/pods/$(tr -d '"' <uuid)
        assert_eq "$(find "$registration/apps" -mindepth 1 -not -name '.*' -printf '%f\n' | in_line)" "$have"
        assert_eq "$(jq -r '.apps[].name' "$registration/manifest" | in_line)" "$have"
        assert_eq "$(sed -n "s/^[0-9.]* \(.*\)\.$1 # app\$/\1/p" "$names" | in_line)" "$have"
}

# cut_everywhere VERB WORD…: "podctl app VERB killed WORD…" at each of its steps. The next change, which is none of that
# app, finds a pod that it can go on with, and puts right what is left.
cut_everywhere() {
        local n status=137
        for ((n = 40; status == 137; n += 3)); do
                has_app late || [[ $1 == add ]] || shell_app killed late true
                ! has_app late || [[ $1 == rm ]] || podctl app rm killed --app=late
                status=0
                cut_at "$n" podctl app "$1" killed "${@:2}" 2>/dev/null || status=$?
                podctl app stop killed --app=stays
                agreed killed
                has_app late || nothing_in killed late
        done
        ((n > 40 + 3 * 20)) || fail "cut off at $(((n - 40) / 3)) steps only"
        assert_eq "$status" 0
}

has_app() {
        [[ $(states killed) == *"$1"* ]]
}

# lan_and_metadata: a network "lan", and the metadata service, until the test is over.
lan_and_metadata() {
        mkdir -p /etc/podctl/net.d
        defer rm /etc/podctl/net.d/10-lan.conf
        echo '{ "name": "lan", "type": "podctl", "subnet": "10.44.0.0/24" }' >/etc/podctl/net.d/10-lan.conf
        defer systemctl stop podctl-metadata.socket podctl-metadata.service
        systemctl start podctl-metadata.socket
}

test_mutable_survives_kills() {
        lan_and_metadata
        sandbox killed --net=lan --mds-register
        shell_app killed stays true
        cut_everywhere add busybox --name=late --exec=/bin/true
        cut_everywhere rm --app=late
        podctl stop killed
}

# What records the end of an app that had to be killed comes too late for one that has gone.
test_deaf_app_leaves_no_record() {
        local drop_in=/run/systemd/system/podctl-ended@.service.d
        sandbox deaf --net=none
        as_root_of deaf /bin/sh -c "mkdir -p $drop_in
                printf '[Service]\nExecStartPre=/usr/bin/sleep 2\n' >$drop_in/slow.conf; systemctl daemon-reload"
        shell_app deaf late 'trap "" TERM; echo deaf; while :; do sleep 1; done' --stop-timeout=1s
        podctl app start deaf --app=late
        wait_until has_written deaf late deaf
        podctl app rm deaf --app=late
        wait_until eval '[[ $(systemctl --machine=deaf show -P ActiveState podctl-ended@late.service) == inactive ]]'
        nothing_in deaf late
        podctl stop deaf
}

# command_is_stopped COMMAND: a process with that command line was stopped by a signal.
command_is_stopped() {
        [[ $(ps -o state= -p "$(pgrep -xf "$1")") == [Tt]* ]]
}

# is_stopped_or_over COMMAND PID: of strace, which ends with it.
is_stopped_or_over() {
        command_is_stopped "$1" || ! kill -0 "$2"
}

# Whatever the addition has done by then.
test_pod_dies_during_add() {
        local n command
        for n in 30 45 60 75; do
                sandbox "dying$n" --net=none
                command="podctl app add dying$n busybox --name=late --exec=/bin/true"
                # shellcheck disable=SC2086  # words
                strace -qq -o /dev/null -e trace=close -e inject=close:signal=STOP:when=$n $command >said 2>&1 &
                wait_until is_stopped_or_over "$command" $!
                systemctl kill --signal=KILL "podctl-dying$n.service"
                wait_until gone "dying$n"
                pkill -CONT -xf "$command" || true
                # It has been added when only the last steps were left, and is in the list then.
                if wait $!; then
                        assert_eq "$(podctl app list --no-legend "dying$n")" 'late  created'
                else
                        [[ $(wc -l <said) == 1 ]] || fail "not one message: $(cat said)"
                        assert_eq "$(podctl app list --no-legend "dying$n")" ''
                fi
                assert_eq "$(state_of "dying$n")" exited
                podctl rm "dying$n" >/dev/null
        done
}

# What the others know of it: the metadata service, pods of the same network, Prometheus.
test_late_app_is_known_elsewhere() {
        lan_and_metadata
        sandbox known --net=lan --mds-register
        agreed known
        shell_app known first 'trap "echo first ends; exit 0" TERM; echo first runs; while :; do sleep 0.1; done'
        shell_app known second 'trap "sleep 1; echo second ends; exit 0" TERM; echo second runs; while :; do sleep 0.1
                done' --after=first
        agreed known
        podctl app start known --app=first
        podctl app start known --app=second
        wait_until has_written known second 'second runs'
        assert_contains "$(podctl run --net=lan busybox --exec=/bin/cat -- /etc/hosts)" ' second.known'
        podctl exec --app=second known /bin/sh -c 'wget -q -O - $AC_METADATA_URL/acMetadata/v1/apps/second/image/id' >id
        assert_eq "$(cat id)" "$(podctl cat-manifest known | jq -r '.apps[1].image.id')"
        podctl metrics | grep -q '^podctl_app_[a-z_]*{pod="known",app="second"'
        podctl stop known
        # The last first.
        assert_eq "$(podctl logs --output=cat known | grep ends)" $'second ends\nfirst ends'
}

# In any order, side by side: nothing is left.
test_many_come_and_go() {
        local i before
        sandbox many --net=none
        # With the bus, for which the check asks, and what systemd opens for the first app that ends.
        shell_app many late true
        podctl app start many --app=late
        wait_until has_states many 'late exited'
        podctl app rm many --app=late
        nothing_in many late
        before=$(descriptors many)
        for i in 1 2 3 4 5 6 7 8; do
                shell_app many "late$i" 'sleep 1000' &
        done
        wait_for_jobs
        for i in 3 1 8 5; do
                podctl app start many --app="late$i" &
        done
        wait_for_jobs
        for i in 8 2 1 4 7 3 6 5; do
                podctl app rm many --app="late$i" &
        done
        wait_for_jobs
        nothing_in many late
        assert_eq "$(states many)" ''
        # A timer of systemd's own may have come, but not one for each app.
        wait_until has_about_as_many many "$before"
        podctl stop many
}

# What takes the manifest's place is on the disk before: a power cut leaves the old one or the new one.
test_manifest_is_on_the_disk() {
        sandbox synced --net=none
        strace -qq -o calls -e trace=fsync,fdatasync,renameat,renameat2 \
                podctl app add synced busybox --name=late --exec=/bin/true >/dev/null
        assert_eq "$(grep -B2 '"pod"' calls | sed 's/(.*//; s/2//' | paste -sd' ')" 'fsync renameat renameat'
        podctl stop synced
}

test_mutable_full_disk() {
        small_disk small 24M
        defer podctl --dir="$PWD/small" gc --grace-period=0
        podctl --dir="$PWD/small" --insecure-options=image fetch "$IMAGES/busybox.oci" >/dev/null
        defer end_pod full
        podctl --dir="$PWD/small" app sandbox --name=full --net=none >/dev/null
        head -c 64M /dev/urandom >small/fill 2>/dev/null || true
        assert_fails 254 podctl --dir="$PWD/small" app add full busybox --name=late --exec=/bin/true
        rm small/fill
        assert_eq "$(podctl --dir="$PWD/small" app list --no-legend full)" ''
        podctl --dir="$PWD/small" app add full busybox --name=late --exec=/bin/true >/dev/null
        podctl --dir="$PWD/small" stop full
}

# rkt's: it stays there as long as the pod does.
test_rkt_sandbox() {
        ln -s "$(command -v podctl)" rkt
        ./rkt app sandbox --uuid-file-save="$PWD/uuid" --net=none &
        wait_until test -s uuid
        defer end_pod "rkt-$(cat uuid)"
        wait_until eval './rkt app list "$(cat uuid)" >/dev/null 2>&1 && [[ $(state_of "$(cat uuid)") == running ]]'
        ./rkt app add "$(cat uuid)" busybox --name=app --exec=/bin/sleep -- 1000 >said
        assert_eq "$(cat said)" ''
        ./rkt app start "$(cat uuid)" --app=app
        assert_contains "$(./rkt app list "$(cat uuid)")" running
        # Where rkt had 1; podctl-from-rkt(7) says so.
        assert_fails 254 ./rkt app list 00000000
        assert_fails 254 ./rkt app status 00000000 --app=app
        assert_fails 254 ./rkt app sandbox --net=nosuch
        ./rkt stop "$(cat uuid)"
        wait
}

# As soon as there is a pod, though nothing of it is up yet.
test_apps_come_early() {
        defer end_pod early
        podctl app sandbox --name=early --net=none >/dev/null &
        wait_until eval '[[ $(state_of early 2>/dev/null) == running ]]'
        shell_app early late 'echo it runs; sleep 1000'
        podctl app start early --app=late
        wait_until has_written early late 'it runs'
        wait $!
        podctl stop early
}

# Its command waits for the pod, and not for the apps that it began with.
test_run_mutable_waits() {
        defer end_pod waiting
        podctl run --mutable --name=waiting --net=none busybox --name=first --exec=/bin/sh -- -c 'echo first; exit 5' \
                >said 2>&1 &
        wait_until eval '[[ $(states waiting 2>/dev/null) == "first exited" ]]'
        assert_eq "$(state_of waiting)" running
        shell_app waiting late 'echo late; sleep 1000'
        podctl app start waiting --app=late
        wait_until has_written waiting late late
        podctl stop waiting >/dev/null
        wait $! || true
        assert_contains "$(cat said)" first
}

# What apps write that come later is printed as well, to the last byte, and nothing of those that go is kept.
test_run_mutable_prints_late_apps() {
        local before
        defer end_pod printing
        podctl run --mutable --name=printing --net=none busybox --name=first --exec=/bin/sh -- \
                -c 'echo one; sleep 1000' >said 2>warned &
        wait_until grep -qx 'first: one' said
        before=$(find "/proc/$!/fd" -type l | wc -l)
        for late in late later; do
                shell_app printing "$late" 'echo out; echo error >&2; printf unfinished'
                podctl app start printing --app="$late"
                wait_until grep -qx "$late: unfinished" said
                podctl app rm printing --app="$late"
        done
        grep -qx 'late: error' warned
        assert_eq "$(grep -c 'late: out' said)" 1
        wait_until eval "[[ \$(find /proc/$!/fd -type l | wc -l) == $before ]]"

        # Much, at the end of the pod.
        shell_app printing much 'trap "seq 5000; exit" TERM; while :; do sleep 0.1; done'
        podctl app start printing --app=much
        podctl stop printing >/dev/null
        wait $! || true
        assert_eq "$(grep -c '^much: ' said)" 5000
        assert_eq "$(find /var/lib/podctl/pods -path "*/output/late")" ''
}

# Where the pod has no user IDs of its own, the way into it is another.
test_late_app_without_user_ids() {
        sandbox plain --net=none --private-users=no
        shell_app plain late 'id -u; touch /mine; sleep 1000' --readonly-rootfs
        podctl app start plain --app=late
        wait_until has_written plain late 0
        podctl app rm plain --app=late
        nothing_in plain late
        podctl stop plain
}

# Options of "app add" that have no test of their own: the option, what runs in the app, and what it prints.
ADD_OPTIONS='
--working-dir=/tmp                                  pwd                             /tmp
--group=33                                          id -g                           33
--supplementary-gids=7,8                            id -G                           0 7 8
--oom-score-adj=100                                 cat /proc/self/oom_score_adj    100
--set-env-file=file                                 echo $FROM_FILE                 word
--seccomp=mode=remove,errno=ENOSYS,mkdir,mkdirat    mkdir /x 2>/dev/null || echo no no
--rlimit=NOFILE=77                                  ulimit -n                       77
'

test_add_and_start() {
        sandbox at-once --net=none
        assert_eq good "$(podctl app add --start at-once busybox --name=good --exec=/bin/sh -- \
                -c 'echo here; exec sleep 1000')"
        has_states at-once 'good running'
        wait_until has_written at-once good here
        # One that cannot be started is there nevertheless.
        install -d -m 0755 volume
        install -m 0755 /dev/stdin volume/script <<<'#!/no/interpreter'
        assert_fails 254 podctl app add --start at-once busybox --name=bad \
                --mnt-volume="name=v,kind=host,source=$PWD/volume,target=/v" --exec=/v/script
        assert_contains "$output" "App 'bad' did not start: "
        assert_contains "$output" /no/interpreter
        has_states at-once 'good running, bad exited'
        podctl app rm at-once --app=bad
        podctl stop at-once
}

test_options_of_app_add() {
        local line option script expected n=0
        sandbox options --net=none
        echo FROM_FILE=word >file
        while read -r line; do
                [[ $line ]] || continue
                option=${line:0:52} script=${line:52:32} expected=${line:84}
                n=$((n + 1))
                # Some are the whole command's, before the image.
                if [[ $option == --set-env-file* ]]; then
                        podctl app add options "${option%% *}" busybox --name="app$n" --exec=/bin/sh -- -c "$script"
                else
                        shell_app options "app$n" "$script" "${option%% *}"
                fi >/dev/null
                podctl app start options --app="app$n"
                wait_until has_written options "app$n" "$expected"
        done <<<"$ADD_OPTIONS"
        # Those that systemd carries out, and those that are only kept.
        shell_app options kept true --cpu=500m --cpu-shares=512 --memory=64M --annotation=example.com/a=b
        assert_eq "$(systemctl --machine=options show -P CPUQuotaPerSecUSec kept.service)" 500ms
        assert_eq "$(systemctl --machine=options show -P CPUWeight kept.service)" 50
        podctl cat-manifest options | jq -e '.apps[-1].annotations[] | select(.name == "example.com/a").value == "b"'
        assert_fails 254 podctl app add options "$IMAGES/busybox.aci" --signature=/no/such/file --exec=/bin/true
        assert_contains "$output" /no/such/file
        podctl stop options
}

test_options_of_sandbox() {
        local line
        sandbox options --net=none --dns=192.0.2.53 --dns-search=example.org --dns-opt=ndots:3 \
                --dns-domain=example.com --hosts-entry=192.0.2.9=mirror --hostname=box \
                --annotation=example.com/a=b --user-label=l=m --user-annotation=n=o
        shell_app options app 'cat /etc/resolv.conf /etc/hosts; hostname; echo done'
        podctl app start options --app=app
        wait_until has_written options app 'done'
        podctl logs --output=cat --app=app options >said
        for line in 'nameserver 192.0.2.53' 'search example.org' 'options ndots:3' 'domain example.com' \
                '192.0.2.9 mirror' box; do
                grep -qx "$line" said || fail "no '$line' in $(cat said)"
        done
        podctl cat-manifest options | jq -e '(.annotations[] | select(.name == "example.com/a").value == "b") and
                .userLabels.l == "m" and .userAnnotations.n == "o"'
        podctl stop options
}

# What runs beside an app.
test_late_app_has_company() {
        sandbox company --net=none
        podctl app add company busybox --name=late --health-cmd='test -e /healthy' --health-interval=200ms \
                --stop-timeout=20s --exec=/bin/sh -- -c 'touch /healthy; sleep 1000' >/dev/null
        podctl app start company --app=late
        wait_until eval 'podctl list | grep -q " healthy "'
        podctl app rm company --app=late
        nothing_in company late
        podctl stop company
}

# What a journal has of others, or of no app, is not the pod's.
test_log_without_apps() {
        local where
        for where in host both; do
                sandbox "bare-$where" --log="$where"
                podctl logs --output=json "bare-$where" | jq -r '.PODCTL_POD_UUID // "of another"' | sort -u >whose
                grep -vxF "$(cat uuid)" whose && fail "with --log=$where, others' entries are shown: $(cat whose)"
                podctl stop "bare-$where" >/dev/null
        done
}

# Apps that came after the reader, and those that were removed before it.
test_log_of_apps_that_come_and_go() {
        sandbox flowing
        podctl logs --output=cat --follow flowing >followed &
        local reader=$!
        shell_app flowing early 'echo early; exec sleep 1000'
        podctl app start --app=early flowing
        wait_until grep -qx early followed
        podctl app stop --app=early flowing
        podctl app rm --app=early flowing
        assert_eq "$(podctl logs --output=cat flowing)" early
        assert_fails 254 podctl logs --app=early flowing
        assert_contains "$output" 'shown without --app'
        podctl stop flowing >/dev/null
        wait "$reader"
}
