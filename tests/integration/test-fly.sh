# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# The engine fly: one app in the root of its image, and otherwise on the host.

fetch busybox.oci debian.oci

# fly SCRIPT OPTION…: what the script prints in such a pod.
fly() {
        podctl run --stage1=fly "${@:2}" busybox --name=app --exec=/bin/sh -- -c "$1"
}

# fly_pod NAME OPTION…: one that runs, with more options of the app after ---.
fly_pod() {
        defer eval "podctl stop $1; podctl rm $1"
        podctl run --detach --stage1=fly --name="$1" "${@:2}" busybox --name=app --exec=/bin/sleep -- 100000 >/dev/null
}

# What is left on the host of pods that have ended, in any way.
fly_mounts() {
        grep -c ' /run/podctl/stage1\| /var/lib/podctl/' /proc/self/mountinfo || true
}

# --- Run, exit statuses, stop

test_fly_is_on_the_host() {
        local name
        for name in cgroup ipc net pid user uts; do
                assert_eq "$(fly "readlink /proc/self/ns/$name")" "$(readlink "/proc/self/ns/$name")"
        done
        assert_eq "$(fly 'hostname; cat /etc/hostname')" "$(hostname)"$'\n'"$(hostname)"
        assert_eq "$(fly 'cat /proc/1/comm; ls -d /usr/lib/systemd 2>&1')" \
                $'systemd\nls: /usr/lib/systemd: No such file or directory'
        assert_eq "$(fly 'find /dev /sys -maxdepth 1 | sort')" "$(find /dev /sys -maxdepth 1 | LC_ALL=C sort)"
        assert_eq "$(fly 'mount | grep " on /tmp " | cut -d" " -f5; mount | grep " on / " | cut -d" " -f5')" \
                $'tmpfs\noverlay'
        # rkt's names for it.
        for name in name=coreos.com/rkt/stage1-fly path=/usr/lib/rkt/stage1-images/stage1-fly.aci; do
                assert_eq "$(podctl run "--stage1-$name" busybox --exec=/bin/cat -- /proc/1/comm)" systemd
        done
}

test_fly_statuses() {
        local i status
        for i in 'exit 0:0' 'exit 7:7' 'exit 133:133' 'exit 254:254' 'kill -9 $$:137' 'kill $$:143' \
                'kill -ABRT $$:134'; do
                status=0
                fly "${i%:*}" --name=fly-status 2>/dev/null || status=$?
                assert_eq "$i $status" "$i ${i##*:}"
                assert_contains "$(podctl status fly-status)" "app-app=${i##*:}"
                podctl rm fly-status >/dev/null
        done
        assert_fails 254 podctl run --stage1=fly busybox --exec=/missing
        assert_contains "$output" "no program '/missing'"
        assert_fails 254 podctl run --stage1=fly --name=fly-missing busybox --exec=/missing
        [[ ! -e /run/podctl/names/fly-missing ]]
}

test_fly_output() {
        fly 'echo out; echo err >&2' --name=fly-output >out 2>err
        assert_eq "$(cat out) $(cat err)" 'out err'
        assert_eq "$(podctl logs --output=cat fly-output)" $'out\nerr'
        wait_until eval 'journalctl --output=cat --unit=podctl-fly-output PODCTL_APP=app | grep -qx err'
        podctl rm fly-output
}

test_fly_stop() {
        fly_pod fly-stop
        assert_eq "$(state_of fly-stop)" running
        assert_eq "$(systemctl show --property=MainPID --value podctl-fly-stop)" \
                "$(podctl status fly-stop | sed -n 's/^pid=//p')"
        assert_eq "$(podctl top fly-stop --format=json | jq -c '[.[].command]')" '["/bin/sleep 100000"]'
        podctl stop fly-stop
        assert_eq "$(podctl status fly-stop | grep app-)" app-app=143
        assert_eq "$(podctl status fly-stop --wait | sed -n 's/^exited=//p')" true
        podctl rm fly-stop
        # One that does not want to, with the time that it has for that.
        podctl run --detach --stage1=fly --name=fly-stop busybox --stop-timeout=1 --name=app \
                --exec=/bin/sh -- -c 'trap : TERM; while :; do sleep 1; done' >/dev/null
        podctl stop fly-stop
        assert_eq "$(podctl status fly-stop | grep app-)" app-app=137
        podctl rm fly-stop
        podctl run --detach --stage1=fly --name=fly-stop busybox --stop-signal=USR1 --name=app \
                --exec=/bin/sh -- -c 'trap "exit 5" USR1; while :; do sleep 0.1; done' >/dev/null
        podctl stop fly-stop
        assert_eq "$(podctl status fly-stop | grep app-)" app-app=5
        podctl rm fly-stop
        assert_eq "$(fly_mounts)" 0
}

test_fly_terminal() {
        assert_fails 254 podctl run --interactive --stage1=fly --name=fly-tty busybox --exec=/bin/sh
        assert_contains "$output" "engine 'fly': nobody can attach to the app"
        pod fly-alone --stage1=fly busybox --name=app --exec=/bin/sleep -- 1000
        assert_fails 254 podctl attach fly-alone
        assert_contains "$output" 'on the host itself; use podctl exec'
        assert_fails 254 podctl app add fly-alone busybox --exec=/bin/true
        assert_contains "$output" 'runs a single app on the host itself'
        podctl stop fly-alone
        assert_fails 254 podctl run --stage1=fly --name=fly-tty busybox --stdout=stream --exec=/bin/sh
        fly_pod fly-tty
        in_terminal 'podctl exec fly-tty sh'
        echo 'tty; echo "got $((6 * 7))"; exit 4' >&5
        wait_until grep -q 'got 42' screen
        wait "$terminal" || assert_eq $? 4
        grep -q /dev/pts/ screen
        podctl stop fly-tty
        podctl rm fly-tty
}

test_fly_exec() {
        fly_pod fly-exec --set-env=A=b
        podctl exec fly-exec sh -c 'echo $A; cat /proc/self/cgroup; exit 3' >out || assert_eq $? 3
        assert_eq "$(head -1 out) $(tail -1 out)" 'b 0::/machine.slice/podctl-fly-exec.service'
        assert_eq "$(podctl exec fly-exec sed -n 's/^Cap\(Bnd\|Eff\):.//p' /proc/self/status)" \
                "$(fly "sed -n 's/^Cap\(Bnd\|Eff\):.//p' /proc/self/status")"
        assert_eq "$(podctl enter fly-exec cat /proc/self/comm)" cat
        echo text >file
        podctl cp file fly-exec:/data/file
        assert_eq "$(podctl exec fly-exec cat /data/file)" text
        podctl stop fly-exec
        assert_fails 254 podctl exec fly-exec true
        podctl cp fly-exec:/data/file back
        assert_eq "$(cat back)" text
        podctl rm fly-exec
}

# --- Its unit

test_fly_limits() {
        podctl run --detach --stage1=fly --name=fly-limits busybox --memory=64M --cpu=500m --name=app \
                --exec=/bin/sleep -- 1000 >/dev/null
        assert_eq "$(systemctl show --property=CPUQuotaPerSecUSec,MemoryMax podctl-fly-limits)" \
                $'CPUQuotaPerSecUSec=500ms\nMemoryMax=64000000'
        assert_contains "$(podctl stats fly-limits)" app
        podctl stop fly-limits
        podctl rm fly-limits
}

test_fly_of_pods_d() {
        podctl create --stage1=fly flyfile busybox --name=app --memory=64M --stop-signal=USR1 --exec=/bin/sh -- \
                -c 'trap "echo last words; exit 5" USR1; while :; do sleep 0.1; done'
        defer podctl delete flyfile
        systemctl start pod@flyfile
        assert_eq "$(state_of flyfile)" running
        assert_eq "$(podctl exec flyfile cat /proc/1/comm)" systemd
        assert_eq "$(systemctl show --property=MemoryMax --value pod@flyfile)" 64000000
        podctl restart flyfile
        assert_eq "$(state_of flyfile)" running
        systemctl stop pod@flyfile
        assert_eq "$(podctl status flyfile | grep app-)" app-app=5
        assert_contains "$(podctl logs --output=cat flyfile)" 'last words'
        # A pod of another engine does not inherit what was the first one's.
        podctl create --replace flyfile busybox --name=app --exec=/bin/sleep -- 1000
        systemctl start pod@flyfile
        assert_eq "$(systemctl show --property=KillMode --value pod@flyfile)" mixed
        systemctl stop pod@flyfile
}

test_fly_restarts() {
        podctl create --stage1=fly --property=Restart=on-failure --property=RestartSec=100ms flyagain busybox \
                --name=app --exec=/bin/sleep -- 1000
        defer podctl delete flyagain
        systemctl start pod@flyagain
        local first
        first=$(podctl inspect flyagain | jq -r '.[0].uuid')
        kill -9 "$(systemctl show --property=MainPID --value pod@flyagain)"
        wait_until eval "[[ \$(podctl inspect flyagain | jq -r '.[0].uuid') != $first ]]"
        wait_until eval '[[ $(state_of flyagain) == running ]]'
        systemctl stop pod@flyagain
}

# A unit of somebody else, and a start in two steps.
test_fly_elsewhere() {
        local uuid
        uuid=$(podctl prepare --stage1=fly busybox --name=app --exec=/bin/cat -- /proc/1/comm)
        assert_eq "$(podctl run-prepared "$uuid")" systemd
        printf '[Service]\nType=notify\nExecStart=podctl run --stage1=fly --name=fly-own busybox --name=app %s\n' \
                "--exec=/bin/sh -- -c 'exit 6'" >/run/systemd/system/fly-own.service
        defer systemctl daemon-reload
        defer rm /run/systemd/system/fly-own.service
        systemctl daemon-reload
        systemctl start fly-own || true
        wait_until eval '[[ $(podctl status fly-own) == *app-app=6* ]]'
        systemctl reset-failed fly-own
}

# It is ready when its program has been executed, or when it says so.
test_fly_ready() {
        mkdir -m 0777 hold
        podctl run --detach --stage1=fly --name=fly-ready \
                --volume=v,kind=host,source="$PWD/hold" debian --name=app --mount=volume=v,target=/hold \
                --annotation=appc.io/executor/supports-systemd-notify=true --exec=/bin/sh -- \
                -c 'until [ -e /hold/go ]; do sleep 0.1; done
                        test -S "$NOTIFY_SOCKET" && touch /hold/socket
                        until [ -e /hold/ready ]; do sleep 0.1; done
                        exec perl -e '"'"'use Socket; socket S, AF_UNIX, SOCK_DGRAM, 0;
                                send S, "READY=1", 0, sockaddr_un($ENV{NOTIFY_SOCKET}) or die; sleep 1000'"'"'' \
                >/dev/null 2>&1 &
        wait_until eval '[[ $(systemctl show --property=SubState --value podctl-fly-ready) == start ]]'
        touch hold/go
        wait_until test -e hold/socket
        assert_eq "$(systemctl show --property=SubState --value podctl-fly-ready)" start
        touch hold/ready
        wait $!
        assert_eq "$(systemctl show --property=SubState --value podctl-fly-ready)" running
        systemctl stop podctl-fly-ready
        podctl rm fly-ready 2>/dev/null || true
}

# --- Confinement

test_fly_confinement() {
        assert_eq "$(fly 'sed -n "s/^CapEff:.//p;s/^Seccomp:.//p" /proc/self/status')" $'00000000a80425fb\n2'
        # Neither what is hidden in other pods nor what is open of ours leads to the host.
        assert_eq "$(fly 'echo x 2>&1 >/proc/sys/kernel/hostname; mkdir /sys/fs/cgroup/x 2>&1; ls /sys/firmware
                ls /proc/fs /proc/driver | grep app-exec; true')" \
                "/bin/sh: can't create /proc/sys/kernel/hostname: Read-only file system
mkdir: can't create directory '/sys/fs/cgroup/x': Read-only file system"
        assert_eq "$(fly 'for i in /proc/self/fd/*; do readlink $i; done' |
                grep -v '^/dev/null$\|^pipe:\|/proc/' || true)" ''
        fly_pod fly-walls
        # Nobody's terminal is there.
        assert_eq "$(fly 'ls /dev/pts')" ptmx
        # The process that holds the pod is out of the app's reach.
        local pid
        for pid in $(cat /sys/fs/cgroup/machine.slice/podctl-fly-walls.service/cgroup.procs) 1; do
                [[ $(readlink "/proc/$pid/exe") == /usr/bin/podctl || $pid == 1 ]] || continue
                assert_fails '*' podctl exec fly-walls ls "/proc/$pid/root/" "/proc/$pid/fd/"
        done
        podctl stop fly-walls
        podctl rm fly-walls
        assert_eq "$(podctl run --stage1=fly --insecure-options=paths busybox --exec=/bin/sh -- \
                -c 'cat /proc/sys/kernel/hostname >/proc/sys/kernel/hostname && echo written')" written
        assert_eq "$(podctl run --stage1=fly busybox --user=33 --group=33 --supplementary-gids=5 --exec=/bin/id)" \
                'uid=33(www-data) gid=33(www-data) groups=5,33(www-data)'
}

# Links in place of what is mounted, and where volumes and files go.
test_fly_hostile_image() {
        mkdir -p tree/etc "tree$PWD/outside" outside
        local place
        for place in dev proc run sys tmp data etc/hosts etc/resolv.conf; do
                ln -s "../../../../../../..$PWD/outside${place#"${place%%/*}"}" tree/$place
        done
        ln -s /proc/1/root/tmp tree/v
        cp -a "$IMAGES/busybox.oci" hostile.oci
        umoci insert --image hostile.oci:latest tree /
        podctl --insecure-options=image fetch hostile.oci >fetched
        podctl run --stage1=fly --volume=e,kind=empty "$(tail -n 1 fetched)" --name=app \
                --mount=volume=e,target=/data/e --exec=/bin/sh -- \
                -c 'cat /proc/1/comm; test -c /dev/null && test -d /sys/class && echo app >/data/e/file
                        cat /data/e/file' >out
        assert_eq "$(cat out)" $'systemd\napp'
        assert_eq "$(ls -A outside)" ''
        assert_fails 254 podctl run --stage1=fly --volume=e,kind=empty "$(tail -n 1 fetched)" --name=app \
                --mount=volume=e,target=/v --exec=/bin/true
        assert_contains "$output" 'no volume can be mounted at /proc/1/root/tmp'
        assert_eq "$(fly_mounts)" 0
}

test_fly_credentials() {
        printf secret >secret
        assert_eq "$(podctl run --stage1=fly --credential=key="$PWD/secret" busybox --name=app --exec=/bin/sh -- \
                -c 'cat $CREDENTIALS_DIRECTORY/key /run/secrets/key')" secretsecret
        assert_eq "$(fly_mounts)" 0
}

# --- Volumes

test_fly_volumes() {
        mkdir -p volume/below inner
        echo outer >volume/file
        mount -t tmpfs tmpfs volume/below
        defer umount "$PWD/volume/below"
        echo inner >volume/below/file
        local v="--volume=v,kind=host,source=$PWD/volume" m=--mount=volume=v,target=/v
        # What is mounted below is left out, as in rkt's fly, unless it is asked for.
        assert_eq "$(fly 'cat /v/file; ls /v/below' "$v" $m)" outer
        assert_eq "$(fly 'cat /v/below/file' "$v,recursive=true" $m)" inner
        assert_eq "$(fly 'for i in /v/file /v/below/file; do touch $i 2>/dev/null || echo refused; done' \
                "$v,recursive=true,readOnly=true" $m)" $'refused\nrefused'
        assert_eq "$(fly 'echo in >/run/v/file; echo in >/tmp/v/file; cat /v/file /run/v/file' "$v" $m \
                --mount=volume=v,target=/run/v --mount=volume=v,target=/tmp/v)" $'in\nin'
        assert_eq "$(fly 'cat /dev/shm/file' --volume=v,kind=host,source="$PWD/volume" \
                --mount=volume=v,target=/dev/shm)" in
        refused 'which the host does not have' --stage1=fly "$v" --mount=volume=v,target=/dev/nothing busybox
        [[ ! -e /dev/nothing ]]
        assert_eq "$(fly_mounts)" 0
}

# Both ways only if that is asked for.
test_fly_propagation() {
        mkdir volume
        mount --bind volume volume
        defer umount "$PWD/volume"
        mount --make-shared volume
        mkdir volume/host volume/app
        local mounts='mount -t tmpfs tmpfs /v/app && echo late >/v/app/file; sleep 1000' p
        for p in private slave shared; do
                podctl run --detach --stage1=fly --name=fly-$p \
                        --volume=v,kind=host,source="$PWD/volume",propagation=$p \
                        busybox --name=app --mount=volume=v,target=/v --caps-retain=CAP_SYS_ADMIN,CAP_DAC_OVERRIDE \
                        --exec=/bin/sh -- -c "$mounts" >/dev/null
                wait_until podctl exec fly-$p test -e /v/app/file
                mount -t tmpfs tmpfs volume/host
                touch volume/host/seen
                case $p in
                private) assert_eq "$(podctl exec fly-$p ls /v/host) $(ls volume/app)" ' ' ;;
                slave) assert_eq "$(podctl exec fly-$p ls /v/host) $(ls volume/app)" 'seen ' ;;
                shared) assert_eq "$(podctl exec fly-$p ls /v/host) $(ls volume/app)" 'seen file' ;;
                esac
                umount volume/host
                podctl stop fly-$p
                podctl rm fly-$p
        done
        # That is the host's now.
        umount volume/app
        refused 'would appear on the host' --stage1=fly --volume=v,kind=host,source="$PWD/volume",propagation=shared \
                --volume=e,kind=empty busybox --mount=volume=v,target=/v --mount=volume=e,target=/v/app
        refused 'only below it' --stage1=fly --volume=v,kind=host,source="$PWD/volume",propagation=shared \
                busybox --mount=volume=v,target=/run
        refused 'needs the engine' --volume=v,kind=host,source="$PWD/volume",propagation=shared \
                busybox --mount=volume=v,target=/v
}

# --- Agents

# Debian's, as it is: it reads /proc, and the file systems below the host's root.
test_fly_node_exporter() {
        fetch exporter.oci
        local url=http://127.0.0.1:9177/metrics
        podctl run --detach --stage1=fly --name=fly-exporter \
                --volume=root,kind=host,source=/,readOnly=true,recursive=true,propagation=slave \
                exporter --name=app --user=65534 --group=65534 --mount=volume=root,target=/host \
                -- --path.rootfs=/host --web.listen-address=127.0.0.1:9177 --collector.processes >/dev/null
        defer eval 'podctl stop fly-exporter; podctl rm fly-exporter'
        wait_until curl --silent --fail $url
        # What is mounted later, too.
        mount -t tmpfs -o size=4096k tmpfs /srv
        defer umount /srv
        wait_until eval "curl --silent $url >metrics
                grep '^node_filesystem_size_bytes{.*=\"/srv\"} 4.194304e+06' metrics"
        assert_contains "$(cat metrics)" "nodename=\"$(hostname)\""
        grep -q '^node_procs_running [1-9]' metrics
        (($(sed -n 's/^node_processes_pids //p' metrics) > $(podctl top fly-exporter --no-legend | wc -l)))
        assert_contains "$(cat metrics)" 'node_network_info{'
}

# A daemon like those of CNI, which makes an interface of the host's and keeps it.
test_fly_interface() {
        podctl run --detach --stage1=fly --name=fly-cni busybox --name=app --caps-retain=CAP_NET_ADMIN --exec=/bin/sh \
                -- -c 'ip link add fly0 type bridge && ip addr add 192.0.2.77/32 dev fly0 && ip link set fly0 up
                        trap "ip link del fly0; exit 0" TERM; while :; do sleep 0.1; done' >/dev/null
        defer eval 'podctl stop fly-cni; podctl rm fly-cni'
        wait_until eval 'ip -brief addr show dev fly0 | grep -q 192.0.2.77/32'
        podctl stop fly-cni
        assert_fails '*' ip link show dev fly0
        assert_contains "$(podctl status fly-cni)" app-app=0
        # Without the capability it cannot.
        assert_fails '*' podctl run --stage1=fly busybox --exec=/bin/ip -- link add fly0 type bridge
}

# What an image has in the way of places that every app gets, and a volume that would be.
test_fly_places() {
        local link engine
        for link in '/srv/none' 'var/www' '/proc'; do
                rm -rf linked
                "$HERE/make-image" linked <<<"image([base(), layer(ln('run', '$link'), ln('tmp', '$link'))], {})"
                for engine in fly nspawn; do
                        assert_eq "$(podctl --insecure-options=image run --stage1=$engine "$PWD/linked" \
                                --exec=/bin/sh -- -c 'echo fine >/tmp/x; cat /tmp/x')" fine
                done
        done
        rm -rf linked
        "$HERE/make-image" linked <<<"image([base(), layer(ln('tmp', '/etc/passwd'))], {})"
        assert_fails 254 podctl --insecure-options=image run --stage1=fly "$PWD/linked" --exec=/bin/true
        assert_contains "$output" 'cannot make /etc/passwd, which is its /tmp: Not a directory'
        assert_fails 254 podctl run --stage1=fly --volume=v,kind=empty busybox --mount=volume=v,target=/proc \
                --exec=/bin/true
        assert_contains "$output" 'no volume can be at /proc, only below it'
}

# --- What it cannot do

test_fly_refusals() {
        local option
        for option in --mutable --net=none --private-users=yes --ipc=private --hostname=other --deadline=5s \
                --sysctl=net.core.somaxconn=10 --mds-register --log=pod --log=both --journal-size=10M; do
                refused "engine 'fly': " --stage1=fly "$option" busybox
        done
        refused 'make a pod for each' --stage1=fly busybox --name=a --- busybox --name=b
        refused "engine 'fly': the app sees" --stage1=fly busybox --pids=private
        refused "engine 'fly': nothing in the pod restarts" --stage1=fly busybox --restart=always
        refused "engine 'fly': nothing in the pod checks" --stage1=fly busybox --health-cmd=true
        refused 'there is no such engine' --stage1=kvm busybox
        refused 'there is no such engine' --stage1-name=coreos.com/rkt/stage1-kvm busybox
}

# --- Faults

test_fly_killed() {
        fly_pod fly-killed --volume=e,kind=empty
        # One ends when the other does.
        xargs kill -9 </sys/fs/cgroup/machine.slice/podctl-fly-killed.service/cgroup.procs 2>/dev/null || true
        wait_until eval '[[ $(podctl status fly-killed) == *app-app=137* ]]'
        assert_eq "$(state_of fly-killed)" exited
        assert_eq "$(fly_mounts)" 0
        fly_pod fly-killed
        # The process that holds the pod first, then the app.
        local pid
        while read -r pid; do
                [[ $(readlink "/proc/$pid/exe") != /usr/bin/podctl ]] || kill -9 "$pid"
        done </sys/fs/cgroup/machine.slice/podctl-fly-killed.service/cgroup.procs
        assert_eq "$(state_of fly-killed)" running
        podctl gc --grace-period=0s >/dev/null
        assert_eq "$(podctl exec fly-killed echo there)" there
        podctl stop fly-killed
        assert_eq "$(state_of fly-killed) $(systemctl is-active podctl-fly-killed)" 'exited inactive'
        podctl gc --grace-period=0s >/dev/null
        assert_not_contains "$(podctl list --all)" fly-killed
        assert_eq "$(fly_mounts)" 0
}
