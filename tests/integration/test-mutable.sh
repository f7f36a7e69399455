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
        podctl app rm needed --app=first
        podctl stop needed
}

test_late_app_has_its_volumes() {
        mkdir host
        echo host >host/file
        sandbox volumes --net=none
        shell_app volumes one 'cat /h/file; echo one >/e/file; cat /e/file; sleep 1000' \
                --mnt-volume=name=h,kind=host,source="$PWD/host",target=/h --mnt-volume=name=e,kind=empty,target=/e
        podctl app start volumes --app=one
        wait_until has_written volumes one one
        has_written volumes one host
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
        assert_fails 254 podctl app add refusing busybox --name=late --device=/dev/null --exec=/bin/true
        assert_contains "$output" devices
        assert_fails 254 podctl app add refusing busybox --name=late --credential=s=/no/such/file --exec=/bin/true
        assert_contains "$output" /no/such/file
        assert_fails 254 podctl app add refusing busybox --name=late --health-cmd=true --health-on-failure=fail \
                --exec=/bin/true
        assert_contains "$output" 'no app ends a mutable pod'
        assert_fails 254 podctl app add nosuch busybox --exec=/bin/true
        assert_eq "$(states refusing)" ''
        nothing_in refusing late
        podctl stop refusing
        assert_fails 254 podctl app add refusing busybox --name=late --exec=/bin/true
        assert_contains "$output" 'does not run'
}

# Whenever an addition or a removal is cut off: the next change finds a pod that it can go on with.
test_mutable_survives_kills() {
        local delay
        sandbox killed --net=none
        shell_app killed stays 'sleep 1000'
        podctl app start killed --app=stays
        for delay in 0 0.002 0.004 0.006 0.008 0.010 0.012 0.014 0.016 0.018 0.020 0.024 0.028 0.035; do
                podctl app add killed busybox --name=late --exec=/bin/true >/dev/null 2>&1 &
                sleep "$delay"
                kill -9 $! 2>/dev/null || true
                wait $! 2>/dev/null || true
                assert_contains 'stays running, stays running, late created' "$(states killed)"
                if has_states killed 'stays running'; then
                        shell_app killed late true
                fi
                podctl app rm killed --app=late &
                sleep "$delay"
                kill -9 $! 2>/dev/null || true
                wait $! 2>/dev/null || true
                if has_states killed 'stays running, late created'; then
                        podctl app rm killed --app=late
                fi
                # A change removes what is left of the one before.
                shell_app killed next true
                podctl app rm killed --app=next
                nothing_in killed late
                assert_eq "$(states killed)" 'stays running'
        done
        podctl stop killed
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
        ./rkt stop "$(cat uuid)"
        wait $!
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
