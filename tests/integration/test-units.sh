# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Pods as units: pod@NAME.service with its manifest in pods.d, and podctl as the main process of
# a unit of the user's own. In all of them what systemd watches is the container itself.

fetch busybox.oci httpd.oci

# declare_pod NAME SCRIPT [DIR]: a pod of one app that runs it, until the test is over.
declare_pod() {
        local dir=${3:-/etc/podctl/pods.d}
        mkdir -p "$dir"
        jq -n --arg script "$2" '{acVersion: "0.8.11", acKind: "PodManifest", apps: [{
                name: "app", image: {name: "busybox"},
                app: {exec: ["/bin/sh", "-c", $script], user: "0", group: "0"}}]}' >"$dir/$1.json"
        defer rm -f "$dir/$1.json"
        defer systemctl reset-failed "pod@$1.service" 2>/dev/null
        defer systemctl stop "pod@$1.service"
}

property() {
        systemctl show --property="$2" --value "$1"
}

# unit NAME LINE…: a service of the user's own, until the test is over.
unit() {
        local name=$1
        shift
        printf '%s\n' '[Service]' "$@" >"/run/systemd/system/$name.service"
        systemctl daemon-reload
        defer systemctl daemon-reload
        defer rm -f "/run/systemd/system/$name.service"
        defer systemctl reset-failed "$name.service" 2>/dev/null
        defer systemctl stop "$name.service"
}

unit_ended() {
        [[ $(property "$1" ActiveState) =~ ^(inactive|failed)$ ]]
}

test_ten_starts_in_a_row() {
        declare_pod ten 'echo up; exec sleep 1000'
        for _ in {1..10}; do
                systemctl start pod@ten.service
                assert_eq "$(property pod@ten.service ActiveState)" active
                assert_eq "$(machinectl list --no-legend | awk '{ print $1, $2, $3 }')" 'ten container podctl'
                systemctl stop pod@ten.service
                gone ten
                assert_eq "$(property pod@ten.service ActiveState)" inactive
        done
        # Each start is a fresh pod; the last few are kept.
        assert_eq "$(podctl list --all --format=json | jq '[.[] | select(.machine == "ten")] | length')" 5
}

test_restart() {
        local first
        declare_pod again 'exec sleep 1000'
        systemctl start pod@again.service
        first=$(podctl status --format=json again | jq -r .name)
        systemctl restart pod@again.service
        assert_eq "$(property pod@again.service ActiveState)" active
        [[ $(podctl status --format=json again | jq -r .name) != "$first" ]]
}

# /etc before /run before /usr/lib, as for units.
test_directories_have_an_order() {
        local dir
        for dir in /usr/lib /run /etc; do
                declare_pod where "echo from $dir; exec sleep 1000" $dir/podctl/pods.d
                systemctl restart pod@where.service
                wait_until podctl logs where
                wait_until eval 'podctl logs --output=cat where | grep -q .'
                assert_eq "$(podctl logs --output=cat where)" "from $dir"
        done
}

test_enabled_with_a_drop_in() {
        declare_pod kept 'exec sleep 1000'
        mkdir -p /run/systemd/system/pod@kept.service.d
        printf '[Service]\nMemoryMax=123M\nSlice=kept.slice\n' >/run/systemd/system/pod@kept.service.d/limit.conf
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/pod@kept.service.d
        systemctl daemon-reload
        systemctl enable --now pod@kept.service
        defer systemctl disable pod@kept.service
        assert_eq "$(property pod@kept.service ActiveState)" active
        assert_eq "$(systemctl is-enabled pod@kept.service)" enabled
        assert_eq "$(property pod@kept.service MemoryMax)" $((123 << 20))
        assert_eq "$(property pod@kept.service Slice)" kept.slice
        # It is one of the machines that are started together.
        assert_contains "$(property machines.target Wants)" pod@kept.service
}

# Limits of the whole pod count also in a unit that podctl did not make.
test_limits_of_the_manifest() {
        declare_pod limited 'exec sleep 1000'
        jq '.isolators = [
                {name: "resource/memory", value: {limit: "150M"}},
                {name: "os/linux/cpu-shares", value: 2048}]' \
                /etc/podctl/pods.d/limited.json >limited.json
        cp limited.json /etc/podctl/pods.d/
        systemctl start pod@limited.service
        assert_eq "$(systemctl -M limited show --property=MemoryMax --value system.slice)" 150000000
        assert_eq "$(systemctl -M limited show --property=CPUWeight --value system.slice)" 200
        systemctl stop pod@limited.service
        unit own 'KillMode=mixed' "ExecStart=/usr/bin/podctl run --name=own --pod-manifest=$PWD/limited.json"
        systemctl start own.service
        wait_until app_runs own app
        assert_eq "$(systemctl -M own show --property=MemoryMax --value system.slice)" 150000000
}

# id_of_busybox: as a manifest has it.
id_of_busybox() {
        podctl image list --full --format=json |
                jq -r '.[] | select(.name | test("busybox:latest")) | .id' | tr - :
}

# The manifest names the image and nothing else; what runs has its digest.
test_image_by_name() {
        declare_pod named 'exec sleep 1000'
        systemctl start pod@named.service
        assert_eq "$(podctl cat-manifest named | jq -r .apps[0].image.id)" "$(id_of_busybox)"
}

test_image_by_id() {
        declare_pod by-id 'exec sleep 1000'
        jq --arg id "$(id_of_busybox)" '.apps[0].image = {id: $id}' /etc/podctl/pods.d/by-id.json >manifest
        cp manifest /etc/podctl/pods.d/by-id.json
        systemctl start pod@by-id.service
}

test_failure_is_the_units() {
        declare_pod failing 'sleep 0.5; exit 3'
        systemctl start pod@failing.service || true
        wait_until unit_ended pod@failing.service
        assert_eq "$(property pod@failing.service ActiveState)" failed
        assert_eq "$(property pod@failing.service Result)" exit-code
        assert_eq "$(property pod@failing.service ExecMainStatus)" 3
        assert_contains "$(podctl status failing)" app-app=3
}

test_success_is_the_units() {
        declare_pod 'done' 'sleep 0.5'
        systemctl start pod@done.service || true
        wait_until unit_ended pod@done.service
        assert_eq "$(property pod@done.service ActiveState)" inactive
        assert_eq "$(property pod@done.service Result)" success
}

test_missing_manifest_and_image() {
        defer systemctl reset-failed pod@nosuch.service
        assert_fails '*' systemctl start pod@nosuch.service
        assert_contains "$(journalctl --no-pager -o cat -u pod@nosuch.service)" pods.d/nosuch.yaml
        declare_pod imageless 'exec sleep 1000'
        sed -i s/busybox/no-such-image/ /etc/podctl/pods.d/imageless.json
        assert_fails '*' systemctl start pod@imageless.service
        assert_contains "$(journalctl --no-pager -o cat -u pod@imageless.service)" no-such-image
        declare_pod broken 'exec sleep 1000'
        echo '{' >/etc/podctl/pods.d/broken.json
        assert_fails '*' systemctl start pod@broken.service
        assert_contains "$(journalctl --no-pager -o cat -u pod@broken.service)" broken.json
        assert_eq "$(podctl list --all --no-legend)" ''
}

# The unit is there when the apps are, and one that has its own word for it is waited for.
test_readiness_of_an_app() {
        mkdir helper
        cat >helper/notify.c <<'C'
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET");
        int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

        if (!path)
                return 9;
        strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
        if (*path == '@')
                address.sun_path[0] = 0;
        if (creat("/helper/waits", 0644) < 0)
                return 7;
        while (access("/helper/go", F_OK) < 0)
                usleep(50000);
        if (sendto(fd, "READY=1", 7, 0, (struct sockaddr *) &address,
                   (socklen_t) (sizeof(sa_family_t) + strlen(path))) < 0)
                return 8;
        return pause();
}
C
        gcc -static -o helper/notify helper/notify.c
        declare_pod notifying 'exec /helper/notify'
        jq --arg source "$PWD/helper" '
                .apps[0].annotations = [{name: "appc.io/executor/supports-systemd-notify", value: "true"}]
                | .volumes = [{name: "helper", kind: "host", source: $source}]
                | .apps[0].mounts = [{volume: "helper", path: "/helper"}]' \
                /etc/podctl/pods.d/notifying.json >manifest
        cp manifest /etc/podctl/pods.d/notifying.json
        systemctl start --no-block pod@notifying.service
        wait_until test -e helper/waits
        assert_eq "$(systemctl -M notifying show --property=ActiveState --value app.service)" activating
        assert_eq "$(property pod@notifying.service ActiveState)" activating
        touch helper/go
        wait_until systemctl is-active pod@notifying.service
}

test_own_unit_runs_in_place() {
        unit own 'Type=notify' 'NotifyAccess=all' 'MemoryMax=150M' \
                'ExecStart=/usr/bin/podctl run --name=own busybox --name=app --exec=/bin/sleep -- 1000'
        systemctl start own.service
        assert_eq "$(property own.service ActiveState)" active
        assert_contains "$(tr '\0' ' ' <"/proc/$(property own.service MainPID)/cmdline")" systemd-nspawn
        assert_eq "$(pod_unit own)" own.service
        assert_eq "$(property own.service MemoryMax)" $((150 << 20))
        assert_contains "$(systemctl status --no-pager own.service)" '/bin/sleep 1000'
        assert_contains "$(podctl status own)" unit=own.service
        systemctl stop own.service
        gone own
        assert_contains "$(podctl status own)" state=exited
        assert_eq "$(property own.service ActiveState)" inactive
}

test_own_unit_that_kills_all_at_once() {
        local mode cursor told=
        for mode in control-group mixed; do
                cursor=$(journalctl --quiet -n 1 --output=json | jq -r .__CURSOR)
                unit own KillMode=$mode 'ExecStart=/usr/bin/podctl run --name=own busybox --name=app --exec=/bin/true'
                systemctl start own.service
                wait_until is_inactive own.service
                journalctl --sync
                journalctl --output=cat --quiet --unit=own.service --after-cursor="$cursor" >journal
                told+=" $(grep -c 'with KillMode=mixed in its' journal || true)"
        done
        assert_eq "$told" ' 1 0'
}

test_own_unit_fails_as_the_pod_does() {
        unit own 'ExecStart=/usr/bin/podctl run --name=own busybox --exec=/bin/sh -- -c "exit 3"'
        systemctl start own.service
        wait_until unit_ended own.service
        assert_eq "$(property own.service ExecMainStatus)" 3
        unit own 'ExecStart=/usr/bin/podctl run --name=own no-such-image'
        systemctl start own.service || true
        wait_until unit_ended own.service
        assert_eq "$(property own.service ExecMainStatus)" 254
}

# A unit that restarts its pod gets it, and under the same name.
test_own_unit_restarts() {
        unit own 'Restart=always' 'RestartSec=100ms' 'KillMode=mixed' \
                'ExecStart=/usr/bin/podctl run --name=own busybox --name=app --exec=/bin/sleep -- 1000'
        systemctl start own.service
        wait_until machinectl show own
        kill -9 "$(property own.service MainPID)"
        restarted() {
                (($(property own.service NRestarts) > 0)) && machinectl show own
        }
        wait_until restarted
        wait_until app_runs own app
}

# The unit that rkt's users have. Nothing of the pod's is left that others could want.
test_own_unit_marks_its_pod() {
        local uuid
        fetch httpd.oci
        ln -s "$(command -v podctl)" rkt
        unit own 'KillMode=mixed' \
                "ExecStart=$PWD/rkt run --net=default --port=8080-tcp:8123 --uuid-file-save=$PWD/uuid httpd" \
                "ExecStopPost=$PWD/rkt gc --mark-only"
        systemctl start own.service
        wait_until test -s uuid
        uuid=$(cat uuid)
        wait_until test -e "/run/podctl/network/claims/$uuid"
        systemctl stop own.service
        assert_contains "$(podctl list --all --full)" 'exited garbage'
        wait_until test -z "$(find /run/podctl/names /run/podctl/network/claims -mindepth 1)"
        assert_eq "$(find /run/podctl/network -name '[0-9]*')" ''
}

# As units for Docker are written: systemd stops the unit and waits for who wants it stopped.
test_own_unit_with_commands_for_its_stop() {
        local words
        for words in own '--time=1s own' '--force own'; do
                unit own 'Type=notify' 'KillMode=mixed' \
                        'ExecStartPre=-/usr/bin/podctl stop own' 'ExecStartPre=-/usr/bin/podctl rm own' \
                        'ExecStart=/usr/bin/podctl run --name=own busybox --name=app --exec=/bin/sleep -- 1000' \
                        "ExecStop=/usr/bin/podctl stop $words"
                systemctl start own.service
                systemctl stop own.service
                [[ $(property own.service Result) == success || $words == --force* ]]
                [[ $(property own.service Result) != timeout ]]
                gone own
        done
        assert_contains "$(podctl status own)" state=exited
}

# One pod after another in the same unit: each has user IDs of its own.
test_own_unit_with_several_pods() {
        unit own 'Type=notify' 'Delegate=yes' 'KillMode=mixed' \
                'ExecStartPre=/usr/bin/podctl run --name=migrate busybox --exec=/bin/true' \
                'ExecStart=/usr/bin/podctl run --name=own busybox --name=app --exec=/bin/sleep -- 1000'
        systemctl start own.service
        assert_eq "$(podctl exec own echo up)" up
        systemctl stop own.service
        unit jobs 'Type=oneshot' 'ExecStart=/usr/bin/podctl run --name=first busybox --exec=/bin/true' \
                'ExecStart=/usr/bin/podctl run --name=second busybox --exec=/bin/sh -- -c "exit 3"'
        assert_fails '*' systemctl start jobs.service
        assert_eq "$(property jobs.service ExecMainStatus)" 3
}

# What waits for its process to exit does not wait for the pod's end when the pod is to be detached.
test_own_unit_that_only_starts_pods() {
        defer end_pod made
        unit maker 'Type=oneshot' 'RemainAfterExit=yes' \
                'ExecStart=/usr/bin/podctl run --detach --name=made busybox --name=app --exec=/bin/sleep -- 1000'
        timeout 100 systemctl start maker.service
        assert_eq "$(pod_unit made)" podctl-made.service
        systemctl stop maker.service
        assert_eq "$(podctl exec made echo up)" up
}

# Nobody is there who would carry it.
test_own_unit_with_standard_input() {
        assert_fails 254 systemd-run --quiet --collect --pipe --wait \
                podctl run --interactive busybox --exec=/bin/cat </dev/null
        assert_contains "$output" '--interactive needs a terminal where'
        assert_eq "$(podctl list --all --no-legend)" ''
}

test_systemd_run() {
        defer systemctl stop mine.service
        systemd-run --quiet --collect --unit=mine -p MemoryMax=150M \
                podctl run --name=mine busybox --name=app --exec=/bin/sleep -- 1000
        wait_until app_runs mine app
        assert_eq "$(pod_unit mine)" mine.service
        systemctl stop mine.service
        gone mine
        systemd-run --quiet --collect --pipe --wait podctl run --name=through busybox --exec=/bin/echo -- in place
        assert_contains "$(podctl logs through)" 'in place'
        assert_fails 5 systemd-run --quiet --collect --pipe --wait podctl run busybox --exec=/bin/sh -- -c 'exit 5'
}

# A shell in a unit is no main process: the pod gets a unit of its own.
test_below_a_shell_in_a_unit() {
        defer end_pod below
        defer systemctl stop shell.service
        systemd-run --quiet --collect --unit=shell sh -c 'podctl run --name=below busybox --exec=/bin/sleep -- 1000; :'
        wait_until machinectl show below
        assert_eq "$(pod_unit below)" podctl-below.service
}

test_collection_by_timer() {
        assert_eq "$(property podctl-gc.timer LoadState)" loaded
        podctl run busybox --exec=/bin/true
        mkdir -p /run/systemd/system/podctl-gc.service.d
        printf '[Service]\nEnvironment=GRACE_PERIOD=0\n' >/run/systemd/system/podctl-gc.service.d/now.conf
        systemctl daemon-reload
        defer systemctl daemon-reload
        defer rm -r /run/systemd/system/podctl-gc.service.d
        systemctl start podctl-gc.service
        assert_eq "$(podctl list --all --no-legend)" ''
        assert_eq "$(find /var/log/journal -maxdepth 1 -type l)" ''
}

is_inactive() {
        [[ $(property "$1" ActiveState) == inactive ]]
}

test_reload_collects_nothing() {
        local timer before
        for timer in podctl-gc podctl-image-gc; do
                systemctl --quiet start "$timer.timer"
                defer systemctl stop "$timer.timer"
                # One that is overdue runs now.
                wait_until is_inactive "$timer.service"
                before=$(property "$timer.timer" LastTriggerUSec)
                systemctl daemon-reload
                assert_eq "$(property "$timer.timer" SubState)" waiting
                systemctl daemon-reload
                assert_eq "$(property "$timer.timer" SubState)" waiting
                assert_eq "$(property "$timer.timer" LastTriggerUSec)" "$before"
                assert_not_contains "$(systemctl list-jobs)" "$timer"
        done
}

test_timers_are_enabled_by_preset() {
        local timers=(podctl-gc.timer podctl-image-gc.timer) timer
        defer systemctl --quiet disable --now "${timers[@]}"
        systemctl --quiet disable "${timers[@]}"
        systemctl --quiet preset "${timers[@]}" pod@.service
        for timer in "${timers[@]}"; do
                assert_eq "$(systemctl is-enabled "$timer")" enabled
        done
        assert_contains "$(systemctl is-enabled pod@.service || true)" disabled
}

test_shutdown_order_is_that_of_machines() {
        declare_pod ordered 'exec sleep 1000'
        assert_contains "$(property pod@ordered.service Before)" machines.target
        assert_contains "$(property pod@ordered.service PartOf)" machines.target
}

# An upgrade of systemd, as far as a pod can see: the program of its PID 1 is replaced. outside/upgrade.sh has a real
# one.
test_new_systemd_under_a_running_pod() {
        local leader app systemd=/usr/lib/systemd/systemd
        fetch busybox.oci
        systemctl is-active podctl-upgrade.path
        pod upgraded busybox --name=stays --exec=/bin/sleep -- 1000 --- \
                busybox --name=again --restart=always --exec=/bin/sleep -- 1000
        leader=$(leader upgraded)
        app=$(app_pid upgraded stays)
        assert_eq "$(readlink "/proc/$leader/exe")" $systemd
        cp -a $systemd $systemd.new
        mv $systemd.new $systemd
        assert_eq "$(readlink "/proc/$leader/exe")" "$systemd (deleted)"
        wait_until eval '[[ $(readlink "/proc/'"$leader"'/exe") == '$systemd' ]]'
        # It is the same PID 1, which knows what it started before.
        assert_eq "$(leader upgraded)" "$leader"
        assert_eq "$(app_pid upgraded stays)" "$app"
        wait_until systemctl -M upgraded is-active stays.service
        systemctl -M upgraded restart again.service
        assert_eq "$(podctl exec --app=stays upgraded cat /proc/1/comm)" podctl-init
        podctl stop upgraded >/dev/null
        assert_eq "$(podctl status upgraded | grep -c '^app-')" 2
        # Where nothing was replaced nothing happens.
        systemctl start podctl-upgrade.service
        assert_eq "$(systemctl show -P Result podctl-upgrade.service)" success
}

# connections N: connects to the bus as many pods do, and stays.
connections() {
        perl -MSocket -e '
                sub field {
                        my $f = pack("CCa1x", $_[0], 1, $_[1]) . pack("V", length $_[2]) . $_[2] . "\0";
                        return $f . "\0" x (-length($f) % 8);
                }
                my $name = "org.freedesktop.DBus";
                my $fields = field(1, "o", "/org/freedesktop/DBus") . field(6, "s", $name) . field(2, "s", $name);
                $fields .= pack("CCa1x", 3, 1, "s") . pack("V", 5) . "Hello\0";
                my $hello = "l\1\0\1" . pack("VVV", 0, 1, length $fields) . $fields;
                $hello .= "\0" x (-length($hello) % 8);
                for my $i (1..$ARGV[0]) {
                        socket($s[$i], PF_UNIX, SOCK_STREAM, 0);
                        connect($s[$i], sockaddr_un("/run/dbus/system_bus_socket")) or die $!;
                        syswrite $s[$i], "\0AUTH EXTERNAL 30\r\n"; sysread $s[$i], $_, 512;
                        syswrite $s[$i], "BEGIN\r\n$hello"; sysread $s[$i], $_, 512;
                        die "refused: $i" if /LimitsExceeded/;
                }
                open(F, ">connected"); close F; sleep 1000' "$1" &
        defer kill $!
        wait_until test -e connected
}

# Each pod takes a connection to the bus. Where there are no more to be had, that is what is said.
test_bus_has_room() {
        connections 400
        podctl run busybox --exec=/bin/true
        local bus
        bus=$(pidof dbus-daemon) || skip 'this host has another bus'
        printf '<busconfig><limit name="max_connections_per_user">1</limit></busconfig>' \
                >/etc/dbus-1/system.d/zz-limit.conf
        defer wait_until busctl --no-pager list
        defer kill -HUP "$bus"
        defer rm /etc/dbus-1/system.d/zz-limit.conf
        kill -HUP "$bus"
        wait_until eval '! busctl --no-pager list'
        assert_fails 254 podctl run --detach busybox --exec=/bin/true
        assert_contains "$output" 'max_connections_per_user'
}

# As unit files have them; what the manager makes of them is what it would make of a file.
test_values_of_properties_as_in_unit_files() {
        pod valued --net=none -p TimeoutStopSec='1min 30s' -p LimitMEMLOCK=64M -p LimitNOFILE=2048:4096 \
                -p CPUWeight=idle \
                -p 'SuccessExitStatus=5 SIGUSR1' -p 'Environment="A=b c" D=e' -p LimitCPU=1h -p LimitNICE=+5 \
                -p CPUSchedulingPolicy=batch -p 'IOReadBandwidthMax=/ 5M' busybox --exec=/bin/sleep -- 1000
        assert_eq "$(property podctl-valued TimeoutStopUSec)" '1min 30s'
        assert_eq "$(property podctl-valued LimitMEMLOCK)" $((64 * 1024 * 1024))
        assert_eq "$(property podctl-valued CPUWeight)" idle
        assert_contains "$(property podctl-valued Environment)" '"A=b c" D=e'
        assert_eq "$(property podctl-valued LimitCPU)" 3600
        assert_eq "$(property podctl-valued LimitNICE)" 15
        assert_eq "$(property podctl-valued CPUSchedulingPolicy)" 3
        assert_contains "$(property podctl-valued SuccessExitStatus)" 5
}
